use serde::{Deserialize, Serialize};

use super::{KeyValuePair, PlacementConstraint};

/// What `ecs RegisterTaskDefinition` takes and decklift never sets by itself: `x-ecs.overrides` does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskExtras {
    /// The proxy of App Mesh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_configuration: Option<ProxyConfiguration>,
    /// Whether AWS Fault Injection Service may act in the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_fault_injection: Option<bool>,
    /// Which instances the tasks may run on; not on Fargate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placement_constraints: Vec<PlacementConstraint>,
}

/// `ecs ProxyConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProxyConfiguration {
    /// `APPMESH`
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The container that is the proxy.
    pub container_name: String,
    /// Its settings, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<KeyValuePair>,
}

/// The same of `ecs ContainerDefinition`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerExtras {
    /// Seconds that others wait for it as `dependsOn` says; 2 to 120 on Fargate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_timeout: Option<i32>,
    /// `disabled` where ECS is not to replace the image's tag by its digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_consistency: Option<String>,
    /// Whether it has no network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disable_networking: Option<bool>,
    /// Containers whose volumes it mounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes_from: Vec<VolumeFrom>,
    /// Credential specs, by their ARNs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credential_specs: Vec<String>,
}

/// `ecs VolumeFrom`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeFrom {
    /// Another container of the task.
    pub source_container: String,
    /// Whether they may only be read.
    pub read_only: bool,
}

/// `ecs ThresholdConfiguration`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerThreshold {
    /// `COUNT`, `BOUNDED_PERCENT` or `UNBOUNDED_PERCENT`
    #[serde(rename = "type")]
    pub kind: String,
    /// Tasks, or percent of those that are wanted.
    pub value: i32,
}

/// `ecs DeploymentEarlySuccessCriteria`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EarlySuccess {
    /// Whether it counts.
    pub enable: bool,
    /// The share of new tasks that is enough, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy_percent: Option<i32>,
    /// `BLOCKING` or `DEFERRED`: whether the old tasks go before it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_service_revision_cleanup: Option<String>,
}

/// `ecs VpcLatticeConfiguration`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcLattice {
    /// The role with which ECS registers the tasks.
    pub role_arn: String,
    /// The target group.
    pub target_group_arn: String,
    /// A named port of the task definition.
    pub port_name: String,
    /// Where the new tasks stand until the requests are moved to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advanced_configuration: Option<VpcLatticeAdvanced>,
}

/// `ecs VpcLatticeAdvancedConfiguration`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VpcLatticeAdvanced {
    /// The other target group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternate_target_group_arn: Option<String>,
    /// The rule that leads to the two groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production_listener_rule: Option<String>,
    /// The rule that leads to the new tasks first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_listener_rule: Option<String>,
}
