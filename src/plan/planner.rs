//! Desired and Actual in, steps out.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::attachments::Attachments;
use super::deployment::starts_deployment;
use super::order::{Index, Shared, dependency_order, in_order};
use super::{
    Action, Actual, Change, DESIRED_COUNT, Kept, Observed, Opened, Plan, PlanOptions, RolloutState,
    Step, StepId, cause, changes, effect, names, restarts, scaling, secrets, selection,
};
use crate::ecs::desired::{Attribute, Body, Desired, Gate, Kind, Resource, ResourceId, Service};

/// Plans how AWS becomes what is desired.
///
/// Applying the plan and planning again gives an empty plan.
#[must_use]
pub fn plan(desired: &Desired, actual: &Actual) -> Plan {
    plan_with(desired, actual, PlanOptions::default())
}

/// [`plan`], with options.
#[must_use]
pub fn plan_with(desired: &Desired, actual: &Actual, options: PlanOptions) -> Plan {
    let (planner, shared) = Planner::run(desired, actual, options);
    let public = opened(desired, &planner.steps);
    let order = dependency_order(&planner.steps, &shared);
    let mut steps = in_order(planner.steps, &shared, &order);
    effect::fill_in(&mut steps, desired);
    Plan {
        version: Plan::VERSION,
        stack: desired.stack.clone(),
        known: planner.settled,
        steps,
        public,
        kept: planner.kept,
    }
}

/// What [`plan`] does to which resource of an account that has nothing, in its order. The resources
/// are named by their places in `desired`.
#[must_use]
pub fn first_deploy(desired: &Desired) -> Vec<(usize, Action)> {
    let actual = Actual::default();
    let (planner, shared) = Planner::run(desired, &actual, PlanOptions::default());
    let order = dependency_order(&planner.steps, &shared);
    let done = order
        .into_iter()
        .filter_map(|id| Some((*planner.places.get(id)?, planner.steps[id].action)));
    done.collect()
}

/// The endpoints of the Internet whose listeners or rules do not exist yet.
fn opened(desired: &Desired, steps: &[Step]) -> Vec<Opened> {
    let made: BTreeSet<&ResourceId> =
        steps.iter().filter(|s| s.action == Action::Create).map(|s| &s.resource).collect();
    let public = desired.endpoints.iter().filter(|endpoint| endpoint.public);
    let new = public.filter(|endpoint| {
        let listener = endpoint.listener.reference().map(|(id, _)| id);
        endpoint.rule.iter().chain(listener).any(|way| made.contains(way))
    });
    new.map(|endpoint| Opened {
        service: endpoint.service.clone(),
        port: endpoint.port,
        scheme: endpoint.scheme.clone(),
    })
    .collect()
}

pub(super) struct Planner<'a> {
    pub(super) desired: &'a Desired,
    pub(super) actual: &'a Actual,
    pub(super) options: PlanOptions,
    /// What the plan is about, where that is not everything.
    chosen: Option<BTreeSet<ResourceId>>,
    /// Everything that is somebody's peer.
    peers: HashSet<&'a ResourceId>,
    /// Attributes that this plan does not change.
    pub(super) settled: BTreeMap<ResourceId, BTreeMap<Attribute, String>>,
    pub(super) steps: Vec<Step>,
    /// What left the file and stays.
    pub(super) kept: Vec<Kept>,
    /// The place of the resource at hand in `desired`.
    pub(super) at: usize,
    /// That of each step's, as far as it is desired: to look it up by its name takes longer.
    places: Vec<usize>,
}

impl<'a> Planner<'a> {
    /// The steps in the order in which they were thought of, and what they wait for together.
    fn run(desired: &'a Desired, actual: &'a Actual, options: PlanOptions) -> (Self, Vec<Shared>) {
        let peers = desired.resources.values().flat_map(|resource| &resource.peers).collect();
        let only = options.only.as_ref();
        let chosen = only.map(|only| selection::chosen(desired, actual, only));
        // Room for a first deploy: of a service there may be three.
        let services = desired.resources.values().filter(|one| one.id.kind == Kind::Service);
        let steps = desired.resources.len() + 2 * services.count();
        let mut planner = Self {
            desired,
            actual,
            options,
            chosen,
            peers,
            settled: BTreeMap::new(),
            steps: Vec::with_capacity(steps),
            kept: Vec::new(),
            at: 0,
            places: Vec::with_capacity(steps),
        };
        // The order of kinds is such that references only point backwards.
        let depths = restarts::depths(desired);
        let mut order: Vec<_> = desired.resources.values().enumerate().collect();
        order.sort_by_key(|(_, resource)| (resource.id.kind, depths.get(&resource.id)));
        for (place, resource) in order {
            planner.at = place;
            match planner.is_chosen(&resource.id) {
                true => planner.resource(resource),
                false => planner.leave(&resource.id),
            }
        }
        planner.jobs();
        let shared = planner.edges();
        planner.orphans();
        (planner, shared)
    }

    /// Whether the plan is about this resource.
    pub(super) fn is_chosen(&self, id: &ResourceId) -> bool {
        self.chosen.as_ref().is_none_or(|chosen| chosen.contains(id))
    }

    /// Leaves a resource as it is. Of a task definition: the revision that its service runs.
    fn leave(&mut self, id: &ResourceId) {
        let Some(observed) = self.actual.resources.get(id) else { return };
        let mut attributes = observed.attributes.clone();
        let service = ResourceId::new(Kind::Service, id.name.as_str());
        if let (Kind::TaskDefinition, Some(Body::Service(service))) =
            (id.kind, self.actual.resources.get(&service).map(|found| &found.body))
            && let Some(arn) = service.task_definition.known()
        {
            attributes.insert(Attribute::Arn, arn.to_owned());
        }
        self.settled.insert(id.clone(), attributes);
    }

    fn resource(&mut self, resource: &'a Resource) {
        if let Body::Job(_) = resource.body {
            // Whether it runs depends on what is planned for others.
            return;
        }
        let Some(observed) = self.actual.resources.get(&resource.id) else {
            match &resource.body {
                Body::Service(service) => self.new_service(resource, service),
                _ => self.push(resource, Action::Create, Vec::new(), None),
            }
            return;
        };
        if self.options.build
            && matches!(&resource.body, Body::Image(image) if image.base.is_none())
        {
            let reason = Some("to be built again".to_owned());
            return self.push(resource, Action::Create, Vec::new(), reason);
        }
        if let Body::TaskDefinition(_) = resource.body {
            return self.task_definition(resource, observed);
        }
        // A reference to the resource's own attributes is no change.
        let body = self.resolve(resource, Some(observed));
        let mut changes = changes(&body, observed);
        changes.extend(secrets::value(&resource.body, observed));
        if scaling::keeps_count(self.desired, self.actual, &resource.id) {
            // Application Auto Scaling sets it, and knows better.
            changes.retain(|change| change.path != DESIRED_COUNT);
        }
        scaling::leave_to_the_clock(self.desired, &body, observed, &mut changes);
        if changes.iter().all(Change::is_bookkeeping) {
            changes.clear();
        }
        if let Body::Service(service) = &body {
            return self.service(resource, service, observed, changes);
        }
        self.settled.insert(resource.id.clone(), observed.attributes.clone());
        if !changes.is_empty() {
            // An image is never changed: another content is another name.
            let action =
                if resource.id.kind == Kind::Image { Action::Create } else { Action::Update };
            if action == Action::Create {
                self.settled.remove(&resource.id);
            }
            self.push(resource, action, changes, None);
        }
    }

    /// The body with every reference filled in that this plan leaves alone.
    fn resolve(&self, resource: &Resource, own: Option<&Observed>) -> Body {
        resource.body.resolve(&|id, attribute| {
            if *id == resource.id {
                return own?.attributes.get(&attribute).cloned();
            }
            self.settled.get(id)?.get(&attribute).cloned()
        })
    }

    /// Task definitions cannot be changed: an equal revision is used again, else one is registered.
    fn task_definition(&mut self, resource: &Resource, newest: &Observed) {
        let body = self.resolve(resource, None);
        let in_use = self.actual.revisions.get(&resource.id).into_iter().flatten();
        let equal = in_use.chain([newest]).find(|observed| changes(&body, observed).is_empty());
        match equal {
            Some(observed) => {
                self.settled.insert(resource.id.clone(), observed.attributes.clone());
            }
            None => self.push(resource, Action::Create, changes(&body, newest), None),
        }
    }

    fn new_service(&mut self, resource: &Resource, service: &Service) {
        if self.starts_idle(resource, service) {
            self.push(resource, Action::CreateIdle, Vec::new(), None);
            let count = scaling::first_tasks(service);
            self.push(resource, Action::NewDeployment, count, Some("first tasks".to_owned()));
        } else {
            self.push(resource, Action::Create, Vec::new(), None);
        }
        self.push(resource, Action::Rollout, Vec::new(), None);
    }

    /// Tasks see the names that existed when they were deployed. Whoever offers a name to somebody
    /// is created without tasks first, so that the order of rollouts does not decide who is seen.
    fn starts_idle(&self, resource: &Resource, service: &Service) -> bool {
        let offers =
            service.service_connect_configuration.as_ref().is_some_and(|c| !c.services.is_empty());
        offers && service.desired_count > 0 && self.peers.contains(&resource.id)
    }

    fn service(
        &mut self,
        resource: &Resource,
        service: &Service,
        observed: &Observed,
        mut changes: Vec<Change>,
    ) {
        let reason = self
            .redeploy_reason(resource, service, observed)
            .or_else(|| restarts::reason(resource, observed, self.actual, &self.steps));
        let replaces_tasks = changes.iter().any(|change| starts_deployment(&change.path));
        if replaces_tasks || reason.is_some() {
            if resource.stateful && observed.live.as_ref().is_some_and(|live| live.running > 0) {
                self.push(resource, Action::Stop, Vec::new(), Some("one task a volume".to_owned()));
                changes.retain(|change| change.path != DESIRED_COUNT || !service.is_scaled);
                changes.extend(scaling::first_tasks(service));
            }
            self.push(resource, Action::NewDeployment, changes, reason);
            self.push(resource, Action::Rollout, Vec::new(), None);
        } else if !changes.is_empty() {
            let scales = changes.iter().any(|change| change.path == DESIRED_COUNT);
            self.push(resource, Action::Update, changes, None);
            if scales {
                self.push(resource, Action::Rollout, Vec::new(), None);
            }
        } else if observed.live.as_ref().is_some_and(|l| l.state == RolloutState::InProgress) {
            let reason = "its last deployment is still in progress".to_owned();
            self.push(resource, Action::Rollout, Vec::new(), Some(reason));
        }
        self.settled.insert(resource.id.clone(), observed.attributes.clone());
    }

    /// Why the tasks must be replaced although nothing that was asked for differs.
    fn redeploy_reason(
        &self,
        resource: &Resource,
        service: &Service,
        observed: &Observed,
    ) -> Option<String> {
        if self.is_forced(resource) {
            return Some("asked for with --force".to_owned());
        }
        let live = observed.live.as_ref()?;
        let Body::Service(current) = &observed.body else { return None };
        let rests = scaling::keeps_count(self.desired, self.actual, &resource.id);
        if current.desired_count == 0 && service.desired_count > 0 && !rests {
            return Some("no tasks yet".to_owned());
        }
        if live.state == RolloutState::Failed {
            return Some("its last deployment failed".to_owned());
        }
        // Service Connect: a name that is newer than the deployment is not seen by its tasks.
        let newer = resource.peers.iter().find(|peer| {
            let offers = self.desired.resources.get(*peer).is_some_and(|peer| match &peer.body {
                Body::Service(s) => {
                    s.service_connect_configuration.as_ref().is_some_and(|c| !c.services.is_empty())
                }
                _ => false,
            });
            let there = self.actual.resources.get(*peer);
            // What this plan does not make has no name that could be seen.
            offers
                && there.map_or_else(
                    || self.is_chosen(peer),
                    |peer| peer.live.as_ref().is_some_and(|p| p.created_at > live.deployed_at),
                )
        })?;
        Some(format!("so that its tasks see the new name {}", newer.name))
    }

    /// Of a part of a project, only what was named is forced: what that depends on runs already.
    fn is_forced(&self, resource: &Resource) -> bool {
        let named = self.options.only.as_ref().map(|only| &only.named);
        let is_named = |named| {
            let owners = selection::owners(self.desired, named);
            resource.service.as_ref().is_some_and(|name| owners.contains(name))
        };
        self.options.force && named.is_none_or(is_named)
    }

    pub(super) fn push(
        &mut self,
        resource: &Resource,
        action: Action,
        changes: Vec<Change>,
        reason: Option<String>,
    ) {
        self.places.push(self.at);
        let observed = self.actual.resources.get(&resource.id);
        let cause = observed.filter(|_| !changes.is_empty());
        let cause = cause.and_then(|observed| cause::of(&resource.body, observed, &changes));
        let service = resource.service.clone();
        let step = Step { service, changes, reason, cause, ..Step::new(&resource.id, action) };
        self.steps.push(step);
    }

    /// Fills in what each step waits for; the rest of it is what steps wait for together.
    fn edges(&mut self) -> Vec<Shared> {
        let index = Index::new(self.desired, &self.places);
        let mut attachments = Attachments::new(self.desired, &index);
        let mut all = Vec::with_capacity(self.steps.len());
        for (id, (step, &place)) in self.steps.iter().zip(&self.places).enumerate() {
            let Some((_, resource)) = self.desired.resources.get_index(place) else {
                all.push(BTreeSet::new());
                continue;
            };
            let mut after = BTreeSet::new();
            // Steps on one resource run in the order in which they were planned.
            after.extend(index.at(place).iter().copied().filter(|&other| other < id));
            if step.action != Action::Rollout {
                resource.body.each_value(&mut |value| {
                    let reference = value.reference().and_then(|(id, _)| index.first(id));
                    after.extend(reference.filter(|&other| other != id));
                });
                // Some requests name what they need without a reference: a cluster, a log group.
                let rolled = |id: &ResourceId| matches!(id.kind, Kind::Service | Kind::Job);
                let named = resource.waits.iter().filter(|(other, _)| !rolled(other));
                after.extend(named.filter_map(|(other, _)| index.first(other)));
                attachments.add(resource, id, &mut after);
            }
            let gated = match resource.id.kind {
                Kind::Service => {
                    matches!(step.action, Action::Create | Action::NewDeployment | Action::Stop)
                }
                kind => matches!(kind, Kind::Job | Kind::ScalableTarget),
            };
            if gated {
                self.gates(resource, &index, &mut after);
            }
            after.remove(&id);
            all.push(after);
        }
        for (step, after) in self.steps.iter_mut().zip(all) {
            step.after = after;
        }
        names::order(self.desired, self.actual, &mut self.steps);
        attachments.shared()
    }

    /// `depends_on`, and the names that must exist before the tasks do.
    fn gates(&self, resource: &Resource, index: &Index<'_>, after: &mut BTreeSet<StepId>) {
        for (other, gate) in &resource.waits {
            match gate {
                Gate::Started => after.extend(index.starts(other, &self.steps)),
                Gate::Healthy | Gate::Completed => after.extend(index.last(other)),
            }
        }
        for peer in &resource.peers {
            // The first step that touches the peer creates it or changes what it offers.
            after.extend(
                index.first(peer).filter(|&step| self.steps[step].action == Action::CreateIdle),
            );
        }
    }
}
