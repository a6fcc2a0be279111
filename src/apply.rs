//! Carries a plan out, step by step, and watches what comes of it.

pub mod cloud;
mod execute;
mod graph;
mod job;
pub mod memory;

mod rollout;

pub use cloud::{Cloud, CloudError, CloudErrorKind};
pub use execute::StepError;
pub use execute::{Applied, Options, Verdict, apply};
pub use graph::{Outcome, run_graph};
pub use job::{JobVerdict, run_job};
pub use rollout::{RolloutVerdict, WatchOptions, watch};
