use serde::{Deserialize, Serialize};

use super::UpperTag;

/// `secretsmanager CreateSecret`, without the value: that is read when it is put, and stands nowhere
/// else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<UpperTag>,
}
