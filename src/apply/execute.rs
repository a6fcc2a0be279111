//! Runs the steps of a plan against a [`Cloud`].

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::watch;

use super::cloud::{Cloud, CloudError, CloudErrorKind, JobRun};
use super::graph::{Outcome, run_graph};
use super::job::{JobVerdict, run_job};
use super::rollout::{RolloutVerdict, WatchOptions, watch as watch_rollout};
use crate::ecs::desired::{Attribute, Body, Desired, Job, ResourceId};
use crate::event::{Event, Events};
use crate::plan::{Action, Plan, Step};

/// How to carry a plan out.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many steps may call AWS at a time.
    pub limit: usize,
    /// How to watch rollouts and jobs.
    pub watch: WatchOptions,
    /// Whether rollouts are only started. What others wait for is waited for even so.
    pub detach: bool,
    /// The release in whose course jobs run; see [`JobRun::release`].
    pub release: u64,
    /// How many steps were carried out before in the same course: events count on.
    pub before: usize,
}

/// Why a step failed.
#[derive(Clone, Debug)]
pub enum StepError {
    /// A call failed.
    Cloud(CloudError),
    /// A rollout did not succeed.
    Rollout(RolloutVerdict),
    /// A job did not succeed.
    Job(JobVerdict),
}

impl std::fmt::Display for StepError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cloud(error) => error.fmt(f),
            Self::Rollout(verdict) => match verdict {
                RolloutVerdict::Succeeded => f.write_str("succeeded"),
                RolloutVerdict::RolledBack { reason, to } => {
                    write!(f, "{reason} (rolled back to {to})")
                }
                RolloutVerdict::Failed { reason } if reason.is_empty() => {
                    f.write_str("the deployment failed")
                }
                RolloutVerdict::Failed { reason } => f.write_str(reason),
                RolloutVerdict::Superseded => {
                    f.write_str("another deployment took the place of this one")
                }
                RolloutVerdict::TimedOut => f.write_str("still in progress when the time was up"),
                RolloutVerdict::Interrupted => f.write_str("no longer watched"),
            },
            Self::Job(verdict) => f.write_str(match verdict {
                JobVerdict::Succeeded => "succeeded",
                JobVerdict::Failed { reason } => reason,
                JobVerdict::TimedOut => "still running when the time was up",
                JobVerdict::Interrupted => "no longer watched",
            }),
        }
    }
}

impl StepError {
    /// The state that AWS is in after it, where that is not plain.
    #[must_use]
    pub fn state(&self) -> Option<String> {
        let text = match self {
            Self::Cloud(_) => return None,
            Self::Rollout(verdict) => match verdict {
                RolloutVerdict::Succeeded => return None,
                RolloutVerdict::RolledBack { to, .. } => {
                    format!("rolled back: {to} is running again")
                }
                RolloutVerdict::Failed { .. } => {
                    "not rolled back: the failed revision stays in place".to_owned()
                }
                RolloutVerdict::Superseded => {
                    "another deployment of the service is in place".to_owned()
                }
                RolloutVerdict::TimedOut | RolloutVerdict::Interrupted => {
                    "ECS goes on with the rollout by itself".to_owned()
                }
            },
            Self::Job(verdict) => match verdict {
                JobVerdict::Succeeded => return None,
                JobVerdict::Failed { .. } => "what waits for the job was not touched".to_owned(),
                JobVerdict::TimedOut | JobVerdict::Interrupted => {
                    "the job goes on by itself; the next deploy finds it".to_owned()
                }
            },
        };
        Some(text)
    }

    /// The mount or config that it is about, where it is about one.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Cloud(error) => error.subject.as_deref(),
            Self::Rollout(_) | Self::Job(_) => None,
        }
    }

    /// The way out, where one is known.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Cloud(error) => error.help.clone(),
            Self::Rollout(_) | Self::Job(_) => None,
        }
    }
}

/// How a whole run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything was done.
    Done,
    /// A call failed.
    Failed,
    /// A deployment failed; everything that failed was rolled back.
    RolledBack,
    /// A deployment failed and was not rolled back.
    DeploymentFailed,
    /// A rollout or a job was still in progress when the time was up.
    TimedOut,
    /// A job failed.
    JobFailed,
    /// The run was told to stop.
    Interrupted,
}

/// What became of a plan.
#[derive(Clone, Debug)]
pub struct Applied {
    /// By step.
    pub outcomes: Vec<Outcome<StepError>>,
    /// What AWS gave each resource.
    pub attributes: BTreeMap<ResourceId, BTreeMap<Attribute, String>>,
}

impl Applied {
    /// This, and what came of another plan that was carried out after it.
    #[must_use]
    pub fn then(mut self, other: Applied) -> Self {
        let before = self.outcomes.len();
        self.outcomes.extend(other.outcomes.into_iter().map(|outcome| match outcome {
            Outcome::Skipped { because } => Outcome::Skipped { because: because + before },
            other => other,
        }));
        self.attributes.extend(other.attributes);
        self
    }

    /// How the run ended. The worst of its steps decides.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let mut verdict = Verdict::Done;
        let rank = |verdict: Verdict| match verdict {
            Verdict::Done => 0,
            Verdict::RolledBack => 1,
            Verdict::TimedOut => 2,
            Verdict::JobFailed => 3,
            Verdict::DeploymentFailed => 4,
            Verdict::Failed => 5,
            Verdict::Interrupted => 6,
        };
        for outcome in &self.outcomes {
            let this = match outcome {
                Outcome::Done | Outcome::Skipped { .. } => Verdict::Done,
                Outcome::NotStarted => Verdict::Interrupted,
                Outcome::Failed(StepError::Cloud(_)) => Verdict::Failed,
                Outcome::Failed(StepError::Rollout(rollout)) => match rollout {
                    RolloutVerdict::Succeeded => Verdict::Done,
                    RolloutVerdict::RolledBack { .. } => Verdict::RolledBack,
                    RolloutVerdict::Failed { .. } | RolloutVerdict::Superseded => {
                        Verdict::DeploymentFailed
                    }
                    RolloutVerdict::TimedOut => Verdict::TimedOut,
                    RolloutVerdict::Interrupted => Verdict::Interrupted,
                },
                Outcome::Failed(StepError::Job(job)) => match job {
                    JobVerdict::Succeeded => Verdict::Done,
                    JobVerdict::Failed { .. } => Verdict::JobFailed,
                    JobVerdict::TimedOut => Verdict::TimedOut,
                    JobVerdict::Interrupted => Verdict::Interrupted,
                },
            };
            if rank(this) > rank(verdict) {
                verdict = this;
            }
        }
        verdict
    }
}

/// Carries a plan out.
pub async fn apply<C: Cloud>(
    cloud: &C,
    desired: &Desired,
    plan: &Plan,
    options: Options,
    stop: &watch::Receiver<bool>,
    events: &dyn Events,
) -> Applied {
    let run = Run {
        cloud,
        desired,
        plan,
        options,
        stop,
        events,
        attributes: RefCell::new(plan.known.clone()),
        deployments: RefCell::new(BTreeMap::new()),
    };
    let after: Vec<BTreeSet<usize>> = plan.steps.iter().map(|step| step.after.clone()).collect();
    // Waiting costs nothing: only steps that call AWS to change something are counted.
    let counts = |id: usize| !matches!(plan.steps[id].action, Action::Rollout | Action::Run);
    let outcomes = run_graph(&after, options.limit, counts, stop, |id| run.step(id)).await;
    for (id, outcome) in outcomes.iter().enumerate() {
        let because = match outcome {
            Outcome::Skipped { because } => plan.steps[*because].resource.to_string(),
            Outcome::NotStarted => "interrupted".to_owned(),
            Outcome::Done | Outcome::Failed(_) => continue,
        };
        let step = &plan.steps[id];
        events.emit(Event::StepSkipped {
            step: options.before + id,
            resource: step.resource.to_string(),
            action: step.action.label().to_owned(),
            because,
        });
    }
    Applied { outcomes, attributes: run.attributes.into_inner() }
}

struct Run<'a, C> {
    cloud: &'a C,
    desired: &'a Desired,
    plan: &'a Plan,
    options: Options,
    stop: &'a watch::Receiver<bool>,
    events: &'a dyn Events,
    attributes: RefCell<BTreeMap<ResourceId, BTreeMap<Attribute, String>>>,
    deployments: RefCell<BTreeMap<ResourceId, String>>,
}

impl<C: Cloud> Run<'_, C> {
    async fn step(&self, id: usize) -> Result<(), StepError> {
        let step = &self.plan.steps[id];
        let id = self.options.before + id;
        let resource = step.resource.to_string();
        let action = step.action.label().to_owned();
        self.events.emit(Event::StepStarted {
            step: id,
            resource: resource.clone(),
            action: action.clone(),
        });
        match self.run(step).await {
            Ok(detail) => {
                self.events.emit(Event::StepDone { step: id, resource, action, detail });
                Ok(())
            }
            Err(error) => {
                let text = error.to_string();
                self.events.emit(Event::StepFailed { step: id, resource, action, error: text });
                Err(error)
            }
        }
    }

    async fn run(&self, step: &Step) -> Result<Option<String>, StepError> {
        let on = |error: CloudError| StepError::Cloud(error.on(&step.resource));
        if step.action == Action::Delete {
            if let Some(observed) = &step.observed {
                self.cloud.delete(&step.resource, observed).await.map_err(on)?;
            }
            return Ok(None);
        }
        let body = self.body(step).map_err(on)?;
        let changed = match step.action {
            Action::Create => self.cloud.create(&step.resource, &body, false).await,
            Action::CreateIdle => self.cloud.create(&step.resource, &body, true).await,
            Action::Update | Action::NewDeployment | Action::Stop => {
                self.cloud.update(&step.resource, &body, step.action, &step.changes).await
            }
            Action::Rollout => return self.rollout(step, &body).await,
            Action::Run => return self.job(step, body).await,
            Action::Delete => return Ok(None),
        }
        .map_err(on)?;
        let mut attributes = self.attributes.borrow_mut();
        attributes.entry(step.resource.clone()).or_default().extend(changed.attributes);
        if let Some(deployment) = changed.deployment {
            self.deployments.borrow_mut().insert(step.resource.clone(), deployment);
        }
        Ok(changed.detail)
    }

    /// The step's body with every reference filled in.
    fn body(&self, step: &Step) -> Result<Body, CloudError> {
        let internal = |message: String| {
            CloudError::new(CloudErrorKind::Service, "plan", message)
                .help("this is a fault of decklift: please report it with the output of `decklift plan --output json`")
        };
        let resource = self
            .desired
            .resources
            .get(&step.resource)
            .ok_or_else(|| internal(format!("{} is not desired", step.resource)))?;
        let attributes = self.attributes.borrow();
        let body =
            resource.body.resolve(&|id, attribute| attributes.get(id)?.get(&attribute).cloned());
        // A resource may name itself: whoever makes it fills that in.
        match body.references().into_iter().find(|id| *id != step.resource) {
            Some(missing) => Err(internal(format!("{missing} is needed and not there"))),
            None => Ok(body),
        }
    }

    async fn rollout(&self, step: &Step, body: &Body) -> Result<Option<String>, StepError> {
        let Body::Service(service) = body else { return Ok(None) };
        if self.options.detach && !self.is_awaited(step) {
            return Ok(Some("not watched".to_owned()));
        }
        let options = self.options.watch;
        let deployment = self.deployments.borrow().get(&step.resource).cloned();
        let name = step.service.as_deref().unwrap_or(&step.resource.name);
        let verdict =
            watch_rollout(self.cloud, name, service, deployment, options, self.stop, self.events)
                .await
                .map_err(|error| StepError::Cloud(error.on(&step.resource)))?;
        match verdict {
            RolloutVerdict::Succeeded => Ok(Some("running".to_owned())),
            other => Err(StepError::Rollout(other)),
        }
    }

    /// Whether another step of the plan waits for the end of this one.
    fn is_awaited(&self, step: &Step) -> bool {
        let place = self.plan.steps.iter().position(|other| std::ptr::eq(other, step));
        place.is_some_and(|id| self.plan.steps.iter().any(|other| other.after.contains(&id)))
    }

    async fn job(&self, step: &Step, body: Body) -> Result<Option<String>, StepError> {
        let Body::Job(job) = body else { return Ok(None) };
        let run = self.job_run(step, *job);
        let name = step.service.as_deref().unwrap_or(&step.resource.name);
        let verdict = run_job(self.cloud, name, &run, self.options.watch, self.stop, self.events)
            .await
            .map_err(|error| StepError::Cloud(error.on(&step.resource)))?;
        match verdict {
            JobVerdict::Succeeded => Ok(Some("completed".to_owned())),
            other => Err(StepError::Job(other)),
        }
    }

    fn job_run(&self, step: &Step, body: Job) -> JobRun {
        // The references of the body are filled in; those of what is desired name the revision.
        let wanted = self.desired.resources.get(&step.resource).map(|resource| &resource.body);
        let task = match wanted {
            Some(Body::Job(job)) => job.task_definition.reference().map(|(id, _)| id),
            _ => None,
        };
        let task = task.and_then(|id| self.desired.resources.get(id)).map(|task| &task.body);
        let container = match task {
            Some(Body::TaskDefinition(task)) => {
                task.container_definitions.iter().find(|container| container.essential)
            }
            _ => None,
        };
        let log = container.and_then(|c| c.log_configuration.as_ref()).and_then(|log| {
            let option = |key| log.options.get(key).map(str::to_owned);
            Some((option("awslogs-group")?, option("awslogs-stream-prefix")?))
        });
        let container = container.map(|c| c.name.clone()).unwrap_or_default();
        JobRun { body, release: self.options.release, container, log }
    }
}
