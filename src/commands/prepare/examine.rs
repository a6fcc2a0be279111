//! From the command line to an application that is free of faults, with nothing known of the world.

use std::collections::BTreeMap;
use std::io::Read;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::thread;

use super::absent::absent;
use super::{App, builds, extensions, region, scaled};
use crate::cli::GivenArgs;
use crate::commands::vault::Vault;
use crate::commands::{Session, built, inspected, mounted, pinned};
use crate::compose::{LoadOptions, Loaded, Users, load};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ecs::deployable::{is_repeated, undeployable, unpushable};
use crate::ecs::desired::Desired;
use crate::ecs::facts::{DockerfileFacts, Facts, PathFacts};
use crate::ecs::{translate, validate};
use crate::error::Error;
use crate::images::BuildSpec;
use crate::plan::{Action, first_deploy};

/// What was read, with everything there is to say about it.
#[derive(Debug)]
pub(in crate::commands) struct Examined {
    pub(in crate::commands) loaded: Loaded,
    pub(in crate::commands) diagnostics: Diagnostics,
    builds: Vec<BuildSpec>,
    desired: Desired,
    paths: BTreeMap<PathBuf, PathFacts>,
    dockerfiles: BTreeMap<String, DockerfileFacts>,
    first_deploy: Vec<(usize, Action)>,
    vault: Vault,
    extended: Vec<extensions::Extended>,
    users: Users,
}

/// What files are examined for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    /// To say what there is to say of them.
    Look,
    /// To say what would be sent, and whether images are called by their digests.
    Convert { resolves: bool },
    /// To push images: what they are made of and is missing at home is an error.
    Push,
    /// To send it: what is missing at home, and what cannot be deployed yet, are errors.
    Send,
}

/// What the command line says beside the files.
#[derive(Clone, Copy, Debug)]
pub(in crate::commands) struct Wish<'a> {
    /// Services that are deployed, if not all.
    pub(in crate::commands) services: &'a [String],
    /// How many tasks a service runs.
    pub(in crate::commands) scale: &'a [(String, u32)],
    /// Images that somebody else made.
    pub(in crate::commands) given: &'a GivenArgs,
}

impl Examined {
    /// Prints the diagnostics; the application, when it has no fault.
    pub(in crate::commands) fn finish(self, session: &Session) -> Result<App, Error> {
        let Self {
            loaded,
            diagnostics,
            builds,
            desired,
            paths,
            dockerfiles,
            first_deploy,
            vault,
            extended,
            users,
        } = self;
        session.print_of(&diagnostics, &loaded.sources, &users);
        match loaded.project {
            Some(project) if !diagnostics.has_errors() => {
                let (sources, told) = (loaded.sources, diagnostics);
                Ok(App {
                    project,
                    sources,
                    builds,
                    builds_again: false,
                    creates_vpc: false,
                    desired,
                    paths,
                    dockerfiles,
                    first_deploy,
                    vault,
                    given: BTreeMap::new(),
                    extended,
                    told,
                })
            }
            _ => Err(Error::Compose),
        }
    }
}

/// Reads the Compose files, and translates them with nothing known of the world, so that every fault
/// is reported before anything is started or asked.
pub(in crate::commands) fn read(session: &Session, strict: bool) -> Result<App, Error> {
    examine(session, strict)?.finish(session)
}

/// As [`read`], with what a first deploy does.
pub(in crate::commands) fn read_to_convert(
    session: &Session,
    strict: bool,
    resolves: bool,
) -> Result<App, Error> {
    let examined = examine_as(session, strict, Aim::Convert { resolves })?;
    // What becomes of each attribute, `check` says.
    session.summarise("convert", &[], &examined.diagnostics, &examined.loaded.sources);
    examined.finish(session)
}

/// As [`read`], for a command that pushes images and sends nothing else.
pub(in crate::commands) fn read_to_push(
    session: &Session,
    strict: bool,
    given: &GivenArgs,
) -> Result<App, Error> {
    examine_with(session, strict, Aim::Push, Wish { services: &[], scale: &[], given })?
        .finish(session)
}

/// As [`read`], for a command that sends what it read, or says what it would send: what is missing at
/// home, and what cannot be deployed yet, are errors.
pub(in crate::commands) fn read_to_deploy(
    session: &Session,
    strict: bool,
    wish: Wish<'_>,
) -> Result<App, Error> {
    examine_with(session, strict, Aim::Send, wish)?.finish(session)
}

/// As [`read`], with nothing printed yet.
pub(in crate::commands) fn examine(session: &Session, strict: bool) -> Result<Examined, Error> {
    examine_as(session, strict, Aim::Look)
}

fn examine_as(session: &Session, strict: bool, aim: Aim) -> Result<Examined, Error> {
    let given = &GivenArgs::default();
    examine_with(session, strict, aim, Wish { services: &[], scale: &[], given })
}

/// Images that are given are not built: nothing is said of what they would be built of.
fn examine_with(
    session: &Session,
    strict: bool,
    aim: Aim,
    wish: Wish<'_>,
) -> Result<Examined, Error> {
    let Wish { services, scale, given } = wish;
    let sends = aim == Aim::Send;
    let global = &session.global;
    let mut loaded = load(&LoadOptions { wanted: services.to_vec(), ..load_options(session)? });
    if let Some(project) = &mut loaded.project {
        scaled::apply(project, scale)?;
    }
    let mut diagnostics = std::mem::take(&mut loaded.diagnostics);
    diagnostics.extend(std::mem::take(&mut loaded.outcomes));
    let mut builds = match &loaded.project {
        Some(project) => builds::specs(project, &loaded.environment()),
        None => Vec::new(),
    };
    let mut desired = Desired::default();
    let mut paths = BTreeMap::new();
    let mut built = built::Built::default();
    let mut first_deploy = Vec::new();
    let mut vault = Vault::default();
    let mut extended = Vec::new();
    if let Some(project) = loaded.project.as_mut().filter(|_| global.inspect_images) {
        let found = inspected::look(session, project)?;
        diagnostics.extend(inspected::apply(project, &found));
    }
    if let Some(project) = &mut loaded.project {
        built = built::apply(project, &builds);
        diagnostics.extend(std::mem::take(&mut built.said));
    }
    builds.retain(|spec| given.services().all(|service| service != spec.service));
    // Nobody else says whom it concerns.
    let users = if session.json() { Users::of(&loaded) } else { Users::default() };
    if aim != Aim::Look {
        // Only those who look print what the files say. The translation finds room where it stood.
        loaded.forget_document();
    }
    if let Some(project) = &loaded.project {
        paths = mounted::look(project);
        // Faults of the translation are worth knowing even when the file has others.
        let facts = Facts::offline(region(session, project).as_deref());
        let facts = Facts { paths: paths.clone(), dockerfiles: built.facts.clone(), ..facts };
        let pinned = match aim {
            Aim::Convert { resolves: true } => {
                let known = translate(project, global.environment.as_deref(), &facts).desired;
                let found = pinned::look(project, &known)?;
                pinned::told(session, &loaded.sources, found)?
            }
            _ => BTreeMap::new(),
        };
        let facts = Facts { pinned, ..facts };
        let translation = translate(project, global.environment.as_deref(), &facts);
        let clean = !diagnostics.has_errors() && !translation.diagnostics.has_errors();
        if clean {
            let (faults, order) =
                validated(&translation.desired, matches!(aim, Aim::Convert { .. }));
            diagnostics.extend(faults);
            first_deploy = order;
        }
        let refused = match aim {
            Aim::Send => undeployable(&translation.desired, project, &facts),
            Aim::Push => unpushable(&translation.desired, project, &facts),
            Aim::Look | Aim::Convert { .. } => Vec::new(),
        };
        let told = translation.diagnostics.into_iter();
        diagnostics.extend(told.filter(|told| !is_repeated(told, &refused)));
        desired = translation.desired;
        diagnostics.extend(refused);
        let variables = loaded.environment();
        diagnostics.extend(absent(project, &variables, sends, aim == Aim::Push));
        if sends {
            vault = Vault::read(project, &desired, &variables, &mut diagnostics);
        }
        if sends || aim == Aim::Push {
            extended = extensions::read(project, &desired, &variables);
        }
        diagnostics.extend(builds::faults(
            project,
            &builds,
            &built.errors,
            sends || aim == Aim::Push,
        ));
    }
    if strict {
        diagnostics.make_strict();
    }
    Ok(Examined {
        loaded,
        diagnostics,
        builds,
        desired,
        paths,
        dockerfiles: built.facts,
        first_deploy,
        vault,
        extended,
        users,
    })
}

/// What AWS would not take, and, where it is asked for, what a first deploy does: thought of at the
/// same time, since neither needs the other.
fn validated(desired: &Desired, orders: bool) -> (Vec<Diagnostic>, Vec<(usize, Action)>) {
    thread::scope(|scope| {
        let order = orders.then(|| scope.spawn(|| first_deploy(desired)));
        let faults = validate(desired);
        let order = order.map(|order| order.join().unwrap_or_else(|panic| resume_unwind(panic)));
        (faults, order.unwrap_or_default())
    })
}

/// Loads what the global options name.
pub(in crate::commands) fn load_files(session: &Session) -> Result<Loaded, Error> {
    Ok(load(&load_options(session)?))
}

/// What the global options name, for a command that has more to say of the loading.
pub(in crate::commands) fn load_options(session: &Session) -> Result<LoadOptions, Error> {
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
        wanted: Vec::new(),
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
