use serde::{Deserialize, Serialize};

use super::{
    CapacityProviderStrategyItem, NetworkConfiguration, PlacementConstraint, PlacementStrategy,
    UpperTag, Value,
};

/// `scheduler CreateScheduleGroup`: schedules themselves carry no tags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScheduleGroup {
    /// Its name, at most 64 characters.
    pub name: String,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<UpperTag>,
}

/// `scheduler CreateSchedule`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Schedule {
    /// Its name, at most 64 characters.
    pub name: String,
    /// The group that it stands in.
    pub group_name: String,
    /// What it is for.
    pub description: String,
    /// `rate(…)` or `cron(…)`
    pub schedule_expression: String,
    /// Nothing for UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_expression_timezone: Option<String>,
    /// Whether it may run later than it says.
    pub flexible_time_window: FlexibleTimeWindow,
    /// What it starts.
    pub target: ScheduleTarget,
}

/// `scheduler FlexibleTimeWindow`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FlexibleTimeWindow {
    /// `OFF`
    pub mode: String,
}

/// `scheduler Target`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScheduleTarget {
    /// The cluster.
    pub arn: Value,
    /// The role that starts the task.
    pub role_arn: Value,
    /// The task.
    pub ecs_parameters: EcsParameters,
}

/// `scheduler EcsParameters`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EcsParameters {
    /// The revision that it runs.
    pub task_definition_arn: Value,
    /// How many tasks, 1 to 10.
    pub task_count: i32,
    /// `EC2`, where they run on instances and no provider is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<String>,
    /// Where they run, unless a launch type says it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacity_provider_strategy: Vec<ScheduleCapacity>,
    /// `LATEST` …; empty on instances, which have none (ECS API reference, `RunTask`).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub platform_version: String,
    /// On which instances they may run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placement_constraints: Vec<PlacementConstraint>,
    /// How they spread over instances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placement_strategy: Vec<PlacementStrategy>,
    /// Subnets and security groups; nothing where tasks have no network interface of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<ScheduleNetwork>,
    /// Whether ECS tags the tasks with the cluster.
    #[serde(rename = "EnableECSManagedTags")]
    pub enable_ecs_managed_tags: bool,
    /// `TASK_DEFINITION`: tasks carry its tags.
    pub propagate_tags: String,
}

/// `scheduler CapacityProviderStrategyItem`, in which a number that is 0 is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleCapacity {
    /// `FARGATE`, `FARGATE_SPOT`, or the name of a provider of the cluster's
    pub capacity_provider: String,
    /// Its share of the tasks beyond the bases.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub weight: i32,
    /// Tasks that run on it at least.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub base: i32,
}

impl From<CapacityProviderStrategyItem> for ScheduleCapacity {
    fn from(item: CapacityProviderStrategyItem) -> Self {
        let CapacityProviderStrategyItem { capacity_provider, weight, base } = item;
        Self { capacity_provider, weight, base }
    }
}

fn is_zero(number: &i32) -> bool {
    *number == 0
}

/// `scheduler NetworkConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScheduleNetwork {
    /// The network of awsvpc tasks.
    #[serde(rename = "awsvpcConfiguration")]
    pub awsvpc: ScheduleVpc,
}

/// `scheduler AwsVpcConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScheduleVpc {
    /// Subnets.
    pub subnets: Vec<Value>,
    /// At most five.
    pub security_groups: Vec<Value>,
    /// `ENABLED` or `DISABLED`
    pub assign_public_ip: String,
}

impl From<NetworkConfiguration> for ScheduleNetwork {
    fn from(network: NetworkConfiguration) -> Self {
        let vpc = network.awsvpc_configuration;
        Self {
            awsvpc: ScheduleVpc {
                subnets: vpc.subnets,
                security_groups: vpc.security_groups,
                assign_public_ip: vpc.assign_public_ip,
            },
        }
    }
}
