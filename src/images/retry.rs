//! Trying again: as the AWS SDKs do, with a pause that doubles, and by chance shorter.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use super::registry::RegistryError;

/// How often a registry is asked, and how long between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in a row without any progress.
    pub attempts: u32,
    /// Before the second attempt, at most.
    pub first_pause: Duration,
    /// Before any attempt, at most.
    pub longest_pause: Duration,
}

/// A registry that asks for more patience than this is not waited for that long.
const LONGEST_WISH: Duration = Duration::from_secs(60);

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 6,
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(20),
        }
    }
}

impl Retry {
    /// How long to wait after failure number `failures`, counted from one.
    pub(super) fn pause(&self, failures: u32, error: &RegistryError) -> Duration {
        let doubled = self.first_pause.saturating_mul(1 << failures.saturating_sub(1).min(16));
        let full = doubled.min(self.longest_pause);
        // Any time up to the full one: clients that failed together do not come back together.
        let chance = RandomState::new().hash_one(failures) % 1024;
        let pause = full.mul_f64(0.25 + 0.75 * chance as f64 / 1024.0);
        error.retry_after().map_or(pause, |wish| wish.min(LONGEST_WISH).max(pause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_below_their_bounds() {
        let retry = Retry::default();
        let error = RegistryError::Timeout { host: String::new() };
        for failures in 1..40 {
            let full = retry.first_pause.saturating_mul(1 << (failures - 1).min(16));
            let full = full.min(retry.longest_pause);
            let pause = retry.pause(failures, &error);
            assert!(pause <= full && pause >= full / 4, "{failures}: {pause:?}");
        }
    }
}
