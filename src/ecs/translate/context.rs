//! What every rule sees, and what every rule adds to.

use std::collections::HashSet;

use super::names::{Grammar, fit};
use crate::compose::Project;
use crate::compose::model::MountKind;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ecs::desired::{
    Body, Desired, Gate, Kind, Resource, ResourceId, Tag, TextMap, UpperTag,
};
use crate::ecs::facts::Facts;
use crate::ecs::rules::mounts::empty::Empty;
use crate::source::Span;

/// Tags of one resource by key.
pub(crate) type Tags = TextMap;

/// What every rule sees.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    /// The Compose project.
    pub(crate) project: &'a Project,
    /// The account and the network.
    pub(crate) facts: &'a Facts,
    /// What every AWS name starts with.
    pub(crate) stack: String,
    /// The value of the tag `decklift:environment`.
    pub(crate) environment: String,
    /// The trust policy of roles that tasks take.
    pub(crate) trust: String,
    /// `x-ecs.tags`
    pub(crate) tags: Tags,
    /// Days.
    pub(crate) log_retention: i32,
    /// What any service mounts to write to it: looked for once, however many only read.
    pub(crate) written: HashSet<&'a MountKind>,
    /// The services that are jobs: looked for once, since whoever waits for one says so elsewhere.
    pub(crate) jobs: HashSet<&'a str>,
}

impl Context<'_> {
    /// `<stack>-<rest>` as a name of the grammar.
    pub(crate) fn name(&self, rest: &str, grammar: Grammar) -> String {
        fit(&format!("{}-{rest}", self.stack), grammar)
    }

    /// What ECS calls a service, its schedule and the family of its revisions: `<stack>-<service>`, or
    /// the stack alone for the service that the project is named after, as people do by hand.
    pub(crate) fn unit_name(&self, service: &str) -> String {
        match self.project.name == service {
            true => fit(&self.stack, Grammar::Ecs),
            false => self.name(service, Grammar::Ecs),
        }
    }

    /// `arn:<partition>:<service>:<region>:<account>:<resource>`
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        let Facts {
            partition,
            account,
            region,
            network: _,
            balancers: _,
            certificates: _,
            zones: _,
            images: _,
            cached: _,
            pinned: _,
            secrets: _,
            paths: _,
            dockerfiles: _,
        } = self.facts;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// The tags that everything carries.
    pub(crate) fn tags(&self, id: &ResourceId) -> Tags {
        let mut tags = self.tags.clone();
        tags.extend([
            ("decklift:environment", self.environment.clone()),
            ("decklift:project", self.project.name.clone()),
            ("decklift:resource", id.to_string()),
        ]);
        tags
    }

    /// [`Context::tags`] as most services spell them.
    pub(crate) fn upper_tags(&self, id: &ResourceId) -> Vec<UpperTag> {
        upper(self.tags(id))
    }

    /// [`Context::tags`] with the `Name` that the EC2 and EFS consoles show.
    pub(crate) fn named_tags(&self, id: &ResourceId, name: &str) -> Vec<UpperTag> {
        let mut tags = self.tags(id);
        if !tags.contains_key("Name") {
            tags.insert("Name", name);
        }
        upper(tags)
    }
}

/// Tags as ECS spells them.
pub(crate) fn lower(tags: Tags) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag { key, value }).collect()
}

/// Tags as most services spell them.
pub(crate) fn upper(tags: Tags) -> Vec<UpperTag> {
    tags.into_iter().map(|(key, value)| UpperTag { key, value }).collect()
}

/// What every rule adds to.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// The resources so far.
    pub(crate) desired: Desired,
    /// The diagnostics so far.
    pub(crate) diagnostics: Diagnostics,
    /// Mounts of volumes that start empty, of which nothing was said yet.
    pub(crate) empty: Vec<Empty>,
}

impl Output {
    /// Adds a diagnostic.
    pub(crate) fn say(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Adds all that another one holds.
    pub(crate) fn append(&mut self, other: Self) {
        let Self { desired, diagnostics, empty } = other;
        self.empty.extend(empty);
        let Desired { stack: _, cluster, resources, endpoints, undecided, overridden } = desired;
        if cluster.is_some() {
            self.desired.cluster = cluster;
        }
        self.desired.resources.extend(resources);
        self.desired.endpoints.extend(endpoints);
        self.desired.undecided.extend(undecided);
        self.desired.overridden.extend(overridden);
        self.diagnostics.append(diagnostics);
    }

    /// Adds a resource that waits for nothing beyond its references.
    pub(crate) fn add(
        &mut self,
        id: ResourceId,
        body: Body,
        service: Option<&str>,
        origin: Option<Span>,
    ) {
        self.desired.insert(Resource {
            id,
            body,
            service: service.map(str::to_owned),
            origin,
            waits: Vec::new(),
            peers: Vec::new(),
            restarts: Vec::new(),
            stateful: false,
        });
    }

    /// Makes a resource wait until another one was created.
    pub(crate) fn wait(&mut self, id: &ResourceId, other: ResourceId) {
        if let Some(resource) = self.desired.resources.get_mut(id) {
            resource.waits.push((other, Gate::Started));
        }
    }
}

/// The one cluster of a project.
pub(crate) fn cluster_id() -> ResourceId {
    ResourceId::new(Kind::Cluster, "main")
}

/// The one Service Connect namespace of a project.
pub(crate) fn namespace_id() -> ResourceId {
    ResourceId::new(Kind::Namespace, "main")
}

/// The one Application Load Balancer of a project.
pub(crate) fn load_balancer_id() -> ResourceId {
    ResourceId::new(Kind::LoadBalancer, "alb")
}

/// The one file system of a project.
pub(crate) fn file_system_id() -> ResourceId {
    ResourceId::new(Kind::FileSystem, "data")
}
