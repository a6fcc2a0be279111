//! Desired: the AWS resources of a project, in the words of the AWS API.
//!
//! Each type here serialises to exactly the JSON that `aws <service> <operation>
//! --cli-input-json` takes. What only exists after another resource does is a
//! [`Value::From`]; on paper it is a placeholder `${kind/name/attribute}`.

mod alarm;
mod alias_record;
mod asset;
mod cluster;
mod container_settings;
mod dns;
mod extras;
mod file_system;
mod id;
mod instance;
mod job;
mod load_balancer;
mod log_configuration;
mod log_group;
mod namespace;
mod network;
mod port_mapping;
mod repository;
mod request;
mod role;
mod scaling;
mod schedule;
mod secret;
mod security_group;
mod service;
mod service_connect;
mod tagging;
mod task_definition;
mod text_map;
mod value;
mod visit;
mod volume;

pub use alarm::*;
pub use alias_record::*;
pub use asset::*;
pub use cluster::*;
pub use container_settings::*;
pub use dns::*;
pub use extras::*;
pub use file_system::*;
pub use id::*;
pub use instance::*;
pub use job::*;
pub use load_balancer::*;
pub use log_configuration::*;
pub use log_group::*;
pub use namespace::*;
pub use network::*;
pub use port_mapping::PortMapping;
pub use repository::*;
pub use request::*;
pub use role::*;
pub use scaling::*;
pub use schedule::*;
pub use secret::*;
pub use security_group::*;
pub use service::*;
pub use service_connect::*;
pub use task_definition::*;
pub use text_map::TextMap;
pub use value::*;
pub use volume::{EbsTagSpecification, ManagedEbsVolume, TerminationPolicy, VolumeConfiguration};

use std::borrow::Cow;
use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::source::Span;

/// A tag as ECS spells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag {
    /// Key.
    pub key: Cow<'static, str>,
    /// Value.
    pub value: String,
}

/// A tag, or an attribute, as the other services spell it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpperTag {
    /// Key.
    pub key: Cow<'static, str>,
    /// Value.
    pub value: String,
}

/// What a resource is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each variant is documented at its type")]
pub enum Body {
    Vpc(Vpc),
    Subnet(Box<Subnet>),
    InternetGateway(Box<InternetGateway>),
    Address(Address),
    NatGateway(Box<NatGateway>),
    RouteTable(Box<RouteTable>),
    Cluster(Cluster),
    Namespace(Namespace),
    PrivateNamespace(PrivateNamespace),
    DnsName(Box<DnsName>),
    LogGroup(LogGroup),
    Secret(Secret),
    Role(Box<Role>),
    Repository(Box<Repository>),
    Image(Box<Image>),
    SecurityGroup(Box<SecurityGroup>),
    IngressRule(IngressRule),
    VpcEndpoint(Box<VpcEndpoint>),
    FileSystem(Box<FileSystem>),
    MountTarget(Box<MountTarget>),
    AccessPoint(Box<AccessPoint>),
    LoadBalancer(Box<LoadBalancer>),
    TargetGroup(Box<TargetGroup>),
    Listener(Box<Listener>),
    ListenerRule(Box<ListenerRule>),
    AliasRecord(Box<AliasRecord>),
    TaskDefinition(Box<TaskDefinition>),
    Service(Box<Service>),
    Job(Box<Job>),
    ScalableTarget(Box<ScalableTarget>),
    ScalingPolicy(Box<ScalingPolicy>),
    Alarm(Box<Alarm>),
    ScheduledAction(Box<ScheduledAction>),
    ScheduleGroup(ScheduleGroup),
    Schedule(Box<Schedule>),
}

/// When a service's rollout may start, seen from another service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// After the other service was created or updated.
    Started,
    /// After the other service's deployment succeeded.
    Healthy,
    /// After the job ended with exit code 0.
    Completed,
}

/// One resource that should exist.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Its name in the project.
    pub id: ResourceId,
    /// What it is made of.
    pub body: Body,
    /// The Compose service that it belongs to, where it belongs to one.
    pub service: Option<String>,
    /// The Compose line that asks for it.
    pub origin: Option<Span>,
    /// What it has to wait for beyond the references in its body: services by resource id.
    pub waits: Vec<(ResourceId, Gate)>,
    /// Of a service: other services that its tasks may call by name. A new name among them only
    /// becomes visible with a new deployment (Service Connect).
    pub peers: Vec<ResourceId>,
    /// Of a service: others of which a new deployment brings one of its own (`depends_on`,
    /// `restart: true`).
    pub restarts: Vec<ResourceId>,
    /// Of a service: two of its tasks must never run at once, because they would share a volume.
    pub stateful: bool,
}

/// A place where the application answers once it is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The Compose service behind it.
    pub service: String,
    /// The listener's ARN.
    pub listener: Value,
    /// The rule of the listener that leads there, where services share it.
    pub rule: Option<ResourceId>,
    /// `http`, `https`, `tcp` or `udp`
    pub scheme: String,
    /// The listener's port.
    pub port: u16,
    /// The name that the load balancer answers to.
    pub address: Value,
    /// The name that requests are for, where the listener is shared.
    pub host: Option<String>,
    /// Whether the Internet reaches it; else what is in the VPC does.
    pub public: bool,
}

/// Everything that should exist for a project in one environment.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Desired {
    /// The name that every AWS name starts with: project, or project and environment.
    pub stack: String,
    /// The name of an existing cluster that the services stand in; nothing for the stack's own.
    pub cluster: Option<String>,
    /// Resources in a stable order: by kind, then as Compose names them.
    pub resources: IndexMap<ResourceId, Resource>,
    /// What load balancers make reachable.
    pub endpoints: Vec<Endpoint>,
    /// What somebody has to decide before it can be deployed.
    pub undecided: Vec<Undecided>,
    /// What `x-ecs.overrides` changed.
    pub overridden: Vec<Overridden>,
}

/// A field of a request that `x-ecs.overrides` changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Overridden {
    /// The resource.
    pub id: ResourceId,
    /// The way to the field; members of lists are known by their names.
    pub path: Vec<String>,
    /// What it was before.
    pub before: Option<serde_json::Value>,
    /// The key in the file.
    pub span: Span,
}

/// A directory that is mounted to be written to, of which nobody said where it shall live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// The Compose service.
    pub service: String,
    /// The directory, as the file has it.
    pub path: String,
    /// Whether the files at home may become a part of the image.
    pub may_be_asset: bool,
    /// The mount.
    pub span: Span,
}

impl Desired {
    /// Leaves nothing but images and the repositories that they stand in: those of the services that
    /// are named, or all where none is.
    pub fn retain_images(&mut self, services: &[String]) {
        let wanted = |resource: &Resource| {
            services.is_empty()
                || resource.service.as_ref().is_some_and(|name| services.contains(name))
        };
        let repositories: BTreeSet<String> = self
            .resources
            .values()
            .filter(|resource| wanted(resource))
            .filter_map(|resource| match &resource.body {
                Body::Image(image) => Some(image.repository_name.clone()),
                _ => None,
            })
            .collect();
        self.resources.retain(|_, resource| match &resource.body {
            Body::Image(_) => wanted(resource),
            Body::Repository(repository) => repositories.contains(&repository.repository_name),
            _ => false,
        });
        self.endpoints.clear();
        self.undecided.clear();
        self.overridden.clear();
    }

    /// The name of the cluster that the services stand in.
    #[must_use]
    pub fn cluster_name(&self) -> &str {
        let own = self.resources.values().find_map(|resource| match &resource.body {
            Body::Cluster(cluster) => Some(cluster.cluster_name.as_str()),
            _ => None,
        });
        self.cluster.as_deref().or(own).unwrap_or(&self.stack)
    }

    /// The family that a job runs; nothing when this is no job.
    #[must_use]
    pub fn job_family(&self, job: &ResourceId) -> Option<&str> {
        let Body::Job(job) = &self.resources.get(job)?.body else { return None };
        let (task, _) = job.task_definition.reference()?;
        match &self.resources.get(task)?.body {
            Body::TaskDefinition(task) => Some(task.family.as_str()),
            _ => None,
        }
    }

    /// Takes away what scales services, where nothing could: they run as many tasks as they start
    /// with. Says which they are.
    pub fn without_scaling(&mut self) -> Vec<String> {
        let mut names = Vec::new();
        for resource in self.resources.values_mut() {
            if let Body::Service(service) = &mut resource.body
                && std::mem::take(&mut service.is_scaled)
            {
                names.push(resource.id.name.clone());
            }
        }
        let scales = |kind| {
            matches!(
                kind,
                Kind::ScalableTarget | Kind::ScalingPolicy | Kind::Alarm | Kind::ScheduledAction
            )
        };
        self.resources.retain(|id, _| !scales(id.kind));
        names
    }

    /// Adds a resource.
    pub fn insert(&mut self, resource: Resource) {
        self.resources.insert(resource.id.clone(), resource);
    }
}
