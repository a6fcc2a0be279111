//! Listeners, and the rules by which services share them.

use std::collections::BTreeSet;

use super::{Door, Way, balancer, conditions, existing, forward, rule};
use crate::compose::model::ProjectExtension;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Body, Certificate, Endpoint, Listener, ListenerAction, ListenerRule};
use crate::ecs::rules::exposure::Face;
use crate::ecs::rules::security_groups::{Source, add_rule_of};
use crate::ecs::translate::context::{Context, Output};

/// TLS 1.3, and 1.2 with forward secrecy: what Elastic Load Balancing recommends, and every partition
/// has ("Security policies for your Application Load Balancer").
const TLS_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-2021-06";

/// The domain of a certificate that was not given by its ARN.
pub(crate) fn certificate_domain(extension: &ProjectExtension) -> Option<&str> {
    let given = extension.certificate.as_ref()?.value.as_str();
    Some(given).filter(|given| !given.starts_with("arn:"))
}

/// Adds the listener that these lead through. Its default is the service without a rule.
pub(super) fn add(
    cx: &Context<'_>,
    door: Door,
    ways: &[Way<'_>],
    moved: &BTreeSet<&str>,
    out: &mut Output,
) {
    let default =
        ways.iter().find(|(member, port)| conditions(cx, member.service, port).is_empty());
    let Some((member, port)) = default.or(ways.first()) else { return };
    let action = match default {
        // Of an Application Load Balancer ECS changes a rule, and not the default.
        Some((member, port)) => {
            let moves = door.face.is_network() && moved.contains(member.unit);
            forward(member.name(), port.target, moves)
        }
        None => ListenerAction::not_found(),
    };
    let place = (Some(member.name()), Some(port.span));
    let protocol = match door.face {
        face if face.is_network() => port.backend.protocol,
        _ if cx.project.extension.certificate.is_some() => "HTTPS",
        _ => "HTTP",
    };
    put(cx, door, protocol, action, place, out);
    if protocol == "HTTPS" && door.port == 443 {
        let from = Door { port: 80, ..door };
        put(cx, from, "HTTP", ListenerAction::to_https(), place, out);
        // It is found again by way of the other one and its target group.
        if existing::of(cx, door.face).is_some() {
            out.wait(&from.id(), door.id());
        }
        out.desired.endpoints.push(Endpoint {
            service: member.name().to_owned(),
            listener: from.arn(cx),
            rule: None,
            scheme: "http".to_owned(),
            port: 80,
            address: balancer::address(cx, door.face),
            host: None,
            public: is_public(cx, door.face),
        });
    }
}

fn put(
    cx: &Context<'_>,
    door: Door,
    protocol: &str,
    action: ListenerAction,
    place: (Option<&str>, Option<crate::source::Span>),
    out: &mut Output,
) {
    let id = door.id();
    let certificate = cx.project.extension.certificate.as_ref().filter(|_| protocol == "HTTPS");
    let certificate = certificate.map(|given| Certificate {
        certificate_arn: match certificate_domain(&cx.project.extension) {
            Some(domain) => match cx.facts.certificates.get(domain) {
                Some(arn) => arn.clone(),
                None => format!("${{certificate.{domain}}}"),
            },
            None => given.value.clone(),
        },
    });
    let body = Listener {
        load_balancer_arn: balancer::arn(cx, door.face),
        protocol: protocol.to_owned(),
        port: i32::from(door.port),
        ssl_policy: certificate.is_some().then(|| TLS_POLICY.to_owned()),
        certificates: certificate.into_iter().collect(),
        default_actions: vec![action],
        tags: cx.upper_tags(&id),
    };
    out.add(id, Body::Listener(Box::new(body)), place.0, place.1);
    // What may come in to a load balancer of others is theirs to say.
    if existing::of(cx, door.face).is_some() {
        return;
    }
    let group = balancer::group(door.face);
    let rule = format!("{}-{}", group.name, door.port);
    let transport = if protocol == "UDP" { "udp" } else { "tcp" };
    // The internal one has no address that the Internet could reach.
    add_rule_of(rule, group, Some((transport, door.port)), Source::World, place, out);
}

/// Lets a service's requests through: with a rule of its own where it shares the listener.
pub(super) fn open(
    cx: &Context<'_>,
    door: Door,
    (member, port): Way<'_>,
    ways: &[Way<'_>],
    moves: bool,
    out: &mut Output,
) {
    let service = member.name();
    let mut wanted = conditions(cx, member.service, port);
    let rule = (!wanted.is_empty()).then(|| door.rule(service));
    if moves && wanted.is_empty() && !door.face.is_network() && !door.given {
        wanted = rule::everything();
    }
    if !wanted.is_empty() {
        let id = &door.rule(service);
        let all = ways.iter().map(|(member, port)| conditions(cx, member.service, port));
        let known = existing::listener_facts(cx).filter(|_| door.given);
        let standing = known.map_or(&[][..], |listener| &listener.rules);
        let priorities =
            rule::priorities(all.filter(|conditions| !conditions.is_empty()), standing);
        let body = ListenerRule {
            listener_arn: door.arn(cx),
            priority: priorities.get(&wanted).copied().unwrap_or(rule::LAST),
            conditions: wanted,
            actions: vec![forward(service, port.target, moves)],
            tags: cx.upper_tags(id),
        };
        out.add(id.clone(), Body::ListenerRule(Box::new(body)), Some(service), Some(port.span));
    }
    out.say(opened(cx, door, (member, port)));
    let hosts = &member.service.extension.http.host;
    let host = hosts.iter().map(|host| &host.value).find(|host| !host.contains(['*', '?']));
    let given = existing::listener_facts(cx).filter(|_| door.given);
    let tls = match given {
        Some(listener) => listener.protocol == "HTTPS",
        None => cx.project.extension.certificate.is_some(),
    };
    out.desired.endpoints.push(Endpoint {
        service: service.to_owned(),
        listener: door.arn(cx),
        host: host.filter(|_| rule.is_some()).map(|host| host.to_ascii_lowercase()),
        rule,
        scheme: match port.backend.protocol {
            "TCP" => "tcp",
            "UDP" => "udp",
            _ if tls => "https",
            _ => "http",
        }
        .to_owned(),
        port: match given {
            Some(listener) => listener.port,
            None if door.given => port.published,
            None => door.port,
        },
        address: balancer::address(cx, door.face),
        public: is_public(cx, door.face),
    });
}

/// Whether the Internet reaches what is behind a load balancer, as long as nobody knows better.
fn is_public(cx: &Context<'_>, face: Face) -> bool {
    !face.is_internal() && !existing::facts(cx, face).is_some_and(|facts| facts.internal)
}

/// Says who reaches a port from now on.
fn opened(cx: &Context<'_>, door: Door, (member, port): Way<'_>) -> Diagnostic {
    let service = member.name();
    let what = match door.given {
        true => service.to_owned(),
        false => format!("port {} of {service}", door.port),
    };
    let keep = format!("to keep it inside, write `x-ecs: {{ports: {{{}: none}}}}`", port.target);
    let (message, help) = match (existing::of(cx, door.face), existing::facts(cx, door.face)) {
        (Some(balancer), facts) => {
            let from = match facts.map(|facts| facts.internal) {
                Some(true) => " in the VPC",
                Some(false) => " from the Internet",
                None => "; `plan` says whether from the Internet",
            };
            let groups = "the security groups of the load balancer stay as they are, and have to let \
                requests in";
            let help = if door.given { keep } else { format!("{groups}; {keep}") };
            (format!("{what} becomes reachable through {}{from}", balancer.value.name()), help)
        }
        (None, _) if door.face.is_internal() => (
            format!("{what} becomes reachable in the VPC"),
            "the internal load balancer has no public address; networks that are connected to the \
             VPC reach it, too"
                .to_owned(),
        ),
        (None, _) => (format!("{what} becomes reachable from the Internet"), keep),
    };
    let note = Diagnostic::note(Code::PortPublic, message).at(port.span, "");
    note.help(help).service(service)
}
