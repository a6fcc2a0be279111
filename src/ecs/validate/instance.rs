//! What AWS holds of tasks on instances, and of what Fargate does not take of theirs.

use std::collections::BTreeSet;

use super::Report;
use crate::ecs::desired::{
    ContainerDefinition, Device, DockerVolume, InstanceSettings, LinuxParameters,
    PlacementConstraint, PlacementStrategy, PortMapping, ResourceRequirement, TaskDefinition,
};
use crate::ecs::rules::bridge::RESERVED;
use crate::ecs::rules::placement::instances::{MOST_CONSTRAINTS, MOST_STRATEGIES};
use crate::ecs::rules::size::instances::UNITS;

/// The characters of an expression (ECS API reference, `PlacementConstraint.expression`).
const LONGEST: usize = 2000;

/// Whether a task runs on Fargate.
pub(super) fn is_fargate(task: &TaskDefinition) -> bool {
    task.requires_compatibilities.iter().any(|name| name == "FARGATE")
}

/// Whether a task stands in the network of its instance, or in none.
pub(super) fn is_at_its_instance(task: &TaskDefinition) -> bool {
    !is_fargate(task) && task.network_mode != "awsvpc"
}

fn is_managed(task: &TaskDefinition) -> bool {
    task.requires_compatibilities.iter().any(|name| name == "MANAGED_INSTANCES")
}

/// `ecs RegisterTaskDefinition`, beside what holds everywhere.
pub(super) fn task(task: &TaskDefinition, report: &mut Report<'_>) {
    let known = ["EC2", "FARGATE", "MANAGED_INSTANCES"];
    let [one] = task.requires_compatibilities.as_slice() else {
        let kinds = task.requires_compatibilities.len();
        report.fault(format!("it is for {kinds} launch types"), "decklift writes one");
        return;
    };
    if !known.contains(&one.as_str()) {
        report.fault(format!("{one:?} is no launch type"), format!("ECS takes {known:?}"));
    }
    let mode = task.network_mode.as_str();
    let modes: &[&str] = match one.as_str() {
        "FARGATE" => &["awsvpc"],
        "MANAGED_INSTANCES" => &["awsvpc", "host", "none"],
        _ => &["awsvpc", "bridge", "host", "none"],
    };
    if !modes.contains(&mode) {
        report.fault(
            format!("network mode {mode:?}"),
            if modes.len() == 1 {
                "Fargate needs awsvpc".to_owned()
            } else {
                format!("{one} takes {}", modes.join(", "))
            },
        );
    }
    let (pid, ipc) = (task.pid_mode.as_deref(), task.ipc_mode.as_deref());
    let fargate = is_fargate(task);
    if !matches!(pid, None | Some("task")) && (fargate || pid != Some("host")) {
        report.fault(format!("pidMode {pid:?}"), "Fargate takes task, instances host, too");
    }
    if ipc.is_some() && (fargate || !matches!(ipc, Some("host" | "task" | "none"))) {
        report.fault(format!("ipcMode {ipc:?}"), "it is host, task or none, on instances alone");
    }
    if !fargate {
        size(task, report);
        host_ports(task, report);
    }
    if is_managed(task) {
        managed(task, report);
    }
}

/// What tasks on instances that ECS looks after have not (ECS developer guide, "Amazon ECS task definition
/// differences for Amazon ECS Managed Instances").
fn managed(task: &TaskDefinition, report: &mut Report<'_>) {
    let mut refuse = |has: bool, what: &str| {
        if has {
            report.fault(what, "managed instances do not take it");
        }
    };
    refuse(task.ipc_mode.is_some(), "ipcMode");
    for volume in &task.volumes {
        let path = volume.host.as_ref().is_some_and(|host| host.source_path.is_some());
        refuse(path, "a volume at a path of the instance");
        refuse(volume.docker_volume_configuration.is_some(), "dockerVolumeConfiguration");
    }
    for container in &task.container_definitions {
        let InstanceSettings {
            links,
            hostname,
            dns_servers,
            dns_search_domains,
            extra_hosts,
            docker_security_options,
            ..
        } = &container.instance;
        refuse(!links.is_empty(), "links");
        refuse(hostname.is_some(), "hostname");
        refuse(!dns_servers.is_empty(), "dnsServers");
        refuse(!dns_search_domains.is_empty(), "dnsSearchDomains");
        refuse(!extra_hosts.is_empty(), "extraHosts");
        refuse(!docker_security_options.is_empty(), "dockerSecurityOptions");
        refuse(!container.docker_labels.is_empty(), "dockerLabels");
        let Some(linux) = &container.linux_parameters else { continue };
        refuse(linux.shared_memory_size.is_some(), "sharedMemorySize");
        refuse(linux.max_swap.is_some(), "maxSwap");
        refuse(linux.swappiness.is_some(), "swappiness");
        refuse(!linux.tmpfs.is_empty(), "tmpfs");
    }
}

fn size(task: &TaskDefinition, report: &mut Report<'_>) {
    if !task.cpu.is_empty() && !task.cpu.parse().is_ok_and(|cpu| UNITS.contains(&cpu)) {
        report.fault(
            format!("{:?} CPU units", task.cpu),
            format!("a task on instances has {} to {}, or none", UNITS.start(), UNITS.end()),
        );
    }
    let memory = task.memory.parse::<i64>();
    if !task.memory.is_empty() && !memory.as_ref().is_ok_and(|mib| *mib >= 6) {
        report.fault(format!("{:?} MiB", task.memory), "write MiB");
    }
    if is_managed(task) && (task.cpu.is_empty() || task.memory.is_empty()) {
        report.fault("no size", "managed instances are chosen by the task's cpu and memory");
    }
    let kept = |c: &ContainerDefinition| c.memory_reservation.or(c.memory).map(i64::from);
    let sum: i64 = task.container_definitions.iter().filter_map(kept).sum();
    if memory.is_ok_and(|memory| sum > memory) {
        report.fault("the containers keep more memory than their task has", "raise `x-ecs.memory`");
    }
    for container in task.container_definitions.iter().filter(|c| kept(c).is_none()) {
        if task.memory.is_empty() {
            report.fault(
                format!("no memory for {:?}", container.name),
                "on instances a container has `memory`, `memoryReservation`, or a task with memory",
            );
        }
    }
    if task.ephemeral_storage.is_some() {
        report.fault("ephemeral storage", "it is Fargate's: the instance has its own disk");
    }
}

fn host_ports(task: &TaskDefinition, report: &mut Report<'_>) {
    let mut seen = BTreeSet::new();
    let mappings = task.container_definitions.iter().flat_map(|c| &c.port_mappings);
    for PortMapping { host_port, protocol, .. } in mappings {
        match task.network_mode.as_str() {
            "none" => report.fault("a port without a network", "`none` takes no port mappings"),
            "bridge" | "host" if RESERVED.iter().any(|port| i32::from(*port) == *host_port) => {
                report.fault(
                    format!("host port {host_port}"),
                    format!("the instance itself has {RESERVED:?}"),
                );
            }
            "bridge" if *host_port != 0 && !seen.insert((host_port, protocol)) => {
                report.fault(format!("host port {host_port} twice"), "a port is one container's");
            }
            _ => {}
        }
    }
}

/// Whether the port of the instance goes with the container's.
pub(super) fn mapped(mapping: &PortMapping, task: &TaskDefinition) -> bool {
    let same = mapping.host_port == mapping.container_port;
    same || (task.network_mode == "bridge" && (0..=65535).contains(&mapping.host_port))
}

/// `ecs ContainerDefinition`, of which Fargate takes nothing of this.
pub(super) fn container(
    container: &ContainerDefinition,
    task: &TaskDefinition,
    report: &mut Report<'_>,
) {
    let ContainerDefinition { name, instance, linux_parameters, .. } = container;
    if is_fargate(task) {
        let plain = |linux: &LinuxParameters| {
            linux.devices.is_empty()
                && linux.shared_memory_size.is_none()
                && linux.max_swap.is_none()
                && linux.swappiness.is_none()
        };
        if *instance != InstanceSettings::default() || !linux_parameters.as_ref().is_none_or(plain)
        {
            report.fault(
                format!("{name:?} asks for what instances alone have"),
                "Fargate takes no links, host names, GPUs, devices, swap or privileges",
            );
        }
        return;
    }
    let InstanceSettings {
        links,
        hostname,
        dns_servers: _,
        dns_search_domains: _,
        extra_hosts,
        docker_security_options,
        privileged: _,
        resource_requirements,
    } = instance;
    let mode = task.network_mode.as_str();
    if mode == "awsvpc" && (hostname.is_some() || !extra_hosts.is_empty()) {
        report.fault(
            format!("{name:?} has a host name or extra hosts"),
            "awsvpc takes neither `hostname` nor `extraHosts`",
        );
    }
    if mode != "bridge" && !links.is_empty() {
        report.fault(format!("{name:?} has links"), "links are for bridge alone");
    }
    for link in links {
        let target = link.split(':').next().unwrap_or_default();
        if target == name || !task.container_definitions.iter().any(|c| c.name == target) {
            report.fault(
                format!("{name:?} links to {target:?}"),
                "a link names another container of the task",
            );
        }
    }
    for option in docker_security_options {
        let (kind, value) = option.split_once(':').unwrap_or((option, ""));
        let good = match kind {
            "no-new-privileges" => true,
            "apparmor" | "label" | "credentialspec" => !value.is_empty(),
            _ => false,
        };
        if !good {
            report.fault(
                format!("{option:?} of {name:?} is no security option"),
                "ECS takes no-new-privileges, apparmor:PROFILE, label:VALUE, credentialspec:PATH",
            );
        }
    }
    for ResourceRequirement { kind, value, sharing_strategy } in resource_requirements {
        let known = kind == "GPU" || kind == "NeuronDevice";
        if !known || !(value == "ALL" || value.parse().is_ok_and(|n: u32| n > 0)) {
            report.fault(
                format!("{value:?} of {kind:?} for {name:?}"),
                "a container asks for GPUs, by number or ALL",
            );
        }
        let share = sharing_strategy.as_ref().map(|strategy| &strategy.nvidia_mps);
        let good = share.is_none_or(|share| {
            share.memory > 0 && share.max_compute_percent.is_none_or(|p| (1..=100).contains(&p))
        });
        if !good || share.is_some() && kind != "GPU" {
            report.fault(
                format!("how {name:?} shares a {kind}"),
                "a GPU is shared by MiB of its memory, and 1 to 100 percent of its computing",
            );
        }
    }
    if let Some(linux) = linux_parameters {
        self::linux(name, linux, report);
    }
}

/// ECS API reference, `LinuxParameters`
fn linux(name: &str, linux: &LinuxParameters, report: &mut Report<'_>) {
    for Device { host_path, container_path, permissions } in &linux.devices {
        let known = ["read", "write", "mknod"];
        let paths = [Some(host_path), container_path.as_ref()];
        if paths.into_iter().flatten().any(|path| !path.starts_with('/'))
            || permissions.iter().any(|p| !known.contains(&p.as_str()))
        {
            report.fault(
                format!("the device {host_path:?} of {name:?}"),
                "a device has absolute paths, and read, write or mknod",
            );
        }
    }
    if linux.shared_memory_size.is_some_and(|mib| mib < 1)
        || linux.max_swap.is_some_and(|mib| mib < 0)
    {
        report.fault(format!("memory below nothing for {name:?}"), "write MiB");
    }
    if linux
        .swappiness
        .is_some_and(|percent| !(0..=100).contains(&percent) || linux.max_swap.is_none())
    {
        report.fault(
            format!("the swappiness of {name:?}"),
            "it is 0 to 100, and counts with `maxSwap` alone",
        );
    }
}

/// ECS API reference, `DockerVolumeConfiguration`
pub(super) fn docker_volume(
    name: &str,
    volume: &DockerVolume,
    task: &TaskDefinition,
    report: &mut Report<'_>,
) {
    if is_fargate(task) {
        report.fault(format!("volume {name:?} is Docker's"), "Fargate has no volumes of Docker's");
    }
    let DockerVolume { scope, autoprovision, driver, driver_opts: _, labels: _ } = volume;
    let is_scope = match scope.as_str() {
        "shared" => true,
        "task" => autoprovision.is_none(),
        _ => false,
    };
    if !is_scope || driver.is_empty() {
        report.fault(
            format!("volume {name:?} of the scope {scope:?}"),
            "it is task or shared; `autoprovision` goes with shared",
        );
    }
}

/// Constraints and strategies of a service or a task.
pub(super) fn placement(
    constraints: &[PlacementConstraint],
    strategy: &[PlacementStrategy],
    task: Option<&TaskDefinition>,
    report: &mut Report<'_>,
) {
    if task.is_some_and(is_fargate) && !(constraints.is_empty() && strategy.is_empty()) {
        report.fault("placement", "Fargate takes neither constraints nor strategies");
        return;
    }
    if task.is_some_and(is_managed) && !strategy.is_empty() {
        report.fault("a placement strategy", "managed instances have one of their own");
    }
    if constraints.len() > MOST_CONSTRAINTS || strategy.len() > MOST_STRATEGIES {
        report.fault(
            format!("{} constraints and {} strategies", constraints.len(), strategy.len()),
            format!("ECS takes {MOST_CONSTRAINTS} and {MOST_STRATEGIES}"),
        );
    }
    for PlacementConstraint { kind, expression } in constraints {
        let good = match (kind.as_str(), expression) {
            ("distinctInstance", None) => true,
            ("memberOf", Some(text)) => !text.is_empty() && text.chars().count() <= LONGEST,
            _ => false,
        };
        if !good {
            report.fault(
                format!("the constraint {kind:?} with {expression:?}"),
                "distinctInstance stands alone, memberOf with an expression of up to 2000 characters",
            );
        }
    }
    for PlacementStrategy { kind, field } in strategy {
        let good = match (kind.as_str(), field.as_deref()) {
            ("random", None) => true,
            ("binpack", Some(field)) => matches!(field, "cpu" | "memory"),
            ("spread", Some(field)) => {
                matches!(field, "instanceId" | "host") || field.starts_with("attribute:")
            }
            _ => false,
        };
        if !good {
            report.fault(
                format!("the strategy {kind:?} by {field:?}"),
                "binpack is by cpu or memory, spread by instanceId or an attribute, random by none",
            );
        }
    }
}
