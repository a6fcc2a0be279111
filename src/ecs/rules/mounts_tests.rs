use super::*;
use crate::diagnostic::Severity;
use crate::ecs::desired::{AssetSource, Body, EfsVolumeConfiguration, Kind};
use crate::ecs::testing::{
    at, built, container, facts, has, loud, mount, project, resource, run, service, task,
    volume_mount,
};
use crate::ecs::{Translation, translate};

fn store() -> Service {
    let mut store = service("store", "busybox");
    store.mounts = vec![volume_mount("data", "/data")];
    store
}

/// The store with a volume of these options.
fn with_options(options: &[(&str, &str)]) -> Translation {
    let mut project = project(vec![store()]);
    for (key, value) in options {
        let value = at((*value).to_owned());
        project.volumes["data"].driver_opts.insert((*key).to_owned(), value);
    }
    translate(&project, None, &facts())
}

fn efs(done: &Translation) -> EfsVolumeConfiguration {
    task(done, "store").volumes[0].efs_volume_configuration.clone().expect("a file system")
}

const EXISTING: &str = "fs-0123456789abcdef0";

fn existing(access_point: Option<&str>) -> Located<Storage> {
    at(Storage::Existing {
        file_system: EXISTING.to_owned(),
        access_point: access_point.map(str::to_owned),
        iam: false,
    })
}

#[test]
fn a_file_system_that_is_there_is_used() {
    let mut project = project(vec![store()]);
    project.volumes["data"].external = true;
    project.volumes["data"].storage = Some(existing(Some("fsap-0123456789abcdef0")));
    let done = translate(&project, None, &facts());
    assert_eq!(loud(&done.diagnostics), []);
    let found = efs(&done);
    assert_eq!(found.file_system_id.to_string(), EXISTING);
    let authorization = found.authorization_config.expect("an access point");
    assert_eq!(authorization.access_point_id, Some("fsap-0123456789abcdef0".into()));
    assert_eq!(authorization.iam, "DISABLED");
    assert!(!has(&done, Kind::FileSystem, "data") && !has(&done, Kind::AccessPoint, "data"));
    assert!(crate::ecs::validate(&done.desired).is_empty());
    project.volumes["data"].storage = Some(existing(None));
    project.services["store"].mounts[0].value.subpath = Some("a/b".to_owned());
    let found = efs(&translate(&project, None, &facts()));
    assert_eq!((found.root_directory.as_deref(), found.authorization_config), (Some("/a/b"), None));
}

#[test]
fn a_file_system_that_asks_who_mounts_it_is_opened_by_the_task_role() {
    let mut project = project(vec![store()]);
    let storage = |access_point: Option<&str>| Storage::Existing {
        file_system: EXISTING.to_owned(),
        access_point: access_point.map(str::to_owned),
        iam: true,
    };
    project.volumes["data"].storage = Some(at(storage(None)));
    let done = translate(&project, None, &facts());
    assert_eq!(loud(&done.diagnostics), []);
    let authorization = efs(&done).authorization_config.expect("IAM");
    assert_eq!((authorization.access_point_id, &*authorization.iam), (None, "ENABLED"));
    let policy = |done: &Translation| -> String {
        let Body::Role(role) = &resource(done, Kind::Role, "store+task").body else {
            panic!("a role")
        };
        crate::ecs::testing::policy(role).to_owned()
    };
    let arn = format!("arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/{EXISTING}");
    for part in ["ClientMount", "ClientWrite", "ClientRootAccess"] {
        let action = format!("elasticfilesystem:{part}");
        assert!(policy(&done).contains(&action), "{part}");
    }
    assert!(policy(&done).contains(&arn));
    assert!(crate::ecs::validate(&done.desired).is_empty());
    project.services["store"].mounts[0].value.read_only = true;
    project.volumes["data"].storage = Some(at(storage(Some("fsap-0123456789abcdef0"))));
    let done = translate(&project, None, &facts());
    assert!(!policy(&done).contains("Write") && !policy(&done).contains("Root"));
    let role = "arn:aws:iam::123456789012:role/app".to_owned();
    project.services["store"].extension.role = Some(at(role));
    let done = translate(&project, None, &facts());
    let told = done.diagnostics.iter().filter_map(|d| d.help.as_deref());
    assert!(told.filter(|help| help.contains("elasticfilesystem:ClientMount")).count() == 1);
}

fn on_s3(access_point: Option<&str>) -> Located<Storage> {
    let access_point = access_point.map(str::to_owned);
    at(Storage::S3Files { file_system: EXISTING.to_owned(), access_point })
}

#[test]
fn a_volume_on_s3_files_is_opened_by_the_task_role() {
    let mut project = project(vec![store()]);
    project.volumes["data"].storage = Some(on_s3(None));
    project.services["store"].mounts[0].value.subpath = Some("a/b".to_owned());
    let done = translate(&project, None, &facts());
    assert_eq!(loud(&done.diagnostics), []);
    let arn = format!("arn:aws:s3files:eu-west-1:123456789012:file-system/{EXISTING}");
    let volume = task(&done, "store").volumes[0].clone();
    let s3 = volume.s3_files_volume_configuration.expect("a volume on S3 Files");
    assert_eq!((s3.file_system_arn.as_str(), s3.root_directory.as_deref()), (&*arn, Some("/a/b")));
    let Body::Role(role) = &resource(&done, Kind::Role, "store+task").body else {
        panic!("a role")
    };
    let policy = crate::ecs::testing::policy(role);
    for part in ["s3files:ClientMount", "s3files:ClientWrite", "s3files:ClientRootAccess", &arn] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    assert!(crate::ecs::validate(&done.desired).is_empty());
    assert!(!has(&done, Kind::FileSystem, "data"));

    project.services["store"].mounts[0].value.read_only = true;
    project.services["store"].mounts[0].value.subpath = None;
    project.volumes["data"].storage = Some(on_s3(Some("fsap-0123456789abcdef0")));
    let done = translate(&project, None, &facts());
    let volume = task(&done, "store").volumes[0].clone();
    let s3 = volume.s3_files_volume_configuration.expect("a volume on S3 Files");
    let point = format!("{arn}/access-point/fsap-0123456789abcdef0");
    assert_eq!(s3.access_point_arn, Some(point));
    let Body::Role(role) = &resource(&done, Kind::Role, "store+task").body else {
        panic!("a role")
    };
    let policy = crate::ecs::testing::policy(role);
    assert!(!policy.contains("Write") && !policy.contains("Root"), "{policy}");
}

#[test]
fn no_ec2_instance_mounts_s3_files() {
    let mut store = store();
    store.extension.launch = Some(at(crate::compose::model::Launch::Ec2));
    let mut project = project(vec![store]);
    project.volumes["data"].storage = Some(on_s3(None));
    let done = translate(&project, None, &facts());
    assert!(loud(&done.diagnostics).contains(&(Severity::Error, Code::Refused)));
}

#[test]
fn the_mount_goes_before_the_volume_and_the_volume_before_the_service() {
    let mut store = store();
    store.extension.volume = Some(at(Storage::Ephemeral));
    let mut project = project(vec![store]);
    let is_own = |project: &crate::compose::Project| {
        has(&translate(project, None, &facts()), Kind::FileSystem, "data")
    };
    assert!(!is_own(&project));
    project.volumes["data"].storage = Some(at(Storage::Efs));
    assert!(is_own(&project));
    project.services["store"].mounts[0].value.storage = Some(at(Storage::Ephemeral));
    assert!(!is_own(&project));
}

#[test]
fn ephemeral_volumes_live_with_their_task() {
    let mut store = store();
    store.mounts[0].value.storage = Some(at(Storage::Ephemeral));
    store.extension.ephemeral_storage = Some(at(100));
    let done = run(vec![store]);
    let task = task(&done, "store");
    assert!(task.volumes[0].host.is_some());
    assert_eq!(task.ephemeral_storage.as_ref().map(|disk| disk.size_in_gib), Some(100));
    assert_eq!(loud(&done.diagnostics), []);
}

#[test]
fn an_external_volume_may_be_named_by_its_file_system() {
    let external = |name: &str| {
        let mut project = project(vec![store()]);
        project.volumes["data"].external = true;
        project.volumes["data"].name = Some(at(name.to_owned()));
        translate(&project, None, &facts())
    };
    assert_eq!(efs(&external(EXISTING)).file_system_id.to_string(), EXISTING);
    for name in ["data", "fs-", "fs-0123456"] {
        assert_eq!(loud(&external(name).diagnostics), [(Severity::Error, Code::Refused)]);
    }
}

#[test]
fn what_a_volume_cannot_be() {
    for storage in [Storage::Ebs(Box::default()), Storage::Asset] {
        let mut store = store();
        store.mounts[0].value.storage = Some(at(storage));
        assert_eq!(loud(&run(vec![store]).diagnostics), [(Severity::Error, Code::Refused)]);
    }
    let mut of_one_letter = store();
    of_one_letter.mounts = vec![mount(MountKind::Anonymous, "d:/data")];
    assert_eq!(loud(&run(vec![of_one_letter]).diagnostics), [(Severity::Error, Code::Refused)]);
    for (kind, target) in [("npipe", r"\\.\pipe\docker_engine"), ("cluster", "/x")] {
        let mut store = store();
        store.mounts = vec![mount(MountKind::Other(kind.to_owned()), target)];
        assert_eq!(loud(&run(vec![store]).diagnostics), [(Severity::Error, Code::Refused)]);
    }
}

#[test]
fn nfs_of_efs_is_used_and_any_other_is_made_anew() {
    let done = with_options(&[
        ("type", "nfs"),
        ("o", "nfsvers=4.1,addr=fs-0123456789abcdef0.efs.eu-west-1.amazonaws.com,rw"),
        ("device", ":/shared"),
    ]);
    assert_eq!(loud(&done.diagnostics), []);
    let found = efs(&done);
    assert_eq!(found.file_system_id.to_string(), EXISTING);
    assert_eq!(found.root_directory.as_deref(), Some("/shared"));
    let host = "fs-0123456789abcdef0.efs.eu-west-1.amazonaws.com";
    let at_host = format!("{host}:/base");
    let addr = format!("addr={host}");
    for (options, device, root) in [
        ("nfsvers=4.1", at_host.as_str(), Some("/base")),
        (addr.as_str(), at_host.as_str(), Some("/base")),
        ("addr=10.0.0.1", &at_host, Some("/base")),
        (&addr, "nas.local:/a", Some("/a")),
        (&addr, ":/", None),
        ("nfsvers=4.1", &format!("{host}:/"), None),
    ] {
        let done = with_options(&[("type", "nfs4"), ("o", options), ("device", device)]);
        assert_eq!(loud(&done.diagnostics), [], "{options} {device}");
        let found = efs(&done);
        assert_eq!(found.file_system_id.to_string(), EXISTING);
        assert_eq!(found.root_directory.as_deref(), root, "{options} {device}");
    }
    let other = [("type", "nfs"), ("o", "addr=10.0.0.1"), ("device", ":/x")];
    let done = with_options(&other);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    assert!(has(&done, Kind::AccessPoint, "data"));
}

#[test]
fn volumes_in_memory_stay_there() {
    let done = with_options(&[("type", "tmpfs"), ("device", "tmpfs"), ("o", "size=10m,uid=5,x")]);
    let linux = container(&done, "store").linux_parameters.as_ref().expect("memory");
    assert_eq!(
        (linux.tmpfs[0].size, &linux.tmpfs[0].mount_options[..]),
        (10, &["uid=5".to_owned()][..])
    );
    assert!(task(&done, "store").volumes.is_empty() && !has(&done, Kind::FileSystem, "data"));
}

#[test]
fn a_part_of_a_volume_has_an_access_point_of_its_own() {
    let mut store = store();
    let mut part = volume_mount("data", "/part");
    part.value.subpath = Some("a/./b".to_owned());
    store.mounts.push(part.clone());
    let done = run(vec![store.clone()]);
    let task = task(&done, "store");
    assert_eq!(task.volumes.len(), 2);
    let part_name = &task.container_definitions[0].mount_points[1].source_volume;
    assert!(part_name.starts_with("data-b-"), "{part_name}");
    let Body::AccessPoint(point) = &resource(&done, Kind::AccessPoint, part_name).body else {
        panic!("no access point")
    };
    assert_eq!(point.root_directory.path, "/data/a/b");
    for (subpath, storage) in [("../x", Storage::Efs), ("x", Storage::Ephemeral)] {
        store.mounts[1].value.subpath = Some(subpath.to_owned());
        store.mounts[1].value.storage = Some(at(storage));
        assert!(run(vec![store.clone()]).diagnostics.has_errors(), "{subpath}");
    }
}

#[test]
fn who_wants_an_empty_volume_is_told_nothing() {
    let mut web = service("web", "acme/web:1");
    web.mounts = vec![volume_mount("data", "/data")];
    web.mounts[0].value.nocopy = true;
    assert!(run(vec![web]).diagnostics.is_empty());
}

#[test]
fn the_content_of_an_image_becomes_a_part_of_another() {
    let mut web = service("web", "acme/web:1");
    web.mounts = vec![mount(MountKind::Image("acme/pages:1".to_owned()), "/pages")];
    web.mounts[0].value.read_only = true;
    web.mounts[0].value.subpath = Some("html".to_owned());
    let done = run(vec![web]);
    assert_eq!(loud(&done.diagnostics), []);
    let Body::Image(image) = &resource(&done, Kind::Image, "web").body else { panic!("no image") };
    let source = AssetSource::Image {
        reference: "acme/pages:1".to_owned(),
        subpath: Some("html".to_owned()),
    };
    assert_eq!((image.base.as_deref(), &image.assets[0].source), (Some("acme/web:1"), &source));
}

#[test]
fn the_content_of_what_the_project_builds_is_nowhere_yet() {
    for (image, refused) in [(None, true), (Some("acme/pages:1"), false)] {
        let mut pages = built("pages");
        pages.image = image.map(|image| at(image.to_owned()));
        let mut web = service("web", "acme/web:1");
        web.mounts = vec![mount(MountKind::Image("shop-pages:latest".to_owned()), "/pages")];
        web.mounts[0].value.read_only = true;
        let found = loud(&run(vec![pages, web]).diagnostics);
        assert_eq!(found.contains(&(Severity::Error, Code::Refused)), refused, "{found:?}");
    }
}

#[test]
fn one_task_has_a_volume_at_one_place() {
    let mut one = store();
    one.extension.volume = Some(at(Storage::Efs));
    let mut two = service("two", "busybox");
    two.mounts = vec![volume_mount("data", "/data")];
    two.volumes_from = vec![at("store".to_owned())];
    two.mounts[0].value.storage = Some(at(Storage::Ephemeral));
    assert_eq!(loud(&run(vec![one, two]).diagnostics), [(Severity::Error, Code::Conflict)]);
}
