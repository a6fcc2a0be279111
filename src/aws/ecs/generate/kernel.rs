//! What containers ask of the kernel, and of the instance that they run on.

use proptest::prelude::*;

use super::{on, option, sorted, word};
use crate::ecs::desired::*;

fn linux() -> impl Strategy<Value = LinuxParameters> {
    let tmpfs =
        (word(), 1..64, prop::collection::vec(word(), 0..2)).prop_map(|(path, size, options)| {
            Tmpfs { container_path: format!("/{path}"), size, mount_options: options }
        });
    let tmpfs = prop::collection::vec(tmpfs, 1..3)
        .prop_map(|list| sorted(list, |t: &Tmpfs| t.container_path.clone()));
    (on(), tmpfs, option(capabilities())).prop_map(|(init_process_enabled, tmpfs, capabilities)| {
        LinuxParameters { capabilities, init_process_enabled, tmpfs, ..LinuxParameters::default() }
    })
}

pub(super) fn instance_linux() -> impl Strategy<Value = LinuxParameters> {
    let device = (word(), option(word()), prop::bool::ANY).prop_map(|(host, path, reads)| Device {
        container_path: path
            .map(|path| format!("/{path}"))
            .filter(|p| *p != format!("/dev/{host}")),
        host_path: format!("/dev/{host}"),
        permissions: if reads { vec!["read".to_owned()] } else { Vec::new() },
    });
    let devices = prop::collection::vec(device, 0..3)
        .prop_map(|list| sorted(list, |device: &Device| device.host_path.clone()));
    (linux(), devices, option(1..512), option((0..512, option(0..100)))).prop_map(
        |(linux, devices, shared_memory_size, swap)| LinuxParameters {
            devices,
            shared_memory_size,
            max_swap: swap.map(|(max, _)| max),
            swappiness: swap.and_then(|(_, swappiness)| swappiness),
            ..linux
        },
    )
}

pub(super) fn instance() -> impl Strategy<Value = InstanceSettings> {
    let list = || prop::collection::vec(word(), 0..3);
    let host =
        (word(), word()).prop_map(|(hostname, ip_address)| HostEntry { hostname, ip_address });
    let hosts = prop::collection::vec(host, 0..3);
    let gpus = option(1..4).prop_map(|count| {
        let one = |count: i32| ResourceRequirement {
            kind: "GPU".to_owned(),
            value: count.to_string(),
            sharing_strategy: None,
        };
        count.map(one).into_iter().collect()
    });
    ((list(), list(), list(), list()), option(word()), hosts, on(), gpus).prop_map(
        |(
            (links, dns_servers, dns_search_domains, options),
            hostname,
            extra_hosts,
            privileged,
            gpus,
        )| {
            InstanceSettings {
                links,
                hostname,
                dns_servers,
                dns_search_domains,
                extra_hosts,
                docker_security_options: options,
                privileged,
                resource_requirements: gpus,
            }
        },
    )
}

fn capabilities() -> impl Strategy<Value = KernelCapabilities> {
    (names(0), names(1)).prop_map(|(add, drop)| KernelCapabilities { add, drop })
}

fn names(least: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::btree_set("[A-Z_]{1,6}", least..3).prop_map(|set| set.into_iter().collect())
}

pub(super) fn ulimits() -> impl Strategy<Value = Vec<Ulimit>> {
    let name = prop::sample::select(vec!["core", "memlock", "nofile", "nproc"]);
    let limit = (name, -1..9999, -1..9999).prop_map(|(name, soft_limit, hard_limit)| Ulimit {
        name: name.to_owned(),
        soft_limit,
        hard_limit,
    });
    prop::collection::vec(limit, 0..3).prop_map(|list| sorted(list, |limit| limit.name.clone()))
}

pub(super) fn controls() -> impl Strategy<Value = Vec<SystemControl>> {
    prop::collection::btree_map(word(), word(), 0..3).prop_map(|map| {
        let control = |(namespace, value)| SystemControl { namespace, value };
        map.into_iter().map(control).collect()
    })
}
