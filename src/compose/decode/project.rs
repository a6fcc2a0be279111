use indexmap::IndexMap;

use super::port::MAX_PORTS;
use super::shape::extensions;
use super::stage::Noted;
use super::table::Table;
use super::{Decoder, RawService, Stage};
use crate::compose::model::{FileObject, Network, ProjectExtension, Setting, Settings, Volume};
use crate::compose::paths::Paths;
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Sources, Span};
use crate::yaml::{Kind, Node};

/// How many services, networks, volumes, secrets, configs and models a project may have together.
/// A file of 16 MiB holds no more services than this unless they say next to nothing.
const MAX_NAMED: usize = 50_000;

/// How many entries a list or mapping directly below a service may have.
const MAX_ENTRIES: usize = 100_000;

/// How many mounts the services may have together.
pub(super) const MAX_MOUNTS: usize = 100_000;

/// How many of them one service may have: all of a service is printed at once.
const MAX_MOUNTS_OF_ONE: usize = 20_000;

/// The project as the files have it.
pub(in crate::compose) struct RawProject {
    pub(in crate::compose) services: IndexMap<String, RawService>,
    pub(in crate::compose) networks: IndexMap<String, Network>,
    pub(in crate::compose) volumes: IndexMap<String, Volume>,
    pub(in crate::compose) secrets: IndexMap<String, FileObject>,
    pub(in crate::compose) configs: IndexMap<String, FileObject>,
    pub(in crate::compose) models: IndexMap<String, Settings>,
    pub(in crate::compose) extensions: IndexMap<String, Setting>,
    pub(in crate::compose) extension: ProjectExtension,
    /// `services`, or the document where there is none.
    pub(in crate::compose) span: Span,
    /// Whether files that could not be read may define more than is here.
    pub(in crate::compose) is_part: bool,
    /// Whether `services` holds something that was refused.
    pub(in crate::compose) is_faulty: bool,
}

/// Reads the whole document. `None` when it is no mapping.
pub(in crate::compose) fn decode(
    document: &Node,
    sources: &Sources,
    paths: &Paths,
    diagnostics: &mut Diagnostics,
    outcomes: &mut Diagnostics,
) -> Option<RawProject> {
    let mut decoder = Decoder {
        sources,
        diagnostics,
        outcomes,
        paths,
        service: None,
        ports_left: Some(MAX_PORTS),
        mounts_left: Some(MAX_MOUNTS),
        stage: Stage::Whole,
        is_written: false,
        noted: Noted::default(),
        only: None,
    };
    if !decoder.is_bounded(document) {
        return None;
    }
    decoder.project(document)
}

impl<'a> Decoder<'a> {
    /// Reads a document, as far as it counts at its stage.
    pub(super) fn project(&mut self, document: &'a Node) -> Option<RawProject> {
        let mut table = Table::open(self, "the Compose file", document, Level::Root)?;
        let start = document.span.start as usize;
        let mut raw = RawProject {
            services: IndexMap::new(),
            networks: IndexMap::new(),
            volumes: IndexMap::new(),
            secrets: IndexMap::new(),
            configs: IndexMap::new(),
            models: IndexMap::new(),
            extensions: extensions(document),
            extension: ProjectExtension::default(),
            span: Span::new(document.span.source, start, start),
            is_part: false,
            is_faulty: table.has_like("services"),
        };
        if let Some(entry) = table.optional("version") {
            self.string("version", &entry.value);
            self.report(
                Diagnostic::warning(Code::Obsolete, "`version` is obsolete and has no effect")
                    .at(entry.key.span, "")
                    .help("remove it"),
            );
        }
        // The assembler took it away; who misspells it shall be told its name.
        table.optional("include");
        if let Some(node) = table.value("name") {
            self.string("name", node);
        }
        if let Some(node) = table.value("networks") {
            raw.networks = self.top_networks(node);
        }
        if let Some(node) = table.value("volumes") {
            raw.volumes = self.top_volumes(node);
        }
        if let Some(node) = table.value("secrets") {
            raw.secrets = self.file_objects("secrets", node);
        }
        if let Some(node) = table.value("configs") {
            raw.configs = self.file_objects("configs", node);
        }
        if let Some(node) = table.value("models").filter(|node| !node.is_null()) {
            raw.models = self.top_models(node);
        }
        if let Some(node) = table.value("x-ecs").filter(|_| self.stage == Stage::Whole) {
            raw.extension = self.project_extension(node);
        }
        self.retired_of_project(document, &mut raw.extension);
        if let Some(entry) = table.optional("services") {
            raw.span = entry.key.span;
            let mapping = entry.value.as_mapping();
            raw.is_faulty = mapping.is_none_or(|mapping| !mapping.entries.is_empty());
            raw.services.reserve(mapping.map_or(0, |mapping| mapping.entries.len()));
            let entries = self.named_entries("services", &entry.value);
            for (entry, service) in entries.iter().zip(self.services(&entries)) {
                if let Some(service) = service {
                    raw.services.insert(entry.key.text.to_string(), service);
                }
            }
        }
        table.finish(self);
        Some(raw)
    }
}

impl Decoder<'_> {
    /// Whether the document stays within the limits on what a project names and on what one service
    /// says; reported otherwise. The model of a value takes many times the room of its text.
    pub(super) fn is_bounded(&mut self, document: &Node) -> bool {
        let entries = |node: &Node| match &node.kind {
            Kind::Scalar(_) => 0,
            Kind::Sequence(items) => items.len(),
            Kind::Mapping(mapping) => mapping.entries.len(),
        };
        let mut named = 0;
        for key in ["services", "networks", "volumes", "secrets", "configs", "models"] {
            let Some(node) = document.get(key) else { continue };
            named += entries(node);
            if named > MAX_NAMED {
                let message = format!(
                    "the project has more than {MAX_NAMED} services, networks, volumes, secrets, \
                     configs and models together"
                );
                self.beyond(message, node, "split it into several projects");
                return false;
            }
        }
        let services = document.get("services").and_then(Node::as_mapping);
        for service in services.map_or(&[][..], |services| &services.entries) {
            let attributes = service.value.as_mapping().map_or(&[][..], |mapping| &mapping.entries);
            for attribute in attributes {
                if entries(&attribute.value) > MAX_ENTRIES {
                    let key = &attribute.key.text;
                    let message = format!("`{key}` has more than {MAX_ENTRIES} entries");
                    self.beyond(message, &attribute.value, "no service needs this many");
                    return false;
                }
            }
        }
        true
    }

    /// Counts a service's mounts; says so when there are too many, once.
    pub(super) fn may_mount(&mut self, count: usize, node: &Node) -> bool {
        let Some(left) = self.mounts_left else { return false };
        if count > MAX_MOUNTS_OF_ONE {
            let message = format!("the service has more than {MAX_MOUNTS_OF_ONE} mounts");
            self.beyond(message, node, "mount the directory that they are in");
            return false;
        }
        self.mounts_left = left.checked_sub(count);
        if self.mounts_left.is_none() {
            let message = format!("the services have more than {MAX_MOUNTS} mounts together");
            self.beyond(message, node, "split the project into several");
        }
        self.mounts_left.is_some()
    }

    fn beyond(&mut self, message: String, node: &Node, help: &str) {
        let fault = Diagnostic::error(Code::YamlLimit, message).help(help);
        // A part of a project that passes it is not read further; the project is refused.
        self.noted_at(Stage::Import, |d| d.report_at(fault, node, "the limit is passed here"));
    }
}
