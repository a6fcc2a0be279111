//! Desired as files for other programs, and pipelines that use them.

mod iam_policy;
mod manifest;
mod pipeline;
mod requests;
mod sorted;

pub use iam_policy::{Deployer, MANAGED_POLICY, iam_policy, operations, policy_size};
pub use pipeline::Pipeline;
pub use requests::{Export, File, requests};
