use serde::{Deserialize, Serialize};

use super::TextMap;

/// `ecs LogConfiguration`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogConfiguration {
    /// `awslogs`, `splunk` or `awsfirelens` on Fargate.
    pub log_driver: String,
    /// Options of the driver.
    pub options: TextMap,
    /// Options whose values ECS reads out of a secret, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret_options: Vec<SecretOption>,
}

/// `ecs Secret`, as an option of a log driver
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretOption {
    /// The option's name.
    pub name: String,
    /// The ARN of a secret of Secrets Manager, or of a parameter of Systems Manager.
    pub value_from: String,
}

/// `ecs FirelensConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FirelensConfiguration {
    /// `fluentbit` or `fluentd`
    #[serde(rename = "type")]
    pub kind: String,
    /// Options of the router.
    #[serde(default, skip_serializing_if = "TextMap::is_empty")]
    pub options: TextMap,
}

/// `ecs RepositoryCredentials`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryCredentials {
    /// The ARN or name of a secret.
    pub credentials_parameter: String,
}
