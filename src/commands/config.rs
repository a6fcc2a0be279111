use std::path::Path;

use super::Session;
use super::prepare;
use crate::cli::{ConfigArgs, ConfigFormat};
use crate::compose::{ConfigForm, Loaded, Project, print_canonical};
use crate::error::Error;

/// `decklift config`
pub(super) fn run(session: &Session, arguments: &ConfigArgs) -> Result<(), Error> {
    let loaded = prepare::load_files(session)?;
    session.print(&loaded.diagnostics, &loaded.sources);
    let text = match &loaded.project {
        Some(project) if !loaded.diagnostics.has_errors() => text(&loaded, project, arguments),
        _ => return Err(Error::Compose),
    };
    match &arguments.out {
        Some(path) => write(path, &text)?,
        None if text.is_empty() => {}
        None => session.screen.data(text.trim_end()),
    }
    // The program ends here; taking a large project apart first would only take time.
    std::mem::forget(loaded);
    Ok(())
}

fn text(loaded: &Loaded, project: &Project, arguments: &ConfigArgs) -> String {
    let list = &arguments.list;
    if list.services {
        return lines(project.services.keys());
    }
    if list.images {
        return lines(images(project));
    }
    if list.volumes {
        return lines(project.volumes.keys());
    }
    if list.networks {
        return lines(project.networks.keys());
    }
    let form = match arguments.format {
        Some(ConfigFormat::Json) => ConfigForm::Json,
        Some(ConfigFormat::Yaml) | None => ConfigForm::Yaml,
    };
    let text = print_canonical(loaded, form).unwrap_or_default();
    if text.ends_with('\n') { text } else { text + "\n" }
}

fn lines(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    names.into_iter().map(|name| format!("{}\n", name.as_ref())).collect()
}

fn images(project: &Project) -> impl Iterator<Item = String> {
    project.services.iter().map(|(name, service)| {
        let given = service.image.as_ref().map(|image| image.value.clone());
        // What docker compose calls an image that only has a build.
        given.unwrap_or_else(|| format!("{}-{name}", project.name))
    })
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(|error| Error::System {
        message: format!("failed to write {}: {error}", path.display()),
        help: "check that the folder exists and may be written to".to_owned(),
    })
}
