use super::{CredentialSpec, Device, Gpu};
use crate::source::Located;

/// What a container may do, and which devices it sees.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Privileges {
    /// `privileged`
    pub privileged: Option<Located<bool>>,
    /// `cap_add`
    pub cap_add: Vec<Located<String>>,
    /// `cap_drop`
    pub cap_drop: Vec<Located<String>>,
    /// `security_opt`
    pub security_opt: Vec<Located<String>>,
    /// `group_add`: names or numbers
    pub group_add: Vec<Located<String>>,
    /// `credential_spec`, on Windows
    pub credential_spec: Option<Located<CredentialSpec>>,
    /// `device_cgroup_rules`
    pub device_cgroup_rules: Vec<Located<String>>,
    /// `devices`
    pub devices: Vec<Located<Device>>,
    /// `gpus`
    pub gpus: Vec<Located<Gpu>>,
    /// `runtime`, such as `runc`
    pub runtime: Option<Located<String>>,
    /// `use_api_socket`
    pub use_api_socket: Option<Located<bool>>,
}
