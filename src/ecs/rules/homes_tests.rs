use super::*;
use crate::compose::Project;
use crate::compose::model::{Service, Storage};
use crate::diagnostic::Severity;
use crate::ecs::desired::Kind;
use crate::ecs::testing::{
    at, container, facts, has, loud, mount, project, run, service, task, volume_mount,
};
use crate::ecs::{Translation, translate};
use crate::source::Located;

const EXISTING: &str = "fs-0123456789abcdef0";

fn existing(access_point: Option<&str>) -> Located<Storage> {
    let access_point = access_point.map(str::to_owned);
    at(Storage::Existing { file_system: EXISTING.to_owned(), access_point, iam: false })
}

fn done(project: &Project) -> Translation {
    translate(project, None, &facts())
}

const CONFLICT: [(Severity, Code); 1] = [(Severity::Error, Code::Conflict)];

#[test]
fn a_volume_has_one_home_in_a_task() {
    let other_point = existing(Some("fsap-0123456789abcdef0"));
    for storage in [at(Storage::Ephemeral), existing(None), other_point] {
        let mut web = service("web", "busybox");
        web.mounts = vec![volume_mount("data", "/data"), volume_mount("data", "/work")];
        assert_eq!(loud(&run(vec![web.clone()]).diagnostics), []);
        web.mounts[1].value.storage = Some(storage.clone());
        // Who says nothing wants nothing else.
        assert_eq!(loud(&run(vec![web.clone()]).diagnostics), [], "{storage:?}");
        web.mounts[0].value.storage = Some(at(Storage::Efs));
        assert_eq!(loud(&run(vec![web.clone()]).diagnostics), CONFLICT, "{storage:?}");
        web.mounts.swap(0, 1);
        assert_eq!(loud(&run(vec![web.clone()]).diagnostics), CONFLICT, "{storage:?}");
        // Tasks of their own are asked one by one.
        let mut other = service("other", "busybox");
        other.mounts = vec![web.mounts.remove(0)];
        assert!(!run(vec![web, other]).diagnostics.has_errors());
    }
}

#[test]
fn a_directory_has_one_home_in_a_task() {
    let mut web = service("web", "busybox");
    for target in ["/a", "/b"] {
        let mut mount = mount(MountKind::Bind("/app/data".into()), target);
        mount.value.storage = Some(at(Storage::Ephemeral));
        web.mounts.push(mount);
    }
    assert_eq!(loud(&run(vec![web.clone()]).diagnostics), []);
    web.mounts[1].value.storage = Some(existing(None));
    assert_eq!(loud(&run(vec![web]).diagnostics), CONFLICT);
}

#[test]
fn parts_of_what_is_there_are_volumes_of_their_own() {
    let part = |subpath: &str, target: &str| {
        let mut mount = volume_mount("data", target);
        mount.value.subpath = Some(subpath.to_owned());
        mount
    };
    let mut web = service("web", "busybox");
    web.mounts =
        vec![volume_mount("data", "/all"), part("a", "/a"), part("./b/", "/b"), part("a", "/c")];
    let mut project = project(vec![web]);
    let s3 = Storage::S3Files { file_system: EXISTING.to_owned(), access_point: None };
    for storage in [existing(None), at(s3)] {
        project.volumes["data"].storage = Some(storage);
        let done = done(&project);
        assert_eq!(loud(&done.diagnostics), []);
        let task = task(&done, "web");
        let found: Vec<_> = container(&done, "web")
            .mount_points
            .iter()
            .map(|point| {
                let mut volumes = task.volumes.iter();
                let volume = volumes.find(|v| v.name == point.source_volume).expect("a volume");
                let efs = volume.efs_volume_configuration.as_ref();
                let s3 = volume.s3_files_volume_configuration.as_ref();
                let root = efs.map(|v| &v.root_directory).or(s3.map(|v| &v.root_directory));
                (point.container_path.as_str(), root.expect("a root").as_deref())
            })
            .collect();
        let wanted = [("/a", Some("/a")), ("/all", None), ("/b", Some("/b")), ("/c", Some("/a"))];
        assert_eq!(found, wanted);
        assert_eq!(task.volumes.len(), 3);
    }
}

#[test]
fn nothing_leads_out_of_what_is_there() {
    let s3 = Storage::S3Files { file_system: EXISTING.to_owned(), access_point: None };
    for storage in [existing(None), at(s3)] {
        for subpath in ["../x", "a/../../x", "", "."] {
            let mut web = service("web", "busybox");
            web.mounts = vec![volume_mount("data", "/data")];
            web.mounts[0].value.subpath = Some(subpath.to_owned());
            web.mounts[0].value.storage = Some(storage.clone());
            let said = loud(&run(vec![web]).diagnostics);
            assert_eq!(said, [(Severity::Error, Code::InvalidValue)], "{subpath}");
        }
    }
}

/// Two volumes on one file system, each of one service's or both of the first's.
fn two(first: &str, second: &str, in_one: bool) -> Project {
    let mut one = service("one", first);
    one.mounts = vec![volume_mount("a", "/a")];
    let mut other = service("other", second);
    other.mounts = vec![volume_mount("b", "/b")];
    if in_one {
        one.mounts.append(&mut other.mounts);
    }
    let mut project = project(vec![one, other]);
    for volume in project.volumes.values_mut() {
        volume.storage = Some(existing(None));
    }
    project
}

#[test]
fn two_volumes_are_not_one_directory_by_accident() {
    let warning = [(Severity::Warning, Code::Conflict)];
    assert_eq!(loud(&done(&two("busybox", "busybox", false)).diagnostics), warning);
    assert_eq!(loud(&done(&two("busybox", "busybox", true)).diagnostics), CONFLICT);
    for (first, second) in [("busybox", "postgres:16"), ("postgres:16", "busybox")] {
        let done = done(&two(first, second, false));
        assert_eq!(loud(&done.diagnostics), CONFLICT);
        let said = done.diagnostics.iter().find(|d| d.code == Code::Conflict).expect("it");
        assert_eq!(
            said.message,
            format!("the volume b and the volume a are one directory of {EXISTING}")
        );
    }
    // The place in the container says what writes there, whatever the image is called.
    let mut unknown = two("busybox", "acme/db:1", false);
    unknown.services["other"].mounts[0].value.target = "/var/lib/postgresql/data".to_owned();
    assert_eq!(loud(&done(&unknown).diagnostics)[0], CONFLICT[0]);
    // The service's own `x-ecs` is one, too.
    let mut project = two("busybox", "busybox", true);
    for volume in project.volumes.values_mut() {
        volume.storage = None;
    }
    project.services["one"].extension.volume = Some(existing(None));
    assert_eq!(loud(&done(&project).diagnostics), CONFLICT);
}

#[test]
fn what_lives_apart_and_what_is_meant_to_be_the_same() {
    let mut parts = two("postgres:16", "busybox", true);
    parts.services["one"].mounts[0].value.subpath = Some("pg".to_owned());
    assert_eq!(loud(&done(&parts).diagnostics), []);
    let mut points = two("postgres:16", "busybox", true);
    points.volumes["a"].storage = Some(existing(Some("fsap-0123456789abcdef0")));
    assert_eq!(loud(&done(&points).diagnostics), []);
    points.volumes["b"].storage = Some(existing(Some("fsap-0123456789abcdef0")));
    assert_eq!(loud(&done(&points).diagnostics), CONFLICT);
    // Docker has one volume under both of these keys, too.
    let mut external = two("postgres:16", "busybox", true);
    for volume in external.volumes.values_mut() {
        volume.storage = None;
        volume.external = true;
        volume.name = Some(at(EXISTING.to_owned()));
    }
    assert_eq!(loud(&done(&external).diagnostics), []);
    let mut nfs = two("postgres:16", "busybox", true);
    for volume in nfs.volumes.values_mut() {
        volume.storage = None;
        let host = format!("addr={EXISTING}.efs.eu-west-1.amazonaws.com");
        for (key, value) in [("type", "nfs"), ("o", &host), ("device", ":/x")] {
            volume.driver_opts.insert(key.to_owned(), at(value.to_owned()));
        }
    }
    assert_eq!(loud(&done(&nfs).diagnostics), []);
}

#[test]
fn labels_need_something_that_carries_tags() {
    let mut store: Service = service("store", "busybox");
    store.mounts = vec![volume_mount("data", "/data")];
    let mut project = project(vec![store]);
    project.volumes["data"].labels.insert("team".into(), at("a".into()));
    let said = |project: &Project| {
        let done = done(project);
        done.diagnostics.iter().filter(|d| d.code == Code::Ignored).count()
    };
    assert_eq!(said(&project), 0);
    for storage in [existing(None), at(Storage::Ephemeral)] {
        project.volumes["data"].storage = Some(storage);
        assert_eq!(said(&project), 1);
    }
}

#[test]
fn a_volume_without_a_name_lives_where_x_ecs_says() {
    let anonymous = |storage: Located<Storage>| {
        let mut web = service("web", "busybox");
        web.mounts = vec![mount(MountKind::Anonymous, "/a/state")];
        web.mounts[0].value.storage = Some(storage);
        web
    };
    let done = run(vec![anonymous(existing(None))]);
    let volume = &task(&done, "web").volumes[0];
    let efs = volume.efs_volume_configuration.as_ref().expect("a file system");
    assert_eq!(efs.file_system_id.to_string(), EXISTING);
    assert_eq!(container(&done, "web").mount_points[0].container_path, "/a/state");

    let done = run(vec![anonymous(at(Storage::Ephemeral))]);
    assert!(task(&done, "web").volumes[0].host.is_some());

    // A shell without a command ends: the other service names their task.
    let mut side = service("side", "busybox");
    side.volumes_from = vec![at("web".to_owned())];
    let done = run(vec![anonymous(at(Storage::Efs)), side]);
    assert_eq!(loud(&done.diagnostics), []);
    let name = task(&done, "side").volumes[0].name.clone();
    assert!(name.starts_with("web-state-"), "{name}");
    assert!(has(&done, Kind::AccessPoint, &name));
    assert!(crate::ecs::validate(&done.desired).is_empty());
    let points = task(&done, "side").container_definitions.iter().map(|c| c.mount_points.len());
    assert_eq!(points.collect::<Vec<_>>(), [1, 1]);

    let done = run(vec![anonymous(at(Storage::Asset))]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::Refused)]);
}

#[test]
fn what_lives_in_one_place_alone_takes_no_x_ecs() {
    let tmpfs = MountKind::Tmpfs { size: None, options: Vec::new() };
    let image = MountKind::Image("acme/pages:1".to_owned());
    for kind in [tmpfs, image] {
        let mut web = service("web", "busybox");
        web.mounts = vec![mount(kind, "/x")];
        web.mounts[0].value.read_only = true;
        assert_eq!(loud(&run(vec![web.clone()]).diagnostics), []);
        web.mounts[0].value.storage = Some(existing(None));
        assert_eq!(loud(&run(vec![web]).diagnostics), [(Severity::Error, Code::InvalidValue)]);
    }
}

#[test]
fn targets_are_absolute_and_below_the_root() {
    let said = |kind: &MountKind, target| {
        let mut web = service("web", "busybox");
        web.mounts = vec![mount(kind.clone(), target)];
        web.mounts[0].value.read_only = true;
        loud(&run(vec![web]).diagnostics)
    };
    let volume = MountKind::Volume("data".to_owned());
    for kind in [volume, MountKind::Bind("/app/pages".into())] {
        for target in ["/", "relative", "./x"] {
            let fault = [(Severity::Error, Code::InvalidValue)];
            assert_eq!(said(&kind, target), fault, "{kind:?} {target}");
        }
    }
    // What is left out is at no place.
    assert_eq!(said(&MountKind::Anonymous, "db-data"), []);
    assert_eq!(said(&MountKind::Anonymous, "/"), [(Severity::Error, Code::InvalidValue)]);
}
