use serde::{Deserialize, Serialize};

use super::{
    ContainerExtras, ContainerRestartPolicy, Device, DockerVolume, FirelensConfiguration,
    InstanceSettings, KernelCapabilities, LogConfiguration, PortMapping, RepositoryCredentials,
    SystemControl, Tag, TaskExtras, TextMap, Ulimit, Value,
};

/// The label of a container whose image is called by its digest: what it is called by its tag.
pub const IMAGE_LABEL: &str = "decklift.image";

/// `ecs RegisterTaskDefinition`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskDefinition {
    /// Its name without the revision.
    pub family: String,
    /// The role of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_role_arn: Option<Value>,
    /// The role of the agent that pulls images and writes logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_role_arn: Option<Value>,
    /// `awsvpc`, or on instances `bridge`, `host` or `none`.
    pub network_mode: String,
    /// `task` where the containers see each other's processes, `host` where they see the instance's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid_mode: Option<String>,
    /// Whose memory the containers share: `host`, `task` or `none`; on instances alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipc_mode: Option<String>,
    /// `FARGATE`, `EC2` or `MANAGED_INSTANCES`
    pub requires_compatibilities: Vec<String>,
    /// CPU units, 1024 is one virtual CPU; empty where the task has no size of its own, on instances.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cpu: String,
    /// MiB; empty where the task has no size of its own, on instances.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub memory: String,
    /// Architecture and operating system.
    pub runtime_platform: RuntimePlatform,
    /// Local disk beyond the 20 GiB that every task has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ephemeral_storage: Option<EphemeralStorage>,
    /// Volumes of the task, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<TaskVolume>,
    /// Containers.
    pub container_definitions: Vec<ContainerDefinition>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// What overrides alone set.
    #[serde(flatten)]
    pub extras: TaskExtras,
}

/// `ecs RuntimePlatform`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimePlatform {
    /// `X86_64` or `ARM64`
    pub cpu_architecture: String,
    /// `LINUX`
    pub operating_system_family: String,
}

/// `ecs EphemeralStorage`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EphemeralStorage {
    /// 21 to 200 GiB.
    #[serde(rename = "sizeInGiB")]
    pub size_in_gib: i32,
}

/// `ecs Volume`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskVolume {
    /// Its name in the task.
    pub name: String,
    /// A volume of the task itself, or of the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostVolume>,
    /// A volume on EFS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efs_volume_configuration: Option<EfsVolumeConfiguration>,
    /// A volume on S3 Files.
    #[serde(
        default,
        rename = "s3filesVolumeConfiguration",
        skip_serializing_if = "Option::is_none"
    )]
    pub s3_files_volume_configuration: Option<S3FilesVolume>,
    /// A volume of Docker's, on the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docker_volume_configuration: Option<DockerVolume>,
    /// A volume of EBS's, of which whoever starts the task says more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configured_at_launch: Option<bool>,
}

/// `ecs HostVolumeProperties`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HostVolume {
    /// A path of the instance; absent for a volume that lives as long as the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_path: Option<String>,
}

/// `ecs EFSVolumeConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EfsVolumeConfiguration {
    /// The file system.
    pub file_system_id: Value,
    /// The directory of the file system; none with an access point, which has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_directory: Option<String>,
    /// `ENABLED`: mandatory with an access point.
    pub transit_encryption: String,
    /// The port on the instance that the encryption uses; overrides alone set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transit_encryption_port: Option<i32>,
    /// The access point, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_config: Option<EfsAuthorizationConfig>,
}

/// `ecs S3FilesVolumeConfiguration`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct S3FilesVolume {
    /// The ARN of the file system.
    pub file_system_arn: String,
    /// The directory of the file system; none with an access point, which has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_directory: Option<String>,
    /// The port on the instance that the encryption uses; overrides alone set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transit_encryption_port: Option<i32>,
    /// The ARN of the access point, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_point_arn: Option<String>,
}

/// `ecs EFSAuthorizationConfig`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EfsAuthorizationConfig {
    /// The access point, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_point_id: Option<Value>,
    /// `ENABLED` or `DISABLED`
    pub iam: String,
}

/// `ecs ContainerDefinition`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerDefinition {
    /// Its name in the task.
    pub name: String,
    /// The image, by digest where it is known.
    pub image: Value,
    /// How to log in to the image's registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_credentials: Option<RepositoryCredentials>,
    /// CPU units reserved for it; 0 for none. It is always written, because the SDK always sends it.
    #[serde(default)]
    pub cpu: i32,
    /// MiB that it may use at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<i32>,
    /// MiB kept for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_reservation: Option<i32>,
    /// Its ports, sorted by port and protocol.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub port_mappings: Vec<PortMapping>,
    /// Whether the task stops when it stops.
    pub essential: bool,
    /// Replaces the image's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_point: Option<Vec<String>>,
    /// Replaces the image's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// Absolute path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<String>,
    /// `user`, `user:group`, names or ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<KeyValuePair>,
    /// Variables whose values ECS fetches when the container starts, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<ContainerSecret>,
    /// Files of variables, in the order of precedence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment_files: Vec<EnvironmentFile>,
    /// Where volumes are mounted, sorted by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mount_points: Vec<MountPoint>,
    /// Containers of this task that go first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<ContainerDependency>,
    /// The container's own health check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// Linux settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linux_parameters: Option<LinuxParameters>,
    /// Whether the root file system is read-only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readonly_root_filesystem: Option<bool>,
    /// Seconds between SIGTERM and SIGKILL; 2 to 120 on Fargate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<i32>,
    /// Labels of the container.
    #[serde(default, skip_serializing_if = "TextMap::is_empty")]
    pub docker_labels: TextMap,
    /// Where its output goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<LogConfiguration>,
    /// Makes it the router of the other containers' output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firelens_configuration: Option<FirelensConfiguration>,
    /// `stdin_open`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interactive: Option<bool>,
    /// `tty`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudo_terminal: Option<bool>,
    /// Limits of its processes, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ulimits: Vec<Ulimit>,
    /// Parameters of the kernel, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub system_controls: Vec<SystemControl>,
    /// Whether it is started again while its task runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart_policy: Option<ContainerRestartPolicy>,
    /// What instances alone have.
    #[serde(flatten)]
    pub instance: InstanceSettings,
    /// What overrides alone set.
    #[serde(flatten)]
    pub extras: ContainerExtras,
}

impl Default for Value {
    fn default() -> Self {
        Self::Known(String::new())
    }
}

/// `ecs KeyValuePair`
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeyValuePair {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// `ecs Secret`
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerSecret {
    /// The variable.
    pub name: String,
    /// The secret's ARN, with a key of its JSON and a version where they are named, or a parameter.
    pub value_from: Value,
}

/// `ecs EnvironmentFile`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentFile {
    /// The ARN of an object in S3.
    pub value: String,
    /// `s3`
    #[serde(rename = "type")]
    pub kind: String,
}

/// `ecs MountPoint`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MountPoint {
    /// A volume of the task.
    pub source_volume: String,
    /// Absolute path.
    pub container_path: String,
    /// Whether it may only be read.
    pub read_only: bool,
}

/// `ecs ContainerDependency`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerDependency {
    /// The container that goes first.
    pub container_name: String,
    /// `START`, `COMPLETE`, `SUCCESS` or `HEALTHY`
    pub condition: String,
}

/// `ecs HealthCheck`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    /// `CMD` or `CMD-SHELL`, then the command.
    pub command: Vec<String>,
    /// Seconds, 5 to 300.
    pub interval: i32,
    /// Seconds, 2 to 60.
    pub timeout: i32,
    /// 1 to 10.
    pub retries: i32,
    /// Seconds, 0 to 300.
    pub start_period: i32,
}

/// `ecs LinuxParameters`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinuxParameters {
    /// What its root user may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<KernelCapabilities>,
    /// Runs an init process that reaps zombies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_process_enabled: Option<bool>,
    /// Devices of the instance, sorted by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<Device>,
    /// MiB of `/dev/shm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_memory_size: Option<i32>,
    /// MiB of swap beside its memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_swap: Option<i32>,
    /// 0 to 100; counts with `max_swap` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swappiness: Option<i32>,
    /// Memory file systems, sorted by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tmpfs: Vec<Tmpfs>,
}

/// `ecs Tmpfs`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tmpfs {
    /// Absolute path.
    pub container_path: String,
    /// MiB
    pub size: i32,
    /// Such as `mode=1777`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mount_options: Vec<String>,
}
