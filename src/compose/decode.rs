//! From a merged document to the model, attribute by attribute. Every fault is collected; what
//! could be read is kept. References between services, networks and volumes are not looked at.

mod addressing;
mod build;
mod command;
mod cpu;
mod dependency;
mod deploy;
mod develop;
mod ebs;
mod ecs_params;
mod env_file;
mod extension;
mod file_object;
mod forms;
mod healthcheck;
mod hook;
mod instance;
mod kernel;
mod key_value;
mod list;
mod logging;
mod mount;
mod namespaces;
mod number;
mod part;
mod port;
mod privileges;
mod project;
mod provider;
mod resource;
mod retired;
mod service;
mod service_model;
mod services;
mod shape;
mod size;
mod special;
mod stage;
mod storage;
mod table;
mod value;

pub(super) use ecs_params::apply as apply_parameters;
pub(super) use env_file::{EnvFile, Format};
pub(super) use key_value::KeyValues;
pub(super) use mount::parse_mount;
pub(super) use part::{Parts, Touched};
pub(super) use port::{PortSpec, parse_ports};
pub(super) use project::{RawProject, decode};
pub(super) use service::RawService;
pub(super) use stage::Stage;

use stage::Noted;

use super::canonical::extension_value;
use super::model::Extensions;
use super::paths::Paths;
use crate::diagnostic::Diagnostics;
use crate::source::Sources;
use crate::yaml::Node;

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
    /// How many mounts the services may still have; none once that were too many.
    mounts_left: Option<usize>,
    stage: Stage,
    /// Whether variables stand as they are written, so that no text is made a value of.
    is_written: bool,
    noted: Noted,
    /// The resources that are read, where these are not all.
    only: Option<&'a Touched>,
}

/// The `x-…` entries of a mapping.
fn extensions(node: &Node) -> Extensions {
    let entries = node.as_mapping().map(|mapping| mapping.entries.as_slice()).unwrap_or_default();
    entries
        .iter()
        .filter(|entry| entry.key.text.starts_with("x-"))
        .map(|entry| (entry.key.text.to_string(), extension_value(&entry.value)))
        .collect()
}
