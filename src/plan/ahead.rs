//! What may be deployed before the whole of AWS was read.
//!
//! Where nothing but the task definitions of a few services is another than in the last release, these
//! need not wait until everything else was compared: what they refer to stands in the revisions that
//! run. The rest is compared afterwards.

mod glean;
mod wanted;

pub use wanted::{Wanted, wanted};

use std::collections::{BTreeMap, BTreeSet};

use self::glean::glean;
use super::{Action, Actual, Observed, Only, Plan};
use crate::ecs::desired::{Attribute, Body, Desired, Kind, Resource, ResourceId};

/// The most services that go ahead: as many as one `DescribeServices` takes (ECS API reference).
const MOST: usize = 10;

/// The services that go ahead, and what the last release says of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// The services.
    pub services: BTreeSet<ResourceId>,
    /// What each service of the project runs, when nobody touched it since: `family:revision`.
    pub revisions: BTreeMap<ResourceId, String>,
}

/// The services that changed since `then`, in which nothing else did; nothing where anything speaks
/// against them going ahead of the rest. The `revisions` are those of that release, by service.
#[must_use]
pub fn ahead(
    desired: &Desired,
    then: &Wanted,
    revisions: &BTreeMap<String, String>,
) -> Option<Ahead> {
    let now = wanted(desired);
    if now.base != then.base || !now.services.keys().eq(then.services.keys()) {
        return None;
    }
    let changed =
        now.services.iter().filter(|(name, print)| then.services.get(*name) != Some(*print));
    let mut services: BTreeSet<ResourceId> =
        changed.map(|(name, _)| ResourceId::new(Kind::Service, name.as_str())).collect();
    // Who starts again with them belongs to them.
    loop {
        let with = |resource: &&Resource| {
            !services.contains(&resource.id)
                && resource.restarts.iter().any(|other| services.contains(other))
        };
        let more: Vec<_> =
            desired.resources.values().filter(with).map(|resource| resource.id.clone()).collect();
        if more.is_empty() {
            break;
        }
        services.extend(more);
    }
    let is_plain = |id: &ResourceId| {
        let resource = desired.resources.get(id);
        resource.is_some_and(|r| !r.stateful && !r.waits.iter().any(|(w, _)| w.kind == Kind::Job))
    };
    let is_awaited = desired
        .resources
        .values()
        .filter(|resource| resource.id.kind == Kind::Job)
        .any(|job| job.waits.iter().any(|(other, _)| services.contains(other)));
    if services.is_empty() || services.len() > MOST || is_awaited || !services.iter().all(is_plain)
    {
        return None;
    }
    let revision = |name: &String| {
        Some((ResourceId::new(Kind::Service, name.as_str()), revisions.get(name)?.clone()))
    };
    let revisions: BTreeMap<_, _> = now.services.keys().filter_map(revision).collect();
    services.iter().all(|id| revisions.contains_key(id)).then_some(Ahead { services, revisions })
}

impl Ahead {
    /// The task definition of a service.
    #[must_use]
    pub fn definition<'a>(desired: &'a Desired, service: &ResourceId) -> Option<&'a ResourceId> {
        let Body::Service(body) = &desired.resources.get(service)?.body else { return None };
        body.task_definition.reference().map(|(id, _)| id)
    }

    /// What goes ahead, and nothing else: the services, their task definitions, and the images in these.
    #[must_use]
    pub fn resources<'a>(&self, desired: &'a Desired) -> Vec<&'a Resource> {
        let mut found = Vec::new();
        for id in &self.services {
            let definition = Self::definition(desired, id);
            let definition = definition.and_then(|id| desired.resources.get(id));
            let images = definition.iter().flat_map(|task| task.body.references());
            let images = images.filter(|id| id.kind == Kind::Image);
            found.extend(images.filter_map(|id| desired.resources.get(&id)));
            found.extend(definition);
            found.extend(desired.resources.get(id));
        }
        // Services may share an image.
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found.dedup_by(|a, b| a.id == b.id);
        found
    }

    /// Everything as the last release left it, but for what was `found` of the services that go ahead.
    /// Nothing where they are not what that release made of them.
    ///
    /// What is taken for granted here is not compared with anything: it must not be planned with beyond
    /// [`Ahead::only`].
    #[must_use]
    pub fn actual(
        &self,
        desired: &Desired,
        mut found: BTreeMap<ResourceId, Observed>,
    ) -> Option<Actual> {
        let of_revisions = |id: &ResourceId| id.kind == Kind::TaskDefinition;
        let told = found.iter().filter(|(id, _)| !of_revisions(id));
        let mut known: Known = told.map(|(id, o)| (id.clone(), o.attributes.clone())).collect();
        for id in &self.services {
            let definition = Self::definition(desired, id)?;
            let (service, task) = (found.get(id)?, found.get(definition)?);
            let Body::Service(running) = &service.body else { return None };
            let runs = running.task_definition.known()?;
            if runs.rsplit('/').next() != self.revisions.get(id).map(String::as_str) {
                return None;
            }
            for (id, observed) in [(id, service), (definition, task)] {
                glean(&desired.resources.get(id)?.body, &observed.body, &mut known)?;
            }
            self.name_revisions(desired, runs, &mut known);
        }
        let ahead: BTreeSet<&ResourceId> =
            self.resources(desired).into_iter().map(|resource| &resource.id).collect();
        for (id, resource) in &desired.resources {
            if ahead.contains(id) || found.contains_key(id) {
                continue;
            }
            let look_up = |id: &ResourceId, attribute| known.get(id)?.get(&attribute).cloned();
            let body = resource.body.resolve(&look_up);
            let attributes = known.get(id).cloned().unwrap_or_default();
            let observed = Observed { body, attributes, tags_known: false, live: None };
            found.insert(id.clone(), observed);
        }
        Some(Actual { resources: found, ..Actual::default() })
    }

    /// The revisions of the other services, which nobody asked: one of them `runs`.
    fn name_revisions(&self, desired: &Desired, runs: &str, known: &mut Known) {
        let Some((place, _)) = runs.rsplit_once('/') else { return };
        let others = self.revisions.iter().filter(|(id, _)| !self.services.contains(*id));
        for (id, revision) in others {
            let Some(definition) = Self::definition(desired, id) else { continue };
            let arn = format!("{place}/{revision}");
            known.entry(definition.clone()).or_default().insert(Attribute::Arn, arn);
        }
    }

    /// The part of the project that goes ahead.
    #[must_use]
    pub fn only(&self, desired: &Desired) -> Only {
        let named =
            self.services.iter().filter_map(|id| desired.resources.get(id)?.service.clone());
        let named: BTreeSet<String> = named.collect();
        Only { services: named.clone(), named }
    }

    /// Whether a plan for [`Ahead::actual`] may be carried out: it gives the services that go ahead
    /// new revisions, and does nothing else.
    #[must_use]
    pub fn allows(&self, desired: &Desired, plan: &Plan) -> bool {
        let known = |id: &ResourceId, attribute| plan.known.get(id)?.get(&attribute).cloned();
        let made: BTreeSet<&ResourceId> = plan.steps.iter().map(|step| &step.resource).collect();
        let is_whole = |id: &ResourceId| {
            let body = desired.resources.get(id).map(|resource| resource.body.resolve(&known));
            body.is_some_and(|body| body.references().iter().all(|other| made.contains(other)))
        };
        let is_expected = |step: &super::Step| {
            let id = &step.resource;
            let does = match (id.kind, step.action) {
                (Kind::Image | Kind::TaskDefinition, Action::Create) => true,
                (Kind::Service, Action::NewDeployment | Action::Rollout) => {
                    self.services.contains(id)
                        && step
                            .changes
                            .iter()
                            .all(|c| c.path == "taskDefinition" || c.is_bookkeeping())
                }
                _ => false,
            };
            does && (id.kind == Kind::Image || is_whole(id))
        };
        !plan.is_empty() && plan.steps.iter().all(is_expected)
    }
}

/// What AWS gave resources.
type Known = BTreeMap<ResourceId, BTreeMap<Attribute, String>>;
