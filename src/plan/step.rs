use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Cause, Change, Observed};
use crate::ecs::desired::ResourceId;

/// The index of a step in its plan.
pub type StepId = usize;

/// What a step does to its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Makes it. Of a task definition: registers a revision. Of an image: builds and pushes it.
    Create,
    /// Makes a service without tasks, so that its names exist before any task starts.
    CreateIdle,
    /// Changes it where it stands; of a service: without a new deployment.
    Update,
    /// Updates a service so that ECS replaces its tasks.
    NewDeployment,
    /// Scales a service to nothing and waits, before its volume may be used by a new task.
    Stop,
    /// Waits until the service's deployment has succeeded or failed.
    Rollout,
    /// Runs a job, and waits for its end.
    Run,
    /// Deletes it.
    Delete,
}

impl Action {
    /// The word for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Create | Self::CreateIdle => "create",
            Self::Update => "update in place",
            Self::NewDeployment => "new deployment",
            Self::Stop => "stop",
            Self::Rollout => "rollout",
            Self::Run => "run",
            Self::Delete => "delete",
        }
    }
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    /// What it acts on.
    pub resource: ResourceId,
    /// What it does.
    pub action: Action,
    /// The Compose service it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Why: the differences that it removes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Why, in words, where it is not a difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether the Compose file or AWS was changed, where that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The Compose line that asks for the resource, `file:line:column`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// What AWS calls the resource whose place a new one takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// What follows from it, where that is not plain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// The steps that must have succeeded before.
    pub after: BTreeSet<StepId>,
    /// Of a deletion: what is deleted.
    #[serde(skip)]
    pub observed: Option<Box<Observed>>,
}

impl Step {
    /// A step that waits for nothing and says nothing.
    #[must_use]
    pub fn new(resource: &ResourceId, action: Action) -> Self {
        Self {
            resource: resource.clone(),
            action,
            service: None,
            changes: Vec::new(),
            reason: None,
            cause: None,
            origin: None,
            replaces: None,
            effect: None,
            after: BTreeSet::new(),
            observed: None,
        }
    }
}
