//! This machine is at fault: no Python, no sandbox.

use insta::assert_snapshot;

use crate::support::Project;

const WEB: &str = "services:\n  web:\n    image: busybox:1.37\n";

#[test]
fn no_python() {
    let project = Project::of(WEB).variable("PATH", "/nonexistent");
    assert_snapshot!(project.run("deploy --sandbox --yes"));
}

#[test]
fn the_named_python_is_missing() {
    let project = Project::of(WEB).variable("DECKLIFT_PYTHON", "/nonexistent");
    assert_snapshot!(project.run("deploy --sandbox --yes"));
}

#[test]
#[cfg(unix)]
fn python_is_too_old() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::of(WEB).file("python", "#!/bin/sh\necho 3.6\n");
    let python = project.path("python");
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).expect("mode");
    let project = project.variable("DECKLIFT_PYTHON", python);
    assert_snapshot!(project.run("deploy --sandbox --yes"));
}

#[test]
#[cfg(unix)]
fn python_has_no_venv() {
    use std::os::unix::fs::PermissionsExt;
    let script =
        "#!/bin/sh\ncase $1 in -c) echo 3.13;; *) echo 'No module named venv' >&2; exit 1;; esac\n";
    let project = Project::of(WEB).file("python", script);
    let python = project.path("python");
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).expect("mode");
    let project = project.variable("DECKLIFT_PYTHON", python);
    assert_snapshot!(project.run("deploy --sandbox --yes"));
}

#[test]
fn no_place_for_the_cache() {
    let project = Project::of(WEB).file("cache", "a file").variable("DECKLIFT_CACHE_DIR", "cache");
    assert_snapshot!(project.run("deploy --sandbox --yes"));
}

#[test]
fn no_sandbox_runs() {
    let project = Project::of(WEB);
    assert_snapshot!(project.run("sandbox status"));
    assert_snapshot!(project.run("sandbox status --output json"));
    assert_snapshot!(project.run("sandbox logs"));
    assert_snapshot!(project.run("sandbox stop"));
    assert_snapshot!(project.run("sandbox reset"));
    assert_snapshot!(project.run("down --sandbox --yes"));
}

#[test]
#[cfg(unix)]
fn images_say_what_the_file_does_not() {
    use std::os::unix::fs::PermissionsExt;
    let image = r#"{"Id":"sha256:1","Os":"linux","Architecture":"arm64","Config":{
        "ExposedPorts":{"8080/tcp":{}},"Healthcheck":{"Test":["CMD","/check"],"Interval":1000000000}}}"#;
    let server = r#"{"Client":{},"Server":{"Version":"27.0","Os":"linux","Arch":"arm64"}}"#;
    let script = format!(
        "#!/bin/sh\ncase \"$1 $6\" in version*) echo '{server}';; image*acme/*) echo '{image}';; \
         image*) echo 'Error: No such image' >&2; exit 1;; *) exit 1;; esac\n"
    );
    // Nothing answers there, so that no registry is asked for what is not on the machine.
    let text = "services:\n  web:\n    image: 127.0.0.1:1/acme/web:1\n  cache:\n    \
                image: 127.0.0.1:1/redis:7.2\n";
    let project = Project::of(text).file("docker", script);
    let docker = project.path("docker");
    std::fs::set_permissions(&docker, std::fs::Permissions::from_mode(0o755)).expect("mode");
    let project = project.variable("DOCKER", docker);
    assert_snapshot!(project.run("--verbose check --inspect-images"));
    let requests = project.run("convert --inspect-images").to_string();
    assert!(requests.contains("\"/check\"") && requests.contains("\"web-8080\""), "{requests}");
    let project = project.variable("DOCKER", "/nonexistent");
    assert_snapshot!(project.run("check --inspect-images"));
}
