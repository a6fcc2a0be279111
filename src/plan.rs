//! The difference between Desired and [`Actual`], as steps that can be read before they are run.
//!
//! A plan leaves no choice to whoever carries it out: each [`Step`] names its resource, its action,
//! the reason, and the steps that must have succeeded before it.

mod actual;
mod ahead;
mod attachments;
mod back;
mod cause;
mod deployment;
mod diff;
mod effect;
mod fingerprint;
mod images_first;
mod impossible;
mod jobs;
mod names;
mod options;
mod order;
mod orphans;
mod pins;
mod planner;
mod removal;
mod restarts;
mod saved;
mod scaling;
mod secrets;
mod selection;
mod step;

pub use actual::{Actual, Live, Observed, RolloutState};
pub use ahead::{Ahead, Wanted, ahead, wanted};
pub use back::{Back, back, running};
pub use cause::{Cause, FINGERPRINT, sign};
pub use deployment::STARTS_DEPLOYMENT;
pub use diff::{Change, changes};
pub use fingerprint::{Fingerprints, Recorded, fingerprint};
pub use impossible::{Impossible, impossible};
pub use options::{Destroy, Only, PlanOptions};
pub use orphans::Kept;
pub use pins::keep_pins;
pub use planner::{first_deploy, plan, plan_with};
pub use removal::{Removal, plan_removal};
pub use saved::{Asked, SavedPlan, Target, Unreadable};
pub use scaling::DESIRED_COUNT;
pub use secrets::SECRET_VALUE;
pub use step::{Action, Step, StepId};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ecs::desired::{Attribute, ResourceId};

/// What will be done, and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Plan {
    /// The format of this value as JSON.
    pub version: u32,
    /// The stack: project, or project and environment.
    pub stack: String,
    /// What AWS gave the resources that this plan uses and does not make.
    pub known: BTreeMap<ResourceId, BTreeMap<Attribute, String>>,
    /// In a stable order in which every step comes after those that it waits for.
    pub steps: Vec<Step>,
    /// What the Internet reaches afterwards, and did not reach before.
    pub public: Vec<Opened>,
    /// What left the Compose file and stays, because it holds data.
    #[serde(default)]
    pub kept: Vec<Kept>,
}

/// A port that a plan opens to the Internet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Opened {
    /// The Compose service.
    pub service: String,
    /// The listener's port.
    pub port: u16,
    /// `http` or `https`
    pub scheme: String,
}

impl Plan {
    /// The format that this program writes.
    pub const VERSION: u32 = 2;

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// This plan, and then another one.
    #[must_use]
    pub fn then(mut self, other: Plan) -> Self {
        let before = self.steps.len();
        self.steps.extend(other.steps.into_iter().map(|mut step| {
            step.after = step.after.into_iter().map(|id| id + before).collect();
            step
        }));
        self.known.extend(other.known);
        self.public.extend(other.public);
        self.kept = other.kept;
        self
    }

    /// What is deleted with the data that it holds.
    pub fn destroyed(&self) -> impl Iterator<Item = &ResourceId> {
        let gone = self.steps.iter().filter(|step| step.action == Action::Delete);
        gone.map(|step| &step.resource).filter(|id| removal::holds_data(id.kind))
    }

    /// How many steps of an action there are.
    #[must_use]
    pub fn count(&self, actions: &[Action]) -> usize {
        self.steps.iter().filter(|step| actions.contains(&step.action)).count()
    }
}
