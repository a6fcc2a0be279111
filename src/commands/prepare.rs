//! From the command line to a connected world: the part that plan, deploy and down share.

mod absent;
mod build_options;
mod builds;
mod cached;
mod examine;
pub(super) mod extensions;
mod given;
mod known;
mod naming;
mod network_request;
mod outside;
mod possible;
mod pull_logins;
mod sandboxed;
mod scaled;

use std::collections::BTreeMap;
use std::path::PathBuf;

use futures_util::future::join;

use super::Session;
use super::turn::DEFAULT_ENVIRONMENT;
use super::vault::Vault;
use super::world::World;
use super::{pinned, registries};
use crate::apply::CloudError;
use crate::aws::{AssumeRole, Aws, ConnectOptions, NetworkRequest};
use crate::cli::{BuildArgs, GivenArgs};
use crate::compose::model::Vpc;
use crate::compose::{Project, did_you_mean};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::ecs::desired::Desired;
use crate::ecs::facts::{DockerfileFacts, Facts, ImageFacts, PathFacts};
use crate::ecs::{translate, validate};
use crate::error::Error;
use crate::event::Events;
use crate::images::{BuildSpec, Engine, Images, Source};
use crate::plan::Action;
use crate::sandbox::{self, Sandbox};
use crate::source::{Located, Sources};

pub(super) use examine::{
    Wish, examine, load_files, load_options, read, read_to_convert, read_to_deploy, read_to_push,
};
pub(super) use known::{Known, known};
use naming::name_images;
pub(super) use network_request::network_request;
pub(super) use possible::possible;
pub(super) use pull_logins::secrets as pull_secrets;
use sandboxed::prepare_sandbox;

/// The Compose application, free of faults.
#[derive(Debug)]
pub(super) struct App {
    pub(super) project: Project,
    pub(super) sources: Sources,
    pub(super) builds: Vec<BuildSpec>,
    /// Whether they are built again where they are there already.
    builds_again: bool,
    /// Whether a VPC is made for it where it has none.
    creates_vpc: bool,
    /// What it becomes as far as nothing is known of the world.
    pub(super) desired: Desired,
    /// What is known of the paths that are mounted.
    pub(super) paths: BTreeMap<PathBuf, PathFacts>,
    /// What Dockerfiles say of the images that they make.
    pub(super) dockerfiles: BTreeMap<String, DockerfileFacts>,
    /// What a first deploy does, by places in `desired`: of what is examined to be converted alone.
    pub(super) first_deploy: Vec<(usize, Action)>,
    vault: Vault,
    /// Images that somebody else made, by the services that run them.
    given: BTreeMap<String, Source>,
    /// What is put on images.
    extended: Vec<extensions::Extended>,
    /// What was printed when nothing was known of the world yet.
    told: Diagnostics,
}

impl App {
    /// Whether this was said when nothing was known of the world.
    pub(super) fn was_told(&self, diagnostic: &Diagnostic) -> bool {
        self.told.iter().any(|told| told == diagnostic)
    }

    /// As the command line has it.
    pub(super) fn building(mut self, arguments: BuildArgs) -> Self {
        self.builds_again = arguments.again();
        let mut open: Vec<&mut BuildSpec> = self.builds.iter_mut().collect();
        while let Some(BuildSpec { options, built_contexts, .. }) = open.pop() {
            options.no_cache |= arguments.no_cache;
            options.pull |= arguments.pull;
            open.extend(built_contexts.iter_mut().map(|(_, other)| other));
        }
        self
    }

    /// With a VPC of its own, where that is asked for at the prompt.
    pub(super) fn in_own_vpc(mut self, asked: bool) -> Result<Self, Error> {
        let extension = &self.project.extension;
        let makes = |vpc: &Located<Vpc>| matches!(vpc.value, Vpc::Create(_));
        let other = extension.vpc.as_ref().is_some_and(|vpc| !makes(vpc));
        if asked && (other || !extension.subnets.is_empty()) {
            return Err(Error::Usage {
                message: "--create-vpc is given, and the file names a VPC or subnets".to_owned(),
                help: "leave out --create-vpc, or take x-ecs.vpc and x-ecs.subnets away".to_owned(),
            });
        }
        self.creates_vpc = asked;
        Ok(self)
    }

    /// With images at the prompt in the place of what would be built.
    pub(super) fn taking(mut self, arguments: &GivenArgs) -> Result<Self, Error> {
        for text in &arguments.images {
            let (service, source) = given::read(&self.project, &self.desired, text)?;
            if self.given.insert(service.clone(), source).is_some() {
                return Err(Error::Usage {
                    message: format!("two images are given for {service}"),
                    help: "give one --image for each service".to_owned(),
                });
            }
        }
        Ok(self)
    }
}

/// What a command wants of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Plan,
    Deploy,
    /// Images and their repositories alone: nothing else is asked for.
    Push,
    Down,
    /// Revisions that are there already: nothing is built, and nothing but services is touched.
    Rollback,
}

impl Purpose {
    /// Whether images are named, which reads every file of every build context.
    fn names_images(self) -> bool {
        self.makes()
    }

    /// Whether something may be made of the file, and not just deleted or gone back to.
    fn makes(self) -> bool {
        !matches!(self, Self::Down | Self::Rollback)
    }
}

/// AWS, or the sandbox that runs.
#[derive(Debug)]
pub(super) struct Reached {
    pub(super) aws: Aws,
    pub(super) sandbox: bool,
}

/// Connects without learning anything; nothing when a sandbox was asked for and none runs: whoever
/// looks starts none.
pub(super) async fn reach(session: &Session, project: &Project) -> Result<Option<Reached>, Error> {
    let sandbox = match session.global.sandbox {
        true => match sandbox::find(&super::sandbox::paths()?).await? {
            Some(sandbox) => Some(sandbox),
            None => return Ok(None),
        },
        false => None,
    };
    let aws = Aws::connect(connection(session, project, sandbox.as_ref())).await?;
    Ok(Some(Reached { aws, sandbox: sandbox.is_some() }))
}

/// What the command line alone says of the connection.
pub(super) fn plain_connection(session: &Session) -> ConnectOptions {
    let global = &session.global;
    let external_id = global.external_id.clone();
    ConnectOptions {
        profile: global.aws_profile.clone(),
        assume_role: global.assume_role.clone().map(|arn| AssumeRole { arn, external_id }),
        traffic: session.traffic.clone(),
        ..ConnectOptions::default()
    }
}

/// How AWS is reached for a project.
pub(super) fn connection(
    session: &Session,
    project: &Project,
    sandbox: Option<&Sandbox>,
) -> ConnectOptions {
    ConnectOptions {
        region: region(session, project),
        sandbox: sandbox.map(|sandbox| crate::aws::Sandbox {
            endpoint: sandbox.instance.endpoint(),
            registry: Some(sandbox.instance.registry()),
            scaling: false,
        }),
        ..plain_connection(session)
    }
}

/// Refuses names of services that there are not.
pub(super) fn check_names(given: &[String], known: &[&str]) -> Result<(), Error> {
    let Some(unknown) = given.iter().find(|name| !known.contains(&name.as_str())) else {
        return Ok(());
    };
    let list = known.join(", ");
    let help = did_you_mean(unknown, known.iter().copied());
    Err(Error::Usage {
        message: format!("there is no service `{unknown}`"),
        help: help.unwrap_or_else(|| format!("the services are {list}")),
    })
}

/// The region that was given, on the command line or in the Compose file.
pub(super) fn region(session: &Session, project: &Project) -> Option<String> {
    let given = session.global.region.clone();
    given.or_else(|| project.extension.region.as_ref().map(|region| region.value.clone()))
}

/// Connects to AWS or to the sandbox, which is started where it does not run, and learns nothing.
pub(super) async fn attach(session: &Session, app: &App) -> Result<Aws, Error> {
    let sandbox = match session.global.sandbox {
        true => {
            let paths = super::sandbox::paths()?;
            Some(sandbox::ensure(&paths, &|message| session.notify(message)).await?)
        }
        false => None,
    };
    Ok(Aws::connect(connection(session, &app.project, sandbox.as_ref())).await?)
}

/// The images that the account's registry fetches by itself; a sandbox has no such rules.
pub(super) async fn cached(session: &Session, app: &App, aws: &Aws) -> BTreeMap<String, String> {
    match session.global.sandbox {
        true => BTreeMap::new(),
        false => cached::look_up(session, app, aws).await,
    }
}

/// Connects to AWS or to the sandbox, and learns what the translation must know.
pub(super) async fn connect<'a>(
    session: &Session,
    app: &App,
    purpose: Purpose,
    events: &'a dyn Events,
) -> Result<World<'a>, Error> {
    let sandbox = match session.global.sandbox {
        true => {
            let paths = super::sandbox::paths()?;
            Some(sandbox::ensure(&paths, &|message| session.notify(message)).await?)
        }
        false => None,
    };
    let images = match &sandbox {
        Some(sandbox) => prepare_sandbox(session, app, sandbox, purpose).await?,
        None => Engine::detect().await.map(|engine| Images::new(Some(engine))),
    };
    let (images, no_engine) = match images {
        Ok(images) => (images, None),
        Err(error) => (Images::new(None), Some(error)),
    };
    let images = registries::remembering(images);
    let aws = Aws::connect(connection(session, &app.project, sandbox.as_ref())).await?;
    // The sandbox has no such rules.
    let cached = match &sandbox {
        None if purpose.makes() => cached::look_up(session, app, &aws).await,
        _ => BTreeMap::new(),
    };
    let asked = async {
        match purpose {
            // Tasks that are simulated pull nothing.
            Purpose::Plan | Purpose::Deploy if sandbox.as_ref().is_none_or(Sandbox::has_engine) => {
                Some(pinned::ask(&images, &app.project, &app.desired, &cached).await)
            }
            _ => None,
        }
    };
    let environment = session.global.environment.as_deref().unwrap_or(DEFAULT_ENVIRONMENT);
    let known = facts(&aws, app, purpose, environment, sandbox.is_some());
    let (known, found) = join(known, asked).await;
    let mut facts = known?;
    if facts.network.assumed_public && purpose.makes() {
        let vpc = &facts.network.vpc_id;
        session.screen.warning(&format!(
            "no route table of {vpc} shows a way to the Internet; its default subnets are taken as \
             public, as AWS makes them (to choose: x-ecs.vpc, x-ecs.subnets)"
        ));
    }
    facts.paths.clone_from(&app.paths);
    facts.dockerfiles.clone_from(&app.dockerfiles);
    facts.cached.clone_from(&cached);
    if let Some(found) = found {
        facts.pinned = pinned::told(session, &app.sources, found)?;
    }
    if matches!(purpose, Purpose::Plan | Purpose::Deploy) {
        outside::look_up(session, app, &aws, &mut facts).await?;
    }
    let mut made = BTreeMap::new();
    let images = match purpose.names_images() {
        true => pull_logins::add(session, app, &aws, images).await,
        false => images,
    };
    if purpose.names_images() {
        outside::repository(session, app, &aws).await?;
        let placeholders = sandbox.as_ref().is_some_and(|sandbox| !sandbox.has_engine());
        made = name_images(session, app, &images, placeholders).await?;
        for (id, making) in &made {
            facts.images.insert(id.name.clone(), ImageFacts { tag: making.tag() });
        }
    }
    let vault = app.vault.clone();
    let directory = app.project.directory.clone();
    let world = World::new(aws, facts, images, no_engine, made, vault, sandbox, directory, events);
    Ok(if app.builds_again { world.building_again() } else { world })
}

/// What the translation must know of the account.
async fn facts(
    aws: &Aws,
    app: &App,
    purpose: Purpose,
    environment: &str,
    in_sandbox: bool,
) -> Result<Facts, CloudError> {
    if purpose == Purpose::Push {
        let identity = aws.identity().await?;
        let (partition, account) = (identity.partition.clone(), identity.account.clone());
        return Ok(Facts { partition, account, ..Facts::offline(Some(aws.region())) });
    }
    let request = network_request(app, purpose, environment);
    let makes_zones = in_sandbox && purpose.makes();
    let request = NetworkRequest { makes_zones, ..request };
    if let (true, Some(domain)) = (in_sandbox, &request.certificate) {
        aws.issue_certificate(domain).await?;
    }
    aws.facts(&request).await
}

/// Translates with what is known of the world.
pub(super) fn desired(session: &Session, app: &App, world: &World<'_>) -> Result<Desired, Error> {
    let environment = session.global.environment.as_deref();
    let translation = translate(&app.project, environment, world.facts());
    let mut diagnostics: Diagnostics = translation.diagnostics;
    diagnostics.extend(validate(&translation.desired));
    if diagnostics.has_errors() {
        session.print(&diagnostics, &app.sources);
        return Err(Error::Compose);
    }
    let is_new = |found: &Diagnostic| {
        found.severity == Severity::Warning && app.told.iter().all(|told| told != found)
    };
    let mut new = Diagnostics::default();
    new.extend(diagnostics.into_iter().filter(is_new));
    if !new.is_empty() {
        session.print(&new, &app.sources);
    }
    let mut desired = translation.desired;
    if session.global.sandbox {
        desired.without_scaling();
    }
    Ok(desired)
}
