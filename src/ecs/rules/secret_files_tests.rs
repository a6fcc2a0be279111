use std::process::Command;

use super::*;
use crate::ecs::desired::{Attribute, Body, Kind, ResourceId};
use crate::ecs::testing::{
    built, container, env, facts, has, loud, object, policy, project, reference, resource, service,
    task,
};
use crate::ecs::{Translation, translate, validate};

fn run(attributes: &[(&'static str, &str)]) -> Translation {
    let mut web = built("web");
    env(&mut web, "MODE", "shop");
    web.written.secrets.push(reference("db", attributes));
    let mut project = project(vec![web]);
    project.secrets.insert("db".to_owned(), object(&[("file", "/app/db.txt")]));
    let done = translate(&project, None, &facts());
    assert_eq!((loud(&done.diagnostics), validate(&done.desired)), (vec![], vec![]));
    done
}

#[test]
fn a_container_writes_them_before_the_service_starts() {
    let done = run(&[("uid", "103"), ("mode", "0440")]);
    let task = task(&done, "web");
    let [web, writer] = task.container_definitions.as_slice() else { panic!("{task:?}") };
    assert_eq!(web.mount_points[0].container_path, "/run/secrets");
    assert!(web.mount_points[0].read_only && web.secrets.is_empty());
    assert_eq!(web.depends_on[0].container_name, "web-decklift-secrets");
    assert_eq!(web.depends_on[0].condition, "SUCCESS");
    assert_eq!(writer.name, "web-decklift-secrets");
    assert!(!writer.essential && !writer.mount_points[0].read_only);
    assert_eq!(writer.user.as_deref(), Some("0"));
    assert_eq!(writer.secrets[0].name, "SECRET_0");
    assert!(writer.environment.is_empty());
    let script = &writer.command.as_ref().expect("a script")[0];
    assert!(script.ends_with("put \"$SECRET_0\" '/run/secrets/db' 103:0 0440\n"), "{script}");
    assert_eq!(task.volumes[0].host, Some(HostVolume { source_path: None }));
}

#[test]
fn its_image_stands_in_the_project_s_registry() {
    let done = run(&[]);
    let id = ResourceId::new(Kind::Image, "@busybox");
    let writer = &task(&done, "web").container_definitions[1];
    assert_eq!(writer.image, Value::From(id, Attribute::Uri));
    let Body::Image(image) = &resource(&done, Kind::Image, "@busybox").body else {
        panic!("no image")
    };
    assert_eq!(image.repository_name, "shop/decklift/busybox");
    assert_eq!(image.base.as_deref(), Some("public.ecr.aws/docker/library/busybox:1.37.0"));
    assert!(has(&done, Kind::Repository, "@busybox"));
    let Body::Role(role) = &resource(&done, Kind::Role, "web").body else { panic!("no role") };
    let arn = "arn:aws:ecr:eu-west-1:123456789012:repository/shop/decklift/busybox";
    assert!(policy(role).contains(arn));
}

#[test]
fn a_place_elsewhere_is_a_link_in_the_image() {
    let done = run(&[("target", "/etc/app/db")]);
    let path = "/run/secrets/.decklift/";
    let Body::Image(image) = &resource(&done, Kind::Image, "web").body else { panic!("no image") };
    let [asset] = image.assets.as_slice() else { panic!("{image:?}") };
    assert_eq!(asset.target, "/etc/app/db");
    assert!(format!("{:?}", asset.source).contains(path));
    let script = &task(&done, "web").container_definitions[1].command.as_ref().expect("one")[0];
    assert!(script.contains(&format!("'{path}")), "{script}");
    assert_eq!(container(&done, "web").mount_points[0].container_path, "/run/secrets");
}

#[test]
fn services_of_one_task_have_their_own() {
    let (mut web, mut side) = (built("web"), service("side", "acme/side"));
    for one in [&mut web, &mut side] {
        one.written.secrets.push(reference("db", &[]));
        one.extension.task = Some(crate::ecs::testing::at("both".to_owned()));
    }
    let mut project = project(vec![web, side]);
    project.secrets.insert("db".to_owned(), object(&[("environment", "DB")]));
    let done = translate(&project, None, &facts());
    assert_eq!((loud(&done.diagnostics), validate(&done.desired)), (vec![], vec![]));
    let names: Vec<_> =
        task(&done, "web").container_definitions.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["web", "side", "web-decklift-secrets", "side-decklift-secrets"]);
    assert_eq!(task(&done, "web").volumes.len(), 2);
}

/// The script is run by a shell, on files below a folder.
#[test]
fn the_script_writes_every_byte_and_says_nothing() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let folder = tempfile::tempdir().expect("a folder");
    let owner = folder.path().metadata().expect("an owner");
    let values = [
        (
            "plain",
            "two\nlines and 'quotes' $HOME `id` %s\\n\n",
            &b"two\nlines and 'quotes' $HOME `id` %s\\n\n"[..],
            0o440,
        ),
        ("sub/it's", "decklift:base64:AP8KAA==", b"\x00\xff\n\x00", 0o400),
        ("empty", "decklift:base64:", b"", 0o444),
        ("dash", "-n", b"-n", 0o644),
    ];
    let files: Vec<_> = values
        .iter()
        .map(|(name, _, _, mode)| SecretFile {
            path: folder.path().join(name).to_string_lossy().into_owned(),
            uid: owner.uid(),
            gid: owner.gid(),
            mode: *mode,
            value_from: Value::default(),
        })
        .collect();
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(script(&files));
    for (number, (_, value, _, _)) in values.iter().enumerate() {
        command.env(variable(number), value);
    }
    let output = command.output().expect("a shell");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    for (name, _, wanted, mode) in values {
        let path = folder.path().join(name);
        assert_eq!(std::fs::read(&path).expect("a file"), wanted, "{name}");
        let permissions = path.metadata().expect("a file").permissions();
        assert_eq!(permissions.mode() & 0o7777, mode, "{name}");
    }
}

#[test]
fn nothing_else_is_mounted_where_they_are() {
    use crate::compose::model::MountKind;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{mount, volume_mount};
    let said = |mounted: crate::source::Located<crate::compose::model::Mount>, reads: bool| {
        let mut web = built("web");
        web.mounts = vec![mounted];
        if reads {
            web.written.secrets.push(reference("db", &[]));
        }
        let mut project = project(vec![web]);
        project.secrets.insert("db".to_owned(), object(&[("file", "/app/db.txt")]));
        let done = translate(&project, None, &facts());
        let errors = done.diagnostics.iter().filter(|said| said.severity == Severity::Error);
        errors.map(|said| said.code).collect::<Vec<_>>()
    };
    let memory = |path| mount(MountKind::Tmpfs { size: None, options: Vec::new() }, path);
    for path in ["/run/secrets", "/run/secrets/more", "/var/run/secrets"] {
        assert_eq!(said(memory(path), true), [Code::Conflict], "{path}");
        assert_eq!(said(volume_mount("data", path), true), [Code::Conflict], "{path}");
        assert_eq!(said(memory(path), false), [], "{path}");
    }
    assert_eq!(said(memory("/run"), true), []);
    assert_eq!(said(memory("/run/secrets2"), true), []);
}
