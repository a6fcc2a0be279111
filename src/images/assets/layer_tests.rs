use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::tar_entries::TarEntries;
use super::super::testing::{
    Given, Node, NodeKind, Tree, apply, dir, entries, file, header, layer as archive, link, remove,
};
use super::*;

fn gathered(items: &[(&str, Item)]) -> Gathered {
    let items = items.iter().map(|(path, item)| (path.as_bytes().to_vec(), item.clone()));
    Gathered { items: items.collect(), ..Gathered::default() }
}

fn text(content: &str) -> Item {
    let sha256 = Sha256::digest(content).into();
    let size = content.len() as u64;
    let content = Content::Text(content.as_bytes().to_vec());
    Item::File { content, size, sha256, is_executable: false }
}

fn single(target: &str) -> (Asset, Gathered) {
    let asset = Asset::of_root(target, AssetSource::Text("new".to_owned()));
    (asset, gathered(&[("", text("new"))]))
}

fn directory(target: &str) -> (Asset, Gathered) {
    let asset = Asset::of_root(target, AssetSource::Path("/project/dir".into()));
    let items = [("", Item::Directory), ("x", text("new")), ("sub", Item::Directory)];
    (asset, gathered(&[&items[..], &[("sub/l", Item::Link(b"../x".to_vec()))]].concat()))
}

fn tree(base: &[Vec<u8>], assets: &[(Asset, Gathered)], mounts: &[String]) -> BaseTree {
    let targets = assets.iter().map(|(asset, _)| asset.target.as_bytes());
    let mut tree = BaseTree::new(targets.chain(mounts.iter().map(String::as_bytes)));
    for layer in base {
        tree.add_layer(&mut TarEntries::new(layer.as_slice())).expect("a layer");
    }
    tree
}

fn made(base: &[Vec<u8>], assets: &[(Asset, Gathered)]) -> Result<Vec<u8>, AssetError> {
    Ok(Layer::new(&tree(base, assets, &[]), assets, &[])?.write(Vec::new())?.0)
}

/// Path, mode, owner and time of what the layer has.
fn listed(base: &[Given<'_>], assets: &[(Asset, Gathered)]) -> Vec<(String, u32, u64, u64)> {
    let layer = made(&[archive(base)], assets).expect("a layer");
    entries(&layer).into_iter().map(|(path, n)| (path, n.mode, n.uid, n.mtime)).collect()
}

fn at(path: &str, mode: u32, owner: u64, mtime: u64) -> (String, u32, u64, u64) {
    (path.to_owned(), mode, owner, mtime)
}

#[test]
fn parents_are_what_the_base_has_and_the_others_are_roots() {
    let base = [dir("etc", 0o755), dir("etc/app", 0o2770)];
    assert_eq!(
        listed(&base, &[single("/etc/app/conf.d/x.conf")]),
        [
            at("etc", 0o755, 7, 77),
            at("etc/app", 0o2770, 7, 77),
            at("etc/app/conf.d", 0o755, 0, 0),
            at("etc/app/conf.d/x.conf", 0o644, 0, 0),
        ]
    );
}

#[test]
fn what_headers_have_no_room_for_is_kept_of_parents() {
    let mut builder = tar::Builder::new(Vec::new());
    let records = [("SCHILY.xattr.user.a", &b"\0\xff"[..]), ("mtime", b"9.5"), ("uid", b"3000000")];
    builder.append_pax_extensions(records).expect("records");
    builder.append_data(&mut header(&dir("", 0o700)), "a", &[][..]).expect("an entry");
    let base = builder.into_inner().expect("an archive");
    let layer = made(&[base], &[single(&format!("/a/{}/c", "b".repeat(200)))]).expect("a layer");
    let found = entries(&layer);
    let pax = |key: &str| found[0].1.pax.get(key).map(Vec::as_slice);
    assert_eq!(pax("SCHILY.xattr.user.a"), Some(&b"\0\xff"[..]));
    assert_eq!(pax("mtime"), Some(&b"9.5"[..]));
    assert_eq!(pax("uid"), Some(&b"3000000"[..]));
    assert_eq!(found[2].0, format!("a/{}/c", "b".repeat(200)));
}

#[test]
fn links_of_the_base_are_followed_and_stay_links() {
    let base =
        [dir("run", 0o711), link("var/run", "/run"), link("l", "run/app"), link("e", "etc/x")];
    let all = [single("/var/run/a"), directory("/l"), single("/e")];
    let layer = made(&[archive(&base)], &all).expect("a layer");
    let paths: Vec<_> = entries(&layer).into_iter().map(|(path, _)| path).collect();
    assert_eq!(
        paths,
        [
            "etc",
            "etc/x",
            "run",
            "run/a",
            "run/app",
            "run/app/.wh..wh..opq",
            "run/app/sub",
            "run/app/sub/l",
            "run/app/x"
        ]
    );
}

#[test]
fn a_directory_hides_and_a_file_does_not() {
    let base = archive(&[dir("a", 0o700), file("a/old", "1"), file("x", "1")]);
    let mut after = Tree::new();
    apply(&mut after, &base);
    let mut hidden = after.clone();
    let layer = made(std::slice::from_ref(&base), &[directory("/a")]).expect("a layer");
    apply(&mut hidden, &layer);
    assert_eq!(hidden.keys().collect::<Vec<_>>(), ["a", "a/sub", "a/sub/l", "a/x", "x"]);
    assert_eq!(hidden["a"].mode, 0o755);
    let mut beside = after.clone();
    apply(&mut beside, &made(std::slice::from_ref(&base), &[single("/a/new")]).expect("a layer"));
    assert_eq!(beside.keys().collect::<Vec<_>>(), ["a", "a/new", "a/old", "x"]);
    assert_eq!((beside["a"].mode, &beside["a/old"]), (0o700, &after["a/old"]));
}

#[test]
fn a_file_takes_the_place_of_a_directory_and_the_other_way_round() {
    let base = archive(&[dir("a", 0o700), file("a/old", "1"), file("f", "1")]);
    let mut after = Tree::new();
    apply(&mut after, &base);
    apply(&mut after, &made(&[base], &[single("/a"), directory("/f")]).expect("a layer"));
    assert_eq!(after.keys().collect::<Vec<_>>(), ["a", "f", "f/sub", "f/sub/l", "f/x"]);
    assert_eq!(after["a"].kind, NodeKind::File(b"new".to_vec()));
}

#[test]
fn what_is_deeper_is_on_top() {
    let base = archive(&[dir("a", 0o700), dir("a/sub", 0o700)]);
    let mut after = Tree::new();
    apply(&mut after, &base);
    let all = [single("/a/sub/deep/y"), single("/a/x"), directory("/a")];
    apply(&mut after, &made(&[base], &all).expect("a layer"));
    let names: Vec<_> = after.keys().collect();
    assert_eq!(names, ["a", "a/sub", "a/sub/deep", "a/sub/deep/y", "a/sub/l", "a/x"]);
    // The bind's directory, not the one that it hides.
    assert_eq!((after["a/sub"].mode, after["a/sub/deep"].mode), (0o755, 0o755));
}

#[test]
fn modes_owners_and_links_that_are_asked_for() {
    let (mut asset, content) = single("/a");
    asset = Asset { uid: 33, gid: 34, mode: Some(0o440), ..asset };
    let secret = Asset::of_root("/b", AssetSource::Link("/run/secrets/b".to_owned()));
    let linked = gathered(&[("", Item::Link(b"/run/secrets/b".to_vec()))]);
    // A link is put in the place of a link, not at its end.
    let base = [archive(&[link("b", "/elsewhere")])];
    let layer = made(&base, &[(asset, content), (secret, linked)]).expect("a layer");
    let found = entries(&layer);
    assert_eq!((found[0].1.mode, found[0].1.uid, found[0].1.gid), (0o440, 33, 34));
    assert_eq!(found[1].0, "b");
    assert_eq!(found[1].1.kind, NodeKind::Link("/run/secrets/b".to_owned()));
}

#[test]
fn what_cannot_be_put() {
    let base = [archive(&[
        file("file", ""),
        link("loop", "loop"),
        link("var/run", "/run"),
        dir("run", 0o755),
    ])];
    let fault = |assets: &[(Asset, Gathered)], mounts: &[&str]| {
        let mounts: Vec<String> = mounts.iter().map(|&mount| mount.to_owned()).collect();
        Layer::new(&tree(&base, assets, &mounts), assets, &mounts).expect_err("a fault")
    };
    for target in ["relative", "/", "//.", "/a\0"] {
        assert!(matches!(fault(&[single(target)], &[]), AssetError::BadTarget(_)), "{target:?}");
    }
    assert!(matches!(fault(&[single("/file/x")], &[]), AssetError::NotADirectory { .. }));
    assert!(matches!(fault(&[single("/loop/x")], &[]), AssetError::LinkLoop(_)));
    assert!(matches!(fault(&[single("/a/.wh.x")], &[]), AssetError::WhiteoutName(_)));
    let long = format!("/{}", "n".repeat(300));
    assert!(matches!(fault(&[single(&long)], &[]), AssetError::NameTooLong(_)));
    let both = [single("/run/a"), single("/var/run/a")];
    assert!(matches!(fault(&both, &[]), AssetError::Twice { path, .. } if path == "/run/a"));
    for mount in ["/run/a", "/run", "/var/run", "/"] {
        let said = fault(&[single("/var/run/a")], &["/data", mount]);
        assert!(matches!(said, AssetError::Hidden { mount: at, .. } if at == mount));
    }
    // Beside it, or deeper, a mount hides nothing of it.
    let beside = ["/run/ab".to_owned(), "/var/run/a/b".to_owned(), "/loop".to_owned()];
    let asset = [single("/run/a")];
    assert!(Layer::new(&tree(&base, &asset, &beside), &asset, &beside).is_ok());
}

#[test]
fn files_that_change_are_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    std::fs::write(&path, "one").expect("a file");
    let asset = Asset::of_root("/a", AssetSource::Path(path.clone()));
    let read = Gathered::read(&asset, &mut Default::default()).expect("a file");
    let all = [(asset, read)];
    assert!(made(&[], &all).is_ok());
    for other in ["two", "longer", "s"] {
        std::fs::write(&path, other).expect("a file");
        assert!(matches!(made(&[], &all), Err(AssetError::Changed(_))), "{other}");
    }
    std::fs::remove_file(&path).expect("removed");
    assert!(matches!(made(&[], &all), Err(AssetError::Unreadable { .. })));
}

/// As a mount would be made, in a tree of everything: for comparison.
fn bind(tree: &mut Tree, asset: &Asset, content: &Gathered, taken: &mut Vec<String>) -> Option<()> {
    let is_link = matches!(asset.source, AssetSource::Link(_));
    let path = follow(tree, &asset.target, !is_link, 0)?;
    if path.is_empty() || taken.contains(&path) {
        return None;
    }
    let names: Vec<_> = path.split('/').collect();
    for count in 1..names.len() {
        let root = Node {
            kind: NodeKind::Dir,
            mode: 0o755,
            uid: 0,
            gid: 0,
            mtime: 0,
            pax: BTreeMap::new(),
        };
        tree.entry(names[..count].join("/")).or_insert(root);
    }
    remove(tree, &path);
    for (relative, item) in &content.items {
        let relative = String::from_utf8_lossy(relative);
        let place = if relative.is_empty() { path.clone() } else { format!("{path}/{relative}") };
        let (kind, mode) = match item {
            Item::Directory => (NodeKind::Dir, 0o755),
            Item::Link(to) => (NodeKind::Link(String::from_utf8_lossy(to).into_owned()), 0o777),
            Item::File { content: Content::Text(text), .. } => {
                (NodeKind::File(text.clone()), 0o644)
            }
            Item::File { .. } => return None,
        };
        tree.insert(place, Node { kind, mode, uid: 0, gid: 0, mtime: 0, pax: BTreeMap::new() });
    }
    taken.push(path);
    Some(())
}

/// One name after the other, a link by starting again.
fn follow(tree: &Tree, path: &str, last: bool, links: usize) -> Option<String> {
    if links > 300 {
        return None;
    }
    let mut done: Vec<&str> = Vec::new();
    let names: Vec<&str> = path.split('/').filter(|name| !["", "."].contains(name)).collect();
    for (index, name) in names.iter().enumerate() {
        let rest = &names[index + 1..];
        if *name == ".." {
            done.pop();
            continue;
        }
        done.push(name);
        match tree.get(&done.join("/")).map(|node| &node.kind) {
            Some(NodeKind::Link(to)) if last || !rest.is_empty() => {
                done.pop();
                let start = if to.starts_with('/') { String::new() } else { done.join("/") };
                return follow(tree, &format!("{start}/{to}/{}", rest.join("/")), last, links + 1);
            }
            Some(NodeKind::File(_)) if !rest.is_empty() => return None,
            _ => {}
        }
    }
    Some(done.join("/"))
}

#[derive(Clone, Debug)]
enum Any {
    Dir,
    File,
    Link(String),
    Gone,
    Opaque,
}

fn any_path() -> impl Strategy<Value = String> {
    prop::collection::vec("[abc]", 1..4).prop_map(|names| names.join("/"))
}

fn any_link() -> impl Strategy<Value = String> {
    prop_oneof![
        any_path(),
        any_path().prop_map(|path| format!("/{path}")),
        any_path().prop_map(|path| format!("../{path}")),
        Just("..".to_owned()),
    ]
}

fn any_layer() -> impl Strategy<Value = BTreeMap<String, Any>> {
    let any = prop_oneof![
        4 => Just(Any::Dir),
        3 => Just(Any::File),
        3 => any_link().prop_map(Any::Link),
        1 => Just(Any::Gone),
        1 => Just(Any::Opaque),
    ];
    prop::collection::btree_map(any_path(), any, 0..8)
}

/// A layer that names all of its directories.
fn written(given: &BTreeMap<String, Any>) -> Vec<u8> {
    let mut all: BTreeMap<String, Any> = BTreeMap::new();
    for (path, any) in given {
        let names: Vec<_> = path.split('/').collect();
        let parents: Vec<_> = (1..names.len()).map(|count| names[..count].join("/")).collect();
        let is_dir = |any: &Any| matches!(any, Any::Dir | Any::Opaque);
        if parents.iter().any(|parent| all.get(parent).is_some_and(|any| !is_dir(any))) {
            continue;
        }
        for parent in parents {
            all.entry(parent).or_insert(Any::Dir);
        }
        all.insert(path.clone(), any.clone());
    }
    let whiteout = |path: &str| match path.rsplit_once('/') {
        Some((directory, name)) => format!("{directory}/.wh.{name}"),
        None => format!(".wh.{path}"),
    };
    let names: Vec<(String, Any)> = all
        .into_iter()
        .flat_map(|(path, any)| match any {
            Any::Gone => vec![(whiteout(&path), Any::File)],
            Any::Opaque => {
                vec![(path.clone(), Any::Dir), (format!("{path}/.wh..wh..opq"), Any::File)]
            }
            other => vec![(path, other)],
        })
        .collect();
    let mode = |path: &str| 0o700 + path.len() as u32 % 8;
    let given = names.iter().map(|(path, any)| match any {
        Any::Dir => dir(path, mode(path)),
        Any::Link(to) => link(path, to),
        _ => file(path, if path.contains(".wh.") { "" } else { path }),
    });
    archive(&given.collect::<Vec<_>>())
}

fn any_asset() -> impl Strategy<Value = (Asset, Gathered)> {
    let target = any_link().prop_map(|path| format!("/{path}"));
    (target, 0..3, any_link()).prop_map(|(target, kind, to)| match kind {
        0 => single(&target),
        1 => directory(&target),
        _ => {
            let asset = Asset::of_root(target, AssetSource::Link(to.clone()));
            (asset, gathered(&[("", Item::Link(to.into_bytes()))]))
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_layer_over_the_base_is_the_base_with_its_mounts(
        layers in prop::collection::vec(any_layer(), 0..4),
        assets in prop::collection::vec(any_asset(), 1..4),
    ) {
        let layers: Vec<_> = layers.iter().map(written).collect();
        let mut tree = Tree::new();
        layers.iter().for_each(|layer| apply(&mut tree, layer));
        let mut expected = tree.clone();
        let mut order: Vec<_> = assets.iter().collect();
        order.sort_by_key(|(asset, _)| (depth(&asset.target), &asset.target));
        let mut taken = Vec::new();
        let bound = order
            .into_iter()
            .try_for_each(|(asset, content)| bind(&mut expected, asset, content, &mut taken));
        match made(&layers, &assets) {
            Ok(layer) => {
                prop_assert!(bound.is_some());
                apply(&mut tree, &layer);
                prop_assert_eq!(tree, expected);
                prop_assert_eq!(made(&layers, &assets).expect("again"), layer);
            }
            Err(error) => prop_assert!(bound.is_none(), "{}", error),
        }
    }
}
