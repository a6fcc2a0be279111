//! Names in a private DNS zone, for whom Service Connect does not serve: tasks that `RunTask` starts,
//! udp, and whole projects with `x-ecs.discovery: dns`.
//!
//! A service has one name there, `SERVICE.STACK.internal`: ECS takes one registry a service (ECS API
//! reference, `ServiceRegistry`). Tasks that need it get a search domain, so that the service's bare
//! name serves as well; see `search_domain`. Who calls it by an alias is told what to write.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::discovery::{Mentions, share_a_network};
use crate::compose::model::{NameService, Protocol, TaskNetwork};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Attribute, Body, DnsConfig, DnsName, DnsRecord, HealthCheckCustomConfig, Kind,
    PrivateNamespace, ResourceId, ServiceRegistry, Value,
};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::private_zone;
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;
use crate::source::Span;

/// Seconds that an answer may be kept: a rollout replaces every address, and whoever still has an old
/// one calls a task that is gone. Route 53 charges by the query, which 10 s keep few.
const TTL: i64 = 10;

/// The one private namespace of a project.
fn namespace_id() -> ResourceId {
    ResourceId::new(Kind::PrivateNamespace, "main")
}

/// Whether services find each other through DNS alone.
pub(crate) fn is_alone(cx: &Context<'_>) -> bool {
    let asked = cx.project.extension.discovery.as_ref();
    asked.is_some_and(|asked| asked.value == NameService::Dns)
}

/// Decides which services get a name in the zone, and says who has to call it.
pub(crate) fn assign(
    cx: &Context<'_>,
    members: &mut [Member<'_>],
    mentions: &Mentions,
    out: &mut Output,
) {
    let zone = private_zone(&cx.stack);
    let alone = is_alone(cx);
    let leaders: HashMap<&str, usize> = (0..members.len())
        .filter(|&index| members[index].leads())
        .map(|i| (members[i].unit, i))
        .collect();
    let leader_of: Vec<Option<usize>> =
        members.iter().map(|member| leaders.get(member.unit).copied()).collect();
    let wanted = wanted(members, mentions, alone);
    let mut labels: BTreeMap<usize, String> = BTreeMap::new();
    for leader in wanted.iter().filter_map(|&index| leader_of[index]) {
        let member = &members[leader];
        if member.network != TaskNetwork::AwsVpc || member.names.is_empty() {
            continue;
        }
        let label = member.name().to_ascii_lowercase();
        if is_label(&label) {
            labels.insert(leader, label);
        } else {
            out.say(no_label(member));
        }
    }
    let full = |index: usize| {
        let label = labels.get(&leader_of[index]?)?;
        Some(format!("{label}.{zone}"))
    };
    let is_label_of = |owner: usize, name: &str| {
        let label = leader_of[owner].and_then(|leader| labels.get(&leader));
        label.is_some_and(|label| label.eq_ignore_ascii_case(name))
    };
    let mut searching = searching(members, &leader_of, &labels, alone);
    for (user, calls) in mentions.bare.iter().enumerate() {
        if members[user].job.is_none() && !alone {
            continue;
        }
        let calls = calls.iter().flat_map(|(owner, names)| names.iter().map(move |n| (*owner, n)));
        for (owner, (name, span)) in calls.filter(|(owner, _)| members[*owner].job.is_none()) {
            let is_found = searching.contains(&user) && is_label_of(owner, name);
            if members[owner].unit != members[user].unit && !is_found {
                let call = (name.as_str(), *span);
                out.say(calls_bare(&members[user], &members[owner], call, full(owner)));
            }
        }
    }
    for (index, member) in members.iter().enumerate().filter(|(index, _)| wanted.contains(index)) {
        if alone && member.network != TaskNetwork::AwsVpc {
            out.say(no_records(member));
        } else if !alone && !mentions.is_called_in_full(index) {
            let callers = callers_of_datagrams(members, mentions, index, &is_label_of);
            match callers.is_empty() {
                true => datagrams(member, full(index), out),
                false => searching.extend(callers),
            }
        }
    }
    for user in searching {
        members[user].needs_search_domain = true;
    }
    for (leader, label) in labels {
        members[leader].zone_name = Some(label);
    }
}

/// Whose tasks look bare names up in the zone: jobs, and everybody where there is nothing else.
fn searching(
    members: &[Member<'_>],
    leader_of: &[Option<usize>],
    labels: &BTreeMap<usize, String>,
    alone: bool,
) -> BTreeSet<usize> {
    // By network: the units that have a name there.
    let mut named: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for (index, member) in members.iter().enumerate() {
        if leader_of[index].is_some_and(|leader| labels.contains_key(&leader)) {
            for network in &member.networks {
                named.entry(network).or_default().insert(member.unit);
            }
        }
    }
    let meets = |member: &Member<'_>| {
        member.networks.iter().any(|network| {
            let others = named.get(network).map_or(0, BTreeSet::len);
            let own = named.get(network).is_some_and(|units| units.contains(member.unit));
            others > usize::from(own)
        })
    };
    let looks = |member: &Member<'_>| {
        (alone || member.job.is_some()) && member.network != TaskNetwork::None && meets(member)
    };
    (0..members.len()).filter(|&index| looks(&members[index])).collect()
}

/// Who calls a service that has udp alone by its own name; nobody, when somebody calls it otherwise:
/// they have to be told.
fn callers_of_datagrams(
    members: &[Member<'_>],
    mentions: &Mentions,
    owner: usize,
    is_label_of: &dyn Fn(usize, &str) -> bool,
) -> Vec<usize> {
    if members[owner].ports.iter().any(|(_, protocol)| *protocol != Protocol::Udp) {
        // Its name leads to the proxy, which carries no udp.
        return Vec::new();
    }
    let calls = mentions.bare.iter().enumerate();
    let calls = calls.filter_map(|(user, calls)| Some((user, calls.get(&owner)?)));
    let calls: Vec<_> =
        calls.filter(|(user, _)| members[*user].unit != members[owner].unit).collect();
    match calls.iter().all(|(_, names)| names.keys().all(|name| is_label_of(owner, name))) {
        true => calls.into_iter().map(|(user, _)| user).collect(),
        false => Vec::new(),
    }
}

/// Who should have a name in the zone.
fn wanted(members: &[Member<'_>], mentions: &Mentions, alone: bool) -> BTreeSet<usize> {
    let mut units: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for member in members {
        for network in &member.networks {
            units.entry(network).or_default().insert(member.unit);
        }
    }
    let has_company = |member: &Member<'_>| {
        member.networks.iter().any(|network| units.get(network).is_some_and(|u| u.len() > 1))
    };
    let lasting = |index: &usize| members[*index].job.is_none();
    let by_name: HashMap<&str, usize> =
        members.iter().enumerate().map(|(index, member)| (member.name(), index)).collect();
    let mut wanted = met_by_jobs(members);
    for (index, member) in members.iter().enumerate() {
        if member.job.is_some() {
            let awaited = member.service.depends_on.keys();
            let awaited = awaited.filter_map(|name| by_name.get(name.as_str()).copied());
            let awaited = awaited.filter(|other| share_a_network(member, &members[*other]));
            wanted.extend(mentions.named[index].iter().copied().chain(awaited).filter(lasting));
        } else if has_company(member) && member.network != TaskNetwork::None {
            let has_udp = member.ports.iter().any(|(_, protocol)| *protocol == Protocol::Udp);
            if alone || has_udp && !is_at_the_instance(member) {
                wanted.insert(index);
            }
        }
    }
    wanted
}

/// Whoever a job can reach: what it calls may stand in a secret, or in its image.
fn met_by_jobs(members: &[Member<'_>]) -> BTreeSet<usize> {
    let runs = members.iter().filter(|member| member.job.is_some_and(|count| count > 0));
    let runs = runs.filter(|member| member.network != TaskNetwork::None);
    let theirs: HashSet<&str> = runs.flat_map(|member| member.networks.iter().copied()).collect();
    let is_met = |member: &Member<'_>| {
        // Elsewhere it has no addresses to register.
        member.job.is_none()
            && member.network == TaskNetwork::AwsVpc
            && member.networks.iter().any(|network| theirs.contains(network))
    };
    members
        .iter()
        .enumerate()
        .filter(|(_, member)| is_met(member))
        .map(|(index, _)| index)
        .collect()
}

/// Whoever is on the instance's own network is told so by discovery.rs.
fn is_at_the_instance(member: &Member<'_>) -> bool {
    member.network == TaskNetwork::Host
}

/// What a label, or several, may be in the zone of a namespace (Cloud Map API reference,
/// `CreateService.Name`).
pub(crate) fn is_label(name: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let good = |part: &str| {
        let bytes = part.as_bytes();
        let inner = bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        inner && part.len() <= 63 && edge(bytes.first()) && edge(bytes.last()) && part != "_"
    };
    name.len() <= 127 && name.split('.').all(good)
}

fn no_label(member: &Member<'_>) -> Diagnostic {
    let message = format!("{:?} cannot stand in DNS", member.name());
    Diagnostic::warning(Code::Approximated, message)
        .at(member.service.name.span, "")
        .help(
            "give the service a name whose parts have at most 63 letters, digits, `-` and `_`, and \
             no `-` at either end",
        )
        .service(member.name())
}

/// A name that works under Compose, and not where this service runs.
fn calls_bare(
    user: &Member<'_>,
    owner: &Member<'_>,
    (name, span): (&str, Span),
    full: Option<String>,
) -> Diagnostic {
    let who = user.name();
    let what = if user.job.is_some() { "is a job, and" } else { "uses DNS, and" };
    let message = format!("{who} {what} cannot call {} as {name:?}", owner.name());
    let help = match full {
        Some(full) => format!(
            "write `{full}`, and the same below the `aliases` of {}'s network, so that Compose knows \
             it, too",
            owner.name()
        ),
        None => format!(
            "only tasks on `awsvpc` have names in DNS: let {} use it, or give {who} an address",
            owner.name()
        ),
    };
    Diagnostic::warning(Code::Approximated, message)
        .at(span, "called here")
        .at(owner.service.span(), "this service")
        .help(help)
        .service(who)
}

/// On an instance's network ECS registers ports alone (ECS API reference, `ServiceRegistry`).
fn no_records(member: &Member<'_>) -> Diagnostic {
    let name = member.name();
    let help = format!(
        "on `{}` ECS registers SRV records, which apps do not ask for: use `awsvpc`, or take \
         `discovery: dns` away",
        member.network.as_str()
    );
    Diagnostic::warning(Code::Approximated, format!("{name} has no name in DNS"))
        .at(member.service.span(), "")
        .help(help)
        .service(name)
}

/// Service Connect carries tcp alone.
fn datagrams(member: &Member<'_>, full: Option<String>, out: &mut Output) {
    let mut udp = member.ports.iter().filter(|(_, p)| *p == Protocol::Udp);
    let Some((port, _)) = udp.next() else { return };
    let name = member.name();
    let (message, help) = match full {
        Some(full) => (
            format!("others reach udp port {port} of {name} as {full}"),
            format!(
                "Service Connect carries tcp alone: call `{full}`, and write the same below the \
                 `aliases` of {name}'s network, so that Compose knows it, too"
            ),
        ),
        None => (
            format!("nobody reaches udp port {port} of {name} by name"),
            "only tasks on `awsvpc` have names for udp: use it, or give the apps an address".into(),
        ),
    };
    let place = member.service.span();
    out.say(
        Diagnostic::warning(Code::Approximated, message).at(place, "").help(help).service(name),
    );
}

/// Adds the zone and the names in it, where there are any.
pub(crate) fn add(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    let mut named = members.iter().filter_map(|m| Some((m, m.zone_name.as_ref()?))).peekable();
    if named.peek().is_none() {
        return;
    }
    let zone = namespace_id();
    let body = PrivateNamespace {
        name: private_zone(&cx.stack),
        vpc: cx.facts.network.vpc_id.clone(),
        tags: cx.upper_tags(&zone),
    };
    out.add(zone, Body::PrivateNamespace(body), None, None);
    for (member, label) in named {
        let id = ResourceId::new(Kind::DnsName, member.name());
        let record = DnsRecord { kind: "A".to_owned(), ttl: TTL };
        let body = DnsName {
            name: label.clone(),
            namespace_id: Value::From(namespace_id(), Attribute::Id),
            dns_config: DnsConfig {
                routing_policy: "MULTIVALUE".to_owned(),
                dns_records: vec![record],
            },
            health_check_custom_config: Some(HealthCheckCustomConfig { failure_threshold: 1 }),
            tags: cx.upper_tags(&id),
        };
        out.add(
            id,
            Body::DnsName(Box::new(body)),
            Some(member.name()),
            Some(member.service.span()),
        );
    }
}

/// The name that the tasks of a unit answer to.
pub(crate) fn registries(unit: &Unit<'_>) -> Vec<ServiceRegistry> {
    let id = ResourceId::new(Kind::DnsName, unit.name());
    let registry = ServiceRegistry::of(Value::From(id, Attribute::Arn));
    unit.leader().zone_name.iter().map(|_| registry.clone()).collect()
}

#[cfg(test)]
#[path = "cloud_map_tests.rs"]
mod tests;
