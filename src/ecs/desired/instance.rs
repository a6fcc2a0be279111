use serde::{Deserialize, Serialize};

use super::TextMap;

/// What `ecs ContainerDefinition` takes on instances alone, or outside of awsvpc.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceSettings {
    /// `CONTAINER:ALIAS` of containers of the task, on bridge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// What the container calls itself; not on awsvpc.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Name servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dns_servers: Vec<String>,
    /// Domains that names are looked for in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dns_search_domains: Vec<String>,
    /// Lines of `/etc/hosts`; not on awsvpc.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra_hosts: Vec<HostEntry>,
    /// Of SELinux, AppArmor and their like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub docker_security_options: Vec<String>,
    /// Whether it may do what the instance's root may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// GPUs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource_requirements: Vec<ResourceRequirement>,
}

/// `ecs HostEntry`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HostEntry {
    /// The name.
    pub hostname: String,
    /// Its address.
    pub ip_address: String,
}

/// `ecs ResourceRequirement`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceRequirement {
    /// `GPU`; overrides may say `NeuronDevice`.
    #[serde(rename = "type")]
    pub kind: String,
    /// How many, or `ALL`.
    pub value: String,
    /// How containers share one; overrides alone set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharing_strategy: Option<SharingStrategy>,
}

/// `ecs SharingStrategy`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SharingStrategy {
    /// NVIDIA's Multi-Process Service.
    pub nvidia_mps: NvidiaMps,
}

/// `ecs NvidiaMpsAllocation`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NvidiaMps {
    /// MiB of the GPU's memory.
    pub memory: i32,
    /// The share of its computing that the container may take, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_compute_percent: Option<i32>,
}

/// `ecs Device`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// The path on the instance.
    pub host_path: String,
    /// The path in the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_path: Option<String>,
    /// `read`, `write`, `mknod`: all of them where none is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
}

/// `ecs DockerVolumeConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DockerVolume {
    /// `shared`: it outlives the task.
    pub scope: String,
    /// Whether it is made where it is missing; with the scope `shared` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoprovision: Option<bool>,
    /// The driver.
    pub driver: String,
    /// Its options.
    #[serde(default, skip_serializing_if = "TextMap::is_empty")]
    pub driver_opts: TextMap,
    /// Labels of the volume.
    #[serde(default, skip_serializing_if = "TextMap::is_empty")]
    pub labels: TextMap,
}

/// `ecs PlacementConstraint`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementConstraint {
    /// `distinctInstance` or `memberOf`
    #[serde(rename = "type")]
    pub kind: String,
    /// In the cluster query language; with `memberOf` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
}

/// `ecs PlacementStrategy`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementStrategy {
    /// `spread`, `binpack` or `random`
    #[serde(rename = "type")]
    pub kind: String,
    /// What it counts; none with `random`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}
