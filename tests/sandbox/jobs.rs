//! Jobs with real containers: in their place, with their words, once.

use serde_json::{Value, json};

use crate::emulator::{Emulator, get};
use crate::support::{Project, Sandbox, engine};

/// `seed` writes the page that `web` serves from the same volume, after `db` is healthy.
const APP: &str = r#"name: app
services:
  db:
    image: busybox:1.37
    command: sleep 1000
    stop_grace_period: 2s
    healthcheck: {test: [CMD, "true"], interval: 5s}
  seed:
    image: busybox:1.37
    command: sh -c 'for i in 1 2 3; do echo "part $$i of 3"; sleep 1; done; echo seeded by $$WHO > /www/index.html'
    environment: {WHO: nobody}
    volumes: ["pages:/www"]
    depends_on: {db: {condition: service_healthy}}
  web:
    image: busybox:1.37
    command: httpd -f -p 80 -h /www
    ports: ["8080:80"]
    volumes: ["pages:/www:ro"]
    stop_grace_period: 2s
    depends_on: {seed: {condition: service_completed_successfully}}
volumes:
  pages:
"#;

/// The tasks of the job that ECS still knows: exit codes, oldest first.
fn runs(aws: &Emulator) -> Vec<Option<i64>> {
    let mut tasks: Vec<Value> = Vec::new();
    for status in ["RUNNING", "STOPPED"] {
        let wanted = json!({"cluster": "app", "family": "app-seed", "desiredStatus": status});
        let arns = aws.ecs("ListTasks", &wanted)["taskArns"].clone();
        if arns.as_array().is_some_and(|arns| !arns.is_empty()) {
            let found = aws.ecs("DescribeTasks", &json!({"cluster": "app", "tasks": arns}));
            tasks.extend(found["tasks"].as_array().cloned().unwrap_or_default());
        }
    }
    tasks.sort_by_key(|task| task["createdAt"].as_f64().unwrap_or_default().to_bits());
    tasks.iter().map(|task| task["containers"][0]["exitCode"].as_i64()).collect()
}

/// Where these stand in what was said, which must be in this order.
#[track_caller]
fn in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let place = rest.find(part).unwrap_or_else(|| panic!("no `{part}` after that in:\n{text}"));
        rest = &rest[place..];
    }
}

#[test]
fn a_job_runs_once_a_deployment_before_whoever_waits_for_it() {
    if !engine("a_job_runs_once_a_deployment_before_whoever_waits_for_it") {
        return;
    }
    let (sandbox, project) = (Sandbox::new("jobs"), Project::of(APP));
    sandbox.run(&project.arguments("plan")).exits(0);
    let nothing = Emulator::of(&sandbox).inventory();
    let first = sandbox.run(&project.arguments("deploy --yes")).exits(0);
    let order = [
        "done     rollout service/db",
        "seed | part 1 of 3",
        "seed | part 3 of 3",
        "seed: exited with 0",
        "done     run job/seed",
        "rollout  web:",
    ];
    in_order(&first.stderr, &order);
    let url = first.url("web");
    assert!(get(&url).expect("a page").1.contains("seeded by nobody"));
    let aws = Emulator::of(&sandbox);
    assert_eq!(runs(&aws), [Some(0)]);

    // Nothing to do: it does not run.
    sandbox.run(&project.arguments("deploy --yes")).exits(0).says("No changes");
    assert_eq!(runs(&aws), [Some(0)]);

    // It fails: who waits for it is not touched.
    let web = aws.tasks("app", "app-web");
    project.edit("compose.yaml", "echo seeded", "echo no space left; exit 28; echo seeded");
    let ran = sandbox.run(&project.arguments("deploy --yes")).exits(7);
    let ran = ran.says("seed | no space left").says("exited with 28").says("compose.yaml:8:3");
    ran.says("A job failed").says("what waits for the job was not touched");
    assert_eq!(aws.tasks("app", "app-web"), web);

    // Corrected, with something new for the others, it runs again before them.
    project.edit("compose.yaml", "echo no space left; exit 28; ", "");
    project.edit("compose.yaml", "WHO: nobody", "WHO: somebody");
    sandbox.run(&project.arguments("deploy --yes")).exits(0);
    assert_eq!(runs(&aws), [Some(0), Some(28), Some(0)]);
    assert!(get(&url).expect("a page").1.contains("seeded by somebody"));
    sandbox.run(&project.arguments("plan --exit-code")).exits(0);

    // A task that still runs does not keep the cluster.
    project.edit("compose.yaml", "sleep 1; done", "sleep 1000; done");
    sandbox.run(&project.arguments("deploy --yes --timeout 2s")).exits(6).says("goes on by itself");
    sandbox.run(&project.arguments("down --yes")).exits(0);
    assert_eq!(aws.inventory(), nothing);
}

/// The job under way; interrupted or killed there, the next deploy finds it.
fn cut_short(name: &str, signal: &str, code: Option<i32>) {
    let sandbox = Sandbox::new(name).variable("DECKLIFT_LEASE_SECONDS", "6");
    let project = Project::of(APP);
    project.edit("compose.yaml", "for i in 1 2 3", "for i in 1 2 3 4 5 6");
    let mut first = sandbox.spawn(&project.arguments("deploy --yes"));
    first.until("seed | part 1 of 3");
    first.signal(signal);
    let ran = first.end();
    if let Some(code) = code {
        let ran = ran.exits(code).says("stopping: what has started is finished");
        ran.says("the job goes on by itself; the next deploy finds it");
    }
    // A lease that nobody ended runs out.
    let ran = sandbox.run(&project.arguments("deploy --yes --wait-lock=60s")).exits(0);
    let ran = ran.says("follows release 1").says("seed: exited with 0");
    assert!(get(&ran.url("web")).expect("a page").1.contains("seeded by nobody"));
    assert_eq!(runs(&Emulator::of(&sandbox)), [Some(0)]);
}

#[cfg(unix)]
#[test]
fn interrupted_during_a_job() {
    if engine("interrupted_during_a_job") {
        cut_short("jobint", "INT", Some(130));
    }
}

#[cfg(unix)]
#[test]
fn killed_during_a_job() {
    if engine("killed_during_a_job") {
        cut_short("jobkill", "KILL", None);
    }
}

/// `sort` leaves its work on a volume that nobody else sees; `web` has one, too, of which it serves.
const ON_EBS: &str = r#"name: app
services:
  sort:
    image: busybox:1.37
    user: "1000"
    command: sh -c 'ls -A /var; echo sorted > /var/work && cat /var/work'
    volumes: ["scratch:/var"]
    x-ecs: {job: true}
  web:
    image: busybox:1.37
    command: sh -c 'ls -A /www > /tmp/was; cp /tmp/was /www/index.html; exec httpd -f -p 80 -h /www'
    ports: ["8080:80"]
    volumes: ["cache:/www"]
    stop_grace_period: 2s
    depends_on: {sort: {condition: service_completed_successfully}}
volumes:
  scratch:
    driver: ebs
    driver_opts: {size: "30"}
  cache:
    x-ecs: {ebs: {size: 10, iops: 3000}, ephemeral: true}
"#;

#[test]
fn tasks_write_to_their_volumes_on_ebs() {
    if !engine("tasks_write_to_their_volumes_on_ebs") {
        return;
    }
    let (sandbox, project) = (Sandbox::new("ebs"), Project::of(ON_EBS));
    let ran = sandbox.run(&project.arguments("deploy --yes")).exits(0);
    // What the image has at that place is not in the volume.
    in_order(
        &ran.stderr,
        &["sort | sorted", "sort: exited with 0", "done     rollout service/web"],
    );
    assert!(!ran.stderr.contains("sort | spool"), "{}", ran.stderr);
    assert_eq!(get(&ran.url("web")).expect("a page").0, 200);
    sandbox.run(&project.arguments("deploy --yes")).exits(0).says("No changes");

    let aws = Emulator::of(&sandbox);
    let web = || aws.ecs("DescribeServices", &json!({"cluster": "app", "services": ["app-web"]}));
    let volume = |found: &Value| {
        found["services"][0]["deployments"][0]["volumeConfigurations"][0]["managedEBSVolume"]
            .clone()
    };
    assert_eq!(volume(&web())["sizeInGiB"], 10);
    // Another size is another deployment, of the same revision.
    project.edit("compose.yaml", "size: 10", "size: 12");
    sandbox.run(&project.arguments("deploy --yes")).exits(0);
    assert_eq!(volume(&web())["sizeInGiB"], 12);
    project.edit("compose.yaml", "{ebs: {size: 12, iops: 3000}, ephemeral: true}", "ephemeral");
    sandbox.run(&project.arguments("deploy --yes")).exits(0);
    assert!(volume(&web()).is_null());
    sandbox.run(&project.arguments("deploy --yes")).exits(0).says("No changes");
}
