//! Which service has which listener, or which part of one.

use std::collections::HashMap;

use super::{Door, MOST_TARGETS, existing, rule, unused};
use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::RuleCondition;
use crate::ecs::rules::exposure::PublicPort;
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::survey::Member;
use crate::source::Span;

/// Who has a listener, or a part of it.
struct Claim {
    member: usize,
    target: u16,
    published: u16,
    conditions: Vec<RuleCondition>,
    span: Span,
}

/// What the requests of a port must be like: nothing for all of them.
pub(super) fn conditions(
    cx: &Context<'_>,
    service: &Service,
    port: &PublicPort,
) -> Vec<RuleCondition> {
    match port.face {
        face if face.is_network() => Vec::new(),
        face if existing::listener(cx, face).is_some() => rule::conditions_of_all(service),
        _ => rule::conditions(service),
    }
}

/// Gives each listener, or each part of one, to one port, and takes ports that lost from the members.
pub(crate) fn assign(cx: &Context<'_>, members: &mut [Member<'_>], out: &mut Output) {
    existing::take_internal(cx, members);
    for member in members.iter() {
        if has_http(member) {
            rule::check(member.service, out);
        } else {
            unused(member, out);
        }
    }
    let mut taken: HashMap<Door, Vec<Claim>> = HashMap::new();
    // What the file asks for goes before what Docker would have chosen freely.
    for guessed in [false, true] {
        for index in 0..members.len() {
            let ports = std::mem::take(&mut members[index].public);
            let (mut now, later): (Vec<_>, Vec<_>) =
                ports.into_iter().partition(|p| p.guessed == guessed);
            // Of 80 and 443, which become one, 443 is the one that speaks TLS.
            now.sort_by_key(|port| Door::of(cx, port).port != port.published);
            let service = members[index].service;
            let mut kept = later;
            for port in now {
                let door = Door::of(cx, &port);
                let claims = taken.entry(door).or_default();
                let wanted = conditions(cx, service, &port);
                let member = &members[index];
                if door.given && !existing::has_conditions(member, &port, wanted.is_empty(), out) {
                    kept.push(port);
                    continue;
                }
                if let Some(claim) = claims.iter().find(|claim| claim.conditions == wanted) {
                    out.diagnostics.extend(lost(cx, (index, &port), door, claim, members));
                    continue;
                }
                let PublicPort { target, published, span, .. } = port;
                claims.push(Claim { member: index, target, published, conditions: wanted, span });
                if guessed && !door.given {
                    out.say(guess(service, &port));
                }
                kept.push(port);
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

/// What is said of a member's port whose listener, or part of one, another port has.
fn lost(
    cx: &Context<'_>,
    (index, port): (usize, &PublicPort),
    door: Door,
    claim: &Claim,
    members: &[Member<'_>],
) -> Option<Diagnostic> {
    let member = &members[index];
    if claim.member != index {
        let first = members[claim.member].service;
        let shared = !claim.conditions.is_empty();
        let moved = match (shared, cx.project.extension.certificate.as_ref()) {
            (false, Some(given)) => moved(port, door, first, claim, given.span),
            _ => None,
        };
        let moved = moved.map(|said| said.service(&member.service.name.value));
        return Some(
            moved.unwrap_or_else(|| conflict(member.service, port, first, claim.span, shared)),
        );
    }
    (claim.target != port.target).then(|| match door.given {
        true => existing::second_port(member, port),
        false => second(member.service, port, claim),
    })
}

pub(super) fn has_http(member: &Member<'_>) -> bool {
    member.public.iter().any(|port| !port.face.is_network())
}

/// Keeps the target groups that a service may have; its unit has this many of them already.
fn too_many(member: &mut Member<'_>, used: &mut usize, out: &mut Output) {
    let mut targets: Vec<_> = member.public.iter().map(|port| port.target).collect();
    targets.dedup();
    let left = MOST_TARGETS.saturating_sub(*used);
    *used += targets.len().min(left);
    let Some(&first_lost) = targets.get(left) else { return };
    let kept = member.public.partition_point(|port| port.target < first_lost);
    // The ports of a range stand at one place, and are told of together.
    let mut places: Vec<(Span, Vec<u16>)> = Vec::new();
    for port in member.public.drain(kept..) {
        match places.last_mut() {
            Some((span, ports)) if *span == port.span => ports.push(port.published),
            _ => places.push((port.span, vec![port.published])),
        }
    }
    for (span, ports) in places {
        let message = match ports.as_slice() {
            [first, .., last] => {
                let many = ports.len();
                format!("{many} ports, {first} to {last}, are too many for a load balancer")
            }
            ports => {
                let port = ports.first().copied().unwrap_or_default();
                format!("port {port} is one too many for a load balancer")
            }
        };
        out.say(
            Diagnostic::warning(Code::PortNotPublic, message)
                .at(span, "published here")
                .help(format!(
                    "an ECS service takes {MOST_TARGETS} target groups; choose with \
                    `x-ecs: {{ports: …}}`, or split the service"
                ))
                .service(&member.service.name.value),
        );
    }
}

/// Two ports that the certificate makes one: 80 leads to 443 then.
fn moved(
    port: &PublicPort,
    door: Door,
    first: &Service,
    claim: &Claim,
    certificate: Span,
) -> Option<Diagnostic> {
    let (published, theirs, name) = (port.published, claim.published, &first.name.value);
    if published == theirs || port.guessed || door.given {
        return None;
    }
    let door = door.port;
    let message = match published == door {
        true => format!("port {published} is taken by {name}, whose port {theirs} moves there"),
        false => format!("port {published} moves to {door}, which {name} publishes"),
    };
    let help = "publish one of the two at another port, keep it inside with `x-ecs: {ports: {<port>: \
                none}}`, or share the port: `x-ecs: {http: {host: api.example.com}}`, or `path: /api`";
    let fault = Diagnostic::error(Code::PortConflict, message)
        .at(port.span, "published here")
        .at(claim.span, format!("{name} publishes port {theirs}"))
        .at(certificate, format!("with a certificate port 80 only leads to {door}"));
    Some(fault.help(help))
}

fn conflict(
    service: &Service,
    port: &PublicPort,
    first: &Service,
    span: Span,
    shared: bool,
) -> Diagnostic {
    let (published, name) = (port.published, &first.name.value);
    if shared {
        let message = format!("requests to port {published} are for {name} already");
        return Diagnostic::error(Code::Conflict, message)
            .at(service.extension.http.span.unwrap_or(port.span), "these")
            .at(first.extension.http.span.unwrap_or(span), "and these")
            .help("give the two other names or paths with `x-ecs: {http: {host, path}}`")
            .service(&service.name.value);
    }
    let message = format!("port {published} is already published by {name}");
    let help = match port.face {
        // Rules by host and path are an Application Load Balancer's alone (Elastic Load Balancing
        // documentation, "Listeners for your Network Load Balancers").
        face if face.is_network() => {
            "a network load balancer leads all of a port to one service: publish another port, or \
             keep it inside with `x-ecs: {ports: {<port>: none}}`; what speaks HTTP may share a port \
             by host or path, with `app_protocol: http` and `x-ecs: {http: {host, path}}`"
        }
        _ => {
            "publish another port, keep it inside with `x-ecs: {ports: {<port>: none}}`, or \
             share the port: `x-ecs: {http: {host: api.example.com}}`, or `path: /api`"
        }
    };
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

/// Another port of a service behind the same listener: the one that was there first has it.
fn second(service: &Service, port: &PublicPort, first: &Claim) -> Diagnostic {
    let (lost, published, has) = (port.target, port.published, first.target);
    let diagnostic = if first.published == published {
        // Docker does not start such a container.
        let message = format!("port {published} leads to {has} and to {lost}");
        Diagnostic::error(Code::PortConflict, message)
            .help("publish one of the two at another port")
    } else {
        let message = format!("port {lost} is not reachable: port {published} only leads to HTTPS");
        Diagnostic::note(Code::PortNotPublic, message).help(format!(
            "requests to port {published} are sent on to port {}, where {has} answers; publish \
             {lost} at another port if it says something else",
            first.published
        ))
    };
    diagnostic
        .at(port.span, "published here")
        .at(first.span, "and here")
        .service(&service.name.value)
}

fn guess(service: &Service, port: &PublicPort) -> Diagnostic {
    let message = format!("container port {0} is published as port {0}", port.target);
    Diagnostic::warning(Code::Approximated, message)
        .at(port.span, "no published port")
        .help(format!("Docker would pick a free port; write \"{0}:{0}\" to say which", port.target))
        .service(&service.name.value)
}
