//! Services whose number of tasks follows their load, and jobs that run by the clock.

use super::*;

const SCALED: &str = "
services:
  api: {image: acme/api, expose: [8000], x-ecs: {autoscaling: {min: 1, max: 6, cpu: 60}}}
  web:
    image: acme/web
    environment: {MODE: one}
    depends_on: [api]
    x-ecs: {autoscaling: {min: 1, max: 6, memory: 70}}
";

const SCHEDULED: &str = "
services:
  web: {image: acme/web}
  report: {image: acme/report, x-ecs: {schedule: cron(0 3 * * ? *)}}
";

fn service(name: &str) -> ResourceId {
    ResourceId::new(Kind::Service, name)
}

fn count(cloud: &Memory, name: &str) -> i32 {
    match &cloud.bodies()[&service(name)] {
        Body::Service(service) => service.desired_count,
        _ => panic!("no service"),
    }
}

fn scale(cloud: &Memory, name: &str, count: i32) {
    cloud.tamper(&service(name), |body| {
        if let Body::Service(service) = body {
            service.desired_count = count;
        }
    });
}

fn words(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|s| format!("{} {}", s.action.label(), s.resource)).collect()
}

fn place(plan: &Plan, step: &str) -> usize {
    let words = words(plan);
    words.iter().position(|s| s == step).unwrap_or_else(|| panic!("{step} in {words:?}"))
}

#[test]
fn a_service_that_was_scaled_keeps_its_tasks() {
    let cloud = Memory::default();
    let desired = project(SCALED);
    let (first, verdict, _) = deploy(&cloud, &desired);
    assert_eq!(verdict, Verdict::Done);
    let target = place(&first, "create scalable-target/web");
    assert!(place(&first, "create service/web") < target);
    assert!(target < place(&first, "create scaling-policy/web+memory"));
    assert_eq!((count(&cloud, "api"), count(&cloud, "web")), (1, 1));
    scale(&cloud, "web", 4);
    scale(&cloud, "api", 3);
    assert_eq!(plan_again(&cloud, &desired).steps, []);

    let changed = project(&SCALED.replace("MODE: one", "MODE: two"));
    let (plan, verdict, _) = deploy(&cloud, &changed);
    assert_eq!(verdict, Verdict::Done);
    place(&plan, "new deployment service/web");
    assert_eq!(count(&cloud, "web"), 4, "a deployment changes no number");
    let more = project(&SCALED.replace("max: 6, memory", "max: 9, memory"));
    let (plan, _, _) = deploy(&cloud, &more);
    assert_eq!(count(&cloud, "web"), 4);
    assert!(words(&plan).contains(&"update in place scalable-target/web".to_owned()));
    assert_eq!(plan_again(&cloud, &more).steps, []);
}

#[test]
fn a_service_of_nothing_gets_tasks_unless_it_may_rest() {
    let cloud = Memory::default();
    let desired = project(SCALED);
    deploy(&cloud, &desired);
    scale(&cloud, "web", 0);
    let (plan, _, _) = deploy(&cloud, &desired);
    assert_eq!(words(&plan), ["new deployment service/web", "rollout service/web"]);
    assert_eq!(count(&cloud, "web"), 1);
    let rests = project(&SCALED.replace("{min: 1, max: 6, memory", "{min: 0, max: 6, memory"));
    deploy(&cloud, &rests);
    scale(&cloud, "web", 0);
    assert_eq!(plan_again(&cloud, &rests).steps, []);
}

#[test]
fn whoever_dies_leaves_no_service_without_tasks() {
    let desired = project(SCALED);
    for at in 1.. {
        let cloud = Memory::default();
        cloud.set_fault(Some(Fault::KillAfter(at)));
        let (_, verdict, _) = deploy(&cloud, &desired);
        cloud.set_fault(None);
        deploy(&cloud, &desired);
        assert_eq!((count(&cloud, "api"), count(&cloud, "web")), (1, 1), "killed after {at}");
        assert_eq!(plan_again(&cloud, &desired).steps, [], "killed after {at}");
        if verdict == Verdict::Done {
            assert!(at > 8, "too few calls: {at}");
            return;
        }
    }
}

#[test]
fn a_service_that_is_no_longer_scaled_gets_its_own_number_back() {
    let cloud = Memory::default();
    deploy(&cloud, &project(SCALED));
    scale(&cloud, "web", 4);
    let plain = SCALED.replace("    x-ecs: {autoscaling: {min: 1, max: 6, memory: 70}}\n", "");
    let desired = project(&plain);
    let (plan, verdict, _) = deploy(&cloud, &desired);
    assert_eq!(verdict, Verdict::Done);
    assert_eq!(
        words(&plan),
        [
            "delete scaling-policy/web+memory",
            "delete scalable-target/web",
            "update in place service/web",
            "rollout service/web",
        ]
    );
    assert_eq!(count(&cloud, "web"), 1);
    assert_eq!(plan_again(&cloud, &desired).steps, []);
}

#[test]
fn nothing_scales_or_starts_what_is_about_to_go() {
    for (text, user, used) in [
        (SCALED, "delete scaling-policy/web+memory", "delete scalable-target/web"),
        (SCALED, "delete scalable-target/web", "delete service/web"),
        (SCHEDULED, "delete schedule/report", "delete schedule-group/main"),
        (SCHEDULED, "delete schedule/report", "delete role/report+schedule"),
        (SCHEDULED, "delete schedule/report", "delete task-definition/report"),
    ] {
        let cloud = Memory::default();
        let desired = project(text);
        deploy(&cloud, &desired);
        let actual = block_on(cloud.observe(&desired)).expect("observed");
        let plan = plan_removal(&desired.stack, &actual, Removal::default());
        let (user, used) = (place(&plan, user), place(&plan, used));
        assert!(plan.steps[used].after.contains(&user), "{:?}", words(&plan));
        assert_eq!(down(&cloud, &desired), Verdict::Done);
        // Images stay with their repositories: here the one that gives jobs the names of others.
        let left = cloud.bodies();
        let stays = |id: &ResourceId| matches!(id.kind, Kind::Repository | Kind::Image);
        assert!(left.keys().all(stays), "{:?}", left.keys());
    }
}

#[test]
fn a_schedule_follows_its_revision_and_goes_with_its_service() {
    let cloud = Memory::default();
    let desired = project(SCHEDULED);
    let (first, verdict, _) = deploy(&cloud, &desired);
    assert_eq!(verdict, Verdict::Done);
    let schedule = place(&first, "create schedule/report");
    assert!(place(&first, "create schedule-group/main") < schedule);
    assert!(place(&first, "create role/report+schedule") < schedule);
    assert!(!words(&first).iter().any(|step| step.starts_with("run ")), "{:?}", words(&first));
    assert_eq!(plan_again(&cloud, &desired).steps, []);
    let (plan, _, _) = deploy(&cloud, &project(&SCHEDULED.replace("acme/report", "acme/new")));
    let steps = ["create task-definition/report", "update in place schedule/report"];
    assert_eq!(words(&plan), steps);
    let without = "
services:
  web: {image: acme/web}
";
    let (plan, _, _) = deploy(&cloud, &project(without));
    assert!(place(&plan, "delete schedule/report") < place(&plan, "delete schedule-group/main"));
    assert!(place(&plan, "delete schedule/report") < place(&plan, "delete role/report+schedule"));
}

#[test]
fn where_nothing_scales_a_service_runs_as_many_tasks_as_it_starts_with() {
    let mut desired = project(SCALED);
    assert_eq!(desired.without_scaling(), ["api", "web"]);
    let cloud = Memory::default();
    let (plan, verdict, _) = deploy(&cloud, &desired);
    assert_eq!(verdict, Verdict::Done);
    assert!(!words(&plan).iter().any(|step| step.contains("scal")), "{:?}", words(&plan));
    // Nobody else sets the number here.
    scale(&cloud, "web", 3);
    assert_eq!(words(&plan_again(&cloud, &desired))[0], "update in place service/web");
}
