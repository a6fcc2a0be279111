use serde::{Deserialize, Serialize};

use super::{UpperTag, Value};

/// `efs CreateFileSystem`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FileSystem {
    /// Makes the creation idempotent; at most 64 characters.
    pub creation_token: String,
    /// Always true.
    pub encrypted: bool,
    /// `generalPurpose`
    pub performance_mode: String,
    /// `elastic`
    pub throughput_mode: String,
    /// Tags; `Name` is what the console shows.
    pub tags: Vec<UpperTag>,
}

/// `efs CreateMountTarget`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MountTarget {
    /// The file system.
    pub file_system_id: Value,
    /// A subnet; one mount target a zone.
    pub subnet_id: Value,
    /// Its security groups.
    pub security_groups: Vec<Value>,
}

/// `efs CreateAccessPoint`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccessPoint {
    /// Makes the creation idempotent; at most 64 characters.
    pub client_token: String,
    /// The file system.
    pub file_system_id: Value,
    /// The directory that becomes the volume's root.
    pub root_directory: RootDirectory,
    /// Tags; `Name` is what the console shows.
    pub tags: Vec<UpperTag>,
}

/// `efs RootDirectory`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RootDirectory {
    /// Absolute path in the file system.
    pub path: String,
    /// How the directory is made when it is missing.
    pub creation_info: CreationInfo,
}

/// `efs CreationInfo`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreationInfo {
    /// User id.
    pub owner_uid: i64,
    /// Group id.
    pub owner_gid: i64,
    /// Octal, such as `0755`.
    pub permissions: String,
}
