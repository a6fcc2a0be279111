//! At most one Application Load Balancer that faces the Internet and one inside the VPC, and the same of
//! Network Load Balancers, a project, or some that are there already; a listener a published port, a target group
//! a service and port, and rules where services share a listener.

mod assign;
mod balancer;
mod existing;
mod listener;
mod record;
mod rule;
mod target_group;

use indexmap::IndexMap;
use std::collections::BTreeSet;

use self::assign::{conditions, has_http};
use super::container::container_name;
use super::exposure::{Face, PublicPort};
use super::outcome::{Outcomes, place_of};
use super::security_groups::{add_group, shorten, target_group};
use super::shift;
use crate::compose::model::{Http, TaskNetwork};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    AdvancedConfiguration, Attribute, Kind, ListenerAction, ResourceId, ServiceLoadBalancer, Value,
};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;

pub(crate) use assign::assign;
pub(crate) use balancer::label;
pub(crate) use existing::names_listener;
pub(crate) use listener::certificate_domain;
pub(crate) use rule::{LONGEST, MOST_VALUES, MOST_WILDCARDS, is_host, is_path, wildcards};

/// How many target groups a service may have (ECS quotas, "Target groups per service").
pub(crate) const MOST_TARGETS: usize = 5;

/// A listener: the load balancer that it is one of, and its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Door {
    face: Face,
    port: u16,
    /// It is there already, named by its ARN; then it has no port here.
    given: bool,
}

impl Door {
    /// The listener of a published port. With a certificate port 80 only leads to 443.
    fn of(cx: &Context<'_>, port: &PublicPort) -> Self {
        let face = port.face;
        if existing::listener(cx, face).is_some() {
            return Self { face, port: 0, given: true };
        }
        let certificate = cx.project.extension.certificate.is_some();
        let moved = certificate && !face.is_network() && port.published == 80;
        Self { face, port: if moved { 443 } else { port.published }, given: false }
    }

    fn id(self) -> ResourceId {
        ResourceId::new(Kind::Listener, format!("{}{}", prefix(self.face), self.port))
    }

    /// Its ARN.
    fn arn(self, cx: &Context<'_>) -> Value {
        match existing::listener(cx, self.face) {
            Some(arn) => Value::from(arn),
            None => Value::From(self.id(), Attribute::Arn),
        }
    }

    fn rule(self, service: &str) -> ResourceId {
        let name = match self.given {
            true => format!("listener-{service}"),
            false => format!("{}{}-{service}", prefix(self.face), self.port),
        };
        ResourceId::new(Kind::ListenerRule, name)
    }
}

/// What stands before the names of listeners.
fn prefix(face: Face) -> &'static str {
    match face {
        Face::Public => "",
        Face::Internal => "internal-",
        Face::Network => "network-",
        Face::NetworkInternal => "network-internal-",
    }
}

fn target_group_id(service: &str, target: u16) -> ResourceId {
    ResourceId::new(Kind::TargetGroup, format!("{service}-{target}"))
}

/// Where new tasks stand until requests are moved to them. Target groups else end in a number.
fn alternate_id(service: &str, target: u16) -> ResourceId {
    ResourceId::new(Kind::TargetGroup, format!("{service}-{target}-alternate"))
}

/// Adds the load balancers and everything that leads to the services, where a port is public.
pub(crate) fn add(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    let certificate = cx.project.extension.certificate.as_ref();
    let mut ports = members.iter().flat_map(|member| &member.public);
    let takes = |port: &PublicPort| !port.face.is_network() && !Door::of(cx, port).given;
    if let Some(certificate) = certificate.filter(|_| !ports.any(takes)) {
        let message = match names_listener(cx) && members.iter().any(has_http) {
            true => "`x-ecs.certificate` has no effect: the listener that is there has its own",
            false => "`x-ecs.certificate` has no effect without a public port",
        };
        out.say(
            Diagnostic::note(Code::Ignored, message)
                .at(certificate.span, "")
                .help("publish a port that speaks HTTP, or take it away"),
        );
    }
    existing::check(cx, members, out);
    balancer::add(cx, members, out);
    let doors = doors(cx, members);
    let moved = shift::units(members);
    let mut made: BTreeSet<ResourceId> = BTreeSet::new();
    for member in members.iter().filter(|member| !member.public.is_empty()) {
        let name = member.name();
        let description =
            format!("Lets the load balancer reach {}", fit(member.unit, Grammar::SecurityGroup));
        let origin = Some(member.public[0].span);
        let group = target_group(member.unit);
        if member.network == TaskNetwork::AwsVpc && !out.desired.resources.contains_key(&group) {
            add_group(cx, group, shorten(description), Some(name), origin, out);
        }
        let moves = moved.contains(member.unit);
        if moves {
            shift::add_role(cx, member.public[0].span, out);
        }
        let mut last = None;
        for port in &member.public {
            if last != Some(port.target) {
                last = Some(port.target);
                target_group::add(cx, member, port, moves, out);
            }
            let door = Door::of(cx, port);
            let ways = doors.get(&door).map_or(&[][..], Vec::as_slice);
            if !door.given && made.insert(door.id()) {
                listener::add(cx, door, ways, &moved, out);
            }
            listener::open(cx, door, (member, port), ways, moves, out);
        }
    }
    record::add(cx, members, out);
}

/// To the tasks of a service: behind one target group, or behind two where requests are moved.
fn forward(service: &str, target: u16, moves: bool) -> ListenerAction {
    let arn = |id| Value::From(id, Attribute::Arn);
    let group = arn(target_group_id(service, target));
    if moves {
        ListenerAction::forward_between(group, arn(alternate_id(service, target)))
    } else {
        ListenerAction::forward(group)
    }
}

/// Who stands behind a listener: a service and its port.
type Way<'a> = (&'a Member<'a>, &'a PublicPort);

/// The listeners, in the order in which the file comes to them.
fn doors<'a>(cx: &Context<'_>, members: &'a [Member<'a>]) -> IndexMap<Door, Vec<Way<'a>>> {
    let mut doors: IndexMap<Door, Vec<Way<'_>>> = IndexMap::new();
    for member in members {
        for port in &member.public {
            doors.entry(Door::of(cx, port)).or_default().push((member, port));
        }
    }
    doors
}

/// Says what of `x-ecs.http` has no effect on a service that no load balancer reaches over HTTP.
fn unused(member: &Member<'_>, out: &mut Output) {
    let Http {
        span,
        host,
        path,
        health_check,
        // Network Load Balancers wait, too.
        deregistration_delay: _,
        stickiness,
        aliases,
    } = &member.service.extension.http;
    let mut outcomes = Outcomes::new(member.service, out);
    if member.public.is_empty() {
        if let Some(span) = span {
            let help = "publish a port of the service, or take `x-ecs.http` away";
            outcomes.missed(*span, "`x-ecs.http` has no effect without a public port", help);
        }
        return;
    }
    let attributes = [
        ("host", place_of(host)),
        ("path", place_of(path)),
        ("health_check", place_of(health_check)),
        ("stickiness", place_of(stickiness)),
        ("alias", place_of(aliases)),
    ];
    for (name, place) in attributes {
        if let Some(place) = place {
            let message = format!("`x-ecs.http.{name}` has no effect: no port speaks HTTP");
            let help = "a network load balancer takes the ports: write `app_protocol: http` at one that \
                        speaks it, or take it away";
            outcomes.missed(place, message, help);
        }
    }
}

/// The target groups of a service, and what they wait for: ECS refuses a target group that hangs
/// off no load balancer yet.
pub(crate) fn of_service(cx: &Context<'_>, unit: &Unit<'_>) -> Vec<ServiceLoadBalancer> {
    let moves = shift::moves(unit);
    let arn = |id| Value::From(id, Attribute::Arn);
    let mut all = Vec::new();
    for member in &unit.members {
        let mut ports: Vec<_> = member.public.iter().collect();
        ports.dedup_by_key(|port| port.target);
        let name = member.name();
        all.extend(ports.into_iter().map(|port| ServiceLoadBalancer {
            target_group_arn: arn(target_group_id(name, port.target)),
            container_name: container_name(name),
            container_port: i32::from(port.target),
            advanced_configuration: moves.then(|| {
                let door = Door::of(cx, port);
                let network = port.face.is_network();
                AdvancedConfiguration {
                    alternate_target_group_arn: arn(alternate_id(name, port.target)),
                    production_listener_rule: match network {
                        true => door.arn(cx),
                        false => arn(door.rule(name)),
                    },
                    test_listener_rule: None,
                    role_arn: shift::role_arn(),
                }
            }),
        }));
    }
    all
}

/// Which load balancer counts the requests of a unit, and the target group of its first port that
/// speaks HTTP.
pub(crate) fn counted(unit: &Unit<'_>) -> Option<(Face, ResourceId)> {
    let mut ports = unit
        .members
        .iter()
        .flat_map(|member| member.public.iter().map(move |port| (member.name(), port)));
    let (name, port) = ports.find(|(_, port)| !port.face.is_network())?;
    Some((port.face, target_group_id(name, port.target)))
}

/// What leads to a service: its listeners, and its rules where it shares them.
pub(crate) fn listeners(cx: &Context<'_>, unit: &Unit<'_>, member: &Member<'_>) -> Vec<ResourceId> {
    let moves = shift::moves(unit);
    let ways = member.public.iter().flat_map(|port| {
        let door = Door::of(cx, port);
        let shares = !conditions(cx, member.service, port).is_empty();
        let has_rule = shares || moves && !port.face.is_network();
        let listener = (!door.given).then(|| door.id());
        [listener, has_rule.then(|| door.rule(member.name()))].into_iter().flatten()
    });
    ways.collect()
}

#[cfg(test)]
mod sharing_tests;
#[cfg(test)]
#[path = "load_balancer_tests.rs"]
mod tests;
