//! One thing that AWS has, and how it is known whose it is.

use std::collections::BTreeMap;

use super::key;
use crate::apply::cloud::CloudError;
use crate::aws::tags::{self, Owner, Tags};
use crate::ecs::desired::{Attribute, Body, Kind, Resource, ResourceId};
use crate::plan::Observed;

/// One thing that AWS has.
#[derive(Clone, Debug)]
pub(in crate::aws) struct Found {
    /// As Actual will hold it.
    pub(in crate::aws) observed: Observed,
    /// How it is known to be ours, or not.
    whose: Whose,
    /// Whether it is on its way out, and stands for nothing that is desired.
    pub(super) goes: bool,
}

/// How a thing is known to be ours.
#[derive(Clone, Debug)]
enum Whose {
    /// By its tags.
    Tags(Tags),
    /// By the place where it stands, which only this stack uses: a path, a prefix, a parent that is
    /// ours. The id is the one under which it is an orphan.
    Place(ResourceId),
    /// It cannot be told, so it is only ever found by name.
    Unknown,
}

impl Found {
    pub(in crate::aws) fn new(body: Body) -> Self {
        let observed =
            Observed { body, attributes: BTreeMap::new(), tags_known: false, live: None };
        Self { observed, whose: Whose::Unknown, goes: false }
    }

    /// With an attribute, where AWS gave one.
    pub(in crate::aws) fn with(mut self, attribute: Attribute, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.observed.attributes.insert(attribute, value.to_owned());
        }
        self
    }

    /// With the tags that say whose it is; the body holds them as well.
    pub(in crate::aws) fn tagged(mut self, tags: Tags) -> Self {
        self.observed.tags_known = true;
        self.whose = Whose::Tags(tags);
        self
    }

    /// As what stands in a place that only this stack uses, with the name of the resource that it was made for.
    pub(in crate::aws) fn placed(mut self, kind: Kind, name: impl Into<String>) -> Self {
        self.whose = Whose::Place(ResourceId::new(kind, name));
        self
    }

    /// As something that is half deleted.
    pub(in crate::aws) fn going(mut self) -> Self {
        self.goes = true;
        self
    }

    /// As something that is whoever's another thing is, whatever its own tags say.
    pub(in crate::aws) fn of_the_owner_of(mut self, other: &Self) -> Self {
        self.whose = other.whose.clone();
        self
    }

    /// Whether its tags say that it is this owner's.
    pub(in crate::aws) fn is_of(&self, owner: Option<&Owner>) -> bool {
        match &self.whose {
            Whose::Tags(tags) => owner.is_some_and(|owner| owner.owns(tags)),
            Whose::Place(_) | Whose::Unknown => false,
        }
    }

    /// The resource that it was made for, when it is this owner's.
    pub(super) fn made_for(&self, owner: Option<&Owner>) -> Option<ResourceId> {
        match &self.whose {
            Whose::Tags(tags) if owner.is_some_and(|owner| owner.owns(tags)) => {
                tags::resource(tags)
            }
            Whose::Place(id) => Some(id.clone()),
            Whose::Tags(_) | Whose::Unknown => None,
        }
    }

    /// Refuses a thing of a wanted name that is somebody else's.
    pub(super) fn check(&self, wanted: &Body, resource: &Resource) -> Result<(), CloudError> {
        let id = &resource.id;
        match &self.whose {
            Whose::Tags(tags) => {
                let name = key(&self.observed.body).unwrap_or_else(|| id.to_string());
                tags::check("read the stack", wanted, &name, tags)
                    .map_err(|error| self.way_out(resource, error.on(id)))
            }
            Whose::Place(_) | Whose::Unknown => Ok(()),
        }
    }

    /// What to do where something of others stands on their load balancer already.
    fn way_out(&self, resource: &Resource, error: CloudError) -> CloudError {
        match &resource.body {
            Body::Listener(listener) if listener.load_balancer_arn.known().is_some() => {
                let arn = self.observed.attributes.get(&Attribute::Arn);
                let arn = arn.map_or("the ARN of the listener", String::as_str);
                error.help(format!(
                    "publish another port; or share the listener by rules: \
                     `x-ecs: {{load_balancer: {arn}}}`, with `x-ecs.http` at the services"
                ))
            }
            Body::ListenerRule(rule) if rule.listener_arn.known().is_some() => {
                error.help("give the service another `host` or `path` in x-ecs.http")
            }
            _ => error,
        }
    }
}
