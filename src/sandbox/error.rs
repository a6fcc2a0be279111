use std::path::PathBuf;

/// Why the sandbox cannot run.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// There is no folder for caches.
    #[error("find a cache folder: neither HOME nor XDG_CACHE_HOME is set")]
    NoCache,
    /// A file or folder of the sandbox cannot be used.
    #[error("{action} {}: {source}", .path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// There is no Python, or it is too old.
    #[error("find Python 3.10 or newer: {tried}")]
    NoPython {
        /// What was tried and what it said.
        tried: String,
    },
    /// Python cannot make virtual environments.
    #[error("make a Python virtual environment: {output}")]
    Venv {
        /// The last lines that it printed.
        output: String,
    },
    /// The emulator cannot be installed.
    #[error("install the AWS emulator: {output}")]
    Install {
        /// The last lines that pip printed.
        output: String,
    },
    /// The emulator did not come up.
    #[error("start the sandbox: {output}")]
    Start {
        /// The last lines of its log.
        output: String,
        /// Where the whole log is.
        log: PathBuf,
    },
    /// It runs, and its answer makes no sense.
    #[error("ask the sandbox on port {port}: {message}")]
    Answer {
        /// Its port.
        port: u16,
        /// What went wrong.
        message: String,
    },
}

impl SandboxError {
    /// What to do next.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::NoCache => "set HOME, or DECKLIFT_CACHE_DIR to a folder that may be written".into(),
            Self::File { .. } => {
                "set DECKLIFT_CACHE_DIR to a folder that may be written, or free the disk".into()
            }
            Self::NoPython { .. } => "install Python 3.10 or newer, or set DECKLIFT_PYTHON to one; \
                 the sandbox is the only part of decklift that needs it"
                .into(),
            Self::Venv { .. } => "install Python's venv module (Debian and Ubuntu: \
                 `apt install python3-venv`)"
                .into(),
            Self::Install { .. } => {
                "check that pip reaches a package index (PIP_INDEX_URL, proxy settings), then try again"
                    .into()
            }
            Self::Start { log, .. } => format!(
                "read {}, then `decklift sandbox reset` starts from nothing",
                log.display()
            ),
            Self::Answer { .. } => "`decklift sandbox stop` ends it; the next command starts it anew".into(),
        }
    }

    pub(super) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}
