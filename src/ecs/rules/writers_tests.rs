use crate::compose::model::{Launch, Mode, MountKind, Service};
use crate::diagnostic::{Code, Severity};
use crate::ecs::desired::Kind;
use crate::ecs::testing::{at, ecs_service, loud, mount, resource, run, service, volume_mount};

const REFUSED: [(Severity, Code); 1] = [(Severity::Error, Code::Refused)];
const WARNED: [(Severity, Code); 1] = [(Severity::Warning, Code::Approximated)];

/// A database whose volume is another service's.
fn from_another() -> [Service; 2] {
    let mut db = service("db", "mysql:8");
    db.volumes_from = vec![at("store".to_owned())];
    let mut store = service("store", "busybox");
    store.mounts = vec![volume_mount("dbdata", "/srv/mysql")];
    [db, store]
}

fn database() -> Service {
    let mut db = service("db", "postgres:16");
    db.mounts = vec![volume_mount("pg", "/var/lib/postgresql/data")];
    db
}

fn files() -> Service {
    let mut files = service("files", "busybox");
    files.mounts = vec![volume_mount("data", "/data")];
    files
}

/// The service with a task on each instance.
fn everywhere(mut service: Service) -> Service {
    service.extension.launch = Some(at(Launch::Ec2));
    service.deploy.mode = Some(at(Mode::Global));
    service
}

#[test]
fn a_database_with_the_volume_of_another_service_never_runs_twice() {
    let [mut db, mut store] = from_another();
    let done = run(vec![db.clone(), store.clone()]);
    let service = ecs_service(&done, "db");
    let config = &service.deployment_configuration;
    assert_eq!((config.minimum_healthy_percent, config.maximum_percent), (0, 100));
    assert_eq!(service.availability_zone_rebalancing, "DISABLED");
    assert!(resource(&done, Kind::Service, "db").stateful);
    // What is only read, and what another mount goes over, is nobody's to break.
    for change in [
        |db: &mut Service| db.volumes_from = vec![at("store:ro".to_owned())],
        |db: &mut Service| {
            let memory = MountKind::Tmpfs { size: None, options: Vec::new() };
            db.mounts = vec![mount(memory, "/srv/mysql")];
        },
        |db: &mut Service| db.extension.allow_shared_volume = Some(at(true)),
    ] {
        let mut db = db.clone();
        change(&mut db);
        let done = run(vec![db, store.clone()]);
        assert!(!resource(&done, Kind::Service, "db").stateful);
    }
    (db.scale, store.scale) = (Some(at(2)), Some(at(2)));
    assert_eq!(loud(&run(vec![db.clone(), store.clone()]).diagnostics), REFUSED);
    // Said once, for both.
    db.extension.allow_shared_volume = Some(at(true));
    assert_eq!(loud(&run(vec![db, store]).diagnostics), []);
}

#[test]
fn daemons_that_write_to_one_volume() {
    let done = run(vec![everywhere(database())]);
    assert_eq!(loud(&done.diagnostics), REFUSED);
    let done = run(vec![everywhere(files())]);
    assert_eq!(loud(&done.diagnostics), WARNED);
    let message = "a task on each instance writes to the one volume at /data";
    assert!(done.diagnostics.iter().any(|said| said.message == message));
    for mut service in [everywhere(database()), everywhere(files())] {
        service.extension.allow_shared_volume = Some(at(true));
        assert_eq!(loud(&run(vec![service]).diagnostics), []);
    }
}

#[test]
fn what_is_on_an_instance_is_that_of_its_one_task() {
    let mut db = database();
    db.mounts = vec![mount(MountKind::Bind("/srv/pg".into()), "/var/lib/postgresql/data")];
    db.extension.launch = Some(at(Launch::Ec2));
    let alone = loud(&run(vec![db.clone()]).diagnostics);
    assert_eq!(loud(&run(vec![everywhere(db)]).diagnostics), alone);
}

#[test]
fn jobs_that_write_to_one_volume() {
    for (mut service, wanted) in [(database(), REFUSED), (files(), WARNED)] {
        service.deploy.mode = Some(at(Mode::ReplicatedJob));
        assert_eq!(loud(&run(vec![service.clone()]).diagnostics), []);
        service.deploy.replicas = Some(at(3));
        assert_eq!(loud(&run(vec![service.clone()]).diagnostics), wanted);
        service.extension.schedule = Some(at("rate(1 day)".to_owned()));
        service.deploy.mode = None;
        assert_eq!(loud(&run(vec![service.clone()]).diagnostics), wanted);
        service.extension.allow_shared_volume = Some(at(true));
        assert_eq!(loud(&run(vec![service]).diagnostics), []);
    }
}

#[test]
fn a_program_with_files_of_its_own_is_no_database() {
    let said = |image: &str, target: &str| {
        let mut one = service("one", image);
        one.mounts = vec![volume_mount("data", target)];
        one.scale = Some(at(2));
        let done = run(vec![one]);
        let refused = done.diagnostics.iter().find(|said| said.code == Code::Refused);
        refused.map(|said| said.message.clone()).unwrap_or_default()
    };
    assert!(said("postgres:16", "/var/lib/postgresql/data").contains("copies of a database"));
    assert!(said("acme/own:1", "/var/lib/mysql").contains("copies of a database"));
    for (image, target) in
        [("jenkins/jenkins:2.4", "/var/jenkins_home"), ("gitea/gitea:1.22", "/data")]
    {
        let said = said(image, target);
        assert!(said.contains("copies of a program that keeps its data in files"), "{said}");
    }
}

#[test]
fn all_volumes_of_a_service_are_told_at_once() {
    let mut web = files();
    web.mounts.extend(["b", "c", "d"].map(|name| volume_mount(name, &format!("/{name}"))));
    web.mounts[3].value.read_only = true;
    web.deploy.replicas = Some(at(3));
    let done = run(vec![web]);
    let said: Vec<_> =
        done.diagnostics.iter().filter(|said| said.message.contains("tasks write")).collect();
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].message, "3 tasks write to the volumes at /data, /b and /c");
    assert_eq!(said[0].labels.len(), 3);
}
