//! Two at a time: one deploys, and the other is told who does.

use std::time::Duration;

use serde_json::Value;

use crate::emulator::Emulator;
use crate::support::{Project, Ran, Sandbox};

/// Tasks are simulated: what is tested here goes on between the program and Parameter Store.
fn sandbox(purpose: &str) -> Sandbox {
    Sandbox::new(purpose).variable("DECKLIFT_SANDBOX_ENGINE", "none")
}

fn project() -> Project {
    let project = Project::of(
        "name: app\nservices:\n  web:\n    build: .\n    ports: [\"8080:80\"]\n  worker:\n    \
         image: busybox:1.37\n    command: sleep 1000\n",
    );
    project.write("Dockerfile", "FROM scratch\nCOPY page /\nCMD [\"/none\"]\n");
    project.write("page", "one");
    project
}

/// Number and outcome of every release, the newest first.
fn history(sandbox: &Sandbox, project: &Project) -> Vec<(u64, String)> {
    let ran = sandbox.run(&project.arguments("history --output json")).exits(0);
    let list: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let list = list.as_array().cloned().expect("a list");
    let release = |release: &Value| {
        let outcome = release["outcome"].as_str().expect("an outcome").to_owned();
        (release["release"].as_u64().expect("a number"), outcome)
    };
    list.iter().map(release).collect()
}

fn outcomes(list: &[(u64, &str)]) -> Vec<(u64, String)> {
    list.iter().map(|(number, outcome)| (*number, (*outcome).to_owned())).collect()
}

#[test]
fn one_at_a_time() {
    let (sandbox, project) = (sandbox("lock"), project());
    let deploy = project.arguments("deploy --yes");
    sandbox.run(&project.arguments("history")).exits(0).says("no releases of app yet");

    // Stopped as soon as it has the lock, so that it surely is at work.
    let mut first = sandbox.spawn(&deploy);
    first.until("release  1");
    first.signal("STOP");
    let refused = sandbox.run(&deploy).exits(8);
    let refused = refused.says("another deployment holds the lock: release 1, a deploy by ");
    refused.says("--wait-lock").says("--break-lock").does_not_say("  done  ");
    sandbox.run(&project.arguments("down --yes")).exits(8).says("release 1, a deploy by");
    sandbox.run(&project.arguments("deploy --yes --wait-lock=1s")).exits(8).says("after 1s");
    assert_eq!(history(&sandbox, &project), outcomes(&[(1, "running")]));

    // Waits, looks at what the first one made, and deploys what differs.
    project.write("page", "two");
    let mut second = sandbox.spawn(&project.arguments("deploy --yes --wait-lock"));
    second.until("waiting for release 1, a deploy by");
    first.signal("CONT");
    first.end().exits(0);
    second.end().exits(0).says("release  2").does_not_say("follows release 1");
    let aws = Emulator::of(&sandbox);
    assert_eq!(aws.service("app", "app-web").0, "app-web:2");
    assert_eq!(aws.service("app", "app-worker").0, "app-worker:1");

    // With nothing to do no number is taken.
    let before = history(&sandbox, &project);
    sandbox.run(&deploy).exits(0).says("No changes");
    assert_eq!(history(&sandbox, &project), before);

    together(&sandbox, &project);

    let table = sandbox.run(&project.arguments("history --limit 1")).exits(0);
    assert_eq!(table.stdout.lines().count(), 2, "{table}");
    table.prints("OUTCOME").prints("succeeded").prints("worker:1");
    sandbox.run(&project.arguments("down --yes")).exits(0);
    assert_eq!(history(&sandbox, &project), []);
    let left: Vec<_> = aws.inventory().into_iter().filter(|l| l.starts_with("parameter")).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Two start at the same moment with the same thing to do.
fn together(sandbox: &Sandbox, project: &Project) {
    let before = history(sandbox, project).len();
    project.write("page", "three");
    let deploy = project.arguments("deploy --yes");
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| sandbox.run(&deploy));
        (sandbox.run(&deploy), other.join().expect("the other"))
    });
    let took = |ran: &Ran| ran.stderr.contains("  release  ");
    assert!(took(&one) != took(&other), "{one}\n{other}");
    let (winner, loser) = if took(&one) { (one, other) } else { (other, one) };
    let winner = winner.exits(0);
    // On a machine that has only one of them run at a time the second one finds nothing to do.
    match loser.code {
        Some(0) => loser.says("No changes"),
        _ => loser.exits(8).says("a deploy by"),
    };
    assert_eq!(history(sandbox, project).len(), before + 1, "{winner}");
}

#[test]
fn a_dead_holder() {
    let (sandbox, project) = (sandbox("dead"), project());
    sandbox.run(&project.arguments("plan")).exits(0);
    let sandbox = sandbox.variable("DECKLIFT_LEASE_SECONDS", "20");
    let mut dead = sandbox.spawn(&project.arguments("deploy --yes"));
    dead.until("release  1");
    dead.signal("KILL");
    dead.end();

    // Nobody renews its lease: in the end the number is free, and the work is done.
    let next = sandbox.run(&project.arguments("deploy --yes --wait-lock")).exits(0);
    let next = next.says("waiting for release 1, a deploy by").says("release  2");
    next.says("release 2 follows release 1, a deploy by").says("never finished");
    let expected = outcomes(&[(2, "succeeded"), (1, "unfinished")]);
    assert_eq!(history(&sandbox, &project), expected);
    sandbox.run(&project.arguments("plan --exit-code")).exits(0);
}

#[test]
fn a_broken_lock() {
    let (sandbox, project) = (sandbox("broken"), project());
    let mut former = sandbox.spawn(&project.arguments("deploy --yes"));
    former.until("release  1");
    former.signal("STOP");
    project.write("page", "another");
    let forced = sandbox.run(&project.arguments("deploy --yes --break-lock")).exits(0);
    forced.says("release 2 follows release 1, a deploy by");
    // It is not dead, and may not have noticed: whatever comes now waits for that, or forces its way.
    let early =
        sandbox.run(&project.arguments("down --yes")).exits(8).says("release 1, a deploy by");
    early.says("may still be at work: release 2 pushed it aside").says("--wait-lock");

    // Alive again, it would deploy the older page.
    let aws = Emulator::of(&sandbox);
    let (inventory, web) = (aws.inventory(), aws.service("app", "app-web"));
    // What it learnt within the last ten seconds it need not ask again: that is how long the one
    // who pushes aside has to reckon with it (module documentation of `release`).
    std::thread::sleep(Duration::from_secs(11));
    former.signal("CONT");
    former.end().exits(8).says("release 1 lost the lock to release 2, a deploy by");
    assert_eq!(aws.inventory(), inventory);
    assert_eq!(aws.service("app", "app-web"), web);
    let expected = outcomes(&[(2, "succeeded"), (1, "lock-lost")]);
    assert_eq!(history(&sandbox, &project), expected);
}
