use std::fmt;

use serde::{Deserialize, Serialize};

/// A file, or a directory, that is put on top of an image before it is pushed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asset {
    /// The absolute path inside the container.
    pub target: String,
    /// Where its content comes from.
    pub source: AssetSource,
    /// Whether the target is a directory, which then hides what the image has there.
    pub is_directory: bool,
    /// Whom it belongs to there.
    pub uid: u32,
    /// The group that it belongs to there.
    pub gid: u32,
    /// Permissions; where nothing is said 0755 for what git knows as executable and for
    /// directories, and 0644 for other files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
}

impl Asset {
    /// What belongs to root, with the permissions of its source.
    #[must_use]
    pub fn of_root(target: String, source: AssetSource, is_directory: bool) -> Self {
        Self { target, source, is_directory, uid: 0, gid: 0, mode: None }
    }
}

/// Where the content of an [`Asset`] comes from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AssetSource {
    /// A file or directory: its path from the project's directory, with slashes; absolute where it
    /// is not in it.
    Path(String),
    /// Another image's content.
    Image {
        /// Its reference.
        reference: String,
        /// The directory in it; all of it when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subpath: Option<String>,
    },
    /// The text itself.
    Content {
        /// It may hold what its author did not want to see in a log, and is written nowhere.
        #[serde(skip)]
        text: String,
    },
    /// A variable of whoever deploys; its value is read when the image is made.
    Variable(String),
    /// A symbolic link to this absolute path of the container.
    Link(String),
}

impl fmt::Debug for AssetSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Self::Image { reference, subpath } => f
                .debug_struct("Image")
                .field("reference", reference)
                .field("subpath", subpath)
                .finish(),
            Self::Content { text } => write!(f, "Content({} bytes)", text.len()),
            Self::Variable(name) => f.debug_tuple("Variable").field(name).finish(),
            Self::Link(path) => f.debug_tuple("Link").field(path).finish(),
        }
    }
}
