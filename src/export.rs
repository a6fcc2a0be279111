//! Desired as files for other programs, and pipelines that use them.

mod manifest;
mod pipeline;
mod requests;
mod sorted;

pub use pipeline::Pipeline;
pub use requests::{Export, File, requests};
