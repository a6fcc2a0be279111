use super::*;
use crate::compose::model::Logging;
use crate::diagnostic::Severity;
use crate::ecs::desired::{Body, Kind};
use crate::ecs::testing::{at, has, loud, resource, run, service, task};
use crate::ecs::{Translation, validate};

fn sender(options: &[(&str, &str)]) -> Service {
    let logging = Logging {
        driver: Some(at("awsfirelens".to_owned())),
        options: options.iter().map(|(k, v)| ((*k).to_owned(), at((*v).to_owned()))).collect(),
        ..Logging::default()
    };
    Service { logging: Some(Box::new(at(logging))), ..service("web", "acme/web") }
}

fn names(done: &Translation) -> Vec<&str> {
    task(done, "web").container_definitions.iter().map(|c| c.name.as_str()).collect()
}

fn document(done: &Translation) -> String {
    match &resource(done, Kind::Role, "web").body {
        Body::Role(role) => role.policy.as_ref().map_or("", |p| &p.policy_document).to_owned(),
        body => panic!("{body:?}"),
    }
}

#[test]
fn a_router_stands_beside_the_application() {
    let done = run(vec![sender(&[("Name", "datadog"), ("Host", "x.com")])]);
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(names(&done), ["web", "log_router"]);
    let [web, router] = task(&done, "web").container_definitions.as_slice() else { panic!() };
    let log = web.log_configuration.as_ref().expect("a log");
    assert_eq!((&*log.log_driver, &*log.options["Host"]), ("awsfirelens", "x.com"));
    assert!(router.essential);
    assert_eq!(router.image.to_string(), IMAGE);
    let firelens = router.firelens_configuration.as_ref().expect("a configuration");
    assert_eq!(firelens.kind, "fluentbit");
    let own = router.log_configuration.as_ref().expect("a log");
    assert_eq!(own.options["awslogs-group"], "firelens-container");
    assert_eq!(own.options["awslogs-stream-prefix"], "firelens");
    assert_eq!(own.options["awslogs-create-group"], "true");
    assert!(!has(&done, Kind::LogGroup, "web"), "nothing of web goes to CloudWatch");
    let document = document(&done);
    assert!(document.contains("logs:CreateLogGroup") && document.contains(":firelens-container:*"));
    assert_eq!(validate(&done.desired).len(), 0);
}

#[test]
fn a_router_without_an_output_is_warned_of() {
    let lost = [(Severity::Warning, Code::Approximated)];
    assert_eq!(loud(&run(vec![sender(&[])]).diagnostics), lost);
    assert_eq!(loud(&run(vec![sender(&[("mode", "non-blocking")])]).diagnostics), lost);
    let mut own = sender(&[]);
    let image = Some(at("acme/router:1".to_owned()));
    own.extension.log_router = Some(at(LogRouter { image, ..LogRouter::default() }));
    assert_eq!(loud(&run(vec![own]).diagnostics), []);
    let mut configured = sender(&[]);
    let file = [("config-file-value".to_owned(), at("/x.conf".to_owned()))];
    let router = LogRouter { options: file.into_iter().collect(), ..LogRouter::default() };
    configured.extension.log_router = Some(at(router));
    assert_eq!(loud(&run(vec![configured]).diagnostics), []);
}

#[test]
fn a_service_of_the_task_may_be_the_router() {
    for (image, kind) in [
        ("fluent/fluent-bit:3", "fluentbit"),
        ("public.ecr.aws/aws-observability/aws-for-fluent-bit", "fluentbit"),
        (
            concat!(
                "fluent/fluentd@sha256:",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
            ),
            "fluentd",
        ),
    ] {
        let mut router = service("router", image);
        router.extension.task = Some(at("web".to_owned()));
        let mut web = sender(&[]);
        web.extension.task = Some(at("web".to_owned()));
        let done = run(vec![web, router]);
        assert_eq!(loud(&done.diagnostics), []);
        assert_eq!(names(&done), ["web", "router"]);
        let container = &task(&done, "web").container_definitions[1];
        let found = container.firelens_configuration.as_ref().expect("a configuration");
        assert_eq!(found.kind, kind);
        assert_eq!(container.user.as_deref(), Some("0"));
        assert!(!document(&done).contains("firelens-container"));
        assert_eq!(validate(&done.desired).len(), 0);
    }
    // In a task of its own it is out of reach.
    let done = run(vec![sender(&[]), service("router", "fluent/fluent-bit")]);
    assert_eq!(names(&done), ["web", "log_router"]);
}

#[test]
fn the_router_is_what_the_file_says() {
    let mut web = sender(&[]);
    web.extension.log_router = Some(at(LogRouter {
        image: Some(at("123456789012.dkr.ecr.eu-west-1.amazonaws.com/router:1".to_owned())),
        kind: Some(at(RouterKind::Fluentd)),
        options: [("enable-ecs-log-metadata".to_owned(), at("true".to_owned()))].into(),
    }));
    let done = run(vec![web.clone()]);
    let router = &task(&done, "web").container_definitions[1];
    let firelens = router.firelens_configuration.as_ref().expect("a configuration");
    assert_eq!(
        (&*firelens.kind, &*firelens.options["enable-ecs-log-metadata"]),
        ("fluentd", "true")
    );
    assert!(document(&done).contains("repository/router"), "it may be pulled");
    let from_s3 = [("config-file-type".to_owned(), at("s3".to_owned()))].into();
    web.extension.log_router = Some(at(LogRouter { options: from_s3, ..LogRouter::default() }));
    assert_eq!(loud(&run(vec![web]).diagnostics), [(Severity::Error, Code::Refused)]);
}

#[test]
fn a_router_that_nobody_sends_to_is_none() {
    let mut web = service("web", "acme/web");
    web.extension.log_router = Some(at(LogRouter::default()));
    let done = run(vec![web]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
    assert_eq!(names(&done), ["web"]);
}

#[test]
fn outputs_of_aws_need_the_task_role() {
    for (key, output) in [
        ("Name", "firehose"),
        ("@type", "cloudwatch_logs"),
        ("@type", "kinesis_streams_aggregated"),
    ] {
        let mut web = sender(&[(key, output), ("delivery_stream", "x")]);
        let done = run(vec![web.clone()]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
        let message = format!("the log router of web may not write to `{output}`");
        assert!(done.diagnostics.iter().any(|said| said.message == message), "{output}");
        web.extension.role = Some(at("app".to_owned()));
        assert_eq!(loud(&run(vec![web]).diagnostics), []);
    }
}

#[test]
fn a_literal_credential_is_warned_of() {
    let done = run(vec![sender(&[("Name", "datadog"), ("apikey", "hunter2")])]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::LiteralCredential)]);
}

#[test]
fn a_task_with_limits_has_room_for_its_router() {
    let mut web = sender(&[]);
    web.mem_limit = Some(at(512 * 1024 * 1024));
    let done = run(vec![web]);
    assert_eq!(task(&done, "web").memory, "1024");
}
