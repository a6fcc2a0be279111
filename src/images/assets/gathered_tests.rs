use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use super::*;

fn gather(path: &Path, target: &str) -> Result<Vec<(String, Item)>, AssetError> {
    let asset = Asset::of_root(target, AssetSource::Path(path.to_owned()));
    let found = Gathered::read(&asset, &mut GitModes::default())?;
    Ok(found
        .items
        .into_iter()
        .map(|(p, i)| (String::from_utf8_lossy(&p).into_owned(), i))
        .collect())
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("conf");
    fs::create_dir_all(path.join("d/e")).expect("a folder");
    fs::write(path.join("d/run.sh"), "x").expect("a file");
    fs::set_permissions(path.join("d/run.sh"), fs::Permissions::from_mode(0o700)).expect("a mode");
    fs::write(path.join("b"), "text").expect("a file");
    (folder, path)
}

#[test]
fn everything_in_order_but_git() {
    let (_folder, path) = folder();
    fs::create_dir(path.join(".git")).expect("a folder");
    fs::write(path.join(".git/config"), "").expect("a file");
    fs::write(path.join("d/.git"), "").expect("a file");
    fs::write(path.join(".gitignore"), "").expect("a file");
    symlink("../b", path.join("d/l")).expect("a link");
    let found = gather(&path, "/etc/app").expect("files");
    let names: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(names, ["", ".gitignore", "b", "d", "d/e", "d/l", "d/run.sh"]);
    assert_eq!(found[5].1, Item::Link(b"../b".to_vec()));
    let bits: Vec<_> = (found.iter())
        .filter_map(|(_, item)| match item {
            Item::File { is_executable, .. } => Some(*is_executable),
            _ => None,
        })
        .collect();
    assert_eq!(bits, [false, false, true]);
}

#[test]
fn a_file_and_a_link_to_one() {
    let (folder, path) = folder();
    symlink("conf/b", folder.path().join("l")).expect("a link");
    let own = gather(&path.join("b"), "/etc/b").expect("a file");
    assert_eq!(own, gather(&folder.path().join("l"), "/etc/b").expect("a file"));
    assert!(matches!(own[0].1, Item::File { size: 4, is_executable: false, .. }));
}

#[test]
fn links_that_leave_are_refused() {
    for (text, target, stays) in [
        ("../../secret", "/etc/app", false),
        ("../b", "/etc/app", true),
        ("../../conf/b", "/etc/app", false),
        ("/etc/passwd", "/etc/app", false),
        ("/etc/app/b", "/etc/app", true),
        ("/etc/app/../passwd", "/etc/app", false),
        ("nowhere", "/etc/app", true),
    ] {
        let (_folder, path) = folder();
        symlink(text, path.join("d/l")).expect("a link");
        match gather(&path, target) {
            Ok(_) => assert!(stays, "{text}"),
            Err(AssetError::LinkLeaves { link, .. }) => assert!(!stays && link == text, "{text}"),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn what_is_no_file_is_refused() {
    let (_folder, path) = folder();
    let socket = path.join("d/s");
    let _listener = UnixListener::bind(&socket).expect("a socket");
    assert!(matches!(gather(&path, "/a"), Err(AssetError::SpecialFile(at)) if at.ends_with("d/s")));
    assert!(matches!(gather(&socket, "/a"), Err(AssetError::SpecialFile(_))));
    fs::remove_file(&socket).expect("removed");
    fs::write(path.join(".wh.b"), "").expect("a file");
    assert!(matches!(gather(&path, "/a"), Err(AssetError::WhiteoutName(_))));
    assert!(matches!(gather(&path.join("gone"), "/a"), Err(AssetError::Missing(_))));
    assert!(matches!(gather(Path::new("/dev/null"), "/a"), Err(AssetError::SpecialFile(_))));
}

#[test]
fn too_much_is_refused() {
    let (_folder, path) = folder();
    let large = File::create(path.join("large")).expect("a file");
    large.set_len(MAX_BYTES).expect("a size");
    let said = gather(&path, "/a").expect_err("a fault").to_string();
    assert!(said.ends_with("more than 100 MiB"), "{said}");
}

#[test]
fn a_text_says_nothing_of_itself() {
    let asset = Asset::of_root("/a", AssetSource::Text("password".to_owned()));
    let found = Gathered::read(&asset, &mut GitModes::default()).expect("a text");
    assert!(!format!("{asset:?} {found:?}").contains("password"));
}
