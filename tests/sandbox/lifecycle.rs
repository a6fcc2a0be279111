//! The sandbox itself: started, joined, looked at, emptied, replaced, ended.

use std::process::Command;

use crate::emulator::{Emulator, get};
use crate::support::{Project, Sandbox, docker, engine};

/// A page of its own, and nothing to build.
fn project(name: &str) -> Project {
    Project::of(&format!(
        "name: {name}\nservices:\n  web:\n    image: busybox:1.37\n    ports: [\"8080:80\"]\n    \
         stop_grace_period: 1s\n    command:\n      - sh\n      - -c\n      \
         - mkdir /www && echo this is {name} > /www/index.html && httpd -f -p 80 -h /www\n"
    ))
}

fn pid(sandbox: &Sandbox) -> u64 {
    sandbox.status()["pid"].as_u64().expect("a process")
}

fn containers(sandbox: &Sandbox) -> String {
    let label = format!("label=decklift.sandbox={}", sandbox.name);
    docker(&["ps", "--all", "--filter", &label, "--format", "{{.Names}}"])
}

#[test]
fn a_sandbox_lives() {
    if !engine("a_sandbox_lives") {
        return;
    }
    let (sandbox, project) = (Sandbox::new("life"), project("life"));
    sandbox.run("sandbox status").exits(0).prints("does not run");
    let first = sandbox.run(&project.arguments("deploy --yes")).exits(0);
    let first = first.says("starting the sandbox");
    assert!(get(&first.url("web")).expect("a page").1.contains("this is life"));
    let number = pid(&sandbox);

    // Another command joins it.
    sandbox.run(&project.arguments("plan --exit-code")).exits(0).does_not_say("starting");
    assert_eq!(pid(&sandbox), number);
    let status = sandbox.run("sandbox status").exits(0);
    let status = status.prints(&sandbox.name).prints(&first.url("web")).prints("holds here");
    status.prints("does not hold here").prints("engine      docker");
    let logs = sandbox.run("sandbox logs --tail 3").exits(0);
    assert!((1..=3).contains(&logs.stdout.lines().count()), "{logs}");

    replaced_when_killed(&sandbox, &project, number);

    // Emptied, it goes on running.
    let number = pid(&sandbox);
    sandbox.run("sandbox reset").exits(0).says("empty");
    assert_eq!(pid(&sandbox), number);
    let left: Vec<_> = Emulator::of(&sandbox).inventory().into_iter().collect();
    let ours = |line: &&String| line.contains("life-") || line.starts_with("container");
    assert_eq!(left.iter().filter(ours).count(), 0, "{left:#?}");
    sandbox.run(&project.arguments("plan --exit-code")).exits(2);

    sandbox.run("sandbox stop").exits(0).says("stopped");
    sandbox.run("sandbox status").exits(0).prints("does not run");
    sandbox.run("sandbox stop").exits(0).says("no sandbox was running");
    assert_eq!(containers(&sandbox), "");
    sandbox.run(&project.arguments("down --yes")).exits(0).says("nothing to delete");
}

fn replaced_when_killed(sandbox: &Sandbox, project: &Project, number: u64) {
    let killed = Command::new("kill").args(["-9", &number.to_string()]).status();
    assert!(killed.expect("kill").success());
    sandbox.run("sandbox status").exits(0).prints("does not run");
    let again = sandbox.run(&project.arguments("deploy --yes")).exits(0);
    let again = again.says("starting the sandbox");
    assert_ne!(pid(sandbox), number);
    assert!(get(&again.url("web")).expect("a page").1.contains("this is life"));
    // What the dead one ran is gone: one task with its helper, and the one that answers for none.
    assert_eq!(containers(sandbox).lines().count(), 3, "{}", containers(sandbox));
}

#[test]
fn two_side_by_side() {
    if !engine("two_side_by_side") {
        return;
    }
    let (left, right) = (Sandbox::new("left"), Sandbox::new("right"));
    // The same project, port and all.
    let project = project("twin");
    let command = project.arguments("deploy --yes");
    let (one, two) = std::thread::scope(|scope| {
        let other = scope.spawn(|| right.run(&command));
        (left.run(&command), other.join().expect("the other"))
    });
    let (one, two) = (one.exits(0).url("web"), two.exits(0).url("web"));
    assert_ne!(one, two);
    assert_ne!(pid(&left), pid(&right));
    left.run(&project.arguments("down --yes")).exits(0);
    left.run("sandbox stop").exits(0);
    assert!(get(&one).is_err());
    assert!(get(&two).expect("a page").1.contains("this is twin"));
}
