//! Whole deployments in the sandbox, with real containers where a Docker engine answers.

#[cfg(unix)]
#[path = "sandbox/assets.rs"]
mod assets;
#[path = "sandbox/balancing.rs"]
mod balancing;
#[path = "sandbox/emulator.rs"]
mod emulator;
#[path = "sandbox/failures.rs"]
mod failures;
#[path = "sandbox/gate.rs"]
mod gate;
#[cfg(unix)]
#[path = "sandbox/interrupt.rs"]
mod interrupt;
#[path = "sandbox/jobs.rs"]
mod jobs;
#[path = "sandbox/lifecycle.rs"]
mod lifecycle;
#[cfg(unix)]
#[path = "sandbox/lock.rs"]
mod lock;
#[path = "sandbox/look.rs"]
mod look;
#[path = "sandbox/network.rs"]
mod network;
#[path = "sandbox/pipeline.rs"]
mod pipeline;
#[path = "sandbox/plans.rs"]
mod plans;
#[path = "sandbox/push.rs"]
mod push;
#[path = "sandbox/repositories.rs"]
mod repositories;
#[path = "sandbox/secrets.rs"]
mod secrets;
#[path = "sandbox/shop.rs"]
mod shop;
#[path = "sandbox/simulated.rs"]
mod simulated;
#[path = "sandbox/support.rs"]
mod support;
#[path = "sandbox/verdicts.rs"]
mod verdicts;
#[path = "sandbox/verify.rs"]
mod verify;
