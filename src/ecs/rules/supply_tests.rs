use super::*;
use crate::diagnostic::Severity;
use crate::ecs::desired::{Body, Kind};
use crate::ecs::testing::{
    at, container, env, facts, has, loud, object, policy, project, reference, resource, run,
    service, task,
};
use crate::ecs::{translate, validate};

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf";

fn fetching(pairs: &[(&str, &str)]) -> Service {
    let mut web = service("web", "acme/web");
    for (name, source) in pairs {
        web.extension.secret_env.insert((*name).to_owned(), at((*source).to_owned()));
    }
    web
}

#[test]
fn two_files_at_one_place_are_refused() {
    let both = |target: &str, config: Option<&str>| {
        let mut web = service("web", "acme/web:1");
        web.written.secrets = vec![reference("one", &[]), reference("two", &[("target", target)])];
        if let Some(target) = config {
            web.written.configs =
                ["c", "d"].map(|name| reference(name, &[("target", target)])).into();
        }
        let mut project = project(vec![web]);
        for name in ["one", "two"] {
            project.secrets.insert(name.to_owned(), object(&[("environment", "X")]));
        }
        for name in ["c", "d"] {
            project.configs.insert(name.to_owned(), object(&[("content", "x")]));
        }
        let done = translate(&project, None, &facts());
        let found = done.diagnostics.iter().filter(|d| d.code == Code::Conflict);
        found.map(|d| (d.severity, d.labels.len())).collect::<Vec<_>>()
    };
    assert_eq!(both("two", None), []);
    assert_eq!(both("one", None), [(Severity::Error, 2)]);
    assert_eq!(both("/run/secrets/one", None), [(Severity::Error, 2)]);
    assert_eq!(both("two", Some("/x")), [(Severity::Error, 2)]);
}

#[test]
fn variables_come_from_secrets_and_parameters() {
    let web = fetching(&[
        ("TOKEN", "/prod/token"),
        ("DB", "db"),
        ("KEY", &format!("{ARN}:key::")),
        ("OLD", "arn:aws:ssm:us-east-1:123456789012:parameter/old"),
    ]);
    let mut project = project(vec![web]);
    project.secrets.insert("db".to_owned(), object(&[("environment", "DB_PASSWORD")]));
    let done = translate(&project, None, &facts());
    assert_eq!((loud(&done.diagnostics), validate(&done.desired)), (vec![], vec![]));
    let pairs: Vec<_> = container(&done, "web")
        .secrets
        .iter()
        .map(|secret| (secret.name.as_str(), secret.value_from.to_string()))
        .collect();
    assert_eq!(
        pairs,
        [
            ("DB", "${secret/db/value-from}".to_owned()),
            ("KEY", format!("{ARN}:key::")),
            ("OLD", "arn:aws:ssm:us-east-1:123456789012:parameter/old".to_owned()),
            ("TOKEN", "/prod/token".to_owned()),
        ]
    );
    // Nothing has to be written into a file, or mirrored.
    assert_eq!(task(&done, "web").container_definitions.len(), 1);
    assert!(!has(&done, Kind::Image, "@busybox"));
    let Body::Role(role) = &resource(&done, Kind::Role, "web").body else { panic!("no role") };
    let document = policy(role);
    assert!(document.ends_with(concat!(
        r#"{"Action":["secretsmanager:GetSecretValue"],"Effect":"Allow","Resource":["#,
        r#""arn:aws:secretsmanager:eu-west-1:123456789012:secret:decklift/shop/db-??????","#,
        r#""arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf"]},"#,
        r#"{"Action":["ssm:GetParameters"],"Effect":"Allow","Resource":["#,
        r#""arn:aws:ssm:eu-west-1:123456789012:parameter/prod/token","#,
        r#""arn:aws:ssm:us-east-1:123456789012:parameter/old"]}],"Version":"2012-10-17"}"#,
    )));
    assert!(!document.contains("kms:") && !document.contains("s3:"));
}

#[test]
fn a_fetched_variable_goes_before_a_literal_one() {
    let mut web = fetching(&[("DB_PASSWORD", "/prod/db")]);
    env(&mut web, "DB_PASSWORD", "hunter2");
    env(&mut web, "MODE", "shop");
    let done = run(vec![web]);
    assert_eq!((loud(&done.diagnostics), validate(&done.desired)), (vec![], vec![]));
    let names: Vec<_> = container(&done, "web").environment.iter().map(|v| &v.name).collect();
    assert_eq!(names, ["MODE"]);
    assert!(!format!("{:?}{:?}", done.desired, done.diagnostics).contains("hunter2"));
    let note = done.diagnostics.iter().find(|d| d.code == Code::Ignored).expect("a note");
    assert_eq!((note.severity, note.labels.len()), (Severity::Note, 2));
}

#[test]
fn what_aws_has_no_place_for_is_refused() {
    for source in [
        "/prod/a b",
        "/",
        "arn:aws:s3:::bucket/key",
        "arn:aws:ssm:r:1:document/x",
        ARN.trim_end_matches("-AbCdEf"),
    ] {
        let done = run(vec![fetching(&[("X", source)])]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::InvalidValue)], "{source}");
    }
}

#[test]
fn files_of_variables_in_s3() {
    let mut web = service("web", "acme/web");
    let given = ["s3://conf/prod/web.env", "arn:aws:s3:::other/a.env"];
    web.extension.env_files_s3 = given.map(|file| at(file.to_owned())).to_vec();
    let done = run(vec![web]);
    assert_eq!((loud(&done.diagnostics), validate(&done.desired)), (vec![], vec![]));
    let container = serde_json::to_value(container(&done, "web")).expect("JSON");
    assert_eq!(
        container["environmentFiles"],
        serde_json::json!([
            {"value": "arn:aws:s3:::conf/prod/web.env", "type": "s3"},
            {"value": "arn:aws:s3:::other/a.env", "type": "s3"},
        ])
    );
    let Body::Role(role) = &resource(&done, Kind::Role, "web").body else { panic!("no role") };
    assert!(policy(role).ends_with(concat!(
        r#"{"Action":["s3:GetObject"],"Effect":"Allow","Resource":["#,
        r#""arn:aws:s3:::conf/prod/web.env","arn:aws:s3:::other/a.env"]},"#,
        r#"{"Action":["s3:GetBucketLocation"],"Effect":"Allow","Resource":["#,
        r#""arn:aws:s3:::conf","arn:aws:s3:::other"]}],"Version":"2012-10-17"}"#,
    )));
}

#[test]
fn other_files_of_variables_are_refused() {
    for file in
        ["web.env", "s3://conf/web.txt", "s3:///web.env", "s3://conf", "arn:a:b:s3:::c/d.env"]
    {
        let mut web = service("web", "acme/web");
        web.extension.env_files_s3.push(at(file.to_owned()));
        let done = run(vec![web]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::InvalidValue)], "{file}");
    }
}

#[test]
fn no_file_stands_below_another() {
    for (target, said) in
        [("/etc/app/x.conf", vec![(Severity::Error, Code::Conflict)]), ("/etc/app.conf", vec![])]
    {
        let mut web = service("web", "acme/web:1");
        web.written.configs.push(reference("c", &[("target", "/etc/app")]));
        web.written.configs.push(reference("d", &[("target", target)]));
        let mut project = project(vec![web]);
        for name in ["c", "d"] {
            project.configs.insert(name.to_owned(), object(&[("content", "x")]));
        }
        assert_eq!(loud(&translate(&project, None, &facts()).diagnostics), said, "{target}");
    }
}
