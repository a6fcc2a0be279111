use super::*;
use crate::compose::Project;
use crate::compose::model::{Service, Storage};
use crate::diagnostic::Severity;
use crate::ecs::desired::Job;
use crate::ecs::testing::{
    at, ecs_service, facts, find, has, loud, policy, project, resource, service, task, volume_mount,
};
use crate::ecs::{Translation, translate};

fn store(name: &str) -> Service {
    let mut store = service(name, "acme/store:1");
    store.mounts = vec![volume_mount("data", "/data")];
    store.mounts[0].value.nocopy = true;
    store
}

fn on_ebs(services: Vec<Service>, ebs: Ebs) -> Project {
    let mut project = project(services);
    project.volumes["data"].storage = Some(at(Storage::Ebs(Box::new(ebs))));
    project
}

fn done(project: &Project) -> Translation {
    let done = translate(project, None, &facts());
    assert!(crate::ecs::validate(&done.desired).is_empty());
    done
}

fn leave() -> Ebs {
    Ebs { ephemeral: true, ..Ebs::default() }
}

fn job(done: &Translation, name: &str) -> Job {
    match &resource(done, Kind::Job, name).body {
        Body::Job(job) => (**job).clone(),
        body => panic!("{body:?}"),
    }
}

#[test]
fn a_service_has_one_volume_a_task() {
    let ebs =
        Ebs { size: Some(100), iops: Some(4000), file_system: Some("ext4".into()), ..leave() };
    let done = done(&on_ebs(vec![store("store")], ebs));
    assert_eq!(loud(&done.diagnostics), []);
    let volume = &task(&done, "store").volumes[0];
    assert_eq!((volume.configured_at_launch, &volume.host), (Some(true), &None));
    assert_eq!(task(&done, "store").container_definitions[0].mount_points[0].source_volume, "data");
    let [configured] = &ecs_service(&done, "store").volume_configurations[..] else { panic!() };
    assert_eq!(configured.name, "data");
    let managed = &configured.managed_ebs_volume;
    assert_eq!(
        (managed.size_in_gib, managed.iops, managed.throughput),
        (Some(100), Some(4000), None)
    );
    assert!(managed.encrypted && managed.termination_policy.is_none());
    assert_eq!((&*managed.volume_type, &*managed.filesystem_type), ("gp3", "ext4"));
    assert_eq!(managed.tag_specifications[0].propagate_tags.as_deref(), Some("SERVICE"));
    assert_eq!(managed.role_arn.to_string(), "${role/store+volumes/arn}");
    let Body::Role(role) = &resource(&done, Kind::Role, "store+volumes").body else { panic!() };
    assert!(role.create.assume_role_policy_document.contains("\"ecs.amazonaws.com\""));
    assert_eq!(
        role.attached.as_ref().expect("a policy")[0].policy_arn,
        "arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForVolumes"
    );
    assert_eq!(role.policy, None);
}

#[test]
fn a_job_gives_its_volume_back() {
    let mut store = store("store");
    store.extension.job = Some(at(true));
    let done = done(&on_ebs(vec![store], Ebs::default()));
    let job = job(&done, "store");
    let managed = &job.volume_configurations[0].managed_ebs_volume;
    assert!(managed.termination_policy.as_ref().expect("a policy").delete_on_termination);
    assert_eq!(managed.tag_specifications[0].tags, job.tags);
    assert!(!job.tags.is_empty() && managed.tag_specifications[0].propagate_tags.is_none());
    // What nobody said is said.
    assert_eq!(managed.size_in_gib, Some(20));
    let note = find(&done.diagnostics, Code::Approximated).expect("a note");
    assert!(note.message.contains("20 GiB"), "{}", note.message);
}

#[test]
fn a_service_says_that_its_data_may_go() {
    let refused = translate(&on_ebs(vec![store("store")], Ebs::default()), None, &facts());
    assert_eq!(loud(&refused.diagnostics), [(Severity::Error, Code::Refused)]);
}

#[test]
fn sizes_of_types_and_snapshots() {
    let size = |ebs: Ebs| {
        let done = done(&on_ebs(vec![store("store")], ebs));
        ecs_service(&done, "store").volume_configurations[0].managed_ebs_volume.size_in_gib
    };
    assert_eq!(size(Ebs { kind: EbsType::St1, ..leave() }), Some(125));
    assert_eq!(size(Ebs { snapshot: Some("snap-01234567".into()), ..leave() }), None);
}

#[test]
fn one_volume_and_one_task() {
    let mut two = store("two");
    two.mounts.push(volume_mount("other", "/other"));
    let mut project = on_ebs(vec![two], leave());
    let other = project.volumes["data"].clone();
    project.volumes.insert("other".to_owned(), other);
    let fault = translate(&project, None, &facts());
    assert!(loud(&fault.diagnostics).contains(&(Severity::Error, Code::Refused)));

    let apart = done(&on_ebs(vec![store("a"), store("b"), store("c")], leave()));
    let said = apart.diagnostics.iter().filter(|d| d.message.contains("do not share data"));
    assert_eq!(said.count(), 2);
}

#[test]
fn magnetic_volumes_are_for_instances() {
    let ebs = Ebs { kind: EbsType::Standard, size: Some(10), ..leave() };
    let fargate = translate(&on_ebs(vec![store("store")], ebs.clone()), None, &facts());
    assert_eq!(loud(&fargate.diagnostics), [(Severity::Error, Code::Refused)]);
    let mut store = store("store");
    store.extension.launch = Some(at(crate::compose::model::Launch::Ec2));
    let done = done(&on_ebs(vec![store], ebs));
    assert!(done.diagnostics.iter().any(|d| d.message.contains("Nitro")));
}

#[test]
fn a_key_is_granted() {
    let of = |key: &str| {
        let ebs = Ebs { kms_key: Some(key.to_owned()), ..leave() };
        let done = done(&on_ebs(vec![store("store")], ebs));
        let Body::Role(role) = &resource(&done, Kind::Role, "store+volumes").body else { panic!() };
        policy(role).to_owned()
    };
    let id = "01234567-89ab-cdef-0123-456789abcdef";
    let by_id = of(id);
    assert!(by_id.contains(&format!(":kms:eu-west-1:123456789012:key/{id}\"")), "{by_id}");
    assert!(by_id.contains("kms:CreateGrant") && by_id.contains("ec2.eu-west-1.amazonaws.com"));
    assert!(!by_id.contains("ResourceAliases"));
    let by_alias = of("alias/data");
    assert!(
        by_alias.contains("key/*") && by_alias.contains("\"kms:ResourceAliases\":\"alias/data\"")
    );
}

#[test]
fn by_the_clock_the_own_disk_serves() {
    let clock = |ebs: Ebs| {
        let mut store = store("store");
        store.extension.schedule = Some(at("rate(1 day)".to_owned()));
        translate(&on_ebs(vec![store], ebs), None, &facts())
    };
    let plain = clock(Ebs::default());
    assert_eq!(loud(&plain.diagnostics), []);
    assert!(task(&plain, "store").volumes[0].host.is_some());
    assert!(!has(&plain, Kind::Role, "store+volumes"));
    assert!(find(&plain.diagnostics, Code::Approximated).is_some());
    let full = clock(Ebs { snapshot: Some("snap-01234567".into()), ..Ebs::default() });
    assert_eq!(loud(&full.diagnostics), [(Severity::Error, Code::Refused)]);
}

#[test]
fn a_seed_knows_a_new_file_system() {
    let mut store = store("store");
    store.mounts[0].value.nocopy = false;
    store.extension.seed = Some(at(true));
    let done = done(&on_ebs(vec![store], leave()));
    let seed = &task(&done, "store").container_definitions[1];
    let script = &seed.command.as_ref().expect("a script")[0];
    assert!(script.contains("lost+found"), "{script}");
}
