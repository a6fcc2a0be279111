use serde::{Deserialize, Serialize};

use super::UpperTag;

/// `iam CreateRole`, `iam PutRolePolicy` and `iam AttachRolePolicy`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// `CreateRole`
    pub create: CreateRole,
    /// `PutRolePolicy`: what the role may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PutRolePolicy>,
    /// `AttachRolePolicy`: the managed policies of the role, sorted, and no others; nothing where
    /// managed policies are nobody's business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attached: Option<Vec<AttachRolePolicy>>,
}

/// `iam AttachRolePolicy`
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachRolePolicy {
    /// The role.
    pub role_name: String,
    /// The ARN of a managed policy.
    pub policy_arn: String,
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
    /// The ARN of the managed policy beyond which the role may do nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<String>,
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
