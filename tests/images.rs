//! Images against a real engine and real registries.
//!
//! The engine is whatever `docker` speaks to. Registries: MiniStack's ECR where
//! `DECKLIFT_TEST_PYTHON` names a Python that has it, and `docker-registry` where that is
//! installed. What is missing is skipped, unless `DECKLIFT_TEST_REQUIRE_ENGINE=1`.

#[path = "images/builder.rs"]
mod builder;
#[path = "images/push.rs"]
mod push;
#[path = "images/registries.rs"]
mod registries;
#[path = "images/support.rs"]
mod support;
