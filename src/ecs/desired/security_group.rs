use serde::{Deserialize, Serialize};

use super::{UpperTag, Value};

/// `ec2 CreateSecurityGroup`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityGroup {
    /// Its name, unique in the VPC.
    pub group_name: String,
    /// What it is for; cannot be changed.
    pub description: String,
    /// The VPC.
    pub vpc_id: Value,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tag_specifications: Vec<TagSpecification>,
}

/// `ec2 TagSpecification`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagSpecification {
    /// `security-group` …
    pub resource_type: String,
    /// The tags.
    pub tags: Vec<UpperTag>,
}

/// `ec2 AuthorizeSecurityGroupIngress` with one permission that has one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct IngressRule {
    /// The group that the rule belongs to.
    pub group_id: Value,
    /// Exactly one permission.
    pub ip_permissions: Vec<IpPermission>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tag_specifications: Vec<TagSpecification>,
}

/// `ec2 IpPermission` with one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct IpPermission {
    /// `tcp`, `udp`, or `-1` for every protocol.
    pub ip_protocol: String,
    /// First port; absent for every protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_port: Option<i32>,
    /// Last port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_port: Option<i32>,
    /// The source, when it is an address range.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ip_ranges: Vec<IpRange>,
    /// The source, when it is a group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub user_id_group_pairs: Vec<GroupPair>,
}

/// `ec2 IpRange`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct IpRange {
    /// Such as `0.0.0.0/0`.
    pub cidr_ip: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// `ec2 UserIdGroupPair`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupPair {
    /// The group whose members may come in.
    pub group_id: Value,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
