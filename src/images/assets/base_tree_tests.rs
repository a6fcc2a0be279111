use proptest::prelude::*;

use super::super::testing::{Given, dir, file, hard, header, layer, link};
use super::*;

fn tree(layers: &[&[Given<'_>]]) -> BaseTree {
    let mut tree = BaseTree::new([&b"/etc/app/conf.d/x.conf"[..], b"/a/b/c/d"]);
    for given in layers {
        let archive = layer(given);
        tree.add_layer(&mut TarEntries::new(archive.as_slice())).expect("a layer");
    }
    tree
}

fn is_dir(tree: &BaseTree, path: &str, mode: u32) -> bool {
    tree.directory(path.as_bytes()).is_some_and(|found| found.mode == mode)
}

fn found<'a>(tree: &'a BaseTree, path: &str) -> Found<'a> {
    tree.found(path.as_bytes())
}

#[test]
fn upper_layers_change_what_lower_ones_have() {
    let tree = tree(&[
        &[dir("./etc/", 0o755), dir("etc/app", 0o750), link("var/run", "/run"), file("a", "")],
        &[dir("etc/app", 0o700), file("etc/app/x.conf", ""), dir("a", 0o711)],
    ]);
    assert!(is_dir(&tree, "etc", 0o755) && is_dir(&tree, "etc/app", 0o700));
    assert!(is_dir(&tree, "a", 0o711), "a directory in the place of a file");
    assert!(is_dir(&tree, "var", 0o755), "nobody says what it has");
    assert_eq!(tree.directory(b"var").expect("var").mtime, 0);
    assert_eq!(found(&tree, "var/run"), Found::Link(Cow::Borrowed(b"/run")));
    assert_eq!(found(&tree, "etc/app/x.conf"), Found::File);
}

#[test]
fn directories_that_a_layer_does_not_name_stay_as_they_are() {
    let tree = tree(&[&[dir("a", 0o1777), dir("a/b", 0o700)], &[file("a/b/c", "")]]);
    assert!(is_dir(&tree, "a", 0o1777) && is_dir(&tree, "a/b", 0o700));
}

#[test]
fn whiteouts_hide_what_is_below_them_alone() {
    let lower = [dir("a", 0o755), dir("a/b", 0o700), dir("a/b/c", 0o700), link("a/l", "b")];
    let gone = tree(&[&lower, &[file("a/.wh.b", ""), file("a/.wh.l", "")]]);
    for path in ["a/b", "a/b/c", "a/l"] {
        assert_eq!(found(&gone, path), Found::Nothing, "{path}");
    }
    assert!(is_dir(&gone, "a", 0o755));
    // Whatever stands first.
    for upper in [
        [file("a/.wh..wh..opq", ""), dir("a/n", 0o711)],
        [dir("a/n", 0o711), file("a/.wh..wh..opq", "")],
    ] {
        let opaque = tree(&[&lower, &upper]);
        assert_eq!(found(&opaque, "a/b/c"), Found::Nothing);
        assert!(is_dir(&opaque, "a", 0o755) && is_dir(&opaque, "a/n", 0o711));
    }
    let again = tree(&[&lower, &[file("a/.wh.b", "")], &[dir("a/b", 0o711)]]);
    assert!(is_dir(&again, "a/b", 0o711) && found(&again, "a/b/c") == Found::Nothing);
    let notes = tree(&[&lower, &[file("a/.wh..wh.plnk", ""), file("a/.wh.", "")]]);
    assert!(is_dir(&notes, "a/b/c", 0o700));
}

#[test]
fn files_and_links_replace_directories() {
    let lower = [dir("a", 0o755), dir("a/b", 0o700), dir("a/b/c", 0o700)];
    for upper in [file("a/b", ""), link("a/b", "x")] {
        let tree = tree(&[&lower, &[upper]]);
        assert!(!matches!(found(&tree, "a/b"), Found::Directory));
        assert_eq!(found(&tree, "a/b/c"), Found::Nothing);
    }
}

#[test]
fn a_hard_link_to_a_link_is_one() {
    let tree = tree(&[&[link("l", "/run"), file("a", ""), hard("d", "l"), hard("b", "a")]]);
    assert_eq!(found(&tree, "d"), Found::Link(Cow::Borrowed(b"/run")));
    assert_eq!(found(&tree, "b"), Found::File);
}

#[test]
fn entries_below_links() {
    // Within a layer the link leads on.
    let same = tree(&[&[link("l", "/real"), dir("real", 0o700), dir("l/sub", 0o711)]]);
    assert!(is_dir(&same, "real/sub", 0o711));
    assert!(matches!(found(&same, "l"), Found::Link(_)));
    // In a lower layer it gives way.
    let upper = tree(&[&[link("l", "/real"), dir("real", 0o700)], &[dir("l/sub", 0o711)]]);
    assert!(is_dir(&upper, "l", 0o700) && is_dir(&upper, "l/sub", 0o711));
    assert_eq!(found(&upper, "real/sub"), Found::Nothing);
}

#[test]
fn nothing_leads_out_of_the_image() {
    let mut builder = tar::Builder::new(Vec::new());
    let mut head = header(&dir("", 0o700));
    for path in ["../../etc", "/abs//dir/.", "a/../b"] {
        head.as_mut_bytes()[..100].fill(0);
        head.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        head.set_cksum();
        builder.append(&head, &[][..]).expect("an entry");
    }
    let archive = builder.into_inner().expect("an archive");
    let mut tree = BaseTree::new([]);
    tree.add_layer(&mut TarEntries::new(archive.as_slice())).expect("a layer");
    for path in ["etc", "abs/dir", "b"] {
        assert!(is_dir(&tree, path, 0o700), "{path}");
    }
}

#[test]
fn attributes_are_kept() {
    let mut builder = tar::Builder::new(Vec::new());
    let records = [("SCHILY.xattr.security.x", &b"\x01\0"[..]), ("mtime", b"9.5"), ("ctime", b"1")];
    builder.append_pax_extensions(records).expect("records");
    builder.append_data(&mut header(&dir("", 0o2750)), "a", &[][..]).expect("an entry");
    let archive = builder.into_inner().expect("an archive");
    let mut tree = BaseTree::new([]);
    tree.add_layer(&mut TarEntries::new(archive.as_slice())).expect("a layer");
    let attributes = tree.directory(b"a").expect("a");
    assert_eq!((attributes.mode, attributes.uid, attributes.mtime), (0o2750, 7, 77));
    let keys: Vec<_> = attributes.pax.keys().map(|key| String::from_utf8_lossy(key)).collect();
    assert_eq!(keys, ["SCHILY.xattr.security.x", "mtime"]);
}

#[test]
fn what_is_kept_has_a_limit() {
    let limited = || BaseTree { limits: (20_000, 10_000), ..BaseTree::new([&b"/wanted/x"[..]]) };
    let names: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    let given: Vec<_> = names.iter().map(|name| dir(name, 0o755)).collect();
    let add = |tree: &mut BaseTree, archive: Vec<u8>| {
        tree.add_layer(&mut TarEntries::new(archive.as_slice()))
    };
    let said = add(&mut limited(), layer(&given)).expect_err("a fault");
    assert!(said.to_string().contains("too many"), "{said}");
    // Of files there may be any number, and those that matter are found.
    let mut tree = limited();
    let files: Vec<_> = names.iter().map(|name| file(name, "")).collect();
    add(&mut tree, layer(&[&files[..], &[file("wanted", "")]].concat())).expect("a layer");
    assert_eq!(found(&tree, "wanted"), Found::File);
    assert_eq!((found(&tree, "0"), found(&tree, "199")), (Found::File, Found::Nothing));
    // What is gone is not counted.
    let mut tree = limited();
    let gone: Vec<String> = names[..50].iter().map(|name| format!(".wh.{name}")).collect();
    let gone: Vec<_> = gone.iter().map(|name| file(name, "")).collect();
    for _ in 0..5 {
        for archive in [layer(&given[..50]), layer(&gone)] {
            add(&mut tree, archive).expect("a layer");
        }
        assert_eq!((tree.kept, tree.nodes.len()), (0, 0));
    }
    // Nor may whiteouts keep us busy.
    tree.work = MAX_WORK;
    let said = add(&mut tree, layer(&[dir("a", 0o755), dir("a/b", 0o755)]))
        .and_then(|()| add(&mut tree, layer(&[file("a/.wh..wh..opq", "")])));
    assert!(said.expect_err("a fault").to_string().contains("whiteouts"));
}

const NAMES: [&str; 8] = ["a", "b", "a/b", "a/.wh.b", "b/.wh..wh..opq", "b/c/d", "../a", ".wh.a"];

fn any_entry() -> impl Strategy<Value = Given<'static>> {
    (0..NAMES.len(), 0..4, 0..NAMES.len()).prop_map(|(name, kind, other)| match kind {
        0 => dir(NAMES[name], 0o700),
        1 => file(NAMES[name], ""),
        2 => link(NAMES[name], NAMES[other]),
        _ => hard(NAMES[name], NAMES[other]),
    })
}

proptest! {
    #[test]
    fn no_layer_brings_it_down_and_every_path_has_its_directories(
        layers in prop::collection::vec(prop::collection::vec(any_entry(), 0..12), 0..4),
    ) {
        let mut tree = BaseTree::new([&b"a/b/c/d"[..]]);
        for given in &layers {
            let given: Vec<_> =
                given.iter().filter(|given| !given.path.starts_with("..")).cloned().collect();
            let archive = layer(&given);
            let _ = tree.add_layer(&mut TarEntries::new(archive.as_slice()));
        }
        let kept: usize = tree.nodes.iter().map(|(path, node)| cost(path, &node.kind)).sum();
        prop_assert_eq!(kept, tree.kept);
        for path in tree.nodes.keys() {
            for parent in paths::parents(path) {
                prop_assert!(tree.directory(parent).is_some(), "{}", paths::shown(path));
            }
        }
    }
}
