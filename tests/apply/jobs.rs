//! Services that run to completion.

use super::*;

const APP: &str = "
services:
  db: {image: acme/db, expose: [5432], healthcheck: {test: [CMD, ok]}}
  migrate:
    image: acme/migrate
    depends_on: {db: {condition: service_healthy}}
  web:
    image: acme/web
    environment: {MODE: one}
    depends_on: {migrate: {condition: service_completed_successfully}}
  other: {image: acme/other}
";

fn done(events: &[Event]) -> Vec<String> {
    let step = |event: &Event| match event {
        Event::StepDone { resource, action, .. } => Some(format!("{action} {resource}")),
        _ => None,
    };
    events.iter().filter_map(step).collect()
}

fn place(steps: &[String], step: &str) -> usize {
    steps.iter().position(|s| s == step).unwrap_or_else(|| panic!("{step} in {steps:?}"))
}

fn runs_of(plan: &Plan) -> Vec<(String, String)> {
    let runs = plan.steps.iter().filter(|step| step.action == Action::Run);
    runs.map(|s| (s.resource.to_string(), s.reason.clone().unwrap_or_default())).collect()
}

#[test]
fn a_job_runs_between_what_it_waits_for_and_who_waits_for_it() {
    let cloud = Memory::default();
    let desired = project(APP);
    let (_, verdict, events) = deploy(&cloud, &desired);
    assert_eq!(verdict, Verdict::Done);
    let steps = done(&events);
    let run = place(&steps, "run job/migrate");
    assert!(place(&steps, "rollout service/db") < run);
    assert!(run < place(&steps, "create service/web"), "{steps:?}");
    let lines: Vec<_> = events.iter().filter(|e| matches!(e, Event::Log { .. })).collect();
    let line = Event::Log { service: "migrate".to_owned(), line: "working".to_owned() };
    assert_eq!(lines, [&line]);
    assert_eq!(plan_again(&cloud, &desired).steps, []);
}

#[test]
fn it_runs_again_for_a_deployment_of_whoever_waits_for_it_alone() {
    let cloud = Memory::default();
    deploy(&cloud, &project(APP));
    let web = project(&APP.replace("MODE: one", "MODE: two"));
    let reason = "web waits for it".to_owned();
    assert_eq!(runs_of(&plan_again(&cloud, &web)), [("job/migrate".to_owned(), reason)]);
    let other = project(&APP.replace("acme/other", "acme/another"));
    assert_eq!(runs_of(&plan_again(&cloud, &other)), []);
    let (_, verdict, _) = deploy_as(&cloud, &web, 2);
    assert_eq!((verdict, cloud.runs().len()), (Verdict::Done, 2));
}

#[test]
fn a_job_that_fails_leaves_whoever_waits_for_it_untouched() {
    let cloud = Memory::default();
    deploy(&cloud, &project(APP));
    cloud.fail_rollouts_of("test-migrate");
    let changed = APP.replace("MODE: one", "MODE: two").replace("acme/other", "acme/another");
    let (_, verdict, events) = deploy_as(&cloud, &project(&changed), 2);
    assert_eq!(verdict, Verdict::JobFailed);
    let steps = done(&events);
    assert!(steps.contains(&"rollout service/other".to_owned()), "{steps:?}");
    assert!(!steps.iter().any(|step| step.ends_with("service/web")), "{steps:?}");
    let told = |event: &Event| {
        matches!(event, Event::TaskFailed { service, failure }
            if service == "migrate" && failure.log == ["no database"])
    };
    assert!(events.iter().any(told));
    // Corrected, it runs again.
    cloud.heal("test-migrate");
    let (_, verdict, _) = deploy_as(&cloud, &project(&changed), 3);
    assert_eq!(verdict, Verdict::Done);
}

#[test]
fn killed_at_any_call_and_resumed_it_runs_once() {
    let desired = project(APP);
    let calls = {
        let cloud = Memory::default();
        deploy(&cloud, &desired);
        cloud.calls().len()
    };
    for at in 1..=calls {
        for fault in [Fault::KillBefore(at), Fault::KillAfter(at)] {
            let cloud = Memory::default();
            cloud.set_fault(Some(fault));
            deploy_as(&cloud, &desired, 1);
            cloud.set_fault(None);
            // The next deploy goes on with the number of the one that was killed.
            let (_, verdict, _) = deploy_as(&cloud, &desired, 1);
            assert_eq!(verdict, Verdict::Done, "{fault:?}");
            assert_eq!(cloud.runs().len(), 1, "{fault:?}: {:?}", cloud.runs());
            assert_eq!(plan_again(&cloud, &desired).steps, [], "{fault:?}");
        }
    }
}

#[test]
fn detached_it_is_waited_for_even_so() {
    let cloud = Memory::default();
    let desired = project(APP);
    cloud.fail_rollouts_of("test-migrate");
    let verdict = block_on(async {
        let actual = cloud.observe(&desired).await.expect("observed");
        let plan = plan(&desired, &actual);
        let (_sender, stop) = watch::channel(false);
        let options = Options { limit: 8, watch: WATCH, detach: true, release: 1, before: 0 };
        apply(&cloud, &desired, &plan, options, &stop, &|_| {}).await.verdict()
    });
    assert_eq!(verdict, Verdict::JobFailed);
}
