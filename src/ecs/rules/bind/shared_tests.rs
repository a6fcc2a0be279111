use crate::compose::model::{MountKind, Service};
use crate::diagnostic::{Code, Severity};
use crate::ecs::desired::{Body, Kind};
use crate::ecs::facts::{Facts, PathFacts, PathKind};
use crate::ecs::testing::{container, facts, loud, mount, project, resource, service, task};
use crate::ecs::{Translation, translate};

const FULL: PathKind = PathKind::Directory { empty: false };

/// `service path:target`, with `:ro` or without.
fn mounts(all: &[&str]) -> Vec<Service> {
    let mut services: Vec<Service> = Vec::new();
    for text in all {
        let (name, given) = text.split_once(' ').expect("a service");
        let mut parts = given.split(':');
        let (path, target) = (parts.next().expect("a path"), parts.next().expect("a target"));
        let mut one = mount(MountKind::Bind(path.into()), target);
        one.value.read_only = parts.next() == Some("ro");
        match services.iter_mut().find(|service| service.name.value == name) {
            Some(service) => service.mounts.push(one),
            None => {
                let mut service = service(name, "acme/web:1");
                service.mounts.push(one);
                services.push(service);
            }
        }
    }
    services
}

fn done(all: &[&str], facts: &Facts) -> Translation {
    let done = translate(&project(mounts(all)), None, facts);
    assert_eq!(crate::ecs::validate(&done.desired), []);
    done
}

/// The directories of the file system that a service mounts, in the order of its volumes.
fn directories(done: &Translation, service: &str) -> Vec<String> {
    let volumes = &task(done, service).volumes;
    let points = volumes.iter().map(|volume| {
        let efs = volume.efs_volume_configuration.as_ref().expect("a volume on EFS");
        let point = efs.authorization_config.as_ref().and_then(|a| a.access_point_id.as_ref());
        let id = point.expect("an access point").to_string();
        let id = id.trim_start_matches("${access-point/").trim_end_matches("/id}").to_owned();
        let Body::AccessPoint(point) = &resource(done, Kind::AccessPoint, &id).body else {
            panic!("an access point")
        };
        point.root_directory.path.clone()
    });
    points.collect()
}

#[test]
fn what_is_written_by_one_service_is_read_by_another_one() {
    let mut facts = facts();
    let of_git = PathFacts { ignored: Some("./media".to_owned()), ..PathFacts::plain(FULL) };
    for (found, severity) in [
        (None, Severity::Note),
        (Some(PathFacts::plain(PathKind::Directory { empty: true })), Severity::Note),
        // That git leaves it out says nothing: it does not go into an image.
        (Some(of_git), Severity::Warning),
    ] {
        facts.paths.clear();
        facts.paths.extend(found.map(|found| ("/app/media".into(), found)));
        let done = done(&["nginx /app/media:/media:ro", "web /app/media:/app/media"], &facts);
        assert_eq!(directories(&done, "nginx"), directories(&done, "web"));
        let point = &container(&done, "nginx").mount_points[0];
        assert_eq!((&*point.container_path, point.read_only), ("/media", true));
        let said: Vec<_> = done
            .diagnostics
            .iter()
            .filter(|d| d.message.starts_with("nginx reads ./media"))
            .collect();
        assert_eq!(said.len(), 1);
        assert_eq!((said[0].severity, said[0].code), (severity, Code::VolumeStartsEmpty));
        assert!(!done.diagnostics.has_errors());
    }
}

#[test]
fn what_nobody_writes_to_stays_a_part_of_the_image() {
    let facts = facts();
    for all in [
        &["nginx /app/media:/media:ro", "web /app/other:/app/other"][..],
        // Configuration below what is mounted as a whole.
        &["web /app:/work", "nginx /app/static:/static:ro"],
        &["web /app/data:/data", "nginx /app/data/nginx:/etc/nginx:ro"],
    ] {
        let done = done(all, &facts);
        assert!(task(&done, "nginx").volumes.is_empty(), "{all:?}");
        let Body::Image(image) = &resource(&done, Kind::Image, "nginx").body else {
            panic!("an image")
        };
        assert_eq!(image.assets.len(), 1, "{all:?}");
    }
}

#[test]
fn a_directory_below_another_one_is_a_part_of_its_volume() {
    let all = ["web /app/data:/data", "thumbs /app/data/up/loads:/uploads", "all /app/data:/all"];
    let done = done(&all, &facts());
    let [top] = &directories(&done, "web")[..] else { panic!("one") };
    assert_eq!(directories(&done, "thumbs"), [format!("{top}/up/loads")]);
    assert_eq!(directories(&done, "all"), std::slice::from_ref(top));
    let deep = ["web /app/data:/data", "thumbs /app/data/a/b/c/d:/uploads"];
    let deep = self::done(&deep, &facts());
    assert!(!directories(&deep, "thumbs")[0].starts_with(top.as_str()));
    assert!(deep.diagnostics.iter().any(|d| d.message.contains("shares nothing")));
    let read = ["web /app/data:/data", "nginx /app/data/public:/public:ro"];
    let done = self::done(&read, &facts());
    assert_eq!(directories(&done, "nginx"), [format!("{top}/public")]);
    assert!(loud(&done.diagnostics).iter().all(|(severity, _)| *severity == Severity::Warning));
}

/// What is mounted in the tasks of a text, as (name of the volume, how it is made), a container each.
fn volumes_of(text: &str, unit: &str) -> (Vec<serde_json::Value>, Vec<String>, Vec<String>) {
    let done = crate::ecs::rules::launch::tests::all(&format!("name: shop\nservices:\n{text}"));
    let task = crate::ecs::rules::launch::tests::task(&done, unit);
    let volumes = task["volumes"].as_array().cloned().unwrap_or_default();
    let containers = task["containerDefinitions"].as_array().cloned().unwrap_or_default();
    let sources = containers.iter().flat_map(|c| c["mountPoints"].as_array().cloned());
    let sources = sources.flatten().filter_map(|p| Some(p["sourceVolume"].as_str()?.to_owned()));
    let loud = done.diagnostics.iter().filter(|d| d.severity != Severity::Note);
    (volumes, sources.collect(), loud.map(|d| d.message.clone()).collect())
}

#[test]
fn the_reader_has_the_volume_that_x_ecs_gave_the_writer() {
    let ephemeral = "x-ecs: {volume: ephemeral, task: t}";
    let silent = "x-ecs: {task: t}";
    let at_the_mount = "{type: bind, source: ./out, target: /out, x-ecs: {ephemeral: true}}";
    for (writer, mount, reader) in [
        (ephemeral, "./out:/out", silent),
        (ephemeral, "./out:/out", ephemeral),
        (silent, at_the_mount, silent),
        // The one who only reads says it for both.
        (silent, "./out:/out", ephemeral),
    ] {
        let (volumes, sources, loud) = volumes_of(
            &format!(
                "  app: {{image: acme/app:1, volumes: [{}], {writer}}}\n  \
                 tail: {{image: acme/tail:1, volumes: [\"./out:/in:ro\"], {reader}}}\n",
                if mount.starts_with('{') { mount.to_owned() } else { format!("\"{mount}\"") }
            ),
            "app",
        );
        assert_eq!(volumes.len(), 1, "{writer} {mount} {reader}: {loud:?}");
        assert_eq!(volumes[0]["host"], serde_json::json!({}), "{writer} {mount} {reader}");
        assert_eq!(sources.len(), 2);
        assert_eq!(sources[0], sources[1]);
        assert_eq!(loud, [""; 0], "{writer} {mount} {reader}");
    }
}

#[test]
fn the_reader_has_the_file_system_that_the_writer_names() {
    let text = "  app: {image: acme/app:1, volumes: [\"./out:/out\"], x-ecs: {volume: {efs: fs-0123456789abcdef0}}}\n  \
                tail: {image: acme/tail:1, volumes: [\"./out:/in:ro\"]}\n";
    let (app, tail) = (volumes_of(text, "app"), volumes_of(text, "tail"));
    assert_eq!(app.0, tail.0);
    assert_eq!(tail.0[0]["efsVolumeConfiguration"]["fileSystemId"], "fs-0123456789abcdef0");
    assert_eq!(tail.1.len(), 1);
}

#[test]
fn another_task_does_not_see_what_is_on_the_disk_of_one() {
    for path in ["./out", "./out/below"] {
        let text = format!(
            "  app: {{image: acme/app:1, volumes: [\"./out:/out\"], x-ecs: {{volume: ephemeral}}}}\n  \
             tail: {{image: acme/tail:1, volumes: [\"{path}:/in:ro\"]}}\n"
        );
        let (volumes, _, loud) = volumes_of(&text, "tail");
        assert_eq!(volumes.len(), 0);
        let said = format!("tail does not see what app writes to {path}");
        assert!(loud.contains(&said), "{loud:?}");
    }
}
