use super::*;
use crate::compose::model::{MountKind, Service};
use crate::diagnostic::Severity;
use crate::ecs::desired::{Body, Image, Kind};
use crate::ecs::facts::{CopyFacts, DockerfileFacts, Facts};
use crate::ecs::testing::{
    at, built, container, facts, has, loud, mount, project, resource, run, service, task,
};
use crate::ecs::{Translation, translate};

/// What is said and made of one mount; `:ro` stands behind the path.
fn bound(mut web: Service, path: &str, target: &str) -> Translation {
    let (path, read_only) = match path.strip_suffix(":ro") {
        Some(path) => (path, true),
        None => (path, false),
    };
    web.mounts = vec![mount(MountKind::Bind(path.into()), target)];
    web.mounts[0].value.read_only = read_only;
    run(vec![web])
}

fn web() -> Service {
    service("web", "acme/web:1")
}

fn image(done: &Translation) -> &Image {
    match &resource(done, Kind::Image, "web").body {
        Body::Image(image) => image,
        body => panic!("{body:?}"),
    }
}

fn with(path: &str, facts_of_it: PathFacts) -> Facts {
    let mut facts = facts();
    facts.paths.insert(path.into(), facts_of_it);
    facts
}

#[test]
fn what_the_machine_has_is_not_on_fargate() {
    for (path, severity, code) in [
        ("/var/run/docker.sock", Severity::Error, Code::Refused),
        ("/run/user/1000/docker.sock", Severity::Error, Code::Refused),
        ("/", Severity::Error, Code::Refused),
        ("/sys", Severity::Error, Code::Refused),
        ("/proc/self", Severity::Error, Code::Refused),
        ("/dev/ttyUSB0", Severity::Error, Code::Refused),
        ("/etc/localtime", Severity::Note, Code::Ignored),
        ("/dev/shm", Severity::Note, Code::Ignored),
    ] {
        let done = bound(web(), path, "/x");
        let said: Vec<_> = done.diagnostics.iter().map(|d| (d.severity, d.code)).collect();
        assert_eq!(said, [(severity, code)], "{path}");
    }
}

#[test]
fn files_and_read_only_directories_become_a_part_of_the_image() {
    for (path, target, is_directory) in [
        ("/app/conf/site.conf:ro", "/etc/site.conf", false),
        ("/app/Caddyfile:ro", "/etc/caddy/Caddyfile", false),
        ("/app/pages:ro", "/pages", true),
        ("/app:ro", "/pages", true),
    ] {
        let done = bound(web(), path, target);
        assert!(done.diagnostics.is_empty(), "{path}: {:?}", done.diagnostics);
        let image = image(&done);
        assert_eq!(image.base.as_deref(), Some("acme/web:1"));
        assert_eq!(
            (image.assets[0].target.as_str(), image.assets[0].is_directory),
            (target, is_directory)
        );
        assert_eq!(container(&done, "web").image.to_string(), "${image/web/uri}");
        assert!(has(&done, Kind::Repository, "web") && task(&done, "web").volumes.is_empty());
    }
    let done = bound(web(), "/app/conf/site.conf:ro", "/etc/site.conf");
    assert_eq!(image(&done).assets[0].source, AssetSource::Path("conf/site.conf".to_owned()));
}

#[test]
fn what_may_be_written_to_is_lost_with_the_task() {
    for (path, target) in
        [("/app/my.cnf", "/etc/my.cnf"), ("/app/init", "/docker-entrypoint-initdb.d")]
    {
        let done = bound(web(), path, target);
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)], "{path}");
        assert_eq!(image(&done).assets.len(), 1);
        assert!(done.desired.undecided.is_empty());
    }
}

#[test]
fn keys_and_what_git_ignores_do_not_go_into_images() {
    for path in ["/app/tls/server.key:ro", "/app/.env", "/app/.ssh:ro"] {
        assert_eq!(
            loud(&bound(web(), path, "/x").diagnostics),
            [(Severity::Error, Code::Refused)],
            "{path}"
        );
    }
    let plain = PathFacts::plain(PathKind::Directory { empty: false });
    for faulty in [
        PathFacts { key: Some("./pages/a.pem".into()), ..plain.clone() },
        PathFacts { ignored: Some("./pages/x".into()), ..plain.clone() },
        PathFacts { size: MOST_BYTES + 1, ..plain.clone() },
        PathFacts { leaves: true, ..PathFacts::plain(PathKind::File) },
        PathFacts { link_out: Some(("./pages/a".into(), "../b".into())), ..plain.clone() },
        PathFacts::plain(PathKind::Other),
    ] {
        let mut web = web();
        web.mounts = vec![mount(MountKind::Bind("/app/pages".into()), "/pages")];
        web.mounts[0].value.read_only = true;
        let facts = with("/app/pages", faulty.clone());
        let done = translate(&project(vec![web]), None, &facts);
        assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::Refused)], "{faulty:?}");
    }
}

#[test]
fn what_is_at_home_goes_before_names() {
    let kinds = [
        (PathKind::File, "/app/settings", true),
        (PathKind::Directory { empty: false }, "/app/a.conf", false),
    ];
    for (kind, path, is_asset) in kinds {
        let mut web = web();
        web.mounts = vec![mount(MountKind::Bind(path.into()), "/x")];
        let facts = with(path, PathFacts::plain(kind));
        let done = translate(&project(vec![web]), None, &facts);
        assert_eq!(has(&done, Kind::Image, "web"), is_asset, "{path}");
        assert_eq!(done.desired.undecided.is_empty(), is_asset, "{path}");
    }
}

#[test]
fn an_empty_directory_is_a_volume_even_among_configuration() {
    let empty = PathKind::Directory { empty: true };
    let full = PathKind::Directory { empty: false };
    for (kind, target, read_only, is_volume) in [
        (empty, "/etc/gitlab", false, true),
        (empty, "/etc/app", false, true),
        (empty, "/docker-entrypoint-initdb.d", false, true),
        (empty, "/etc/app", true, false),
        (full, "/etc/app", false, false),
        (PathKind::Missing, "/etc/app", false, false),
        (PathKind::Missing, "/etc/grafana", false, false),
        (PathKind::Missing, "/etc/gitlab", false, true),
        (PathKind::Missing, "/etc/ldap/slapd.d", false, true),
        (PathKind::Missing, "/etc/ldap", false, false),
        (PathKind::Missing, "/etc/gitlab-runner", false, false),
        (PathKind::Missing, "/etc/gitlab", true, false),
    ] {
        let mut web = web();
        web.mounts = vec![mount(MountKind::Bind("/app/config".into()), target)];
        web.mounts[0].value.read_only = read_only;
        let done =
            translate(&project(vec![web]), None, &with("/app/config", PathFacts::plain(kind)));
        assert_eq!(has(&done, Kind::FileSystem, "data"), is_volume, "{kind:?} {target}");
        assert_eq!(has(&done, Kind::Image, "web"), !is_volume, "{kind:?} {target}");
        assert!(done.desired.undecided.is_empty() && !done.diagnostics.has_errors());
    }
}

#[test]
fn a_directory_that_is_missing_has_two_ways_out() {
    for (target, says_efs) in [("/etc/app", true), ("/etc/app.conf", false)] {
        let path = if says_efs { "/app/config" } else { "/app/app.conf" };
        let mut web = web();
        web.mounts = vec![mount(MountKind::Bind(path.into()), target)];
        let facts = with(path, PathFacts::plain(PathKind::Missing));
        let done = translate(&project(vec![web]), None, &facts);
        let said = done.diagnostics.iter().find(|d| d.code == Code::FileNotFound).expect("it");
        let help = said.help.as_deref().unwrap_or_default();
        assert_eq!(help.contains("{efs}"), says_efs, "{help}");
    }
}

#[test]
fn what_is_missing_is_a_warning() {
    let mut web = web();
    web.mounts = vec![mount(MountKind::Bind("/app/a.conf".into()), "/a.conf")];
    web.mounts[0].value.read_only = true;
    let facts = with("/app/a.conf", PathFacts::plain(PathKind::Missing));
    let done = translate(&project(vec![web]), None, &facts);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::FileNotFound)]);
}

#[test]
fn directories_of_data_are_volumes_that_services_share() {
    let mut one = web();
    one.mounts = vec![mount(MountKind::Bind("/app/files/uploads".into()), "/uploads")];
    let mut two = service("two", "acme/two");
    two.mounts = vec![mount(MountKind::Bind("/app/files/uploads".into()), "/in")];
    let done = run(vec![one, two]);
    let volume = &task(&done, "web").volumes[0];
    assert_eq!(volume, &task(&done, "two").volumes[0]);
    assert!(volume.name.starts_with("bind-uploads-"), "{}", volume.name);
    let points = done.desired.resources.keys().filter(|id| id.kind == Kind::AccessPoint).count();
    assert_eq!(points, 1);
    assert!(done.desired.undecided.is_empty());
    assert!(crate::ecs::validate(&done.desired).is_empty());
}

#[test]
fn a_database_writes_to_its_directory_and_never_runs_twice() {
    let mut db = bound(service("db", "postgres:16"), "/app/pg", "/var/lib/postgresql/data");
    assert_eq!(loud(&db.diagnostics), []);
    assert!(resource(&db, Kind::Service, "db").stateful);
    db = bound(service("db", "postgres:16"), "/app/init", "/docker-entrypoint-initdb.d");
    assert!(!resource(&db, Kind::Service, "db").stateful);
}

#[test]
fn other_directories_need_a_decision() {
    let done = bound(web(), "/app/things", "/things");
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    assert_eq!(done.desired.undecided[0].path, "./things");
    assert!(has(&done, Kind::FileSystem, "data"));
    for (storage, kind) in [
        (Storage::Asset, Kind::Image),
        (Storage::Efs, Kind::AccessPoint),
        (Storage::Ephemeral, Kind::Role),
    ] {
        let mut web = web();
        web.mounts = vec![mount(MountKind::Bind("/app/things".into()), "/things")];
        web.mounts[0].value.storage = Some(at(storage));
        let done = run(vec![web]);
        assert!(done.desired.undecided.is_empty() && !done.diagnostics.has_errors());
        assert!(done.desired.resources.keys().any(|id| id.kind == kind));
    }
    // The service's choice is one, too.
    let mut web = web();
    web.extension.volume = Some(at(Storage::Efs));
    assert!(bound(web, "/app/things", "/things").desired.undecided.is_empty());
}

#[test]
fn what_is_outside_the_project_is_never_read() {
    let done = bound(web(), "/home/me/things:ro", "/things");
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    assert!(!done.desired.undecided[0].may_be_asset && !has(&done, Kind::Image, "web"));
    for path in ["/home/me/a.conf:ro", "C:\\conf\\a.conf", "/home/me/.aws/config.json"] {
        assert_eq!(
            loud(&bound(web(), path, "/x").diagnostics),
            [(Severity::Error, Code::Refused)],
            "{path}"
        );
    }
    let mut web = web();
    web.mounts = vec![mount(MountKind::Bind("/home/me/things".into()), "/things")];
    web.mounts[0].value.storage = Some(at(Storage::Asset));
    assert_eq!(loud(&run(vec![web]).diagnostics), [(Severity::Error, Code::Refused)]);
}

#[test]
fn volumes_are_named_by_what_is_written() {
    let name = |written: &str, path: &str| {
        let mut web = web();
        web.mounts = vec![mount(MountKind::Bind(path.into()), "/things")];
        web.mounts[0].value.written = Some(written.to_owned());
        task(&run(vec![web]), "web").volumes[0].name.clone()
    };
    assert_eq!(name("~/things", "/home/a/things"), name("~/things", "/home/b/things"));
    assert_ne!(name("~/things", "/home/a/things"), name("/things", "/things"));
}

#[test]
fn source_code_of_a_built_image_is_dropped() {
    for (path, target) in [("/app", "/usr/src"), ("/app/src", "/code/src"), ("/app/lib", "/app")] {
        let done = bound(built("web"), path, target);
        let said: Vec<_> = done.diagnostics.iter().map(|d| (d.severity, d.code)).collect();
        // Whether the image has it, only its Dockerfile says.
        assert_eq!(said, [(Severity::Warning, Code::Ignored)], "{path}");
        assert!(image(&done).assets.is_empty());
        let done = copied(
            path,
            target,
            &[(path.trim_start_matches("/app").trim_start_matches('/'), target)],
        );
        let said: Vec<_> = done.diagnostics.iter().map(|d| (d.severity, d.code)).collect();
        assert_eq!(said, [(Severity::Note, Code::Ignored)], "{path}");
    }
    // What the image reads or writes beside its code is mounted.
    assert_eq!(image(&bound(built("web"), "/app/a.conf:ro", "/a.conf")).assets.len(), 1);
    assert!(has(
        &bound(built("web"), "/app/data", "/code/data"),
        Kind::AccessPoint,
        &of_directory("data").id
    ));
    assert_eq!(bound(built("web"), "/app/things", "/things").desired.undecided.len(), 1);
    assert_eq!(bound(web(), "/app", "/usr/src").desired.undecided.len(), 1);
}

/// What is made of one mount, where the Dockerfile copies these.
fn copied(path: &str, target: &str, copies: &[(&str, &str)]) -> Translation {
    let (path, read_only) = match path.strip_suffix(":ro") {
        Some(path) => (path, true),
        None => (path, false),
    };
    let mut web = built("web");
    web.mounts = vec![mount(MountKind::Bind(path.into()), target)];
    web.mounts[0].value.read_only = read_only;
    let copy = |(from, to): &(&str, &str)| CopyFacts {
        from: (*from).to_owned(),
        to: Some((*to).to_owned()),
    };
    let copies = Some(copies.iter().map(copy).collect());
    let says = DockerfileFacts { copies, ..DockerfileFacts::default() };
    let mut facts = with(path, PathFacts::plain(PathKind::Directory { empty: false }));
    facts.dockerfiles.insert("web".to_owned(), says);
    translate(&project(vec![web]), None, &facts)
}

#[test]
fn code_that_the_image_does_not_have_is_not_dropped() {
    let manifest = [("requirements.txt", "/code/requirements.txt")];
    let done = copied("/app", "/code", &manifest);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    let helps: Vec<_> = done.diagnostics.iter().flat_map(|d| d.help.clone()).collect();
    assert!(helps.iter().any(|help| help.contains("`COPY . /code`")), "{helps:?}");
    assert_eq!(done.desired.undecided.len(), 1);
    assert_eq!(copied("/app", "/other", &[("", "/code")]).desired.undecided.len(), 1);
    assert_eq!(copied("/app/src", "/code/src", &[("src", "/src")]).desired.undecided.len(), 1);
    // What nobody writes to becomes a part of the image.
    let done = copied("/app:ro", "/code", &manifest);
    assert_eq!(image(&done).assets.len(), 1);
    assert!(done.desired.undecided.is_empty());
    assert_eq!(copied("/app:ro", "/code", &[("", "/code")]).desired.undecided.len(), 0);
}

#[test]
fn volumes_from_takes_assets_along() {
    let mut data = service("data", "acme/data");
    data.mounts = vec![mount(MountKind::Bind("/app/a.conf".into()), "/a.conf")];
    let mut web = web();
    web.volumes_from = vec![at("data".to_owned())];
    let done = run(vec![web, data]);
    assert_eq!(image(&done).assets[0].target, "/a.conf");
}
