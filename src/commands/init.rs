use std::path::{Component, Path, PathBuf};

use super::Session;
use crate::cli::{CiSystem, InitArgs};
use crate::error::Error;
use crate::export::Pipeline;

/// Where GitHub looks for workflows.
const GITHUB: &str = ".github/workflows/decklift.yml";

/// `decklift init`
pub(super) fn run(session: &Session, arguments: &InitArgs) -> Result<(), Error> {
    let pipeline = pipeline(session)?;
    if let Some(value) = pipeline.unfit() {
        return Err(Error::Usage {
            message: format!("{value:?} cannot stand in a pipeline"),
            help: "name it in one line, without `${{`".to_owned(),
        });
    }
    let (text, usual) = match arguments.ci {
        CiSystem::Github => (pipeline.github(), GITHUB),
    };
    let text = text.map_err(|error| Error::System {
        message: format!("failed to fill in the template: {error}"),
        help: "this is a fault of decklift; please report it".to_owned(),
    })?;
    let path = arguments.out.clone().unwrap_or_else(|| PathBuf::from(usual));
    if path.as_os_str() == "-" {
        session.screen.data(text.trim_end());
        return Ok(());
    }
    write(&path, &text, arguments.force)?;
    session.notify(&format!("wrote {}; its head says what to set up on GitHub", path.display()));
    Ok(())
}

/// The global options that were given, as the pipeline's commands are to have them.
fn pipeline(session: &Session) -> Result<Pipeline, Error> {
    let global = &session.global;
    let mut options = Vec::new();
    for (option, paths) in [("--file", &global.files), ("--env-file", &global.env_files)] {
        for path in paths {
            options.push((option, inside(session, path)?));
        }
    }
    if let Some(folder) = &global.project_directory {
        options.push(("--project-directory", inside(session, folder)?));
    }
    options.extend(global.profiles.iter().map(|profile| ("--profile", profile.clone())));
    let single = [
        ("--project-name", &global.project_name),
        ("--environment", &global.environment),
        ("--region", &global.region),
    ];
    options.extend(single.into_iter().filter_map(|(option, value)| Some((option, value.clone()?))));
    Ok(Pipeline { options, region: global.region.clone(), environment: global.environment.clone() })
}

/// A path as it stands in the repository, whose root is the working directory.
fn inside(session: &Session, path: &Path) -> Result<String, Error> {
    let cwd = session.cwd()?;
    let relative = if path.is_absolute() { path.strip_prefix(&cwd).ok() } else { Some(path) };
    let within = |path: &&Path| {
        path.as_os_str() != "-" && !path.components().any(|part| part == Component::ParentDir)
    };
    relative.filter(within).and_then(Path::to_str).map(str::to_owned).ok_or_else(|| Error::Usage {
        message: format!("a pipeline does not have {}", path.display()),
        help: "run `decklift init` at the root of the repository, and name files in it".to_owned(),
    })
}

fn write(path: &Path, text: &str, force: bool) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::System {
        message: format!("failed to write {}: {error}", path.display()),
        help: "name another file with -o, or print it with `-o -`".to_owned(),
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let mut file = match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Error::Usage {
                message: format!("{} exists already", path.display()),
                help: "overwrite it with --force, or print the new one with `-o -`".to_owned(),
            });
        }
        opened => opened.map_err(failed)?,
    };
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)
}
