//! Application Auto Scaling, which the sandbox's emulator lacks: against the one that
//! `DECKLIFT_TEST_SCALING_ENDPOINT` names (`scaling_server.py`, which `.ci/run` starts), and only there.

use std::io::Write;

use decklift::apply::cloud::{Changed, Cloud};
use decklift::aws::{Aws, ConnectOptions, NetworkRequest, Sandbox};
use decklift::compose::{LoadOptions, load};
use decklift::ecs::desired::*;
use decklift::ecs::facts::Facts;
use decklift::ecs::translate;
use decklift::plan::{Action, Actual, DESIRED_COUNT, Plan, Removal, plan, plan_removal};

use crate::{carry_out, changes, http, list, observe, stack};

const COMPOSE: &str = "
services:
  web:
    image: 'acme/web:1'
    environment: {MODE: one}
    x-ecs: {autoscaling: {min: 1, max: 4, cpu: 60, memory: 70.5, cooldown: 90}}
";

/// The server and its address; where there is none, that is said, and a fault in CI.
pub(crate) async fn server() -> Option<(Aws, String)> {
    let endpoint = std::env::var("DECKLIFT_TEST_SCALING_ENDPOINT").ok();
    if endpoint.is_none() {
        let required = std::env::var_os("DECKLIFT_TEST_REQUIRE_ENGINE").is_some();
        assert!(!required, "DECKLIFT_TEST_SCALING_ENDPOINT names no server");
        let _ = writeln!(std::io::stderr(), "skipped: DECKLIFT_TEST_SCALING_ENDPOINT is not set");
    }
    let endpoint = endpoint?;
    let sandbox = Sandbox { endpoint: endpoint.clone(), registry: None, scaling: true };
    let options = ConnectOptions { sandbox: Some(sandbox), ..ConnectOptions::default() };
    Some((Aws::connect(options).await.expect("a connection"), endpoint))
}

/// A service that scales as `line` says.
fn scaled(name: &str, line: &str) -> String {
    format!(
        "name: {name}\nservices: {{web: {{image: 'acme/web:1', x-ecs: {{autoscaling: {line}}}}}}}\n"
    )
}

/// The default VPC of moto has no route out: its subnets are named.
async fn facts(aws: &Aws, endpoint: &str) -> Facts {
    let address = endpoint.trim_start_matches("http://");
    let body = "Action=DescribeSubnets&Version=2016-11-15";
    let answer = http(address, "POST", "/", "application/x-www-form-urlencoded", body);
    let ids = answer.split("<subnetId>").skip(1).filter_map(|part| part.split('<').next());
    let subnets: Vec<String> = ids.map(str::to_owned).collect();
    assert!(!subnets.is_empty(), "{answer}");
    let request = NetworkRequest { subnets, ..NetworkRequest::default() };
    aws.facts(&request).await.expect("facts")
}

fn desired(text: &str, facts: &Facts) -> Desired {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
    let loaded = load(&LoadOptions { cwd: folder.path().into(), ..LoadOptions::default() });
    let project = loaded.project.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    let done = translate(&project, None, facts);
    assert!(!done.diagnostics.has_errors(), "{:?}", done.diagnostics);
    let mut desired = done.desired;
    desired.resources.retain(|id, _| {
        matches!(
            id.kind,
            Kind::Cluster
                | Kind::LogGroup
                | Kind::Role
                | Kind::SecurityGroup
                | Kind::TaskDefinition
                | Kind::Service
                | Kind::ScalableTarget
                | Kind::ScalingPolicy
                | Kind::Alarm
                | Kind::ScheduledAction
        )
    });
    desired
}

/// What a plan does to what scales, and to numbers of tasks.
fn scaling(plan: &Plan) -> Vec<(Action, String)> {
    let counts = |step: &&decklift::plan::Step| {
        matches!(
            step.resource.kind,
            Kind::ScalableTarget | Kind::ScalingPolicy | Kind::Alarm | Kind::ScheduledAction
        ) || step.changes.iter().any(|change| change.path == DESIRED_COUNT)
    };
    plan.steps.iter().filter(counts).map(|s| (s.action, s.resource.to_string())).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn a_service_is_scaled_and_no_longer() {
    let Some((aws, endpoint)) = server().await else { return };
    let name = stack("scaled");
    let text = format!("name: {name}\n{COMPOSE}");
    let facts = facts(&aws, &endpoint).await;
    let wanted = desired(&text, &facts);
    let first = plan(&wanted, &Actual::default());
    assert_eq!(scaling(&first).len(), 3, "{:#?}", list(&first));
    let made = carry_out(&aws, &wanted, &first).await;
    assert_eq!(scaling(&changes(&aws, &wanted).await), []);
    // An answer was lost.
    for id in made.keys().filter(|id| id.kind == Kind::ScalableTarget) {
        let again = aws_create(&aws, &wanted, id).await;
        assert_eq!(made[id].attributes, again.attributes, "{id}");
    }

    let service = ResourceId::new(Kind::Service, "web");
    let mut more = wanted.resources[&service].body.clone();
    if let Body::Service(body) = &mut more {
        body.is_scaled = false;
        body.desired_count = 3;
    }
    let actual = observe(&aws, &wanted).await;
    let more = more.resolve(&|id, attribute| actual.attribute(id, attribute).map(str::to_owned));
    aws.update(&service, &more, Action::Update, &[]).await.expect("three tasks");
    assert_eq!(scaling(&changes(&aws, &wanted).await), []);

    // A new revision leaves them.
    let next = desired(&text.replace("MODE: one", "MODE: two"), &facts);
    let steps = changes(&aws, &next).await;
    assert!(steps.steps.iter().any(|step| step.action == Action::NewDeployment));
    carry_out(&aws, &next, &steps).await;
    let Body::Service(body) = &observe(&aws, &next).await.resources[&service].body else {
        panic!()
    };
    assert_eq!(body.desired_count, 3);

    let text = text.replace("MODE: one", "MODE: two");
    let other = desired(&text.replace("max: 4, cpu: 60, ", "max: 5, "), &facts);
    let steps = changes(&aws, &other).await;
    assert_eq!(
        scaling(&steps),
        [
            (Action::Update, "scalable-target/web".to_owned()),
            (Action::Delete, format!("scaling-policy/{name}-web-cpu")),
        ]
    );
    carry_out(&aws, &other, &steps).await;
    assert_eq!(scaling(&changes(&aws, &other).await), []);

    let line = text.lines().find(|line| line.contains("autoscaling")).expect("a line");
    let plain = desired(&text.replace(line, ""), &facts);
    let steps = changes(&aws, &plain).await;
    assert_eq!(
        scaling(&steps),
        [
            (Action::Delete, format!("scaling-policy/{name}-web-memory")),
            (Action::Delete, "scalable-target/web".to_owned()),
            (Action::Update, "service/web".to_owned()),
        ]
    );
    carry_out(&aws, &plain, &steps).await;
    assert_eq!(scaling(&changes(&aws, &plain).await), []);

    let steps = changes(&aws, &next).await;
    carry_out(&aws, &next, &steps).await;
    let actual = observe(&aws, &next).await;
    let last = plan_removal(&next.stack, &actual, Removal::default());
    let nothing = Desired { stack: next.stack.clone(), ..Desired::default() };
    carry_out(&aws, &nothing, &last).await;
    let left = observe(&aws, &next).await.resources;
    assert!(!left.keys().any(|id| id.kind >= Kind::Service), "{:?}", left.keys());
}

#[tokio::test(flavor = "current_thread")]
async fn a_service_is_scaled_by_the_clock_and_by_a_queue() {
    let Some((aws, endpoint)) = server().await else { return };
    let name = stack("clock");
    let line = "{min: 1, max: 4, queue: {name: orders, messages: 100}, schedule: [{expression: \
                'cron(0 22 * * ? *)', timezone: Europe/Berlin, min: 0, max: 2}, {expression: rate(1 day), \
                max: 9}]}";
    let text = |line: &str| scaled(&name, line);
    let facts = facts(&aws, &endpoint).await;
    let wanted = desired(&text(line), &facts);
    let first = plan(&wanted, &Actual::default());
    assert_eq!(scaling(&first).len(), 4, "{:#?}", list(&first));
    carry_out(&aws, &wanted, &first).await;
    assert_eq!(scaling(&changes(&aws, &wanted).await), []);

    // The night came.
    let target = ResourceId::new(Kind::ScalableTarget, "web");
    let mut night = wanted.resources[&target].body.clone();
    if let Body::ScalableTarget(target) = &mut night {
        (target.min_capacity, target.max_capacity) = (0, 2);
    }
    aws.update(&target, &night, Action::Update, &[]).await.expect("the limits of the night");
    assert_eq!(scaling(&changes(&aws, &wanted).await), []);

    // Other limits for the same time are the same action; another time is another one.
    let other = line.replace("min: 0, max: 2", "min: 0, max: 3").replace("1 day", "2 days");
    let other = desired(&text(&other), &facts);
    let steps = changes(&aws, &other).await;
    let actions: Vec<Action> = scaling(&steps).into_iter().map(|(action, _)| action).collect();
    // What the night set was of the old action.
    assert_eq!(
        actions,
        [Action::Delete, Action::Update, Action::Update, Action::Create],
        "{:#?}",
        list(&steps)
    );
    carry_out(&aws, &other, &steps).await;
    assert_eq!(scaling(&changes(&aws, &other).await), []);

    let plain = desired(&text("{min: 1, max: 4, cpu: 50}"), &facts);
    let steps = changes(&aws, &plain).await;
    carry_out(&aws, &plain, &steps).await;
    let left = observe(&aws, &plain).await;
    assert!(!left.resources.keys().any(|id| id.kind == Kind::ScheduledAction));
    assert!(!left.orphans.iter().any(|(id, _)| id.kind == Kind::ScheduledAction));
    let last = plan_removal(&plain.stack, &left, Removal::default());
    let nothing = Desired { stack: plain.stack.clone(), ..Desired::default() };
    carry_out(&aws, &nothing, &last).await;
}

async fn aws_create(aws: &Aws, desired: &Desired, id: &ResourceId) -> Changed {
    aws.create(id, &desired.resources[id].body, false).await.expect("made again")
}

#[tokio::test(flavor = "current_thread")]
async fn a_service_is_scaled_in_steps_and_no_longer() {
    let Some((aws, endpoint)) = server().await else { return };
    let name = stack("steps");
    let line = "{min: 1, max: 9, steps: {metric: cpu, up: [{above: 70, add: 1}, {above: 90, add: 3}], \
                down: {below: 30, remove: 1}, cooldown: 60s}}";
    let text = |line: &str| scaled(&name, line);
    let facts = facts(&aws, &endpoint).await;
    let wanted = desired(&text(line), &facts);
    let first = plan(&wanted, &Actual::default());
    assert_eq!(scaling(&first).len(), 5, "{:#?}", list(&first));
    carry_out(&aws, &wanted, &first).await;
    assert_eq!(scaling(&changes(&aws, &wanted).await), []);

    // Somebody has switched an alarm off.
    let id = ResourceId::new(Kind::Alarm, "web+steps-cpu-up");
    let mut off = wanted.resources[&id].body.clone();
    let actual = observe(&aws, &wanted).await;
    if let Body::Alarm(alarm) = &mut off {
        alarm.actions_enabled = false;
    }
    let off = off.resolve(&|id, attribute| actual.attribute(id, attribute).map(str::to_owned));
    aws.update(&id, &off, Action::Update, &[]).await.expect("switched off");
    let steps = changes(&aws, &wanted).await;
    assert_eq!(scaling(&steps), [(Action::Update, id.to_string())]);
    carry_out(&aws, &wanted, &steps).await;
    assert_eq!(scaling(&changes(&aws, &wanted).await), []);

    // Another threshold is another one of both: what comes of it is told by the distance from it.
    let other = line.replace("above: 70", "above: 60");
    let other = desired(&text(&other), &facts);
    let steps = changes(&aws, &other).await;
    assert!(scaling(&steps).iter().all(|(action, _)| *action == Action::Update), "{steps:#?}");
    assert_eq!(scaling(&steps).len(), 2, "{:#?}", list(&steps));
    carry_out(&aws, &other, &steps).await;
    assert_eq!(scaling(&changes(&aws, &other).await), []);

    // One way leaves the file: its alarm goes before its policy, by which it is found.
    let up = desired(&text(&line.replace("down: {below: 30, remove: 1}, ", "")), &facts);
    let steps = changes(&aws, &up).await;
    let gone: Vec<String> = scaling(&steps)
        .into_iter()
        .filter(|(action, _)| *action == Action::Delete)
        .map(|(_, id)| id)
        .collect();
    let policy = format!("scaling-policy/{name}-web-steps-cpu-down");
    assert_eq!(gone, ["alarm/web+steps-cpu-down".to_owned(), policy], "{:#?}", list(&steps));
    carry_out(&aws, &up, &steps).await;
    assert_eq!(scaling(&changes(&aws, &up).await), []);

    // All of it leaves the file.
    let plain = desired(&text("{min: 1, max: 9, cpu: 50}"), &facts);
    let steps = changes(&aws, &plain).await;
    carry_out(&aws, &plain, &steps).await;
    let left = observe(&aws, &plain).await;
    assert!(!left.orphans.iter().any(|(id, _)| id.kind == Kind::Alarm), "{:?}", left.orphans);
    carry_out(&aws, &wanted, &changes(&aws, &wanted).await).await;
    let last = plan_removal(&wanted.stack, &observe(&aws, &wanted).await, Removal::default());
    let alarms = last.steps.iter().filter(|step| step.resource.kind == Kind::Alarm).count();
    assert_eq!(alarms, 2, "{:#?}", list(&last));
    let nothing = Desired { stack: wanted.stack.clone(), ..Desired::default() };
    carry_out(&aws, &nothing, &last).await;
    let left = observe(&aws, &wanted).await.resources;
    assert!(!left.keys().any(|id| id.kind >= Kind::Service), "{:?}", left.keys());
}
