//! From the command line to a connected world: the part that plan, deploy and down share.

mod absent;
mod build_options;
mod builds;
mod network_request;
mod outside;
mod sandboxed;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use super::Session;
use super::vault::Vault;
use super::world::{Build, World};
use super::{inspected, mounted};
use crate::aws::{Aws, ConnectOptions};
use crate::compose::{LoadOptions, Loaded, Project, did_you_mean, load};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::ecs::deployable::{is_repeated, undeployable};
use crate::ecs::desired::{Body, ContainerDefinition, Desired, Kind, ResourceId};
use crate::ecs::facts::{Facts, ImageFacts, PathFacts};
use crate::ecs::{container_name, translate, validate};
use crate::error::Error;
use crate::event::Events;
use crate::images::{BuildSpec, Engine, Images};
use crate::plan::{Actual, impossible};
use crate::sandbox::{self, Sandbox};
use crate::source::Sources;

use absent::absent;
use network_request::network_request;
use sandboxed::prepare_sandbox;

/// The Compose application, free of faults.
#[derive(Debug)]
pub(super) struct App {
    pub(super) project: Project,
    pub(super) sources: Sources,
    pub(super) builds: Vec<BuildSpec>,
    /// What it becomes as far as nothing is known of the world.
    pub(super) desired: Desired,
    /// What is known of the paths that are mounted.
    pub(super) paths: BTreeMap<PathBuf, PathFacts>,
    vault: Vault,
    /// What was printed when nothing was known of the world yet.
    told: Diagnostics,
}

/// What a command wants of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Plan,
    Deploy,
    Down,
}

impl Purpose {
    /// Whether images are named, which reads every file of every build context.
    fn names_images(self) -> bool {
        self != Self::Down
    }
}

/// What was read, with everything there is to say about it.
#[derive(Debug)]
pub(super) struct Examined {
    pub(super) loaded: Loaded,
    pub(super) diagnostics: Diagnostics,
    builds: Vec<BuildSpec>,
    desired: Desired,
    paths: BTreeMap<PathBuf, PathFacts>,
    vault: Vault,
}

impl Examined {
    /// Prints the diagnostics; the application, when it has no fault.
    pub(super) fn finish(self, session: &Session) -> Result<App, Error> {
        let Self { loaded, diagnostics, builds, desired, paths, vault } = self;
        session.print(&diagnostics, &loaded.sources);
        match loaded.project {
            Some(project) if !diagnostics.has_errors() => {
                let (sources, told) = (loaded.sources, diagnostics);
                Ok(App { project, sources, builds, desired, paths, vault, told })
            }
            _ => Err(Error::Compose),
        }
    }
}

/// Reads the Compose files, and translates them with nothing known of the world, so that every fault
/// is reported before anything is started or asked.
pub(super) fn read(session: &Session, strict: bool) -> Result<App, Error> {
    examine(session, strict)?.finish(session)
}

/// As [`read`], for a command that sends what it read, or says what it would send: what is missing at
/// home, and what cannot be deployed yet, are errors.
pub(super) fn read_to_deploy(session: &Session, strict: bool) -> Result<App, Error> {
    examine_as(session, strict, true)?.finish(session)
}

/// As [`read`], with nothing printed yet.
pub(super) fn examine(session: &Session, strict: bool) -> Result<Examined, Error> {
    examine_as(session, strict, false)
}

fn examine_as(session: &Session, strict: bool, sends: bool) -> Result<Examined, Error> {
    let global = &session.global;
    let mut loaded = load_files(session)?;
    let mut diagnostics = std::mem::take(&mut loaded.diagnostics);
    diagnostics.extend(std::mem::take(&mut loaded.outcomes));
    let mut builds = Vec::new();
    let mut desired = Desired::default();
    let mut paths = BTreeMap::new();
    let mut vault = Vault::default();
    if let Some(project) = loaded.project.as_mut().filter(|_| global.inspect_images) {
        let found = inspected::look(session, project)?;
        diagnostics.extend(inspected::apply(project, &found));
    }
    if let Some(project) = &loaded.project {
        paths = mounted::look(project);
        // Faults of the translation are worth knowing even when the file has others.
        let facts = Facts::offline(region(session, project).as_deref());
        let facts = Facts { paths: paths.clone(), ..facts };
        let translation = translate(project, global.environment.as_deref(), &facts);
        let clean = !diagnostics.has_errors() && !translation.diagnostics.has_errors();
        if clean {
            diagnostics.extend(validate(&translation.desired));
        }
        let refused = match sends {
            true => undeployable(&translation.desired, project, &facts),
            false => Vec::new(),
        };
        let told = translation.diagnostics.iter().filter(|told| !is_repeated(told, &refused));
        diagnostics.extend(told.cloned());
        desired = translation.desired;
        diagnostics.extend(refused);
        let variables = loaded.environment();
        diagnostics.extend(absent(project, &variables, sends));
        if sends {
            vault = Vault::read(project, &desired, &variables, &mut diagnostics);
        }
        builds = builds::specs(project);
        diagnostics.extend(builds::faults(project, &builds, sends));
    }
    if strict {
        diagnostics.make_strict();
    }
    Ok(Examined { loaded, diagnostics, builds, desired, paths, vault })
}

/// Loads what the global options name.
pub(super) fn load_files(session: &Session) -> Result<Loaded, Error> {
    Ok(load(&load_options(session)?))
}

/// What the global options name, for a command that has more to say of the loading.
pub(super) fn load_options(session: &Session) -> Result<LoadOptions, Error> {
    let global = &session.global;
    let uses_stdin = global.files.iter().any(|file| file.as_os_str() == "-");
    Ok(LoadOptions {
        files: global.files.clone(),
        project_name: global.project_name.clone(),
        project_directory: global.project_directory.clone(),
        env_files: global.env_files.clone(),
        ecs_params: global.ecs_params.clone(),
        no_interpolate: false,
        profiles: global.profiles.clone(),
        // Without a name it asks `config` for something else.
        environment_name: global.environment.clone().filter(|name| !name.is_empty()),
        variables: variables(),
        cwd: session.cwd()?,
        stdin: if uses_stdin { Some(stdin()?) } else { None },
        services: Vec::new(),
    })
}

/// Variables whose names or values are not text cannot be used in a Compose file.
fn variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn stdin() -> Result<String, Error> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| Error::System {
        message: format!("failed to read the Compose file from stdin: {error}"),
        help: "pipe a UTF-8 text in, or name a file with -f".to_owned(),
    })?;
    Ok(text)
}

/// A project, and the names that its resources have on AWS. What is at fault for ECS is no fault for
/// those who only look, and warnings are `check`'s.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) project: Project,
    pub(super) desired: Desired,
}

impl Known {
    /// The family that a job of the file runs; nothing for a service that is no job.
    pub(super) fn job_family(&self, service: &str) -> Option<&str> {
        self.desired.job_family(&ResourceId::new(Kind::Job, service))
    }

    /// The container of a service, in whichever task it stands.
    pub(super) fn container(&self, service: &str) -> Option<&ContainerDefinition> {
        let name = container_name(service);
        let mut tasks = self.desired.resources.values().filter_map(|r| match &r.body {
            Body::TaskDefinition(task) => Some(task),
            _ => None,
        });
        tasks.find_map(|task| task.container_definitions.iter().find(|c| c.name == name))
    }
}

/// Reads the Compose files for a command that only looks.
pub(super) fn known(session: &Session) -> Result<Known, Error> {
    let loaded = load_files(session)?;
    let project = match loaded.project {
        Some(project) if !loaded.diagnostics.has_errors() => project,
        _ => {
            session.print(&loaded.diagnostics, &loaded.sources);
            return Err(Error::Compose);
        }
    };
    let facts = Facts::offline(region(session, &project).as_deref());
    let environment = session.global.environment.as_deref();
    let desired = translate(&project, environment, &facts).desired;
    Ok(Known { project, desired })
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

fn connection(session: &Session, project: &Project, sandbox: Option<&Sandbox>) -> ConnectOptions {
    ConnectOptions {
        region: region(session, project),
        profile: session.global.aws_profile.clone(),
        sandbox: sandbox.map(|sandbox| crate::aws::Sandbox {
            endpoint: sandbox.instance.endpoint(),
            registry: Some(sandbox.instance.registry()),
            scaling: false,
        }),
        attempts: None,
        poll: None,
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
    // Without a place for it, layers are packed again each time.
    let images = match super::sandbox::paths().ok().and_then(|paths| paths.images()) {
        Some(directory) => images.with_cache(&directory),
        None => images,
    };
    let aws = Aws::connect(connection(session, &app.project, sandbox.as_ref())).await?;
    let request = network_request(app, purpose);
    if let (Some(_), Some(domain)) = (&sandbox, &request.certificate) {
        aws.issue_certificate(domain).await?;
    }
    let mut facts = aws.facts(&request).await?;
    facts.paths.clone_from(&app.paths);
    if purpose.names_images() {
        outside::look_up(session, app, &aws, &mut facts).await?;
    }
    let mut builds = BTreeMap::new();
    for spec in app.builds.iter().filter(|_| purpose.names_images()) {
        let name = images.name(spec).await?;
        // A placeholder is built on nothing.
        let placeholders = sandbox.as_ref().is_some_and(|sandbox| !sandbox.has_engine());
        for base in name.unresolved_bases().iter().filter(|_| !placeholders) {
            session.screen.warning(&format!(
                "{}: the digest of the base image {base} is not known, so a new {base} alone will \
                 not be noticed",
                spec.service
            ));
        }
        facts.images.insert(spec.service.clone(), ImageFacts { tag: name.tag() });
        let id = ResourceId::new(Kind::Image, &spec.service);
        builds.insert(id, Build { spec: spec.clone(), name });
    }
    let vault = app.vault.clone();
    Ok(World::new(aws, facts, images, no_engine, builds, vault, sandbox, events))
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

/// Refuses what no plan could bring about.
pub(super) fn possible(
    session: &Session,
    app: &App,
    desired: &Desired,
    actual: &Actual,
) -> Result<(), Error> {
    let mut diagnostics = Diagnostics::default();
    for found in impossible(desired, actual) {
        let mut fault = Diagnostic::error(Code::Refused, found.message).help(found.help);
        let resource = desired.resources.get(&found.resource);
        if let Some(origin) = resource.and_then(|resource| resource.origin) {
            fault = fault.at(origin, "");
        }
        diagnostics.extend([fault.service(&found.resource.name)]);
    }
    if !diagnostics.has_errors() {
        return Ok(());
    }
    session.print(&diagnostics, &app.sources);
    Err(Error::Compose)
}
