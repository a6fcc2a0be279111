//! `network_mode`, `ipc`, `pid` and their like: whose namespaces a container lives in.

pub(crate) mod task;

use std::collections::HashSet;

use super::managed;
use super::outcome::ON_INSTANCES;
use crate::compose::Project;
use crate::compose::model::{Launch, Namespaces, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// What of another service a container shares.
const SHARED: &str = "service:";

/// The services that a service shares namespaces or volumes with, which puts them into one task.
pub(crate) fn shared_with(service: &Service) -> impl Iterator<Item = &str> {
    let namespaces = service.namespaces.iter().flat_map(|namespaces| {
        let modes = [&namespaces.network_mode, &namespaces.ipc, &namespaces.pid];
        modes.into_iter().flatten().filter_map(|mode| mode.value.strip_prefix(SHARED))
    });
    let volumes = service.volumes_from.iter().filter_map(|from| volumes_of(&from.value));
    namespaces.chain(volumes).filter(|other| *other != service.name.value)
}

/// The service in an entry of `volumes_from`; nothing when it names a container.
pub(crate) fn volumes_of(from: &str) -> Option<&str> {
    let name = from.split(':').next()?;
    (!from.starts_with("container:")).then_some(name)
}

/// The services whose volumes a service has, at whatever distance, each once; those alone that it may write
/// to where `writable` asks for them.
pub(crate) fn owners_of_volumes<'a>(
    project: &'a Project,
    service: &'a Service,
    writable: bool,
) -> Vec<&'a Service> {
    let mut owners: Vec<&Service> = Vec::new();
    let mut seen: HashSet<&str> = HashSet::new();
    let mut next = vec![service];
    while let Some(service) = next.pop() {
        for from in service.volumes_from.iter().filter(|f| !writable || !f.value.ends_with(":ro")) {
            let owner = volumes_of(&from.value).and_then(|name| project.services.get(name));
            let Some(owner) = owner else { continue };
            if seen.insert(&owner.name.value) {
                owners.push(owner);
                next.push(owner);
            }
        }
    }
    owners
}

/// Whether others find a service under its names: one that lives in the network of another service
/// has none of its own, as in Docker.
pub(crate) fn has_names(service: &Service) -> bool {
    service.network_mode().is_none_or(|mode| !mode.value.starts_with(SHARED))
}

/// The `pidMode` of a task with these services.
pub(crate) fn pid_mode<'a>(services: impl Iterator<Item = &'a Service>) -> Option<String> {
    let modes: Vec<_> = services
        .filter_map(|service| Some((service, service.namespaces.as_ref()?.pid.as_ref()?)))
        .collect();
    // Whoever sees the instance's processes sees those of its task.
    if modes.iter().any(|(service, mode)| service.on_instances() && mode.value == "host") {
        return Some("host".to_owned());
    }
    let shares = modes.iter().any(|(_, mode)| mode.value.starts_with(SHARED));
    shares.then(|| "task".to_owned())
}

/// The `ipcMode` of a task with these services, on instances.
pub(crate) fn ipc_mode<'a>(services: impl Iterator<Item = &'a Service>) -> Option<String> {
    let of = |service: &'a Service| service.namespaces.as_ref()?.ipc.as_ref();
    let modes: Vec<_> = services.filter(|s| s.on_instances()).filter_map(of).collect();
    let any = |is: fn(&str) -> bool| modes.iter().any(|mode| is(&mode.value));
    let mode = if any(|mode| mode == "host") {
        "host"
    } else if any(|mode| mode.starts_with(SHARED)) {
        "task"
    } else if any(|mode| mode == "none") {
        "none"
    } else {
        return None;
    };
    Some(mode.to_owned())
}

/// Says what of a service's namespaces does not carry over to Fargate.
pub(crate) fn check(service: &Service, out: &mut Output) {
    let Some(namespaces) = &service.namespaces else { return };
    let Namespaces { cgroup, cgroup_parent, ipc, isolation, network_mode, pid, userns_mode, uts } =
        &**namespaces;
    let mut say = |diagnostic: Diagnostic, place: &Located<String>| {
        out.say(diagnostic.at(place.span, "").service(&service.name.value));
    };
    if let Some(mode) = network_mode {
        let found = if service.on_instances() { elsewhere(mode) } else { network(mode) };
        found.into_iter().for_each(|found| say(found, mode));
    }
    let joins =
        |mode: &&Located<String>| !managed::is_managed(service) && on_instance(service, mode);
    if let Some(mode) = ipc.as_ref().filter(|mode| !joins(mode)) {
        let found = match managed::is_managed(service) {
            true => managed::shared_memory(mode),
            false => shared_memory(mode),
        };
        found.into_iter().for_each(|found| say(found, mode));
    }
    if let Some(mode) = pid.as_ref().filter(|mode| !on_instance(service, mode)) {
        processes(mode).into_iter().for_each(|found| say(found, mode));
    }
    for (name, place) in [("cgroup", cgroup), ("cgroup_parent", cgroup_parent), ("uts", uts)] {
        if let Some(place) = place {
            let found = Diagnostic::note(Code::Ignored, format!("`{name}` has no effect on ECS"));
            let help = match service.on_instances() {
                true => "the instance's engine chooses it for every container",
                false => "every task has a kernel, control groups and host name to itself",
            };
            say(found.help(help), place);
        }
    }
    if let Some(place) = isolation {
        let found = Diagnostic::note(Code::Ignored, "`isolation` has no effect on ECS");
        say(found.help("it is for Windows; on Fargate every task is a machine of its own"), place);
    }
    if let Some(place) = userns_mode {
        let message = match service.on_instances() {
            true => "`userns_mode` has no effect: ECS does not hand it on",
            false => "`userns_mode` has no effect: Fargate maps no users",
        };
        let found = Diagnostic::warning(Code::Ignored, message);
        say(found.help("set `user`, to run the container as somebody else than root"), place);
    }
}

/// Whether a mode of `ipc` or `pid` is one that tasks on instances have.
fn on_instance(service: &Service, mode: &Located<String>) -> bool {
    let mode = mode.value.as_str();
    service.launch() != Launch::Fargate
        && (matches!(mode, "host" | "none" | "shareable") || mode.starts_with(SHARED))
}

/// What of a network mode does not even hold on instances: launch.rs takes the rest.
fn elsewhere(mode: &Located<String>) -> Option<Diagnostic> {
    match mode.value.as_str() {
        "" | "default" | "bridge" | "host" | "none" => None,
        _ => network(mode),
    }
}

fn network(mode: &Located<String>) -> Option<Diagnostic> {
    let own = "on Fargate the task has a network interface of its own";
    match mode.value.as_str() {
        "" | "default" => None,
        "bridge" => Some(
            Diagnostic::note(Code::Approximated, own)
                .help("take `network_mode` away to say so; `networks` says who may reach whom"),
        ),
        "host" => Some(
            Diagnostic::warning(Code::Approximated, own)
                .help("what it reached at localhost under Compose, it reaches by service name"),
        ),
        "none" => Some(
            Diagnostic::error(Code::Refused, "Fargate has no task without a network")
                .help("take `network_mode` away; a network with `internal: true` lets nobody in"),
        ),
        mode if mode.starts_with(SHARED) => None,
        mode if mode.starts_with("container:") => Some(
            Diagnostic::error(Code::Refused, "a container outside the project cannot share a task")
                .help("share the network of a service: `network_mode: service:NAME`"),
        ),
        other => Some(
            Diagnostic::error(Code::Refused, format!("Fargate has no network mode {other:?}"))
                .help("name the networks of the service under `networks`"),
        ),
    }
}

fn shared_memory(mode: &Located<String>) -> Option<Diagnostic> {
    match mode.value.as_str() {
        "" | "private" => None,
        "none" => Some(
            Diagnostic::note(Code::Ignored, "`ipc: none` has no effect on Fargate")
                .help("each container has shared memory of its own"),
        ),
        // It shares nothing before another container joins, which is refused there.
        "shareable" => Some(
            Diagnostic::warning(
                Code::Ignored,
                "no container can join the shared memory of another",
            )
            .help("take `ipc` away: containers on Fargate have shared memory of their own"),
        ),
        _ => Some(
            Diagnostic::error(Code::Refused, "containers on Fargate share no memory with others")
                .help(format!(
                    "share files instead, through `volumes_from` or a named volume{ON_INSTANCES}"
                )),
        ),
    }
}

fn processes(mode: &Located<String>) -> Option<Diagnostic> {
    match mode.value.as_str() {
        "" | "private" => None,
        mode if mode.starts_with(SHARED) => None,
        _ => Some(
            Diagnostic::error(Code::Refused, "a Fargate task sees no processes outside of it")
                .help(format!("share those of a service: `pid: service:NAME`{ON_INSTANCES}")),
        ),
    }
}

#[cfg(test)]
#[path = "namespaces_tests.rs"]
mod tests;
