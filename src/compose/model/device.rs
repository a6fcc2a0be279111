use indexmap::IndexMap;

use super::Extensions;

/// One entry of `devices`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Device {
    /// The path on the host, or the name of a CDI device.
    pub source: String,
    /// The path in the container.
    pub target: String,
    /// A choice of `r`, `w` and `m`; empty when the long form does not say.
    pub permissions: String,
    /// `x-…`
    pub extensions: Extensions,
}

/// One entry of `gpus`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gpu {
    /// `capabilities`
    pub capabilities: Vec<String>,
    /// `driver`; empty when it is not written.
    pub driver: String,
    /// `count`, -1 for all
    pub count: i64,
    /// `device_ids`
    pub device_ids: Vec<String>,
    /// `options`
    pub options: IndexMap<String, String>,
}
