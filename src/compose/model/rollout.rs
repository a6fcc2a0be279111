use std::time::Duration;

use crate::source::Located;

/// `x-ecs.rollout`: how a new revision replaces the old one, where it goes beyond
/// `deploy.update_config`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Rollout {
    /// `min_percent`: the share of tasks that stays healthy
    pub min_percent: Option<Located<u32>>,
    /// `max_percent`: the share of tasks that runs at most, old and new together
    pub max_percent: Option<Located<u32>>,
    /// `breaker`: whether failing tasks end the rollout, and bring the old revision back
    pub breaker: Option<Located<bool>>,
    /// `alarms`: names of CloudWatch alarms that do the same
    pub alarms: Vec<Located<String>>,
    /// `bake`: how long the alarms are watched once the new tasks run
    pub bake: Option<Located<Duration>>,
}
