//! Ports that several containers of a task have where they share one network interface: on bridge each
//! has one of its own.
//!
//! A port that only stands in the table of known images, or that an image exposes, need not be listened
//! on: of two containers of one image the second often runs another program.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::ports::{declares, is_declared};
use crate::compose::model::{Protocol, Service, TaskNetwork};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;
use crate::source::Span;

/// Programs of known images that listen, as they stand first in a `command` or an `entrypoint`.
const SERVERS: &[&str] = &[
    "apache2-foreground",
    "caddy",
    "docker-entrypoint.sh",
    "haproxy",
    "httpd",
    "httpd-foreground",
    "mariadbd",
    "memcached",
    "mongod",
    "mysqld",
    "nats-server",
    "nginx",
    "php-fpm",
    "postgres",
    "rabbitmq-server",
    "redis-server",
    "traefik",
    "valkey-server",
];

/// How likely a container listens on a port that nobody declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likelihood {
    /// It runs what its image runs.
    Unchanged,
    /// It runs the program of its image with options, or declares other ports.
    Changed,
    /// It runs something else.
    Replaced,
    /// It ends.
    Ends,
}

/// Leaves one container of each task for each port: the one that declares it, or else the one that most
/// likely listens on it. Refuses what is declared twice, and what nothing can tell apart.
pub(crate) fn settle(members: &mut [Member<'_>], out: &mut Output) {
    let shared: HashSet<&str> =
        members.iter().filter(|member| !member.leads()).map(|member| member.unit).collect();
    if shared.is_empty() {
        return;
    }
    let mut users: BTreeMap<(usize, u16, Protocol), Vec<usize>> = BTreeMap::new();
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, member) in members.iter().enumerate().filter(|(_, m)| shared.contains(m.unit)) {
        let unit = *first.entry(member.unit).or_insert(index);
        for &(port, protocol) in &member.ports {
            // Ports of the instance that two ask for are validate's.
            if matches!(member.network, TaskNetwork::AwsVpc | TaskNetwork::Host) {
                users.entry((unit, port, protocol)).or_default().push(index);
            }
        }
    }
    for ((_, port, protocol), users) in users.into_iter().filter(|(_, users)| users.len() > 1) {
        let (keeper, refused) = keeper(members, port, &users, out);
        for loser in users.into_iter().filter(|user| *user != keeper) {
            if !refused.contains(&loser) {
                out.say(left_out(&members[loser], &members[keeper], port));
            }
            members[loser].ports.remove(&(port, protocol));
        }
    }
}

/// The places of the members of each task.
pub(crate) fn tasks<'a>(members: &[Member<'a>]) -> HashMap<&'a str, Vec<usize>> {
    let mut tasks: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, member) in members.iter().enumerate() {
        tasks.entry(member.unit).or_default().push(index);
    }
    tasks
}

/// Whether another container of a member's task has a port, on the interface that they share.
pub(crate) fn is_a_peers(
    members: &[Member<'_>],
    tasks: &HashMap<&str, Vec<usize>>,
    owner: usize,
    port: u16,
) -> bool {
    let member = &members[owner];
    let shares = matches!(member.network, TaskNetwork::AwsVpc | TaskNetwork::Host);
    let has = |other: &Member<'_>| other.ports.contains(&(port, Protocol::Tcp));
    let task = tasks.get(member.unit).map_or(&[][..], Vec::as_slice);
    shares && task.iter().any(|&index| index != owner && has(&members[index]))
}

/// Which of several containers has a port, and which others surely have it, too: these are at fault.
fn keeper(
    members: &[Member<'_>],
    port: u16,
    users: &[usize],
    out: &mut Output,
) -> (usize, Vec<usize>) {
    let declaring = users.iter().filter(|user| is_declared(members[**user].service, port));
    let mut sure: Vec<usize> = declaring.copied().collect();
    if sure.is_empty() {
        let unchanged = |user: &&usize| likelihood(&members[**user]) == Likelihood::Unchanged;
        sure.extend(users.iter().filter(unchanged));
    }
    if let Some((first, others)) = sure.split_first() {
        for other in others {
            out.say(same_port(&members[*first], &members[*other], port));
        }
        return (*first, others.to_vec());
    }
    // The first of those that are equally likely.
    let best = users.iter().min_by_key(|user| likelihood(&members[**user]));
    (best.copied().unwrap_or_default(), Vec::new())
}

fn likelihood(member: &Member<'_>) -> Likelihood {
    let service = member.service;
    let given = [&service.entrypoint, &service.command];
    let mut given = given.into_iter().flatten().filter_map(|words| words.value.first()).peekable();
    let is_own = |word: &String| {
        let program = word.rsplit('/').next().unwrap_or(word);
        word.starts_with('-') || SERVERS.contains(&program)
    };
    let is_changed = given.peek().is_some() || declares(service);
    if member.ends {
        Likelihood::Ends
    } else if !given.all(is_own) {
        Likelihood::Replaced
    } else if is_changed {
        Likelihood::Changed
    } else {
        Likelihood::Unchanged
    }
}

/// Where a service says that it has a port, or names the image that has it.
fn place(service: &Service, port: u16) -> Span {
    let mut ports = service.ports.iter().chain(&service.expose);
    let written = ports.find(|p| p.value.target == port && !p.value.assumed).map(|p| p.span);
    let image = || service.image.as_ref().map(|image| image.span);
    written.or_else(image).unwrap_or(service.span())
}

fn same_port(first: &Member<'_>, member: &Member<'_>, port: u16) -> Diagnostic {
    let name = member.name();
    let message = format!("{} and {name} share a task, and listen on port {port}", first.name());
    let (label, help) = if is_declared(member.service, port) {
        let help = "the containers of a task share one network interface: let one of the two listen on \
                    another port, or give it a task of its own";
        ("", help.to_owned())
    } else {
        let help = format!(
            "the containers of a task share one network interface: write the port that {name} listens \
            on under `expose`, or give it a task of its own"
        );
        ("its image listens there", help)
    };
    Diagnostic::error(Code::PortConflict, message)
        .at(place(member.service, port), label)
        .at(place(first.service, port), "first used here")
        .help(help)
        .service(name)
}

fn left_out(member: &Member<'_>, keeper: &Member<'_>, port: u16) -> Diagnostic {
    let message = format!(
        "port {port} of the task is taken for {}'s, not {}'s",
        keeper.name(),
        member.name()
    );
    Diagnostic::note(Code::Approximated, message)
        .at(place(member.service, port), "its image listens there")
        .help("list the ports of a container that listens on others under `expose`")
        .service(member.name())
}

#[cfg(test)]
#[path = "port_clash_tests.rs"]
mod tests;
