use std::time::Duration;

/// How long things last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long a lease lasts after AWS noted its last renewal.
    pub lease: Duration,
    /// How long before the end of its lease the holder stops: a call that it has just begun must be
    /// over before somebody else may begin.
    pub margin: Duration,
    /// How long after the end of a lease others wait: a read may be older than the newest renewal.
    pub grace: Duration,
    /// How old the knowledge that nobody took the next number may be when a write begins.
    pub fresh: Duration,
    /// How many releases are kept.
    pub keep: usize,
}

impl Terms {
    /// A lease of this length, and everything else in proportion to it. Less than a second is a
    /// second: AWS's clock is read to the second.
    #[must_use]
    pub fn of(lease: Duration) -> Self {
        let lease = lease.max(Duration::from_secs(1));
        let tenth = lease / 10;
        Self { lease, margin: tenth, grace: tenth, fresh: tenth / 3, keep: 50 }
    }

    /// For how long after its last renewal the holder may write.
    #[must_use]
    pub fn valid(&self) -> Duration {
        self.lease.saturating_sub(self.margin)
    }

    /// How long after a number was made everybody whom it concerns knows of it and has stopped:
    /// somebody below asks anew after [`Terms::fresh`] and may be answered with an old read.
    #[must_use]
    pub fn settled(&self) -> Duration {
        self.grace * 2
    }

    /// How long after its last renewal a lease is renewed.
    #[must_use]
    pub fn renewal(&self) -> Duration {
        self.lease / 3
    }

    /// How often the holder looks whether it still is one, while it writes nothing.
    #[must_use]
    pub fn look(&self) -> Duration {
        self.lease / 10
    }

    /// How often the holder reads its clocks.
    #[must_use]
    pub fn tick(&self) -> Duration {
        self.lease / 100
    }
}

impl Default for Terms {
    /// Five minutes.
    fn default() -> Self {
        Self::of(Duration::from_secs(300))
    }
}
