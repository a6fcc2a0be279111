//! One Application Load Balancer a project, a listener a published port, a target group a service
//! and port.

use std::collections::HashMap;

use super::container::container_name;
use super::exposure::PublicPort;
use super::http_check::http_path;
use super::security_groups::{
    Source, add_group, add_rule, id_of, load_balancer_group, shorten, target_group,
};
use crate::compose::model::{Http, Service, TaskNetwork};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Attribute, Body, CreateTargetGroup, Endpoint, ForwardAction, Kind, Listener, LoadBalancer,
    Matcher, ModifyTargetGroupAttributes, ResourceId, ServiceLoadBalancer, TargetGroup, UpperTag,
    Value,
};
use crate::ecs::translate::context::{Context, Output, load_balancer_id};
use crate::ecs::translate::names::{Grammar, fit, fit_within, short_hash};
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;
use crate::source::Span;

/// The most seconds that a target may take to drain (elbv2 API reference,
/// `TargetGroupAttribute`, `deregistration_delay.timeout_seconds`).
const MOST_DELAY: u32 = 3600;

/// How many target groups a service may have (ECS quotas, "Target groups per service").
pub(crate) const MOST_TARGETS: usize = 5;

fn listener_id(published: u16) -> ResourceId {
    ResourceId::new(Kind::Listener, published.to_string())
}

fn target_group_id(service: &str, target: u16) -> ResourceId {
    ResourceId::new(Kind::TargetGroup, format!("{service}-{target}"))
}

/// Gives each listener to one port, and takes ports that lost from the members.
pub(crate) fn assign(members: &mut [Member<'_>], out: &mut Output) {
    let mut taken: HashMap<u16, (usize, u16, Span)> = HashMap::new();
    // What the file asks for goes before what Docker would have chosen freely.
    for guessed in [false, true] {
        for index in 0..members.len() {
            let ports = std::mem::take(&mut members[index].public);
            let (now, later): (Vec<_>, Vec<_>) =
                ports.into_iter().partition(|p| p.guessed == guessed);
            let service = members[index].service;
            let mut kept = later;
            for port in now {
                match taken.get(&port.published) {
                    Some(&(other, _, span)) => {
                        let first = members[other].service;
                        out.say(conflict(service, &port, first, span));
                    }
                    None => {
                        taken.insert(port.published, (index, port.target, port.span));
                        if guessed {
                            out.say(guess(service, &port));
                        }
                        kept.push(port);
                    }
                }
            }
            members[index].public = kept;
        }
    }
    let mut used = HashMap::new();
    for member in members {
        member.public.sort_by_key(|port| (port.target, port.published));
        too_many(member, used.entry(member.unit).or_default(), out);
    }
}

/// Keeps the target groups that a service may have; its unit has this many of them already.
fn too_many(member: &mut Member<'_>, used: &mut usize, out: &mut Output) {
    let mut targets: Vec<_> = member.public.iter().map(|port| port.target).collect();
    targets.dedup();
    let left = MOST_TARGETS.saturating_sub(*used);
    *used += targets.len().min(left);
    let Some(&first_lost) = targets.get(left) else { return };
    let kept = member.public.partition_point(|port| port.target < first_lost);
    for port in member.public.drain(kept..) {
        out.say(
            Diagnostic::warning(
                Code::PortNotPublic,
                format!("port {} is one too many for a load balancer", port.published),
            )
            .at(port.span, "published here")
            .help(format!(
                "an ECS service takes {MOST_TARGETS} target groups; choose with \
                `x-ecs: {{ports: …}}`, or split the service"
            ))
            .service(&member.service.name.value),
        );
    }
}

fn conflict(service: &Service, port: &PublicPort, first: &Service, span: Span) -> Diagnostic {
    let message = format!("port {} is already published by {}", port.published, first.name.value);
    let help = "publish another port, or keep it inside with `x-ecs: {ports: {<port>: none}}`; \
                rules that share a listener (`x-ecs.http`) are not supported yet";
    let diagnostic = if port.guessed {
        Diagnostic::warning(Code::PortNotPublic, message)
    } else {
        Diagnostic::error(Code::PortConflict, message)
    };
    diagnostic
        .at(port.span, "published here")
        .at(span, "and here")
        .help(help)
        .service(&service.name.value)
}

fn guess(service: &Service, port: &PublicPort) -> Diagnostic {
    let message = format!("container port {0} is published as port {0}", port.target);
    Diagnostic::warning(Code::Approximated, message)
        .at(port.span, "no published port")
        .help(format!("Docker would pick a free port; write \"{0}:{0}\" to say which", port.target))
        .service(&service.name.value)
}

/// Adds the load balancer and everything that leads to the services, where a port is public.
pub(crate) fn add(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    for member in members.iter().filter(|member| member.public.is_empty()) {
        unused(member, out);
    }
    let Some(first) = members.iter().find_map(|member| member.public.first()) else { return };
    add_load_balancer(cx, first.span, out);
    for member in members.iter().filter(|member| !member.public.is_empty()) {
        let name = member.name();
        let description =
            format!("Lets the load balancer reach {}", fit(member.unit, Grammar::SecurityGroup));
        let origin = Some(member.public[0].span);
        let group = target_group(member.unit);
        if member.network == TaskNetwork::AwsVpc && !out.desired.resources.contains_key(&group) {
            add_group(cx, group, shorten(description), Some(name), origin, out);
        }
        let mut last = None;
        for port in &member.public {
            if last != Some(port.target) {
                last = Some(port.target);
                add_target_group(cx, member, port, out);
            }
            add_listener(cx, name, port, out);
        }
    }
}

/// `x-ecs.http` of a service that no load balancer reaches.
fn unused(member: &Member<'_>, out: &mut Output) {
    let Http { health_check, deregistration_delay } = &member.service.extension.http;
    let span =
        health_check.as_ref().map(|v| v.span).or(deregistration_delay.as_ref().map(|v| v.span));
    if let Some(span) = span {
        out.say(
            Diagnostic::warning(Code::Ignored, "`x-ecs.http` has no effect without a public port")
                .at(span, "")
                .help("publish a port of the service, or take `x-ecs.http` away")
                .service(member.name()),
        );
    }
}

fn add_load_balancer(cx: &Context<'_>, origin: Span, out: &mut Output) {
    let group = load_balancer_group();
    let description = "Lets the Internet reach the load balancer".to_owned();
    add_group(cx, group.clone(), description, None, Some(origin), out);
    let id = load_balancer_id();
    let name = fit(&cx.stack, Grammar::Balancer);
    // elbv2 API reference, CreateLoadBalancer: a name must not begin with `internal-`.
    let name = match name.strip_prefix("internal-") {
        Some(_) => fit(&format!("lb-{}", cx.stack), Grammar::Balancer),
        None => name,
    };
    let body = LoadBalancer {
        name,
        kind: "application".to_owned(),
        scheme: "internet-facing".to_owned(),
        ip_address_type: "ipv4".to_owned(),
        subnets: cx.facts.network.load_balancer_subnets.clone(),
        security_groups: vec![id_of(group)],
        tags: cx.upper_tags(&id),
    };
    out.add(id, Body::LoadBalancer(body), None, Some(origin));
}

fn add_target_group(cx: &Context<'_>, member: &Member<'_>, port: &PublicPort, out: &mut Output) {
    let service = member.name();
    let Http { health_check, deregistration_delay } = &member.service.extension.http;
    let id = target_group_id(service, port.target);
    let asked = health_check.as_ref().and_then(|path| {
        let good = path.value.starts_with('/') && path.value.len() <= 1024;
        if !good {
            out.say(
                Diagnostic::error(Code::InvalidValue, "`health_check` is no path")
                    .at(path.span, "")
                    .help("write a path such as /health, at most 1024 characters long")
                    .service(service),
            );
        }
        good.then(|| path.value.clone())
    });
    let path = asked.or_else(|| http_path(member.service, port.target));
    let delay = deregistration_delay.as_ref().map_or(30, |delay| {
        if delay.value > MOST_DELAY {
            out.say(
                Diagnostic::warning(Code::Clamped, format!("the delay becomes {MOST_DELAY} s"))
                    .at(delay.span, "")
                    .help(format!("a load balancer waits at most {MOST_DELAY} s"))
                    .service(service),
            );
        }
        delay.value.min(MOST_DELAY)
    });
    let create = CreateTargetGroup {
        name: target_group_name(cx, member, port.target),
        protocol: "HTTP".to_owned(),
        protocol_version: "HTTP1".to_owned(),
        port: i32::from(port.target),
        vpc_id: cx.facts.network.vpc_id.clone(),
        target_type: target_type(member).to_owned(),
        health_check_protocol: "HTTP".to_owned(),
        health_check_path: path.unwrap_or_else(|| "/".to_owned()),
        health_check_port: "traffic-port".to_owned(),
        health_check_interval_seconds: 10,
        health_check_timeout_seconds: 5,
        healthy_threshold_count: 2,
        unhealthy_threshold_count: 3,
        matcher: Matcher { http_code: "200-399".to_owned() },
        tags: cx.upper_tags(&id),
    };
    let attributes = ModifyTargetGroupAttributes {
        target_group_arn: Value::From(id.clone(), Attribute::Arn),
        attributes: vec![UpperTag {
            key: "deregistration_delay.timeout_seconds".to_owned(),
            value: delay.to_string(),
        }],
    };
    let body = Body::TargetGroup(TargetGroup { create, attributes });
    out.add(id, body, Some(service), Some(port.span));
    if member.network != TaskNetwork::AwsVpc {
        super::bridge::admit(cx, member, port.target, port.span, out);
        return;
    }
    let from = Source::Group(id_of(load_balancer_group()));
    let rule = format!("lb-{service}-{}", port.target);
    let place = (Some(service), Some(port.span));
    add_rule(rule, target_group(member.unit), Some(port.target), from, place, out);
}

/// What a target is: tasks with an interface of their own are addresses, others stand at their
/// instance (ECS developer guide, "Use load balancing to distribute Amazon ECS service traffic").
fn target_type(member: &Member<'_>) -> &'static str {
    if member.network == TaskNetwork::AwsVpc { "ip" } else { "instance" }
}

/// The name carries a hash of everything that cannot change in place, and of the names that it may
/// be too short for.
fn target_group_name(cx: &Context<'_>, member: &Member<'_>, target: u16) -> String {
    let (service, kind) = (member.name(), target_type(member));
    let vpc = &cx.facts.network.vpc_id;
    let project = &cx.project.name;
    let environment = &cx.environment;
    let hash =
        short_hash(&format!("{project}/{environment}/{service}/HTTP/HTTP1/{target}/{vpc}/{kind}"));
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

fn add_listener(cx: &Context<'_>, service: &str, port: &PublicPort, out: &mut Output) {
    let id = listener_id(port.published);
    let body = Listener {
        load_balancer_arn: Value::From(load_balancer_id(), Attribute::Arn),
        protocol: "HTTP".to_owned(),
        port: i32::from(port.published),
        default_actions: vec![ForwardAction {
            kind: "forward".to_owned(),
            target_group_arn: Value::From(target_group_id(service, port.target), Attribute::Arn),
        }],
        tags: cx.upper_tags(&id),
    };
    out.add(id.clone(), Body::Listener(body), Some(service), Some(port.span));
    let rule = format!("load-balancer-{}", port.published);
    let place = (Some(service), Some(port.span));
    add_rule(rule, load_balancer_group(), Some(port.published), Source::World, place, out);
    out.say(
        Diagnostic::note(
            Code::PortPublic,
            format!("port {} of {service} becomes reachable from the Internet", port.published),
        )
        .at(port.span, "")
        .help(format!("to keep it inside, write `x-ecs: {{ports: {{{}: none}}}}`", port.target))
        .service(service),
    );
    out.desired.endpoints.push(Endpoint {
        service: service.to_owned(),
        listener: id,
        scheme: "http".to_owned(),
        port: port.published,
    });
}

/// The target groups of a service, and what they wait for: ECS refuses a target group that hangs
/// off no load balancer yet.
pub(crate) fn of_service(unit: &Unit<'_>) -> Vec<ServiceLoadBalancer> {
    let mut all = Vec::new();
    for member in &unit.members {
        let mut targets: Vec<_> = member.public.iter().map(|port| port.target).collect();
        targets.dedup();
        let name = member.name();
        all.extend(targets.into_iter().map(|target| ServiceLoadBalancer {
            target_group_arn: Value::From(target_group_id(name, target), Attribute::Arn),
            container_name: container_name(name),
            container_port: i32::from(target),
        }));
    }
    all
}

/// The listeners of a service.
pub(crate) fn listeners(member: &Member<'_>) -> impl Iterator<Item = ResourceId> {
    member.public.iter().map(|port| listener_id(port.published))
}

#[cfg(test)]
#[path = "load_balancer_tests.rs"]
mod tests;
