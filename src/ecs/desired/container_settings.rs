use serde::{Deserialize, Serialize};

/// `ecs KernelCapabilities`: names without `CAP_`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KernelCapabilities {
    /// Beyond Docker's default set, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<String>,
    /// Of Docker's default set, sorted; or `ALL`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
}

/// `ecs Ulimit`; -1 means no limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ulimit {
    /// `nofile`, say.
    pub name: String,
    /// What the process starts with.
    pub soft_limit: i32,
    /// What it may raise it to.
    pub hard_limit: i32,
}

/// `ecs SystemControl`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemControl {
    /// The kernel parameter.
    pub namespace: String,
    /// Its value.
    pub value: String,
}

/// `ecs ContainerRestartPolicy`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerRestartPolicy {
    /// Whether the container is started again while its task runs on.
    pub enabled: bool,
    /// The ends that count as well, at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored_exit_codes: Vec<i32>,
    /// Seconds that it must have run for, 60 to 1800.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart_attempt_period: Option<i32>,
}
