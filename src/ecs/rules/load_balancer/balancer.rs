//! The load balancers of a project, and who may reach them.

use super::existing;
use crate::ecs::desired::{Attribute, Body, Kind, LoadBalancer, ResourceId, Value};
use crate::ecs::rules::exposure::Face;
use crate::ecs::rules::security_groups::{add_group, id_of, load_balancer_group};
use crate::ecs::translate::context::{Context, Output, load_balancer_id};
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::survey::Member;
use crate::source::Span;

/// The load balancer of the project's own with this face.
fn id(face: Face) -> ResourceId {
    match face {
        Face::Public => load_balancer_id(),
        Face::Internal => ResourceId::new(Kind::LoadBalancer, "alb-internal"),
        Face::Network => ResourceId::new(Kind::LoadBalancer, "nlb"),
        Face::NetworkInternal => ResourceId::new(Kind::LoadBalancer, "nlb-internal"),
    }
}

/// Its ARN.
pub(super) fn arn(cx: &Context<'_>, face: Face) -> Value {
    match existing::of(cx, face) {
        Some(balancer) => Value::from(existing::arn(cx, &balancer.value)),
        None => Value::From(id(face), Attribute::Arn),
    }
}

/// The name that it answers to.
pub(super) fn address(cx: &Context<'_>, face: Face) -> Value {
    let Some(balancer) = existing::of(cx, face) else {
        return Value::From(id(face), Attribute::DnsName);
    };
    Value::from(match existing::facts(cx, face) {
        Some(facts) => facts.dns_name.clone(),
        None => existing::placeholder(&balancer.value, "dns_name"),
    })
}

/// The zone of that name.
pub(super) fn zone_id(cx: &Context<'_>, face: Face) -> Value {
    let Some(balancer) = existing::of(cx, face) else {
        return Value::From(id(face), Attribute::ZoneId);
    };
    Value::from(match existing::facts(cx, face) {
        Some(facts) => facts.zone_id.clone(),
        None => existing::placeholder(&balancer.value, "zone_id"),
    })
}

/// The end of its ARN, from its type on.
pub(crate) fn label(cx: &Context<'_>, face: Face) -> Value {
    match existing::of(cx, face) {
        Some(balancer) => Value::from(existing::label(cx, &balancer.value)),
        None => Value::From(id(face), Attribute::Label),
    }
}

/// The id of the group that it carries.
pub(super) fn group_id(cx: &Context<'_>, face: Face) -> Value {
    match existing::of(cx, face) {
        Some(balancer) => Value::from(existing::security_group(cx, &balancer.value)),
        None => id_of(group(face)),
    }
}

/// Its security group.
pub(super) fn group(face: Face) -> ResourceId {
    match face {
        Face::Public => load_balancer_group(),
        Face::Internal => ResourceId::new(Kind::SecurityGroup, "load-balancer-internal"),
        Face::Network => ResourceId::new(Kind::SecurityGroup, "load-balancer-network"),
        Face::NetworkInternal => {
            ResourceId::new(Kind::SecurityGroup, "load-balancer-network-internal")
        }
    }
}

/// Adds the load balancers that anything needs and nobody has made.
pub(super) fn add(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    for face in [Face::Public, Face::Internal, Face::Network, Face::NetworkInternal] {
        let mut ports = members.iter().flat_map(|member| &member.public);
        let first = ports.find(|port| port.face == face);
        if let Some(first) = first.filter(|_| existing::of(cx, face).is_none()) {
            add_one(cx, face, first.span, out);
        }
    }
}

fn add_one(cx: &Context<'_>, face: Face, origin: Span, out: &mut Output) {
    let description = match face {
        Face::Public => "Lets the Internet reach the load balancer",
        Face::Internal => "Lets the VPC reach the internal load balancer",
        Face::Network => "Lets the Internet reach the network load balancer",
        Face::NetworkInternal => "Lets the VPC reach the internal network load balancer",
    };
    let group = group(face);
    add_group(cx, group.clone(), description.to_owned(), None, Some(origin), out);
    let name = match face {
        Face::Public => cx.stack.clone(),
        Face::Internal => format!("{}-internal", cx.stack),
        Face::Network => format!("{}-network", cx.stack),
        Face::NetworkInternal => format!("{}-network-internal", cx.stack),
    };
    // elbv2 API reference, CreateLoadBalancer: a name must not begin with `internal-`.
    let name = match name.strip_prefix("internal-") {
        Some(_) => fit(&format!("lb-{name}"), Grammar::Balancer),
        None => fit(&name, Grammar::Balancer),
    };
    let network = &cx.facts.network;
    let id = id(face);
    let body = LoadBalancer {
        name,
        kind: if face.is_network() { "network" } else { "application" }.to_owned(),
        scheme: if face.is_internal() { "internal" } else { "internet-facing" }.to_owned(),
        ip_address_type: "ipv4".to_owned(),
        subnets: match face {
            Face::Public | Face::Network => network.load_balancer_subnets.clone(),
            // Where the tasks stand, one subnet a zone: private ones where there are any.
            Face::Internal | Face::NetworkInternal => {
                network.zone_subnets.iter().map(|(_, id)| id.clone()).collect()
            }
        },
        security_groups: vec![id_of(group)],
        tags: cx.upper_tags(&id),
    };
    let scheme = body.scheme.clone();
    out.add(id.clone(), Body::LoadBalancer(Box::new(body)), None, Some(origin));
    // EC2 has no public address in a VPC without a way to the Internet.
    if network.made().is_some() && scheme == "internet-facing" {
        out.wait(&id, crate::ecs::rules::network::gateway());
    }
}
