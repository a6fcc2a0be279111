use indexmap::IndexMap;

use super::{SecretExtension, Setting, Settings};
use crate::source::{Located, Span};

/// What a service says of the places where Compose takes more than the other fields of
/// [`super::Service`] hold: each in full, completed as Compose does it.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Written {
    /// `build`, but for its `args`, which take values of the caller.
    pub build: Option<Settings>,
    /// `deploy`
    pub deploy: Option<Settings>,
    /// `develop`
    pub develop: Option<Settings>,
    /// `ports`, those of the short form taken apart.
    pub ports: Vec<Setting>,
    /// `volumes`, those of the short form taken apart.
    pub volumes: Vec<Setting>,
    /// What the attachments to networks say, by network.
    pub networks: IndexMap<String, Settings>,
    /// `secrets`
    pub secrets: Vec<FileReference>,
    /// `configs`
    pub configs: Vec<FileReference>,
    /// `build.secrets`
    pub build_secrets: Vec<FileReference>,
}

/// A service's use of a secret or a config.
#[derive(Clone, Debug, PartialEq)]
pub struct FileReference {
    /// `source`: its name at the top level.
    pub source: Located<String>,
    /// All of it.
    pub settings: Settings,
}

/// A secret or config of the project. The value of neither is ever read.
#[derive(Clone, Debug, PartialEq)]
pub struct FileObject {
    /// Where it is defined.
    pub span: Span,
    /// `name`: the name outside Compose.
    pub name: Option<String>,
    /// `external`: made by somebody else.
    pub external: bool,
    /// The other attributes; `file` is absolute.
    pub settings: Settings,
    /// `x-ecs` of a secret
    pub extension: SecretExtension,
}
