use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ecs::desired::{Attribute, Body, ResourceId};

/// How far a service's newest deployment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RolloutState {
    /// Still replacing tasks.
    InProgress,
    /// Done.
    Completed,
    /// Given up.
    Failed,
}

/// What a service is doing now, beyond what was asked of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Live {
    /// The state of the PRIMARY deployment.
    pub state: RolloutState,
    /// When the PRIMARY deployment was created, seconds since 1970.
    pub deployed_at: i64,
    /// When the service was created, seconds since 1970.
    pub created_at: i64,
    /// Running tasks.
    pub running: i32,
}

/// One resource as AWS has it, in the words of Desired.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Observed {
    /// What it is made of; AWS's defaults are left out where Desired leaves them out.
    pub body: Body,
    /// What AWS gave it.
    pub attributes: BTreeMap<Attribute, String>,
    /// Whether the body's tags were read.
    #[serde(default)]
    pub tags_known: bool,
    /// Of a service: what it is doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Live>,
}

/// What AWS has of one project in one environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Actual {
    /// What stands where a desired resource would stand. Of a task definition: the newest revision.
    pub resources: BTreeMap<ResourceId, Observed>,
    /// Further revisions of task definitions that are in use, newest first.
    #[serde(default)]
    pub revisions: BTreeMap<ResourceId, Vec<Observed>>,
    /// What decklift made and nothing desires any more, by the id that it was made for.
    #[serde(default)]
    pub orphans: Vec<(ResourceId, Observed)>,
    /// Task definitions of which only inactive revisions are left, although they are desired: who was
    /// deleting them was killed. A deploy registers anew, and only a removal takes them along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<(ResourceId, Observed)>,
    /// What somebody else has under a name that is desired and that cannot be had twice, in words.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub taken: BTreeMap<ResourceId, String>,
    /// What stands under a name that is desired and is somebody else's, in words: of a removal, which leaves
    /// it alone. Whoever deploys is refused.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub foreign: BTreeMap<ResourceId, String>,
}

impl Actual {
    /// An attribute of a resource that exists.
    #[must_use]
    pub fn attribute(&self, id: &ResourceId, attribute: Attribute) -> Option<&str> {
        self.resources.get(id)?.attributes.get(&attribute).map(String::as_str)
    }
}
