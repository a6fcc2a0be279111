//! From a merged document to the model, attribute by attribute. Every fault is collected; what
//! could be read is kept. References between services, networks and volumes are not looked at.

mod build;
mod command;
mod dependency;
mod deploy;
mod env_file;
mod extension;
mod healthcheck;
mod key_value;
mod mount;
mod port;
mod project;
mod resource;
mod service;
mod size;
mod table;
mod value;

pub(super) use env_file::{EnvFile, Format};
pub(super) use key_value::KeyValues;
pub(super) use mount::{MountSpec, parse_mount};
pub(super) use port::{PortSpec, parse_ports};
pub(super) use project::{RawProject, decode};
pub(super) use service::RawService;
pub(super) use size::parse_bytes;

use super::paths::Paths;
use crate::diagnostic::Diagnostics;
use crate::source::Sources;

/// What reading a value needs around it.
pub(super) struct Decoder<'a> {
    sources: &'a Sources,
    diagnostics: &'a mut Diagnostics,
    /// What does not carry over to ECS, which is no fault of the file.
    outcomes: &'a mut Diagnostics,
    paths: &'a Paths,
    /// The service that is being read.
    service: Option<&'a str>,
    /// How many ports the ranges of the document may still stand for; none once that was too many.
    ports_left: Option<usize>,
}
