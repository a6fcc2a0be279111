//! AWS and the machine's image builder as one [`Cloud`].

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::commit::commit;
use super::turn::Guard;
use super::vault::Vault;
use crate::apply::cloud::{Changed, JobRun, JobTask, LogPage, ServiceStatus};
use crate::apply::{Applied, Cloud, CloudError, CloudErrorKind};
use crate::aws::{Aws, RegistryAuth};
use crate::ecs::desired::{
    Attribute, Body, Desired, Image, Kind, RELEASE_TAG, ResourceId, Secret, Service,
};
use crate::ecs::facts::Facts;
use crate::event::{Event, Events, ImageProgress, TargetHealth, TaskFailure};
use crate::images::{
    Auth, BuildSpec, ContentName, Destination, ExtendedName, ImageError, ImageEvent, Images, Mode,
    Origin, Renewal,
};
use crate::plan::{Action, Actual, Change, Observed, SECRET_VALUE};
use crate::release::Commit;
use crate::sandbox::Sandbox;

/// How many images are built or pushed at a time: builds fill the machine by themselves.
const BUILDS: usize = 2;

/// How many digits of a commit make the tag of an image.
const COMMIT: usize = 12;

/// An image that may have to be made, by its name.
#[derive(Debug)]
pub(super) enum Making {
    /// It is built.
    Build { spec: Box<BuildSpec>, name: ContentName },
    /// Something is put on another one.
    Extend(Box<ExtendedName>),
}

impl Making {
    pub(super) fn tag(&self) -> String {
        match self {
            Self::Build { name, .. } => name.tag(),
            Self::Extend(name) => name.tag().to_owned(),
        }
    }
}

/// AWS, or the sandbox, and whatever builds images.
pub(super) struct World<'a> {
    aws: Aws,
    facts: Facts,
    images: Images,
    /// Why there is no engine, for the moment in which one is needed.
    no_engine: Option<ImageError>,
    made: BTreeMap<ResourceId, Making>,
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
        let guard = OnceCell::new();
        let commit = tokio::sync::OnceCell::new();
        let registry = tokio::sync::OnceCell::new();
        Self {
            aws,
            facts,
            images,
            no_engine,
            made,
            vault,
            sandbox,
            events,
            builders,
            directory,
            commit,
            guard,
            registry,
        }
    }

    /// The commit that the project's files are, where they are just that.
    async fn clean_commit(&self) -> Option<&Commit> {
        let variable = |name: &str| std::env::var(name).ok();
        let found = self.commit.get_or_init(|| commit(&self.directory, variable)).await;
        found.as_ref().filter(|commit| !commit.dirty)
    }

    /// Where an image comes from, as labels of the OCI image specification (annotations.md,
    /// "Pre-Defined Annotation Keys").
    async fn provenance(&self, service: &str) -> Vec<(String, String)> {
        let label =
            |key: &str, value: &str| (format!("org.opencontainers.image.{key}"), value.to_owned());
        let commit = self.clean_commit().await.map(|commit| label("revision", &commit.id));
        [label("title", service)].into_iter().chain(commit).collect()
    }

    /// Gives an image that stands in its repository more tags, for people.
    pub(super) async fn tag(
        &self,
        image: &Image,
        digest: &str,
        tags: &[String],
    ) -> Result<(), CloudError> {
        let destination = self.destination(image).await?;
        for tag in tags {
            let tagged = self.images.tag(&destination, digest, tag).await;
            tagged.map_err(|error| image_error(error.to_string(), error.help()))?;
        }
        Ok(())
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

    /// Marks the images that a release needs, where old ones are deleted, and takes the marks of
    /// releases that are no longer kept.
    pub(super) async fn keep_images(
        &self,
        desired: &Desired,
        applied: &Applied,
        release: u64,
        over: &[u64],
    ) -> Result<(), CloudError> {
        let expires = |name: &str| {
            desired.resources.values().any(|resource| match &resource.body {
                Body::Repository(repository) => {
                    repository.repository_name == name && repository.lifecycle_policy_text.is_some()
                }
                _ => false,
            })
        };
        let tag = |number: &u64| format!("{RELEASE_TAG}{number}");
        let over: Vec<String> = over.iter().map(tag).collect();
        let images = desired.resources.iter().filter_map(|(id, resource)| match &resource.body {
            Body::Image(image) if expires(&image.repository_name) => Some((id, image)),
            _ => None,
        });
        for (id, image) in images {
            let uri = applied.attributes.get(id).and_then(|known| known.get(&Attribute::Uri));
            let Some((_, digest)) = uri.and_then(|uri| uri.rsplit_once('@')) else { continue };
            self.tag(image, digest, &[tag(&release)]).await?;
            self.aws.forget_tags(&image.repository_name, &over).await?;
        }
        Ok(())
    }

    /// [`Cloud::observe`] for images and their repositories alone.
    pub(super) async fn observe_images(&self, desired: &Desired) -> Result<Actual, CloudError> {
        let mut actual = self.aws.observe_images(desired).await?;
        self.drop_placeholders(&mut actual).await?;
        Ok(actual)
    }

    fn mode(&self) -> Mode {
        match &self.sandbox {
            Some(sandbox) if !sandbox.has_engine() => Mode::Placeholder,
            _ => Mode::Build,
        }
    }

    async fn destination(&self, image: &Image) -> Result<Destination, CloudError> {
        let log_in = async || -> Result<(String, Auth), CloudError> {
            let first = self.aws.registry_auth().await?;
            let again = self.aws.registry_login();
            let ask = move || {
                let login = again();
                async move { Some(basic(login.await?)) }
            };
            let address = first.address.clone();
            Ok((address, Auth::Renewed(Renewal::new(basic(first), ask))))
        };
        let (address, auth) = self.registry.get_or_try_init(log_in).await?;
        Ok(Destination {
            address: format!("{address}/{}", image.repository_name),
            auth: auth.clone(),
        })
    }

    async fn push(&self, id: &ResourceId, image: &Image) -> Result<Changed, CloudError> {
        let destination = self.destination(image).await?;
        // Never closed, so that a place is always given in the end.
        let _place = self.builders.acquire().await;
        let mut on_event = |event: ImageEvent| {
            if let Some(progress) = progress(event) {
                self.events.emit(Event::Image { service: id.name.clone(), progress });
            }
        };
        let (images, mode) = (&self.images, self.mode());
        let result = match (self.made.get(id), &image.base) {
            (Some(Making::Build { spec, name }), _) => {
                let mut spec = spec.clone();
                spec.provenance = self.provenance(&spec.service).await;
                images.ensure(&spec, name, &destination, mode, &mut on_event).await
            }
            (Some(Making::Extend(name)), _) => {
                let mut name = name.clone();
                if let Some(spec) = name.build_mut() {
                    spec.provenance = self.provenance(&spec.service).await;
                }
                images.ensure_extended(&name, &destination, mode, &mut on_event).await
            }
            (None, Some(base)) => {
                let origin = Origin {
                    reference: base.clone(),
                    platform: image.platform.clone(),
                    tag: image.image_tag.clone(),
                };
                images.copy(&origin, &destination, mode, &mut on_event).await
            }
            (None, None) => {
                return Err(image_error("nothing says how it is built".to_owned(), None));
            }
        };
        let digest = match (result, &self.no_engine) {
            (Ok(digest), _) => digest,
            // Why there is no engine says more than that there is none.
            (Err(ImageError::NoEngine { .. }), Some(why)) => {
                return Err(image_error(why.to_string(), why.help()));
            }
            (Err(error), _) => return Err(image_error(error.to_string(), error.help())),
        };
        if let (true, Some(commit)) = (self.made.contains_key(id), self.clean_commit().await) {
            // For people: an image without it is the same image.
            let short: String = commit.id.chars().take(COMMIT).collect();
            let _ = images.tag(&destination, &digest, &short).await;
        }
        let registry = destination.address.split('/').next().unwrap_or_default();
        let uri = self.aws.image_uri(registry, &image.repository_name, &digest);
        Ok(Changed {
            attributes: BTreeMap::from([(Attribute::Uri, uri)]),
            deployment: None,
            detail: Some(digest),
        })
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

    /// A placeholder that stands for an image counts as none once there is an engine to build it.
    async fn drop_placeholders(&self, actual: &mut Actual) -> Result<(), CloudError> {
        if self.sandbox.is_none() || self.mode() == Mode::Placeholder {
            return Ok(());
        }
        for (id, making) in &self.made {
            let Some(Observed { body: Body::Image(image), .. }) = actual.resources.get(id) else {
                continue;
            };
            let destination = self.destination(image).await?;
            let (images, mode) = (&self.images, Mode::Build);
            let found = match making {
                Making::Build { name, .. } => images.existing(name, &destination, mode).await,
                Making::Extend(name) => images.existing_extended(name, &destination, mode).await,
            };
            let found = found.map_err(|error| image_error(error.to_string(), error.help()))?;
            if found.is_none() {
                actual.resources.remove(id);
            }
        }
        Ok(())
    }
}

fn basic(auth: RegistryAuth) -> Auth {
    Auth::Basic { user: auth.username, password: auth.password }
}

fn progress(event: ImageEvent) -> Option<ImageProgress> {
    Some(match event {
        ImageEvent::BuildStarted => ImageProgress::Building,
        ImageEvent::BuildLine(line) => ImageProgress::Line { line },
        ImageEvent::Built => return None,
        ImageEvent::PushStarted => ImageProgress::Pushing,
        ImageEvent::PushProgress { done, total } => {
            ImageProgress::Layers { done: done as u64, total: total as u64 }
        }
        ImageEvent::Bytes { done, total } => ImageProgress::Uploaded { done, total },
        // The count of layers says it, too.
        ImageEvent::Layer { .. } => return None,
        ImageEvent::Pushed { digest } => ImageProgress::Pushed { digest },
    })
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
