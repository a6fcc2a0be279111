//! Which jobs a plan runs, and why.

use std::collections::{BTreeMap, BTreeSet};

use super::Action;
use super::planner::Planner;
use crate::ecs::desired::{Attribute, Body, Kind, Resource, ResourceId};

impl Planner<'_> {
    /// A job runs when its revision has not completed yet, and before each deployment of whoever
    /// waits for it.
    pub(super) fn jobs(&mut self) {
        let all = self.desired.resources.values().enumerate();
        let all: Vec<_> =
            all.filter(|(_, job)| job.id.kind == Kind::Job && self.is_chosen(&job.id)).collect();
        let mut begins: BTreeSet<ResourceId> = self
            .steps
            .iter()
            .filter(|step| matches!(step.action, Action::Create | Action::NewDeployment))
            .filter(|step| step.resource.kind == Kind::Service)
            .map(|step| step.resource.clone())
            .collect();
        let mut reasons: BTreeMap<&ResourceId, String> = BTreeMap::new();
        loop {
            let before = reasons.len();
            for (_, job) in &all {
                if reasons.contains_key(&job.id) {
                    continue;
                }
                if let Some(reason) = self.run_reason(job, &begins) {
                    begins.insert(job.id.clone());
                    reasons.insert(&job.id, reason);
                }
            }
            if reasons.len() == before {
                break;
            }
        }
        for (place, job) in all {
            if let Some(reason) = reasons.remove(&job.id) {
                self.at = place;
                self.push(job, Action::Run, Vec::new(), Some(reason));
            }
        }
    }

    fn run_reason(&self, job: &Resource, begins: &BTreeSet<ResourceId>) -> Option<String> {
        let Body::Job(body) = &job.body else { return None };
        let (task, _) = body.task_definition.reference()?;
        let Some(revision) = self.settled.get(task) else {
            return Some("it has a new revision".to_owned());
        };
        if !revision.contains_key(&Attribute::Completed) {
            return Some("its revision has not completed yet".to_owned());
        }
        let waits = |id: &&ResourceId| {
            let resource = self.desired.resources.get(*id);
            resource.is_some_and(|r| r.waits.iter().any(|(other, _)| *other == job.id))
        };
        let dependent = begins.iter().find(waits)?;
        Some(format!("{} waits for it", dependent.name))
    }
}
