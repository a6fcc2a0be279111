use std::fmt;
use std::path::PathBuf;

/// A file, or a directory, that is laid over an image before it is pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Where its content comes from.
    pub source: AssetSource,
    /// Absolute path in the container.
    pub target: String,
    /// Who it belongs to there.
    pub uid: u32,
    /// The group that it belongs to there.
    pub gid: u32,
    /// Permissions; those of the source where nothing is said.
    pub mode: Option<u32>,
}

/// Where the content of an [`Asset`] comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum AssetSource {
    /// A file or directory of this machine; absolute.
    Path(PathBuf),
    /// The text itself.
    Content(String),
    /// A variable of whoever deploys; its value is read when the image is made.
    Variable(String),
    /// A symbolic link to this absolute path of the container.
    Link(String),
}

/// A text may hold what its author did not want to see in a log.
impl fmt::Debug for AssetSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Self::Content(text) => write!(f, "Content({} bytes)", text.len()),
            Self::Variable(name) => f.debug_tuple("Variable").field(name).finish(),
            Self::Link(path) => f.debug_tuple("Link").field(path).finish(),
        }
    }
}
