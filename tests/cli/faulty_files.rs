//! Compose files that cannot be read at all.

use std::process::Command;

use insta::assert_snapshot;

use crate::support::Project;

#[test]
fn there_is_none() {
    assert_snapshot!(Project::empty().refused());
}

#[test]
fn the_named_one_is_missing() {
    let project = Project::of("services: {web: {image: busybox}}").file("compose.prod.yaml", "");
    assert_snapshot!(project.refused_with("-f compose.prd.yaml"));
}

#[test]
fn empty() {
    assert_snapshot!(Project::of("").refused());
}

#[test]
fn binary() {
    assert_snapshot!(
        Project::empty().file("compose.yaml", b"\x7fELF\x02\x01\x01\0\0\xff").refused()
    );
}

#[test]
fn indented_with_a_tab() {
    assert_snapshot!(Project::of("services:\n  web:\n\timage: busybox\n").refused());
}

#[test]
fn missing_colon() {
    assert_snapshot!(Project::of("services:\n  web\n    image: busybox\n").refused());
}

#[test]
fn unclosed_quote() {
    let project = Project::of("services:\n  web:\n    image: \"busybox\n    restart: always\n");
    assert_snapshot!(project.refused());
}

#[test]
fn a_directory() {
    assert_snapshot!(Project::empty().file("compose.yaml/file", "").refused());
}

/// Reading one would wait for a writer that never comes.
#[test]
#[cfg(unix)]
fn a_fifo() {
    let project = Project::empty();
    let made = Command::new("mkfifo").arg(project.path("compose.yaml")).status();
    assert!(made.expect("mkfifo").success());
    assert_snapshot!(project.refused());
}

#[test]
#[cfg(unix)]
fn an_endless_one() {
    assert_snapshot!(Project::empty().refused_with("-f /dev/zero"));
}

#[test]
fn huge() {
    let project = Project::empty();
    let file = std::fs::File::create(project.path("compose.yaml")).expect("a file");
    // Sparse: it takes no room on the disk.
    file.set_len(3 << 30).expect("a length");
    assert_snapshot!(project.refused());
}

#[test]
fn not_readable() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::of("services: {web: {image: busybox}}");
    let path = project.path("compose.yaml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).expect("permissions");
    if std::fs::read(&path).is_ok() {
        return; // root reads everything
    }
    assert_snapshot!(project.refused());
}

#[test]
fn on_stdin() {
    let project = Project::empty();
    assert_snapshot!(project.run_with("plan -f -", "services:\n  web:\n    imag: busybox\n"));
}
