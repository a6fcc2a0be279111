use std::future::Future;
use std::time::Duration;

use crate::apply::CloudError;

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The release number: the last part of its name.
    pub number: u64,
    /// When AWS last saw it written, by AWS's clock, since 1970.
    pub modified: Duration,
    /// What it holds.
    pub value: String,
}

/// What stands in the counter's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// By number, the highest last.
    pub entries: Vec<Entry>,
    /// When AWS answered, by AWS's clock, since 1970.
    pub now: Duration,
}

/// What came of a creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It stands there now.
    Made,
    /// There was one of this name already; it was left alone.
    Exists,
}

/// Where releases are kept: a folder of numbered parameters.
///
/// Creating one is atomic: of any number of creations of one name exactly one is
/// [`Created::Made`]. Everything else promises less. A read may be older than the last write, by
/// less than [`Terms::grace`](super::Terms::grace), and any answer may be lost after the call was
/// carried out.
pub trait Store {
    /// Everything.
    fn list(&self) -> impl Future<Output = Result<Listing, CloudError>>;

    /// Those of these numbers that exist, at most ten.
    fn read(&self, numbers: &[u64]) -> impl Future<Output = Result<Vec<Entry>, CloudError>>;

    /// Makes one that does not exist.
    fn create(&self, number: u64, value: &str)
    -> impl Future<Output = Result<Created, CloudError>>;

    /// Writes one, whether it exists or not.
    fn overwrite(&self, number: u64, value: &str) -> impl Future<Output = Result<(), CloudError>>;

    /// Deletes some, in this order; what does not exist is no error.
    fn delete(&self, numbers: &[u64]) -> impl Future<Output = Result<(), CloudError>>;

    /// The full name of one, for people.
    fn name(&self, number: u64) -> String;
}
