use std::time::Duration;

use crate::source::Located;

/// `healthcheck.test`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthTest {
    /// `NONE`, or `disable: true`
    None,
    /// `CMD` with its arguments
    Command(Vec<String>),
    /// `CMD-SHELL`, or a plain string
    Shell(String),
}

/// `healthcheck`
#[derive(Clone, Debug, PartialEq, Default, Eq)]
pub struct Healthcheck {
    /// `test`; absent when only the image's own check is tuned.
    pub test: Option<Located<HealthTest>>,
    /// `interval`
    pub interval: Option<Located<Duration>>,
    /// `timeout`
    pub timeout: Option<Located<Duration>>,
    /// `retries`
    pub retries: Option<Located<u32>>,
    /// `start_period`
    pub start_period: Option<Located<Duration>>,
    /// `start_interval`
    pub start_interval: Option<Located<Duration>>,
}
