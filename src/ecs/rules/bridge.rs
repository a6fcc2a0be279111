//! Tasks in the network of their instance: its ports, and who may reach them.

use std::collections::{BTreeMap, BTreeSet};

use super::exposure::{Face, PublicPort};
use super::ports;
use super::security_groups::{Source, add_group, group_of, id_of, network_group};
use crate::compose::model::TaskNetwork;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Body, GroupPair, IngressRule, IpPermission, Kind, PortMapping, ResourceId, Value,
};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::survey::Member;
use crate::source::Span;

/// The ports that Docker gives to containers whose host port is 0, on Amazon's images (ECS API
/// reference, `PortMapping.hostPort`: ports below 32768 are outside of the ephemeral range; Linux's
/// `ip_local_port_range` ends at 60999, that of a kernel without one at 65535).
pub(crate) const EPHEMERAL: (u16, u16) = (32768, 65535);

/// Ports of an instance that its agent, its engine and SSH have (ECS API reference,
/// `PortMapping.hostPort`).
pub(crate) const RESERVED: [u16; 6] = [22, 2375, 2376, 51678, 51679, 51680];

/// The group of the project's own for its instances.
fn own_group() -> ResourceId {
    ResourceId::new(Kind::SecurityGroup, "instances")
}

/// The group that the instances carry.
pub(crate) fn instance_group(cx: &Context<'_>) -> Value {
    match &cx.project.extension.instances.security_group {
        Some(group) => Value::Known(group.value.clone()),
        None => id_of(own_group()),
    }
}

/// The port mappings of a service's container.
pub(crate) fn mappings(member: &Member<'_>) -> Vec<PortMapping> {
    let mut mappings = match member.network {
        TaskNetwork::None => return Vec::new(),
        _ => ports::mappings(member.name(), &member.ports),
    };
    // ECS names the target of a load balancer by the container's port alone (ECS API reference,
    // `LoadBalancer.containerPort`): it is mapped once.
    mappings.retain(|mapping| !is_beside_a_target(member, mapping));
    if member.network == TaskNetwork::Bridge {
        for mapping in &mut mappings {
            mapping.host_port = i32::from(host_port(member, mapping).unwrap_or(0));
        }
    }
    mappings
}

/// Refuses ports of an instance that somebody else has, and warns of those that somebody may have.
fn check(member: &Member<'_>, out: &mut Output) {
    for mapping in ports::mappings(member.name(), &member.ports) {
        if member.network == TaskNetwork::Bridge && is_beside_a_target(member, &mapping) {
            left_out(member, &mapping, out);
            continue;
        }
        let wanted = match member.network {
            TaskNetwork::Bridge => host_port(member, &mapping),
            TaskNetwork::Host => u16::try_from(mapping.container_port).ok(),
            TaskNetwork::AwsVpc | TaskNetwork::None => continue,
        };
        let Some(port) = wanted else { continue };
        let first = EPHEMERAL.0;
        // "Do not attempt to specify a host port in the ephemeral port range": ECS takes it, and the task
        // starts unless somebody was given the port (ECS API reference, `PortMapping.hostPort`).
        let said = match (RESERVED.contains(&port), port >= first) {
            (true, _) => Diagnostic::error(
                Code::Refused,
                format!(
                    "port {port} of an instance is the instance's own: SSH, Docker and the agent of \
                     ECS have it"
                ),
            ),
            (_, true) => Diagnostic::warning(
                Code::Approximated,
                format!(
                    "port {port} of an instance is one of those that it gives to whoever asks for \
                     none: a task does not start where it is taken"
                ),
            ),
            _ => continue,
        };
        let target = mapping.container_port;
        let is = |port: u16| i32::from(port) == target;
        let place = member.service.ports.iter().find(|port| is(port.value.target));
        let help = if member.network == TaskNetwork::Bridge {
            format!(
                "publish a port below {first}, or leave the published one away (`\"{target}\"`) \
                where only the load balancer or no one needs to know it"
            )
        } else {
            "let the container listen on another port, or give its task a network of its own \
             with `x-ecs: {network_mode: awsvpc}`"
                .to_owned()
        };
        out.say(
            said.at(place.map_or_else(|| member.service.span(), |port| port.span), "")
                .help(help)
                .service(member.name()),
        );
    }
}

/// Whether a load balancer has the port of this mapping, over the other protocol.
fn is_beside_a_target(member: &Member<'_>, mapping: &PortMapping) -> bool {
    member.public.iter().any(|port| {
        i32::from(port.target) == mapping.container_port
            && (port.backend.protocol == "UDP") != (mapping.protocol == "udp")
    })
}

/// Says that a port has no mapping over the protocol that its load balancer does not speak.
fn left_out(member: &Member<'_>, mapping: &PortMapping, out: &mut Output) {
    let (port, protocol) = (mapping.container_port, mapping.protocol.as_str());
    let mut ports = member.service.ports.iter().chain(&member.service.expose);
    let place = ports.find(|given| {
        i32::from(given.value.target) == port && given.value.protocol.as_str() == protocol
    });
    let message = format!("port {port} is not mapped as {protocol}");
    out.say(
        Diagnostic::warning(Code::Approximated, message)
            .at(place.map_or_else(|| member.service.span(), |port| port.span), "")
            .help("the load balancer's target is one mapping of the port: move one of the two")
            .service(member.name()),
    );
}

/// The port of the instance that was asked for behind a container's port; nothing where the load
/// balancer knows it, or where nobody asked.
fn host_port(member: &Member<'_>, mapping: &PortMapping) -> Option<u16> {
    let is = |port: u16| i32::from(port) == mapping.container_port;
    if member.public.iter().any(|public| is(public.target)) {
        return None;
    }
    let mut ports = member.service.ports.iter().map(|port| &port.value);
    let published = ports.find(|p| is(p.target) && p.protocol.as_str() == mapping.protocol);
    published?.published
}

/// Adds the instances' group, where tasks stand in the instances' network, and lets those in that
/// may reach them: each other, and who shares a Compose network with them.
pub(crate) fn add(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    let at_the_instance = |member: &&Member<'_>| member.network.is_of_the_instance();
    let Some(first) = members.iter().find(at_the_instance) else { return };
    for member in members {
        check(member, out);
    }
    let origin = Some(first.service.span());
    let group = instance_group(cx);
    let owned = cx.project.extension.instances.security_group.is_none();
    if owned {
        let description = "Carried by the instances of the cluster".to_owned();
        add_group(cx, own_group(), description, None, origin, out);
    }
    // Tasks on two instances reach each other at the instances, in a group of the user's, too.
    if owned || meet(members) {
        rule("instances-self", &group, None, group.clone(), (None, origin), out);
    }
    let networks = |of_the_instance: bool| -> BTreeSet<&str> {
        let has = |m: &&Member<'_>| match of_the_instance {
            true => m.network.is_of_the_instance(),
            false => m.network == TaskNetwork::AwsVpc,
        };
        members.iter().filter(has).flat_map(|member| member.networks.iter().copied()).collect()
    };
    for network in networks(true).intersection(&networks(false)) {
        let other = group_of(cx, network);
        rule(&format!("instances-{network}"), &group, None, other.clone(), (None, origin), out);
        // A group that somebody else made is theirs to open.
        if other == id_of(network_group(network)) {
            let name = format!("net-{network}-instances");
            rule(&name, &other, None, group.clone(), (None, origin), out);
        }
    }
}

/// Whether two services in the network of their instances share one of Compose.
fn meet(members: &[Member<'_>]) -> bool {
    let mut users: BTreeMap<&str, &str> = BTreeMap::new();
    let at_the_instance = members.iter().filter(|member| member.network.is_of_the_instance());
    at_the_instance.flat_map(|member| member.networks.iter().map(move |n| (*n, member.unit))).any(
        // Containers of one task meet on one instance.
        |(network, unit)| *users.entry(network).or_insert(unit) != unit,
    )
}

/// Lets the load balancer of a port reach a service at its instances; its group stands in rules'
/// names, the id says which it carries.
pub(crate) fn admit(
    cx: &Context<'_>,
    member: &Member<'_>,
    port: &PublicPort,
    (balancer, from): (ResourceId, Value),
    out: &mut Output,
) {
    // On bridge one range serves all.
    let (ports, number) = match member.network {
        TaskNetwork::Bridge => (EPHEMERAL, String::new()),
        _ => ((port.target, port.target), format!("-{}", port.target)),
    };
    let balancer = &balancer.name;
    // How udp is doing is asked over tcp.
    let protocols: &[&str] =
        if port.backend.protocol == "UDP" { &["tcp", "udp"] } else { &["tcp"] };
    for protocol in protocols {
        let name = match (port.face, *protocol) {
            (Face::Public, _) => format!("lb-instances{number}"),
            (_, protocol) => format!("lb-instances{number}-{balancer}-{protocol}"),
        };
        if out.desired.resources.contains_key(&ResourceId::new(Kind::IngressRule, &*name)) {
            continue;
        }
        let (group, place) = (instance_group(cx), (Some(member.name()), Some(port.span)));
        rule(&name, &group, Some((protocol, ports)), from.clone(), place, out);
    }
}

/// Who reaches the file system from a member: its task's groups, or the instances'.
pub(crate) fn nfs_sources<'a>(cx: &Context<'_>, members: &[&Member<'a>]) -> Vec<(String, Source)> {
    let own: Vec<_> =
        members.iter().filter(|m| m.network == TaskNetwork::AwsVpc).copied().collect();
    let mut known: Vec<Value> = Vec::new();
    let mut sources = Vec::new();
    let networks = super::security_groups::networks_of(&own);
    let all = networks.into_iter().map(|network| (network.to_owned(), group_of(cx, network)));
    let instances =
        (own.len() < members.len()).then(|| ("instances".to_owned(), instance_group(cx)));
    // Two networks may be one existing group, and AWS takes a rule once.
    for (name, group) in all.chain(instances) {
        if !known.contains(&group) {
            known.push(group.clone());
            sources.push((name, Source::Group(group)));
        }
    }
    sources
}

fn rule(
    name: &str,
    group: &Value,
    ports: Option<(&str, (u16, u16))>,
    from: Value,
    place: (Option<&str>, Option<Span>),
    out: &mut Output,
) {
    let permission = IpPermission {
        ip_protocol: ports.map_or("-1", |(protocol, _)| protocol).to_owned(),
        from_port: ports.map(|(_, (from, _))| i32::from(from)),
        to_port: ports.map(|(_, (_, to))| i32::from(to)),
        ip_ranges: Vec::new(),
        user_id_group_pairs: vec![GroupPair { group_id: from, description: None }],
    };
    let body = IngressRule {
        group_id: group.clone(),
        ip_permissions: vec![permission],
        tag_specifications: Vec::new(),
    };
    out.add(ResourceId::new(Kind::IngressRule, name), Body::IngressRule(body), place.0, place.1);
}
