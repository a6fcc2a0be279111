//! `x-ecs.launch`: Fargate, EC2 instances, or instances that ECS manages; and the network of tasks
//! on instances.

use super::outcome::{Outcomes, place_of};
use super::{capacity, daemon, gpu, namespaces};
use crate::compose::model::{Launch, Port, Service, TaskNetwork};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{CapacityProviderStrategyItem, ContainerDefinition};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;
use crate::source::{Located, Span};

/// What a container gets on an instance that says nothing of memory and was not written by anybody:
/// MiB. ECS wants `memory` or `memoryReservation` there (ECS API reference,
/// `ContainerDefinition.memoryReservation`).
const HELPER: i32 = 64;

/// The network of a service's tasks: `x-ecs.network_mode`, else Compose's own words where these
/// name a mode that ECS has, else an interface of their own.
pub(crate) fn network(service: &Service) -> TaskNetwork {
    if !service.on_instances() {
        return TaskNetwork::AwsVpc;
    }
    if let Some(mode) = &service.extension.network_mode {
        return mode.value;
    }
    match service.network_mode().map_or("", |mode| mode.value.as_str()) {
        "bridge" => TaskNetwork::Bridge,
        "host" => TaskNetwork::Host,
        "none" => TaskNetwork::None,
        _ => TaskNetwork::AwsVpc,
    }
}

/// Where the network was chosen.
pub(crate) fn network_span(service: &Service) -> Span {
    let extension = service.extension.network_mode.as_ref().map(|mode| mode.span);
    extension.or(service.network_mode().map(|mode| mode.span)).unwrap_or(service.span())
}

/// Says what of the choice does not hold for a unit.
pub(crate) fn check(cx: &Context<'_>, unit: &Unit<'_>, out: &mut Output) {
    let leader = unit.leader();
    for member in unit.members.iter().filter(|m| m.service.launch() != leader.service.launch()) {
        let span = |service: &Service| {
            service.extension.launch.as_ref().map_or(service.span(), |launch| launch.span)
        };
        let message = format!("{} and {} share a task", member.name(), leader.name());
        out.say(
            Diagnostic::error(
                Code::Conflict,
                format!("{message}, and want different launch types"),
            )
            .at(span(member.service), "")
            .at(span(leader.service), "")
            .help("write one `x-ecs.launch` at both")
            .service(member.name()),
        );
    }
    if !leader.service.on_instances() {
        for member in &unit.members {
            unused(member.service, out);
        }
        return;
    }
    namespaces::task::check(cx, unit, out);
    let launch = leader.service.launch();
    let mut outcomes = Outcomes::new(leader.service, out);
    let span = network_span(leader.service);
    match (leader.network, launch) {
        // ECS API reference, `ManagedInstancesNetworkConfiguration`: awsvpc, host and none.
        (TaskNetwork::Bridge, Launch::ManagedInstances) => {
            let help = "use `x-ecs: {network_mode: awsvpc}` or `host`, or `x-ecs: {launch: ec2}`";
            outcomes.refused(span, "managed instances have no bridge network", help);
        }
        (TaskNetwork::AwsVpc, _) if cx.facts.network.assign_public_ip => {
            // ECS developer guide, "Allocate a network interface for an Amazon ECS task".
            // Managed instances have no bridge.
            let help = match launch {
                Launch::Ec2 => {
                    "put them into private subnets with a route out, `x-ecs.subnets`; or use the \
                     instance's own network, `x-ecs: {network_mode: bridge}`"
                }
                _ => {
                    "put them into private subnets with a route out, `x-ecs.subnets`; or use the \
                     instance's own network, `x-ecs: {network_mode: host}`"
                }
            };
            outcomes.near(leader.service.span(), "tasks on instances get no public address", help);
        }
        (TaskNetwork::Bridge, _) => separate(unit, span, &mut outcomes),
        _ => {}
    }
    if let Some(disk) = &leader.service.extension.ephemeral_storage {
        let help = "the instance's disk serves: its size is the instance's";
        outcomes.missed(disk.span, "`ephemeral_storage` has no effect on instances", help);
    }
    if leader.network == TaskNetwork::None {
        unreached(unit, out);
    }
    if rolls_beside(unit) {
        fixed_ports(unit, out);
        kept_gpus(unit, out);
    }
}

/// Without a network there are no ports.
fn unreached(unit: &Unit<'_>, out: &mut Output) {
    for member in &unit.members {
        let service = member.service;
        for (name, ports) in [("ports", &service.ports), ("expose", &service.expose)] {
            let Some(span) = place_of(ports.iter().filter(|port| !port.value.assumed)) else {
                continue;
            };
            Outcomes::new(service, out).missed(
                span,
                format!("`{name}` has no effect: {} has no network", member.name()),
                "take `network_mode: none` away, or the ports",
            );
        }
    }
}

/// On bridge each container has a network of its own: two that share one cannot.
fn separate(unit: &Unit<'_>, span: Span, outcomes: &mut Outcomes<'_>) {
    let shares = |member: &&&Member<'_>| {
        member.service.network_mode().is_some_and(|mode| mode.value.starts_with("service:"))
    };
    if let Some(member) = unit.members.iter().find(shares) {
        let message =
            format!("{} shares a network, which containers on bridge do not", member.name());
        outcomes.refused(
            span,
            message,
            "use `x-ecs: {network_mode: awsvpc}` or `host` for services that share a network",
        );
    }
}

/// The way out for what one task at a time can have of an instance.
const ONE_AT_A_TIME: &str = "have more instances than tasks; or stop the old task first: `deploy: \
    {update_config: {order: stop-first}}`";

/// Whether new tasks start while old ones run, and nobody asked for it.
fn rolls_beside(unit: &Unit<'_>) -> bool {
    let orders = |member: &&Member<'_>| {
        let update = member.service.deploy.update_config.as_ref();
        update.is_some_and(|update| update.value.order.is_some())
    };
    let leader = unit.leader();
    let is_other = unit.stateful() || leader.job.is_some() || daemon::is_daemon(unit);
    !is_other && !unit.members.iter().any(orders)
}

/// A GPU is one task's at a time (ECS developer guide, "Amazon ECS task definitions for GPU workloads":
/// it is pinned to a container). Managed instances are started as tasks need them.
fn kept_gpus(unit: &Unit<'_>, out: &mut Output) {
    if unit.leader().service.launch() != Launch::Ec2 {
        return;
    }
    let wants = |service: &&Service| !gpu::requirements(service, &mut Output::default()).is_empty();
    let mut services = unit.members.iter().map(|member| member.service);
    let Some(service) = services.find(wants) else { return };
    let message =
        format!("a new task of {} starts where a GPU of an instance is free", unit.name());
    Outcomes::new(service, out).differs(gpu::place(service), message, ONE_AT_A_TIME);
}

/// A port of the instance can be one task's at a time.
fn fixed_ports(unit: &Unit<'_>, out: &mut Output) {
    let leader = unit.leader();
    let service = leader.service;
    let fixed = |member: &&Member<'_>| {
        let mut mappings = super::bridge::mappings(member).into_iter();
        mappings.find(|m| leader.network.is_of_the_instance() && m.host_port != 0)
    };
    if let Some(mapping) = unit.members.iter().find_map(fixed) {
        let message = format!(
            "a new task of {} starts where port {} of an instance is free",
            unit.name(),
            mapping.host_port
        );
        let published = |port: &&Located<Port>| {
            i32::from(port.value.published.unwrap_or(port.value.target)) == mapping.host_port
        };
        let ports = unit.members.iter().flat_map(|member| &member.service.ports);
        let place = ports.clone().find(published).or_else(|| ports.clone().next());
        Outcomes::new(service, out).differs(
            place.map_or(service.span(), |port| port.span),
            message,
            ONE_AT_A_TIME,
        );
    }
}

/// What is for instances alone.
fn unused(service: &Service, out: &mut Output) {
    let mut outcomes = Outcomes::new(service, out);
    let extension = &service.extension;
    let placement = &extension.placement;
    let placed = placement.constraints.first().map(|item| item.span);
    let placed = placed.or(placement.strategy.first().map(|item| item.span));
    let mode = extension.network_mode.as_ref().filter(|mode| mode.value != TaskNetwork::AwsVpc);
    for (span, name) in [(placed, "placement"), (mode.map(|mode| mode.span), "network_mode")] {
        if let Some(span) = span {
            let message = format!("`x-ecs.{name}` has no effect on Fargate");
            outcomes.missed(span, message, "it is for instances: `x-ecs: {launch: ec2}`");
        }
    }
}

/// The `launchType` of a unit: where it runs on instances, and no capacity provider is named.
fn launch_type(unit: &Unit<'_>, strategy: &[CapacityProviderStrategyItem]) -> Option<String> {
    let launch = unit.leader().service.launch();
    (launch == Launch::Ec2 && strategy.is_empty()).then(|| launch.as_str().to_owned())
}

/// The `platformVersion` of a unit, which Fargate alone has.
pub(crate) fn platform_version(unit: &Unit<'_>) -> String {
    if unit.leader().service.on_instances() { String::new() } else { "LATEST".to_owned() }
}

/// Gives memory to containers on instances that have none, where the task has none either.
pub(crate) fn reserve(containers: &mut [ContainerDefinition]) {
    for container in containers {
        if container.memory.is_none() && container.memory_reservation.is_none() {
            container.memory_reservation = Some(HELPER);
        }
    }
}

/// Whether ECS may move the tasks of a service from zone to zone (ECS developer guide, "Balancing an
/// Amazon ECS service across Availability Zones"): it starts a task before it stops one, and
/// nothing else may say which zones the tasks are in.
pub(crate) fn rebalances(service: &crate::ecs::desired::Service) -> bool {
    let zone = "ecs.availability-zone";
    service.deployment_configuration.maximum_percent > 100
        && service.scheduling_strategy != crate::ecs::desired::Service::DAEMON
        && service.placement_strategy.first().is_none_or(|s| {
            s.kind == "spread" && s.field.as_deref() == Some("attribute:ecs.availability-zone")
        })
        && !service
            .placement_constraints
            .iter()
            .any(|c| c.expression.as_ref().is_some_and(|e| e.contains(zone)))
}

/// The capacity of a unit: what it runs on, in words of the API.
pub(crate) fn capacity(
    cx: &Context<'_>,
    unit: &Unit<'_>,
    out: &mut Output,
) -> (Option<String>, Vec<CapacityProviderStrategyItem>) {
    let strategy = capacity::strategy(cx, unit, out);
    (launch_type(unit, &strategy), strategy)
}

#[cfg(test)]
#[path = "launch_engine_tests.rs"]
mod engine_tests;

#[cfg(test)]
#[path = "launch_tests.rs"]
pub(crate) mod tests;
