use serde::{Deserialize, Serialize};

use super::{LogConfiguration, Value};

/// `ecs ServiceConnectConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectConfiguration {
    /// Always true.
    pub enabled: bool,
    /// The namespace's ARN.
    pub namespace: Value,
    /// What the service offers, sorted by discovery name; empty for a client.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceConnectService>,
    /// Where the proxy's own output goes; overrides alone set it and what follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_configuration: Option<LogConfiguration>,
    /// What it writes of each request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_log_configuration: Option<ConnectAccessLog>,
    /// Settings of the proxy, one in each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub container_configurations: Vec<ConnectContainer>,
}

/// `ecs ServiceConnectAccessLogConfiguration`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectAccessLog {
    /// `TEXT` or `JSON`
    pub format: String,
    /// `ENABLED`, where what stands behind the `?` is written, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_query_parameters: Option<String>,
}

/// `ecs ServiceConnectContainerConfiguration`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectContainer {
    /// `debug` or `info`
    pub log_level: String,
}

/// `ecs ServiceConnectService`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectService {
    /// A named port of the task definition.
    pub port_name: String,
    /// Its name in Cloud Map, unique in the namespace.
    pub discovery_name: String,
    /// Exactly one.
    pub client_aliases: Vec<ServiceConnectClientAlias>,
    /// The port that the proxy listens on; overrides alone set it and what follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress_port_override: Option<i32>,
    /// How long the proxy waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<ConnectTimeout>,
    /// How requests are encrypted between the proxies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<ConnectTls>,
}

/// `ecs ServiceConnectClientAlias`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceConnectClientAlias {
    /// The port that clients connect to.
    pub port: i32,
    /// The name that clients use.
    pub dns_name: String,
    /// Which requests the new tasks get first; overrides alone set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_traffic_rules: Option<TestTraffic>,
}

/// `ecs TimeoutConfiguration`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectTimeout {
    /// Seconds without a word; 0 for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout_seconds: Option<i32>,
    /// Seconds for a whole answer; 0 for no end. Not of TCP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_request_timeout_seconds: Option<i32>,
}

/// `ecs ServiceConnectTlsConfiguration`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectTls {
    /// Who signs the certificates.
    pub issuer_certificate_authority: ConnectAuthority,
    /// The key that they are kept with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
    /// The role with which ECS makes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
}

/// `ecs ServiceConnectTlsCertificateAuthority`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectAuthority {
    /// An authority of AWS Private CA's.
    pub aws_pca_authority_arn: String,
}

/// `ecs ServiceConnectTestTrafficRules`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestTraffic {
    /// The header that they carry.
    pub header: TestHeader,
}

/// `ecs ServiceConnectTestTrafficHeaderRules`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestHeader {
    /// Its name.
    pub name: String,
    /// Its value; any, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<TestValue>,
}

/// `ecs ServiceConnectTestTrafficHeaderMatchRules`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestValue {
    /// All of it.
    pub exact: String,
}
