use serde::{Deserialize, Serialize};

use super::{UpperTag, Value};

/// `servicediscovery CreatePrivateDnsNamespace`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PrivateNamespace {
    /// Its name: that of the zone.
    pub name: String,
    /// The VPC that resolves it. Cloud Map does not tell it again.
    pub vpc: Value,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<UpperTag>,
}

/// `servicediscovery CreateService`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DnsName {
    /// Its name in the zone.
    pub name: String,
    /// The namespace's id.
    pub namespace_id: Value,
    /// The records that each task gets.
    pub dns_config: DnsConfig,
    /// There when ECS says which tasks are healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check_custom_config: Option<HealthCheckCustomConfig>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<UpperTag>,
}

/// `servicediscovery DnsConfig`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DnsConfig {
    /// `MULTIVALUE`: up to eight healthy addresses an answer
    pub routing_policy: String,
    /// One for `A`.
    pub dns_records: Vec<DnsRecord>,
}

/// `servicediscovery DnsRecord`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DnsRecord {
    /// `A`
    #[serde(rename = "Type")]
    pub kind: String,
    /// Seconds that an answer may be kept.
    #[serde(rename = "TTL")]
    pub ttl: i64,
}

/// `servicediscovery HealthCheckCustomConfig`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HealthCheckCustomConfig {
    /// Always 1 (Cloud Map API reference).
    pub failure_threshold: i32,
}
