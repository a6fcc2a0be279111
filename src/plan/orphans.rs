//! What stands in AWS and nothing desires any more: what goes, and what is kept for its data.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::planner::Planner;
use super::removal::{holds_data, removal_steps};
use super::{Action, Observed, Removal, Step, StepId, names, scaling};
use crate::ecs::desired::{Attribute, Kind, ResourceId};

/// Something that left the Compose file and stays, because it holds data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Kept {
    /// What it was made for.
    pub resource: ResourceId,
    /// What AWS calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why nothing desires it.
    pub reason: String,
}

/// Why something goes, or stays for its data alone.
const LEFT: &str = "no longer in the Compose file";
const REPLACED: &str = "another one takes its place";

impl Planner<'_> {
    /// What nothing desires any more goes last, when nothing uses it. Data stays unless it was agreed
    /// to that it goes.
    pub(super) fn orphans(&mut self) {
        if self.actual.orphans.is_empty() || self.options.only.is_some() {
            return;
        }
        let actual = self.actual;
        let (gone, kept): (Vec<_>, Vec<_>) = actual
            .orphans
            .iter()
            .map(|(id, observed)| (id, observed))
            .partition(|(id, _)| self.goes(id));
        self.keep(&kept);
        let replaced = self.replaced(&gone);
        let before: BTreeSet<StepId> = (0..self.steps.len()).collect();
        // What scales a service must not go on while its number of tasks is set, and a name that is taken
        // over is offered by nobody else.
        let awaited =
            |observed: &Observed| names::awaited(&observed.body, self.desired, &self.steps);
        let (first, last): (Vec<_>, Vec<_>) = gone
            .into_iter()
            .partition(|(id, observed)| scaling::scales(id.kind) || !awaited(observed).is_empty());
        let nothing = BTreeSet::new();
        let mut early = removal_steps(first.into_iter(), self.steps.len(), &nothing);
        let place = self.steps.len() + early.len();
        let counts: BTreeSet<StepId> = (self.steps.len()..place).collect();
        self.wait_for(&mut early);
        let before = before.union(&counts).copied().collect();
        let removal = removal_steps(last.into_iter(), place, &before);
        let reason = |step: &Step| match replaced.contains(&step.resource) {
            true => REPLACED.to_owned(),
            false => LEFT.to_owned(),
        };
        let mut all: Vec<Step> = early.into_iter().chain(removal).collect();
        // What an access point leads to goes with its file system.
        let system_goes = all.iter().any(|step| step.resource.kind == Kind::FileSystem);
        for step in &mut all {
            step.reason = Some(reason(step));
            if system_goes && step.resource.kind == Kind::AccessPoint {
                step.effect = None;
            }
        }
        self.steps.extend(all);
    }

    /// Makes the steps on services wait for what goes before them: `early`, which come next in the plan.
    fn wait_for(&mut self, early: &mut [Step]) {
        for (id, gone) in (self.steps.len()..).zip(early) {
            if gone.resource.kind != Kind::Service {
                for step in self.steps.iter_mut().filter(|s| s.resource.kind == Kind::Service) {
                    step.after.extend((step.action != Action::Rollout).then_some(id));
                }
                continue;
            }
            let Some(observed) = &gone.observed else { continue };
            let awaited = names::awaited(&observed.body, self.desired, &self.steps);
            let steps: BTreeSet<StepId> = awaited.values().flatten().copied().collect();
            let takers: BTreeSet<&str> =
                steps.iter().map(|&step| self.steps[step].resource.name.as_str()).collect();
            let of = |list: Vec<&str>| list.join(", ");
            gone.effect = Some(format!(
                "nobody answers to {} from then on until {} runs",
                of(awaited.keys().map(String::as_str).collect()),
                of(takers.into_iter().collect())
            ));
            for step in steps {
                self.steps[step].after.insert(id);
            }
        }
    }

    /// Whether something that nothing desires is deleted.
    fn goes(&self, id: &ResourceId) -> bool {
        let destroy = &self.options.destroy;
        let file_system = |(other, _): &(ResourceId, Observed)| {
            other.kind == Kind::FileSystem && destroy.covers(other)
        };
        let belongs = match id.kind {
            Kind::MountTarget | Kind::AccessPoint => true,
            Kind::SecurityGroup => id.name == "efs",
            _ => false,
        };
        Removal::default().takes(id, self.actual)
            || holds_data(id.kind) && destroy.covers(id)
            || belongs && self.actual.orphans.iter().any(file_system)
    }

    /// Tells what stays. What only leads to data says nothing of its own.
    fn keep(&mut self, kept: &[(&ResourceId, &Observed)]) {
        let data = kept.iter().filter(|(id, _)| holds_data(id.kind));
        let name = |observed: &Observed| {
            let named = [Attribute::Id, Attribute::Arn];
            let found = named.iter().find_map(|name| observed.attributes.get(name));
            found.map(|text| text.rsplit('/').next().unwrap_or(text).to_owned())
        };
        let reason = |id: &ResourceId| match self.desired.resources.contains_key(id) {
            true => REPLACED.to_owned(),
            false => LEFT.to_owned(),
        };
        let kept = data.map(|(id, observed)| Kept {
            resource: (*id).clone(),
            name: name(observed),
            reason: reason(id),
        });
        self.kept = kept.collect();
        self.kept.sort_by(|a, b| (&a.resource, &a.name).cmp(&(&b.resource, &b.name)));
    }

    /// What is made anew under another name, because AWS cannot change it where it stands: the steps
    /// that make it say what they replace, and why.
    fn replaced(&mut self, gone: &[(&ResourceId, &Observed)]) -> BTreeSet<ResourceId> {
        let mut replaced = BTreeSet::new();
        for step in self.steps.iter_mut().filter(|step| step.action == Action::Create) {
            let Some((id, old)) = gone.iter().find(|(id, _)| **id == step.resource) else {
                continue;
            };
            let Some(resource) = self.desired.resources.get(*id) else { continue };
            let names = |path: &str| {
                matches!(path, "name" | "Name" | "TargetGroupArn") || path.starts_with("Tags")
            };
            let body = resource
                .body
                .resolve(&|other, attribute| self.settled.get(other)?.get(&attribute).cloned());
            step.changes = super::changes(&body, old);
            step.changes.retain(|change| !names(&change.path));
            step.replaces = Some(
                old.attributes.get(&Attribute::Arn).cloned().unwrap_or_else(|| id.to_string()),
            );
            replaced.insert((*id).clone());
        }
        replaced
    }
}
