use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{
    BreakerThreshold, EarlySuccess, PlacementConstraint, PlacementStrategy,
    ServiceConnectConfiguration, Tag, Value, VolumeConfiguration, VpcLattice,
};

/// `ecs CreateService`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// The cluster's name.
    pub cluster: String,
    /// Its name.
    pub service_name: String,
    /// The revision that its tasks run.
    pub task_definition: Value,
    /// How many tasks are wanted; 0 for a daemon, whose number is that of the instances and is not
    /// sent ([`Service::tasks`]).
    pub desired_count: i32,
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
    /// `REPLICA` or `DAEMON`
    pub scheduling_strategy: String,
    /// How a new revision replaces the old one.
    pub deployment_configuration: DeploymentConfiguration,
    /// Subnets and security groups; none outside of awsvpc.
    #[serde(default, skip_serializing_if = "NetworkConfiguration::is_none")]
    pub network_configuration: NetworkConfiguration,
    /// Target groups, sorted by container and port.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load_balancers: Vec<ServiceLoadBalancer>,
    /// Seconds in which the load balancer's verdict does not count; only with a load balancer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check_grace_period_seconds: Option<i32>,
    /// Names that other services find it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_connect_configuration: Option<ServiceConnectConfiguration>,
    /// The name in a private DNS namespace that its tasks answer to; at most one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_registries: Vec<ServiceRegistry>,
    /// What a volume is that its task definition leaves open; at most one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volume_configurations: Vec<VolumeConfiguration>,
    /// Target groups of VPC Lattice, sorted by port; overrides alone set them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vpc_lattice_configurations: Vec<VpcLattice>,
    /// `ENABLED` or `DISABLED`
    pub availability_zone_rebalancing: String,
    /// Whether ECS tags the tasks with cluster and service.
    #[serde(rename = "enableECSManagedTags")]
    pub enable_ecs_managed_tags: bool,
    /// `SERVICE`: tasks carry the service's tags.
    pub propagate_tags: String,
    /// Whether `exec` works.
    pub enable_execute_command: bool,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Whether Application Auto Scaling sets the number of its tasks, so that no update sends it. No
    /// part of the request: ECS does not know.
    #[serde(skip)]
    pub is_scaled: bool,
}

/// `ecs CapacityProviderStrategyItem`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CapacityProviderStrategyItem {
    /// `FARGATE`, `FARGATE_SPOT`, or the name of a provider of the cluster's
    pub capacity_provider: String,
    /// Its share of the tasks beyond the bases.
    pub weight: i32,
    /// Tasks that run on it at least.
    pub base: i32,
}

/// `ecs DeploymentConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentConfiguration {
    /// CloudWatch alarms that fail the deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarms: Option<DeploymentAlarms>,
    /// When to give up.
    pub deployment_circuit_breaker: DeploymentCircuitBreaker,
    /// The share of tasks that may run at most, in percent.
    pub maximum_percent: i32,
    /// The share of tasks that must stay healthy, in percent.
    pub minimum_healthy_percent: i32,
    /// `BLUE_GREEN`, `CANARY` or `LINEAR`; nothing for `ROLLING`, which ECS takes unless told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// How long the old tasks stay once the requests are moved; not with `ROLLING`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake_time_in_minutes: Option<i32>,
    /// Of `CANARY`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_configuration: Option<CanaryConfiguration>,
    /// Of `LINEAR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linear_configuration: Option<LinearConfiguration>,
    /// Where it waits for somebody's word, or calls a function.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifecycle_hooks: Vec<LifecycleHook>,
    /// What is enough for it to count as done; overrides alone set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_success_criteria: Option<EarlySuccess>,
}

/// `ecs CanaryConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanaryConfiguration {
    /// The share of the requests that is moved first.
    pub canary_percent: f64,
    /// How long the others wait.
    pub canary_bake_time_in_minutes: i32,
}

/// `ecs LinearConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinearConfiguration {
    /// The share of the requests that each step moves.
    pub step_percent: f64,
    /// How long the next step waits.
    pub step_bake_time_in_minutes: i32,
}

/// `ecs DeploymentLifecycleHook`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LifecycleHook {
    /// `PAUSE`; overrides may say `AWS_LAMBDA`.
    pub target_type: String,
    /// The function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook_target_arn: Option<String>,
    /// The role with which ECS calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// Where it pauses.
    pub lifecycle_stages: Vec<String>,
    /// What the function is told beside what ECS tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook_details: Option<Json>,
    /// What happens when nobody says a word; always with a pause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_configuration: Option<HookTimeout>,
}

impl LifecycleHook {
    /// What calls a function of Lambda's.
    pub const FUNCTION: &'static str = "AWS_LAMBDA";
}

/// `ecs DeploymentLifecycleHookTimeoutConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HookTimeout {
    /// When the time is up.
    pub timeout_in_minutes: i32,
    /// `ROLLBACK` or `CONTINUE`
    pub action: String,
}

impl DeploymentConfiguration {
    /// The strategy that replaces tasks a few at a time.
    pub const ROLLING: &'static str = "ROLLING";

    /// Whether new tasks start beside all of the old ones, and the requests are moved.
    #[must_use]
    pub fn moves_requests(&self) -> bool {
        self.strategy.as_deref().is_some_and(|strategy| strategy != Self::ROLLING)
    }
}

/// `ecs DeploymentAlarms`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentAlarms {
    /// Their names, as they stand.
    pub alarm_names: Vec<String>,
    /// Whether a failed deployment goes back to the last good one.
    pub rollback: bool,
    /// Whether they count.
    pub enable: bool,
}

/// `ecs DeploymentCircuitBreaker`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentCircuitBreaker {
    /// Whether failing tasks fail the deployment.
    pub enable: bool,
    /// Whether a failed deployment goes back to the last good one.
    pub rollback: bool,
    /// `false` where a healthy task does not set the count back; overrides alone set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_on_healthy_task: Option<bool>,
    /// How many tasks may fail; overrides alone set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold_configuration: Option<BreakerThreshold>,
}

/// `ecs NetworkConfiguration`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkConfiguration {
    /// The network of awsvpc tasks.
    pub awsvpc_configuration: AwsVpcConfiguration,
}

impl NetworkConfiguration {
    /// Whether the tasks have no network interface of their own.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Service {
    /// The scheduling strategy of a service with one task on each instance.
    pub const DAEMON: &'static str = "DAEMON";

    /// How many tasks ECS is asked for; nothing for a daemon (ECS API reference,
    /// `CreateService.desiredCount`).
    #[must_use]
    pub fn tasks(&self) -> Option<i32> {
        (self.scheduling_strategy != Self::DAEMON).then_some(self.desired_count)
    }
}

/// `ecs AwsVpcConfiguration`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AwsVpcConfiguration {
    /// Subnets.
    pub subnets: Vec<Value>,
    /// At most five.
    pub security_groups: Vec<Value>,
    /// `ENABLED` or `DISABLED`
    pub assign_public_ip: String,
}

/// `ecs LoadBalancer`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceLoadBalancer {
    /// The target group.
    pub target_group_arn: Value,
    /// The container.
    pub container_name: String,
    /// The container's port.
    pub container_port: i32,
    /// Where the new tasks stand until the requests are moved to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advanced_configuration: Option<AdvancedConfiguration>,
}

/// `ecs AdvancedConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdvancedConfiguration {
    /// The other target group.
    pub alternate_target_group_arn: Value,
    /// The rule that leads to the two groups, or the listener of a Network Load Balancer.
    pub production_listener_rule: Value,
    /// The rule or the listener that leads to the new tasks first; overrides alone set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_listener_rule: Option<String>,
    /// The role with which ECS moves the requests.
    pub role_arn: Value,
}

/// `ecs ServiceRegistry`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceRegistry {
    /// The Cloud Map service.
    pub registry_arn: Value,
    /// The port of SRV records; overrides alone set this and the next two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<i32>,
    /// The container whose port they name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_name: Option<String>,
    /// That port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_port: Option<i32>,
}

impl ServiceRegistry {
    /// A Cloud Map service of addresses.
    #[must_use]
    pub fn of(registry_arn: Value) -> Self {
        Self { registry_arn, port: None, container_name: None, container_port: None }
    }
}
