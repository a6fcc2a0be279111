//! Listeners, and the rules by which services share them.

use super::{Door, Way, balancer, conditions, rule, target_group_id};
use crate::compose::model::ProjectExtension;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Attribute, Body, Certificate, Endpoint, Listener, ListenerAction, ListenerRule, Value,
};
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
pub(super) fn add(cx: &Context<'_>, door: Door, ways: &[Way<'_>], out: &mut Output) {
    let default = ways.iter().find(|(member, port)| conditions(member.service, port).is_empty());
    let Some((member, port)) = default.or(ways.first()) else { return };
    let action = match default {
        Some((member, port)) => {
            let group = target_group_id(member.name(), port.target);
            ListenerAction::forward(Value::From(group, Attribute::Arn))
        }
        None => ListenerAction::not_found(),
    };
    let place = (Some(member.name()), Some(port.span));
    let protocol = match door.face {
        Face::Network => port.backend.protocol,
        _ if cx.project.extension.certificate.is_some() => "HTTPS",
        _ => "HTTP",
    };
    put(cx, door, protocol, action, place, out);
    if protocol == "HTTPS" && door.port == 443 {
        let from = Door { port: 80, ..door };
        put(cx, from, "HTTP", ListenerAction::to_https(), place, out);
        out.desired.endpoints.push(Endpoint {
            service: member.name().to_owned(),
            listener: from.id(),
            rule: None,
            scheme: "http".to_owned(),
            port: 80,
            balancer: balancer::id(door.face),
            host: None,
            public: door.face != Face::Internal,
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
        load_balancer_arn: Value::From(balancer::id(door.face), Attribute::Arn),
        protocol: protocol.to_owned(),
        port: i32::from(door.port),
        ssl_policy: certificate.is_some().then(|| TLS_POLICY.to_owned()),
        certificates: certificate.into_iter().collect(),
        default_actions: vec![action],
        tags: cx.upper_tags(&id),
    };
    out.add(id, Body::Listener(body), place.0, place.1);
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
    out: &mut Output,
) {
    let service = member.name();
    let wanted = conditions(member.service, port);
    let rule = (!wanted.is_empty()).then(|| door.rule(service));
    if let Some(id) = &rule {
        let all = ways.iter().map(|(member, port)| conditions(member.service, port));
        let priorities = rule::priorities(all.filter(|conditions| !conditions.is_empty()));
        let group = target_group_id(service, port.target);
        let body = ListenerRule {
            listener_arn: Value::From(door.id(), Attribute::Arn),
            priority: priorities.get(&wanted).copied().unwrap_or(rule::LAST),
            conditions: wanted,
            actions: vec![ListenerAction::forward(Value::From(group, Attribute::Arn))],
            tags: cx.upper_tags(id),
        };
        out.add(id.clone(), Body::ListenerRule(body), Some(service), Some(port.span));
    }
    if door.face == Face::Internal {
        let message = format!("port {} of {service} becomes reachable in the VPC", door.port);
        let note = Diagnostic::note(Code::PortPublic, message).at(port.span, "");
        let help = "the internal load balancer has no public address; networks that are connected \
                    to the VPC reach it, too";
        out.say(note.help(help).service(service));
    } else {
        let message =
            format!("port {} of {service} becomes reachable from the Internet", door.port);
        let help =
            format!("to keep it inside, write `x-ecs: {{ports: {{{}: none}}}}`", port.target);
        let note = Diagnostic::note(Code::PortPublic, message).at(port.span, "");
        out.say(note.help(help).service(service));
    }
    let hosts = &member.service.extension.http.host;
    let host = hosts.iter().map(|host| &host.value).find(|host| !host.contains(['*', '?']));
    let tls = cx.project.extension.certificate.is_some();
    out.desired.endpoints.push(Endpoint {
        service: service.to_owned(),
        listener: door.id(),
        host: host.filter(|_| rule.is_some()).map(|host| host.to_ascii_lowercase()),
        rule,
        scheme: match port.backend.protocol {
            "TCP" => "tcp",
            "UDP" => "udp",
            _ if tls => "https",
            _ => "http",
        }
        .to_owned(),
        port: door.port,
        balancer: balancer::id(door.face),
        public: door.face != Face::Internal,
    });
}
