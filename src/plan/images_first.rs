use std::collections::BTreeSet;

use super::{Plan, Step, StepId};
use crate::ecs::desired::Kind;

impl Plan {
    /// The same steps, of which none that is not needed for an image begins before every image stands
    /// in its repository.
    #[must_use]
    pub fn images_first(self) -> Self {
        let is_image = |id: &StepId| self.steps[*id].resource.kind == Kind::Image;
        let images: BTreeSet<StepId> = (0..self.steps.len()).filter(is_image).collect();
        let mut needed = images.clone();
        // Each step stands behind those that it waits for.
        for id in (0..self.steps.len()).rev() {
            if needed.contains(&id) {
                needed.extend(&self.steps[id].after);
            }
        }
        let (first, rest): (Vec<StepId>, Vec<StepId>) =
            (0..self.steps.len()).partition(|id| needed.contains(id));
        let order: Vec<StepId> = first.into_iter().chain(rest).collect();
        let mut place = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            place[*old] = new;
        }
        let moved = |id: &StepId| {
            let step: &Step = &self.steps[*id];
            let mut after = step.after.clone();
            if !needed.contains(id) {
                after.extend(&images);
            }
            Step { after: after.iter().map(|id| place[*id]).collect(), ..step.clone() }
        };
        let steps = order.iter().map(moved).collect();
        Self { steps, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::desired::ResourceId;
    use crate::plan::Action;

    fn step(kind: Kind, name: &str, after: &[StepId]) -> Step {
        let after = after.iter().copied().collect();
        Step { after, ..Step::new(&ResourceId::new(kind, name), Action::Create) }
    }

    #[test]
    fn nothing_else_begins_before_the_images_stand() {
        let steps = vec![
            step(Kind::Cluster, "c", &[]),
            step(Kind::Repository, "a", &[]),
            step(Kind::Image, "a", &[1]),
            step(Kind::Service, "old", &[0]),
            step(Kind::Image, "b", &[]),
            step(Kind::Service, "a", &[2, 3]),
        ];
        let plan = Plan { steps, ..Plan::default() }.images_first();
        let names: Vec<String> = plan.steps.iter().map(|s| s.resource.to_string()).collect();
        let first: BTreeSet<StepId> = (0..3).collect();
        assert_eq!(plan.steps[0].resource.kind, Kind::Repository, "{names:?}");
        for (id, step) in plan.steps.iter().enumerate() {
            assert!(step.after.iter().all(|before| *before < id), "{names:?}");
            let waits = step.after.is_superset(&[1, 2].into());
            assert_eq!(waits, !first.contains(&id), "{step:?}");
        }
        let service = plan.steps.last().expect("a step");
        assert_eq!(service.resource.name, "a");
        assert!(service.after.iter().any(|id| plan.steps[*id].resource.name == "old"));
    }

    #[test]
    fn without_images_nothing_changes() {
        let steps = vec![step(Kind::Cluster, "c", &[]), step(Kind::Service, "s", &[0])];
        let plan = Plan { steps, ..Plan::default() };
        assert_eq!(plan.clone().images_first(), plan);
    }
}
