use std::cell::Cell;
use std::future::Future;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// One moment, on the two clocks of one machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The steady clock. It never jumps, and stands still while the machine sleeps.
    pub steady: Duration,
    /// The wall clock, since 1970. It goes on while the machine sleeps, and jumps when it is set.
    pub wall: Duration,
}

/// Adds up how much time has passed, by both clocks of a machine.
///
/// Between two readings the clock that counted more decides, so that neither a sleeping machine nor
/// a clock that was set back makes a lease look younger than it is. Both within the time between
/// two readings it cannot tell; the holder of a lock reads the clocks all the time.
#[derive(Debug, Default)]
pub struct Meter {
    last: Cell<Option<Moment>>,
    total: Cell<Duration>,
}

impl Meter {
    /// The time that has passed since the first reading.
    pub fn read(&self, now: Moment) -> Duration {
        let last = self.last.replace(Some(now)).unwrap_or(now);
        let steady = now.steady.saturating_sub(last.steady);
        let passed = steady.max(now.wall.saturating_sub(last.wall));
        let total = self.total.get().saturating_add(passed);
        self.total.set(total);
        total
    }
}

/// The clocks of the machine that runs.
pub trait Clock {
    /// Now.
    fn now(&self) -> Moment;

    /// Waits for so long, by the steady clock.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()>;
}

/// The real clocks.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        Moment {
            steady: self.start.elapsed(),
            wall: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        }
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_that_counted_more_decides() {
        let meter = Meter::default();
        let read = |steady, wall| {
            let (steady, wall) = (Duration::from_secs(steady), Duration::from_secs(wall));
            meter.read(Moment { steady, wall }).as_secs()
        };
        assert_eq!(read(10, 1000), 0);
        assert_eq!(read(12, 1002), 2);
        // The machine slept for ten minutes.
        assert_eq!(read(13, 1603), 603);
        // Its clock was set back, and then it slept again.
        assert_eq!(read(15, 1000), 605);
        assert_eq!(read(16, 1300), 905);
    }
}
