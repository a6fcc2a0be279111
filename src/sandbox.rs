//! A local AWS emulator for trying decklift without an account: provisioned, started, joined,
//! stopped.
//!
//! It is MiniStack, pinned, in a virtual environment of its own under the user's cache folder, run
//! together with decklift's own adapter (`adapter/`), which brings it closer to ECS. Everything
//! listens on the loopback interface. Nothing outside the cache folder and the sandbox's own
//! processes, containers, networks and volumes is touched.

pub mod base_image;
mod control;
mod embedded;
mod error;
mod instance;
mod paths;
mod provision;
mod start;

pub use control::{Engine, ListenerAddress, Promise, Status};
pub use error::SandboxError;
pub use instance::Instance;
pub use paths::Paths;
pub use start::{Sandbox, ensure, find, reset, stop};
