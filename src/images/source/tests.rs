use std::io::{Cursor, Read};
use std::process::Command;

use super::tar_reader::{Entry, Input, Kind, TarReader};
use super::*;
use crate::images::tar::{self, Header};

impl Input for Cursor<Vec<u8>> {}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (path, content) in files {
        let kind = tar::Kind::File(content.len() as u64);
        Header { path: path.as_bytes(), kind, mode: 0o644, mtime: 0 }.write(&mut out);
        out.extend_from_slice(content);
        tar::pad(&mut out, content.len() as u64);
    }
    tar::finish(&mut out);
    out
}

fn entries(bytes: Vec<u8>) -> std::io::Result<Vec<(Entry, Vec<u8>)>> {
    let mut reader = TarReader::new(Cursor::new(bytes));
    let mut found = Vec::new();
    while let Some(entry) = reader.next()? {
        let mut content = Vec::new();
        // Every other file is passed over.
        if found.len() % 2 == 0 {
            reader.read_to_end(&mut content)?;
        }
        found.push((entry, content));
    }
    Ok(found)
}

#[test]
fn archives_are_read() {
    let long = format!("{}/layer.tar", "d".repeat(150));
    let bytes = archive(&[("a", b"one"), (&long, &[7; 600]), ("c", b"")]);
    let found = entries(bytes.clone()).expect("an archive");
    let paths: Vec<&str> = found.iter().map(|(entry, _)| entry.path.as_str()).collect();
    assert_eq!(paths, ["a", &long, "c"]);
    assert_eq!(found[0].1, b"one");
    let (entry, _) = &found[1];
    assert_eq!(&bytes[entry.offset as usize..][..600], [7; 600]);
}

#[test]
fn as_tar_itself_writes_them() {
    let directory = tempfile::tempdir().expect("directory");
    let root = directory.path();
    let name = "n".repeat(120);
    std::fs::write(root.join(&name), "content").expect("write");
    std::fs::hard_link(root.join(&name), root.join("o-hard")).expect("link");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&name, root.join("p-soft")).expect("link");
    for format in ["gnu", "pax", "ustar"] {
        // ustar has no room for a name of that length.
        let files =
            if format == "ustar" { vec!["p-soft"] } else { vec![&*name, "o-hard", "p-soft"] };
        let output = Command::new("tar")
            .args(["-C", &root.display().to_string(), "--format", format, "-cf", "-"])
            .args(&files)
            .output()
            .expect("tar");
        if format == "ustar" {
            // A target of that length has none, either.
            assert!(entries(output.stdout).is_ok());
            continue;
        }
        let found = entries(output.stdout).expect(format);
        let kinds: Vec<&Kind> = found.iter().map(|(entry, _)| &entry.kind).collect();
        let link = |is_hard| Kind::Link { target: name.clone(), is_hard };
        assert_eq!(kinds, [&Kind::File, &link(true), &link(false)], "{format}");
        assert_eq!((found[0].0.path.as_str(), found[0].1.as_slice()), (&*name, &b"content"[..]));
    }
}

#[test]
fn hostile_archives_are_refused() {
    let good = archive(&[("a", b"one")]);
    let mut damaged = good.clone();
    damaged[3] = b'!';
    let cut = good[..520].to_vec();
    // A name of a gigabyte, of which not one byte is there.
    let mut huge = archive(&[("././@LongLink", b"")]);
    huge[156] = b'L';
    huge[124..136].copy_from_slice(b"10000000000\0");
    let sum: u32 = huge[..512]
        .iter()
        .enumerate()
        .map(|(place, &byte)| if (148..156).contains(&place) { 32 } else { u32::from(byte) })
        .sum();
    huge[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let noise = vec![1; 2048];
    for bytes in [damaged, cut, huge, noise] {
        assert!(entries(bytes).is_err());
    }
    assert!(entries(Vec::new()).expect("nothing").is_empty());
}

#[test]
fn documents_do_not_lead_outside() {
    let directory = tempfile::tempdir().expect("directory");
    let root = directory.path().join("layout");
    std::fs::create_dir(&root).expect("create");
    std::fs::write(directory.path().join("secret"), "{}").expect("write");
    let manifest = r#"[{"Config":"../secret","Layers":[]}]"#;
    std::fs::write(root.join("manifest.json"), manifest).expect("write");
    let error = Opened::open(&root, None, None).err().expect("outside").to_string();
    assert!(error.contains("does not have it"), "{error}");
}

#[test]
fn of_several_images_one_is_named() {
    let directory = tempfile::tempdir().expect("directory");
    let path = directory.path().join("two.tar");
    let config = br#"{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[]}}"#;
    let manifest = br#"[{"Config":"c.json","RepoTags":["web:1"],"Layers":[]},
        {"Config":"c.json","RepoTags":["web:2"],"Layers":[]}]"#;
    std::fs::write(&path, archive(&[("c.json", config), ("manifest.json", manifest)]))
        .expect("write");
    let open = |name: Option<&str>| Opened::open(&path, name, None).map(|opened| opened.name);
    assert!(open(Some("web:2")).is_ok());
    let error = |name| open(name).expect_err("which?").to_string();
    assert!(error(None).contains("several images, say which"));
    assert!(error(Some("web:3")).contains("no image of that name"));
    let arm = Platform::parse("linux/arm64");
    let error = Opened::open(&path, Some("web:1"), Some(&arm)).err().expect("not for arm");
    assert!(error.to_string().contains("there it is for linux/amd64"), "{error}");
}
