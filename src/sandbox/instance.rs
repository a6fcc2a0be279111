use serde::{Deserialize, Serialize};

/// A running sandbox, as it is written down for the next command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Instance {
    /// Its process.
    pub pid: u32,
    /// The loopback port of the AWS API and of the registry.
    pub port: u16,
    /// The region that it plays.
    pub region: String,
    /// The version of the adapter and of the pinned packages.
    pub version: String,
}

impl Instance {
    /// The endpoint of the AWS API.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The registry's address, as it stands in image names.
    #[must_use]
    pub fn registry(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}
