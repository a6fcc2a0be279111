use std::mem::ManuallyDrop;
use std::path::Path;

use super::Session;
use super::prepare;
use crate::cli::ConvertArgs;
use crate::error::Error;
use crate::export::Export;

/// `decklift convert`
pub(super) fn run(session: &Session, arguments: &ConvertArgs) -> Result<(), Error> {
    // The program ends here: it would only take time to give back what is made of many services,
    // piece by piece.
    let app = ManuallyDrop::new(prepare::read(session, arguments.strict)?);
    let export = ManuallyDrop::new(Export::new(&app.desired));
    let Some(folder) = &arguments.out else {
        session.screen.data_with(|out| export.document(out));
        return Ok(());
    };
    export.each(|path, text| {
        write(folder, path, text).map_err(|error| Error::System {
            message: format!("failed to write {}: {error}", folder.join(path).display()),
            help: "name a folder that may be written with -o".to_owned(),
        })
    })?;
    session.notify(&format!("wrote {} files to {}", export.len(), folder.display()));
    Ok(())
}

fn write(folder: &Path, path: &str, text: &str) -> std::io::Result<()> {
    let path = folder.join(path);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    // What is there already is left alone: file systems that guard against losing a file that is
    // truncated and written anew wait for the disk, fifty times in a row.
    if std::fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    std::fs::write(path, text)
}
