use std::time::Duration;

use indexmap::IndexMap;

use crate::source::Located;

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
}
