//! Names: apps find each other under the names that Compose gave them, through Service Connect.
//!
//! A service offers each of its TCP ports under each of its names. `clientAliases` takes one
//! alias, so that each further name needs an entry with a discovery name of its own (ECS API
//! reference, `ServiceConnectService`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::addressing::parts;
use super::calls::{self, texts};
use super::cloud_map;
use super::exposure::Schemes;
use super::instance;
use super::mentions::mentions;
use super::own_calls;
use super::own_names::names_of;
use super::port_clash;
use super::ports::{has, port_name};
use super::proven_ports;
use super::told;
use crate::compose::model::{Launch, Protocol, TaskNetwork};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Attribute, Kind, ResourceId, ServiceConnectClientAlias, ServiceConnectConfiguration,
    ServiceConnectService, Value,
};
use crate::ecs::translate::context::{Context, Output, namespace_id};
use crate::ecs::translate::names::{Grammar, fit, private_zone};
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;
use crate::source::Span;

/// In a network with more members that offer names than this, a service's peers are those that its
/// own text names: every member being everybody's peer would grow with the square of the services.
const MANY: usize = 64;

/// Fills in what depends on several services: ports that only others name, who is connected, and
/// who is whose peer.
pub(crate) fn resolve(cx: &Context<'_>, members: &mut [Member<'_>], out: &mut Output) {
    let mentions = read_mentions(cx, members, out);
    calls::check(members, out);
    conflicts(members, out);
    if !cloud_map::is_alone(cx) {
        connect(members, &mentions.named, out);
    }
    cloud_map::assign(cx, members, &mentions, out);
}

/// Whom each service names.
#[derive(Debug)]
pub(crate) struct Mentions {
    /// By user.
    pub(crate) named: Vec<BTreeSet<usize>>,
    /// By user: whom it names otherwise than by the name in the private zone, as what and where first.
    pub(crate) bare: Vec<BTreeMap<usize, BTreeMap<String, Span>>>,
}

impl Mentions {
    /// Whether others name a service, and all by its name in the private zone.
    pub(crate) fn is_called_in_full(&self, owner: usize) -> bool {
        self.named.iter().any(|named| named.contains(&owner))
            && !self.bare.iter().any(|bare| bare.contains_key(&owner))
    }
}

/// Who has which name: the names of Compose, and those that units have in the zone.
fn owners(members: &[Member<'_>], in_zone: impl Fn(&str) -> String) -> HashMap<String, Vec<usize>> {
    let mut owners: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, member) in members.iter().enumerate() {
        for name in &member.names {
            owners.entry(name.dns.clone()).or_default().push(index);
        }
        let full = in_zone(member.unit);
        if member.leads() && !member.names.iter().any(|name| name.dns == full) {
            owners.entry(full).or_default().push(index);
        }
    }
    owners
}

/// Finds every `name:port` in a service's text, adds those ports to the services named, and
/// returns whom each service names.
fn read_mentions(cx: &Context<'_>, members: &mut [Member<'_>], out: &mut Output) -> Mentions {
    let zone = format!(".{}", private_zone(&cx.stack));
    let in_zone = |unit: &str| format!("{}{zone}", unit.to_ascii_lowercase());
    let owners = owners(members, in_zone);
    let mut mentioned = vec![BTreeSet::new(); members.len()];
    let mut bare: Vec<BTreeMap<usize, BTreeMap<String, Span>>> =
        vec![BTreeMap::new(); members.len()];
    let mut found: BTreeMap<(usize, u16), ()> = BTreeMap::new();
    let mut used_hints: BTreeSet<String> = BTreeSet::new();
    let mut lost: BTreeMap<usize, (usize, Span)> = BTreeMap::new();
    let mut within: BTreeMap<(usize, usize), Span> = BTreeMap::new();
    let mut schemes = Schemes::default();
    for (index, member) in members.iter().enumerate() {
        for (owner, span) in linked(members, member, &owners) {
            mentioned[index].insert(owner);
            lost.entry(owner).or_insert((index, span));
        }
        for one in texts(member.service).chain(told::texts(cx, member.service)) {
            let (text, span) = (one.text, one.span);
            let known = |token: &str| owners.contains_key(&token.to_ascii_lowercase());
            mentions(text, known, |mention| {
                let dns = mention.name.to_ascii_lowercase();
                for &owner in owners.get(&dns).into_iter().flatten() {
                    if owner == index || share_a_network(member, &members[owner]) {
                        schemes.note(index, owner, &mention, &one);
                    }
                }
                let beside = || one.port_beside(member.service, mention.name);
                let is_called = mention.is_called(one.variable, text) || beside().is_some();
                for &owner in owners.get(&dns).into_iter().flatten() {
                    if owner == index {
                        // Where it calls itself, its name leads through the proxy like anybody's.
                        if let Some(port) = mention.port.filter(|_| own_calls::is_address(&mention))
                        {
                            found.insert((owner, port), ());
                            used_hints.insert(dns.clone());
                        }
                        continue;
                    }
                    if !share_a_network(member, &members[owner]) {
                        continue;
                    }
                    let linked = instance::reaches(member, &members[owner], &dns);
                    if is_called && member.unit == members[owner].unit && !linked {
                        within.entry((index, owner)).or_insert(span);
                    }
                    mentioned[index].insert(owner);
                    if dns != in_zone(members[owner].unit) {
                        let names = bare[index].entry(owner).or_default();
                        names.entry(dns.clone()).or_insert(span);
                    }
                    used_hints.insert(dns.clone());
                    if let Some(port) = mention.port.or_else(beside) {
                        found.insert((owner, port), ());
                    } else if is_called && (member.unit != members[owner].unit || linked) {
                        // Within a task no port makes the name work.
                        lost.entry(owner).or_insert((index, span));
                    }
                }
            });
        }
    }
    offer(members, found.into_keys());
    proven_ports::add(members);
    schemes.settle(members, out);
    for member in members.iter_mut() {
        member.names.retain(|name| !name.hint || used_hints.contains(&name.dns));
    }
    for ((user, owner), span) in within {
        out.say(same_task(&members[user], &members[owner], span));
    }
    // In DNS a name has no ports.
    let by_ports = |user: usize| members[user].job.is_none() && !cloud_map::is_alone(cx);
    for (owner, (user, span)) in lost.into_iter().filter(|(_, (user, _))| by_ports(*user)) {
        offers_nothing(&members[owner], &members[user], span, out);
    }
    Mentions { named: mentioned, bare }
}

/// Adds ports to services, unless another container of the task has them.
pub(super) fn offer(members: &mut [Member<'_>], found: impl IntoIterator<Item = (usize, u16)>) {
    let tasks = port_clash::tasks(members);
    for (owner, port) in found {
        let known = has(&members[owner].ports, port);
        if !known && !port_clash::is_a_peers(members, &tasks, owner, port) {
            members[owner].ports.insert((port, Protocol::Tcp));
        }
    }
}

/// The services of other tasks that a service links to, and where.
fn linked(
    members: &[Member<'_>],
    member: &Member<'_>,
    owners: &HashMap<String, Vec<usize>>,
) -> Vec<(usize, Span)> {
    let links = member.service.addressing.iter().flat_map(|addressing| &addressing.links);
    let links = links.filter_map(|link| {
        let (target, _) = parts(&link.value);
        let owner = *owners.get(&target.to_ascii_lowercase())?.first()?;
        let other = &members[owner];
        let is_elsewhere = other.unit != member.unit && share_a_network(member, other);
        (is_elsewhere && other.job.is_none()).then_some((owner, link.span))
    });
    links.collect()
}

/// Service Connect promises nothing of a task's own names, and awsvpc takes no `extraHosts`; on bridge there
/// are links.
fn same_task(user: &Member<'_>, owner: &Member<'_>, span: Span) -> Diagnostic {
    let message = format!("{} calls {}, with which it shares a task", user.name(), owner.name());
    let help = match user.network {
        TaskNetwork::AwsVpc | TaskNetwork::Host => {
            "use localhost instead of the name: the containers of a task share one network".to_owned()
        }
        // Links make no circle, and nor does `depends_on`.
        TaskNetwork::Bridge if instance::reaches(owner, user, user.name()) => {
            "on bridge containers find each other by links alone, and links do not go both ways: use \
             `x-ecs: {network_mode: awsvpc}`, where the containers of a task share localhost"
                .to_owned()
        }
        TaskNetwork::Bridge => format!(
            "on bridge containers find each other by links alone: name it under `depends_on`, or write \
             `links: [{}]`",
            owner.name()
        ),
        TaskNetwork::None => {
            "their task has no network: take `network_mode: none` away, or the call".to_owned()
        }
    };
    Diagnostic::warning(Code::Approximated, message)
        .at(span, "called here")
        .help(help)
        .service(user.name())
}

fn offers_nothing(owner: &Member<'_>, user: &Member<'_>, span: Span, out: &mut Output) {
    if offered(owner).next().is_none() {
        let message = format!("{} calls {}, which offers no port", user.name(), owner.name());
        out.say(
            Diagnostic::warning(Code::NothingOffered, message)
                .at(span, "called here")
                .at(owner.service.span(), "no known port")
                .help(
                    "list the port under `expose`; on ECS a name only works for ports that \
                    are known",
                )
                .service(owner.name()),
        );
    }
}

pub(crate) fn share_a_network(one: &Member<'_>, other: &Member<'_>) -> bool {
    one.networks.iter().any(|network| other.networks.contains(network))
}

/// The TCP ports that a service offers by name.
fn offered(member: &Member<'_>) -> impl Iterator<Item = u16> {
    member.ports.iter().filter(|(_, protocol)| *protocol == Protocol::Tcp).map(|(port, _)| *port)
}

/// Refuses two services under one name: on one network Docker would pick either, and in the one
/// namespace of the project a name and a port can only be one service's.
fn conflicts(members: &[Member<'_>], out: &mut Output) {
    let mut seen: HashMap<&str, Vec<(usize, Span)>> = HashMap::new();
    for (index, member) in members.iter().enumerate() {
        for name in &member.names {
            seen.entry(&name.dns).or_default().push((index, name.span));
        }
    }
    let mut clashes: Vec<_> = seen.into_iter().filter(|(_, owners)| owners.len() > 1).collect();
    clashes.sort_unstable();
    for (name, owners) in clashes {
        let mut networks: HashMap<&str, usize> = HashMap::new();
        let mut ports: HashMap<u16, usize> = HashMap::new();
        for (place, &(owner, span)) in owners.iter().enumerate() {
            let member = &members[owner];
            let other = member
                .networks
                .iter()
                .find_map(|network| networks.get(network))
                .or_else(|| offered(member).find_map(|port| ports.get(&port)));
            if let Some(&other) = other {
                let (first, first_span) = owners[other];
                out.say(name_conflict(name, members[first].name(), first_span, member, span));
            }
            for network in &member.networks {
                networks.entry(network).or_insert(place);
            }
            offered(member).for_each(|port| _ = ports.entry(port).or_insert(place));
        }
    }
}

fn name_conflict(
    name: &str,
    first: &str,
    first_span: Span,
    second: &Member<'_>,
    span: Span,
) -> Diagnostic {
    let message = format!("{first} and {} both answer to {name:?}", second.name());
    Diagnostic::error(Code::NameConflict, message)
        .at(span, "also the name of this service")
        .at(first_span, "first used here")
        .help(
            "give one of them another alias or container_name; for several copies of one \
            service use `deploy.replicas`",
        )
        .service(second.name())
}

/// Decides who runs a proxy, and whose peers everybody is.
fn connect(members: &mut [Member<'_>], mentioned: &[BTreeSet<usize>], out: &mut Output) {
    let mut networks: BTreeMap<&str, (usize, Vec<usize>)> = BTreeMap::new();
    // Nobody who runs a job's task needs a proxy for it.
    let lasting = || members.iter().enumerate().filter(|(_, member)| member.job.is_none());
    for (index, member) in lasting() {
        for network in &member.networks {
            let (tasks, offering) = networks.entry(*network).or_default();
            *tasks += usize::from(member.leads());
            let find = |name: &str| members.iter().find(|other| other.name() == name);
            if offered(member).next().is_some() && !names_of(member, find).is_empty() {
                offering.push(index);
            }
        }
    }
    let mut found = Vec::with_capacity(members.len());
    for (index, member) in members.iter().enumerate() {
        let mut connected = false;
        let mut peers = BTreeSet::new();
        for network in &member.networks {
            let Some((size, offering)) = networks.get(network) else { continue };
            connected |= *size > 1 && !offering.is_empty();
            if offering.len() <= MANY {
                peers.extend(offering.iter().copied());
            } else {
                let named = mentioned[index].iter().copied();
                peers.extend(named.filter(|peer| offering.binary_search(peer).is_ok()));
            }
        }
        peers.retain(|peer| members[*peer].unit != member.unit);
        if member.job.is_some() {
            (connected, peers) = (false, BTreeSet::new());
        } else if matches!(member.network, TaskNetwork::Host | TaskNetwork::None) {
            if connected {
                apart(member, out);
            }
            (connected, peers) = (false, BTreeSet::new());
        }
        found.push((connected, peers));
    }
    let ids: Vec<_> =
        members.iter().map(|member| ResourceId::new(Kind::Service, member.unit)).collect();
    for (member, (connected, peers)) in members.iter_mut().zip(found) {
        member.connected = connected;
        member.peers = peers.into_iter().map(|peer| ids[peer].clone()).collect();
        member.peers.dedup();
    }
}

/// Service Connect knows awsvpc and bridge alone (ECS developer guide, "Service Connect",
/// considerations).
fn apart(member: &Member<'_>, out: &mut Output) {
    let name = member.name();
    let message = format!("{name} has no names for others, and others none for it");
    // ECS API reference, `ManagedInstancesNetworkConfiguration`: they have no bridge.
    let others = match member.service.launch() {
        Launch::Ec2 => "`awsvpc` or `bridge`",
        Launch::Fargate | Launch::ManagedInstances => "`awsvpc`",
    };
    let help = format!(
        "its network is the one of `{}`, which Service Connect does not serve: use {others}, or give \
         the apps addresses",
        member.network.as_str()
    );
    out.say(
        Diagnostic::warning(Code::Approximated, message)
            .at(member.service.span(), "")
            .help(help)
            .service(name),
    );
}

/// The Service Connect configuration of a unit, if its tasks run a proxy.
pub(crate) fn configuration(unit: &Unit<'_>) -> Option<ServiceConnectConfiguration> {
    if !unit.connected() {
        return None;
    }
    let mut services = Vec::new();
    for member in &unit.members {
        let names = names_of(member, |name| unit.member(name));
        for (port, name) in offered(member).flat_map(|p| names.iter().map(move |n| (p, n))) {
            services.push(ServiceConnectService {
                port_name: port_name(member.name(), port),
                discovery_name: fit(&format!("{}-{port}", name.dns), Grammar::Port),
                client_aliases: vec![ServiceConnectClientAlias {
                    port: i32::from(port),
                    dns_name: name.dns.clone(),
                    test_traffic_rules: None,
                }],
                ingress_port_override: None,
                timeout: None,
                tls: None,
            });
        }
    }
    services.sort_by(|a, b| a.discovery_name.cmp(&b.discovery_name));
    Some(ServiceConnectConfiguration {
        enabled: true,
        namespace: Value::From(namespace_id(), Attribute::Arn),
        services,
        log_configuration: None,
        access_log_configuration: None,
        container_configurations: Vec::new(),
    })
}

#[cfg(test)]
#[path = "discovery_tests.rs"]
mod tests;
