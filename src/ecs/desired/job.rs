use serde::{Deserialize, Serialize};

use super::{
    CapacityProviderStrategyItem, NetworkConfiguration, PlacementConstraint, PlacementStrategy,
    Tag, Value, VolumeConfiguration,
};

/// `ecs RunTask`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// The cluster's name.
    pub cluster: String,
    /// The revision that it runs.
    pub task_definition: Value,
    /// How many tasks run it, 1 to 10.
    pub count: i32,
    /// `EC2`, where no capacity provider is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<String>,
    /// Where its tasks run; empty with a launch type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    /// `LATEST` …; empty on instances.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub platform_version: String,
    /// Which instances its tasks may run on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placement_constraints: Vec<PlacementConstraint>,
    /// Which of them are taken first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placement_strategy: Vec<PlacementStrategy>,
    /// Subnets and security groups; none outside of awsvpc.
    #[serde(default, skip_serializing_if = "NetworkConfiguration::is_none")]
    pub network_configuration: NetworkConfiguration,
    /// What a volume is that its task definition leaves open; at most one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volume_configurations: Vec<VolumeConfiguration>,
    /// Who started it, by which an interrupted deploy finds it again: at most 128 letters, digits,
    /// `-`, `_` and `/` (ECS API reference, `RunTask`).
    pub started_by: String,
    /// With the same token ECS starts nothing twice: at most 64 characters (ECS API reference,
    /// "Ensuring idempotency").
    pub client_token: String,
    /// Whether ECS tags the tasks with the cluster.
    #[serde(rename = "enableECSManagedTags")]
    pub enable_ecs_managed_tags: bool,
    /// Tags of the tasks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}

impl Job {
    /// Stands in `startedBy` for the release in whose course the job runs.
    pub const RELEASE: &'static str = "${decklift.release}";
    /// Stands in `clientToken` for what is made of the request and of earlier attempts.
    pub const TOKEN: &'static str = "${decklift.token}";
}
