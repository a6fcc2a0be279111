//! Desired as files for other programs, and pipelines that use them.

mod pipeline;
mod requests;

pub use pipeline::Pipeline;
pub use requests::{File, document, requests};
