use std::time::Duration;

use indexmap::IndexMap;

use super::Restart;
use crate::source::{Located, Span};

/// `deploy.mode`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// `replicated`
    #[default]
    Replicated,
    /// `global`
    Global,
    /// `replicated-job`
    ReplicatedJob,
    /// `global-job`
    GlobalJob,
}

/// What a rolling update does when tasks fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureAction {
    /// `continue`
    Continue,
    /// `pause`
    Pause,
    /// `rollback`
    Rollback,
}

/// Whether the new or the old task goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `start-first`
    StartFirst,
    /// `stop-first`
    StopFirst,
}

/// `deploy.update_config`
#[derive(Clone, Debug, PartialEq, Default)]
pub struct UpdateConfig {
    /// `parallelism`: tasks replaced at once, 0 for all.
    pub parallelism: Option<Located<u32>>,
    /// `order`
    pub order: Option<Located<Order>>,
    /// `failure_action`
    pub failure_action: Option<Located<FailureAction>>,
    /// `delay`
    pub delay: Option<Located<Duration>>,
    /// `monitor`
    pub monitor: Option<Located<Duration>>,
    /// `max_failure_ratio`, 0 to 1
    pub max_failure_ratio: Option<Located<f64>>,
}

/// `deploy.resources.limits` or `.reservations`
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Resources {
    /// `cpus`: a share of one virtual CPU.
    pub cpus: Option<Located<f64>>,
    /// `memory`, bytes
    pub memory: Option<Located<u64>>,
    /// `pids`
    pub pids: Option<Located<i64>>,
    /// Where `devices` asks for any.
    pub devices: Option<Span>,
    /// Where `generic_resources` asks for any.
    pub generic: Option<Span>,
    /// What `devices` and `generic_resources` ask for.
    pub requests: Vec<Located<DeviceRequest>>,
}

/// One item of `devices` or `generic_resources`
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct DeviceRequest {
    /// `capabilities`; of a generic resource, its `kind`
    pub kinds: Vec<String>,
    /// How many; -1 for all.
    pub count: i64,
    /// `driver`; empty when it is not written.
    pub driver: String,
    /// Whether it says which ones.
    pub is_named: bool,
    /// Where its driver's `options` stand.
    pub options: Option<Span>,
}

/// `deploy.restart_policy`
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RestartPolicy {
    /// `condition`
    pub condition: Option<Located<Restart>>,
    /// Where `delay` stands.
    pub delay: Option<Span>,
    /// Where `max_attempts` stands.
    pub max_attempts: Option<Span>,
    /// `window`
    pub window: Option<Located<Duration>>,
}

/// `deploy.placement`: where each of its attributes stands, when it says anything, and what it says.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Placement {
    /// `constraints`
    pub constraints: Option<Span>,
    /// `preferences`
    pub preferences: Option<Span>,
    /// `max_replicas_per_node`
    pub max_replicas_per_node: Option<Span>,
    /// `constraints`, each as it is written
    pub rules: Vec<Located<String>>,
    /// `preferences[].spread`, each as it is written
    pub spread: Vec<Located<String>>,
    /// `max_replicas_per_node`
    pub most: Option<u32>,
}

/// `deploy`
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Deploy {
    /// `mode`
    pub mode: Option<Located<Mode>>,
    /// `replicas`
    pub replicas: Option<Located<u32>>,
    /// `labels`
    pub labels: IndexMap<String, Located<String>>,
    /// `update_config`
    pub update_config: Option<Located<UpdateConfig>>,
    /// `resources.limits`
    pub limits: Resources,
    /// `resources.reservations`
    pub reservations: Resources,
    /// `restart_policy`
    pub restart_policy: Option<Located<RestartPolicy>>,
    /// Where `rollback_config` stands.
    pub rollback_config: Option<Span>,
    /// `placement`
    pub placement: Placement,
    /// Where `endpoint_mode` stands.
    pub endpoint_mode: Option<Span>,
}
