use serde::{Deserialize, Serialize};

use super::Tag;

/// `ecs CreateCluster`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// Its name.
    pub cluster_name: String,
    /// The capacity providers that services may use.
    pub capacity_providers: Vec<String>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
}
