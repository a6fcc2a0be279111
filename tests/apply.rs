//! The example against a cloud in memory: plan, apply, read back, plan again.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use decklift::apply::memory::{Fault, Memory};
use decklift::apply::{Cloud, Options, Verdict, WatchOptions, apply};
use decklift::compose::{LoadOptions, load};
use decklift::ecs::desired::{Body, Desired, IMAGE_LABEL, Kind, ResourceId, Value};
use decklift::ecs::facts::{Facts, ImageFacts};
use decklift::ecs::translate;
use decklift::event::Event;
use decklift::plan::{
    Action, Plan, PlanOptions, Removal, keep_pins, plan, plan_removal, plan_with,
};
use tokio::sync::watch;

#[path = "apply/ahead.rs"]
mod ahead;
#[path = "apply/clock.rs"]
mod clock;
#[path = "faults/dice.rs"]
mod dice;
#[path = "apply/drift.rs"]
mod drift;
#[path = "apply/jobs.rs"]
mod jobs;
#[path = "apply/kept.rs"]
mod kept;
#[path = "apply/kill.rs"]
mod kill;
#[path = "apply/later.rs"]
mod later;
#[path = "apply/network.rs"]
mod network;
#[path = "apply/parts.rs"]
mod parts;
#[path = "faults/random.rs"]
mod random;
#[path = "apply/random.rs"]
mod random_projects;
#[path = "apply/saved.rs"]
mod saved;
#[path = "apply/sequences.rs"]
mod sequences;

const WATCH: WatchOptions = WatchOptions { poll: Duration::ZERO, timeout: Duration::from_secs(60) };

fn desired(file: &Path, image_tag: &str) -> Desired {
    let loaded = load(&LoadOptions {
        files: vec![file.to_owned()],
        cwd: file.parent().expect("a folder").to_owned(),
        ..LoadOptions::default()
    });
    assert!(!loaded.diagnostics.has_errors(), "{:?}", loaded.diagnostics);
    let mut facts = Facts::offline(Some("eu-west-1"));
    let project = loaded.project.expect("a project");
    for service in project.services.values().filter(|service| service.build.is_some()) {
        let tag = format!("{image_tag}-{}", service.name.value);
        facts.images.insert(service.name.value.clone(), ImageFacts { tag });
    }
    let translation = translate(&project, None, &facts);
    assert!(!translation.diagnostics.has_errors(), "{:?}", translation.diagnostics);
    translation.desired
}

fn shop(image_tag: &str) -> Desired {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    desired(&root.join("examples/shop/compose.yaml"), image_tag)
}

/// A project from text, in a folder of its own.
fn project(text: &str) -> Desired {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("compose.yaml");
    std::fs::write(&file, format!("name: test\n{text}")).expect("written");
    std::fs::write(folder.path().join("key.txt"), "not a secret\n").expect("written");
    desired(&file, "v1")
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().build().expect("a runtime").block_on(future)
}

/// One run of `deploy`: the plan, how it ended, and what was said.
fn deploy(cloud: &Memory, desired: &Desired) -> (Plan, Verdict, Vec<Event>) {
    deploy_as(cloud, desired, 1)
}

/// A run of `deploy` under a release number.
fn deploy_as(cloud: &Memory, desired: &Desired, release: u64) -> (Plan, Verdict, Vec<Event>) {
    block_on(async {
        let actual = cloud.observe(desired).await.expect("observed");
        let plan = plan(desired, &actual);
        let events = std::cell::RefCell::new(Vec::new());
        let (_sender, stop) = watch::channel(false);
        let options = Options { limit: 8, watch: WATCH, detach: false, release, before: 0 };
        let emit = |event: Event| events.borrow_mut().push(event);
        let applied = apply(cloud, desired, &plan, options, &stop, &emit).await;
        let verdict = applied.verdict();
        (plan, verdict, events.into_inner())
    })
}

/// Carries out a plan that was made before.
fn carry_out(cloud: &Memory, desired: &Desired, plan: &Plan) -> Verdict {
    block_on(async {
        let (_sender, stop) = watch::channel(false);
        let options = Options { limit: 8, watch: WATCH, detach: false, release: 1, before: 0 };
        apply(cloud, desired, plan, options, &stop, &|_| {}).await.verdict()
    })
}

fn plan_again(cloud: &Memory, desired: &Desired) -> Plan {
    plan(desired, &block_on(cloud.observe(desired)).expect("observed"))
}

fn down(cloud: &Memory, desired: &Desired) -> Verdict {
    block_on(async {
        let actual = cloud.observe(desired).await.expect("observed");
        let everything = Removal { volumes: true, images: true, secrets: true };
        let plan = plan_removal(&desired.stack, &actual, everything);
        let (_sender, stop) = watch::channel(false);
        let options = Options { limit: 8, watch: WATCH, detach: true, release: 0, before: 0 };
        apply(cloud, desired, &plan, options, &stop, &|_| {}).await.verdict()
    })
}

/// The end state, without what differs between runs that register another number of revisions.
fn end_state(cloud: &Memory) -> BTreeMap<ResourceId, Body> {
    let mut bodies = cloud.bodies();
    for body in bodies.values_mut() {
        if let Body::Service(service) = body {
            service.task_definition = service
                .task_definition
                .to_string()
                .rsplit_once(':')
                .map(|(family, _)| family.to_owned())
                .unwrap_or_default()
                .into();
        }
    }
    bodies
}

#[test]
fn applied_read_back_and_planned_again_is_empty() {
    let cloud = Memory::default();
    let desired = shop("v1");
    let (first, verdict, _) = deploy(&cloud, &desired);
    assert_eq!(verdict, Verdict::Done);
    assert!(!first.is_empty());
    assert_eq!(plan_again(&cloud, &desired).steps, []);
}

#[test]
fn only_the_service_whose_image_changed_is_rolled() {
    let cloud = Memory::default();
    deploy(&cloud, &shop("v1"));
    let mut changed = shop("v1");
    let id = ResourceId::new(Kind::Image, "api");
    if let Body::Image(image) = &mut changed.resources[&id].body {
        image.image_tag = "v2-api".to_owned();
    }
    let plan = plan_again(&cloud, &changed);
    let steps: Vec<String> =
        plan.steps.iter().map(|s| format!("{} {}", s.action.label(), s.resource)).collect();
    assert_eq!(
        steps,
        [
            "create image/api",
            "create task-definition/api",
            "new deployment service/api",
            "rollout service/api"
        ]
    );
}

#[test]
fn forced_every_service_is_deployed_again() {
    let cloud = Memory::default();
    let desired = shop("v1");
    deploy(&cloud, &desired);
    let actual = block_on(cloud.observe(&desired)).expect("observed");
    let plan = plan_with(&desired, &actual, PlanOptions { force: true, ..PlanOptions::default() });
    let services = desired.resources.keys().filter(|id| id.kind == Kind::Service).count();
    assert_eq!(plan.count(&[Action::NewDeployment]), services);
    assert_eq!(plan.count(&[Action::Create, Action::Update, Action::Delete]), 0);
}

/// As if a registry had this digest under the tag of an image.
fn pin(desired: &mut Desired, image: &str, digest: &str) {
    for resource in desired.resources.values_mut() {
        let Body::TaskDefinition(task) = &mut resource.body else { continue };
        for container in &mut task.container_definitions {
            if container.image.known() == Some(image) {
                let name = image.split(':').next().expect("a name");
                container.image = Value::Known(format!("{name}@{digest}"));
                container.docker_labels.insert(IMAGE_LABEL.to_owned(), image.to_owned());
            }
        }
    }
}

#[test]
fn a_registry_in_trouble_rolls_nothing() {
    let file = |tag: &str| project(&format!("services: {{store: {{image: 'redis:{tag}'}}}}\n"));
    let cloud = Memory::default();
    let mut first = file("7");
    pin(&mut first, "redis:7", "sha256:1");
    assert_ne!(first, file("7"));
    deploy(&cloud, &first);
    let planned = |mut desired: Desired| {
        let actual = block_on(cloud.observe(&desired)).expect("observed");
        keep_pins(&mut desired, &actual);
        plan(&desired, &actual).steps.len()
    };
    // Nobody can say what the tag is today.
    assert_eq!(planned(file("7")), 0);
    // The registry says that it is another image, or the file names another tag.
    let mut moved = file("7");
    pin(&mut moved, "redis:7", "sha256:2");
    assert!(planned(moved) > 0);
    assert!(planned(file("8")) > 0);
}

#[test]
fn asked_to_build_again_every_built_image_counts_as_missing() {
    let cloud = Memory::default();
    let desired = shop("v1");
    deploy(&cloud, &desired);
    let actual = block_on(cloud.observe(&desired)).expect("observed");
    let plan = plan_with(&desired, &actual, PlanOptions { build: true, ..PlanOptions::default() });
    let built = desired
        .resources
        .values()
        .filter(|resource| matches!(&resource.body, Body::Image(image) if image.base.is_none()));
    let built: Vec<_> = built.map(|resource| &resource.id).collect();
    assert!(!built.is_empty());
    let images = plan.steps.iter().filter(|step| step.resource.kind == Kind::Image);
    let images: Vec<_> = images.map(|step| (&step.resource, step.reason.as_deref())).collect();
    assert_eq!(images.len(), built.len());
    for (resource, reason) in images {
        assert!(built.contains(&resource), "{resource}");
        assert_eq!(reason, Some("to be built again"));
        let rolled = plan.steps.iter().any(|step| {
            step.action == Action::NewDeployment && step.service.as_ref() == Some(&resource.name)
        });
        assert!(rolled, "{resource}");
    }
}

#[test]
fn services_start_in_the_order_of_depends_on() {
    let cloud = Memory::default();
    let (_, verdict, events) = deploy(&cloud, &shop("v1"));
    assert_eq!(verdict, Verdict::Done);
    let order: Vec<String> = events
        .into_iter()
        .filter_map(|event| match event {
            Event::StepStarted { resource, action, .. } => Some(format!("{action} {resource}")),
            Event::StepDone { resource, action, .. } => Some(format!("done {action} {resource}")),
            _ => None,
        })
        .collect();
    let at = |what: &str| {
        order.iter().position(|line| line == what).unwrap_or_else(|| panic!("{what}: {order:#?}"))
    };
    assert!(at("done rollout service/store") < at("new deployment service/api"));
    assert!(at("done rollout service/api") < at("new deployment service/web"));
    // Every name exists before the first task that may use it starts.
    assert!(at("done create service/web") < at("new deployment service/api"));
}

#[test]
fn a_failed_service_stops_only_what_depends_on_it() {
    let cloud = Memory::default();
    let desired = shop("v1");
    cloud.fail_rollouts_of(&service_name(&desired, "api"));
    let (_, verdict, events) = deploy(&cloud, &desired);
    assert_eq!(verdict, Verdict::DeploymentFailed);
    let done = |service: &str| {
        events.iter().any(|event| {
            matches!(event, Event::StepDone { resource, action, .. }
                if action == "rollout" && *resource == format!("service/{service}"))
        })
    };
    assert!(done("store") && done("worker"));
    assert!(!done("api") && !done("web"));
    assert!(events.iter().any(|event| matches!(event, Event::TaskFailed { service, failure }
        if service == "api" && failure.log == ["crashing"])));
    // The next deploy tries again, although nothing was edited.
    cloud.heal(&service_name(&desired, "api"));
    assert_eq!(deploy(&cloud, &desired).1, Verdict::Done);
    assert_eq!(plan_again(&cloud, &desired).steps, []);
}

#[test]
fn a_rollback_is_told_from_a_success() {
    let cloud = Memory::default();
    deploy(&cloud, &shop("v1"));
    let changed = shop("v2");
    cloud.fail_rollouts_of(&service_name(&changed, "worker"));
    assert_eq!(deploy(&cloud, &changed).1, Verdict::RolledBack);
}

/// When a service was deployed last, by the cloud's own clock.
fn deployed_at(cloud: &Memory, name: &str) -> i64 {
    let desired = project(&format!("services:\n  {name}: {{image: 'x:1'}}\n"));
    let actual = block_on(cloud.observe(&desired)).expect("observed");
    let live = actual.resources[&ResourceId::new(Kind::Service, name)].live.as_ref();
    live.expect("a service").deployed_at
}

fn service_name(desired: &Desired, name: &str) -> String {
    match &desired.resources[&ResourceId::new(Kind::Service, name)].body {
        Body::Service(service) => service.service_name.clone(),
        other => panic!("{other:?}"),
    }
}
