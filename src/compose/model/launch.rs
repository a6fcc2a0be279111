use crate::source::Located;

/// `x-ecs.launch`: what tasks run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Launch {
    /// `fargate`
    #[default]
    Fargate,
    /// `ec2`: instances that somebody looks after
    Ec2,
    /// `managed-instances`: instances that ECS looks after
    ManagedInstances,
}

impl Launch {
    /// Whether tasks run on instances.
    #[must_use]
    pub fn is_instance(self) -> bool {
        self != Self::Fargate
    }

    /// What `requiresCompatibilities` calls it (ECS API reference, `Compatibility`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fargate => "FARGATE",
            Self::Ec2 => "EC2",
            Self::ManagedInstances => "MANAGED_INSTANCES",
        }
    }
}

/// The network of a task: `x-ecs.network_mode`, or Compose's own `network_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TaskNetwork {
    /// `awsvpc`: an interface of its own
    #[default]
    AwsVpc,
    /// `bridge`: Docker's network on the instance
    Bridge,
    /// `host`: the instance's own
    Host,
    /// `none`
    None,
}

impl TaskNetwork {
    /// ECS API reference, `NetworkMode`
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwsVpc => "awsvpc",
            Self::Bridge => "bridge",
            Self::Host => "host",
            Self::None => "none",
        }
    }

    /// Whether the load balancer and others reach the task at its instance.
    #[must_use]
    pub fn is_of_the_instance(self) -> bool {
        matches!(self, Self::Bridge | Self::Host)
    }
}

/// `x-ecs.instances`
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Instances {
    /// `security_group`: the id of the group that the instances carry
    pub security_group: Option<Located<String>>,
}

/// One item of `x-ecs.placement.constraints`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlacementRule {
    /// `distinctInstance`
    DistinctInstance,
    /// An expression of the cluster query language
    MemberOf(String),
}

/// One item of `x-ecs.placement.strategy`: the type, and the field where it has one
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacementStep {
    /// `spread`, `binpack` or `random`
    pub kind: &'static str,
    /// `attribute:ecs.availability-zone`, `instanceId`, `cpu`, `memory` …
    pub field: Option<String>,
}

/// `x-ecs.placement`
#[derive(Clone, Debug, PartialEq, Default)]
pub struct PlacementExtension {
    /// `constraints`
    pub constraints: Vec<Located<PlacementRule>>,
    /// `strategy`
    pub strategy: Vec<Located<PlacementStep>>,
}
