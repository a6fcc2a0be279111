//! Watches one service until its deployment has succeeded or failed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::cloud::{Cloud, CloudError, Deployment, ServiceStatus};
use crate::ecs::desired::Service;
use crate::event::{Event, Events, RolloutProgress, TargetHealth, TaskFailure};
use crate::plan::RolloutState;

/// How a rollout ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RolloutVerdict {
    /// Our deployment is PRIMARY and COMPLETED with as many running tasks as wanted.
    Succeeded,
    /// It failed, and ECS went back to the deployment before it.
    RolledBack {
        /// What ECS says.
        reason: String,
        /// `family:revision` that runs now.
        to: String,
    },
    /// It failed, and nothing was rolled back.
    Failed {
        /// What ECS says.
        reason: String,
    },
    /// Somebody else's deployment took its place.
    Superseded,
    /// It was still running when the time was up.
    TimedOut,
    /// The run was told to stop.
    Interrupted,
}

/// How to watch.
#[derive(Clone, Copy, Debug)]
pub struct WatchOptions {
    /// Between two looks.
    pub poll: Duration,
    /// How long the rollout may take.
    pub timeout: Duration,
}

/// How often a look may fail in a row before watching gives up.
const FAILED_LOOKS: u32 = 5;

/// How many looks a failed deployment is given to turn into a rollback.
const ROLLBACK_LOOKS: u32 = 4;

/// How many failed tasks are told of in one rollout; later ones mostly fail in the same way.
const FAILURES_TOLD: usize = 3;

/// Watches the deployment (the PRIMARY one when `None`) of a service until it has ended.
///
/// # Errors
///
/// When the service cannot be read several times in a row.
pub async fn watch<C: Cloud>(
    cloud: &C,
    name: &str,
    service: &Service,
    deployment: Option<String>,
    options: WatchOptions,
    stop: &watch::Receiver<bool>,
    events: &dyn Events,
) -> Result<RolloutVerdict, CloudError> {
    let mut watcher =
        Watcher { cloud, name, service, deployment, events, seen: Seen::default(), failed_for: 0 };
    let deadline = Instant::now() + options.timeout;
    let mut stop = stop.clone();
    let mut failed_looks = 0;
    loop {
        if *stop.borrow() {
            return Ok(RolloutVerdict::Interrupted);
        }
        match watcher.look().await {
            Ok(Some(verdict)) => return Ok(verdict),
            Ok(None) => failed_looks = 0,
            Err(error) => {
                failed_looks += 1;
                if failed_looks >= FAILED_LOOKS {
                    return Err(error);
                }
            }
        }
        let now = Instant::now();
        if now >= deadline {
            return Ok(RolloutVerdict::TimedOut);
        }
        tokio::select! {
            () = sleep_until((now + options.poll).min(deadline)) => {}
            changed = stop.changed() => if changed.is_err() {
                // Nobody can stop this run any more; the clock alone decides.
                sleep_until((now + options.poll).min(deadline)).await;
            }
        }
    }
}

#[derive(Default)]
struct Seen {
    started: bool,
    events: BTreeSet<String>,
    progress: Option<RolloutProgress>,
    replaces: Option<String>,
    failed: i32,
    /// The port and the reason of the last target that ECS called unhealthy.
    unhealthy: Option<(String, String)>,
    /// Why our deployment failed, once ECS has said so.
    failure: Option<String>,
    /// The targets as they were last told of.
    targets: Vec<TargetHealth>,
    /// What was last said of each target that was unhealthy, by target.
    sick: BTreeMap<String, TargetHealth>,
    failures: BTreeSet<String>,
}

struct Watcher<'a, C> {
    cloud: &'a C,
    name: &'a str,
    service: &'a Service,
    deployment: Option<String>,
    events: &'a dyn Events,
    seen: Seen,
    failed_for: u32,
}

impl<C: Cloud> Watcher<'_, C> {
    async fn look(&mut self) -> Result<Option<RolloutVerdict>, CloudError> {
        let status = self.cloud.status(self.service).await?;
        if self.deployment.is_none() {
            self.deployment = status.deployments.iter().find(|d| d.primary).map(|d| d.id.clone());
        }
        let ours = status.deployments.iter().find(|d| Some(&d.id) == self.deployment.as_ref());
        self.tell(&status, ours);
        self.look_at_targets(ours).await;
        if let Some(ours) = ours
            && ours.failed > self.seen.failed
        {
            self.seen.failed = ours.failed;
            self.tell_failures(&ours.id).await;
        }
        let verdict = self.judge(&status, ours);
        if matches!(
            verdict,
            Some(RolloutVerdict::Failed { .. } | RolloutVerdict::RolledBack { .. })
        ) && self.seen.failures.is_empty()
            && let Some(id) = self.deployment.clone()
        {
            self.tell_failures(&id).await;
        }
        Ok(verdict)
    }

    /// Tasks that run and do not count yet wait for the load balancer, which may say why.
    async fn look_at_targets(&mut self, ours: Option<&Deployment>) {
        let waits = ours.is_some_and(|d| d.state == RolloutState::InProgress && d.running > 0);
        if !waits || self.service.load_balancers.is_empty() {
            return;
        }
        // It is one more reason to show, and none to fail for.
        let Ok(targets) = self.cloud.target_health(self.service).await else { return };
        for target in targets.iter().filter(|target| target.state == "unhealthy") {
            self.seen.sick.insert(target.target.clone(), target.clone());
        }
        if self.seen.targets != targets {
            self.seen.targets.clone_from(&targets);
            self.events.emit(Event::Targets { service: self.name.to_owned(), targets });
        }
    }

    /// What the load balancer last said against a task.
    fn held_against(&self, failure: &TaskFailure) -> Vec<TargetHealth> {
        let Some(address) = &failure.address else { return Vec::new() };
        let prefix = format!("{address}:");
        let sick = self.seen.sick.values();
        let seen: Vec<_> = sick.filter(|t| t.target.starts_with(&prefix)).cloned().collect();
        match &self.seen.unhealthy {
            // It may have been unhealthy only between two looks.
            Some((port, why)) if seen.is_empty() && failure.reason.contains("ELB health check") => {
                vec![TargetHealth {
                    target: format!("{address}:{port}"),
                    state: "unhealthy".to_owned(),
                    reason: None,
                    description: Some(why.clone()),
                }]
            }
            _ => seen,
        }
    }

    fn judge(
        &mut self,
        status: &ServiceStatus,
        ours: Option<&Deployment>,
    ) -> Option<RolloutVerdict> {
        let primary = status.deployments.iter().find(|d| d.primary);
        let Some(ours) = ours else {
            // Failed deployments are dropped from the list at some time after the rollback.
            let primary = primary?;
            return match primary.state {
                RolloutState::InProgress => None,
                // Back at the revision that ours was to replace: ECS rolled back between two looks.
                RolloutState::Completed
                    if self.failed_for > 0
                        || self.seen.replaces.as_deref()
                            == Some(&*revision(&primary.task_definition)) =>
                {
                    let said = self.seen.failure.as_deref();
                    Some(rolled_back(said.unwrap_or("the deployment failed"), primary))
                }
                RolloutState::Completed => Some(RolloutVerdict::Superseded),
                RolloutState::Failed => Some(failed(primary)),
            };
        };
        match ours.state {
            // COMPLETED with too few tasks is not finished: a task may have died since.
            RolloutState::Completed if ours.primary => (ours.running >= ours.desired
                && ours.desired == status.desired)
                .then_some(RolloutVerdict::Succeeded),
            RolloutState::Completed => Some(RolloutVerdict::Superseded),
            RolloutState::InProgress if !ours.primary => {
                // Somebody started another deployment, or ECS is about to say that ours failed.
                let primary = primary?;
                (primary.state == RolloutState::Completed).then_some(RolloutVerdict::Superseded)
            }
            RolloutState::InProgress => None,
            RolloutState::Failed => {
                self.failed_for += 1;
                let reason = ours.reason.clone().unwrap_or_default();
                match primary.filter(|primary| primary.id != ours.id) {
                    Some(back) => match back.state {
                        RolloutState::Completed => Some(rolled_back(&reason, back)),
                        RolloutState::InProgress => None,
                        RolloutState::Failed => Some(failed(back)),
                    },
                    None if self.rolls_back() && self.failed_for < ROLLBACK_LOOKS => None,
                    None => Some(failed(ours)),
                }
            }
        }
    }

    fn rolls_back(&self) -> bool {
        self.service.deployment_configuration.deployment_circuit_breaker.rollback
    }

    fn tell(&mut self, status: &ServiceStatus, ours: Option<&Deployment>) {
        if !self.seen.started {
            self.seen.started = true;
            self.seen.replaces = status
                .deployments
                .iter()
                .find(|d| Some(&d.id) != self.deployment.as_ref() && d.running > 0)
                .map(|d| revision(&d.task_definition));
            // What ECS said before this rollout is not about it.
            self.seen.events.extend(status.events.iter().map(|event| event.id.clone()));
        }
        if let Some(ours) = ours {
            let progress = RolloutProgress {
                task_definition: revision(&ours.task_definition),
                replaces: self.seen.replaces.clone(),
                desired: ours.desired,
                running: ours.running,
                pending: ours.pending,
                failed: ours.failed,
                old: (status.running - ours.running).max(0),
                breaker: self.breaker(),
            };
            if self.seen.progress.as_ref() != Some(&progress) {
                self.seen.progress = Some(progress.clone());
                self.events.emit(Event::Rollout { service: self.name.to_owned(), progress });
            }
        }
        for event in status.events.iter().rev() {
            if self.seen.events.insert(event.id.clone()) {
                if let Some(why) = self.failure_of(&event.message) {
                    self.seen.failure = Some(why);
                }
                if let Some(found) = unhealthy(&event.message) {
                    self.seen.unhealthy = Some(found);
                }
                self.events.emit(Event::ServiceMessage {
                    service: self.name.to_owned(),
                    message: event.message.clone(),
                });
            }
        }
    }

    /// Why our deployment failed, where this is what ECS says: `(service web) (deployment
    /// ecs-svc/1) deployment failed: tasks failed to start.` (ECS developer guide, "Service event
    /// messages"). The failed deployment itself may be gone before the next look.
    fn failure_of(&self, message: &str) -> Option<String> {
        let ours = self.deployment.as_deref()?;
        let (about, why) = message.split_once("deployment failed: ")?;
        about.contains(ours).then(|| format!("ECS deployment circuit breaker: {why}"))
    }

    /// Half of the wanted tasks, at least 3 and at most 200 (ECS developer guide, "How the Amazon
    /// ECS deployment circuit breaker detects failures").
    fn breaker(&self) -> Option<i32> {
        let breaker = &self.service.deployment_configuration.deployment_circuit_breaker;
        breaker.enable.then(|| ((self.service.desired_count + 1) / 2).clamp(3, 200))
    }

    async fn tell_failures(&mut self, deployment: &str) {
        // Why a task died is worth trying to know, but not worth failing for.
        let Ok(failures) = self.cloud.failures(self.service, deployment).await else { return };
        let left = FAILURES_TOLD.saturating_sub(self.seen.failures.len());
        let new: Vec<TaskFailure> = failures
            .into_iter()
            .filter(|failure| !self.seen.failures.contains(&failure.task))
            .take(left)
            .collect();
        for mut failure in new {
            failure.targets = self.held_against(&failure);
            self.seen.failures.insert(failure.task.clone());
            self.events.emit(Event::TaskFailed { service: self.name.to_owned(), failure });
        }
    }
}

/// The port and the reason in `(service web) (port 80) is unhealthy in (target-group …) due to (reason
/// Health checks failed with these codes: [404])` (ECS developer guide, "Service event messages").
fn unhealthy(message: &str) -> Option<(String, String)> {
    let (before, why) = message.split_once("due to (reason ")?;
    let (_, port) = before.split_once("(port ")?;
    let port = port.split(')').next()?;
    let why = why.trim_end_matches('.').strip_suffix(')')?;
    before.contains(" is unhealthy in ").then(|| (port.to_owned(), why.to_owned()))
}

fn failed(deployment: &Deployment) -> RolloutVerdict {
    RolloutVerdict::Failed { reason: deployment.reason.clone().unwrap_or_default() }
}

fn rolled_back(reason: &str, to: &Deployment) -> RolloutVerdict {
    RolloutVerdict::RolledBack { reason: reason.to_owned(), to: revision(&to.task_definition) }
}

/// `family:revision` of a task definition's ARN.
fn revision(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or(arn).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ecs_says_of_a_target() {
        let said = "(service app-web) (port 80) is unhealthy in (target-group arn:x) due to \
                    (reason Health checks failed with these codes: [404]).";
        let why = "Health checks failed with these codes: [404]";
        assert_eq!(unhealthy(said), Some(("80".to_owned(), why.to_owned())));
        assert_eq!(unhealthy("(service app-web) has reached a steady state."), None);
        assert_eq!(unhealthy("due to (reason"), None);
    }
}
