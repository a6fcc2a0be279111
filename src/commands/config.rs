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
