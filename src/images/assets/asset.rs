use std::fmt;
use std::path::PathBuf;

/// A file, a directory or a link that is put on top of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The absolute path inside the container.
    pub target: String,
    /// Where its content comes from.
    pub source: AssetSource,
    /// Whom it belongs to there.
    pub uid: u32,
    /// The group that it belongs to there.
    pub gid: u32,
    /// Permissions of a file, and of the files of a directory; where nothing is said 0755 for what
    /// git knows as executable, and 0644 for the others. Directories are 0755 always.
    pub mode: Option<u32>,
}

impl Asset {
    /// What belongs to root, with the permissions of its source.
    #[must_use]
    pub fn of_root(target: impl Into<String>, source: AssetSource) -> Self {
        Self { target: target.into(), source, uid: 0, gid: 0, mode: None }
    }
}

/// Where the content of an [`Asset`] comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum AssetSource {
    /// A file or directory of this machine, as it is there.
    Path(PathBuf),
    /// The content of a file. It may be nothing that its author wants to see in a log.
    Text(String),
    /// A symbolic link to this path of the container.
    Link(String),
    /// The content of another image, with the owners and permissions that it has there.
    Image(ImageSource),
}

/// A part of another image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSource {
    /// Its reference.
    pub reference: String,
    /// The directory in it; all of it when absent.
    pub subpath: Option<String>,
    /// What tells it from all other images: a digest, or the reference as long as nobody knows one.
    pub identity: String,
}

impl fmt::Debug for AssetSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Link(path) => f.debug_tuple("Link").field(path).finish(),
            Self::Image(source) => f.debug_tuple("Image").field(source).finish(),
        }
    }
}
