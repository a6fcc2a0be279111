//! How long decklift waits for AWS: polling, and retrying what is not there *yet*.
//!
//! Throttling and lost answers are the SDK's business. Here are only the named cases in which AWS
//! has accepted something that its other services do not see at once.

use std::future::Future;
use std::time::Duration;

use aws_sdk_ecs::config::{AsyncSleep, SharedAsyncSleep};

use super::traffic::{TOO_MANY, Traffic};
use crate::apply::cloud::{CloudError, CloudErrorKind};

/// How often a call is tried that does not leave that to the SDK.
const TRIES: u32 = 16;
/// Before its second try; doubled before each further one. As long as the SDK waits at most.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// The longest such wait.
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// How often AWS is asked, and with which clock.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    /// The SDK's clock, which tests replace.
    pub(super) sleep: SharedAsyncSleep,
    /// Between two questions.
    pub(super) poll: Duration,
    /// Where waits before another try are counted.
    pub(super) traffic: Traffic,
}

impl Pace {
    /// Asks until there is an answer. Time is counted in sleeps, so that a test's clock ends it too.
    pub(super) async fn until<T, F, A>(
        &self,
        operation: &str,
        what: &str,
        limit: Duration,
        mut ask: F,
    ) -> Result<T, CloudError>
    where
        F: FnMut() -> A,
        A: Future<Output = Result<Option<T>, CloudError>>,
    {
        let mut waited = Duration::ZERO;
        loop {
            if let Some(answer) = ask().await? {
                return Ok(answer);
            }
            if waited >= limit {
                let message = format!("{what} took more than {} s", limit.as_secs());
                return Err(CloudError::new(CloudErrorKind::Service, operation, message)
                    .help("run the same command again: it goes on where this one stopped"));
            }
            self.sleep.sleep(self.poll).await;
            waited += self.poll;
        }
    }

    /// Repeats a call for as long as it fails for a reason that passes.
    pub(super) async fn persist<T, P, F, A>(
        &self,
        limit: Duration,
        passes: P,
        mut call: F,
    ) -> Result<T, CloudError>
    where
        P: Fn(&CloudError) -> bool,
        F: FnMut() -> A,
        A: Future<Output = Result<T, CloudError>>,
    {
        let mut waited = Duration::ZERO;
        loop {
            match call().await {
                Err(error) if passes(&error) && waited < limit => {
                    self.sleep.sleep(self.poll).await;
                    waited += self.poll;
                }
                answer => return answer,
            }
        }
    }

    /// Repeats a call where the SDK must not: `again` sees the error and how often it was tried.
    pub(super) async fn retry<T, P, F, A>(&self, again: P, mut call: F) -> Result<T, CloudError>
    where
        P: Fn(&CloudError, u32) -> bool,
        F: FnMut() -> A,
        A: Future<Output = Result<T, CloudError>>,
    {
        let mut wait = FIRST_WAIT;
        let mut tries = 1;
        loop {
            match call().await {
                Err(error) if tries < TRIES && again(&error, tries) => {
                    // After a call too many the next one waits for its turn, as those of the SDK do.
                    if !error.is(TOO_MANY) {
                        self.traffic.wait(&self.sleep, wait).await;
                        wait = LONGEST_WAIT.min(wait * 2);
                    }
                }
                answer => return answer,
            }
            tries += 1;
        }
    }
}
