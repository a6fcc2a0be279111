//! Services of which nothing but the revision changes go ahead of the rest, and nothing else does.

use std::collections::BTreeMap;

use decklift::apply::memory::Memory;
use decklift::apply::{Cloud, Verdict};
use decklift::ecs::desired::{Body, Desired, Kind, ResourceId};
use decklift::plan::{Plan, PlanOptions, Wanted, ahead, plan_with, wanted};

use crate::dice::Dice;
use crate::random::App;
use crate::random_projects::desired_of;
use crate::{block_on, carry_out, deploy, end_state, plan_again, project};

/// What a release leaves in its record.
pub(crate) struct Release {
    then: Wanted,
    revisions: BTreeMap<String, String>,
}

pub(crate) fn release(cloud: &Memory, desired: &Desired) -> Release {
    let mut revisions = BTreeMap::new();
    for (id, body) in cloud.bodies() {
        let Body::Service(service) = body else { continue };
        let arn = service.task_definition.known().expect("a revision").to_owned();
        revisions.insert(id.name, arn.rsplit('/').next().expect("an ARN").to_owned());
    }
    Release { then: wanted(desired), revisions }
}

/// What goes ahead, by the record and by what is read of these services alone.
fn first_part(cloud: &Memory, desired: &Desired, release: &Release) -> Option<Plan> {
    let ahead = ahead(desired, &release.then, &release.revisions)?;
    let seen = block_on(cloud.observe(desired)).expect("observed");
    let found = ahead.resources(desired).into_iter().filter_map(|resource| {
        let newest = seen.resources.get(&resource.id)?;
        let service = ResourceId::new(Kind::Service, resource.id.name.as_str());
        let runs = ahead.revisions.get(&service);
        let others = seen.revisions.get(&resource.id).into_iter().flatten();
        // Of task definitions: the revision that runs, which need not be the newest.
        let is_run = |found: &&decklift::plan::Observed| {
            resource.id.kind != Kind::TaskDefinition
                || found
                    .attributes
                    .values()
                    .any(|arn| runs.is_some_and(|revision| arn.ends_with(&format!("/{revision}"))))
        };
        let observed = others.chain([newest]).find(is_run)?;
        Some((resource.id.clone(), observed.clone()))
    });
    let actual = ahead.actual(desired, found.collect())?;
    let options = PlanOptions { only: Some(ahead.only(desired)), ..PlanOptions::default() };
    let plan = plan_with(desired, &actual, options);
    ahead.allows(desired, &plan).then_some(plan)
}

fn steps(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|s| format!("{} {}", s.action.label(), s.resource)).collect()
}

const SHOP: &str = "services:\n  web: {image: 'x:1', ports: ['80:8000'], depends_on: [api], \
                    secrets: [{source: key, target: SECRET}], environment: {A: '1'}, volumes: ['data:/data']}\n  \
                    api: {image: 'x:1', expose: ['9000'], environment: {A: '1'}, secrets: [other]}\n\
                    volumes: {data: {}}\n\
                    secrets: {key: {environment: KEY}, other: {environment: OTHER}}\n";

/// The steps that go ahead when the shop becomes this; nothing when all must be read first.
fn ahead_of(cloud: &Memory, changed: &str) -> Option<Vec<String>> {
    let before = project(SHOP);
    deploy(cloud, &before);
    first_part(cloud, &project(changed), &release(cloud, &before)).map(|plan| steps(&plan))
}

#[test]
fn a_service_that_changed_is_rolled_before_the_rest_is_read() {
    let (cloud, other) = (Memory::default(), Memory::default());
    let (before, after) = (project(SHOP), project(&SHOP.replacen("A: '1'", "A: '2'", 1)));
    deploy(&cloud, &before);
    deploy(&other, &before);
    let plan = first_part(&cloud, &after, &release(&cloud, &before)).expect("it goes ahead");
    let expected =
        ["create task-definition/web", "new deployment service/web", "rollout service/web"];
    assert_eq!(steps(&plan), expected);
    assert_eq!(carry_out(&cloud, &after, &plan), Verdict::Done);
    assert_eq!(plan_again(&cloud, &after).steps, []);
    deploy(&other, &after);
    assert_eq!(end_state(&cloud), end_state(&other));
    // What the others run is known too: the release's record names it.
    let api = ResourceId::new(Kind::TaskDefinition, "api");
    assert_eq!(plan.known[&api].len(), 1, "{:?}", plan.known[&api]);
}

#[test]
fn who_starts_again_with_it_goes_with_it() {
    let again = SHOP.replace(
        "depends_on: [api]",
        "depends_on: {api: {condition: service_started, restart: true}}",
    );
    let cloud = Memory::default();
    let before = project(&again);
    deploy(&cloud, &before);
    let place = again.rfind("A: '1'").expect("that of api");
    let changed = format!("{}A: '2'{}", &again[..place], &again[place + 6..]);
    let plan = first_part(&cloud, &project(&changed), &release(&cloud, &before));
    let steps = steps(&plan.expect("it goes ahead"));
    assert!(steps.contains(&"create task-definition/api".to_owned()), "{steps:?}");
    assert!(steps.contains(&"new deployment service/web".to_owned()), "{steps:?}");
    assert!(!steps.contains(&"create task-definition/web".to_owned()), "{steps:?}");
}

#[test]
fn what_changes_anything_else_waits() {
    let changes = [
        // Nothing changed.
        ("A: '1'", "A: '1'"),
        ("80:8000", "81:8000"),
        ("image: 'x:1', ports", "deploy: {replicas: 2}, image: 'x:1', ports"),
        // The same name for another secret: what runs would be taken for it.
        ("source: key, target: SECRET", "source: other, target: SECRET"),
        ("depends_on: [api], ", ""),
        ("volumes: {data: {}}", "volumes: {data: {}, more: {}}\nx-ecs: {tags: {a: b}}"),
        ("  api:", "  new: {image: 'x:1'}\n  api:"),
    ];
    for (from, to) in changes {
        let changed = SHOP.replacen(from, to, 1);
        assert!(changed != SHOP || from == to, "{from}");
        assert_eq!(ahead_of(&Memory::default(), &changed), None, "{to}");
    }
}

#[test]
fn what_somebody_touched_waits() {
    let changed = SHOP.replacen("A: '1'", "A: '2'", 1);
    assert!(ahead_of(&Memory::default(), &changed).is_some());
    let web = ResourceId::new(Kind::Service, "web");
    for touch in ["count", "revision", "gone"] {
        let cloud = Memory::default();
        let before = project(SHOP);
        deploy(&cloud, &before);
        let release = release(&cloud, &before);
        match touch {
            "gone" => {
                let seen = block_on(cloud.observe(&before)).expect("observed");
                block_on(cloud.delete(&web, &seen.resources[&web])).expect("deleted");
            }
            _ => cloud.tamper(&web, |body| {
                let Body::Service(service) = body else { return };
                match touch {
                    "count" => service.desired_count = 7,
                    _ => {
                        service.task_definition =
                            "arn:aws:ecs:eu-west-1:1:task-definition/x:9".into()
                    }
                }
            }),
        }
        assert!(first_part(&cloud, &project(&changed), &release).is_none(), "{touch}");
    }
}

#[test]
fn a_job_is_never_passed_by() {
    let text = "services:\n  migrate: {image: 'x:1'}\n  web: {image: 'x:1', environment: {A: '1'}, \
                depends_on: {migrate: {condition: service_completed_successfully}}}\n";
    let cloud = Memory::default();
    let before = project(text);
    deploy(&cloud, &before);
    let changed = project(&text.replace("A: '1'", "A: '2'"));
    assert!(first_part(&cloud, &changed, &release(&cloud, &before)).is_none());
}

#[test]
fn two_of_one_volume_never_run_at_once() {
    let text = "services:\n  db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: a}, \
                volumes: ['data:/var/lib/postgresql/data']}\nvolumes: {data: {}}\n";
    let cloud = Memory::default();
    let before = project(text);
    deploy(&cloud, &before);
    let changed = project(&text.replace("POSTGRES_PASSWORD: a", "POSTGRES_PASSWORD: b"));
    assert!(first_part(&cloud, &changed, &release(&cloud, &before)).is_none());
}

/// Whatever changes: with a first part or without one, AWS ends up the same.
#[test]
fn in_two_parts_it_comes_to_the_same_end() {
    let mut parts = 0;
    for seed in 0..40 {
        let mut dice = Dice::new(seed);
        let mut app = App::new(&mut dice, "acme/app:");
        let (cloud, other) = (Memory::default(), Memory::default());
        let mut before: Option<Release> = None;
        for change in 0..6 {
            let words = if change > 0 { app.mutate(&mut dice) } else { Vec::new() };
            let desired = desired_of(&app);
            let context = || format!("seed {seed}, {words:?}\n{}", app.compose("test"));
            if let Some(plan) = before.and_then(|release| first_part(&cloud, &desired, &release)) {
                parts += 1;
                assert_eq!(carry_out(&cloud, &desired, &plan), Verdict::Done, "{}", context());
            }
            deploy(&cloud, &desired);
            assert_eq!(plan_again(&cloud, &desired).steps, [], "{}", context());
            deploy(&other, &desired);
            assert_eq!(end_state(&cloud), end_state(&other), "{}", context());
            before = Some(release(&cloud, &desired));
        }
    }
    assert!(parts > 5, "{parts} deploys had a first part");
}
