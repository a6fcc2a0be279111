use std::path::PathBuf;

use indexmap::IndexMap;

use crate::source::Located;

/// `build`: how an image is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Build {
    /// The absolute path of the context directory.
    pub context: Located<PathBuf>,
    /// `dockerfile`, relative to the context; `Dockerfile` when absent.
    pub dockerfile: Option<Located<String>>,
    /// `args`; a bare `NAME` has taken the caller's value and is absent when there is none.
    pub args: IndexMap<String, Located<String>>,
    /// `target`: the stage to build.
    pub target: Option<Located<String>>,
    /// `labels`
    pub labels: IndexMap<String, Located<String>>,
    /// `platforms`
    pub platforms: Vec<Located<String>>,
    /// `dockerfile_inline`: the text of a Dockerfile
    pub dockerfile_inline: Option<Located<String>>,
    /// Whether the context is no directory of this machine: a git or other URL, another service.
    pub is_remote: bool,
    /// Where the attributes stand, in the order of the file. Their values are in
    /// [`Written`](super::Written).
    pub places: Vec<Located<String>>,
}
