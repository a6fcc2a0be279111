//! AWS and the machine's image builder as one [`Cloud`].

mod images;
mod scan;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

pub(super) use self::images::Making;
pub(super) use self::scan::{ScanGate, standing, warn_of_unscanned};
use super::Session;
use super::turn::Guard;
use super::vault::Vault;
use crate::apply::cloud::{Changed, JobRun, JobTask, LogPage, ServiceStatus};
use crate::apply::{Cloud, CloudError, CloudErrorKind};
use crate::aws::Aws;
use crate::ecs::desired::{Attribute, Body, Desired, Kind, ResourceId, Secret, Service};
use crate::ecs::facts::Facts;
use crate::event::{Events, TargetHealth, TaskFailure};
use crate::images::{Auth, ImageError, Images, Mode};
use crate::plan::{Action, Actual, Ahead, Change, Observed, Plan, Recorded, SECRET_VALUE};
use crate::release::Commit;
use crate::sandbox::Sandbox;

/// How many images are built or pushed at a time: builds fill the machine by themselves.
const BUILDS: usize = 2;

/// AWS, or the sandbox, and whatever builds images.
pub(super) struct World<'a> {
    aws: Aws,
    facts: Facts,
    images: Images,
    /// Why there is no engine, for the moment in which one is needed.
    no_engine: Option<ImageError>,
    made: BTreeMap<ResourceId, Making>,
    /// Whether images are built that are there already.
    builds_again: bool,
    vault: Vault,
    sandbox: Option<Sandbox>,
    events: &'a dyn Events,
    builders: Semaphore,
    /// Where the project's files are.
    directory: PathBuf,
    /// Which commit they are, once it was asked for.
    commit: tokio::sync::OnceCell<Option<Commit>>,
    /// Asked before each write, once there is a lock.
    guard: OnceCell<Guard>,
    /// What images must pass, once that was said.
    gate: OnceCell<(ScanGate, watch::Receiver<bool>)>,
    /// What the releases' records say, once somebody said that; then less is read.
    recorded: RefCell<Option<Recorded>>,
    /// The registry's address and login, asked for once.
    registry: tokio::sync::OnceCell<(String, Auth)>,
}

impl<'a> World<'a> {
    #[expect(clippy::too_many_arguments, reason = "it is where everything comes together")]
    pub(super) fn new(
        aws: Aws,
        facts: Facts,
        images: Images,
        no_engine: Option<ImageError>,
        made: BTreeMap<ResourceId, Making>,
        vault: Vault,
        sandbox: Option<Sandbox>,
        directory: PathBuf,
        events: &'a dyn Events,
    ) -> Self {
        let builders = Semaphore::new(BUILDS);
        let (guard, gate) = (OnceCell::new(), OnceCell::new());
        let commit = tokio::sync::OnceCell::new();
        let registry = tokio::sync::OnceCell::new();
        Self {
            aws,
            facts,
            images,
            no_engine,
            made,
            builds_again: false,
            vault,
            sandbox,
            events,
            builders,
            directory,
            commit,
            guard,
            gate,
            registry,
            recorded: RefCell::default(),
        }
    }

    /// From now on what is recorded is not read; nothing is where the last run may have left something half
    /// done, and all is read.
    pub(super) fn know(&self, recorded: Option<Recorded>) {
        *self.recorded.borrow_mut() = recorded;
    }

    /// What there is of the services that go ahead; nothing where they must wait for all the rest.
    pub(super) async fn observe_ahead(
        &self,
        desired: &Desired,
        ahead: &Ahead,
    ) -> Result<Option<Actual>, CloudError> {
        let Some(mut actual) = self.aws.observe_ahead(desired, ahead).await? else {
            return Ok(None);
        };
        self.drop_placeholders(&mut actual).await?;
        self.drop_other_values(&mut actual).await?;
        Ok(Some(actual))
    }

    /// Builds images even where they are there already.
    pub(super) fn building_again(mut self) -> Self {
        self.builds_again = true;
        self
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The value that a secret is to hold. For comparing alone: it is to be printed nowhere.
    pub(super) fn secret(&self, id: &ResourceId) -> Option<String> {
        self.vault.get(id).map(str::to_owned)
    }

    /// Says where tasks and load balancers stand, and why, when something is about to change.
    pub(super) fn explain_network(&self, session: &Session, plan: &Plan) {
        if !plan.is_empty() && !session.json() {
            session.screen.note(&format!("Network: {}.", self.facts.network.words()));
        }
    }

    pub(super) fn aws(&self) -> &Aws {
        &self.aws
    }

    /// From now on this is asked before each write.
    pub(super) fn guard(&self, guard: Guard) {
        let _ = self.guard.set(guard);
    }

    /// Whether a write may begin.
    async fn permit(&self) -> Result<(), CloudError> {
        match self.guard.get() {
            Some(guard) => guard.permit().await,
            None => Ok(()),
        }
    }

    pub(super) fn region(&self) -> &str {
        self.aws.region()
    }

    /// How often a rollout is looked at: the sandbox costs nothing and is fast.
    pub(super) fn poll(&self) -> Duration {
        Duration::from_millis(if self.sandbox.is_some() { 300 } else { 3000 })
    }

    /// Where a listener of the sandbox answers on this machine.
    pub(super) async fn local_url(&self, listener_arn: Option<&str>) -> Option<String> {
        let status = self.sandbox.as_ref()?.refresh().await.ok()?;
        let listener =
            status.listeners.into_iter().find(|l| Some(&*l.listener_arn) == listener_arn)?;
        Some(listener.url)
    }

    fn mode(&self) -> Mode {
        match &self.sandbox {
            Some(sandbox) if !sandbox.has_engine() => Mode::Placeholder,
            _ if self.builds_again => Mode::Rebuild,
            _ => Mode::Build,
        }
    }

    /// A secret that holds another value than this machine's counts as one that holds none: nothing
    /// that plans ever sees a value.
    async fn drop_other_values(&self, actual: &mut Actual) -> Result<(), CloudError> {
        for (id, observed) in &mut actual.resources {
            let Some(wanted) = self.vault.get(id) else { continue };
            let Some(reference) = observed.attributes.get(&Attribute::ValueFrom) else { continue };
            let there = self.aws.secret_value(reference).await.map_err(|error| error.on(id))?;
            if there.as_deref() != Some(wanted) {
                observed.attributes.remove(&Attribute::ValueFrom);
            }
        }
        Ok(())
    }

    /// Puts the value of a secret that was just made, or that holds another.
    async fn put(&self, id: &ResourceId, secret: &Secret) -> Result<Changed, CloudError> {
        let Some(value) = self.vault.get(id) else {
            let message = "its value is not known";
            return Err(CloudError::new(CloudErrorKind::Service, "put the secret", message)
                .help("this is a fault of decklift; please report it")
                .on(id));
        };
        self.aws.put_secret_value(&secret.name, value).await.map_err(|error| error.on(id))
    }
}

impl Cloud for World<'_> {
    async fn observe(&self, desired: &Desired) -> Result<Actual, CloudError> {
        let known = self.recorded.borrow().clone();
        let mut actual = match known {
            Some(known) => self.aws.observe_knowing(desired, &known).await?,
            None => self.aws.observe(desired).await?,
        };
        self.drop_placeholders(&mut actual).await?;
        self.drop_other_values(&mut actual).await?;
        Ok(actual)
    }

    async fn create(
        &self,
        id: &ResourceId,
        body: &Body,
        idle: bool,
    ) -> Result<Changed, CloudError> {
        self.permit().await?;
        match body {
            Body::Image(image) if id.kind == Kind::Image => self.push(id, image).await,
            Body::Secret(secret) => {
                self.aws.create(id, body, idle).await?;
                self.put(id, secret).await
            }
            _ => self.aws.create(id, body, idle).await,
        }
    }

    async fn update(
        &self,
        id: &ResourceId,
        body: &Body,
        action: Action,
        changes: &[Change],
    ) -> Result<Changed, CloudError> {
        self.permit().await?;
        let changed = self.aws.update(id, body, action, changes).await?;
        match body {
            Body::Secret(secret) if changes.iter().any(|change| change.path == SECRET_VALUE) => {
                self.put(id, secret).await
            }
            _ => Ok(changed),
        }
    }

    async fn delete(&self, id: &ResourceId, observed: &Observed) -> Result<(), CloudError> {
        self.permit().await?;
        self.aws.delete(id, observed).await
    }

    async fn status(&self, service: &Service) -> Result<ServiceStatus, CloudError> {
        self.aws.status(service).await
    }

    async fn failures(
        &self,
        service: &Service,
        deployment: &str,
    ) -> Result<Vec<TaskFailure>, CloudError> {
        self.aws.failures(service, deployment).await
    }

    async fn target_health(&self, service: &Service) -> Result<Vec<TargetHealth>, CloudError> {
        self.aws.target_health(service).await
    }

    async fn run_job(&self, run: &JobRun) -> Result<Vec<String>, CloudError> {
        self.permit().await?;
        self.aws.run_job(run).await
    }

    async fn job_tasks(&self, run: &JobRun, tasks: &[String]) -> Result<Vec<JobTask>, CloudError> {
        self.aws.job_tasks(run, tasks).await
    }

    async fn job_log(
        &self,
        run: &JobRun,
        task: &str,
        position: Option<String>,
    ) -> Result<LogPage, CloudError> {
        self.aws.job_log(run, task, position).await
    }

    async fn complete_job(&self, run: &JobRun) -> Result<(), CloudError> {
        self.permit().await?;
        self.aws.complete_job(run).await
    }
}
