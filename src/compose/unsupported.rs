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
    NetworkExtension,
    HttpExtension,
    /// `x-ecs` of a mount or a volume.
    StorageExtension,
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
            Level::NetworkExtension => "a network's `x-ecs`",
            Level::HttpExtension => "`x-ecs.http`",
            Level::StorageExtension => "the `x-ecs` of a volume",
            Level::Part(name) => name,
        }
    }

    /// Attributes that are refused until decklift supports them.
    pub(super) fn not_supported_yet(self) -> &'static [&'static str] {
        match self {
            Level::StorageExtension
            | Level::Root
            | Level::Service
            | Level::ProjectExtension
            | Level::ServiceExtension
            | Level::Build
            | Level::Deploy
            | Level::Reservations
            | Level::Attachment
            | Level::Network
            | Level::NetworkExtension
            | Level::UpdateConfig
            | Level::Resources
            | Level::Limits
            | Level::Healthcheck
            | Level::Dependency
            | Level::Port
            | Level::Volume
            | Level::Mount
            | Level::MountBind
            | Level::MountVolume
            | Level::MountTmpfs
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
            | Level::HttpExtension
            | Level::Part(_) => &[],
        }
    }

    /// Whether `x-…` is accepted beside the attributes. Within `x-ecs` it is not: nobody else reads it.
    pub(super) fn takes_extensions(self) -> bool {
        !matches!(self, Level::BlockIo | Level::BlockDevice | Level::EnvFile)
            && !self.is_of_extension()
    }

    /// Whether the place is `x-ecs`, or stands within one.
    pub(super) fn is_of_extension(self) -> bool {
        match self {
            Level::ProjectExtension
            | Level::ServiceExtension
            | Level::NetworkExtension
            | Level::HttpExtension
            | Level::StorageExtension => true,
            Level::Part(name) => name.contains("x-ecs"),
            _ => false,
        }
    }

    /// Where the `x-ecs` belongs that stands here without a meaning; nothing where it has one.
    pub(super) fn home_of_extension(self) -> Option<&'static str> {
        Some(match self {
            Level::Root | Level::Service | Level::Mount | Level::Network | Level::Volume => {
                return None;
            }
            Level::Part("a secret") => return None,
            Level::Port => {
                "it belongs to the service, by the container's port: `x-ecs: {ports: {80: public}}`"
            }
            Level::MountBind | Level::MountVolume | Level::MountTmpfs => {
                "it belongs to the mount itself: indent it like its `type`"
            }
            Level::Attachment | Level::Part("`ipam`" | "an address pool") => {
                "it belongs to the network, below `networks` at the top level"
            }
            Level::Part("a reference to a file") => {
                "it belongs to the secret, below `secrets` at the top level"
            }
            Level::Part("a config") => "a config has none: secrets have, volumes and networks",
            level if level.is_of_extension() => "the keys stand in `x-ecs` without another one",
            _ => "it belongs to the service: indent it like its `image`",
        })
    }

    /// Within a mount, what stands before the names of its attributes: a dot ends it.
    pub(super) fn within_mount(self) -> Option<&'static str> {
        Some(match self {
            Level::Mount => "",
            Level::MountBind => "bind.",
            Level::MountVolume => "volume.",
            Level::MountTmpfs => "tmpfs.",
            _ => return None,
        })
    }

    /// Attributes that have no effect on ECS and are dropped with a note; [`why_ignored`] says why.
    pub(super) fn ignored(self) -> &'static [&'static str] {
        match self {
            Level::Service => &["attach", "develop"],
            Level::Mount => &["consistency"],
            Level::MountBind => &["create_host_path", "propagation", "recursive", "selinux"],
            Level::MountVolume => &["labels"],
            _ => &[],
        }
    }
}

/// Why an attribute, or an option of a mount, has no effect on ECS, and what has.
pub(super) fn why_ignored(key: &str) -> &'static str {
    match key {
        "attach" => "there is no terminal to attach: `decklift logs` shows the output",
        "develop" => "it is for work at home, with `docker compose watch`",
        "consistency" | "cached" | "consistent" | "delegated" => {
            "it is for Docker Desktop on a Mac: data on ECS is not shared with this machine"
        }
        "create_host_path" => {
            "nothing is made on this machine: a directory that is missing becomes an empty volume"
        }
        "labels" => "`labels` of the volume at the top level become tags of its access point",
        "selinux" | "z" | "Z" => "ECS relabels no files, and tasks on Fargate do not need it",
        "propagation" | "recursive" | "private" | "rprivate" | "rshared" | "rslave" | "shared"
        | "slave" => {
            "ECS has no such option: a container sees what is mounted below an instance's directory \
             when it starts, and nothing that is mounted there later"
        }
        "tmpfs" => "of a tmpfs ECS takes `size`, `mode`, `uid`, `gid`, `noexec` and the like",
        _ => "of the options of a mount ECS takes `ro` alone",
    }
}

/// What the option of a mount in its short form is called in the long one.
pub(super) fn part_of(option: &str) -> Option<&'static str> {
    Some(match option {
        "cached" | "consistent" | "delegated" => "consistency",
        "z" | "Z" => "bind.selinux",
        "private" | "rprivate" | "rshared" | "rslave" | "shared" | "slave" => "bind.propagation",
        _ => return None,
    })
}

/// What to do without an attribute for now.
pub(super) fn way_out() -> &'static str {
    "remove it for now; what is not needed on ECS can live in an override file for local use"
}

#[cfg(test)]
mod tests {
    use super::{Level, why_ignored};

    #[test]
    fn what_is_ignored_has_a_reason_of_its_own() {
        for level in [Level::Service, Level::Mount, Level::MountBind, Level::MountVolume] {
            for key in level.ignored() {
                assert_ne!(why_ignored(key), why_ignored("nothing such"), "{key}");
            }
        }
    }

    #[test]
    fn an_extension_is_at_home_where_the_schema_has_it() {
        let homes = [Level::Root, Level::Service, Level::Mount, Level::Network, Level::Volume];
        assert!(homes.iter().all(|level| level.home_of_extension().is_none()));
        assert!(Level::Part("`x-ecs.vpc`").is_of_extension());
        assert!(!Level::Part("`ipam`").is_of_extension());
        for level in [Level::Deploy, Level::Port, Level::ServiceExtension, Level::Part("a config")]
        {
            assert!(level.home_of_extension().is_some(), "{level:?}");
        }
    }

    #[test]
    fn no_attribute_is_both_refused_and_ignored() {
        for level in [Level::Root, Level::Service, Level::Build, Level::Mount, Level::MountVolume] {
            let refused = level.not_supported_yet();
            assert!(refused.is_sorted(), "{level:?}");
            assert!(level.ignored().iter().all(|key| !refused.contains(key)), "{level:?}");
        }
    }
}
