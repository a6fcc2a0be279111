//! AWS and the machine's image builder as one [`Cloud`].

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::turn::Guard;
use crate::apply::cloud::{Changed, JobRun, JobTask, LogPage, ServiceStatus};
use crate::apply::{Cloud, CloudError, CloudErrorKind};
use crate::aws::Aws;
use crate::ecs::desired::{Attribute, Body, Desired, Image, Kind, ResourceId, Service};
use crate::ecs::facts::Facts;
use crate::event::{Event, Events, ImageProgress, TargetHealth, TaskFailure};
use crate::images::{
    Auth, BuildSpec, ContentName, Destination, ImageError, ImageEvent, Images, Mode,
};
use crate::plan::{Action, Actual, Change, Observed};
use crate::sandbox::Sandbox;

/// How many images are built or pushed at a time: builds fill the machine by themselves.
const BUILDS: usize = 2;

/// An image that may have to be built.
#[derive(Debug)]
pub(super) struct Build {
    pub(super) spec: BuildSpec,
    pub(super) name: ContentName,
}

/// AWS, or the sandbox, and whatever builds images.
pub(super) struct World<'a> {
    aws: Aws,
    facts: Facts,
    images: Images,
    /// Why there is no engine, for the moment in which one is needed.
    no_engine: Option<ImageError>,
    builds: BTreeMap<ResourceId, Build>,
    sandbox: Option<Sandbox>,
    events: &'a dyn Events,
    builders: Semaphore,
    /// Asked before each write, once there is a lock.
    guard: OnceCell<Guard>,
}

impl<'a> World<'a> {
    pub(super) fn new(
        aws: Aws,
        facts: Facts,
        images: Images,
        no_engine: Option<ImageError>,
        builds: BTreeMap<ResourceId, Build>,
        sandbox: Option<Sandbox>,
        events: &'a dyn Events,
    ) -> Self {
        let builders = Semaphore::new(BUILDS);
        let guard = OnceCell::new();
        Self { aws, facts, images, no_engine, builds, sandbox, events, builders, guard }
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.facts
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
            _ => Mode::Build,
        }
    }

    async fn destination(&self, image: &Image) -> Result<Destination, CloudError> {
        let auth = self.aws.registry_auth().await?;
        Ok(Destination {
            address: format!("{}/{}", auth.address, image.repository_name),
            auth: Auth::Basic { user: auth.username, password: auth.password },
        })
    }

    async fn push(&self, id: &ResourceId, image: &Image) -> Result<Changed, CloudError> {
        let Some(build) = self.builds.get(id) else {
            return Err(image_error("nothing says how it is built".to_owned(), None));
        };
        let destination = self.destination(image).await?;
        // Never closed, so that a place is always given in the end.
        let _place = self.builders.acquire().await;
        let service = build.spec.service.clone();
        let mut on_event = |event: ImageEvent| {
            let progress = match event {
                ImageEvent::BuildStarted => ImageProgress::Building,
                ImageEvent::BuildLine(line) => ImageProgress::Line { line },
                ImageEvent::Built => return,
                ImageEvent::PushStarted => ImageProgress::Pushing,
                ImageEvent::PushProgress { done, total } => {
                    ImageProgress::Layers { done: done as u64, total: total as u64 }
                }
                ImageEvent::Pushed { digest } => ImageProgress::Pushed { digest },
            };
            self.events.emit(Event::Image { service: service.clone(), progress });
        };
        let result = self
            .images
            .ensure(&build.spec, &build.name, &destination, self.mode(), &mut on_event)
            .await;
        let digest = match (result, &self.no_engine) {
            (Ok(digest), _) => digest,
            // Why there is no engine says more than that there is none.
            (Err(ImageError::NoEngine { .. }), Some(why)) => {
                return Err(image_error(why.to_string(), why.help()));
            }
            (Err(error), _) => return Err(image_error(error.to_string(), error.help())),
        };
        let registry = destination.address.split('/').next().unwrap_or_default();
        let uri = self.aws.image_uri(registry, &image.repository_name, &digest);
        Ok(Changed {
            attributes: BTreeMap::from([(Attribute::Uri, uri)]),
            deployment: None,
            detail: Some(digest),
        })
    }

    /// A placeholder that stands for an image counts as none once there is an engine to build it.
    async fn drop_placeholders(&self, actual: &mut Actual) -> Result<(), CloudError> {
        if self.sandbox.is_none() || self.mode() == Mode::Placeholder {
            return Ok(());
        }
        for (id, build) in &self.builds {
            let Some(Observed { body: Body::Image(image), .. }) = actual.resources.get(id) else {
                continue;
            };
            let destination = self.destination(image).await?;
            let found = self
                .images
                .existing(&build.name, &destination, Mode::Build)
                .await
                .map_err(|error| image_error(error.to_string(), error.help()))?;
            if found.is_none() {
                actual.resources.remove(id);
            }
        }
        Ok(())
    }
}

fn image_error(message: String, help: Option<String>) -> CloudError {
    let mut error = CloudError::new(CloudErrorKind::Image, "push", message);
    error.help = help;
    error
}

impl Cloud for World<'_> {
    async fn observe(&self, desired: &Desired) -> Result<Actual, CloudError> {
        let mut actual = self.aws.observe(desired).await?;
        self.drop_placeholders(&mut actual).await?;
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
        self.aws.update(id, body, action, changes).await
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
