use super::Session;
use super::prepare;
use crate::cli::{ConfigArgs, ConfigFormat};
use crate::compose::{ConfigForm, print_canonical};
use crate::error::Error;

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
    let Some(text) = print_canonical(&loaded, form) else { return Err(Error::Compose) };
    session.screen.data(text.trim_end());
    // The program ends here; taking a large project apart first would only take time.
    std::mem::forget(loaded);
    Ok(())
}
