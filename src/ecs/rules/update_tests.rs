use super::*;
use crate::compose::model::{Launch, Mode, Rollout, Service};
use crate::diagnostic::Severity;
use crate::ecs::Translation;
use crate::ecs::desired::DeploymentConfiguration;
use crate::ecs::testing::{at, ecs_service, find, loud, port, run, seconds, service};

/// A task of `web`, which names it, and of `app`, with these settings each.
fn both(web: UpdateConfig, app: UpdateConfig) -> Translation {
    let (mut one, mut two) = (service("web", "acme/web:1"), service("app", "acme/app:1"));
    one.ports = vec![port(80, 80)];
    for (service, update) in [(&mut one, web), (&mut two, app)] {
        service.extension.task = Some(at("T".to_owned()));
        service.deploy.update_config = Some(at(update));
    }
    run(vec![two, one])
}

fn order(order: Order) -> UpdateConfig {
    UpdateConfig { order: Some(at(order)), ..UpdateConfig::default() }
}

fn config<'a>(done: &'a Translation, name: &str) -> &'a DeploymentConfiguration {
    &ecs_service(done, name).deployment_configuration
}

#[test]
fn any_service_of_a_task_says_how_it_is_updated() {
    let app = UpdateConfig {
        order: Some(at(Order::StopFirst)),
        failure_action: Some(at(FailureAction::Pause)),
        delay: Some(seconds(3)),
        max_failure_ratio: Some(at(0.2)),
        ..UpdateConfig::default()
    };
    let done = both(UpdateConfig::default(), app);
    let given = config(&done, "web");
    assert_eq!((given.minimum_healthy_percent, given.maximum_percent), (0, 100));
    let breaker = &given.deployment_circuit_breaker;
    assert!(breaker.enable && !breaker.rollback);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    for code in [Code::Approximated, Code::Ignored] {
        let found = find(&done.diagnostics, code).expect("said");
        assert_eq!(found.service.as_deref(), Some("app"));
    }
    let failure =
        |action| UpdateConfig { failure_action: Some(at(action)), ..order(Order::StopFirst) };
    let done = both(order(Order::StopFirst), failure(FailureAction::Continue));
    assert!(!config(&done, "web").deployment_circuit_breaker.enable);
    assert_eq!(loud(&done.diagnostics), []);
}

#[test]
fn services_of_a_task_that_contradict_each_other() {
    let done = both(order(Order::StopFirst), order(Order::StartFirst));
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::Conflict)]);
    let found = find(&done.diagnostics, Code::Conflict).expect("said");
    assert_eq!((found.service.as_deref(), found.labels.len()), (Some("app"), 2));
}

#[test]
fn rollout_is_told_of_the_service_where_it_stands() {
    let (mut web, mut app) = (service("web", "acme/web:1"), service("app", "acme/app:1"));
    web.ports = vec![port(80, 80)];
    for service in [&mut web, &mut app] {
        service.extension.task = Some(at("T".to_owned()));
    }
    app.extension.rollout = Some(at(Rollout { bake: Some(seconds(300)), ..Rollout::default() }));
    let done = run(vec![web, app]);
    let found = find(&done.diagnostics, Code::Ignored).expect("said");
    assert_eq!(found.service.as_deref(), Some("app"));
}

fn agent(update: UpdateConfig) -> Service {
    let mut agent = service("agent", "acme/agent:1");
    agent.extension.launch = Some(at(Launch::Ec2));
    agent.deploy.mode = Some(at(Mode::Global));
    agent.deploy.update_config = Some(at(update));
    agent
}

#[test]
fn a_daemon_stops_first_and_counts_in_shares() {
    let parallelism = |n| UpdateConfig { parallelism: Some(at(n)), ..order(Order::StopFirst) };
    for (update, said) in [
        (order(Order::StopFirst), vec![]),
        (parallelism(0), vec![]),
        (order(Order::StartFirst), vec![(Severity::Warning, Code::Ignored)]),
        (parallelism(2), vec![(Severity::Warning, Code::Ignored)]),
    ] {
        let done = run(vec![agent(update)]);
        let given = config(&done, "agent");
        assert_eq!((given.minimum_healthy_percent, given.maximum_percent), (0, 100));
        assert_eq!(loud(&done.diagnostics), said);
    }
    let mut agent = agent(parallelism(2));
    agent.extension.rollout = Some(at(Rollout { min_percent: Some(at(50)), ..Rollout::default() }));
    let done = run(vec![agent]);
    assert_eq!(config(&done, "agent").minimum_healthy_percent, 50);
    assert_eq!(loud(&done.diagnostics), []);
    assert!(find(&done.diagnostics, Code::Ignored).is_some());
}

#[test]
fn a_job_replaces_nothing() {
    let mut job = service("job", "acme/job:1");
    job.deploy.mode = Some(at(Mode::ReplicatedJob));
    job.deploy.update_config = Some(at(order(Order::StartFirst)));
    let done = run(vec![job]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
}
