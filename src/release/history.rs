use super::{Clock, Queue, Record, State, Store};
use crate::apply::CloudError;

/// A release as history has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its number.
    pub number: u64,
    /// Its record, or what is wrong with it.
    pub record: Result<Record, String>,
    /// Whether somebody works on it: it is not final, it is the highest, and its lease runs.
    pub runs: bool,
}

impl Release {
    /// How it ended, in one word.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match &self.record {
            Err(_) => "unreadable",
            // Its maker was killed.
            Ok(record) if record.state == State::Running && !self.runs => "unfinished",
            Ok(record) => record.state.as_str(),
        }
    }
}

impl<S: Store, C: Clock> Queue<S, C> {
    /// All releases that are kept, the newest first.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn history(&self) -> Result<Vec<Release>, CloudError> {
        let listing = self.store.list().await?;
        let highest = listing.entries.last().map(|entry| entry.number);
        let release = |entry: &super::Entry| {
            let record = Record::parse(&entry.value);
            let age = listing.now.saturating_sub(entry.modified);
            let runs = record.as_ref().is_ok_and(|record| {
                record.state == State::Running && age < record.lease() + self.terms.grace
            });
            Release { number: entry.number, record, runs: runs && highest == Some(entry.number) }
        };
        Ok(listing.entries.iter().rev().map(release).collect())
    }
}
