use std::collections::BTreeSet;

use super::selection;
use crate::ecs::desired::{Desired, ResourceId};

/// What is asked of a plan beyond that AWS becomes what is desired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanOptions {
    /// Every service gets a new deployment, whether anything differs or not.
    pub force: bool,
    /// Every image that is built counts as missing.
    pub build: bool,
    /// The part of the project that it is about; nothing for all of it.
    pub only: Option<Only>,
    /// What left the file and goes with the data that it holds.
    pub destroy: Destroy,
}

impl PlanOptions {
    /// Whether the plan is about this service.
    #[must_use]
    pub fn is_about(&self, desired: &Desired, service: &ResourceId) -> bool {
        let Some(only) = &self.only else { return true };
        let owner = desired.resources.get(service).and_then(|r| r.service.as_ref());
        owner.is_none_or(|name| selection::owners(desired, &only.services).contains(name))
    }
}

/// A part of a project: what other services have is neither changed nor removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Only {
    /// The Compose services that were named.
    pub named: BTreeSet<String>,
    /// Those, and what they depend on as far as that is wanted.
    pub services: BTreeSet<String>,
}

/// Whether what holds data may be deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destroy {
    /// Whatever left the file.
    pub all: bool,
    /// By `kind/name`, or by name alone.
    pub names: BTreeSet<String>,
}

impl Destroy {
    /// Whether it was agreed to that this resource goes.
    #[must_use]
    pub fn covers(&self, id: &ResourceId) -> bool {
        self.all || self.names.contains(&id.name) || self.names.contains(&id.to_string())
    }
}
