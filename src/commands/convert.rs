use std::path::Path;

use super::Session;
use super::prepare;
use crate::cli::ConvertArgs;
use crate::ecs::translate;
use crate::error::Error;
use crate::export::{File, requests};

/// `decklift convert`
pub(super) fn run(session: &Session, arguments: &ConvertArgs) -> Result<(), Error> {
    let app = prepare::read(session, arguments.strict)?;
    let environment = session.global.environment.as_deref();
    let desired = translate(&app.project, environment, &prepare::offline(session, &app)).desired;
    let files = requests(&desired);
    let Some(folder) = &arguments.out else {
        // Without a folder: one document with every file, by path.
        let all: serde_json::Map<String, serde_json::Value> = files
            .into_iter()
            .map(|file| (file.path, serde_json::from_str(&file.text).unwrap_or_default()))
            .collect();
        session.screen.data(&serde_json::to_string_pretty(&all).unwrap_or_default());
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
