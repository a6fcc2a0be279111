//! `x-ecs.domain` and `x-ecs.http.alias`: names in the DNS that lead to a load balancer.

use std::collections::HashMap;

use super::{balancer, existing};
use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    AddTags, AliasRecord, AliasTarget, Body, ChangeResourceRecordSets, Kind, ResourceId,
};
use crate::ecs::rules::exposure::Face;
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::short_hash;
use crate::ecs::translate::survey::Member;
use crate::source::{Located, Span};

/// A name, and the load balancer that it leads to.
struct Wanted<'a> {
    name: &'a Located<String>,
    face: Face,
    service: Option<&'a str>,
}

/// The records of a name. `*` is no letter of a file's name everywhere.
fn id(name: &str) -> ResourceId {
    ResourceId::new(Kind::AliasRecord, name.replace('*', "_any"))
}

/// The zone of a name, where nobody knows it yet.
fn placeholder(name: &str) -> String {
    format!("${{route53.zone.{name}}}")
}

/// The domain at the top level leads where most visitors go: to what the Internet reaches over HTTP,
/// else otherwise, else to what the VPC reaches.
const ORDER: [Face; 4] = [Face::Public, Face::Network, Face::Internal, Face::NetworkInternal];

/// Adds the records, and calls the places where the application answers by these names.
pub(super) fn add(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    let mut taken: Vec<Wanted<'_>> = Vec::new();
    for wanted in wanted(cx, members, out) {
        let name = &wanted.name.value;
        match taken.iter().find(|other| other.name.value == *name) {
            Some(other) if other.face == wanted.face => {}
            Some(other) => out.say(conflict(&wanted, other.name.span)),
            None => taken.push(wanted),
        }
    }
    for wanted in &taken {
        put(cx, wanted, out);
    }
    if cx.project.extension.certificate.is_none()
        && let Some(first) = taken.iter().find(|wanted| is_http(cx, wanted.face))
    {
        out.say(plain(first));
    }
    call(cx, members, &taken, out);
}

fn wanted<'a>(cx: &Context<'a>, members: &'a [Member<'a>], out: &mut Output) -> Vec<Wanted<'a>> {
    let has = |face: &Face| members.iter().any(|m| m.public.iter().any(|port| port.face == *face));
    let domains = &cx.project.extension.domains;
    let mut all = Vec::new();
    match (ORDER.into_iter().find(has), domains.first()) {
        (Some(face), _) => {
            all.extend(domains.iter().map(|name| Wanted { name, face, service: None }));
        }
        (None, Some(first)) => out.say(
            Diagnostic::warning(
                Code::Ignored,
                "`x-ecs.domain` has no effect without a public port",
            )
            .at(first.span, "")
            .help("publish a port of a service, or take `x-ecs.domain` away"),
        ),
        (None, None) => {}
    }
    for member in members {
        let Some(face) = face_of(member) else { continue };
        let names = member.service.extension.http.aliases.iter();
        all.extend(names.map(|name| Wanted { name, face, service: Some(member.name()) }));
    }
    all
}

/// The load balancer that leads to a service over HTTP; [`super::unused`] says where there is none.
fn face_of(member: &Member<'_>) -> Option<Face> {
    let mut ports = member.public.iter().map(|port| port.face);
    ports.find(|face| !face.is_network())
}

fn is_http(cx: &Context<'_>, face: Face) -> bool {
    !face.is_network() && existing::listener(cx, face).is_none()
}

fn conflict(wanted: &Wanted<'_>, other: Span) -> Diagnostic {
    let message = format!("{} cannot lead to two load balancers", wanted.name.value);
    let fault = Diagnostic::error(Code::Conflict, message)
        .at(wanted.name.span, "")
        .at(other, "leads to another one")
        .help("give what the Internet reaches and what the VPC reaches names of their own");
    match wanted.service {
        Some(service) => fault.service(service),
        None => fault,
    }
}

/// A certificate is asked for by name, never taken because it is there.
fn plain(first: &Wanted<'_>) -> Diagnostic {
    let name = &first.name.value;
    let message = format!("{name} speaks HTTP alone");
    // A plain star would begin an alias.
    let written = if name.starts_with('*') { format!("\"{name}\"") } else { name.clone() };
    Diagnostic::note(Code::Approximated, message).at(first.name.span, "").help(format!(
        "`x-ecs: {{certificate: {written}}}` finds its certificate in ACM and has the listeners speak \
         HTTPS"
    ))
}

fn put(cx: &Context<'_>, wanted: &Wanted<'_>, out: &mut Output) {
    let Wanted { name: Located { value: name, span }, face, service } = wanted;
    let zone = cx.facts.zones.get(name).cloned().unwrap_or_else(|| placeholder(name));
    let target = AliasTarget {
        hosted_zone_id: balancer::zone_id(cx, *face),
        dns_name: balancer::address(cx, *face),
        evaluate_target_health: false,
    };
    let types: &[&str] = match existing::facts(cx, *face).map(|facts| &*facts.ip_address_type) {
        Some("dualstack") => &["A", "AAAA"],
        Some("dualstack-without-public-ipv4") => &["AAAA"],
        // One of the project's own has IPv4 alone.
        _ => &["A"],
    };
    let note = existing::of(cx, *face).is_none().then(|| AddTags {
        resource_arns: vec![balancer::arn(cx, *face)],
        tags: vec![AliasRecord::note(&zone, name, &short_hash(name))],
    });
    let change = ChangeResourceRecordSets::create(zone, name, types, &target);
    let body = Body::AliasRecord(Box::new(AliasRecord { note, change }));
    out.add(id(name), body, *service, Some(*span));
}

/// Calls what a name leads to by the first that fits: requests that are for a host of their own keep it.
fn call(cx: &Context<'_>, members: &[Member<'_>], taken: &[Wanted<'_>], out: &mut Output) {
    if taken.is_empty() {
        return;
    }
    let services: HashMap<&str, &Service> =
        members.iter().map(|member| (member.name(), member.service)).collect();
    for endpoint in &mut out.desired.endpoints {
        if endpoint.host.is_some() {
            continue;
        }
        let service = services.get(endpoint.service.as_str()).copied();
        let own = |wanted: &&Wanted<'_>| {
            let aliases = service.iter().flat_map(|service| &service.extension.http.aliases);
            aliases.map(|alias| &alias.value).any(|alias| *alias == wanted.name.value)
        };
        let leads = |wanted: &&Wanted<'_>| {
            balancer::address(cx, wanted.face) == endpoint.address
                && !wanted.name.value.starts_with('*')
        };
        let mut all = taken.iter().filter(leads);
        let first = all.clone().find(own).or_else(|| all.find(|wanted| wanted.service.is_none()));
        endpoint.host = first.map(|wanted| wanted.name.value.clone());
    }
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
