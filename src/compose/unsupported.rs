//! The attributes of the Compose Specification that the model does not have: refused by name, or
//! dropped with a note where they have no effect on ECS.

/// A place in the document with its own set of attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Root,
    Service,
    Build,
    Deploy,
    UpdateConfig,
    Resources,
    Limits,
    Reservations,
    Healthcheck,
    Dependency,
    Attachment,
    Network,
    Volume,
    Port,
    Mount,
    MountBind,
    MountVolume,
    MountTmpfs,
    EnvFile,
    BlockIo,
    BlockDevice,
    CredentialSpec,
    Device,
    Gpu,
    Hook,
    Logging,
    Provider,
    ServiceModel,
    Ulimit,
    ProjectExtension,
    ServiceExtension,
    HttpExtension,
    /// A place whose attributes are all read; what messages call it.
    Part(&'static str),
}

impl Level {
    /// What messages call the place.
    pub(super) fn name(self) -> &'static str {
        match self {
            Level::Root => "the top level",
            Level::Service => "a service",
            Level::Build => "`build`",
            Level::Deploy => "`deploy`",
            Level::UpdateConfig => "`update_config`",
            Level::Resources => "`resources`",
            Level::Limits => "`limits`",
            Level::Reservations => "`reservations`",
            Level::Healthcheck => "`healthcheck`",
            Level::Dependency => "an entry of `depends_on`",
            Level::Attachment => "a service's network",
            Level::Network => "a network",
            Level::Volume => "a volume",
            Level::Port => "a port",
            Level::Mount => "a mount",
            Level::MountBind => "`bind`",
            Level::MountVolume => "`volume`",
            Level::MountTmpfs => "`tmpfs`",
            Level::EnvFile => "an entry of `env_file`",
            Level::BlockIo => "`blkio_config`",
            Level::BlockDevice => "an entry of `blkio_config`",
            Level::CredentialSpec => "`credential_spec`",
            Level::Device => "a device",
            Level::Gpu => "an entry of `gpus`",
            Level::Hook => "a hook",
            Level::Logging => "`logging`",
            Level::Provider => "`provider`",
            Level::ServiceModel => "a service's model",
            Level::Ulimit => "a limit",
            Level::ProjectExtension => "the top-level `x-ecs`",
            Level::ServiceExtension => "a service's `x-ecs`",
            Level::HttpExtension => "`x-ecs.http`",
            Level::Part(name) => name,
        }
    }

    /// Attributes that are refused until decklift supports them.
    pub(super) fn not_supported_yet(self) -> &'static [&'static str] {
        match self {
            Level::Root => &["models"],
            Level::Service => SERVICE,
            Level::Build => BUILD,
            Level::Deploy => &["endpoint_mode", "placement", "restart_policy", "rollback_config"],
            Level::Reservations => &["devices", "generic_resources"],
            Level::Attachment => &[
                "driver_opts",
                "gw_priority",
                "interface_name",
                "ipv4_address",
                "ipv6_address",
                "link_local_ips",
                "mac_address",
                "priority",
            ],
            Level::Network => {
                &["attachable", "driver_opts", "enable_ipv4", "enable_ipv6", "ipam", "labels"]
            }
            Level::Volume => &["labels"],
            Level::Mount => &["image"],
            Level::MountVolume => &["labels", "subpath"],
            Level::MountTmpfs => &["mode"],
            Level::ProjectExtension => &[
                "capacity",
                "certificate",
                "cluster",
                "discovery",
                "domain",
                "launch",
                "load_balancer",
                "permissions_boundary",
                "repositories",
                "required_version",
            ],
            Level::ServiceExtension => SERVICE_EXTENSION,
            Level::HttpExtension => &["alias", "host", "path", "stickiness"],
            Level::UpdateConfig
            | Level::Resources
            | Level::Limits
            | Level::Healthcheck
            | Level::Dependency
            | Level::Port
            | Level::MountBind
            | Level::EnvFile
            | Level::BlockIo
            | Level::BlockDevice
            | Level::CredentialSpec
            | Level::Device
            | Level::Gpu
            | Level::Hook
            | Level::Logging
            | Level::Provider
            | Level::ServiceModel
            | Level::Ulimit
            | Level::Part(_) => &[],
        }
    }

    /// Whether `x-…` is accepted beside the attributes.
    pub(super) fn takes_extensions(self) -> bool {
        !matches!(self, Level::BlockIo | Level::BlockDevice | Level::EnvFile)
    }

    /// Attributes that have no effect on ECS and are dropped with a note.
    pub(super) fn ignored(self) -> &'static [&'static str] {
        match self {
            Level::Service => &["attach", "develop"],
            Level::Mount => &["consistency"],
            Level::MountBind => &["create_host_path", "propagation", "recursive", "selinux"],
            Level::MountVolume => &["nocopy"],
            _ => &[],
        }
    }
}

const SERVICE: &[&str] = &[
    "annotations",
    "blkio_config",
    "cap_add",
    "cap_drop",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpuset",
    "credential_spec",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "label_file",
    "links",
    "logging",
    "mac_address",
    "mem_swappiness",
    "memswap_limit",
    "models",
    "oom_kill_disable",
    "oom_score_adj",
    "pids_limit",
    "post_start",
    "pre_stop",
    "privileged",
    "provider",
    "pull_refresh_after",
    "runtime",
    "security_opt",
    "shm_size",
    "stop_signal",
    "storage_opt",
    "sysctls",
    "ulimits",
    "use_api_socket",
];

const BUILD: &[&str] = &[
    "additional_contexts",
    "cache_from",
    "cache_to",
    "dockerfile_inline",
    "entitlements",
    "extra_hosts",
    "isolation",
    "network",
    "no_cache",
    "privileged",
    "provenance",
    "pull",
    "sbom",
    "secrets",
    "shm_size",
    "ssh",
    "tags",
    "ulimits",
];

const SERVICE_EXTENSION: &[&str] = &[
    "allow_shared_volume",
    "autoscaling",
    "capacity",
    "ephemeral_storage",
    "exec",
    "execution_role",
    "mirror",
    "overrides",
    "policies",
    "pull_credentials",
    "role",
    "rollout",
    "schedule",
    "seed",
    "task_role",
    "volume",
];

/// What to do without an attribute for now.
pub(super) fn way_out(level: Level, key: &str) -> &'static str {
    match (level, key) {
        (Level::Service, "links" | "external_links") => {
            "remove it: services reach each other by name without links"
        }
        (Level::Service, "logging") => "remove it: the logs go to CloudWatch Logs",
        (Level::Service, "label_file") => "write the labels into `labels`",
        (Level::Service, "stop_signal") => "set `STOPSIGNAL` in the Dockerfile",
        (Level::Build, "dockerfile_inline") => "put the text into a Dockerfile",
        _ => {
            "remove it for now; what is not needed on ECS can live in an override file for local use"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Level;

    #[test]
    fn no_attribute_is_both_refused_and_ignored() {
        for level in [Level::Root, Level::Service, Level::Build, Level::Mount, Level::MountVolume] {
            let refused = level.not_supported_yet();
            assert!(refused.is_sorted(), "{level:?}");
            assert!(level.ignored().iter().all(|key| !refused.contains(key)), "{level:?}");
        }
    }
}
