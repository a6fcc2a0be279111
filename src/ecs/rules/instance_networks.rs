//! Compose networks of services that stand in the network of their instance: no security group keeps
//! those apart, since it is the instance that carries one (EC2 user guide, "Amazon EC2 security
//! groups": a group is an interface's, and on bridge and host tasks have the instance's).

use std::collections::{BTreeMap, HashSet};

use super::networks::{Reach, describe};
use super::security_groups::existing_group;
use crate::compose::model::TaskNetwork;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::survey::Member;
use crate::source::Span;

/// How to keep tasks on instances apart.
const WAY_OUT: &str = "give tasks an interface and its security groups: `x-ecs: {network_mode: awsvpc}` \
    at the service or at the top level";

/// Says what becomes of the networks of those in the instances' network.
pub(crate) fn check(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    // Docker's own `network_mode`s are no networks of the file.
    let is_here = |member: &&Member<'_>| {
        member.network.is_of_the_instance() && !member.service.networks.is_empty()
    };
    let here: Vec<&Member<'_>> = members.iter().filter(is_here).collect();
    let used: HashSet<&str> =
        here.iter().flat_map(|m| m.service.networks.keys().map(String::as_str)).collect();
    let of_tasks: HashSet<&str> = members
        .iter()
        .filter(|member| member.network == TaskNetwork::AwsVpc)
        .flat_map(|member| member.networks.iter().copied())
        .collect();
    for (name, network) in &cx.project.networks {
        if !used.contains(name.as_str()) {
            continue;
        }
        if let Some(group) = existing_group(network) {
            let message = format!("the tasks of {name} on instances do not carry {group}");
            let fault = Diagnostic::warning(Code::Approximated, message).at(network.span, "");
            out.say(fault.help(
                "their instances carry a group: name it with `x-ecs: {instances: {security_group: \
                 sg-…}}` at the top level, or use `x-ecs: {network_mode: awsvpc}`",
            ));
        }
        // Otherwise that was said where its group is made.
        if !of_tasks.contains(name.as_str()) {
            describe(name, network, Reach::Instances, out);
        }
    }
    apart(&here, out);
}

/// Says that services are together which no Compose network brings together: once aloud, and at each
/// of the others for the record.
fn apart(here: &[&Member<'_>], out: &mut Output) {
    let Some((one, other)) = strangers(here) else { return };
    let place = |member: &Member<'_>| {
        let first = member.service.networks.values().next();
        first.map_or(member.service.span(), |attachment| attachment.span)
    };
    let message = format!(
        "{} and {} reach each other: nothing keeps apart what is in the network of its instance",
        one.name(),
        other.name()
    );
    out.say(
        Diagnostic::warning(Code::Approximated, message)
            .at(place(other), "")
            .at(place(one), "on another network under Compose")
            .help(WAY_OUT)
            .service(other.name()),
    );
    for member in here.iter().filter(|member| member.name() != other.name()) {
        // The network of those that name none stands nowhere.
        if place(member) == member.service.name.span {
            continue;
        }
        out.say(note(member, place(member)));
    }
}

fn note(member: &Member<'_>, place: Span) -> Diagnostic {
    let message = format!("{} is on the network of its instance, with all others", member.name());
    Diagnostic::note(Code::Approximated, message).at(place, "").help(WAY_OUT).service(member.name())
}

/// Two that share no network.
fn strangers<'m, 'a>(here: &[&'m Member<'a>]) -> Option<(&'m Member<'a>, &'m Member<'a>)> {
    // Most services are on the same few.
    let mut kinds: BTreeMap<Vec<&str>, &'m Member<'a>> = BTreeMap::new();
    let mut order = Vec::new();
    for member in here {
        let mut names: Vec<&str> = member.service.networks.keys().map(String::as_str).collect();
        names.sort_unstable();
        kinds.entry(names).or_insert_with(|| {
            order.push(*member);
            member
        });
    }
    order.iter().enumerate().find_map(|(at, one)| {
        let is_strange = |other: &&&Member<'_>| {
            let theirs = &other.service.networks;
            !one.service.networks.keys().any(|name| theirs.contains_key(name))
        };
        order[at + 1..].iter().find(is_strange).map(|other| (*one, *other))
    })
}
