//! A cloud in memory, for tests: it keeps what it is given, plays rollouts, and fails on demand.

mod cloud;
mod refusals;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::cloud::{
    Changed, CloudError, CloudErrorKind, Deployment, JobRun, ServiceEvent, ServiceStatus,
};
use crate::ecs::desired::{Attribute, Body, Job, Kind, ResourceId, Service};
use crate::plan::{Action, Change, DESIRED_COUNT, Live, Observed, RolloutState};

/// When a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call is not carried out, and neither is any after it.
    KillBefore(usize),
    /// The call is carried out, its answer is lost, and no call after it is carried out.
    KillAfter(usize),
    /// The call alone is refused.
    Deny(usize),
}

/// The cloud. Calls are counted from 1; only those that change something count.
#[derive(Debug, Default)]
pub struct Memory {
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    resources: BTreeMap<ResourceId, Entry>,
    revisions: BTreeMap<ResourceId, Vec<Observed>>,
    calls: Vec<String>,
    fault: Option<Fault>,
    failing: BTreeSet<String>,
    /// Who started which revision as a job, oldest first.
    runs: Vec<String>,
    clock: i64,
}

#[derive(Debug)]
struct Entry {
    observed: Observed,
    deployments: Vec<Deployment>,
    events: Vec<ServiceEvent>,
}

impl Memory {
    /// Sets, or clears, the fault of the next run, and counts from 1 again.
    pub fn set_fault(&self, fault: Option<Fault>) {
        let mut state = self.state.borrow_mut();
        state.fault = fault;
        state.calls.clear();
    }

    /// Makes every later deployment of a service, or run of a job (by ECS service name), fail.
    pub fn fail_rollouts_of(&self, service_name: &str) {
        self.state.borrow_mut().failing.insert(service_name.to_owned());
    }

    /// Makes later deployments of a service succeed again.
    pub fn heal(&self, service_name: &str) {
        self.state.borrow_mut().failing.remove(service_name);
    }

    /// The jobs that were run: who started which revision.
    #[must_use]
    pub fn runs(&self) -> Vec<String> {
        self.state.borrow().runs.clone()
    }

    fn fails(&self, run: &JobRun) -> bool {
        let by = run.body.started_by.replace(&format!("/{}", Job::RELEASE), "");
        self.state.borrow().failing.contains(&by)
    }

    /// The calls since the fault was set, such as `create service/web`.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.state.borrow().calls.clone()
    }

    /// What there is, by id: for comparing end states.
    #[must_use]
    pub fn bodies(&self) -> BTreeMap<ResourceId, Body> {
        let state = self.state.borrow();
        state.resources.iter().map(|(id, e)| (id.clone(), e.observed.body.clone())).collect()
    }

    /// Changes a resource behind decklift's back.
    pub fn tamper(&self, id: &ResourceId, change: impl FnOnce(&mut Body)) {
        if let Some(entry) = self.state.borrow_mut().resources.get_mut(id) {
            change(&mut entry.observed.body);
        }
    }

    fn call<T>(
        &self,
        name: &str,
        carry_out: impl FnOnce(&mut State) -> Result<T, CloudError>,
    ) -> Result<T, CloudError> {
        let mut state = self.state.borrow_mut();
        state.calls.push(name.to_owned());
        let number = state.calls.len();
        let killed = || CloudError::new(CloudErrorKind::Unreachable, name, "killed");
        match state.fault {
            Some(Fault::KillBefore(at)) if number >= at => return Err(killed()),
            Some(Fault::KillAfter(at)) if number > at => return Err(killed()),
            Some(Fault::Deny(at)) if number == at => {
                return Err(CloudError::new(CloudErrorKind::AccessDenied, name, "not allowed"));
            }
            _ => {}
        }
        state.clock += 1;
        let result = carry_out(&mut state)?;
        match state.fault {
            Some(Fault::KillAfter(at)) if number == at => Err(killed()),
            _ => Ok(result),
        }
    }
}

impl State {
    fn attributes(&self, id: &ResourceId, number: usize) -> BTreeMap<Attribute, String> {
        let mut attributes = BTreeMap::from([
            (Attribute::Arn, format!("arn:aws:test:us-east-1:000000000000:{id}:{number}")),
            (Attribute::Id, format!("{}-{}", id.kind.as_str(), id.name)),
        ]);
        if id.kind == Kind::LoadBalancer {
            attributes.insert(Attribute::DnsName, format!("{}.test", id.name));
            attributes.insert(Attribute::ZoneId, "Z35SXDOTRQ7X7K".to_owned());
        }
        if matches!(id.kind, Kind::LoadBalancer | Kind::TargetGroup) {
            attributes.insert(Attribute::Label, format!("{}/{}", id.kind.as_str(), id.name));
        }
        if id.kind == Kind::Secret {
            let version = format!("arn:aws:test:us-east-1:000000000000:{id}:::{number}");
            attributes.insert(Attribute::ValueFrom, version);
        }
        if id.kind == Kind::Image {
            attributes.insert(Attribute::Uri, format!("registry/{}@sha256:{number:064}", id.name));
        }
        attributes
    }

    fn create(&mut self, id: &ResourceId, body: &Body, idle: bool) -> Result<Changed, CloudError> {
        let is_again = |entry: &&Entry| match (body, &entry.observed.body) {
            (Body::Image(new), Body::Image(old)) => new.image_tag == old.image_tag,
            _ => id.kind != Kind::TaskDefinition,
        };
        if let Some(entry) = self.resources.get(id).filter(is_again) {
            // Creating again finds what was made, as AWS does for the same name or token.
            return Ok(Changed {
                attributes: entry.observed.attributes.clone(),
                deployment: entry.deployments.first().map(|d| d.id.clone()),
                detail: None,
            });
        }
        refusals::of_change(&self.resources, id, body)?;
        let letter = |number, byte| (number * 31 + usize::from(byte)) % 1_000_000_007;
        let number = match body {
            Body::Image(image) => image.image_tag.bytes().fold(1, letter),
            _ => self.revisions.get(id).map_or(1, |list| list.len() + 1),
        };
        let attributes = self.attributes(id, number);
        // A resource may name itself, such as a target group in its attributes.
        let mut body = body.resolve(&|other, attribute| {
            (other == id).then(|| attributes.get(&attribute).cloned()).flatten()
        });
        if let (Body::Service(service), true) = (&mut body, idle) {
            service.desired_count = 0;
        }
        let live = matches!(body, Body::Service(_)).then_some(Live {
            state: RolloutState::InProgress,
            deployed_at: self.clock,
            created_at: self.clock,
            running: 0,
        });
        let observed = Observed { body, attributes: attributes.clone(), tags_known: true, live };
        if id.kind == Kind::TaskDefinition {
            self.revisions.entry(id.clone()).or_default().insert(0, observed.clone());
        }
        let entry = Entry { observed, deployments: Vec::new(), events: Vec::new() };
        self.resources.insert(id.clone(), entry);
        let deployment = self.deploy(id);
        Ok(Changed { attributes, deployment, detail: None })
    }

    /// Puts a new PRIMARY deployment in front of a service's others.
    fn deploy(&mut self, id: &ResourceId) -> Option<String> {
        let clock = self.clock;
        let entry = self.resources.get_mut(id)?;
        let Body::Service(service) = &entry.observed.body else { return None };
        let deployment = Deployment {
            id: format!("ecs-svc/{clock}"),
            primary: true,
            task_definition: service.task_definition.to_string(),
            state: RolloutState::InProgress,
            reason: None,
            desired: service.desired_count,
            running: 0,
            pending: service.desired_count,
            failed: 0,
        };
        entry.deployments.iter_mut().for_each(|other| other.primary = false);
        entry.deployments.retain(|other| other.state == RolloutState::Completed);
        entry.deployments.truncate(1);
        entry.deployments.insert(0, deployment.clone());
        if let Some(live) = &mut entry.observed.live {
            live.state = RolloutState::InProgress;
            live.deployed_at = clock;
        }
        Some(deployment.id)
    }

    fn update(
        &mut self,
        id: &ResourceId,
        body: &Body,
        action: Action,
        changes: &[Change],
    ) -> Result<Changed, CloudError> {
        if action == Action::NewDeployment || !matches!(body, Body::Service(_)) {
            refusals::of_change(&self.resources, id, body)?;
        }
        let Some(entry) = self.resources.get_mut(id) else {
            return Err(CloudError::new(CloudErrorKind::NotFound, "update", id.to_string()));
        };
        let attributes = entry.observed.attributes.clone();
        let own = attributes.clone();
        let before = std::mem::replace(
            &mut entry.observed.body,
            body.resolve(&|other, attribute| {
                (other == id).then(|| own.get(&attribute).cloned()).flatten()
            }),
        );
        if let (Body::Service(before), Body::Service(service)) = (before, &mut entry.observed.body)
        {
            // The number of tasks of a service that is scaled is not sent.
            if service.is_scaled && !changes.iter().any(|change| change.path == DESIRED_COUNT) {
                service.desired_count = before.desired_count;
            }
            if action != Action::NewDeployment {
                **service = refusals::without_deployment(&before, *service.clone());
            }
        }
        let mut deployment = None;
        match (action, &mut entry.observed.body) {
            (Action::NewDeployment, _) => deployment = self.deploy(id),
            (Action::Stop, Body::Service(service)) => {
                service.desired_count = 0;
                entry.deployments.iter_mut().for_each(|d| (d.desired, d.running) = (0, 0));
                if let Some(live) = &mut entry.observed.live {
                    live.running = 0;
                }
            }
            (_, Body::Service(service)) => {
                // The running deployment takes the new count over.
                if let Some(first) = entry.deployments.first_mut() {
                    first.desired = service.desired_count;
                    first.running = service.desired_count;
                }
            }
            _ => {}
        }
        Ok(Changed { attributes, deployment, detail: None })
    }

    /// One look further: the PRIMARY deployment gets its tasks, or fails and is rolled back.
    fn advance(&mut self, id: &ResourceId) -> Option<ServiceStatus> {
        let failing = match &self.resources.get(id)?.observed.body {
            Body::Service(service) => self.failing.contains(&service.service_name),
            _ => return None,
        };
        let entry = self.resources.get_mut(id)?;
        let Body::Service(service) = &mut entry.observed.body else { return None };
        let breaker = service.deployment_configuration.deployment_circuit_breaker.clone();
        let before = entry.deployments.get(1).cloned();
        if let Some(first) = entry.deployments.first_mut()
            && first.state == RolloutState::InProgress
        {
            if failing && first.desired > 0 {
                first.failed += 1;
                if first.failed >= 3 && breaker.enable {
                    first.state = RolloutState::Failed;
                    first.reason = Some("tasks failed to start.".to_owned());
                    if let Some(mut back) = before.filter(|_| breaker.rollback) {
                        service.task_definition = back.task_definition.clone().into();
                        back.primary = true;
                        first.primary = false;
                        let failed = first.clone();
                        entry.deployments = vec![back, failed];
                    }
                }
            } else {
                first.running = first.desired;
                first.pending = 0;
                first.state = RolloutState::Completed;
                entry.deployments.truncate(1);
            }
        }
        let first = entry.deployments.first()?;
        let running = entry.deployments.iter().map(|d| d.running).sum();
        if let Some(live) = &mut entry.observed.live {
            live.state = first.state;
            live.running = running;
        }
        Some(ServiceStatus {
            desired: service.desired_count,
            running,
            deployments: entry.deployments.clone(),
            events: entry.events.clone(),
        })
    }

    fn id_of(&self, service: &Service) -> Option<ResourceId> {
        self.resources
            .iter()
            .find(|(_, entry)| match &entry.observed.body {
                Body::Service(other) => other.service_name == service.service_name,
                _ => false,
            })
            .map(|(id, _)| id.clone())
    }
}
