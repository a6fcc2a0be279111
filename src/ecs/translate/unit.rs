//! The unit of deployment: one service and its task, or several services that share a task.
//!
//! Services share a task when they say so in Compose's own words (`network_mode`, `ipc` or `pid`
//! `service:NAME`, `volumes_from`), through `x-ecs.task`, or through the label `ecs.task.family`
//! of the retired Docker Compose CLI.

use std::collections::{BTreeMap, HashMap, HashSet};

use indexmap::{IndexMap, IndexSet};

use super::context::{Context, Output};
use super::survey::{Member, by_name};
use crate::compose::Project;
use crate::compose::model::{MountKind, Service, Volume};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Gate, ResourceId};
use crate::ecs::rules::bind::Written;
use crate::ecs::rules::daemon;
use crate::ecs::rules::ending::Ending;
use crate::ecs::rules::mounts::by_others::ByOthers;
use crate::ecs::rules::namespaces::task::follows;
use crate::ecs::rules::namespaces::{owners_of_volumes, shared_with};
use crate::ecs::rules::security_groups::DEFAULT;
use crate::source::Span;

/// The label of `deploy` that names a task.
pub(crate) const FAMILY_LABEL: &str = "ecs.task.family";

/// How many containers a task takes (ECS service quotas, "Containers per task definition").
const MOST: usize = 10;

/// How many services of one task are looked at further: what else is at fault in more, nobody would
/// read.
const HOPELESS: usize = 100;

/// Which services share a task.
#[derive(Debug, Default)]
pub(crate) struct Sharing<'a> {
    /// Whether some task has far more services than it takes, which was said.
    pub(crate) is_hopeless: bool,
    /// The service that names the unit, by service; only of units with several.
    units: HashMap<&'a str, &'a str>,
    /// The services by the unit's name, in the order of the files; only of units with several.
    members: HashMap<&'a str, Vec<&'a str>>,
    /// The directories of this machine that services write to and that become volumes.
    pub(crate) written: Written<'a>,
    /// Where what several of them mount lives, by what some of them say.
    pub(crate) by_others: ByOthers<'a>,
    /// By volume in memory: who has it.
    users: HashMap<&'a str, Vec<&'a Service>>,
    /// The service whose network a unit has, by the unit's name; only of units with several.
    hosts: HashMap<&'a str, &'a Service>,
}

impl<'a> Sharing<'a> {
    /// The name of a service's unit.
    pub(crate) fn unit(&self, service: &'a str) -> &'a str {
        self.units.get(service).copied().unwrap_or(service)
    }

    /// The services that mount a volume in memory, or have it from others, in the order of the files.
    pub(crate) fn users_of(&self, volume: &str) -> &[&'a Service] {
        self.users.get(volume).map_or(&[], Vec::as_slice)
    }

    /// The services of a unit that has several.
    pub(crate) fn members(&self, unit: &str) -> &[&'a str] {
        self.members.get(unit).map_or(&[], Vec::as_slice)
    }

    /// The service whose network the task of a service has: the one that names the unit, unless that one
    /// lives in the network of another one.
    pub(crate) fn host(&self, service: &'a Service) -> &'a Service {
        self.hosts.get(self.unit(&service.name.value)).copied().unwrap_or(service)
    }

    /// The networks of a service's task: those of all its members.
    pub(crate) fn networks(&self, cx: &Context<'a>, service: &'a str) -> Vec<&'a str> {
        let own = [service];
        let members = match self.members(self.unit(service)) {
            [] => &own[..],
            members => members,
        };
        let mut networks: Vec<&str> = Vec::new();
        for service in members.iter().filter_map(|name| cx.project.services.get(*name)) {
            for network in service.networks.keys().map(String::as_str) {
                if members.len() == 1 || !networks.contains(&network) {
                    networks.push(network);
                }
            }
        }
        // Those on the host's network, say: on Fargate they are on a network like everybody else.
        if networks.is_empty() {
            networks.push(DEFAULT);
        }
        networks
    }
}

/// Finds out who shares a task with whom.
pub(crate) fn sharing<'a>(cx: &Context<'a>, ending: &Ending<'a>, out: &mut Output) -> Sharing<'a> {
    let services = &cx.project.services;
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    let mut tasks: HashMap<&str, &str> = HashMap::new();
    for service in services.values() {
        let name = service.name.value.as_str();
        pairs.extend(shared_with(service).map(|other| (name, other)));
        if let Some(task) = task_name(service, out) {
            match tasks.get(task) {
                Some(first) => pairs.push((name, first)),
                None => _ = tasks.insert(task, name),
            }
        }
    }
    let mut sharing = Sharing { users: users(cx.project), ..Sharing::default() };
    if pairs.is_empty() {
        return sharing;
    }
    // Each service points at an earlier one of its unit, or at itself.
    let mut above: Vec<usize> = (0..services.len()).collect();
    for (one, other) in pairs {
        // The loader refuses a name that is no service.
        let (Some(one), Some(other)) = (services.get_index_of(one), services.get_index_of(other))
        else {
            continue;
        };
        let (one, other) = (root(&mut above, one), root(&mut above, other));
        let first = one.min(other);
        (above[one], above[other]) = (first, first);
    }
    let mut groups: BTreeMap<usize, Vec<&Service>> = BTreeMap::new();
    for (index, service) in services.values().enumerate() {
        groups.entry(root(&mut above, index)).or_default().push(service);
    }
    for members in groups.into_values().filter(|members| members.len() > 1) {
        let Some(leader) = leader(&members, ending) else { continue };
        let unit = leader.name.value.as_str();
        let own = |service: &&Service| !follows(cx, service);
        let host = [leader].into_iter().chain(members.iter().copied()).find(own);
        sharing.hosts.insert(unit, host.unwrap_or(leader));
        let names: Vec<_> = members.iter().map(|service| service.name.value.as_str()).collect();
        if names.len() > MOST {
            out.say(too_many(cx, &names, leader));
            sharing.is_hopeless |= names.len() > HOPELESS;
        }
        sharing.units.extend(names.iter().map(|name| (*name, unit)));
        sharing.members.insert(unit, names);
    }
    sharing
}

/// The services by the volumes in memory that they mount, or have from others.
fn users(project: &Project) -> HashMap<&str, Vec<&Service>> {
    let mut users: HashMap<&str, Vec<&Service>> = HashMap::new();
    let in_memory =
        |volume: &Volume| volume.driver_opts.get("type").is_some_and(|kind| kind.value == "tmpfs");
    if !project.volumes.values().any(in_memory) {
        return users;
    }
    for service in project.services.values() {
        let owners = owners_of_volumes(project, service, false);
        let owners = owners.into_iter().chain([&**service]);
        let named = owners.flat_map(|owner| &owner.mounts).filter_map(|mount| {
            let MountKind::Volume(name) = &mount.value.kind else { return None };
            project.volumes.get(name).is_some_and(in_memory).then_some(name.as_str())
        });
        for volume in named.collect::<HashSet<_>>() {
            users.entry(volume).or_default().push(service);
        }
    }
    users
}

/// Refuses a task that has more containers than any takes.
fn too_many(cx: &Context<'_>, names: &[&str], leader: &Service) -> Diagnostic {
    let message = format!("{} services share a task, which takes {MOST} containers", names.len());
    let last = names.get(MOST).and_then(|name| cx.project.services.get(*name));
    let fault = Diagnostic::error(Code::Refused, message).at(leader.span(), "the task of this one");
    let fault = match last.filter(|last| last.name.value != leader.name.value) {
        Some(last) => fault.at(last.span(), "one more than it takes"),
        None => fault,
    };
    fault
        .help(
            "`network_mode`, `ipc`, `pid`, `volumes_from` and `x-ecs.task` put services into one task: \
             let them share named volumes and reach each other by name instead",
        )
        .service(&leader.name.value)
}

/// Who names a unit: the first that publishes ports, or else the first of all. What ends only does where
/// nothing runs on.
fn leader<'a>(members: &[&'a Service], ending: &Ending<'_>) -> Option<&'a Service> {
    let publishes = |service: &&&Service| !service.ports.is_empty();
    let lasting = || members.iter().filter(|service| ending.lasts(&service.name.value));
    let is_job = |service: &&&Service| ending.jobs.contains(service.name.value.as_str());
    let jobs = || members.iter().filter(is_job);
    let found = lasting().find(publishes).or_else(|| lasting().next());
    found.or_else(|| jobs().find(publishes)).or_else(|| jobs().next()).or(members.first()).copied()
}

/// The top of a chain, which becomes shorter on the way.
fn root(above: &mut [usize], mut index: usize) -> usize {
    while above[index] != index {
        above[index] = above[above[index]];
        index = above[index];
    }
    index
}

/// The task that a service asks for by name.
fn task_name<'a>(service: &'a Service, out: &mut Output) -> Option<&'a str> {
    let label = service.deploy.labels.get(FAMILY_LABEL);
    let Some(task) = &service.extension.task else {
        return label.map(|label| label.value.as_str());
    };
    if let Some(label) = label.filter(|label| label.value != task.value) {
        out.say(
            Diagnostic::error(
                Code::Conflict,
                format!("{} is said to be part of two tasks", service.name.value),
            )
            .at(task.span, "this one")
            .at(label.span, "and this one")
            .help("take one of the two away")
            .service(&service.name.value),
        );
    }
    Some(&task.value)
}

/// Refuses services in one task that cannot be: their replicas differ. Of their ports port_clash.rs
/// judges, and image.rs of their machines.
pub(crate) fn check(members: &[Member<'_>], out: &mut Output) {
    let leaders = by_name(members.iter().filter(|member| member.leads()));
    let mut daemons: HashMap<&str, &Member<'_>> = HashMap::new();
    for member in members.iter().filter(|member| daemon::asked(member).is_some()) {
        daemons.entry(member.unit).or_insert(member);
    }
    for member in members {
        match (daemons.get(member.unit), leaders.get(member.unit)) {
            (Some(daemon), _) => daemon::differs(daemon, member, out),
            (None, Some(leader)) => replicas(member, leader, out),
            (None, None) => {}
        }
    }
}

fn replicas(member: &Member<'_>, leader: &Member<'_>, out: &mut Output) {
    // What ends before the others start has no number of its own.
    let (one, other) = (leader.service.replicas(), member.service.replicas());
    if one == other || member.ends {
        return;
    }
    let place = |service: &Service| {
        let given = service.scale.as_ref().or(service.deploy.replicas.as_ref());
        given.map_or(service.span(), |given| given.span)
    };
    let message = format!(
        "{} and {} share a task, and want {other} and {one} replicas",
        member.name(),
        leader.name()
    );
    out.say(
        Diagnostic::error(Code::Conflict, message)
            .at(place(member.service), "")
            .at(place(leader.service), "")
            .help("write one number at both: a task runs all its containers, or none")
            .service(member.name()),
    );
}

/// A unit of deployment.
#[derive(Debug)]
pub(crate) struct Unit<'a> {
    /// The service that it is named after, then the others in the order of the files.
    pub(crate) members: Vec<&'a Member<'a>>,
    /// What its rollout, or its run, waits for.
    pub(crate) gates: Vec<(ResourceId, Gate)>,
}

impl<'a> Unit<'a> {
    /// The service that gives the unit its name, its number of tasks and its kind of rollout.
    pub(crate) fn leader(&self) -> &'a Member<'a> {
        self.members[0]
    }

    /// The member of this name.
    pub(crate) fn member(&self, name: &str) -> Option<&'a Member<'a>> {
        self.members.iter().find(|member| member.name() == name).copied()
    }

    /// The unit's name: its leader's.
    pub(crate) fn name(&self) -> &'a str {
        self.leader().name()
    }

    /// The place of its leader.
    pub(crate) fn span(&self) -> Span {
        self.leader().service.span()
    }

    /// The services that its tasks may call by name.
    pub(crate) fn peers(&self) -> Vec<ResourceId> {
        let mut peers: Vec<ResourceId> = Vec::new();
        for peer in self.members.iter().flat_map(|member| &member.peers) {
            if self.members.len() == 1 || !peers.contains(peer) {
                peers.push(peer.clone());
            }
        }
        peers
    }

    /// The services of which a new deployment brings one of its own.
    pub(crate) fn restarts(&self) -> Vec<ResourceId> {
        let all = self.members.iter().flat_map(|member| &member.restarts);
        all.collect::<IndexSet<_>>().into_iter().cloned().collect()
    }

    /// Whether its tasks run a Service Connect proxy.
    pub(crate) fn connected(&self) -> bool {
        self.members.iter().any(|member| member.connected)
    }

    /// Whether two of its tasks must never run at once.
    pub(crate) fn stateful(&self) -> bool {
        self.members.iter().any(|member| member.stateful)
    }
}

/// Puts the members of each unit together, in the order of their leaders.
pub(crate) fn units<'a>(members: &'a [Member<'a>]) -> Vec<Unit<'a>> {
    let mut units: IndexMap<&str, Unit<'_>> = members
        .iter()
        .filter(|member| member.leads())
        .map(|member| (member.name(), Unit { members: vec![member], gates: member.gates.clone() }))
        .collect();
    for member in members.iter().filter(|member| !member.leads()) {
        if let Some(unit) = units.get_mut(member.unit) {
            unit.members.push(member);
            for (id, gate) in &member.gates {
                match unit.gates.iter_mut().find(|(known, _)| known == id) {
                    Some((_, known)) => *known = (*known).max(*gate),
                    None => unit.gates.push((id.clone(), *gate)),
                }
            }
        }
    }
    units.into_values().collect()
}

#[cfg(test)]
#[path = "unit_tests.rs"]
mod tests;
