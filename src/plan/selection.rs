//! The part of a project that a deploy of some services is about.
//!
//! A service brings along what its requests refer to, and what hangs off that: a rule of a security
//! group, a mount target, a rule of a listener. What is another service's own is only made where
//! something needs it and it is not there; it is never changed.

use std::collections::BTreeSet;

use super::{Actual, Only};
use crate::ecs::container_name;
use crate::ecs::desired::{Body, Desired, Kind, Resource, ResourceId};

/// The resources of a part of a project.
pub(super) fn chosen(desired: &Desired, actual: &Actual, only: &Only) -> BTreeSet<ResourceId> {
    let owners = owners(desired, &only.services);
    let is_foreign =
        |resource: &Resource| resource.service.as_ref().is_some_and(|name| !owners.contains(name));
    let own =
        |resource: &&Resource| resource.service.as_ref().is_some_and(|name| owners.contains(name));
    let mut open: Vec<&Resource> = desired.resources.values().filter(own).collect();
    let mut chosen: BTreeSet<ResourceId> = BTreeSet::new();
    loop {
        while let Some(resource) = open.pop() {
            if !chosen.insert(resource.id.clone()) {
                continue;
            }
            let named = resource.waits.iter().map(|(id, _)| id.clone());
            let needed = resource.body.references().into_iter().chain(named);
            // Others are waited for, not deployed: who depends on whom was said before.
            let needed = needed.filter(|id| !matches!(id.kind, Kind::Service | Kind::Job));
            let needed = needed.filter_map(|id| desired.resources.get(&id));
            open.extend(
                needed.filter(|other| {
                    !is_foreign(other) || !actual.resources.contains_key(&other.id)
                }),
            );
        }
        let hanging = desired.resources.values().filter(|resource| {
            !chosen.contains(&resource.id) && !is_foreign(resource) && hangs_off(resource, &chosen)
        });
        open.extend(hanging);
        if open.is_empty() {
            return chosen;
        }
    }
}

/// Whether a resource is only there for what was chosen.
fn hangs_off(resource: &Resource, chosen: &BTreeSet<ResourceId>) -> bool {
    let hangs = matches!(
        resource.id.kind,
        Kind::IngressRule
            | Kind::Listener
            | Kind::ListenerRule
            | Kind::ScalableTarget
            | Kind::ScalingPolicy
            | Kind::Alarm
            | Kind::ScheduledAction
    );
    let references = resource.body.references();
    if resource.id.kind == Kind::MountTarget {
        // Its group is there for nothing else.
        return references.iter().any(|id| id.kind == Kind::FileSystem && chosen.contains(id));
    }
    hangs && !references.is_empty() && references.iter().all(|id| chosen.contains(id))
}

/// The names under which resources say whose they are: a service that stands in another one's task is
/// deployed with it.
pub(super) fn owners(desired: &Desired, services: &BTreeSet<String>) -> BTreeSet<String> {
    let mut owners = services.clone();
    for resource in desired.resources.values() {
        let (Body::TaskDefinition(task), Some(owner)) = (&resource.body, &resource.service) else {
            continue;
        };
        let runs = |name: &String| {
            let name = container_name(name);
            task.container_definitions.iter().any(|container| container.name == name)
        };
        if services.iter().any(runs) {
            owners.insert(owner.clone());
        }
    }
    owners
}
