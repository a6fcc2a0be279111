use indexmap::IndexMap;

use super::port::MAX_PORTS;
use super::shape::extensions;
use super::table::Table;
use super::{Decoder, RawService};
use crate::compose::model::{FileObject, Network, ProjectExtension, Setting, Settings, Volume};
use crate::compose::paths::Paths;
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Sources, Span};
use crate::yaml::Node;

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
    };
    let mut table = Table::open(&mut decoder, "the Compose file", document, Level::Root)?;
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
        decoder.string("version", &entry.value);
        decoder.report(
            Diagnostic::warning(Code::Obsolete, "`version` is obsolete and has no effect")
                .at(entry.key.span, "")
                .help("remove it"),
        );
    }
    // The assembler took it away; who misspells it shall be told its name.
    table.optional("include");
    if let Some(node) = table.value("name") {
        decoder.string("name", node);
    }
    if let Some(node) = table.value("networks") {
        raw.networks = decoder.top_networks(node);
    }
    if let Some(node) = table.value("volumes") {
        raw.volumes = decoder.top_volumes(node);
    }
    if let Some(node) = table.value("secrets") {
        raw.secrets = decoder.file_objects("secrets", node);
    }
    if let Some(node) = table.value("configs") {
        raw.configs = decoder.file_objects("configs", node);
    }
    if let Some(node) = table.value("models").filter(|node| !node.is_null()) {
        raw.models = decoder.top_models(node);
    }
    if let Some(node) = table.value("x-ecs") {
        raw.extension = decoder.project_extension(node);
    }
    if let Some(entry) = table.optional("services") {
        raw.span = entry.key.span;
        let mapping = entry.value.as_mapping();
        raw.is_faulty = mapping.is_none_or(|mapping| !mapping.entries.is_empty());
        for entry in decoder.named_entries("services", &entry.value) {
            if let Some(service) = decoder.service(entry) {
                raw.services.insert(entry.key.text.to_string(), service);
            }
        }
    }
    table.finish(&mut decoder);
    Some(raw)
}
