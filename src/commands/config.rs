use super::Session;
use super::prepare;
use crate::cli::{ConfigArgs, ConfigFormat};
use crate::compose::{ConfigForm, canonical};
use crate::error::Error;
use crate::yaml;

/// `decklift config`
pub(super) fn run(session: &Session, arguments: &ConfigArgs) -> Result<(), Error> {
    let loaded = prepare::load_files(session)?;
    session.print(&loaded.diagnostics, &loaded.sources);
    if loaded.diagnostics.has_errors() {
        return Err(Error::Compose);
    }
    let project = loaded.project.as_ref();
    if arguments.services || arguments.images {
        for (name, service) in project.iter().flat_map(|project| &project.services) {
            let image = || {
                let given = service.image.as_ref().map(|image| image.value.clone());
                // What docker compose calls an image that only has a build.
                let project = project.map_or("", |project| project.name.as_str());
                given.unwrap_or_else(|| format!("{project}-{name}"))
            };
            session.screen.data(&if arguments.services { name.clone() } else { image() });
        }
        return Ok(());
    }
    let form = match arguments.format {
        ConfigFormat::Json => ConfigForm::Json,
        ConfigFormat::Yaml => ConfigForm::Yaml,
    };
    let Some(model) = canonical(&loaded, form) else { return Err(Error::Compose) };
    let text = match arguments.format {
        ConfigFormat::Json => serde_json::to_string_pretty(&model).unwrap_or_default(),
        ConfigFormat::Yaml => yaml::to_yaml(&model),
    };
    session.screen.data(text.trim_end());
    Ok(())
}
