use super::*;
use crate::compose::model::MountKind;
use crate::diagnostic::Severity;
use crate::ecs::desired::Kind;
use crate::ecs::testing::{
    access_point, at, built, container, ecs_service, facts, find, has, loud, mount, networks,
    project, resource, run, service, task, volume_mount,
};
use crate::ecs::translate;

fn store() -> Service {
    let mut store = service("store", "busybox");
    store.mounts = vec![volume_mount("data", "/data")];
    store
}

#[test]
fn a_named_volume_lives_on_efs() {
    let done = run(vec![store()]);
    let volume = &task(&done, "store").volumes[0];
    let efs = volume.efs_volume_configuration.as_ref().expect("efs");
    assert_eq!(efs.file_system_id.to_string(), "${file-system/data/id}");
    let point = efs.authorization_config.as_ref().expect("an access point");
    assert_eq!(
        point.access_point_id.as_ref().map(ToString::to_string).as_deref(),
        Some("${access-point/data/id}")
    );
    assert_eq!((&*efs.transit_encryption, &*point.iam), ("ENABLED", "DISABLED"));
    let point = &container(&done, "store").mount_points[0];
    assert_eq!(
        (&*point.source_volume, &*point.container_path, point.read_only),
        ("data", "/data", false)
    );
    let point = access_point(&done, "data");
    assert_eq!(point.root_directory.path, "/data");
    let info = point.root_directory.creation_info;
    assert_eq!((info.owner_uid, info.owner_gid, info.permissions.as_str()), (0, 0, "0755"));
    for zone in ["eu-west-1a", "eu-west-1b"] {
        assert!(has(&done, Kind::MountTarget, &format!("data-{zone}")));
    }
    assert!(has(&done, Kind::IngressRule, "efs-default"));
    let said = find(&done.diagnostics, Code::VolumeStartsEmpty).map(|d| d.severity);
    assert_eq!(said, Some(Severity::Note));
}

#[test]
fn volumes_of_unknown_images_start_empty_with_a_warning() {
    let mut web = service("web", "acme/web:1");
    // Told once, wherever it is mounted.
    web.mounts = vec![volume_mount("data", "/data"), volume_mount("data", "/backup")];
    assert_eq!(loud(&run(vec![web]).diagnostics), [(Severity::Warning, Code::VolumeStartsEmpty)]);
}

#[test]
fn a_volume_of_several_services_is_told_of_once() {
    let of = |name: &str, image: &str| {
        let mut service = service(name, image);
        service.mounts = vec![volume_mount("data", "/srv")];
        service.extension.allow_shared_volume = Some(at(true));
        service
    };
    let said = |services: Vec<Service>| {
        let done = run(services).diagnostics;
        let of_it = done.iter().filter(|said| said.code == Code::VolumeStartsEmpty);
        of_it.map(|d| (d.severity, d.message.clone(), d.labels.len())).collect::<Vec<_>>()
    };
    let services =
        vec![of("web", "acme/web:1"), of("cache", "redis:7"), of("worker", "acme/worker:1")];
    let message = "the volume data starts empty (mounted by web and worker)".to_owned();
    // They have one place here, as services have that share an anchor.
    assert_eq!(said(services.clone()), [(Severity::Warning, message.clone(), 1)]);
    let mut apart = services.clone();
    let place = &mut apart[2].mounts[0].span;
    *place = crate::source::Span::new(place.source, 0, 1);
    assert_eq!(said(apart), [(Severity::Warning, message, 2)]);
    let many = (0..10).map(|n| of(&format!("s{n}"), "acme/web:1")).collect();
    assert!(said(many)[0].1.ends_with("(mounted by s0, s1, s2, s3, s4, s5, s6, s7 and 2 more)"));
    let mut seeded = services;
    seeded[2].extension.seed = Some(at(true));
    assert_eq!(said(seeded), []);
}

#[test]
fn services_share_a_volume_and_only_their_networks_reach_it() {
    let mut web = store();
    web.name = at("web".to_owned());
    web.networks = networks(&["front"]);
    let mut other = service("other", "acme/other:1");
    other.networks = networks(&["back"]);
    let done = run(vec![store(), web, other]);
    let points = done.desired.resources.keys().filter(|id| id.kind == Kind::AccessPoint).count();
    assert_eq!(points, 1);
    assert!(
        has(&done, Kind::IngressRule, "efs-front") && has(&done, Kind::IngressRule, "efs-default")
    );
    assert!(!has(&done, Kind::IngressRule, "efs-back"));
}

#[test]
fn the_token_of_an_access_point_carries_what_cannot_change() {
    let mut project = project(vec![store()]);
    let before = access_point(&translate(&project, None, &facts()), "data").client_token;
    project.volumes["data"].driver_opts.insert("uid".into(), at("1000".into()));
    let point = access_point(&translate(&project, None, &facts()), "data");
    assert_eq!(point.root_directory.creation_info.owner_uid, 1000);
    assert_ne!(point.client_token, before);
    assert!(before.starts_with("shop-data-") && before.len() <= 64);
}

#[test]
fn a_new_volume_belongs_to_the_first_user_that_writes_to_it() {
    let mut web = store();
    web.name = at("web".to_owned());
    web.user = Some(at("1000:1001".to_owned()));
    let mut other = store();
    let owner = |services: Vec<Service>| {
        let info = access_point(&run(services), "data").root_directory.creation_info;
        (info.owner_uid, info.owner_gid)
    };
    assert_eq!(owner(vec![web.clone()]), (1000, 1001));
    // Root may write to what is another's.
    assert_eq!(owner(vec![web.clone(), other.clone()]), (1000, 1001));
    assert_eq!(owner(vec![other.clone(), web.clone()]), (1000, 1001));
    other.user = Some(at("7".to_owned()));
    assert_eq!(owner(vec![other.clone(), web.clone()]), (7, 0));
    let said = |services: Vec<Service>| loud(&run(services).diagnostics);
    let warned = [(Severity::Warning, Code::Approximated)];
    assert_eq!(said(vec![other.clone(), web.clone()]), warned);
    assert_eq!(said(vec![other.clone()]), []);
    other.mounts[0].value.read_only = true;
    assert_eq!(owner(vec![web.clone(), other.clone()]), (1000, 1001));
    web.user = Some(at("1000".to_owned()));
    assert_eq!(owner(vec![web.clone()]), (1000, 0));
    web.user = Some(at("node".to_owned()));
    assert_eq!(owner(vec![web.clone()]), (0, 0));
    assert_eq!(said(vec![web.clone()]), warned);

    web.user = Some(at("1000:1001".to_owned()));
    let mut project = project(vec![web]);
    project.volumes["data"].driver_opts.insert("uid".into(), at("7".into()));
    let info = access_point(&translate(&project, None, &facts()), "data");
    assert_eq!(info.root_directory.creation_info.owner_uid, 7);
}

#[test]
fn options_of_a_volume() {
    for (key, value, said) in [
        ("gid", "5", vec![]),
        ("permissions", "0700", vec![]),
        ("permissions", "rwx", vec![(Severity::Error, Code::InvalidValue)]),
        ("uid", "root", vec![(Severity::Error, Code::InvalidValue)]),
        ("type", "nfs", vec![(Severity::Warning, Code::Approximated)]),
    ] {
        let mut project = project(vec![store()]);
        project.volumes["data"].driver_opts.insert(key.into(), at(value.into()));
        assert_eq!(loud(&translate(&project, None, &facts()).diagnostics), said, "{key}={value}");
    }
}

#[test]
fn drivers_and_external_volumes() {
    let mut project = project(vec![store()]);
    project.volumes["data"].driver = Some(at("local".into()));
    project.volumes["data"].name = Some(at("other".into()));
    assert_eq!(loud(&translate(&project, None, &facts()).diagnostics), []);
    project.volumes["data"].driver = Some(at("rexray".into()));
    let said = loud(&translate(&project, None, &facts()).diagnostics);
    assert_eq!(said, [(Severity::Warning, Code::Approximated)]);
    project.volumes["data"].external = true;
    let said = loud(&translate(&project, None, &facts()).diagnostics);
    assert_eq!(said, [(Severity::Error, Code::Refused), (Severity::Warning, Code::Approximated)]);
}

#[test]
fn anonymous_volumes_are_dropped_unless_the_root_is_read_only() {
    let mut web = service("web", "acme/web:1");
    web.mounts = vec![mount(MountKind::Anonymous, "/app/node_modules")];
    let done = run(vec![web.clone()]);
    assert!(task(&done, "web").volumes.is_empty());
    assert!(find(&done.diagnostics, Code::Ignored).is_some());
    web.read_only = Some(at(true));
    let done = run(vec![web]);
    assert_eq!(task(&done, "web").volumes[0].name, "web-app-node_modules");
    assert!(!has(&done, Kind::FileSystem, "data"));
}

#[test]
fn tmpfs_is_memory() {
    let mut web = service("web", "acme/web:1");
    web.mounts = vec![
        mount(MountKind::Tmpfs { size: None, options: vec!["mode=1777".into()] }, "/tmp"),
        mount(MountKind::Tmpfs { size: Some((1 << 20) + 1), options: Vec::new() }, "/run"),
    ];
    let done = run(vec![web]);
    let tmpfs = &container(&done, "web").linux_parameters.as_ref().expect("linux").tmpfs;
    let found: Vec<_> = tmpfs.iter().map(|t| (t.container_path.as_str(), t.size)).collect();
    assert_eq!(found, [("/run", 2), ("/tmp", 64)]);
    assert_eq!(tmpfs[1].mount_options, ["mode=1777"]);
}

#[test]
fn a_database_on_a_volume_never_runs_twice() {
    let mut db = service("db", "postgres:16");
    db.mounts = vec![volume_mount("pg", "/var/lib/postgresql/data")];
    let done = run(vec![db.clone()]);
    assert!(resource(&done, Kind::Service, "db").stateful);
    assert_eq!(ecs_service(&done, "db").availability_zone_rebalancing, "DISABLED");
    db.scale = Some(at(2));
    assert_eq!(loud(&run(vec![db.clone()]).diagnostics), [(Severity::Error, Code::Refused)]);
    let mut allowed = db.clone();
    allowed.extension.allow_shared_volume = Some(at(true));
    let done = run(vec![allowed]);
    assert!(!resource(&done, Kind::Service, "db").stateful && loud(&done.diagnostics).is_empty());
    db.mounts[0].value.read_only = true;
    let done = run(vec![db]);
    assert!(!resource(&done, Kind::Service, "db").stateful);
    assert_eq!(loud(&done.diagnostics), []);
}

#[test]
fn a_directory_of_a_database_says_so_whatever_the_image_is_called() {
    for (mut db, target) in [
        (built("db"), "/var/lib/mysql"),
        (service("db", "ghcr.io/acme/pg-custom:1"), "/var/lib/postgresql/data"),
        (service("db", "prom/prometheus:v2.53.0"), "/prometheus"),
        (service("db", "quay.io/coreos/etcd:v3.5.0"), "/some/where"),
    ] {
        db.mounts = vec![volume_mount("data", target)];
        let done = run(vec![db.clone()]);
        assert!(resource(&done, Kind::Service, "db").stateful, "{target}");
        assert_eq!(loud(&done.diagnostics), [], "{target}");
        db.scale = Some(at(2));
        let said = loud(&run(vec![db.clone()]).diagnostics);
        assert_eq!(said, [(Severity::Error, Code::Refused)], "{target}");
        db.extension.allow_shared_volume = Some(at(true));
        assert!(!resource(&run(vec![db]), Kind::Service, "db").stateful, "{target}");
    }
    let mut web = service("web", "acme/web:1");
    web.mounts = vec![volume_mount("data", "/data")];
    assert!(!resource(&run(vec![web]), Kind::Service, "web").stateful);
}

#[test]
fn volume_names_fit() {
    let mut web = service("web", "busybox");
    web.mounts = vec![volume_mount(".my.data", "/data")];
    let done = run(vec![web]);
    assert!(task(&done, "web").volumes[0].name.starts_with("-my-data-"));
    assert!(access_point(&done, ".my.data").root_directory.path.starts_with("/my.data-"));
}

#[test]
fn several_writers_of_one_volume() {
    let mut store = store();
    store.scale = Some(at(2));
    let said = loud(&run(vec![store.clone()]).diagnostics);
    assert_eq!(said, [(Severity::Warning, Code::Approximated)]);
    let mut reading = store.clone();
    reading.mounts[0].value.read_only = true;
    assert_eq!(loud(&run(vec![reading]).diagnostics), []);
    store.extension.allow_shared_volume = Some(at(true));
    assert_eq!(loud(&run(vec![store]).diagnostics), []);
}

#[test]
fn labels_of_a_volume_are_tags() {
    let mut project = project(vec![store()]);
    project.volumes["data"].labels.insert("team".into(), at("a".into()));
    project.volumes["data"].labels.insert("bad*".into(), at("a".into()));
    let done = translate(&project, None, &facts());
    let tags = access_point(&done, "data").tags;
    assert!(tags.iter().any(|tag| tag.key == "team" && tag.value == "a"));
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
}

#[test]
fn a_file_below_a_volume_would_be_hidden() {
    let mut web = service("web", "busybox");
    let path = "/app/site.conf".into();
    web.mounts =
        vec![volume_mount("data", "/data"), mount(MountKind::Bind(path), "/data/conf/site.conf")];
    web.mounts[1].value.read_only = true;
    assert_eq!(loud(&run(vec![web]).diagnostics), [(Severity::Error, Code::Conflict)]);
}

/// Each way from one service to another would be gone by itself: 2 to the power of 40 of them.
#[test]
fn many_ways_to_the_same_volumes() {
    let mut services = Vec::new();
    for level in 0..40 {
        for side in ["a", "b"] {
            let mut one = service(&format!("{side}{level}"), "acme/web:1");
            if level < 39 {
                let from = |side: &str| at(format!("{side}{}", level + 1));
                one.volumes_from = vec![from("a"), from("b")];
            } else {
                one.mounts = vec![volume_mount(side, &format!("/{side}"))];
            }
            services.push(one);
        }
    }
    let done = run(services);
    let points = &task(&done, "a0").container_definitions[0].mount_points;
    assert_eq!(points.len(), 2);
}
