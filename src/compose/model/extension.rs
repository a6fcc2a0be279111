use indexmap::IndexMap;

use super::{
    Autoscaling, Capacity, ExistingBalancer, Instances, Launch, LogRouter, NameService, Overrides,
    PlacementExtension, Policy, Repositories, Rollout, Storage, TaskNetwork, Vpc,
};
use crate::source::{Located, Span};

/// `x-ecs` at the top level of the Compose file.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ProjectExtension {
    /// `region`
    pub region: Option<Located<String>>,
    /// `vpc`
    pub vpc: Option<Located<Vpc>>,
    /// `subnets`: ids of existing subnets
    pub subnets: Vec<Located<String>>,
    /// `log_retention`, days
    pub log_retention: Option<Located<u32>>,
    /// `tags`: put on everything that takes tags
    pub tags: IndexMap<String, Located<String>>,
    /// `cluster`: the name or ARN of an existing cluster
    pub cluster: Option<Located<String>>,
    /// `capacity` of every service that says nothing else
    pub capacity: Option<Located<Capacity>>,
    /// `permissions_boundary`: the ARN or name of a managed policy, for every role
    pub permissions_boundary: Option<Located<String>>,
    /// `repositories`
    pub repositories: Repositories,
    /// `certificate`: the ARN of a certificate in ACM, or the domain that it is for
    pub certificate: Option<Located<String>>,
    /// `domain`: names in the DNS of the project's load balancer
    pub domains: Vec<Located<String>>,
    /// `load_balancer`: at most one Application and one Network Load Balancer that are there already
    pub load_balancers: Vec<Located<ExistingBalancer>>,
    /// `launch` of every service that says nothing else
    pub launch: Option<Located<Launch>>,
    /// `network_mode` of every service that says nothing else
    pub network_mode: Option<Located<TaskNetwork>>,
    /// `instances`
    pub instances: Instances,
    /// `discovery`: how services find each other
    pub discovery: Option<Located<NameService>>,
}

/// `x-ecs` of a secret
#[derive(Clone, Debug, PartialEq, Default)]
pub struct SecretExtension {
    /// `arn`: a secret, or a parameter, that exists
    pub arn: Option<Located<String>>,
    /// `key`: one of its JSON
    pub key: Option<Located<String>>,
    /// `x-aws-keys`, of the retired Docker Compose CLI: the keys of its JSON that become a file each,
    /// below a directory of the secret's name
    pub files: Vec<Located<String>>,
}

/// Who may reach a published port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortExposure {
    /// The Internet, through the load balancer.
    Public,
    /// The VPC and what is connected to it, through a load balancer without public addresses.
    Internal,
    /// Nobody through a load balancer.
    None,
}

/// `x-ecs.http` of a service
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Http {
    /// Where it stands, if it is there.
    pub span: Option<Span>,
    /// `host`: the names that requests are for, where services share a listener
    pub host: Vec<Located<String>>,
    /// `path`: the paths that requests are for, where services share a listener
    pub path: Vec<Located<String>>,
    /// `health_check`: the path that the target group asks for
    pub health_check: Option<Located<String>>,
    /// `deregistration_delay`, seconds
    pub deregistration_delay: Option<Located<u32>>,
    /// `stickiness`: seconds that a visitor stays with the task that answered first; `true` is a day
    pub stickiness: Option<Located<u32>>,
    /// `alias`: names in the DNS of the load balancer that leads to it
    pub aliases: Vec<Located<String>>,
}

/// `x-ecs` of a service
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ServiceExtension {
    /// `cpu`: units of the task, 1024 is one virtual CPU
    pub cpu: Option<Located<u32>>,
    /// `memory`: bytes of the task
    pub memory: Option<Located<u64>>,
    /// `ports` by target port
    pub ports: IndexMap<u16, Located<PortExposure>>,
    /// `http`
    pub http: Http,
    /// `task`: the name of a task that several services share
    pub task: Option<Located<String>>,
    /// `secret_env`: a secret of the project, an ARN or a parameter, by variable
    pub secret_env: IndexMap<String, Located<String>>,
    /// `env_files_s3`: objects in S3
    pub env_files_s3: Vec<Located<String>>,
    /// `job`: whether it runs to completion, once a deployment
    pub job: Option<Located<bool>>,
    /// `volume`: where the service's volumes live that say nothing themselves
    pub volume: Option<Located<Storage>>,
    /// `allow_shared_volume`: several of its tasks may write to one volume
    pub allow_shared_volume: Option<Located<bool>>,
    /// `ephemeral_storage`: the task's own disk, GiB
    pub ephemeral_storage: Option<Located<u32>>,
    /// `seed`: new volumes get what the image has in their place
    pub seed: Option<Located<bool>>,
    /// `policies`: what the application may do
    pub policies: Vec<Located<Policy>>,
    /// `role` or `task_role`: the ARN or name of an existing role for the application
    pub role: Option<Located<String>>,
    /// `execution_role`: the ARN or name of an existing role for ECS itself
    pub execution_role: Option<Located<String>>,
    /// `exec`: whether a shell can be opened in its containers
    pub exec: Option<Located<bool>>,
    /// `capacity`
    pub capacity: Option<Located<Capacity>>,
    /// `pull_credentials`: the ARN or name of a secret with the registry's credentials
    pub pull_credentials: Option<Located<String>>,
    /// `log_router`
    pub log_router: Option<Located<LogRouter>>,
    /// `autoscaling`
    pub autoscaling: Option<Located<Autoscaling>>,
    /// `rollout`
    pub rollout: Option<Located<Rollout>>,
    /// `schedule`: when the job runs, instead of once a deployment: `rate(…)` or `cron(…)`
    pub schedule: Option<Located<String>>,
    /// `mirror`: its image is copied into the project's own registry
    pub mirror: Option<Located<bool>>,
    /// `launch`: the service's own, else the project's
    pub launch: Option<Located<Launch>>,
    /// `network_mode`: the service's own, else the project's
    pub network_mode: Option<Located<TaskNetwork>>,
    /// `placement`
    pub placement: PlacementExtension,
    /// `overrides`
    pub overrides: Overrides,
}
