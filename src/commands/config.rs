mod variables;

use std::path::Path;

use super::Session;
use super::prepare;
use crate::cli::{ConfigArgs, ConfigFormat};
use crate::compose::{
    self, ConfigForm, LoadOptions, Loaded, Project, load, print_canonical, uninterpolated,
};
use crate::error::Error;
use crate::yaml;

/// `decklift config`
pub(super) fn run(session: &Session, arguments: &ConfigArgs) -> Result<(), Error> {
    let ConfigArgs {
        only,
        format,
        out: _,
        no_interpolate,
        no_env_resolution: _,
        environment: _,
        list,
    } = arguments;
    let written = *no_interpolate || list.variables;
    let options = LoadOptions {
        no_interpolate: written,
        services: only.clone(),
        ..prepare::load_options(session)?
    };
    let loaded = load(&options);
    session.print(&loaded.diagnostics, &loaded.sources);
    if loaded.diagnostics.has_errors() {
        return Err(Error::Compose);
    }
    if session.global.quiet && arguments.prints_model() {
        // As with docker compose, whose lists are printed all the same.
        return Ok(());
    }
    let text = match &loaded.project {
        _ if list.variables => variables::text(&compose::variables(&loaded), *format),
        None if written => as_written(&loaded, arguments),
        Some(project) => text(&loaded, project, arguments),
        None => return Err(Error::Compose),
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
    if list.profiles {
        return lines(loaded.profiles());
    }
    if arguments.lists_environment() {
        return lines(loaded.environment().iter().map(|(name, value)| format!("{name}={value}")));
    }
    if list.models {
        return lines(models(project));
    }
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
    let text = print_canonical(loaded, form(arguments)).unwrap_or_default();
    if text.ends_with('\n') { text } else { text + "\n" }
}

/// The model of `--no-interpolate`, or its services: more is not known where variables may stand.
fn as_written(loaded: &Loaded, arguments: &ConfigArgs) -> String {
    let form = form(arguments);
    let Some(model) = uninterpolated(loaded, form) else { return String::new() };
    if arguments.list.services {
        let services = model.get("services").and_then(serde_json::Value::as_object);
        return lines(services.into_iter().flat_map(|services| services.keys()));
    }
    match form {
        ConfigForm::Json => format!("{model:#}\n"),
        ConfigForm::Yaml => yaml::to_yaml(&model),
    }
}

fn form(arguments: &ConfigArgs) -> ConfigForm {
    match arguments.format {
        Some(ConfigFormat::Json) => ConfigForm::Json,
        Some(ConfigFormat::Yaml) | None => ConfigForm::Yaml,
    }
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

/// What the models of the project are called outside it.
fn models(project: &Project) -> impl Iterator<Item = &str> {
    let models = project.models.values();
    models.filter_map(|model| model.attributes.get("model")?.as_text())
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(|error| Error::System {
        message: format!("failed to write {}: {error}", path.display()),
        help: "check that the folder exists and may be written to".to_owned(),
    })
}
