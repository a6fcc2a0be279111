use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use super::Session;
use super::prepare;
use crate::cli::ConvertArgs;
use crate::error::Error;
use crate::export::Export;

/// `decklift convert`
pub(super) fn run(session: &Session, arguments: &ConvertArgs) -> Result<(), Error> {
    let prepare::App { desired, first_deploy, project, sources, builds, paths, .. } =
        prepare::read_to_convert(session, arguments.strict, arguments.resolve_digests)?;
    // Of many services it takes a while to give back what they were made of, and what they became.
    // The former leaves room for what follows; with the latter, the program ends.
    let thread = std::thread::Builder::new();
    let _ = thread.spawn(move || drop((project, sources, builds, paths)));
    let desired = ManuallyDrop::new(desired);
    let export = ManuallyDrop::new(Export::in_order(&desired, &first_deploy));
    let Some(folder) = &arguments.out else {
        session.screen.data_with(|out| export.document(out));
        return Ok(());
    };
    let mut writer = Writer { folder, made: HashSet::new() };
    export.each(|path, text| {
        writer.write(path, text).map_err(|error| Error::System {
            message: format!("failed to write {}: {error}", folder.join(path).display()),
            help: "name a folder that may be written with -o".to_owned(),
        })
    })?;
    session.notify(&format!("wrote {} files to {}", export.len(), folder.display()));
    Ok(())
}

/// Writes files into a folder.
struct Writer<'a> {
    folder: &'a Path,
    /// What was made in it.
    made: HashSet<PathBuf>,
}

impl Writer<'_> {
    fn write(&mut self, path: &str, text: &str) -> std::io::Result<()> {
        let path = self.folder.join(path);
        if let Some(parent) = path.parent()
            && !self.made.contains(parent)
        {
            std::fs::create_dir_all(parent)?;
            self.made.insert(parent.to_owned());
        }
        match File::create_new(&path) {
            Ok(mut file) => file.write_all(text.as_bytes()),
            // What is there already is left alone: file systems that guard against losing a file that is
            // truncated and written anew wait for the disk, fifty times in a row.
            Err(_) if std::fs::read(&path).is_ok_and(|there| there == text.as_bytes()) => Ok(()),
            Err(_) => std::fs::write(path, text),
        }
    }
}
