//! `x-ecs.load_balancer`: load balancers that are there already. Listeners, or rules on one listener,
//! are made on them; they themselves and their security groups are left as they are.

use super::Door;
use crate::compose::model::ExistingBalancer;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::facts::{BalancerFacts, ListenerFacts};
use crate::ecs::rules::exposure::{Face, PublicPort};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::survey::Member;
use crate::source::Located;

/// The load balancer that takes the place of the project's own.
pub(super) fn of<'a>(cx: &Context<'a>, face: Face) -> Option<&'a Located<ExistingBalancer>> {
    let wanted = match face {
        Face::Public => false,
        Face::Network => true,
        Face::Internal | Face::NetworkInternal => return None,
    };
    cx.project.extension.load_balancers.iter().find(|b| b.value.is_network() == wanted)
}

/// What is known of it; nothing offline.
pub(super) fn facts<'a>(cx: &Context<'a>, face: Face) -> Option<&'a BalancerFacts> {
    cx.facts.balancers.get(&of(cx, face)?.value.arn)
}

/// The listener that was named instead of its load balancer.
pub(super) fn listener<'a>(cx: &Context<'a>, face: Face) -> Option<&'a str> {
    of(cx, face)?.value.listener.as_deref()
}

/// What is known of that listener; nothing offline.
pub(super) fn listener_facts<'a>(cx: &Context<'a>) -> Option<&'a ListenerFacts> {
    facts(cx, Face::Public)?.listener.as_ref()
}

/// The listener that a project names at the top level, on which its HTTP ports share one place.
pub(crate) fn names_listener(cx: &Context<'_>) -> bool {
    listener(cx, Face::Public).is_some()
}

/// Its ARN, as far as it is known.
pub(super) fn arn<'a>(cx: &Context<'a>, balancer: &'a ExistingBalancer) -> &'a str {
    let found = cx.facts.balancers.get(&balancer.arn).map(|facts| facts.arn.as_str());
    found.filter(|arn| !arn.is_empty()).unwrap_or(&balancer.arn)
}

/// The end of that, behind `loadbalancer/`.
pub(super) fn label<'a>(cx: &Context<'a>, balancer: &'a ExistingBalancer) -> &'a str {
    arn(cx, balancer).split_once(":loadbalancer/").map_or("", |(_, label)| label)
}

/// What is only known of it once it was looked up.
pub(super) fn placeholder(balancer: &ExistingBalancer, what: &str) -> String {
    format!("${{load-balancer.{}.{what}}}", balancer.name())
}

/// The group by which the tasks know its requests: the one that was named, else the first. A member of
/// several groups is let in by a rule for any of them.
pub(super) fn security_group(cx: &Context<'_>, balancer: &ExistingBalancer) -> String {
    let found = cx.facts.balancers.get(&balancer.arn).and_then(|f| f.security_groups.first());
    let named = balancer.security_group.as_ref().map(|group| &group.value);
    named.or(found).cloned().unwrap_or_else(|| placeholder(balancer, "security_group"))
}

/// Sends what is asked to be internal to a load balancer that has no public address, or may have none:
/// then nothing else of the project is on it.
pub(super) fn take_internal(cx: &Context<'_>, members: &mut [Member<'_>]) {
    for (inside, face) in [(Face::Internal, Face::Public), (Face::NetworkInternal, Face::Network)] {
        if of(cx, face).is_none() {
            continue;
        }
        let mut ports = members.iter().flat_map(|member| &member.public);
        let takes = match facts(cx, face) {
            Some(facts) => facts.internal,
            None => ports.all(|port| port.face != face),
        };
        for port in members.iter_mut().flat_map(|member| &mut member.public) {
            if takes && port.face == inside {
                port.face = face;
            }
        }
    }
}

/// Refuses a service that does not say which requests of a listener of others are for it. Whether it
/// does.
pub(super) fn has_conditions(
    member: &Member<'_>,
    port: &PublicPort,
    is_empty: bool,
    out: &mut Output,
) -> bool {
    if is_empty {
        let name = member.name();
        let message =
            format!("nothing says which requests to the listener of others are for {name}");
        let help = format!(
            "write `x-ecs: {{http: {{host: {name}.example.com}}}}` or `path: /{name}` at the service, or \
             give the ARN of the load balancer instead, for listeners of the project's own"
        );
        let fault = Diagnostic::error(Code::MissingAttribute, message).at(port.span, "");
        out.say(fault.help(help).service(name));
    }
    !is_empty
}

/// A second port of a service behind the one listener that there is.
pub(super) fn second_port(member: &Member<'_>, port: &PublicPort) -> Diagnostic {
    let message =
        format!("port {} is not reachable: the requests go to another port", port.published);
    let help = "one listener has one rule for the same requests: choose the port with `x-ecs: {ports: \
        …}`, or give the ARN of the load balancer instead, for listeners of the project's own";
    let warning = Diagnostic::warning(Code::PortNotPublic, message).at(port.span, "");
    warning.help(help).service(member.name())
}

/// Says why a load balancer cannot be used, or has no use.
pub(super) fn check(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    for balancer in &cx.project.extension.load_balancers {
        let face = if balancer.value.is_network() { Face::Network } else { Face::Public };
        let mut ports = members.iter().flat_map(|member| &member.public);
        if !ports.any(|port| port.face == face) {
            let message = format!("no port of the project needs {}", balancer.value.name());
            let help = "a Network Load Balancer takes ports that do not speak HTTP, an Application \
                Load Balancer the others: `x-ecs.ports` says which are open";
            let note = Diagnostic::note(Code::Ignored, message).at(balancer.span, "");
            out.say(note.help(help));
            continue;
        }
        elsewhere(cx, balancer, out);
        if let Some(facts) = cx.facts.balancers.get(&balancer.value.arn) {
            unusable(cx, balancer, facts, out);
            for member in members {
                let of_it = member.public.iter().filter(|port| port.face == face);
                of_it.for_each(|port| reach(cx, (member, port), balancer, facts, out));
            }
        }
    }
}

/// A load balancer of another region or account.
fn elsewhere(cx: &Context<'_>, balancer: &Located<ExistingBalancer>, out: &mut Output) {
    let it = &balancer.value;
    let pairs = [
        (
            "region",
            it.region(),
            &cx.facts.region,
            "name one of that region, or deploy to its region",
        ),
        (
            "account",
            it.account(),
            &cx.facts.account,
            "name one of that account, or use its profile",
        ),
    ];
    for (what, has, want, help) in pairs {
        if has != want && !want.contains("${") && !has.contains("${") {
            let message =
                format!("{} is in the {what} {has}, and the project in {want}", it.name());
            out.say(
                Diagnostic::error(Code::InvalidValue, message).at(balancer.span, "").help(help),
            );
        }
    }
}

/// A load balancer that exists and cannot lead to the tasks.
fn unusable(
    cx: &Context<'_>,
    balancer: &Located<ExistingBalancer>,
    facts: &BalancerFacts,
    out: &mut Output,
) {
    let name = balancer.value.name();
    let mut refuse = |code, message, span, help: &str| {
        out.say(Diagnostic::error(code, message).at(span, "").help(help));
    };
    let vpc = &cx.facts.network.vpc_id;
    if vpc.known() != Some(&facts.vpc_id) {
        let message = format!("{name} is in {}, and the tasks are in {vpc}", facts.vpc_id);
        let help = format!(
            "let the tasks run in its VPC: `x-ecs: {{vpc: {}}}`; or name a load balancer in {vpc}",
            facts.vpc_id
        );
        refuse(Code::Conflict, message, balancer.span, &help);
    } else if let Some((message, help)) = zones(cx, name, facts) {
        refuse(Code::Conflict, message, balancer.span, &help);
    }
    if facts.state == "failed" {
        let message = format!("{name} has failed to start, as AWS says");
        let help = "see why with `aws elbv2 describe-load-balancers`, or name another one";
        refuse(Code::Refused, message, balancer.span, help);
    }
    match &balancer.value.security_group {
        _ if facts.security_groups.is_empty() => {
            // elbv2 API reference, `SetSecurityGroups`.
            let message = format!("{name} has no security group by which tasks could know it");
            let help = "a Network Load Balancer takes groups when it is made, never later: name one \
                that was made with some, or leave `load_balancer` out for one of the project's own";
            refuse(Code::Refused, message, balancer.span, help);
        }
        Some(group) if !facts.security_groups.contains(&group.value) => {
            let message = format!("{} is no security group of {name}", group.value);
            let help = format!("it has {}", facts.security_groups.join(", "));
            refuse(Code::InvalidValue, message, group.span, &help);
        }
        _ => {}
    }
}

/// Zones of the tasks in which the load balancer is not: it never sends anything to a task there
/// (elbv2 API reference, `TargetHealth.Reason`, `Target.NotInUse`).
fn zones(cx: &Context<'_>, name: &str, facts: &BalancerFacts) -> Option<(String, String)> {
    let is_in = |zone: &String| facts.zones.is_empty() || facts.zones.contains(zone);
    let (good, bad): (Vec<_>, Vec<_>) =
        cx.facts.network.zone_subnets.iter().partition(|(zone, _)| is_in(zone));
    let list = |all: &[&str]| all.join(", ");
    let lost: Vec<_> = bad.iter().map(|(zone, _)| zone.as_str()).collect();
    let left: Vec<_> = good.iter().filter_map(|(_, subnet)| subnet.known()).collect();
    if lost.is_empty() {
        return None;
    }
    let message = format!("tasks may run in {}, and {name} is not there", list(&lost));
    let help = match left.is_empty() {
        true => format!("name subnets in {} with `x-ecs.subnets`", facts.zones.join(", ")),
        false => format!(
            "let the tasks run where it is, with `x-ecs: {{subnets: [{}]}}`; or enable the zone at it",
            list(&left)
        ),
    };
    Some((message, help))
}

/// Whether requests can come to a port, as far as the load balancer goes.
fn reach(
    cx: &Context<'_>,
    (member, port): (&Member<'_>, &PublicPort),
    balancer: &Located<ExistingBalancer>,
    facts: &BalancerFacts,
    out: &mut Output,
) {
    let name = balancer.value.name();
    let door = Door::of(cx, port);
    if let Some(listener) = facts.listener.as_ref().filter(|_| door.given) {
        // Elastic Load Balancing documentation, "Target groups", protocol version.
        let needs_tls = matches!(port.backend.version, Some("HTTP2" | "GRPC"));
        if needs_tls && listener.protocol != "HTTPS" {
            let message = format!("the listener of {name} speaks {}", listener.protocol);
            let help = "HTTP/2 and gRPC reach tasks through HTTPS listeners alone: name one";
            let fault = Diagnostic::error(Code::Refused, message).at(port.span, "needs HTTPS");
            out.say(fault.at(balancer.span, "").help(help).service(member.name()));
        }
        return;
    }
    let transport = if port.backend.protocol == "UDP" { "udp" } else { "tcp" };
    if facts.admits(transport, door.port) || facts.security_groups.is_empty() {
        return;
    }
    let message =
        format!("nobody reaches port {} of {name}: no group of it lets anybody in", door.port);
    let help = format!(
        "decklift leaves its groups as they are; open the port yourself: `aws ec2 \
         authorize-security-group-ingress --group-id {} --protocol {transport} --port {} --cidr \
         0.0.0.0/0`",
        security_group(cx, &balancer.value),
        door.port
    );
    let warning = Diagnostic::warning(Code::PortNotPublic, message).at(port.span, "");
    out.say(warning.help(help).service(member.name()));
}

#[cfg(test)]
#[path = "existing_tests.rs"]
mod tests;
