use serde::{Deserialize, Serialize};

use super::{CapacityProviderStrategyItem, NetworkConfiguration, Tag, Value};

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
    /// Where its tasks run.
    pub capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    /// `LATEST` …
    pub platform_version: String,
    /// Subnets and security groups.
    pub network_configuration: NetworkConfiguration,
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
