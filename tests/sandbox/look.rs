//! What runs and what it writes, with real containers.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Command;

use serde_json::Value;

use crate::support::{Project, Sandbox, docker, engine};

const APP: &str = "
name: look
services:
  talker:
    image: busybox:1.37
    command: [sh, -c, 'echo hello from $$HOSTNAME; n=0; while sleep 0.3; do n=$$((n+1)); echo line $$n; done']
    stop_grace_period: 1s
  quiet:
    image: busybox:1.37
    command: [sleep, '3600']
    stop_grace_period: 1s
";

fn services(sandbox: &Sandbox, project: &Project) -> Vec<Value> {
    let ran = sandbox.run(&project.arguments("ps --output json")).exits(0);
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(document["stack"], "look");
    document["services"].as_array().expect("services").clone()
}

fn tasks(service: &Value) -> Vec<String> {
    let tasks = service["tasks"].as_array().expect("tasks").iter();
    tasks.map(|task| task["task"].as_str().expect("an id").to_owned()).collect()
}

/// After `logs`, -f is --follow.
fn logs(project: &Project, options: &str) -> String {
    project.arguments(&format!("logs {options}")).replace(" -f ", " --file ")
}

fn short(task: &str) -> &str {
    &task[..6]
}

#[test]
fn a_task_is_seen_and_heard_until_another_takes_its_place() {
    if !engine("ps and logs") {
        return;
    }
    let sandbox = Sandbox::new("look");
    let project = Project::of(APP);
    sandbox.run(&project.arguments("ps")).exits(0).prints("no sandbox is running");
    sandbox.run(&project.arguments("deploy --yes")).exits(0);

    let before = services(&sandbox, &project);
    assert_eq!(before[0]["state"], "completed");
    assert_eq!(
        (&before[0]["running"], &before[0]["task-definition"]),
        (&1.into(), &"look-talker:1".into())
    );
    let [first] = tasks(&before[0]).try_into().expect("one task");
    let text = sandbox.run(&project.arguments("ps talker")).exits(0).prints(&first);
    assert!(!text.stdout.contains("quiet"), "{text}");

    let follower = &mut sandbox.start(&logs(&project, "--follow --tail 2"));
    let mut lines = BufReader::new(follower.stdout.take().expect("stdout")).lines();
    let mut heard = Vec::new();
    let mut hear = |task: &str, what: &str| loop {
        let line = lines.next().expect("a line").expect("text");
        let found = line.starts_with(&format!("talker/{}", short(task))) && line.contains(what);
        heard.push(line);
        if found {
            return;
        }
    };
    hear(&first, "line");
    let label = format!(
        "label=com.amazonaws.ecs.task-arn=arn:aws:ecs:us-east-1:000000000000:task/look/{first}"
    );
    let containers =
        docker(&["ps", "-q", "-f", &label, "-f", "label=com.amazonaws.ecs.container-name=talker"]);
    assert!(!containers.trim().is_empty(), "no container of {first}");
    docker(&["kill", containers.trim()]);

    // ECS replaces it; a new deployment of nothing waits until it has.
    let second = loop {
        let now = tasks(&services(&sandbox, &project)[0]);
        if let [task] = now.as_slice()
            && *task != first
        {
            break task.clone();
        }
    };
    hear(&second, "hello");
    hear(&second, "line 3");
    let pid = follower.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill").success());
    heard.extend(lines.map(|line| line.expect("text")));
    assert_eq!(follower.wait().expect("an end").code(), Some(0), "{heard:#?}");
    let distinct: BTreeSet<_> = heard.iter().collect();
    assert_eq!(distinct.len(), heard.len(), "a line came twice: {heard:#?}");
    let hello = |line: &&String| line.contains("hello");
    assert_eq!(heard.iter().filter(hello).count(), 1, "{heard:#?}");

    let previous = sandbox.run(&logs(&project, "--previous")).exits(0);
    assert!(previous.stdout.contains(&format!("talker/{} | hello", short(&first))), "{previous}");
    assert!(!previous.stdout.contains(short(&second)), "{previous}");
    let now = sandbox.run(&logs(&project, "--filter hello")).exits(0);
    assert_eq!(now.stdout.lines().count(), 1, "{now}");
    assert!(now.stdout.starts_with(&format!("talker/{}", short(&second))), "{now}");
    let all = sandbox.run(&logs(&project, "--since 1h --filter hello --output json")).exits(0);
    assert_eq!(all.stdout.lines().count(), 2, "{all}");

    // What left the file is still shown, and told apart.
    let text = project.read("compose.yaml");
    let (kept, _) = text.split_once("  quiet:").expect("a second service");
    project.write("compose.yaml", kept);
    let left = services(&sandbox, &project);
    assert_eq!((&left[1]["service"], &left[1]["in-file"]), (&"quiet".into(), &false.into()));
}
