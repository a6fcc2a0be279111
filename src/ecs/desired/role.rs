use serde::{Deserialize, Serialize};

use super::UpperTag;

/// `iam CreateRole` and `iam PutRolePolicy`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// `CreateRole`
    pub create: CreateRole,
    /// `PutRolePolicy`: everything the role may do.
    pub policy: PutRolePolicy,
}

/// `iam CreateRole`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateRole {
    /// The path that holds the roles of one project and environment; starts and ends with `/`.
    pub path: String,
    /// Its name, at most 64 characters.
    pub role_name: String,
    /// The trust policy, a JSON document.
    pub assume_role_policy_document: String,
    /// What it is for.
    pub description: String,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<UpperTag>,
}

/// `iam PutRolePolicy`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutRolePolicy {
    /// The role.
    pub role_name: String,
    /// The inline policy's name.
    pub policy_name: String,
    /// A JSON document.
    pub policy_document: String,
}
