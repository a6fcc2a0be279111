use super::*;
use crate::diagnostic::Severity;
use crate::ecs::desired::{Body, Gate, Kind, ResourceId};
use crate::ecs::facts::Facts;
use crate::ecs::testing::{at, container, facts, find, has, loud, project, resource, run, service};
use crate::ecs::{Translation, translate, validate};

fn logging(driver: &str, options: &[(&str, &str)]) -> Box<Located<Logging>> {
    Box::new(at(Logging {
        driver: (!driver.is_empty()).then(|| at(driver.to_owned())),
        options: options.iter().map(|(k, v)| ((*k).to_owned(), at((*v).to_owned()))).collect(),
        ..Logging::default()
    }))
}

fn web(driver: &str, options: &[(&str, &str)]) -> Service {
    Service { logging: Some(logging(driver, options)), ..service("web", "acme/web") }
}

fn done(driver: &str, options: &[(&str, &str)]) -> Translation {
    run(vec![web(driver, options)])
}

fn log(done: &Translation) -> LogConfiguration {
    container(done, "web").log_configuration.clone().expect("a log configuration")
}

fn document(done: &Translation) -> String {
    match &resource(done, Kind::Role, "web").body {
        Body::Role(role) => role.policy.as_ref().map_or("", |p| &p.policy_document).to_owned(),
        body => panic!("{body:?}"),
    }
}

#[test]
fn rotation_on_the_host_goes_to_cloudwatch_with_a_note() {
    for driver in ["json-file", "local", ""] {
        let done = done(driver, &[("max-size", "10m"), ("max-file", "3"), ("mode", "blocking")]);
        assert_eq!(loud(&done.diagnostics), [], "{driver}");
        let ignored = find(&done.diagnostics, Code::Ignored).expect("a note");
        assert!(ignored.message.contains("`max-size`, `max-file`"), "{ignored:?}");
        let log = log(&done);
        assert_eq!((&*log.log_driver, &*log.options["mode"]), ("awslogs", "blocking"));
        assert!(!log.options.contains_key("max-size"));
        assert!(has(&done, Kind::LogGroup, "web"));
    }
}

#[test]
fn awslogs_options_are_kept() {
    let done = done(
        "awslogs",
        &[
            ("awslogs-group", "/team/web"),
            ("awslogs-create-group", "true"),
            ("awslogs-region", "us-east-1"),
            ("awslogs-stream-prefix", "pre"),
            ("awslogs-multiline-pattern", "^INFO"),
            ("mode", "non-blocking"),
            ("max-buffer-size", "25m"),
        ],
    );
    assert_eq!(loud(&done.diagnostics), []);
    let log = log(&done);
    let options: Vec<_> = log.options.iter().collect();
    assert_eq!(
        options,
        [
            ("awslogs-create-group", "true"),
            ("awslogs-group", "/team/web"),
            ("awslogs-multiline-pattern", "^INFO"),
            ("awslogs-region", "us-east-1"),
            ("awslogs-stream-prefix", "pre"),
            ("max-buffer-size", "25m"),
            ("mode", "non-blocking"),
        ]
    );
    assert!(!has(&done, Kind::LogGroup, "web"), "it is not ours");
    let document = document(&done);
    let arn = "arn:aws:logs:us-east-1:123456789012:log-group:/team/web";
    assert!(document.contains(r#""logs:CreateLogGroup""#), "{document}");
    assert!(document.contains(&format!("{arn}:*")) && document.contains(&format!("{arn}\"")));
    assert_eq!(validate(&done.desired).len(), 0);
}

#[test]
fn a_group_is_made_only_when_it_is_ours() {
    let own = done("awslogs", &[("awslogs-group", "/decklift/shop/web")]);
    assert!(has(&own, Kind::LogGroup, "web"));
    assert!(!document(&own).contains("logs:CreateLogGroup"));
    let bare = done("awslogs", &[]);
    assert!(has(&bare, Kind::LogGroup, "web"));
    let other = done("awslogs", &[("awslogs-group", "/team/web")]);
    assert!(!has(&other, Kind::LogGroup, "web"));
    assert!(
        find(&other.diagnostics, Code::Approximated).expect("a note").message.contains("exist")
    );
    let waits = &resource(&other, Kind::Service, "web").waits;
    assert!(waits.iter().all(|(id, _)| id.kind != Kind::LogGroup), "{waits:?}");
}

#[test]
fn a_service_may_write_to_the_group_of_another() {
    let all = run(vec![
        web("awslogs", &[("awslogs-group", "/decklift/shop/api")]),
        service("api", "acme/api"),
    ]);
    let group = (ResourceId::new(Kind::LogGroup, "api"), Gate::Started);
    assert!(resource(&all, Kind::Service, "web").waits.contains(&group));
}

#[test]
fn a_group_elsewhere_is_made_by_the_driver() {
    let done = |region: &str| {
        let mut project = project(vec![web("awslogs", &[("awslogs-region", region)])]);
        project.extension.region = Some(at("eu-west-1".to_owned()));
        translate(&project, None, &facts())
    };
    let there = done("us-east-1");
    assert_eq!(loud(&there.diagnostics), [(Severity::Warning, Code::Approximated)]);
    assert_eq!(log(&there).options["awslogs-create-group"], "true");
    assert!(!has(&there, Kind::LogGroup, "web"));
    let here = done("eu-west-1");
    assert!(has(&here, Kind::LogGroup, "web"));
    assert!(!log(&here).options.contains_key("awslogs-create-group"));
}

#[test]
fn wrong_options_of_awslogs() {
    for (options, wanted) in [
        (vec![("tag", "x")], (Severity::Warning, Code::Ignored)),
        (vec![("mode", "fast")], (Severity::Error, Code::InvalidValue)),
        (vec![("max-buffer-size", "lots")], (Severity::Error, Code::InvalidValue)),
        (
            vec![("awslogs-datetime-format", "%Y"), ("awslogs-multiline-pattern", "x")],
            (Severity::Error, Code::Conflict),
        ),
    ] {
        assert_eq!(loud(&done("awslogs", &options).diagnostics), [wanted], "{options:?}");
    }
}

#[test]
fn none_keeps_nothing() {
    let done = done("none", &[]);
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(container(&done, "web").log_configuration, None);
    assert!(!has(&done, Kind::LogGroup, "web"));
}

#[test]
fn a_token_of_splunk_stands_in_a_secret() {
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:splunk-AbCdEf:token::";
    let done = done("splunk", &[("splunk-token", arn), ("splunk-url", "https://s:8088")]);
    assert_eq!(loud(&done.diagnostics), []);
    let log = log(&done);
    assert_eq!(log.secret_options[0].name, "splunk-token");
    assert_eq!(log.secret_options[0].value_from, arn);
    assert_eq!(log.options.keys().collect::<Vec<_>>(), ["splunk-url"]);
    let document = document(&done);
    let resource = r#""arn:aws:secretsmanager:eu-west-1:123456789012:secret:splunk-AbCdEf""#;
    assert!(document.contains(resource), "{document}");
    assert!(!document.contains("logs:"), "{document}");
    let parameter = "arn:aws:ssm:eu-west-1:123456789012:parameter/splunk";
    let done = self::done("splunk", &[("splunk-token", parameter), ("splunk-url", "https://s")]);
    assert!(self::document(&done).contains("ssm:GetParameters"));
    assert_eq!(validate(&done.desired).len(), 0);
}

#[test]
fn a_literal_token_is_warned_of_and_never_printed() {
    let done = done("splunk", &[("splunk-token", "hunter2"), ("splunk-url", "https://s:8088")]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::LiteralCredential)]);
    assert!(!format!("{:?}", done.diagnostics).contains("hunter2"));
}

#[test]
fn splunk_needs_token_and_address() {
    let missing = (Severity::Error, Code::MissingAttribute);
    assert_eq!(loud(&done("splunk", &[]).diagnostics), [missing, missing]);
}

#[test]
fn drivers_that_fargate_lacks() {
    for driver in ["fluentd", "gelf", "syslog", "journald", "loki", "etwlogs"] {
        let done = done(driver, &[]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::Refused)], "{driver}");
        let help = find(&done.diagnostics, Code::Refused).and_then(|d| d.help.clone());
        assert!(help.is_some_and(|help| help.contains("awsfirelens")));
    }
}

#[test]
fn a_region_that_the_file_does_not_name_changes_nothing() {
    for options in [
        vec![("awslogs-region", "us-east-1")],
        vec![("awslogs-region", "eu-west-1")],
        vec![("awslogs-region", "us-east-1"), ("awslogs-group", "mine")],
    ] {
        let project = project(vec![web("awslogs", &options)]);
        let offline = Facts { region: "${aws.region}".to_owned(), ..facts() };
        let [known, unknown] = [facts(), offline].map(|facts| translate(&project, None, &facts));
        assert_eq!(log(&known), log(&unknown), "{options:?}");
        assert_eq!(log(&known).options["awslogs-region"], options[0].1);
        assert_eq!(
            has(&known, Kind::LogGroup, "web"),
            has(&unknown, Kind::LogGroup, "web"),
            "{options:?}"
        );
        assert_eq!(known.diagnostics.len(), unknown.diagnostics.len(), "{options:?}");
    }
}
