//! What a container on an instance has, and none on Fargate: the settings of Docker's that ECS hands
//! to the instance's engine.

use super::addressing;
use super::container::container_name;
use super::gpu;
use super::managed;
use super::outcome::Outcomes;
use super::privileges;
use crate::compose::model::{Addressing, KernelSettings, Launch, Privileges, Service, TaskNetwork};
use crate::ecs::desired::{Device, HostEntry, InstanceSettings, LinuxParameters};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;
use crate::source::{Located, Span};

/// The instance as containers on Docker's own bridge see it (Docker documentation, "Bridge network
/// driver": the default bridge is 172.17.0.0/16).
const GATEWAY: &str = "172.17.0.1";

/// What instances alone have, or a network other than awsvpc.
pub(crate) fn settings(unit: &Unit<'_>, member: &Member<'_>, out: &mut Output) -> InstanceSettings {
    let service = member.service;
    if !service.on_instances() {
        return InstanceSettings::default();
    }
    let privileges = service.privileges.as_deref();
    let on = privileges.and_then(|p| p.privileged.as_ref()).filter(|on| on.value);
    let mut settings = InstanceSettings {
        privileged: on.map(|_| true),
        resource_requirements: gpu::requirements(service, out),
        ..InstanceSettings::default()
    };
    if managed::is_managed(service) {
        return settings;
    }
    settings.docker_security_options = security_options(service, out);
    if member.network.is_of_the_instance() {
        addressed(unit, member, &mut settings, out);
    }
    // ECS API reference, `ContainerDefinition.hostname`: not on awsvpc.
    if member.network != TaskNetwork::AwsVpc {
        settings.hostname = service.hostname.as_ref().map(|name| name.value.clone());
    }
    settings
}

/// Name servers, hosts and links, which are not for awsvpc (ECS API reference,
/// `ContainerDefinition.extraHosts`, `.links`; ECS developer guide, "Task definition parameters").
fn addressed(
    unit: &Unit<'_>,
    member: &Member<'_>,
    settings: &mut InstanceSettings,
    out: &mut Output,
) {
    if member.network == TaskNetwork::Bridge {
        settings.links = links(unit, member);
    }
    let Some(addressing) = &member.service.addressing else { return };
    let texts = |list: &[Located<String>]| list.iter().map(|text| text.value.clone()).collect();
    settings.dns_servers = texts(&addressing.dns);
    settings.dns_search_domains = texts(&addressing.dns_search);
    let mut outcomes = Outcomes::new(member.service, out);
    for host in &addressing.extra_hosts {
        for address in &host.value.addresses {
            let ip_address = if address == "host-gateway" {
                let message =
                    format!("{} is {GATEWAY}, the bridge of the instance", host.value.name);
                let help = "write the address where the instances' bridge is another one";
                outcomes.near(host.span, message, help);
                GATEWAY.to_owned()
            } else {
                address.clone()
            };
            settings.extra_hosts.push(HostEntry { hostname: host.value.name.clone(), ip_address });
        }
    }
}

/// On bridge the containers of a task reach each other through links alone. A link to a container
/// that links back would be a circle, so that each one links to those that it depends on, or
/// names in `links`.
fn links(unit: &Unit<'_>, member: &Member<'_>) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    let mut add = |name: &str, alias: &str| {
        let link = format!("{}:{alias}", container_name(name));
        if unit.member(name).is_some_and(|other| other.name() != member.name())
            && !links.contains(&link)
        {
            links.push(link);
        }
    };
    for name in member.service.depends_on.keys() {
        add(name, name);
        // Compose resolves its other names, too.
        for other in unit.member(name).iter().flat_map(|other| &other.names) {
            add(name, &other.dns);
        }
    }
    for link in member.service.addressing.iter().flat_map(|addressing| &addressing.links) {
        let (target, alias) = addressing::parts(&link.value);
        add(target, alias.unwrap_or(target));
    }
    links
}

/// Whether a container finds another one of its task on bridge under a name: it has a link to it.
pub(crate) fn reaches(user: &Member<'_>, owner: &Member<'_>, name: &str) -> bool {
    let service = user.service;
    let has = |known: &super::own_names::Name| known.dns.eq_ignore_ascii_case(name);
    let depends = service.depends_on.contains_key(owner.name())
        && (owner.name().eq_ignore_ascii_case(name) || owner.names.iter().any(has));
    let mut links = service.addressing.iter().flat_map(|addressing| &addressing.links);
    let linked = |text: &str| {
        let (target, alias) = addressing::parts(text);
        target == owner.name() && alias.unwrap_or(target).eq_ignore_ascii_case(name)
    };
    user.network == TaskNetwork::Bridge
        && user.unit == owner.unit
        && (depends || links.any(|link| linked(&link.value)))
}

/// ECS API reference, `ContainerDefinition.dockerSecurityOptions`
fn security_options(service: &Service, out: &mut Output) -> Vec<String> {
    let mut outcomes = Outcomes::new(service, out);
    let mut options = Vec::new();
    for option in service.privileges.iter().flat_map(|privileges| &privileges.security_opt) {
        let (name, value) = option.value.split_once([':', '=']).unwrap_or((&option.value, ""));
        match name {
            "no-new-privileges" if value == "false" => {}
            "no-new-privileges" => options.push(name.to_owned()),
            "apparmor" | "label" => options.push(format!("{name}:{value}")),
            _ => {
                let message = format!("`security_opt: {}` has no effect on ECS", option.value);
                let help = "ECS takes `no-new-privileges`, `apparmor:PROFILE` and `label:VALUE`";
                outcomes.missed(option.span, message, help);
            }
        }
    }
    options
}

/// What of a container's privileges is not even for instances.
pub(crate) fn privileges(service: &Service, out: &mut Output) {
    let Some(privileges) = &service.privileges else { return };
    let Privileges {
        privileged: _,   // settings
        cap_add: _,      // capabilities.rs
        cap_drop: _,     // capabilities.rs
        security_opt: _, // settings
        group_add,
        credential_spec,
        device_cgroup_rules,
        devices: _, // linux
        gpus: _,    // gpu.rs
        runtime,
        use_api_socket,
    } = &**privileges;
    let mut outcomes = Outcomes::new(service, out);
    privileges::groups(group_add, &mut outcomes);
    let message = "`credential_spec` is not supported";
    privileges::credentials(credential_spec.as_ref(), message, &mut outcomes);
    if let Some(first) = device_cgroup_rules.first() {
        let help = "name the devices under `devices`, with what the container may do with them";
        outcomes.refused(first.span, "ECS has no rules for devices", help);
    }
    if let Some(place) = use_api_socket.as_ref().filter(|on| on.value) {
        let help = "mount the socket of the instance's engine: \
            `/var/run/docker.sock:/var/run/docker.sock`";
        outcomes.refused(place.span, "ECS does not hand the engine's API to a container", help);
    }
    match runtime.as_ref().map(|runtime| (runtime, runtime.value.as_str())) {
        None | Some((_, "nvidia")) => {}
        Some((runtime, "runc" | "io.containerd.runc.v2" | "crun")) => {
            let help = "the instance's engine has one runtime";
            outcomes.ignored(runtime.span, "`runtime` has no effect on ECS", help);
        }
        Some((runtime, _)) => {
            let help = "configure the runtime as the default of the instances' engine";
            outcomes.missed(runtime.span, "ECS chooses no runtime for a container", help);
        }
    }
}

/// Devices, shared memory and swap.
pub(crate) fn linux(service: &Service, linux: &mut LinuxParameters, out: &mut Output) {
    if !service.on_instances() {
        return;
    }
    let mut outcomes = Outcomes::new(service, out);
    for device in service.privileges.iter().flat_map(|privileges| &privileges.devices) {
        linux.devices.extend(mapped(device, &mut outcomes));
    }
    linux.devices.sort_by(|a, b| a.host_path.cmp(&b.host_path));
    let kernel = service.kernel.as_deref().filter(|_| !managed::is_managed(service));
    let Some(kernel) = kernel else { return };
    if let Some(size) = kernel.shm_size.as_ref().filter(|size| size.value > 0) {
        linux.shared_memory_size = Some(mib(size.value));
    }
    swap(service, kernel, linux, &mut outcomes);
}

/// Bytes as MiB, rounded up.
fn mib(bytes: i64) -> i32 {
    let mib = u64::try_from(bytes).unwrap_or(0).div_ceil(1 << 20);
    i32::try_from(mib).unwrap_or(i32::MAX)
}

fn mapped(
    device: &Located<crate::compose::model::Device>,
    outcomes: &mut Outcomes<'_>,
) -> Option<Device> {
    let crate::compose::model::Device { source, target, permissions, extensions: _ } =
        &device.value;
    if !source.starts_with('/') {
        let help = "write the path of the device on the instance; `gpus` says how many GPUs";
        let message = format!("ECS knows no device {source:?}: it takes paths");
        outcomes.refused(device.span, message, help);
        return None;
    }
    let known = [('r', "read"), ('w', "write"), ('m', "mknod")];
    // docker takes no other letter either (docker/cli, `opts`, `ValidDeviceMode`).
    if let Some(other) = permissions.chars().find(|c| known.iter().all(|(letter, _)| letter != c)) {
        let help = "write `r`, `w` and `m`, each at most once: `/dev/a:/dev/b:rw`";
        outcomes.refused(device.span, format!("{other:?} is no permission on a device"), help);
        return None;
    }
    let given = known.iter().filter(|(letter, _)| permissions.contains(*letter));
    Some(Device {
        host_path: source.clone(),
        container_path: (!target.is_empty() && target != source).then(|| target.clone()),
        permissions: given.map(|(_, word)| (*word).to_owned()).collect(),
    })
}

/// Docker counts memory and swap together, ECS the swap alone (ECS API reference,
/// `LinuxParameters.maxSwap`).
fn swap(
    service: &Service,
    kernel: &KernelSettings,
    linux: &mut LinuxParameters,
    outcomes: &mut Outcomes<'_>,
) {
    let memory = service.deploy.limits.memory.as_ref().or(service.mem_limit.as_ref());
    let memory = memory.and_then(|memory| i64::try_from(memory.value).ok());
    if let Some(limit) = kernel.memswap_limit.as_ref().filter(|limit| limit.value != 0) {
        match memory {
            Some(memory) if limit.value >= memory => {
                linux.max_swap = Some(mib(limit.value - memory))
            }
            given => {
                let help = match (limit.value, given) {
                    // Compose's -1 is as much as there is.
                    (..0, _) => "write how much: the limit of memory and swap together",
                    (_, Some(_)) => "write more than `mem_limit`: the swap is what is beyond it",
                    (_, None) => {
                        "write `mem_limit`, too: the swap is what `memswap_limit` has beyond it"
                    }
                };
                let message = "how much a container may swap is left to the instance";
                outcomes.missed(limit.span, message, help);
            }
        }
    }
    let Some(swappiness) = &kernel.mem_swappiness else { return };
    match i32::try_from(swappiness.value).ok().filter(|percent| (0..=100).contains(percent)) {
        None => outcomes.invalid(swappiness.span, "this is no swappiness", "write 0 to 100"),
        Some(percent) if linux.max_swap.is_some() => linux.swappiness = Some(percent),
        Some(_) => {
            let help =
                "write `mem_limit` and `memswap_limit`, too: ECS takes the one with the other";
            outcomes.missed(swappiness.span, "`mem_swappiness` has no effect alone", help);
        }
    }
}

/// What limits processes on an instance.
pub(super) const PROCESSES: &str =
    "set `default-pids-limit` of the instances' engine, or limit `nproc` under `ulimits`";

/// What the kernel is told, and ECS does not hand on.
pub(crate) fn kernel(service: &Service, out: &mut Output) {
    let Some(kernel) = service.kernel.as_deref() else { return };
    let mut outcomes = Outcomes::new(service, out);
    let mut say = |span: Option<Span>, name: &str, help: &str| {
        if let Some(span) = span {
            outcomes.missed(span, format!("`{name}` has no effect on ECS"), help);
        }
    };
    let killed = kernel.oom_kill_disable.as_ref().filter(|disable| disable.value);
    say(killed.map(|at| at.span), "oom_kill_disable", "raise its memory limit");
    let own = "each container has its own memory limit, and is ended at it";
    say(kernel.oom_score_adj.as_ref().map(|at| at.span), "oom_score_adj", own);
    let processes = kernel.pids_limit.as_ref().filter(|n| n.value > 0);
    say(processes.map(|at| at.span), "pids_limit", PROCESSES);
    let disk = "choose instances with disks of their own for what needs them";
    say(kernel.blkio.as_ref().map(|at| at.span), "blkio_config", disk);
    let storage = "set `storage-opts` of the instances' engine";
    say(super::outcome::place_of(kernel.storage_opt.values()), "storage_opt", storage);
}

/// What of a service's addressing has no place on instances either.
pub(crate) fn addressing(
    member: &Member<'_>,
    addressing: &Addressing,
    outcomes: &mut Outcomes<'_>,
) {
    // On a network of the instance's they are handed on.
    let apart = !member.network.is_of_the_instance();
    for (place, name) in [
        (super::outcome::place_of(&addressing.dns), "dns"),
        (super::outcome::place_of(&addressing.dns_search), "dns_search"),
        (super::outcome::place_of(&addressing.extra_hosts), "extra_hosts"),
    ] {
        if let Some(place) = place.filter(|_| apart) {
            // Managed instances have no bridge.
            let help = match member.service.launch() {
                Launch::Ec2 => {
                    "use the instance's network, `x-ecs: {network_mode: bridge}`; or a name in \
                     DNS, in a private hosted zone of Route 53, say"
                }
                _ => "use a name in DNS, in a private hosted zone of Route 53, say",
            };
            let message = format!("`{name}` has no effect on `{}`", member.network.as_str());
            outcomes.missed(place, message, help);
        }
    }
    if let Some(place) = super::outcome::place_of(&addressing.dns_opt) {
        let help = "ECS hands servers and domains on: `dns` and `dns_search`";
        outcomes.missed(place, "`dns_opt` has no effect on ECS", help);
    }
    if let Some(name) = &addressing.domainname {
        let help = "write the whole name as `hostname`";
        outcomes.ignored(name.span, "`domainname` has no effect on ECS", help);
    }
    if let Some(address) = &addressing.mac_address {
        let help = "the engine, or AWS, chooses addresses";
        outcomes.ignored(address.span, "`mac_address` has no effect on ECS", help);
    }
}

#[cfg(test)]
#[path = "instance_tests.rs"]
mod tests;
