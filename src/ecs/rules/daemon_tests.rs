use super::*;
use crate::compose::model::{Condition, Rollout};
use crate::diagnostic::Severity;
use crate::ecs::Translation;
use crate::ecs::desired::{self, Kind};
use crate::ecs::testing::{at, depends, ecs_service, has, loud, resource, run, service};
use crate::ecs::validate;

const CONFLICT: [(Severity, Code); 1] = [(Severity::Error, Code::Conflict)];
const WARNED: [(Severity, Code); 1] = [(Severity::Warning, Code::Approximated)];
const MISSED: [(Severity, Code); 1] = [(Severity::Warning, Code::Ignored)];

/// A service on instances, in the task `T`.
fn member(name: &str) -> Service {
    let mut member = agent(name);
    member.extension.task = Some(at("T".to_owned()));
    member.deploy.mode = None;
    member
}

/// A service with a task on each instance.
fn agent(name: &str) -> Service {
    let mut agent = service(name, "acme/agent:1");
    agent.extension.launch = Some(at(Launch::Ec2));
    agent.deploy.mode = Some(at(Mode::Global));
    agent
}

fn strategy<'a>(done: &'a Translation, name: &str) -> &'a str {
    &ecs_service(done, name).scheduling_strategy
}

#[test]
fn the_services_of_a_daemon_s_task_are_all_global() {
    let (mut side, mut web) = (member("side"), member("web"));
    side.deploy.mode = Some(at(Mode::Global));
    web.deploy.mode = Some(at(Mode::Global));
    let done = run(vec![web, side.clone()]);
    assert_eq!(strategy(&done, "web"), desired::Service::DAEMON);
    assert_eq!(ecs_service(&done, "web").desired_count, 0);
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(validate(&done.desired), []);
    // Compose runs one container of whoever says nothing.
    assert_eq!(loud(&run(vec![member("web"), side.clone()]).diagnostics), CONFLICT);
    assert_eq!(loud(&run(vec![side, member("web")]).diagnostics), CONFLICT);
}

#[test]
fn who_wants_a_number_and_who_wants_each_instance_contradict_each_other() {
    let mut side = member("side");
    side.deploy.mode = Some(at(Mode::Global));
    let mut modes = member("web");
    modes.deploy.mode = Some(at(Mode::Replicated));
    let mut replicas = member("web");
    replicas.deploy.replicas = Some(at(1));
    let mut scale = member("web");
    scale.scale = Some(at(3));
    for web in [modes, replicas, scale] {
        assert_eq!(loud(&run(vec![web.clone(), side.clone()]).diagnostics), CONFLICT);
        assert_eq!(loud(&run(vec![side.clone(), web]).diagnostics), CONFLICT);
    }
    // What ends before the others start says nothing of their number.
    let (mut web, mut seed) = (member("web"), member("seed"));
    web.deploy.mode = Some(at(Mode::Global));
    seed.deploy.mode = Some(at(Mode::ReplicatedJob));
    depends(&mut web, "seed", Condition::CompletedSuccessfully);
    let done = run(vec![web, seed]);
    assert_eq!(
        (strategy(&done, "web"), loud(&done.diagnostics)),
        (desired::Service::DAEMON, vec![])
    );
}

#[test]
fn a_daemon_has_no_number() {
    let mut replicas = agent("agent");
    replicas.deploy.replicas = Some(at(3));
    let mut scale = agent("agent");
    scale.scale = Some(at(0));
    for agent in [replicas, scale] {
        let done = run(vec![agent]);
        assert_eq!(loud(&done.diagnostics), MISSED);
        assert_eq!(ecs_service(&done, "agent").desired_count, 0);
    }
    // Both say so, and no conflict of numbers comes of it.
    let (mut one, mut two) = (member("one"), member("two"));
    for (service, replicas) in [(&mut one, 2), (&mut two, 3)] {
        service.deploy.mode = Some(at(Mode::Global));
        service.deploy.replicas = Some(at(replicas));
    }
    let done = run(vec![one, two]);
    assert_eq!(loud(&done.diagnostics), [MISSED[0], MISSED[0]]);
}

#[test]
fn a_job_is_no_daemon() {
    let mut job = agent("seed");
    job.extension.job = Some(at(true));
    let mut web = service("web", "acme/web:1");
    web.extension.launch = Some(at(Launch::Ec2));
    depends(&mut web, "seed", Condition::CompletedSuccessfully);
    for services in [vec![job.clone()], vec![web, agent("seed")]] {
        let done = run(services);
        assert!(has(&done, Kind::Job, "seed"));
        assert_eq!(loud(&done.diagnostics), WARNED);
    }
    // In a daemon's task it ends on each instance.
    let mut seed = member("seed");
    seed.deploy.mode = Some(at(Mode::Global));
    let mut web = member("web");
    depends(&mut web, "seed", Condition::CompletedSuccessfully);
    let done = run(vec![web.clone(), seed.clone()]);
    assert_eq!((strategy(&done, "web"), loud(&done.diagnostics)), ("REPLICA", WARNED.to_vec()));
    web.deploy.mode = Some(at(Mode::Global));
    assert_eq!(loud(&run(vec![web, seed]).diagnostics), []);
}

#[test]
fn a_share_of_the_instances_keeps_its_tasks() {
    let rolled = |min, max: Option<u32>| {
        let mut agent = agent("agent");
        agent.extension.rollout = Some(at(Rollout {
            min_percent: Some(at(min)),
            max_percent: max.map(at),
            ..Rollout::default()
        }));
        run(vec![agent])
    };
    let done = rolled(50, None);
    let config = &ecs_service(&done, "agent").deployment_configuration;
    assert_eq!((config.minimum_healthy_percent, config.maximum_percent), (50, 100));
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(validate(&done.desired), []);
    let done = rolled(50, Some(200));
    let config = &ecs_service(&done, "agent").deployment_configuration;
    assert_eq!((config.minimum_healthy_percent, config.maximum_percent), (50, 100));
    assert_eq!(loud(&done.diagnostics), MISSED);
    assert_eq!(loud(&rolled(100, None).diagnostics), [(Severity::Error, Code::InvalidValue)]);
}

#[test]
fn a_daemon_is_not_stopped_by_its_number() {
    let mut db = agent("db");
    db.image = Some(at("postgres:16".to_owned()));
    db.extension.allow_shared_volume = Some(at(false));
    db.mounts = vec![crate::ecs::testing::mount(
        crate::compose::model::MountKind::Bind("/srv/pg".into()),
        "/var/lib/postgresql/data",
    )];
    let done = run(vec![db]);
    assert!(!resource(&done, Kind::Service, "db").stateful);
}
