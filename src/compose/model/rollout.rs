use std::time::Duration;

use crate::source::Located;

/// `x-ecs.rollout`: how a new revision replaces the old one, where it goes beyond
/// `deploy.update_config`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Rollout {
    /// `strategy`: rolling unless given
    pub strategy: Option<Located<Strategy>>,
    /// `percent`: the share of the requests that a canary gets, or that each step moves
    pub percent: Option<Located<f64>>,
    /// `pause`: what a canary, or each step, waits for
    pub pause: Option<Located<Pause>>,
    /// `min_percent`: the share of tasks that stays healthy
    pub min_percent: Option<Located<u32>>,
    /// `max_percent`: the share of tasks that runs at most, old and new together
    pub max_percent: Option<Located<u32>>,
    /// `breaker`: whether failing tasks end the rollout, and bring the old revision back
    pub breaker: Option<Located<bool>>,
    /// `alarms`: names of CloudWatch alarms that do the same
    pub alarms: Vec<Located<String>>,
    /// `bake`: how long the alarms are watched once the new tasks run, and how long the old ones stay
    /// where requests are moved
    pub bake: Option<Located<Duration>>,
}

/// How new tasks take the place of old ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// A few tasks at a time.
    Rolling,
    /// All new tasks beside the old ones, then all requests at once.
    BlueGreen,
    /// A small share of the requests first, then all of them.
    Canary,
    /// One share of the requests after the other.
    Linear,
}

/// What a rollout waits for before it moves requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// This long after the canary, or between two steps.
    For(Duration),
    /// Somebody's word, before each move.
    Approval,
}

impl Strategy {
    /// As the file says it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rolling => "rolling",
            Self::BlueGreen => "blue-green",
            Self::Canary => "canary",
            Self::Linear => "linear",
        }
    }
}
