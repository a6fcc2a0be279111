//! First deployments that fail: the cause is said, and what does well is left alone.

use crate::emulator::Emulator;
use crate::support::{Project, Sandbox, engine};

/// A service that does well, beside the one under test.
const FINE: &str = "  fine:\n    image: busybox:1.37\n    command: sleep 1000\n    \
                    stop_grace_period: 1s\n";

fn project(web: &str) -> Project {
    Project::of(&format!("name: app\nservices:\n  web:\n{web}{FINE}"))
}

#[test]
fn a_container_that_crashes() {
    if !engine("a_container_that_crashes") {
        return;
    }
    let sandbox = Sandbox::new("crash");
    let project = project(
        "    image: busybox:1.37\n    command: sh -c 'echo no database; echo giving up; exit 7'\n",
    );
    let ran = sandbox.run(&project.arguments("deploy --yes")).exits(5);
    let ran = ran.says("exited with 7").says("no database").says("giving up");
    assert!(ran.stdout.is_empty(), "{ran}");
    let aws = Emulator::of(&sandbox);
    assert_eq!(aws.tasks("app", "app-fine").len(), 1);
    assert_eq!(aws.service("app", "app-fine"), ("app-fine:1".to_owned(), 1));

    // Mended, it comes up, and only it moves.
    let tasks = aws.tasks("app", "app-fine");
    project.edit("compose.yaml", "exit 7", "exec sleep 1000");
    project.edit("compose.yaml", "    command: sh", "    stop_grace_period: 1s\n    command: sh");
    sandbox.run(&project.arguments("deploy --yes")).exits(0);
    assert_eq!(aws.tasks("app", "app-web").len(), 1);
    assert_eq!(aws.tasks("app", "app-fine"), tasks);
}

#[test]
fn a_health_check_that_fails() {
    if !engine("a_health_check_that_fails") {
        return;
    }
    let sandbox = Sandbox::new("health");
    let project = project(
        "    image: busybox:1.37\n    command: sleep 1000\n    stop_grace_period: 1s\n    \
         healthcheck:\n      test: \"echo not ready; exit 1\"\n      interval: 5s\n      \
         timeout: 2s\n      retries: 1\n",
    );
    sandbox.run(&project.arguments("deploy --yes")).exits(5).says("health");
    assert_eq!(Emulator::of(&sandbox).tasks("app", "app-fine").len(), 1);
}

#[test]
fn an_image_that_does_not_exist() {
    if !engine("an_image_that_does_not_exist") {
        return;
    }
    let sandbox = Sandbox::new("image");
    let project = project("    image: registry.invalid/nobody/nothing:1\n");
    let ran = sandbox.run(&project.arguments("deploy --yes")).exits(5);
    ran.says("CannotPullContainerError").says("registry.invalid/nobody/nothing:1");
    assert_eq!(Emulator::of(&sandbox).tasks("app", "app-fine").len(), 1);
}

#[test]
fn a_build_that_fails() {
    if !engine("a_build_that_fails") {
        return;
    }
    let sandbox = Sandbox::new("build");
    let project = project("    build: .\n");
    project.write("Dockerfile", "FROM busybox:1.37\nRUN echo the last words && false\n");
    let ran = sandbox.run(&project.arguments("deploy --yes")).exits(1);
    ran.says("the last words").says("RUN echo");
    // What does not need the image was made, and is found again.
    project.write("Dockerfile", "FROM busybox:1.37\nCMD [\"sleep\", \"1000\"]\n");
    project.edit("compose.yaml", "build: .", "build: .\n    stop_grace_period: 1s");
    sandbox.run(&project.arguments("deploy --yes")).exits(0);
    assert_eq!(Emulator::of(&sandbox).tasks("app", "app-web").len(), 1);
}

/// The engine is there for the sandbox, but the `docker` program that builds is not.
#[test]
fn nothing_that_builds() {
    if !engine("nothing_that_builds") {
        return;
    }
    let project = project("    build: .\n");
    project.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\nCMD [\"/none\"]\n");
    let sandbox = Sandbox::new("nodocker");
    // Started while there is one.
    sandbox.run(&project.arguments("plan")).exits(0);
    let sandbox = sandbox.variable("PATH", "/nonexistent");
    sandbox.run(&project.arguments("deploy --yes")).exits(1).says("docker").says("help:");
}
