//! The steps of a plan by resource, and the order in which they are shown.

use super::{Action, Step, StepId};
use crate::ecs::desired::{Desired, ResourceId};

/// Steps by resource.
pub(super) struct Index<'a> {
    desired: &'a Desired,
    /// By the resource's place in `desired`.
    steps: Vec<Vec<StepId>>,
}

impl<'a> Index<'a> {
    /// From the place in `desired` of each step's resource.
    pub(super) fn new(desired: &'a Desired, places: &[usize]) -> Self {
        let mut steps = vec![Vec::new(); desired.resources.len()];
        for (id, &place) in places.iter().enumerate() {
            steps[place].push(id);
        }
        Self { desired, steps }
    }

    /// Those on the resource at a place in `desired`.
    pub(super) fn at(&self, place: usize) -> &[StepId] {
        &self.steps[place]
    }

    fn of(&self, id: &ResourceId) -> &[StepId] {
        self.desired.resources.get_index_of(id).map_or(&[], |place| self.at(place))
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

/// Steps that all wait for the same others. Said once: written out at each, it would grow with the
/// square of the services.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Those that wait.
    pub(super) waiting: Vec<StepId>,
    /// Those that they wait for, in order; none of them waits itself.
    pub(super) after: Vec<StepId>,
}

/// The order in which every step comes after those that it waits for, and which else is the one
/// that there is. It is the order in which passes over the list find the steps: a step is taken in
/// the first pass that finds all that it waits for taken.
pub(super) fn dependency_order(steps: &[Step], shared: &[Shared]) -> Vec<StepId> {
    let passes = passes(steps, shared);
    let mut order: Vec<StepId> = (0..steps.len()).collect();
    // A circle cannot come from a validated project; what is left keeps its order at the end, and
    // the scheduler reports it.
    order.sort_by_key(|&id| passes[id].unwrap_or(usize::MAX));
    order
}

/// The pass in which each step is taken; nothing for what waits for a circle.
fn passes(steps: &[Step], shared: &[Shared]) -> Vec<Option<usize>> {
    let mut waits = Waits {
        pass: vec![0; steps.len()],
        missing: steps.iter().map(|step| step.after.len()).collect(),
        ready: Vec::new(),
    };
    let mut dependents = vec![Vec::new(); steps.len()];
    for (id, step) in steps.iter().enumerate() {
        step.after.iter().for_each(|&other| dependents[other].push(id));
    }
    let mut groups = vec![Vec::new(); steps.len()];
    for (place, group) in shared.iter().enumerate().filter(|(_, group)| !group.after.is_empty()) {
        group.waiting.iter().for_each(|&id| waits.missing[id] += 1);
        group.after.iter().for_each(|&id| groups[id].push(place));
    }
    // How many of a group are still missing, and its last: by pass, then by place.
    let mut left: Vec<_> = shared.iter().map(|group| (group.after.len(), (0, 0))).collect();
    waits.ready = (0..steps.len()).filter(|&id| waits.missing[id] == 0).collect();
    let mut taken = vec![None; steps.len()];
    while let Some(id) = waits.ready.pop() {
        let pass = waits.pass[id];
        taken[id] = Some(pass);
        dependents[id].iter().for_each(|&dependent| waits.met(dependent, (pass, id)));
        for &group in &groups[id] {
            let (missing, last) = &mut left[group];
            *missing -= 1;
            *last = (*last).max((pass, id));
            if *missing == 0 {
                shared[group].waiting.iter().for_each(|&waiting| waits.met(waiting, *last));
            }
        }
    }
    taken
}

struct Waits {
    pass: Vec<usize>,
    missing: Vec<usize>,
    ready: Vec<StepId>,
}

impl Waits {
    /// Notes that something that a step waits for is taken in a pass. What stands behind the step
    /// lets it wait for the next one.
    fn met(&mut self, step: StepId, (pass, other): (usize, StepId)) {
        self.pass[step] = self.pass[step].max(pass + usize::from(other > step));
        self.missing[step] -= 1;
        if self.missing[step] == 0 {
            self.ready.push(step);
        }
    }
}

/// Writes out what steps share, brings them into an order, and numbers what they wait for anew.
pub(super) fn in_order(mut steps: Vec<Step>, shared: &[Shared], order: &[StepId]) -> Vec<Step> {
    for group in shared {
        for &id in &group.waiting {
            steps[id].after.extend(&group.after);
        }
    }
    let mut place = vec![0; steps.len()];
    order.iter().enumerate().for_each(|(at, &id)| place[id] = at);
    let mut steps: Vec<_> = steps.into_iter().map(Some).collect();
    order
        .iter()
        .filter_map(|&id| steps[id].take())
        .map(|mut step| {
            step.after = step.after.iter().map(|&other| place[other]).collect();
            step
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::ecs::desired::Kind;

    fn step(after: BTreeSet<StepId>) -> Step {
        Step { after, ..Step::new(&ResourceId::new(Kind::Service, "web"), Action::Create) }
    }

    /// The definition of the order, taken at its word.
    fn by_passes(after: &[BTreeSet<StepId>]) -> Vec<StepId> {
        let (mut taken, mut order) = (vec![false; after.len()], Vec::new());
        loop {
            let before = order.len();
            for (id, others) in after.iter().enumerate() {
                if !taken[id] && others.iter().all(|&other| taken[other]) {
                    taken[id] = true;
                    order.push(id);
                }
            }
            if order.len() == before {
                order.extend((0..after.len()).filter(|&id| !taken[id]));
                return order;
            }
        }
    }

    proptest! {
        #[test]
        fn the_order_is_the_one_of_passes(
            edges in proptest::collection::vec((0usize..12, 0usize..12), 0..16),
            waiting in proptest::collection::btree_set(0usize..12, 0..4),
            awaited in proptest::collection::btree_set(0usize..12, 0..4),
        ) {
            let mut own = vec![BTreeSet::new(); 12];
            for (one, other) in edges.into_iter().filter(|(one, other)| one != other) {
                own[one].insert(other);
            }
            let steps: Vec<_> = own.iter().cloned().map(step).collect();
            let waiting: Vec<_> = waiting.difference(&awaited).copied().collect();
            let shared = Shared { waiting, after: awaited.into_iter().collect() };
            let mut all = own;
            for &id in &shared.waiting {
                all[id].extend(&shared.after);
            }
            let shared = [shared];
            let order = dependency_order(&steps, &shared);
            prop_assert_eq!(&order, &by_passes(&all));
            let sorted = in_order(steps, &shared, &order);
            for (at, &id) in order.iter().enumerate() {
                let after: BTreeSet<_> = sorted[at].after.iter().map(|&o| order[o]).collect();
                prop_assert_eq!(&after, &all[id]);
            }
        }
    }
}
