use std::collections::HashSet;
use std::path::PathBuf;

use indexmap::IndexMap;

use super::{FileObject, Network, ProjectExtension, Service, Setting, Settings, Volume};

/// A whole Compose application.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// The project name: lower-case letters, digits, `-` and `_`, starting with a letter or digit.
    pub name: String,
    /// The absolute directory that relative paths of the model were resolved against.
    pub directory: PathBuf,
    /// Services by name, in the order of the file.
    pub services: IndexMap<String, Box<Service>>,
    /// Networks by name; `default` is there when any service uses it.
    pub networks: IndexMap<String, Network>,
    /// Named volumes by name.
    pub volumes: IndexMap<String, Volume>,
    /// Secrets by name.
    pub secrets: IndexMap<String, FileObject>,
    /// Configs by name.
    pub configs: IndexMap<String, FileObject>,
    /// `models` by name.
    pub models: IndexMap<String, Settings>,
    /// The top-level `x-…`, `x-ecs` among them.
    pub extensions: IndexMap<String, Setting>,
    /// The top-level `x-ecs`.
    pub extension: ProjectExtension,
}

impl Project {
    /// The names of the secrets that containers get, as files or as variables. What a build alone takes
    /// is not among them.
    #[must_use]
    pub fn delivered_secrets(&self) -> HashSet<&str> {
        let services = || self.services.values();
        let files = services().flat_map(|service| &service.written.secrets);
        let variables = services().flat_map(|service| service.extension.secret_env.values());
        let files = files.map(|reference| reference.source.value.as_str());
        files.chain(variables.map(|source| source.value.as_str())).collect()
    }
}
