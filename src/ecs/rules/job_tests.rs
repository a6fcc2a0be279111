use super::*;
use crate::compose::model::Condition;
use crate::diagnostic::Severity;
use crate::ecs::Translation;
use crate::ecs::desired::Gate;
use crate::ecs::testing::{at, built, depends, loud, resource, run, service};

fn job(done: &Translation, name: &str) -> Job {
    match &resource(done, Kind::Job, name).body {
        Body::Job(job) => (**job).clone(),
        body => panic!("{body:?}"),
    }
}

fn has(done: &Translation, kind: Kind, name: &str) -> bool {
    done.desired.resources.contains_key(&ResourceId::new(kind, name))
}

#[test]
fn who_is_waited_for_until_its_end_is_a_job() {
    let mut web = service("web", "acme/web:1");
    depends(&mut web, "migrate", Condition::CompletedSuccessfully);
    let done = run(vec![web, built("migrate")]);
    assert_eq!(loud(&done.diagnostics), []);
    let job = job(&done, "migrate");
    assert_eq!((&*job.cluster, job.count), ("shop", 1));
    assert_eq!(job.started_by, "shop-migrate/${decklift.release}");
    assert!(!has(&done, Kind::Service, "migrate"));
    assert!(has(&done, Kind::TaskDefinition, "migrate") && has(&done, Kind::Role, "migrate"));
    let gate = (job_id("migrate"), Gate::Completed);
    assert!(resource(&done, Kind::Service, "web").waits.contains(&gate));
}

#[test]
fn modes_and_the_extension_make_jobs() {
    for mode in [Mode::ReplicatedJob, Mode::GlobalJob] {
        let mut seed = service("seed", "acme/seed:1");
        seed.deploy.mode = Some(at(mode));
        assert_eq!(job(&run(vec![seed]), "seed").count, 1);
    }
    let mut seed = service("seed", "acme/seed:1");
    seed.extension.job = Some(at(true));
    seed.scale = Some(at(3));
    assert_eq!(job(&run(vec![seed]), "seed").count, 3);
}

#[test]
fn a_job_offers_nothing_and_has_no_proxy() {
    let mut web = service("web", "acme/web:1");
    depends(&mut web, "migrate", Condition::CompletedSuccessfully);
    let mut migrate = service("migrate", "acme/migrate:1");
    migrate.restart = Some(at(Restart::Always));
    let done = run(vec![web, migrate]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
    assert!(resource(&done, Kind::Service, "web").peers.is_empty());
}

#[test]
fn too_many_at_once_and_none_at_all() {
    let mut seed = service("seed", "acme/seed:1");
    seed.extension.job = Some(at(true));
    seed.scale = Some(at(11));
    assert_eq!(loud(&run(vec![seed.clone()]).diagnostics), [(Severity::Error, Code::Refused)]);
    seed.scale = Some(at(0));
    let mut web = service("web", "acme/web:1");
    depends(&mut web, "seed", Condition::CompletedSuccessfully);
    let done = run(vec![web, seed]);
    assert!(!has(&done, Kind::Job, "seed"));
    assert!(resource(&done, Kind::Service, "web").waits.iter().all(|w| w.0.kind != Kind::Job));
}

#[test]
fn no_job_and_yet_awaited() {
    let mut web = service("web", "acme/web:1");
    depends(&mut web, "seed", Condition::CompletedSuccessfully);
    let mut seed = service("seed", "acme/seed:1");
    seed.extension.job = Some(at(false));
    assert_eq!(loud(&run(vec![web, seed]).diagnostics), [(Severity::Error, Code::Conflict)]);
}

#[test]
fn a_job_and_none() {
    let mut seed = service("seed", "acme/seed:1");
    seed.extension.job = Some(at(false));
    seed.deploy.mode = Some(at(Mode::ReplicatedJob));
    assert_eq!(loud(&run(vec![seed]).diagnostics), [(Severity::Error, Code::Conflict)]);
}

#[test]
fn long_names_leave_room_for_the_release() {
    let mut seed = service(&"x".repeat(200), "acme/seed");
    seed.extension.job = Some(at(true));
    let by = job(&run(vec![seed]), &"x".repeat(200)).started_by;
    assert_eq!(by.replace(Job::RELEASE, &u64::MAX.to_string()).len(), 128);
}
