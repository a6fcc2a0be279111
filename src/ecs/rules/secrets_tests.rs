use super::*;
use crate::compose::Project;
use crate::diagnostic::Severity;
use crate::ecs::testing::{
    at, facts, has, loud, object, policy, project, reference, resource, service, task,
};
use crate::ecs::{Translation, translate, validate};

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf";

/// The service `web` with one secret as a file.
fn with(name: &str, secret: FileObject) -> Project {
    let mut web = service("web", "acme/web");
    web.written.secrets.push(reference(name, &[]));
    let mut project = project(vec![web]);
    project.secrets.insert(name.to_owned(), secret);
    project
}

fn run(project: &Project) -> Translation {
    let done = translate(project, None, &facts());
    assert!(done.diagnostics.has_errors() || validate(&done.desired).is_empty());
    done
}

/// What ECS fetches for the service's one file, and the resource of the grant.
fn fetches(done: &Translation) -> (String, String) {
    let writer = &task(done, "web").container_definitions[1];
    let Body::Role(role) = &resource(done, Kind::Role, "web").body else { panic!("no role") };
    let policy: serde_json::Value = serde_json::from_str(policy(role)).expect("JSON");
    let statements = policy["Statement"].as_array().expect("statements");
    let actions = ["secretsmanager:GetSecretValue", "ssm:GetParameters"];
    let mut grants = statements.iter().filter(|s| actions.iter().any(|a| s["Action"][0] == **a));
    let grant = grants.next().expect("a grant")["Resource"].as_str().expect("one").to_owned();
    assert!(grants.next().is_none());
    (writer.secrets[0].value_from.to_string(), grant)
}

#[test]
fn a_secret_of_the_project_is_made_without_its_value() {
    let mut secret = object(&[("file", "/app/db.txt")]);
    secret.name = Some("other".to_owned());
    let labels = [("team", "shop"), ("aws:x", "y"), ("decklift:x", "y")];
    let labels = labels.map(|(k, v)| (k.to_owned(), Setting::Text(v.to_owned())));
    let labels = Setting::Map(Box::new(labels.into_iter().collect()));
    secret.settings.attributes.insert("labels", labels);
    let done = run(&with("db", secret));
    let made = resource(&done, Kind::Secret, "db");
    let requests = made.requests();
    assert_eq!((requests[0].service, requests[0].operation), ("secretsmanager", "create-secret"));
    assert_eq!(
        requests[0].body,
        serde_json::json!({
            "Name": "decklift/shop/db",
            "Description": "The secret db of shop",
            "Tags": [
                {"Key": "decklift:environment", "Value": "default"},
                {"Key": "decklift:project", "Value": "shop"},
                {"Key": "decklift:resource", "Value": "secret/db"},
                {"Key": "team", "Value": "shop"},
            ],
        })
    );
    let (value, grant) = fetches(&done);
    assert_eq!(value, "${secret/db/value-from}");
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:decklift/shop/db-??????";
    assert_eq!(grant, arn);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored); 2]);
}

#[test]
fn names_do_not_look_as_if_they_had_the_suffix() {
    let done = run(&with("db-secret", object(&[("environment", "X")])));
    let Body::Secret(secret) = &resource(&done, Kind::Secret, "db-secret").body else {
        panic!("no secret")
    };
    assert!(secret.name.starts_with("decklift/shop/db-secret-") && !has_suffix(&secret.name));
    assert!(has_suffix("a-secret") && !has_suffix("a-secrets") && !has_suffix("secret"));
    assert!(!has_suffix("größe-ßßßßßß"));
}

#[test]
fn a_secret_that_exists_is_used_as_it_is() {
    let mut secret = object(&[]);
    (secret.external, secret.name) = (true, Some(ARN.to_owned()));
    let done = run(&with("db", secret.clone()));
    assert_eq!(fetches(&done), (ARN.to_owned(), ARN.to_owned()));
    assert!(!has(&done, Kind::Secret, "db"));
    secret.extension.key = Some(at("password".to_owned()));
    assert_eq!(fetches(&run(&with("db", secret.clone()))).0, format!("{ARN}:password::"));
    secret.name = Some("prod/db".to_owned());
    let (value, grant) = fetches(&run(&with("db", secret.clone())));
    assert_eq!(value, "${secret.prod/db.arn}:password::");
    assert_eq!(grant, "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-??????");
    (secret.name, secret.extension.key) = (None, None);
    assert_eq!(fetches(&run(&with("db", secret))).0, "${secret.db.arn}");
}

#[test]
fn an_arn_goes_before_the_file_at_home() {
    let mut secret = object(&[("file", "/app/db.txt")]);
    let parameter = "arn:aws:ssm:eu-west-1:123456789012:parameter/prod/db";
    for arn in [ARN, parameter] {
        secret.extension.arn = Some(at(arn.to_owned()));
        let done = run(&with("db", secret.clone()));
        assert_eq!(fetches(&done), (arn.to_owned(), arn.to_owned()));
        assert!(!has(&done, Kind::Secret, "db") && loud(&done.diagnostics).is_empty());
    }
}

#[test]
fn what_is_no_secret_is_refused() {
    let exists = |arn: &str, key: Option<&str>| {
        let mut secret = object(&[("file", "/app/x")]);
        secret.extension.arn = Some(at(arn.to_owned()));
        secret.extension.key = key.map(|key| at(key.to_owned()));
        secret
    };
    let mut no_arn = object(&[("file", "/app/x")]);
    no_arn.extension.key = Some(at("password".to_owned()));
    let mut no_name = object(&[]);
    (no_name.external, no_name.name) = (true, Some("a b".to_owned()));
    for secret in [
        exists(&ARN[..ARN.len() - 7], None),
        exists("prod/db", None),
        exists("/prod/db", None),
        exists(&format!("{ARN}:password"), None),
        exists(&format!("{ARN}:password::"), Some("user")),
        exists(ARN, Some("a:b")),
        exists("arn:aws:ssm:eu-west-1:123456789012:parameter/db", Some("user")),
        exists("arn:aws:s3:::bucket/key", None),
        no_arn,
        no_name,
    ] {
        let done = run(&with("db", secret.clone()));
        let wanted = [(Severity::Error, Code::InvalidValue)];
        assert_eq!(loud(&done.diagnostics), wanted, "{secret:?}");
    }
}

#[test]
fn what_swarm_s_plugins_and_templates_would_make_is_no_value() {
    for (key, said) in [
        ("driver", (Severity::Error, Code::Refused)),
        ("template_driver", (Severity::Error, Code::Refused)),
        ("driver_opts", (Severity::Warning, Code::Ignored)),
    ] {
        let done = run(&with("db", object(&[("file", "/x"), (key, "golang")])));
        assert_eq!(loud(&done.diagnostics), [said], "{key}");
    }
}

#[test]
fn a_secret_of_a_build_alone_never_leaves() {
    let mut project = project(vec![service("web", "acme/web")]);
    project.services["web"].written.build_secrets.push(reference("npm", &[]));
    project.secrets.insert("npm".to_owned(), object(&[("file", "/app/npmrc")]));
    assert!(!has(&run(&project), Kind::Secret, "npm"));
}
