use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A file that this user alone may read, and that is gone when it is dropped.
#[derive(Debug, PartialEq, Eq)]
pub struct TemporaryFile(PathBuf);

impl TemporaryFile {
    /// Makes one, open to be written and read.
    ///
    /// # Errors
    ///
    /// There is no place, or no directory, for temporary files.
    pub(crate) fn create() -> io::Result<(Self, File)> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // Creating fails where something is already, so a name that is taken does no harm.
        for _ in 0..1000 {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("decklift-layer-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            match options.open(&path) {
                Ok(file) => return Ok((Self(path), file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("too many files named decklift-layer-* among the temporary ones"))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // Nothing can be done about a failure here.
        let _ = fs::remove_file(&self.0);
    }
}
