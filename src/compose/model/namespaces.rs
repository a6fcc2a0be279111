use crate::source::Located;

/// Which namespaces and control groups a container lives in. `service:NAME` shares those of another
/// service, `container:NAME` those of a container outside the project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespaces {
    /// `cgroup`: `host` or `private`
    pub cgroup: Option<Located<String>>,
    /// `cgroup_parent`
    pub cgroup_parent: Option<Located<String>>,
    /// `ipc`
    pub ipc: Option<Located<String>>,
    /// `isolation`, on Windows
    pub isolation: Option<Located<String>>,
    /// `network_mode`; may be empty, which takes the service off the default network all the same.
    pub network_mode: Option<Located<String>>,
    /// `pid`
    pub pid: Option<Located<String>>,
    /// `userns_mode`
    pub userns_mode: Option<Located<String>>,
    /// `uts`
    pub uts: Option<Located<String>>,
}
