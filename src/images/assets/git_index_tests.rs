use std::process::Command;

use proptest::prelude::*;

use super::*;

fn git(directory: &Path, arguments: &[&str]) -> bool {
    let status = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@b"])
        .args(arguments)
        .current_dir(directory)
        .output();
    status.is_ok_and(|output| output.status.success())
}

fn recorded(path: &Path) -> Recorded {
    let metadata = path.symlink_metadata().expect("a file");
    GitModes::default().recorded(path, &metadata)
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

/// A checkout with an executable, a plain file and a link; nothing where there is no git.
fn checkout() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    fs::create_dir(path.join("sub")).expect("a folder");
    for (name, mode) in [("run.sh", 0o755), ("sub/a.conf", 0o644)] {
        fs::write(path.join(name), "text").expect("a file");
        set_mode(&path.join(name), mode);
    }
    std::os::unix::fs::symlink("sub/a.conf", path.join("link")).expect("a link");
    (git(path, &["init", "-q"]) && git(path, &["add", "."])).then_some(folder)
}

#[test]
fn files_say_it_where_modes_mean_something() {
    let Some(folder) = checkout() else { return };
    let path = folder.path().join("run.sh");
    assert!(recorded(&path).is_executable);
    set_mode(&path, 0o644);
    assert!(!recorded(&path).is_executable, "git would record it so");
}

#[test]
fn the_index_says_it_where_they_do_not() {
    let Some(folder) = checkout() else { return };
    let path = folder.path();
    for version in ["2", "3", "4"] {
        assert!(git(path, &["config", "core.fileMode", "false"]));
        assert!(git(path, &["update-index", "--index-version", version]));
        set_mode(&path.join("run.sh"), 0o644);
        set_mode(&path.join("sub/a.conf"), 0o755);
        fs::write(path.join("new"), "").expect("a file");
        set_mode(&path.join("new"), 0o755);
        assert!(recorded(&path.join("run.sh")).is_executable, "{version}");
        assert!(!recorded(&path.join("sub/a.conf")).is_executable, "{version}");
        assert!(recorded(&path.join("new")).is_executable, "git does not know it");
        fs::remove_file(path.join("link")).expect("a link");
        fs::write(path.join("link"), "sub/a.conf").expect("a file");
        assert!(recorded(&path.join("link")).is_link, "{version}");
    }
}

#[test]
fn a_worktree_and_a_repository_of_sha256() {
    let Some(folder) = checkout() else { return };
    let path = folder.path();
    let other = path.join("other");
    assert!(git(path, &["commit", "-qm", "x"]));
    assert!(git(path, &["worktree", "add", "-q", "other"]));
    assert!(git(path, &["config", "core.fileMode", "false"]));
    set_mode(&other.join("run.sh"), 0o644);
    assert!(recorded(&other.join("run.sh")).is_executable);

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    if !git(path, &["init", "-q", "--object-format=sha256"]) {
        return;
    }
    fs::write(path.join("run.sh"), "").expect("a file");
    set_mode(&path.join("run.sh"), 0o755);
    assert!(git(path, &["add", "."]) && git(path, &["config", "core.filemode", "no"]));
    set_mode(&path.join("run.sh"), 0o644);
    assert!(recorded(&path.join("run.sh")).is_executable);
}

#[test]
fn settings() {
    assert!(says_file_mode_is_false("[core]\n\tfilemode = false\n"));
    assert!(says_file_mode_is_false("[user]\n[Core]\nFileMode=0 # drvfs\n"));
    assert!(!says_file_mode_is_false("[core]\nfilemode = true\n[x]\nfilemode = false\n"));
    assert!(!says_file_mode_is_false(""));
}

proptest! {
    #[test]
    fn no_index_brings_it_down(mut bytes in prop::collection::vec(any::<u8>(), 0..300), version in 2_u8..5) {
        let _ = read(&bytes, 20);
        let head = [b'D', b'I', b'R', b'C', 0, 0, 0, version, 0, 0, 0, 2];
        bytes.splice(0..0, head);
        let _ = read(&bytes, 20);
        let _ = read(&bytes, 32);
    }
}
