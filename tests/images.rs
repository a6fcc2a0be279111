//! Images against a real engine and real registries.
//!
//! The engine is whatever `docker` speaks to. Registries: the ECR of the sandbox's MiniStack, which
//! is installed where it is missing, and `docker-registry` where that is installed. What is missing
//! is skipped, unless `DECKLIFT_TEST_REQUIRE_ENGINE=1`.

#[cfg(unix)]
#[path = "images/assets.rs"]
mod assets;
#[path = "images/builder.rs"]
mod builder;
#[path = "images/builders.rs"]
mod builders;
#[path = "images/chaos.rs"]
mod chaos;
#[cfg(unix)]
#[path = "images/contexts.rs"]
mod contexts;
#[path = "images/faults.rs"]
mod faults;
#[path = "images/makers.rs"]
mod makers;
#[path = "images/push.rs"]
mod push;
#[path = "sandbox/python.rs"]
mod python;
#[path = "images/registries.rs"]
mod registries;
#[path = "images/sample.rs"]
mod sample;
#[path = "images/sources.rs"]
mod sources;
#[path = "images/support.rs"]
mod support;
