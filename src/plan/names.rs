//! The names of Service Connect, each of which one service of a namespace may offer at a time: with its
//! port a name is unique in it, and so is what Cloud Map calls it (ECS API reference,
//! `ServiceConnectService`). Whoever takes a name over waits until the other one has let go of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Actual, Step, StepId};
use crate::ecs::desired::{Body, Desired, Kind, ResourceId, ServiceConnectService};

/// What a service offers, as people call it.
fn offered(body: &Body) -> BTreeSet<String> {
    let Body::Service(service) = body else { return BTreeSet::new() };
    let connect = service.service_connect_configuration.iter();
    connect.flat_map(|connect| &connect.services).flat_map(names).collect()
}

/// The names by which clients call an endpoint. What Cloud Map calls it is made of them, and never
/// another one's.
fn names(endpoint: &ServiceConnectService) -> impl Iterator<Item = String> {
    endpoint.client_aliases.iter().map(|alias| format!("{}:{}", alias.dns_name, alias.port))
}

/// The services that offer a name now which another one shall offer: by who takes it, who has it, and
/// which one it is.
pub(super) fn taken_over<'a>(
    desired: &'a Desired,
    actual: &Actual,
) -> BTreeMap<&'a ResourceId, BTreeMap<&'a ResourceId, String>> {
    let wanted = takers(desired);
    let mut found: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for resource in desired.resources.values().filter(|resource| resource.id.kind == Kind::Service)
    {
        let Some(have) = actual.resources.get(&resource.id) else { continue };
        let let_go = &offered(&have.body) - &offered(&resource.body);
        for name in let_go {
            if let Some(taker) = wanted.get(&name) {
                found.entry(*taker).or_default().insert(&resource.id, name);
            }
        }
    }
    found
}

/// Who shall offer each name.
fn takers(desired: &Desired) -> BTreeMap<String, &ResourceId> {
    let all = desired.resources.values();
    all.flat_map(|resource| offered(&resource.body).into_iter().map(|name| (name, &resource.id)))
        .collect()
}

/// The names of a service that is to go which others take over in these steps, and those steps.
pub(super) fn awaited(
    body: &Body,
    desired: &Desired,
    steps: &[Step],
) -> BTreeMap<String, Vec<StepId>> {
    let wanted = takers(desired);
    let offered = offered(body).into_iter();
    let found = offered.filter_map(|name| {
        let taker = wanted.get(&name)?;
        let takes = |step: &Step| step.resource == **taker && starts(step.action);
        let ids: Vec<StepId> =
            steps.iter().enumerate().filter(|(_, step)| takes(step)).map(|(id, _)| id).collect();
        (!ids.is_empty()).then_some((name, ids))
    });
    found.collect()
}

/// Whether a step of this kind says what a service offers.
fn starts(action: Action) -> bool {
    matches!(action, Action::Create | Action::CreateIdle | Action::NewDeployment)
}

/// Makes those that take a name over wait for those that have it, which then do not wait for them.
pub(super) fn order(desired: &Desired, actual: &Actual, steps: &mut [Step]) {
    for (taker, holders) in taken_over(desired, actual) {
        let of = |id: &ResourceId, steps: &[Step]| -> Vec<StepId> {
            let same = steps.iter().enumerate().filter(|(_, step)| step.resource == *id);
            same.map(|(place, _)| place).collect()
        };
        let takes = of(taker, steps);
        for holder in holders.keys() {
            let lets_go = of(holder, steps);
            // A service that is left alone keeps its names.
            let Some(&last) = lets_go.last() else { continue };
            for &id in &lets_go {
                steps[id].after.retain(|other| !takes.contains(other));
            }
            let waiting: Vec<StepId> =
                takes.iter().copied().filter(|&id| starts(steps[id].action)).collect();
            if waiting.iter().any(|&id| waits_for(steps, last, id)) {
                continue;
            }
            for id in waiting {
                steps[id].after.insert(last);
            }
        }
    }
}

/// Whether a step comes after another one, however far.
fn waits_for(steps: &[Step], step: StepId, other: StepId) -> bool {
    let (mut open, mut seen) = (vec![step], BTreeSet::new());
    while let Some(id) = open.pop() {
        if id == other {
            return true;
        }
        if seen.insert(id) {
            open.extend(&steps[id].after);
        }
    }
    false
}

/// Names that services trade: neither can have the other's first. One of them, the other one, and what the
/// first one takes.
pub(super) fn traded(desired: &Desired, actual: &Actual) -> Vec<(ResourceId, ResourceId, String)> {
    let taken = taken_over(desired, actual);
    let reaches = |from: &ResourceId, to: &ResourceId| {
        let (mut open, mut seen) = (vec![from], BTreeSet::new());
        while let Some(id) = open.pop() {
            if id == to {
                return true;
            }
            if seen.insert(id) {
                open.extend(taken.get(id).into_iter().flat_map(BTreeMap::keys).copied());
            }
        }
        false
    };
    let pairs = taken.iter().flat_map(|(taker, holders)| {
        holders.iter().map(move |(holder, name)| (*taker, *holder, name))
    });
    // Of a circle one is enough.
    let circle = pairs.filter(|(taker, holder, _)| taker < holder && reaches(holder, taker));
    circle.map(|(taker, holder, name)| (taker.clone(), holder.clone(), name.clone())).collect()
}
