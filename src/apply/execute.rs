//! Runs the steps of a plan against a [`Cloud`].

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::watch;

use super::cloud::{Cloud, CloudError, CloudErrorKind};
use super::graph::{Outcome, run_graph};
use super::rollout::{RolloutVerdict, WatchOptions, watch as watch_rollout};
use crate::ecs::desired::{Attribute, Body, Desired, ResourceId};
use crate::event::{Event, Events};
use crate::plan::{Action, Plan, Step};

/// How to carry a plan out.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many steps may call AWS at a time.
    pub limit: usize,
    /// How to watch rollouts; `None` starts them and does not wait (`--detach`).
    pub rollout: Option<WatchOptions>,
}

/// Why a step failed.
#[derive(Clone, Debug)]
pub enum StepError {
    /// A call failed.
    Cloud(CloudError),
    /// A rollout did not succeed.
    Rollout(RolloutVerdict),
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
        };
        Some(text)
    }

    /// The way out, where one is known.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Cloud(error) => error.help.clone(),
            Self::Rollout(_) => None,
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
    /// A rollout was still in progress when the time was up.
    TimedOut,
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
    /// How the run ended. The worst of its steps decides.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let mut verdict = Verdict::Done;
        let rank = |verdict: Verdict| match verdict {
            Verdict::Done => 0,
            Verdict::RolledBack => 1,
            Verdict::TimedOut => 2,
            Verdict::DeploymentFailed => 3,
            Verdict::Failed => 4,
            Verdict::Interrupted => 5,
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
    let counts = |id: usize| plan.steps[id].action != Action::Rollout;
    let outcomes = run_graph(&after, options.limit, counts, stop, |id| run.step(id)).await;
    for (id, outcome) in outcomes.iter().enumerate() {
        let because = match outcome {
            Outcome::Skipped { because } => plan.steps[*because].resource.to_string(),
            Outcome::NotStarted => "interrupted".to_owned(),
            Outcome::Done | Outcome::Failed(_) => continue,
        };
        let step = &plan.steps[id];
        events.emit(Event::StepSkipped {
            step: id,
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
        let (Some(options), Body::Service(service)) = (self.options.rollout, body) else {
            return Ok(Some("not watched".to_owned()));
        };
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
}
