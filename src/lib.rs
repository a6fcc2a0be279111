//! decklift lifts a Docker Compose application onto Amazon ECS.
//!
//! One path leads from text to containers, and every command is a part of it:
//!
//! ```text
//! text → Sources → Node (per file) → Node (interpolated) → Node (merged) → Project
//!      → + Facts → Desired → + Actual → Plan → Events → Outcome
//! ```
//!
//! | stage | module |
//! |---|---|
//! | text with places, faults with places | [`source`], [`diagnostic`] |
//! | YAML to located nodes | [`yaml`] |
//! | Compose files to a validated project | [`compose`] |
//! | project and facts to AWS resources, in the words of the AWS API | [`ecs`] |
//! | what must be built and pushed | [`images`] |
//! | desired and actual to steps | [`plan`] |
//! | steps to calls, calls to events | [`apply`], [`event`] |
//! | who may deploy now, and what was deployed before | [`release`] |
//! | desired to files | [`export`] |
//! | what runs and what it says, for people who look | [`inspect`] |
//! | what stands in the way, before a deploy | [`verify`] |
//! | the calls themselves | [`aws`], [`sandbox`] |
//! | what people and programs see | [`report`], [`render`] over `templates/` |
//!
//! Everything up to the plan is pure once files, environment, facts and the actual state have been
//! read. The program is not a library with a stable interface: it is one for its own tests.

pub mod apply;
pub mod aws;
pub mod cli;
pub mod commands;
pub mod compose;
pub mod diagnostic;
pub mod ecs;
pub mod error;
pub mod event;
pub mod export;
pub mod images;
pub mod inspect;
mod parallel;
pub mod plan;
pub mod release;
pub mod render;
pub mod report;
pub mod sandbox;
pub mod shared_config;
pub mod source;
pub mod trust;
pub mod verify;
pub mod yaml;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

/// Runs the program with these arguments.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match cli::Cli::try_parse_from(arguments) {
        Ok(cli) => ExitCode::from(commands::run(cli)),
        Err(error) => {
            // A reader that went away is no fault.
            let _ = error.print();
            // 64 is EX_USAGE of sysexits; clap's own 2 means "changes" here.
            ExitCode::from(if error.use_stderr() { 64 } else { 0 })
        }
    }
}
