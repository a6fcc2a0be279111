use indexmap::IndexMap;

use super::Decoder;
use super::table::Table;
use crate::compose::model::{Network, NetworkAttachment, Volume};
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Located, Span};
use crate::yaml::{Entry, Kind, Node};

/// `name` and `external`, which networks and volumes share.
struct External {
    name: Option<Located<String>>,
    external: bool,
}

impl Decoder<'_> {
    /// The top-level `networks`.
    pub(super) fn top_networks(&mut self, node: &Node) -> IndexMap<String, Network> {
        let mut out = IndexMap::new();
        for entry in self.named_entries("networks", node) {
            let mut network =
                Network { span: entry.key.span, name: None, internal: false, external: false };
            if !entry.value.is_null()
                && let Some(mut table) = Table::open(self, "networks", &entry.value, Level::Network)
            {
                let shared = self.external(&mut table);
                let internal =
                    table.value("internal").and_then(|node| self.boolean("internal", node));
                if let Some(driver) = table.optional("driver") {
                    self.network_driver(driver);
                }
                table.finish(self);
                network.name = shared.name;
                network.external = shared.external;
                network.internal = internal.is_some_and(|internal| internal.value);
            }
            out.insert(entry.key.text.to_string(), network);
        }
        out
    }

    fn network_driver(&mut self, entry: &Entry) {
        let Some(driver) = self.string("driver", &entry.value) else { return };
        match driver.value.as_str() {
            "" | "bridge" | "overlay" | "default" => {
                self.ignored("driver", &entry.key, "every network on ECS is a security group");
            }
            _ => self.not_supported(
                "a network driver other than `bridge` and `overlay`",
                entry,
                "remove it: every network on ECS is a security group",
            ),
        }
    }

    /// The top-level `volumes`.
    pub(super) fn top_volumes(&mut self, node: &Node) -> IndexMap<String, Volume> {
        let mut out = IndexMap::new();
        for entry in self.named_entries("volumes", node) {
            let mut volume = Volume {
                span: entry.key.span,
                name: None,
                external: false,
                driver: None,
                driver_opts: IndexMap::new(),
            };
            if !entry.value.is_null()
                && let Some(mut table) = Table::open(self, "volumes", &entry.value, Level::Volume)
            {
                let shared = self.external(&mut table);
                volume.driver = table.value("driver").and_then(|node| self.filled("driver", node));
                if let Some(node) = table.value("driver_opts") {
                    if node.as_mapping().is_some() {
                        volume.driver_opts = self.labels("driver_opts", node);
                    } else {
                        self.wrong_type("driver_opts", node, "a mapping");
                    }
                }
                table.finish(self);
                if shared.external {
                    self.external_alone(entry, &["driver", "driver_opts", "labels"]);
                }
                volume.name = shared.name;
                volume.external = shared.external;
            }
            out.insert(entry.key.text.to_string(), volume);
        }
        out
    }

    fn external_alone(&mut self, entry: &Entry, others: &[&str]) {
        let Some(mapping) = entry.value.as_mapping() else { return };
        for key in others {
            if let Some(other) = mapping.entry(key) {
                let message = format!("`external` and `{key}` exclude each other");
                self.report(
                    Diagnostic::error(Code::Conflict, message)
                        .at(other.key.span, "")
                        .help("what is external was made by somebody else; keep `name` alone"),
                );
            }
        }
    }

    fn external(&mut self, table: &mut Table<'_>) -> External {
        let mut name = table.value("name").and_then(|node| self.filled("name", node));
        let external = match table.value("external") {
            // The old form: `external: {name: …}`.
            Some(node) if node.as_mapping().is_some() => {
                let old = node.get("name").and_then(|node| self.filled("name", node));
                if let (Some(old), Some(new)) = (&old, &name)
                    && old.value != new.value
                {
                    let fault =
                        Diagnostic::error(Code::Conflict, "two names for one external resource")
                            .at(old.span, "this one")
                            .at(new.span, "and this one")
                            .help("keep `name`, and write `external: true`");
                    self.report(fault);
                }
                name = name.or(old);
                true
            }
            Some(node) => self.boolean("external", node).is_some_and(|value| value.value),
            None => false,
        };
        External { name, external }
    }

    /// The entries of a mapping whose keys are names, without `x-…` and without bad names.
    pub(super) fn named_entries<'n>(&mut self, field: &str, node: &'n Node) -> Vec<&'n Entry> {
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type(field, node, "a mapping");
            return Vec::new();
        };
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let mut entries = Vec::with_capacity(mapping.entries.len());
        for entry in &mapping.entries {
            let key = &entry.key;
            if !key.text.is_empty() && key.text.chars().all(good) {
                if self.text_key(key) {
                    entries.push(entry);
                }
                continue;
            }
            self.report(
                Diagnostic::error(
                    Code::InvalidValue,
                    format!("the name `{}` in `{field}`", key.text),
                )
                .at(key.span, "no valid name")
                .help("names take letters, digits, `.`, `_` and `-`"),
            );
        }
        entries
    }

    /// `networks` of a service.
    pub(super) fn attachments(&mut self, node: &Node) -> IndexMap<String, NetworkAttachment> {
        let mut out = IndexMap::new();
        match &node.kind {
            Kind::Sequence(_) => {
                for name in self.strings("networks", node) {
                    out.insert(name.value, attachment(name.span));
                }
            }
            Kind::Mapping(_) => {
                for entry in self.named_entries("networks", node) {
                    let mut attached = attachment(entry.key.span);
                    if !entry.value.is_null()
                        && let Some(mut table) =
                            Table::open(self, "networks", &entry.value, Level::Attachment)
                    {
                        if let Some(node) = table.value("aliases") {
                            attached.aliases = self.strings("aliases", node);
                        }
                        table.finish(self);
                    }
                    out.insert(entry.key.text.to_string(), attached);
                }
            }
            Kind::Scalar(_) => self.wrong_type("networks", node, "a list"),
        }
        out
    }
}

fn attachment(span: Span) -> NetworkAttachment {
    NetworkAttachment { span, aliases: Vec::new() }
}
