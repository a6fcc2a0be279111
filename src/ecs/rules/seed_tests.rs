use super::*;
use crate::compose::model::{Service, Storage};
use crate::diagnostic::Severity;
use crate::ecs::testing::{at, loud, run, service, task, volume_mount};

fn seeding() -> Service {
    let mut web = service("web", "acme/web");
    web.extension.seed = Some(at(true));
    web.mounts = vec![volume_mount("a", "/a b"), volume_mount("read", "/read")];
    web.mounts[1].value.read_only = true;
    web
}

#[test]
fn a_container_of_the_same_image_fills_new_volumes_first() {
    let done = run(vec![seeding()]);
    assert_eq!(loud(&done.diagnostics), []);
    let [web, seed] = &task(&done, "web").container_definitions[..] else {
        panic!("two containers")
    };
    assert_eq!(
        (web.depends_on[0].container_name.as_str(), web.depends_on[0].condition.as_str()),
        ("web-decklift-seed", "SUCCESS")
    );
    assert_eq!(
        (seed.name.as_str(), &seed.image, seed.essential),
        ("web-decklift-seed", &web.image, false)
    );
    let points: Vec<_> =
        seed.mount_points.iter().map(|p| (&*p.source_volume, &*p.container_path)).collect();
    assert_eq!(points, [("a", "/.decklift-seed/0")]);
    assert!(crate::ecs::validate(&done.desired).is_empty());
}

#[test]
fn without_a_shell_nothing_is_seeded() {
    let said = |image: &str| {
        let mut web = service("web", image);
        web.extension.seed = Some(at(true));
        web.mounts = vec![volume_mount("a", "/a")];
        let mut said = loud(&run(vec![web]).diagnostics);
        said.retain(|(_, code)| *code == Code::Refused);
        said
    };
    for image in
        ["gcr.io/distroless/static-debian12:nonroot", "traefik/whoami", "hello-world:latest"]
    {
        assert_eq!(said(image), [(Severity::Error, Code::Refused)], "{image}");
    }
    for image in ["gcr.io/distroless/static-debian12:debug-nonroot", "acme/web", "debian:13"] {
        assert_eq!(said(image), [], "{image}");
    }
}

/// What the script does in a real shell.
#[test]
fn the_script_copies_once_and_begins_anew_after_it_was_cut_short() {
    let folder = tempfile::tempdir().expect("a folder");
    let top = folder.path().to_str().expect("text");
    std::fs::create_dir_all(format!("{top}/a b/sub")).expect("a folder");
    std::fs::create_dir_all(format!("{top}/.decklift-seed/0")).expect("a folder");
    std::fs::write(format!("{top}/a b/sub/f"), "new").expect("a file");
    let done = run(vec![seeding()]);
    let seed = &task(&done, "web").container_definitions[1];
    let script = seed.command.as_ref().expect("a script")[0]
        .replace("/.decklift-seed/", "$TOP/.decklift-seed/");
    let script = script.replace("'/a b'", "\"$TOP/a b\"");
    let fill = || {
        let mut command = std::process::Command::new("sh");
        let status = command.args(["-c", &script]).env("TOP", top).status().expect("a shell");
        assert!(status.success());
    };
    let file = format!("{top}/.decklift-seed/0/sub/f");
    let mark = format!("{top}/.decklift-seed/0/{MARK}");
    let read = || std::fs::read_to_string(&file).expect("a copy");
    fill();
    assert_eq!((read().as_str(), std::path::Path::new(&mark).exists()), ("new", false));
    std::fs::write(&file, "changed").expect("a file");
    fill();
    assert_eq!(read(), "changed");
    std::fs::write(&mark, "").expect("a mark");
    fill();
    assert_eq!((read().as_str(), std::path::Path::new(&mark).exists()), ("new", false));
}

#[test]
fn only_new_volumes_on_efs_are_filled() {
    let mut web = seeding();
    web.mounts[0].value.storage = Some(at(Storage::Ephemeral));
    let done = run(vec![web]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
    assert_eq!(task(&done, "web").container_definitions.len(), 1);
}
