use super::*;
use crate::compose::model::{Ebs, EbsType, Storage};
use crate::ecs::desired::{Job, ManagedEbsVolume, TerminationPolicy};
use crate::ecs::testing::{at, project, service, volume_mount};

/// A service with a volume on EBS, a job with one, and a job by the clock.
fn stores() -> Desired {
    let store = |name: &str, storage: Storage| {
        let mut store = service(name, "acme/store:1");
        store.mounts = vec![volume_mount("data", "/data")];
        store.mounts[0].value.storage = Some(at(storage));
        store
    };
    let ebs = || Storage::Ebs(Box::new(Ebs { ephemeral: true, ..Ebs::default() }));
    let (mut job, mut clock) = (store("job", ebs()), store("clock", Storage::Ephemeral));
    job.extension.job = Some(at(true));
    clock.extension.schedule = Some(at("rate(1 day)".to_owned()));
    let project = project(vec![store("web", ebs()), job, clock]);
    translate(&project, None, &facts()).desired
}

#[track_caller]
fn broken(wanted: &str, kind: Kind, name: &str, edit: impl FnOnce(&mut Body)) {
    let mut desired = stores();
    assert!(validate(&desired).is_empty(), "{:?}", validate(&desired));
    let resource = desired.resources.get_mut(&ResourceId::new(kind, name)).expect("a resource");
    edit(&mut resource.body);
    let found: Vec<String> = validate(&desired).into_iter().map(|d| d.message).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains(wanted), "{found:?}");
}

#[track_caller]
fn of_service(wanted: &str, edit: impl FnOnce(&mut Service)) {
    broken(wanted, Kind::Service, "web", |body| match body {
        Body::Service(service) => edit(service),
        body => panic!("{body:?}"),
    });
}

#[track_caller]
fn of_job(wanted: &str, edit: impl FnOnce(&mut Job)) {
    broken(wanted, Kind::Job, "job", |body| match body {
        Body::Job(job) => edit(job),
        body => panic!("{body:?}"),
    });
}

#[track_caller]
fn of_task(name: &str, wanted: &str, edit: impl FnOnce(&mut TaskDefinition)) {
    broken(wanted, Kind::TaskDefinition, name, |body| match body {
        Body::TaskDefinition(task) => edit(task),
        body => panic!("{body:?}"),
    });
}

#[track_caller]
fn volume(wanted: &str, edit: impl FnOnce(&mut ManagedEbsVolume)) {
    of_service(wanted, |s| edit(&mut s.volume_configurations[0].managed_ebs_volume));
}

#[test]
fn one_volume_that_is_said() {
    of_service("nobody says what the volume is", |s| s.volume_configurations.clear());
    of_job("nobody says what the volume is", |j| j.volume_configurations.clear());
    of_task("job", "leaves no volume \"data\" open", |t| {
        t.volumes[0].configured_at_launch = None;
        t.volumes[0].host = Some(HostVolume::default());
    });
}

#[test]
fn one_volume_a_task() {
    let mut desired = stores();
    for (kind, name) in [(Kind::TaskDefinition, "web"), (Kind::Service, "web")] {
        let id = ResourceId::new(kind, name);
        match &mut desired.resources.get_mut(&id).expect("a resource").body {
            Body::TaskDefinition(task) => {
                let mut second = task.volumes[0].clone();
                second.name = "second".to_owned();
                task.volumes.push(second);
            }
            Body::Service(service) => {
                let mut second = service.volume_configurations[0].clone();
                second.name = "second".to_owned();
                service.volume_configurations.push(second);
            }
            body => panic!("{body:?}"),
        }
    }
    let found: Vec<String> = validate(&desired).into_iter().map(|d| d.message).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("two volumes are configured at launch"), "{found:?}");
    assert!(found[1].contains("2 volumes"), "{found:?}");
    of_task("web", "of no kind, or of two", |t| t.volumes[0].host = Some(HostVolume::default()));
}

#[test]
fn no_word_of_it_in_a_schedule() {
    of_task("clock", "leaves open", |t| {
        t.volumes[0].host = None;
        t.volumes[0].configured_at_launch = Some(true);
    });
}

#[test]
fn platforms() {
    of_task("web", "a volume on EBS of Windows", |t| {
        t.runtime_platform.operating_system_family = "WINDOWS_SERVER_2022_CORE".to_owned();
    });
    of_service("platform 1.3.0 has no volumes on EBS", |s| s.platform_version = "1.3.0".to_owned());
    of_service("a magnetic volume on Fargate", |s| {
        s.volume_configurations[0].managed_ebs_volume.volume_type = "standard".to_owned();
    });
}

#[test]
fn what_ebs_makes() {
    volume("is no type of volume", |v| v.volume_type = "gp4".to_owned());
    volume("a volume of 0 GiB", |v| v.size_in_gib = Some(0));
    volume("a volume of 16385 GiB", |v| v.size_in_gib = Some(16_385));
    volume("a volume of no size", |v| v.size_in_gib = None);
    volume("operations a second", |v| v.iops = Some(2999));
    volume("operations a second", |v| v.volume_type = EbsType::Io1.as_str().to_owned());
    volume("throughput", |v| v.throughput = Some(1001));
    volume("a key and no encryption", |v| {
        v.encrypted = false;
        v.kms_key_id = Some("alias/x".to_owned());
    });
    volume("no file system", |v| v.filesystem_type = "zfs".to_owned());
    volume("nobody makes its volume", |v| v.role_arn = Value::from(""));
}

#[test]
fn who_says_what() {
    of_service("a volume that stays", |s| {
        let policy = TerminationPolicy { delete_on_termination: false };
        s.volume_configurations[0].managed_ebs_volume.termination_policy = Some(policy);
    });
    of_job("tags of no service", |j| {
        let volume = &mut j.volume_configurations[0].managed_ebs_volume;
        volume.tag_specifications[0].propagate_tags = Some("SERVICE".to_owned());
    });
}
