//! What a command can fail with, and the exit code of each.

use crate::apply::{CloudError, CloudErrorKind, Verdict};
use crate::images::ImageError;
use crate::sandbox::SandboxError;

/// Why a command did not succeed.
#[derive(Debug)]
pub enum Error {
    /// The Compose file is at fault; the diagnostics were printed.
    Compose,
    /// The plan has changes, and `--exit-code` asked.
    Changes,
    /// The command line, or what must be said there, is at fault.
    Usage {
        /// What is wrong.
        message: String,
        /// The way out.
        help: String,
    },
    /// AWS, or the way to it, is at fault.
    Cloud(CloudError),
    /// The sandbox is at fault.
    Sandbox(SandboxError),
    /// An image cannot be named, built or pushed.
    Image(ImageError),
    /// A deployment did not succeed; the report was printed.
    Deployment(Verdict),
    /// Another deployment holds the lock, or took it from this one.
    Lock {
        /// Who has it.
        message: String,
        /// The way out.
        help: String,
    },
    /// What was found in images keeps them from being used; the findings were printed.
    Scan {
        /// Which images.
        message: String,
        /// The way out.
        help: String,
    },
    /// Something stands in the way of a deploy; it was printed.
    Verify {
        /// Whether the Compose file is at fault, for one thing.
        file: bool,
    },
    /// Something on this machine is at fault.
    System {
        /// What was tried and why it failed.
        message: String,
        /// The way out.
        help: String,
    },
}

impl Error {
    /// The exit code, as the README lists them.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Compose | Self::Verify { file: true } => 3,
            Self::Changes => 2,
            Self::Usage { .. } => 64,
            Self::Lock { .. } => 8,
            Self::Image(error) if error.is_users_fault() => 3,
            Self::Cloud(_)
            | Self::Sandbox(_)
            | Self::Verify { file: false }
            | Self::Image(_)
            | Self::Scan { .. }
            | Self::System { .. } => 1,
            Self::Deployment(verdict) => match verdict {
                Verdict::Done => 0,
                Verdict::Failed => 1,
                Verdict::RolledBack => 4,
                Verdict::DeploymentFailed => 5,
                Verdict::TimedOut => 6,
                Verdict::JobFailed => 7,
                Verdict::Interrupted => 130,
            },
        }
    }

    /// The message and the way out; nothing for what was printed already.
    #[must_use]
    pub fn message(&self) -> Option<(String, Option<String>)> {
        match self {
            Self::Compose | Self::Changes | Self::Deployment(_) | Self::Verify { .. } => None,
            Self::Usage { message, help }
            | Self::Lock { message, help }
            | Self::Scan { message, help }
            | Self::System { message, help } => Some((message.clone(), Some(help.clone()))),
            Self::Cloud(error) => {
                // An API operation is called; everything else is a verb already.
                let call = if error.operation.contains(':') { "call " } else { "" };
                let mut message = format!("failed to {call}{error}");
                if let Some(id) = &error.request_id {
                    message.push_str(&format!(" (request {id})"));
                }
                let mut help = error.help.clone();
                if error.kind == CloudErrorKind::AccessDenied {
                    let all = "`decklift verify` says what else is missing";
                    help =
                        Some(help.map_or_else(|| all.to_owned(), |help| format!("{help}; {all}")));
                }
                Some((message, help))
            }
            Self::Sandbox(error) => Some((format!("failed to {error}"), Some(error.help()))),
            Self::Image(error) => Some((format!("failed to {error}"), error.help())),
        }
    }
}

impl From<CloudError> for Error {
    fn from(error: CloudError) -> Self {
        Self::Cloud(error)
    }
}

impl From<SandboxError> for Error {
    fn from(error: SandboxError) -> Self {
        Self::Sandbox(error)
    }
}

impl From<ImageError> for Error {
    fn from(error: ImageError) -> Self {
        Self::Image(error)
    }
}
