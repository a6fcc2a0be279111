use serde::{Deserialize, Serialize};

use super::TextMap;

/// `logs CreateLogGroup` and `logs PutRetentionPolicy`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogGroup {
    /// `CreateLogGroup`
    pub create: CreateLogGroup,
    /// `PutRetentionPolicy`
    pub retention: PutRetentionPolicy,
}

/// `logs CreateLogGroup`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateLogGroup {
    /// Its name.
    pub log_group_name: String,
    /// Tags.
    #[serde(default, skip_serializing_if = "TextMap::is_empty")]
    pub tags: TextMap,
}

/// `logs PutRetentionPolicy`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutRetentionPolicy {
    /// The group.
    pub log_group_name: String,
    /// How long events are kept, in days; only the values that CloudWatch Logs lists.
    pub retention_in_days: i32,
}
