//! The steps of a plan by resource, and the order in which they are shown.

use std::collections::BTreeMap;

use super::{Action, Step, StepId};
use crate::ecs::desired::ResourceId;

/// Steps by resource.
pub(super) struct Index {
    steps: BTreeMap<ResourceId, Vec<StepId>>,
}

impl Index {
    pub(super) fn new(steps: &[Step]) -> Self {
        let mut index: BTreeMap<ResourceId, Vec<StepId>> = BTreeMap::new();
        for (id, step) in steps.iter().enumerate() {
            index.entry(step.resource.clone()).or_default().push(id);
        }
        Self { steps: index }
    }

    pub(super) fn of(&self, id: &ResourceId) -> &[StepId] {
        self.steps.get(id).map_or(&[], Vec::as_slice)
    }

    pub(super) fn first(&self, id: &ResourceId) -> Option<StepId> {
        self.of(id).first().copied()
    }

    pub(super) fn last(&self, id: &ResourceId) -> Option<StepId> {
        self.of(id).last().copied()
    }

    /// The step after which tasks of a service start.
    pub(super) fn starts(&self, id: &ResourceId, steps: &[Step]) -> Option<StepId> {
        self.of(id).iter().copied().rfind(|&step| steps[step].action != Action::Rollout)
    }
}

/// Sorts so that every step comes after those that it waits for, and else keeps the order.
pub(super) fn in_dependency_order(steps: Vec<Step>) -> Vec<Step> {
    let mut place = vec![None; steps.len()];
    let mut order = Vec::with_capacity(steps.len());
    while order.len() < steps.len() {
        let before = order.len();
        for (id, step) in steps.iter().enumerate() {
            if place[id].is_none() && step.after.iter().all(|&other| place[other].is_some()) {
                place[id] = Some(order.len());
                order.push(id);
            }
        }
        if order.len() == before {
            // A circle cannot come from a validated project; what is left keeps its order, and the
            // scheduler reports it.
            for (id, place) in place.iter_mut().enumerate().filter(|(_, place)| place.is_none()) {
                *place = Some(order.len());
                order.push(id);
            }
        }
    }
    let mut steps: Vec<_> = steps.into_iter().map(Some).collect();
    order
        .iter()
        .filter_map(|&id| steps[id].take())
        .map(|mut step| {
            step.after = step.after.iter().filter_map(|&other| place[other]).collect();
            step
        })
        .collect()
}
