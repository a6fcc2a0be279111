//! The target group of a service and port.

mod told;

use super::{alternate_id, balancer, existing, target_group_id};
use crate::compose::model::{Http, Service, TaskNetwork};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Attribute, Body, CreateTargetGroup, Kind, Matcher, ModifyTargetGroupAttributes, ResourceId,
    TargetGroup, UpperTag, Value,
};
use crate::ecs::rules::bridge;
use crate::ecs::rules::exposure::{PublicPort, checked_by_tcp};
use crate::ecs::rules::http_check::{Asked, HttpCheck};
use crate::ecs::rules::security_groups::{Source, add_rule, add_rule_of, target_group};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::{Grammar, fit_within, short_hash};
use crate::ecs::translate::survey::Member;

/// The most seconds that a target may take to drain (elbv2 API reference,
/// `TargetGroupAttribute`, `deregistration_delay.timeout_seconds`).
const MOST_DELAY: u32 = 3600;

/// Adds the target group of a service and port, a second one where requests are moved, and lets its
/// load balancer in.
pub(super) fn add(
    cx: &Context<'_>,
    member: &Member<'_>,
    port: &PublicPort,
    moves: bool,
    out: &mut Output,
) {
    let service = member.name();
    let id = target_group_id(service, port.target);
    let path = wanted_path(member.service, out);
    let read = HttpCheck::read(member.service);
    let port = &spoken(&read, port);
    let seen = match path {
        Some(_) => None,
        None => seen(&read, member, port, out),
    };
    let check = check(member.service, port, path, seen);
    let group = group(cx, member, port, &check, out);
    let other = moves.then(|| alternate(cx, member, port, &group));
    out.add(id, Body::TargetGroup(Box::new(group)), Some(service), Some(port.span));
    if let Some(other) = other {
        let id = alternate_id(service, port.target);
        out.add(id, Body::TargetGroup(Box::new(other)), Some(service), Some(port.span));
    }
    admit(cx, member, port, check.port, out);
}

/// What `x-ecs.http.health_check` says.
fn wanted_path(service: &Service, out: &mut Output) -> Option<String> {
    let Http {
        span: _,
        host: _,
        path: _,
        health_check,
        deregistration_delay: _,
        stickiness: _,
        aliases: _,
    } = &service.extension.http;
    let path = health_check.as_ref()?;
    let good = path.value.starts_with('/') && path.value.len() <= 1024;
    if !good {
        out.say(
            Diagnostic::error(Code::InvalidValue, "`health_check` is no path")
                .at(path.span, "")
                .help("write a path such as /health, at most 1024 characters long")
                .service(&service.name.value),
        );
    }
    good.then(|| path.value.clone())
}

/// The target group with its attributes.
fn group(
    cx: &Context<'_>,
    member: &Member<'_>,
    port: &PublicPort,
    check: &Check,
    out: &mut Output,
) -> TargetGroup {
    let id = target_group_id(member.name(), port.target);
    let health_check_port =
        check.port.map_or_else(|| "traffic-port".to_owned(), |port| port.to_string());
    let create = CreateTargetGroup {
        name: target_group_name(cx, member, port, ""),
        protocol: port.backend.protocol.to_owned(),
        protocol_version: port.backend.version.map(str::to_owned),
        port: i32::from(port.target),
        vpc_id: cx.facts.network.vpc_id.clone(),
        target_type: target_type(member).to_owned(),
        health_check_protocol: check.protocol.to_owned(),
        health_check_path: check.path.clone(),
        health_check_port,
        health_check_interval_seconds: 10,
        health_check_timeout_seconds: 5,
        healthy_threshold_count: 2,
        unhealthy_threshold_count: 3,
        matcher: check.matcher.clone(),
        tags: cx.upper_tags(&id),
    };
    let attributes = ModifyTargetGroupAttributes {
        target_group_arn: Value::From(id, Attribute::Arn),
        attributes: attributes(member.service, port, out),
    };
    TargetGroup { create, attributes }
}

/// What differs from AWS's defaults.
fn attributes(service: &Service, port: &PublicPort, out: &mut Output) -> Vec<UpperTag> {
    let delay = service.extension.http.deregistration_delay.as_ref().map_or(30, |delay| {
        if delay.value > MOST_DELAY {
            out.say(
                Diagnostic::warning(Code::Clamped, format!("the delay becomes {MOST_DELAY} s"))
                    .at(delay.span, "")
                    .help(format!("a load balancer waits at most {MOST_DELAY} s"))
                    .service(&service.name.value),
            );
        }
        delay.value.min(MOST_DELAY)
    });
    let mut attributes = vec![attribute("deregistration_delay.timeout_seconds", delay.to_string())];
    // A cookie needs HTTP: what a Network Load Balancer calls stickiness is another thing.
    let stickiness = service.extension.http.stickiness.as_ref();
    if let Some(stickiness) = stickiness.filter(|_| !port.face.is_network()) {
        attributes.push(attribute("stickiness.enabled", "true".to_owned()));
        let seconds = stickiness.value.to_string();
        attributes.push(attribute("stickiness.lb_cookie.duration_seconds", seconds));
        attributes.push(attribute("stickiness.type", "lb_cookie".to_owned()));
    }
    attributes
}

/// Lets the load balancer reach the target, and the port that it asks how it is.
fn admit(
    cx: &Context<'_>,
    member: &Member<'_>,
    port: &PublicPort,
    asked: Option<u16>,
    out: &mut Output,
) {
    let service = member.name();
    if member.network != TaskNetwork::AwsVpc {
        let balancer = (balancer::group(port.face), balancer::group_id(cx, port.face));
        bridge::admit(cx, member, port, balancer, out);
        return;
    }
    let place = (Some(service), Some(port.span));
    let group = || target_group(member.unit);
    let from = || Source::Group(balancer::group_id(cx, port.face));
    // What is asked how it is may be open already, or public, too.
    let has = |rule: &str, out: &Output| {
        out.desired.resources.contains_key(&ResourceId::new(Kind::IngressRule, rule))
    };
    if !port.face.is_network() {
        for number in [port.target].into_iter().chain(asked) {
            let rule = format!("lb-{service}-{number}");
            if !has(&rule, out) {
                add_rule(rule, group(), Some(number), from(), place, out);
            }
        }
        return;
    }
    let protocol = if port.backend.protocol == "UDP" { "udp" } else { "tcp" };
    for (protocol, number) in [(protocol, Some(port.target)), ("tcp", asked)] {
        let Some(number) = number else { continue };
        let rule = format!("lb-{service}-{number}-{protocol}");
        if !has(&rule, out) {
            add_rule_of(rule, group(), Some((protocol, number)), from(), place, out);
        }
    }
}

/// The same once more, for the tasks that have no requests yet.
fn alternate(
    cx: &Context<'_>,
    member: &Member<'_>,
    port: &PublicPort,
    group: &TargetGroup,
) -> TargetGroup {
    let id = alternate_id(member.name(), port.target);
    let mut group = group.clone();
    group.create.name = target_group_name(cx, member, port, "/alternate");
    group.create.tags = cx.upper_tags(&id);
    group.attributes.target_group_arn = Value::From(id, Attribute::Arn);
    group
}

fn attribute(key: &str, value: String) -> UpperTag {
    UpperTag { key: key.to_owned().into(), value }
}

/// How a load balancer asks a target how it is.
struct Check {
    protocol: &'static str,
    path: Option<String>,
    /// Nothing for the target's own.
    port: Option<u16>,
    matcher: Option<Matcher>,
}

/// What the container's own health check asks for, where a load balancer can ask for it, too: other
/// ports than the target's it only reaches where a task has an interface of its own.
fn seen(
    read: &HttpCheck<'_>,
    member: &Member<'_>,
    port: &PublicPort,
    out: &mut Output,
) -> Option<Asked> {
    // What does not speak HTTP is asked over TCP.
    let version = port.backend.version?;
    let found = match read.asked(port.target, version == "GRPC")? {
        Ok(asked) if asked.port == port.target || member.network == TaskNetwork::AwsVpc => {
            Ok(asked)
        }
        Ok(_) => return None,
        Err(need) => Err(need),
    };
    told::say(member.service, &found, out);
    found.ok()
}

/// A port on which the container asks itself over TLS speaks it.
fn spoken(read: &HttpCheck<'_>, port: &PublicPort) -> PublicPort {
    let mut port = port.clone();
    if port.backend.protocol == "HTTP" && read.speaks_tls(port.target) {
        port.backend.protocol = "HTTPS";
    }
    port
}

/// `path` is what `x-ecs.http.health_check` says, and `seen` what the container asks itself.
fn check(service: &Service, port: &PublicPort, path: Option<String>, seen: Option<Asked>) -> Check {
    let codes = |http: Option<&str>, grpc: Option<&str>| {
        let (http_code, grpc_code) = (http.map(str::to_owned), grpc.map(str::to_owned));
        Some(Matcher { http_code, grpc_code })
    };
    let (protocol, own) = (port.backend.protocol, None);
    if let Some(Asked { port: other, tls, path, grpc, codes: good, .. }) = seen {
        let (http, grpc) = if grpc { (None, Some(&*good)) } else { (Some(&*good), None) };
        return Check {
            protocol: if tls { "HTTPS" } else { "HTTP" },
            path: Some(path),
            port: (other != port.target).then_some(other),
            matcher: codes(http, grpc),
        };
    }
    match (protocol, port.backend.version) {
        // A server that does not know the method answers with a code of gRPC's, and lives (elbv2 API
        // reference, `CreateTargetGroup.HealthCheckPath` and `Matcher.GrpcCode`).
        (_, Some("GRPC")) => {
            let path = path.unwrap_or_else(|| "/AWS.ALB/healthcheck".to_owned());
            Check { protocol, path: Some(path), port: own, matcher: codes(None, Some("0-99")) }
        }
        (_, Some(_)) => {
            let path = path.unwrap_or_else(|| "/".to_owned());
            Check { protocol, path: Some(path), port: own, matcher: codes(Some("200-399"), None) }
        }
        ("UDP", None) => {
            Check { protocol: "TCP", path: None, port: checked_by_tcp(service), matcher: None }
        }
        (_, None) => Check { protocol: "TCP", path: None, port: own, matcher: None },
    }
}

/// What a target is: tasks with an interface of their own are addresses, others stand at their
/// instance (ECS developer guide, "Use load balancing to distribute Amazon ECS service traffic").
fn target_type(member: &Member<'_>) -> &'static str {
    if member.network == TaskNetwork::AwsVpc { "ip" } else { "instance" }
}

/// The name carries a hash of everything that cannot change in place, and of the names that it may
/// be too short for.
fn target_group_name(
    cx: &Context<'_>,
    member: &Member<'_>,
    port: &PublicPort,
    which: &str,
) -> String {
    let (service, kind) = (member.name(), target_type(member));
    let vpc = &cx.facts.network.vpc_id;
    let project = &cx.project.name;
    let environment = &cx.environment;
    let (protocol, version) = (port.backend.protocol, port.backend.version.unwrap_or("-"));
    let target = port.target;
    // A target group hangs off one load balancer (Elastic Load Balancing documentation).
    let face = match existing::of(cx, port.face) {
        Some(balancer) => format!("/{}", existing::label(cx, &balancer.value)),
        None if port.face.is_internal() => "/internal".to_owned(),
        None => String::new(),
    };
    let hash = short_hash(&format!(
        "{project}/{environment}/{service}/{protocol}/{version}/{target}/{vpc}/{kind}{face}{which}"
    ));
    let most = Grammar::Balancer.max() - hash.len() - 1;
    let readable: String = format!("{}-{service}", cx.stack)
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(most)
        .collect();
    // The hash says which; what is cut off here needs none of its own.
    let readable = readable.trim_matches('-');
    if readable.is_empty() {
        fit_within(&hash, Grammar::Balancer, 32)
    } else {
        format!("{readable}-{hash}")
    }
}
