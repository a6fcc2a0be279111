//! Plans in files: written by `plan -o FILE`, applied by `deploy FILE`.
//!
//! What was asked for when the plan was written holds when it is applied. Options that say something
//! else are refused; those that are not given are the plan's.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::Session;
use super::prepare::{self, App};
use super::world::World;
use crate::cli::{DeployArgs, Global, PlanArgs};
use crate::ecs::desired::Desired;
use crate::error::Error;
use crate::plan::{Asked, Plan, SavedPlan, Target, Unreadable};
use crate::report::harmless;

/// The longest file that is read.
const LONGEST: u64 = 64 << 20;

/// A plan that was read from a file.
pub(super) struct Taken {
    file: String,
    saved: SavedPlan,
}

/// What the command line asks for, as the file keeps it.
pub(super) fn asked(session: &Session, arguments: &PlanArgs) -> Result<Asked, Error> {
    let PlanArgs {
        services,
        exit_code: _,
        out: _,
        allow_public,
        create_vpc,
        no_verify: _,
        scope,
        build,
        given,
        strict: _,
    } = arguments;
    if session.global.files.iter().any(|file| file.as_os_str() == "-") {
        return Err(Error::Usage {
            message: "a plan in a file needs its Compose files again when it is applied, and \
                      standard input is gone then"
                .to_owned(),
            help: "write the Compose file to a file, and name that with -f".to_owned(),
        });
    }
    Ok(Asked {
        services: services.clone(),
        no_deps: scope.no_deps,
        scale: scope.scale.iter().cloned().collect(),
        force: scope.force,
        no_rollback: scope.no_rollback,
        build: build.build,
        no_cache: build.no_cache,
        pull: build.pull,
        image: given.images.clone(),
        allow_public: *allow_public,
        create_vpc: *create_vpc,
        allow_destroy: scope.allow_destroy.clone(),
        ..global(&session.global)
    })
}

/// The part of it that every command takes.
fn global(global: &Global) -> Asked {
    let texts = |paths: &[PathBuf]| paths.iter().map(|path| text(path)).collect();
    Asked {
        file: texts(&global.files),
        project_name: global.project_name.clone(),
        project_directory: global.project_directory.as_deref().map(text),
        env_file: texts(&global.env_files),
        profile: global.profiles.clone(),
        ecs_params: global.ecs_params.as_deref().map(text),
        inspect_images: global.inspect_images,
        ..Asked::default()
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn target(session: &Session, app: &App, world: &World<'_>) -> Target {
    Target {
        project: app.project.name.clone(),
        environment: session.global.environment.clone(),
        account: world.facts().account.clone(),
        region: world.region().to_owned(),
        sandbox: session.global.sandbox,
    }
}

/// Writes a plan to a file that only its owner reads.
pub(super) fn write(
    session: &Session,
    file: &Path,
    world: &World<'_>,
    app: &App,
    asked: Asked,
    plan: &Plan,
    desired: &Desired,
) -> Result<(), Error> {
    let failed = |why: String| Error::System {
        message: format!("failed to write the plan to {}: {why}", file.display()),
        help: "name a file in a folder that you may write to".to_owned(),
    };
    let target = target(session, app, world);
    let secret = |id: &_| world.secret(id);
    let saved = SavedPlan::new(target, asked, plan.clone(), desired, &secret).map_err(failed)?;
    put(file, &saved.to_text()).map_err(|error| failed(error.to_string()))?;
    session.screen.note(&format!(
        "The plan stands in {0}; `decklift deploy {0}` does exactly this, or refuses.",
        file.display()
    ));
    Ok(())
}

fn put(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    // One that was there already keeps its mode otherwise.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if file.metadata()?.is_file() {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
    }
    file.write_all(text.as_bytes())?;
    file.flush()
}

/// The plan that the command line names in the place of services; a service of that name goes first.
pub(super) fn find(session: &Session, arguments: &DeployArgs) -> Result<Option<Taken>, Error> {
    for name in &arguments.targets {
        let Some(text) = read(Path::new(name)) else { continue };
        let found = match SavedPlan::parse(&text) {
            Err(Unreadable::NoPlan) => continue,
            found => found,
        };
        let project = prepare::load_files(session)?.project;
        if project.is_some_and(|project| project.services.contains_key(name)) {
            session.screen.warning(&format!(
                "{name} is a service and the file of a plan: the service is deployed; `./{name}` \
                 names the file"
            ));
            continue;
        }
        let refuse = |message: String, help: &str| Error::Usage { message, help: help.to_owned() };
        let saved = found.map_err(|why| {
            let why = match why {
                Unreadable::Faulty(why) => why,
                Unreadable::NoPlan => "it holds no plan".to_owned(),
            };
            let message = format!("the plan in {name} cannot be applied: {why}");
            refuse(message, "write it anew with `decklift plan -o FILE`")
        })?;
        if arguments.targets.len() > 1 {
            let message = format!("the plan in {name} says itself which services it is about");
            return Err(refuse(message, "name the file alone"));
        }
        return Ok(Some(Taken { file: name.clone(), saved }));
    }
    Ok(None)
}

/// The text of a file, where it is one and may be a plan.
fn read(path: &Path) -> Option<String> {
    let file = File::open(path).ok()?;
    let mut text = String::new();
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    file.take(LONGEST).read_to_string(&mut text).ok()?;
    Some(text)
}

impl Taken {
    /// The session with the plan's options.
    pub(super) fn session(&self, session: &Session) -> Result<Session, Error> {
        let Target { environment, region, sandbox, .. } = &self.saved.target;
        let then = &self.saved.options;
        let mut options = session.global.clone();
        let now = global(&options);
        let paths = |list: &[String]| list.iter().map(PathBuf::from).collect();
        self.agrees("--file", now.file.is_empty() || now.file == then.file)?;
        self.agrees("--project-name", fits(&now.project_name, &then.project_name))?;
        self.agrees("--project-directory", fits(&now.project_directory, &then.project_directory))?;
        self.agrees("--env-file", now.env_file.is_empty() || now.env_file == then.env_file)?;
        self.agrees("--profile", now.profile.is_empty() || now.profile == then.profile)?;
        self.agrees("--ecs-params", fits(&now.ecs_params, &then.ecs_params))?;
        self.agrees("--inspect-images", !now.inspect_images || then.inspect_images)?;
        self.agrees("--environment", fits(&options.environment, environment))?;
        self.agrees("--region", options.region.as_ref().is_none_or(|given| given == region))?;
        self.agrees("--sandbox", !options.sandbox || *sandbox)?;
        options.files = paths(&then.file);
        options.project_name.clone_from(&then.project_name);
        options.project_directory = then.project_directory.as_ref().map(PathBuf::from);
        options.env_files = paths(&then.env_file);
        options.profiles.clone_from(&then.profile);
        options.ecs_params = then.ecs_params.as_ref().map(PathBuf::from);
        options.inspect_images = then.inspect_images;
        options.environment.clone_from(environment);
        options.region = Some(region.clone());
        options.sandbox = *sandbox;
        Ok(session.with(options))
    }

    /// The arguments with the plan's options.
    pub(super) fn arguments(&self, arguments: &DeployArgs) -> Result<DeployArgs, Error> {
        let then = &self.saved.options;
        let mut now = arguments.clone();
        let scope = &now.scope;
        let scale = then.scale.iter().map(|(name, number)| (name.clone(), *number)).collect();
        self.agrees("--no-deps", !scope.no_deps || then.no_deps)?;
        self.agrees("--scale", scope.scale.is_empty() || scope.scale == scale)?;
        self.agrees("--force", !scope.force || then.force)?;
        self.agrees("--no-rollback", !scope.no_rollback || then.no_rollback)?;
        let destroy = &scope.allow_destroy;
        self.agrees("--allow-destroy", destroy.is_empty() || *destroy == then.allow_destroy)?;
        self.agrees("--build", !now.build.build || then.build)?;
        self.agrees("--no-cache", !now.build.no_cache || then.no_cache)?;
        self.agrees("--pull", !now.build.pull || then.pull)?;
        self.agrees("--no-build", !now.no_build || !(then.build || then.no_cache))?;
        self.agrees("--image", now.given.images.is_empty() || now.given.images == then.image)?;
        self.agrees("--create-vpc", !now.create_vpc || then.create_vpc)?;
        now.create_vpc = then.create_vpc;
        now.targets.clone_from(&then.services);
        now.scope.no_deps = then.no_deps;
        now.scope.scale = scale;
        now.scope.force = then.force;
        now.scope.no_rollback = then.no_rollback;
        now.scope.allow_destroy.clone_from(&then.allow_destroy);
        now.build.build = then.build;
        now.build.no_cache = then.no_cache;
        now.build.pull = then.pull;
        now.given.images.clone_from(&then.image);
        now.allow_public |= then.allow_public;
        Ok(now)
    }

    fn agrees(&self, option: &str, agrees: bool) -> Result<(), Error> {
        if agrees {
            return Ok(());
        }
        Err(Error::Usage {
            message: format!("the plan in {} was written without this {option}", self.file),
            help: "leave it out: what was asked for then holds; or write another plan".to_owned(),
        })
    }

    /// Refuses another project or another account.
    pub(super) fn check_place(
        &self,
        session: &Session,
        app: &App,
        world: &World<'_>,
    ) -> Result<(), Error> {
        let (there, here) = (&self.saved.target, target(session, app, world));
        let differs = [
            ("project", &there.project, &here.project),
            ("account", &there.account, &here.account),
            ("region", &there.region, &here.region),
        ];
        let other = differs.into_iter().find(|(_, there, here)| there != here);
        let Some((what, there, here)) = other else { return Ok(()) };
        Err(Error::Usage {
            message: format!(
                "the plan in {} is for the {what} {there}, and this is {here}",
                self.file
            ),
            help: "apply it where it was made for, or write one for here".to_owned(),
        })
    }

    /// Refuses when what would be done now is something else.
    pub(super) fn check_world(
        &self,
        world: &World<'_>,
        plan: &Plan,
        desired: &Desired,
    ) -> Result<(), Error> {
        let moved = self.saved.moved(plan, desired, &|id: &_| world.secret(id));
        if moved.is_empty() {
            return Ok(());
        }
        Err(Error::System {
            message: format!(
                "the world has moved since the plan in {} was written; nothing was done:\n  {}",
                self.file,
                moved.iter().map(|line| harmless(line)).collect::<Vec<_>>().join("\n  ")
            ),
            help: format!("write it anew with `decklift plan -o {}`, and read it", self.file),
        })
    }
}

/// Whether an option is not given, or says the same.
fn fits(now: &Option<String>, then: &Option<String>) -> bool {
    now.is_none() || now == then
}
