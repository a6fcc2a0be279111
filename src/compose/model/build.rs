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
}
