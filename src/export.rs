//! Desired as files for other programs.

mod requests;

pub use requests::{File, requests};
