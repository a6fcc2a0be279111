//! When something goes wrong, and what came.

use super::Fault;

/// When.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// One of these,
    pub(crate) faults: Vec<Fault>,
    /// with so many of a hundred requests,
    pub(crate) share: u64,
    /// of those that begin so: `METHOD path`.
    pub(crate) only: String,
    /// Bytes a second and connection.
    pub(crate) pace: Option<u64>,
}

impl Plan {
    pub(crate) fn quiet() -> Self {
        Self::new(0, &[], 0)
    }

    pub(crate) fn new(seed: u64, faults: &[Fault], share: u64) -> Self {
        Self { seed, faults: faults.to_vec(), share, only: String::new(), pace: None }
    }

    pub(crate) fn only(self, only: &str) -> Self {
        Self { only: only.to_owned(), ..self }
    }
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Without what follows a `?`.
    pub(crate) path: String,
    pub(crate) query: String,
    /// Of `Content-Range` or `Range`.
    pub(crate) range: Option<String>,
    pub(crate) fault: Option<Fault>,
    /// Bytes of the body that were passed on.
    pub(crate) sent: u64,
    /// What the registry said to it.
    pub(crate) status: Option<u16>,
}
