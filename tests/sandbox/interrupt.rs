//! Ctrl-C and SIGTERM while AWS is at work: nothing new is begun, nothing is undone, and the next
//! deploy goes on.

use serde_json::json;

use crate::emulator::Emulator;
use crate::support::{Project, Sandbox, engine};

/// `slow` takes a while to become healthy, and `after` waits for it.
const APP: &str = r#"name: app
services:
  slow:
    image: busybox:1.37
    command: sh -c 'sleep 6; touch /ready; exec sleep 1000'
    stop_grace_period: 2s
    healthcheck: {test: [CMD, test, -f, /ready], interval: 5s, retries: 10}
  after:
    image: busybox:1.37
    command: sleep 1000
    stop_grace_period: 2s
    depends_on: {slow: {condition: service_healthy}}
"#;

fn once(name: &str, signal: &str) {
    let (sandbox, project) = (Sandbox::new(name), Project::of(APP));
    let mut first = sandbox.spawn(&project.arguments("deploy --yes"));
    first.until("rollout  slow:");
    first.signal(signal);
    let ran = first.end().exits(130);
    let ran = ran.says("stopping: what has started is finished, nothing new is begun");
    let ran = ran.says("ECS goes on with the rollout by itself").says("not done:");
    ran.says("next: `decklift deploy` goes on from here");
    let aws = Emulator::of(&sandbox);
    let services = aws.ecs("ListServices", &json!({"cluster": "app"}));
    assert_eq!(services["serviceArns"].as_array().map(Vec::len), Some(1));

    sandbox.run(&project.arguments("deploy --yes")).exits(0).says("follows release 1");
    // Nothing was done twice.
    assert_eq!(aws.service("app", "app-slow"), ("app-slow:1".to_owned(), 1));
    assert_eq!(aws.tasks("app", "app-after").len(), 1);
    sandbox.run(&project.arguments("plan --exit-code")).exits(0);
}

#[test]
fn ctrl_c_once() {
    if engine("ctrl_c_once") {
        once("intonce", "INT");
    }
}

#[test]
fn sigterm_once() {
    if engine("sigterm_once") {
        once("termonce", "TERM");
    }
}

#[test]
fn ctrl_c_twice() {
    if !engine("ctrl_c_twice") {
        return;
    }
    let (sandbox, project) = (Sandbox::new("inttwice"), Project::of(APP));
    project.edit(
        "compose.yaml",
        "    image: busybox:1.37\n    command: sh",
        "    build: .\n    command: sh",
    );
    // What has started, and is finished after the first one: a build that takes a while.
    project.write("Dockerfile", "FROM busybox:1.37\nRUN sleep 120\n");
    let mut first = sandbox.spawn(&project.arguments("deploy --yes"));
    first.until("slow: building");
    first.signal("INT");
    first.until("stopping:");
    first.signal("INT");
    // Not after the build, and so without a word.
    first.end().exits(130).does_not_say("Interrupted").does_not_say("next:");
    // It could not say that it ended, so its lock stands until the lease is over.
    sandbox.run(&project.arguments("deploy --yes")).exits(8).says("release 1");
    project.write("Dockerfile", "FROM busybox:1.37\n");
    sandbox.run(&project.arguments("deploy --yes --break-lock")).exits(0);
    assert_eq!(Emulator::of(&sandbox).tasks("app", "app-after").len(), 1);
}
