//! The validated Compose model: what the files mean after interpolation, merging and validation.
//!
//! Durations are [`std::time::Duration`], memory is bytes, CPUs are a share of one virtual CPU.
//! Every value that a diagnostic may have to point at keeps its place.

mod build;
mod dependency;
mod deploy;
mod extension;
mod healthcheck;
mod network;
mod port;
mod project;
mod service;
mod setting;
mod volume;
mod written;

pub use build::Build;
pub use dependency::{Condition, Dependency};
pub use deploy::{Deploy, FailureAction, Mode, Order, Resources, UpdateConfig};
pub use extension::{Http, PortExposure, ProjectExtension, ServiceExtension};
pub use healthcheck::{HealthTest, Healthcheck};
pub use network::{Network, NetworkAttachment};
pub use port::{Port, Protocol};
pub use project::Project;
pub use service::{Restart, Service};
pub use setting::{Setting, Settings};
pub use volume::{Mount, MountKind, Volume};
pub use written::{FileObject, FileReference, Written};
