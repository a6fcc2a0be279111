//! `driver: awsfirelens`: the log router, a further container of the task.
//!
//! ECS developer guide, "Send Amazon ECS logs to an AWS service or AWS Partner": the image, the
//! container's name, and that it is essential and logs through `awslogs`.

use std::collections::BTreeMap;

use super::agreed::agreed;
use super::logging::{Driver, Place, driver};
use crate::compose::is_implied;
use crate::compose::model::{Dependency, LogRouter, RouterKind, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{ContainerDefinition, FirelensConfiguration, LogConfiguration, Value};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// AWS's build of Fluent Bit, in the public gallery (github.com/aws/aws-for-fluent-bit, "Public
/// Images": `stable` is the tag that AWS recommends).
const IMAGE: &str = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable";

/// What the router needs, MiB. The guide reserves 50.
pub(crate) const MEMORY: u64 = 64;

/// The router's name where no service has it.
const NAME: &str = "log_router";

/// Outputs of the router that call AWS with the task role, and what they need there (Service
/// Authorization Reference): of Fluent Bit's, and of the plugins of Fluentd's (fluent-plugin-cloudwatch-logs,
/// fluent-plugin-kinesis, fluent-plugin-s3, fluent-plugin-aws-elasticsearch-service).
const TO_AWS: [(&str, &str); 11] = [
    ("aws-elasticsearch-service", "`es:ESHttp*` on the domain"),
    ("cloudwatch", TO_LOGS),
    ("cloudwatch_logs", TO_LOGS),
    ("es", "`es:ESHttp*` on the domain"),
    ("firehose", TO_FIREHOSE),
    ("kinesis", TO_STREAM),
    ("kinesis_firehose", TO_FIREHOSE),
    ("kinesis_streams", TO_STREAM),
    ("kinesis_streams_aggregated", TO_STREAM),
    ("opensearch", "`es:ESHttp*` on the domain"),
    ("s3", "`s3:PutObject` on the bucket's objects"),
];
const TO_LOGS: &str = "`logs:CreateLogGroup`, `logs:CreateLogStream`, `logs:DescribeLogStreams` and \
    `logs:PutLogEvents` on the log group";
const TO_FIREHOSE: &str = "`firehose:PutRecordBatch` on the delivery stream";
const TO_STREAM: &str = "`kinesis:PutRecords` on the stream";

/// The log router of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Router<'a> {
    /// This service of the task.
    Member(&'a str, RouterKind),
    /// A container that decklift adds.
    Sidecar,
}

/// Who routes the logs of a unit; nothing where nobody sends any.
pub(crate) fn router<'a>(unit: &Unit<'a>) -> Option<Router<'a>> {
    let services = || unit.members.iter().map(|member| member.service);
    services().find(|service| driver(service) == Driver::Firelens)?;
    let mut routers = services()
        .filter_map(|service| Some(Router::Member(service.name.value.as_str(), kind_of(service)?)));
    Some(routers.next().unwrap_or(Router::Sidecar))
}

/// Whether a service is a log router, by its image.
fn kind_of(service: &Service) -> Option<RouterKind> {
    if driver(service) == Driver::Firelens {
        return None;
    }
    let image = &service.image.as_ref()?.value;
    let name = image.rsplit('/').next()?.split(['@', ':']).next()?;
    match name {
        "aws-for-fluent-bit" | "fluent-bit" => Some(RouterKind::FluentBit),
        "fluentd" => Some(RouterKind::Fluentd),
        _ => None,
    }
}

/// Whether a dependency between two members is left out, since one of them is the log router of the
/// other: ECS starts it first and stops it last, unless a task definition says otherwise (ECS developer
/// guide, "Send Amazon ECS logs to an AWS service or AWS Partner", considerations).
pub(crate) fn goes_before(
    unit: &Unit<'_>,
    (member, other): (&Member<'_>, &Member<'_>),
    dependency: &Located<Dependency>,
    out: &mut Output,
) -> bool {
    let Some(Router::Member(router, _)) = router(unit) else { return false };
    let is_between = [member.name(), other.name()].contains(&router);
    if is_between && is_implied(member.service, other.name(), dependency) {
        return true;
    }
    // Whoever waits for the router starts after it, as it should.
    if member.name() != router || driver(other.service) != Driver::Firelens {
        return false;
    }
    let message = format!("{router} starts before {}, whose log it routes", other.name());
    out.say(
        Diagnostic::warning(Code::Approximated, message)
            .at(dependency.span, "left out")
            .help("take the dependency away, or let the log go elsewhere: `logging`")
            .service(router),
    );
    true
}

/// Where the router's own output goes (ECS developer guide, the example task definitions).
pub(crate) fn own_place(cx: &Context<'_>) -> Place {
    Place {
        group: "firelens-container".to_owned(),
        region: cx.facts.region.clone(),
        prefix: "firelens".to_owned(),
        creates: true,
        is_own: false,
    }
}

/// The image of the router that decklift adds.
pub(crate) fn image<'a>(unit: &Unit<'a>) -> &'a str {
    let given = unit.members.iter().find_map(|member| member.service.extension.log_router.as_ref());
    given.and_then(|router| router.value.image.as_ref()).map_or(IMAGE, |image| &image.value)
}

/// Makes a container of the task its log router, or adds one.
pub(crate) fn add(
    cx: &Context<'_>,
    unit: &Unit<'_>,
    containers: &mut Vec<ContainerDefinition>,
    out: &mut Output,
) {
    let read = |x: &'_ crate::compose::model::ServiceExtension| x.log_router.is_some();
    let given = agreed(unit, "log_router", |x| x.log_router.as_ref(), same, out);
    let Some(router) = router(unit) else {
        if let Some(member) = unit.members.iter().find(|m| read(&m.service.extension))
            && let Some(given) = given
        {
            out.say(
                Diagnostic::warning(Code::Ignored, "no service of the task sends to a log router")
                    .at(given.span, "")
                    .help("write `logging: {driver: awsfirelens}` at those that should")
                    .service(member.name()),
            );
        }
        return;
    };
    let given = given.map(|given| given.value.clone()).unwrap_or_default();
    let LogRouter { image: own_image, kind, options } = given;
    let fluent_bit = match router {
        Router::Member(_, kind) => kind,
        Router::Sidecar => RouterKind::FluentBit,
    };
    let kind = match kind.map_or(fluent_bit, |kind| kind.value) {
        RouterKind::FluentBit => "fluentbit",
        RouterKind::Fluentd => "fluentd",
    };
    let from_s3 = options.get("config-file-type").filter(|value| value.value == "s3");
    if let Some(value) = from_s3 {
        out.say(
            Diagnostic::error(Code::Refused, "on Fargate a log router reads no file from S3")
                .at(value.span, "")
                .help("build the file into an image, and write `config-file-type: file`")
                .service(unit.name()),
        );
    }
    let options = options.into_iter().map(|(key, value)| (key, value.value)).collect();
    let configuration = FirelensConfiguration { kind: kind.to_owned(), options };
    needs_role(unit, out);
    if router == Router::Sidecar && own_image.is_none() && configuration.options.is_empty() {
        without_output(unit, out);
    }
    match router {
        Router::Member(name, _) => {
            if let Some(image) = own_image {
                out.say(
                    Diagnostic::warning(
                        Code::Ignored,
                        format!("{name} routes the logs of its task"),
                    )
                    .at(image.span, "no further router is added")
                    .help(format!("take {name} out of the task, or this image away"))
                    .service(unit.name()),
                );
            }
            let index = unit.members.iter().position(|member| member.name() == name);
            if let Some(container) = index.and_then(|index| containers.get_mut(index)) {
                container.firelens_configuration = Some(configuration);
                // ECS itself runs a router as root, and says so when it is asked.
                container.user.get_or_insert_with(|| "0".to_owned());
            }
        }
        Router::Sidecar => containers.push(sidecar(cx, unit, containers, configuration)),
    }
}

fn sidecar(
    cx: &Context<'_>,
    unit: &Unit<'_>,
    others: &[ContainerDefinition],
    configuration: FirelensConfiguration,
) -> ContainerDefinition {
    let mut name = NAME.to_owned();
    while others.iter().any(|container| container.name == name) {
        name.push('_');
    }
    let Place { group, region, prefix, .. } = own_place(cx);
    let options = [
        ("awslogs-create-group", "true".to_owned()),
        ("awslogs-group", group),
        ("awslogs-region", region),
        ("awslogs-stream-prefix", prefix),
    ];
    ContainerDefinition {
        name,
        image: Value::from(image(unit)),
        essential: true,
        user: Some("0".to_owned()),
        log_configuration: Some(LogConfiguration {
            log_driver: "awslogs".to_owned(),
            options: options.into_iter().collect(),
            secret_options: Vec::new(),
        }),
        firelens_configuration: Some(configuration),
        ..ContainerDefinition::default()
    }
}

/// Options of `awsfirelens` that say how logs get to the router, and not where it sends them (ECS API
/// reference, `LogConfiguration.options`).
const ON_THE_WAY: [&str; 3] = ["log-driver-buffer-limit", "max-buffer-size", "mode"];

/// ECS makes the router's outputs of the options of those that send to it (ECS developer guide, "Example
/// Amazon ECS task definition: Route logs to FireLens"): without one, and without a configuration
/// of its own, it throws away what it gets.
fn without_output(unit: &Unit<'_>, out: &mut Output) {
    for service in unit.members.iter().map(|member| member.service) {
        let Some(logging) =
            service.logging.as_ref().filter(|_| driver(service) == Driver::Firelens)
        else {
            continue;
        };
        let mut options = logging.value.options.keys();
        if options.any(|key| !ON_THE_WAY.contains(&key.as_str())) {
            continue;
        }
        let name = &service.name.value;
        let place = logging.value.driver.as_ref().map_or(logging.span, |driver| driver.span);
        let help = "name the destination under `options`, such as `Name: cloudwatch_logs`, or give the \
            router a configuration of its own: `x-ecs: {log_router: {image: …}}`, or its \
            `config-file-value`; without `logging` they go to CloudWatch Logs";
        out.say(
            Diagnostic::warning(
                Code::Approximated,
                format!("all that {name} logs is lost: its log router has no output"),
            )
            .at(place, "nothing says where to")
            .help(help)
            .service(name),
        );
    }
}

/// The router calls AWS as the task, not as ECS.
fn needs_role(unit: &Unit<'_>, out: &mut Output) {
    let services = || unit.members.iter().map(|member| member.service);
    if services().any(|s| !s.extension.policies.is_empty() || s.extension.role.is_some()) {
        return;
    }
    for service in services().filter(|service| driver(service) == Driver::Firelens) {
        let Some(logging) = &service.logging else { continue };
        let option = |wanted: &str| {
            let options = &mut logging.value.options.iter();
            options.find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
        };
        // Fluent Bit calls an output by its `Name`, and Fluentd by its `@type`.
        let Some(to) = option("name").or_else(|| option("@type")) else { continue };
        let Some((output, needs)) = TO_AWS.iter().find(|(name, _)| *name == to.value) else {
            continue;
        };
        // Search engines are called without a signature unless it is asked for (Fluent Bit manual,
        // "OpenSearch").
        let signs = option("aws_auth").is_some_and(|on| on.value.eq_ignore_ascii_case("on"));
        if matches!(*output, "es" | "opensearch") && !signs {
            continue;
        }
        out.say(
            Diagnostic::warning(
                Code::Approximated,
                format!("the log router of {} may not write to `{}`", service.name.value, to.value),
            )
            .at(to.span, "AWS asks for the task role's permission")
            .help(format!("grant it with `x-ecs.policies`: {needs}"))
            .service(&service.name.value),
        );
        return;
    }
}

fn same(one: &LogRouter, other: &LogRouter) -> bool {
    let image = |router: &LogRouter| router.image.as_ref().map(|image| image.value.clone());
    let kind = |router: &LogRouter| router.kind.as_ref().map(|kind| kind.value);
    let options = |router: &LogRouter| {
        let values = router.options.iter().map(|(key, value)| (key.clone(), value.value.clone()));
        values.collect::<BTreeMap<_, _>>()
    };
    (image(one), kind(one), options(one)) == (image(other), kind(other), options(other))
}

#[cfg(test)]
#[path = "firelens_tests.rs"]
mod tests;
