use std::io;
use std::path::PathBuf;

use crate::images::oci::OciError;

/// Why files could not be put on top of an image. The first group is the user's file at fault.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssetError {
    /// There is nothing to put on the image.
    #[error("find {}: it is mounted, and becomes a part of the image", .0.display())]
    Missing(PathBuf),
    /// A file or directory that this user may not read.
    #[error("read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// A socket, a pipe or a device.
    #[error("put {} into an image: it is no file, directory or link", .0.display())]
    SpecialFile(PathBuf),
    /// A link whose end is not in what is put on the image.
    #[error(
        "put {} into an image: it is a link to {link}, which is not in what is mounted",
        path.display()
    )]
    LinkLeaves {
        /// The link.
        path: PathBuf,
        /// What it says.
        link: String,
    },
    /// A name that means "deleted" in a layer.
    #[error("put {} into an image: names that start with `.wh.` mean a file that is gone", .0.display())]
    WhiteoutName(PathBuf),
    /// A file name that is no text, or a path that no kernel takes.
    #[error("put {} into an image: its name is too long", .0.display())]
    NameTooLong(PathBuf),
    /// More than an image should have on top.
    #[error("put {} into an image: it has {what}", path.display())]
    TooLarge {
        /// What is mounted.
        path: PathBuf,
        /// What there is too much of.
        what: &'static str,
    },
    /// Somebody edits it.
    #[error("read {}: it changed while it was read; run the command again", .0.display())]
    Changed(PathBuf),
    /// Not a path of a container.
    #[error("put a file at {0:?}: a target is an absolute path, and not the root")]
    BadTarget(String),
    /// A target that lies where a mount is.
    #[error("put a file at {target}: the mount at {mount} hides it")]
    Hidden {
        /// Where it was to be.
        target: String,
        /// The mount.
        mount: String,
    },
    /// Two targets that are one path of the image.
    #[error("put a file at {target}: in this image that is {path}, where another one is")]
    Twice {
        /// The second of them.
        target: String,
        /// Without the links.
        path: String,
    },
    /// A target below a file.
    #[error("put a file at {target}: in this image {path} is a file, not a directory")]
    NotADirectory {
        /// Where it was to be.
        target: String,
        /// What is there.
        path: String,
    },
    /// What is mounted of another image.
    #[error("put the content of {reference} at {target}: {why}")]
    Source {
        /// The other image.
        reference: String,
        /// Where it was to be.
        target: String,
        /// What is wrong with it.
        why: String,
    },
    /// Links that lead in a circle.
    #[error("put a file at {0}: the links of the image lead in a circle there")]
    LinkLoop(String),

    /// An archive that is none, or a hostile one.
    #[error("read a layer of the base image: {0}")]
    Layer(String),
    /// An image that files cannot be put on.
    #[error("put files on the image: {0}")]
    Base(String),
    /// It is made for other machines alone.
    #[error("find the image for {wanted}: the base has {offered}")]
    Platform {
        /// What was wanted.
        wanted: String,
        /// What there is.
        offered: String,
    },
    /// One layer more than engines take.
    #[error(
        "put files on the image: it has {0} layers, and engines take 125; make it of fewer layers, or COPY the files in its Dockerfile"
    )]
    TooManyLayers(usize),
    /// A file that passes by on this machine.
    #[error("write a file among the temporary ones: {0}")]
    Temporary(io::Error),
}

impl From<OciError> for AssetError {
    /// What an index of the base has not.
    fn from(error: OciError) -> Self {
        match error {
            OciError::NoPlatform { wanted, has } => {
                let offered = if has.is_empty() { "none".to_owned() } else { has.join(", ") };
                Self::Platform { wanted, offered }
            }
            other => Self::Base(other.to_string()),
        }
    }
}

impl AssetError {
    /// Whether the user's own files are at fault.
    #[must_use]
    pub fn is_users_fault(&self) -> bool {
        !matches!(
            self,
            Self::Layer(_)
                | Self::Base(_)
                | Self::Platform { .. }
                | Self::TooManyLayers(_)
                | Self::Temporary(_)
        )
    }

    /// What it is about, as the Compose file has it: a path of this machine or one of the container.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Missing(path)
            | Self::Unreadable { path, .. }
            | Self::SpecialFile(path)
            | Self::LinkLeaves { path, .. }
            | Self::WhiteoutName(path)
            | Self::NameTooLong(path)
            | Self::TooLarge { path, .. }
            | Self::Changed(path) => path.to_str(),
            Self::BadTarget(target)
            | Self::Hidden { target, .. }
            | Self::Twice { target, .. }
            | Self::NotADirectory { target, .. }
            | Self::Source { target, .. }
            | Self::LinkLoop(target) => Some(target),
            _ => None,
        }
    }

    /// What to do next, where the message does not say it.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::Missing(_) => "make it, or take the mount away",
            Self::SpecialFile(_) => "sockets and devices of this machine are not on ECS",
            Self::LinkLeaves { .. } => {
                "put the file itself there, or mount a directory that has both"
            }
            Self::TooLarge { .. } => "COPY it in the Dockerfile, or keep it on a volume",
            Self::Hidden { .. } => "mount the files elsewhere, or the volume deeper",
            _ => return None,
        })
    }
}
