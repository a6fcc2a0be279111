use proptest::prelude::*;

use super::super::testing::{Given, What, dir, file, hard, header, layer, link};
use super::*;

fn read(archive: &[u8]) -> Result<Vec<TarEntry>, AssetError> {
    let mut entries = TarEntries::new(archive);
    let mut found = Vec::new();
    while let Some(entry) = entries.next()? {
        found.push(entry);
    }
    Ok(found)
}

fn fails(archive: &[u8], word: &str) {
    let said = read(archive).expect_err("a fault").to_string();
    assert!(said.contains(word), "{said}");
}

/// One block with another sum after `change`.
fn changed(archive: &mut [u8], change: impl Fn(&mut [u8])) {
    change(archive);
    archive[148..156].fill(b' ');
    let sum: u32 = archive[..512].iter().map(|byte| u32::from(*byte)).sum();
    archive[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

#[test]
fn what_another_writer_wrote() {
    let (long, end) = ("d/".repeat(90) + "name", "t".repeat(150));
    let archive = layer(&[
        dir("etc", 0o2755),
        file("etc/a", &"x".repeat(700)),
        link("var/run", "/run"),
        file(&long, "1"),
        link("l", &end),
        hard("h", "etc/a"),
    ]);
    let found = read(&archive).expect("entries");
    let paths: Vec<_> = found.iter().map(|e| String::from_utf8_lossy(&e.path)).collect();
    assert_eq!(paths, ["etc", "etc/a", "var/run", &long, "l", "h"].map(str::to_owned));
    assert_eq!(found[0].kind, EntryKind::Directory);
    assert_eq!((found[0].mode, found[0].uid, found[0].gid, found[0].mtime), (0o2755, 7, 7, 77));
    assert_eq!(found[2].kind, EntryKind::Symlink(b"/run".to_vec()));
    assert_eq!(found[4].kind, EntryKind::Symlink(end.into_bytes()));
    assert_eq!(found[5].kind, EntryKind::Hardlink(b"etc/a".to_vec()));
    assert_eq!(read(b"").expect("nothing"), []);
}

#[test]
fn records_go_before_headers() {
    let mut builder = tar::Builder::new(Vec::new());
    let records = [
        ("path", &b"real/name"[..]),
        ("size", b"3"),
        ("uid", b"3000000000"),
        ("mtime", b"5.25"),
        ("SCHILY.xattr.user.a", b"\0\xff\n"),
    ];
    builder.append_pax_extensions(records).expect("records");
    let given = Given { path: "x", what: What::File("abc"), mode: 0o600, owner: 1, mtime: 5 };
    let mut head = header(&given);
    head.set_size(0);
    head.set_path("short").expect("a path");
    head.set_cksum();
    builder.append(&head, &b"abc"[..]).expect("an entry");
    // The writer pads what the header says: nothing.
    let mut archive = builder.into_inner().expect("an archive");
    let end = archive.len() - 1024;
    archive.truncate(end);
    archive.resize(archive.len().next_multiple_of(512), 0);
    archive.extend(layer(&[file("after", "")]));
    let found = read(&archive).expect("entries");
    assert_eq!((&found[0].path[..], found[0].uid), (&b"real/name"[..], 3_000_000_000));
    assert_eq!(found[0].pax[b"SCHILY.xattr.user.a".as_slice()], b"\0\xff\n");
    assert_eq!(found[1].path, b"after");
}

#[test]
fn numbers() {
    assert_eq!(number(b"0000644\0").expect("octal"), 0o644);
    assert_eq!(number(b"   644 \0").expect("octal"), 0o644);
    assert_eq!(number(b"\0\0\0\0").expect("empty"), 0);
    assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 1, 0]).expect("binary"), 256);
    assert_eq!(number(&[0xff; 12]).expect("binary"), -1);
    assert!(
        number(&[0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err()
    );
    assert!(number(b"9").is_err() && number(b"-1").is_err());
}

#[test]
fn what_is_hostile_is_a_fault() {
    let one = layer(&[file("a", "content")]);
    fails(&one[..600], "middle of a file");
    fails(&one[..100], "middle of a header");
    fails(&[b'1'; 512], "sum");
    let with = |change: &dyn Fn(&mut [u8])| {
        let mut archive = one.clone();
        changed(&mut archive, change);
        archive
    };
    fails(&with(&|block| block[124..136].fill(0xff)), "negative size");
    fails(&with(&|block| block[124..136].copy_from_slice(b"77777777777\0")), "middle of a file");
    let huge = |block: &mut [u8]| {
        block[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 0]);
    };
    fails(&with(&huge), "200 GiB");
    let long = |block: &mut [u8]| {
        block[156] = b'L';
        block[124..136].copy_from_slice(b"00010000001\0");
    };
    fails(&with(&long), "1 MiB");
    let broken = |block: &mut [u8]| block[156] = b'x';
    fails(&with(&broken), "records");
}

proptest! {
    #[test]
    fn no_archive_brings_it_down(
        at in prop::collection::vec((0_usize..3000, any::<u8>()), 0..20),
        length in 0_usize..4000,
    ) {
        let mut archive = layer(&[dir("a", 0o755), file(&"n".repeat(120), "text"), link("l", "a")]);
        for (at, byte) in at {
            let at = at % archive.len();
            archive[at] = byte;
            // Most faults should be ones that a sum does not find.
            let block = at / 512 * 512;
            if archive[block..].len() >= 512 && at.is_multiple_of(2) {
                changed(&mut archive[block..], |_| {});
            }
        }
        archive.truncate(length);
        let _ = read(&archive);
    }
}
