use super::*;
use crate::compose::Project;
use crate::compose::model::MountKind;
use crate::diagnostic::Severity;
use crate::ecs::desired::{Attribute, Body, Kind, ResourceId, Value};
use crate::ecs::facts::PathFacts;
use crate::ecs::testing::{
    at, built, container, facts, loud, mount, object, policy, project, reference, resource,
    service, task, volume_mount,
};
use crate::ecs::{Translation, translate, validate};

fn with(service: Service, config: FileObject) -> Project {
    let mut project = project(vec![service]);
    project.configs.insert("app".to_owned(), config);
    project
}

fn taking(mut service: Service, attributes: &[(&'static str, &str)]) -> Service {
    service.written.configs.push(reference("app", attributes));
    service
}

fn image(done: &Translation) -> &crate::ecs::desired::Image {
    match &resource(done, Kind::Image, "web").body {
        Body::Image(image) => image,
        body => panic!("{body:?}"),
    }
}

#[test]
fn a_config_is_laid_over_the_image() {
    for (config, source) in [
        (object(&[("content", "a=b")]), AssetSource::Content { text: "a=b".to_owned() }),
        (object(&[("environment", "CONF")]), AssetSource::Variable("CONF".to_owned())),
        (object(&[("file", "/app/etc/a.conf")]), AssetSource::Path("etc/a.conf".to_owned())),
        (object(&[("file", "/etc/a.conf")]), AssetSource::Path("/etc/a.conf".to_owned())),
        (object(&[]), AssetSource::Content { text: String::new() }),
    ] {
        let web = taking(built("web"), &[]);
        let done = translate(&with(web, config), None, &facts());
        assert_eq!((loud(&done.diagnostics), validate(&done.desired)), (vec![], vec![]));
        let asset = Asset { mode: Some(0o444), ..Asset::of_root("/app".to_owned(), source, false) };
        assert_eq!(image(&done).assets, [asset]);
        assert_eq!(image(&done).base, None);
        assert_eq!(task(&done, "web").container_definitions.len(), 1);
    }
}

#[test]
fn an_image_that_was_not_built_is_pushed_with_it() {
    let web = taking(service("web", "nginx:1"), &[("target", "etc/app.conf"), ("mode", "0400")]);
    let done = translate(&with(web, object(&[("content", "x")])), None, &facts());
    assert_eq!((loud(&done.diagnostics), validate(&done.desired)), (vec![], vec![]));
    assert_eq!(image(&done).base.as_deref(), Some("nginx:1"));
    assert_eq!(image(&done).assets[0].target, "/etc/app.conf");
    assert_eq!(image(&done).assets[0].mode, Some(0o400));
    let id = ResourceId::new(Kind::Image, "web");
    assert_eq!(container(&done, "web").image, Value::From(id, Attribute::Uri));
    let Body::Role(role) = &resource(&done, Kind::Role, "web").body else { panic!("no role") };
    assert!(policy(role).contains("repository/shop/web"));
}

#[test]
fn one_that_was_made_elsewhere_is_refused() {
    let mut config = object(&[]);
    config.external = true;
    let done = translate(&with(taking(built("web"), &[]), config), None, &facts());
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::Refused)]);
}

#[test]
fn what_does_not_belong_into_an_image_is_warned_of() {
    let said = |settings: &[(&'static str, &str)], edit: fn(&mut PathFacts)| {
        let mut known = facts();
        let mut file = PathFacts::plain(PathKind::File);
        edit(&mut file);
        known.paths.insert("/app/app.conf".into(), file);
        let done = translate(&with(taking(built("web"), &[]), object(settings)), None, &known);
        loud(&done.diagnostics)
    };
    let warning = [(Severity::Warning, Code::LiteralCredential)];
    let file = [("file", "/app/app.conf")];
    assert_eq!(said(&file, |_| {}), []);
    assert_eq!(said(&file, |f| f.key = Some("./app.conf".to_owned())), warning);
    assert_eq!(said(&file, |f| f.ignored = Some("./app.conf".to_owned())), warning);
    assert_eq!(said(&[("file", "/app/server.key")], |_| {}), warning);
    assert_eq!(said(&[("content", "a: b")], |_| {}), []);
    assert_eq!(said(&[("content", "x\n-----BEGIN RSA PRIVATE KEY-----\n")], |_| {}), warning);
}

#[test]
fn a_text_is_not_printed() {
    let done = translate(
        &with(taking(built("web"), &[]), object(&[("content", "canary")])),
        None,
        &facts(),
    );
    let image = resource(&done, Kind::Image, "web");
    assert!(!format!("{image:?}").contains("canary"));
    assert!(!serde_json::to_string(&image.body).expect("JSON").contains("canary"));
}

#[test]
fn what_cannot_be_seen_is_refused() {
    for (target, is_seen) in [("/database.conf", true), ("/data/app.conf", false), ("/data", false)]
    {
        let mut web = taking(built("web"), &[("target", target)]);
        web.mounts.push(volume_mount("data", "/data/"));
        let done = translate(&with(web, object(&[("content", "x")])), None, &facts());
        let errors = done.diagnostics.iter().filter(|d| d.severity == Severity::Error);
        let codes: Vec<_> = errors.map(|d| (d.code, d.labels.len())).collect();
        assert_eq!(codes, if is_seen { vec![] } else { vec![(Code::Conflict, 1)] }, "{target}");
    }
    // Secrets are a volume, too.
    let mut web = taking(built("web"), &[("target", "/run/secrets/app.conf")]);
    web.written.secrets.push(reference("db", &[]));
    let mut project = with(web, object(&[("content", "x")]));
    project.secrets.insert("db".to_owned(), object(&[("environment", "DB")]));
    let done = translate(&project, None, &facts());
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::Conflict)]);
}

#[test]
fn one_place_has_one_file() {
    let mut web = taking(built("web"), &[("target", "/etc/app.conf")]);
    web.mounts.push(mount(MountKind::Bind("/app/app.conf".into()), "/etc/app.conf"));
    web.mounts[0].value.read_only = true;
    let done = translate(&with(web, object(&[("content", "x")])), None, &facts());
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::Conflict)]);
}

#[test]
fn with_it_nothing_is_pulled_from_elsewhere() {
    let mut web = service("web", "registry.example.com/web:1");
    let given = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:login-AbCdEf";
    web.extension.pull_credentials = Some(at(given.to_owned()));
    for (web, is_needed) in [(web.clone(), true), (taking(web, &[]), false)] {
        let done = translate(&with(web, object(&[("content", "x")])), None, &facts());
        assert_eq!(container(&done, "web").repository_credentials.is_some(), is_needed);
        let Body::Role(role) = &resource(&done, Kind::Role, "web").body else { panic!("no role") };
        assert_eq!(policy(role).contains("secret:login"), is_needed);
    }
}

#[test]
fn a_template_of_swarm_s_would_be_delivered_as_it_stands() {
    let config = object(&[("content", "{{.Node}}"), ("template_driver", "golang")]);
    let done = translate(&with(taking(built("web"), &[]), config), None, &facts());
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::Refused)]);
}
