use std::path::PathBuf;

use indexmap::IndexMap;

use super::Settings;
use crate::source::{Located, Span};

/// A named volume of the project.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    /// Where it is defined.
    pub span: Span,
    /// `name`: the name outside Compose.
    pub name: Option<Located<String>>,
    /// `external`: made by somebody else.
    pub external: bool,
    /// `driver`
    pub driver: Option<Located<String>>,
    /// `driver_opts`
    pub driver_opts: IndexMap<String, Located<String>>,
    /// All attributes but `name` and `external`.
    pub settings: Settings,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountKind {
    /// A named volume, by its key under the project's `volumes`.
    Volume(String),
    /// A volume without a name.
    Anonymous,
    /// A file or directory of the machine that runs Compose; absolute.
    Bind(PathBuf),
    /// What ECS does not have: an image, a named pipe, a cluster volume. The type.
    Other(String),
    /// Memory; the size in bytes when given.
    Tmpfs {
        /// `tmpfs.size`, bytes
        size: Option<u64>,
    },
}

/// One entry of a service's `volumes` or `tmpfs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// What is mounted.
    pub kind: MountKind,
    /// The absolute path inside the container.
    pub target: String,
    /// `read_only`, or `:ro`
    pub read_only: bool,
}
