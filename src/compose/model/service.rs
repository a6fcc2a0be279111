use std::time::Duration;

use indexmap::IndexMap;

use super::{
    Addressing, Build, CpuSettings, Dependency, Deploy, Healthcheck, Hooks, KernelSettings, Launch,
    Logging, Mount, Namespaces, NetworkAttachment, Port, Privileges, ProjectExtension, Provider,
    Rare, ServiceExtension, ServiceModel, Written,
};
use crate::source::{Located, Span};

/// When a stopped container is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// `no`
    No,
    /// `always`
    Always,
    /// `on-failure`, `on-failure:N`
    OnFailure,
    /// `unless-stopped`
    UnlessStopped,
}

/// One service of a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its key under `services`.
    pub name: Located<String>,
    /// `image`
    pub image: Option<Located<String>>,
    /// `build`
    pub build: Option<Box<Located<Build>>>,
    /// `platform`, such as `linux/arm64`
    pub platform: Option<Located<String>>,
    /// `command`: `Some([])` clears the image's.
    pub command: Option<Located<Vec<String>>>,
    /// `entrypoint`: `Some([])` clears the image's.
    pub entrypoint: Option<Located<Vec<String>>>,
    /// `working_dir`
    pub working_dir: Option<Located<String>>,
    /// `user`
    pub user: Option<Located<String>>,
    /// `env_file` and `environment` together, in Compose's precedence; a bare `NAME` has already
    /// taken the caller's value and is absent when the caller has none.
    pub environment: IndexMap<String, Located<String>>,
    /// `ports`, ranges expanded to one entry each.
    pub ports: Vec<Located<Port>>,
    /// `expose`, ranges expanded: port and protocol.
    pub expose: Vec<Located<Port>>,
    /// `depends_on` by service name.
    pub depends_on: IndexMap<String, Located<Dependency>>,
    /// `healthcheck`
    pub healthcheck: Option<Box<Located<Healthcheck>>>,
    /// `deploy`
    pub deploy: Rare<Deploy>,
    /// `scale`
    pub scale: Option<Located<u32>>,
    /// `cpus`
    pub cpus: Option<Located<f64>>,
    /// `mem_limit`, bytes
    pub mem_limit: Option<Located<u64>>,
    /// `mem_reservation`, bytes
    pub mem_reservation: Option<Located<u64>>,
    /// `volumes` and `tmpfs`
    pub mounts: Vec<Located<Mount>>,
    /// `networks` by name; `default` when the service names none.
    pub networks: IndexMap<String, NetworkAttachment>,
    /// `label_file` and `labels` together
    pub labels: IndexMap<String, Located<String>>,
    /// `restart`
    pub restart: Option<Located<Restart>>,
    /// `stop_grace_period`
    pub stop_grace_period: Option<Located<Duration>>,
    /// `container_name`
    pub container_name: Option<Located<String>>,
    /// `hostname`
    pub hostname: Option<Located<String>>,
    /// `init`
    pub init: Option<Located<bool>>,
    /// `read_only`
    pub read_only: Option<Located<bool>>,
    /// `tty`
    pub tty: Option<Located<bool>>,
    /// `stdin_open`
    pub stdin_open: Option<Located<bool>>,
    /// `stop_signal`
    pub stop_signal: Option<Located<String>>,
    /// No attribute: what the image itself says of it, where somebody asked; SIGTERM where it says
    /// nothing.
    pub image_signal: Option<String>,
    /// `pull_policy`: `always`, `never`, `missing`, `build`, `refresh`, `daily`, `weekly` or
    /// `every_DURATION`
    pub pull_policy: Option<Located<String>>,
    /// `pull_refresh_after`, which the reference reads and forgets.
    pub pull_refresh_after: Option<Located<String>>,
    /// `attach`
    pub attach: Option<Located<bool>>,
    /// `profiles`
    pub profiles: Vec<Located<String>>,
    /// `annotations`
    pub annotations: IndexMap<String, Located<String>>,
    /// `volumes_from`: `SERVICE`, `SERVICE:ro` or `container:NAME`
    pub volumes_from: Vec<Located<String>>,
    /// `models` by name
    pub models: IndexMap<String, Located<Option<ServiceModel>>>,
    /// `logging`
    pub logging: Option<Box<Located<Logging>>>,
    /// `provider`
    pub provider: Option<Box<Located<Provider>>>,
    /// `post_start` and its like, when there are any.
    pub hooks: Option<Box<Hooks>>,
    /// `cpu_…`, when there are any.
    pub cpu: Option<Box<CpuSettings>>,
    /// Settings of the kernel, when there are any.
    pub kernel: Option<Box<KernelSettings>>,
    /// `network_mode` and its like, when there are any.
    pub namespaces: Option<Box<Namespaces>>,
    /// `privileged`, `devices` and their like, when there are any.
    pub privileges: Option<Box<Privileges>>,
    /// `dns`, `links` and their like, when there are any.
    pub addressing: Option<Box<Addressing>>,
    /// `x-ecs`
    pub extension: Rare<ServiceExtension>,
    /// What is read in full, whether or not it carries over to ECS.
    pub written: Written,
}

impl Service {
    /// Where the service's key stands.
    #[must_use]
    pub fn span(&self) -> Span {
        self.name.span
    }

    /// `network_mode`, which may be an empty text.
    #[must_use]
    pub fn network_mode(&self) -> Option<&Located<String>> {
        self.namespaces.as_ref()?.network_mode.as_ref()
    }

    /// What its tasks run on.
    #[must_use]
    pub fn launch(&self) -> Launch {
        self.extension.launch.as_ref().map(|launch| launch.value).unwrap_or_default()
    }

    /// Whether its tasks run on instances.
    #[must_use]
    pub fn on_instances(&self) -> bool {
        self.launch().is_instance()
    }

    /// Takes over what the project says for every service that says nothing itself.
    pub fn inherit(&mut self, project: &ProjectExtension) {
        if let (None, Some(launch)) = (&self.extension.launch, &project.launch) {
            self.extension.launch = Some(launch.clone());
        }
        // A mode of the instances' says nothing of tasks on Fargate, nor of a service that names one
        // in Compose's words.
        let says = self
            .network_mode()
            .is_some_and(|mode| matches!(mode.value.as_str(), "bridge" | "host" | "none"));
        if let (None, Some(mode), true) =
            (&self.extension.network_mode, &project.network_mode, self.on_instances() && !says)
        {
            self.extension.network_mode = Some(mode.clone());
        }
    }

    /// How many tasks are wanted: `scale`, else `deploy.replicas`, else 1.
    #[must_use]
    pub fn replicas(&self) -> u32 {
        self.scale.as_ref().or(self.deploy.replicas.as_ref()).map_or(1, |n| n.value)
    }
}
