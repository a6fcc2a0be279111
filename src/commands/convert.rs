use std::path::Path;

use super::Session;
use super::prepare;
use crate::cli::ConvertArgs;
use crate::error::Error;
use crate::export::{File, document, requests};

/// `decklift convert`
pub(super) fn run(session: &Session, arguments: &ConvertArgs) -> Result<(), Error> {
    // Only what becomes of the Compose files is needed from here on, and there may be much of them.
    let prepare::App { desired, .. } = prepare::read(session, arguments.strict)?;
    let files = requests(&desired);
    drop(desired);
    let Some(folder) = &arguments.out else {
        session.screen.data_with(|out| document(&files, out));
        return Ok(());
    };
    for file in &files {
        write(folder, file).map_err(|error| Error::System {
            message: format!("failed to write {}: {error}", folder.join(&file.path).display()),
            help: "name a folder that may be written with -o".to_owned(),
        })?;
    }
    session.notify(&format!("wrote {} files to {}", files.len(), folder.display()));
    Ok(())
}

fn write(folder: &Path, file: &File) -> std::io::Result<()> {
    let path = folder.join(&file.path);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    // What is there already is left alone: file systems that guard against losing a file that is
    // truncated and written anew wait for the disk, fifty times in a row.
    if std::fs::read(&path).is_ok_and(|there| there == file.text.as_bytes()) {
        return Ok(());
    }
    std::fs::write(path, &file.text)
}
