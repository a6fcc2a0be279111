//! `depends_on` with `restart: true`: a service is deployed again with the one that it depends on.

use std::collections::BTreeMap;

use super::{Action, Actual, Observed, Step};
use crate::ecs::desired::{Desired, Resource, ResourceId};

/// Why the tasks of a service that exists are replaced with those of another. Whoever dies between
/// the two deployments finds the later one missing: its own is the older of the two.
pub(super) fn reason(
    resource: &Resource,
    observed: &Observed,
    actual: &Actual,
    steps: &[Step],
) -> Option<String> {
    let own = observed.live.as_ref()?.deployed_at;
    let newer = resource.restarts.iter().find(|other| {
        let planned = |step: &Step| {
            step.resource == **other
                && matches!(step.action, Action::Create | Action::NewDeployment)
        };
        let live = actual.resources.get(*other).and_then(|other| other.live.as_ref());
        steps.iter().any(planned) || live.is_some_and(|live| live.deployed_at > own)
    })?;
    Some(format!("so that it starts again with {}", newer.name))
}

/// How many services stand before each in the longest chain of such dependencies: the order in which
/// they must be planned.
pub(super) fn depths(desired: &Desired) -> BTreeMap<ResourceId, usize> {
    let mut depths = BTreeMap::new();
    // No chain is longer than there are services, even in a circle, which no project has.
    for _ in 0..desired.resources.len() {
        let mut changed = false;
        for resource in desired.resources.values() {
            let Some(before) = resource.restarts.iter().map(|o| depths.get(o).unwrap_or(&0)).max()
            else {
                continue;
            };
            let depth = before + 1;
            changed |= depths.insert(resource.id.clone(), depth) != Some(depth);
        }
        if !changed {
            break;
        }
    }
    depths
}
