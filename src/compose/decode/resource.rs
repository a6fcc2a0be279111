use indexmap::IndexMap;

use super::Decoder;
use super::forms::{ATTACHMENT, NETWORK, VOLUME};
use crate::compose::model::{Network, NetworkAttachment, Setting, Settings, Volume};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Located, Span};
use crate::yaml::{Entry, Kind, Mapping, Node};

impl Decoder<'_> {
    /// The top-level `networks`.
    pub(super) fn top_networks(&mut self, node: &Node) -> IndexMap<String, Network> {
        let mut out = IndexMap::new();
        for entry in self.named_entries("networks", node) {
            let mut network = Network {
                span: entry.key.span,
                name: None,
                internal: false,
                external: false,
                settings: Settings::default(),
            };
            if !entry.value.is_null()
                && let Some(settings) = self.settings("networks", &entry.value, &NETWORK)
                && let Some(mapping) = entry.value.as_mapping()
            {
                (network.name, network.external) = self.name_and_external(mapping);
                if let Some(driver) = mapping.entry("driver") {
                    self.network_driver(driver);
                }
                network.internal = settings.attributes.contains_key("internal");
                network.settings = settings;
            }
            let empty = || Setting::Part(Settings::default());
            network.settings.attributes.get_or_insert_with("ipam", empty);
            out.insert(entry.key.text.to_string(), network);
        }
        out
    }

    fn network_driver(&mut self, entry: &Entry) {
        let driver = self.quietly(|decoder| decoder.string("driver", &entry.value));
        let Some(driver) = driver else { return };
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
                labels: IndexMap::new(),
                storage: None,
                settings: Settings::default(),
            };
            if !entry.value.is_null()
                && let Some(settings) = self.settings("volumes", &entry.value, &VOLUME)
                && let Some(mapping) = entry.value.as_mapping()
            {
                (volume.name, volume.external) = self.name_and_external(mapping);
                volume.settings = settings;
                self.bound_device(&mut volume.settings);
                self.typed_volume(&mut volume, mapping);
                if volume.external {
                    self.external_alone(mapping);
                }
            }
            out.insert(entry.key.text.to_string(), volume);
        }
        out
    }

    fn typed_volume(&mut self, volume: &mut Volume, mapping: &Mapping) {
        if let Some(node) = mapping.get("driver") {
            volume.driver = self.quietly(|decoder| decoder.filled("driver", node));
        }
        if let Some(node) = mapping.get("driver_opts").filter(|node| node.as_mapping().is_some()) {
            volume.driver_opts = self.quietly(|decoder| decoder.labels("driver_opts", node));
        }
        if let Some(node) = mapping.get("labels") {
            volume.labels = self.quietly(|decoder| decoder.labels("labels", node));
        }
        volume.storage = mapping.get("x-ecs").and_then(|node| self.place("x-ecs", node));
    }

    /// The device of a volume that is a directory of this machine in disguise.
    fn bound_device(&self, settings: &mut Settings) {
        if settings.text("driver") != Some("local") {
            return;
        }
        let Some(Setting::Map(options)) = settings.attributes.get_mut("driver_opts") else {
            return;
        };
        if options.get("o").and_then(Setting::as_text) == Some("bind")
            && let Some(Setting::Text(device)) = options.get_mut("device")
        {
            *device = self.paths.absolute(device).to_string_lossy().into_owned();
        }
    }

    fn external_alone(&mut self, mapping: &Mapping) {
        for other in &mapping.entries {
            let key = &*other.key.text;
            if matches!(key, "name" | "external") || key.starts_with("x-") {
                continue;
            }
            let message = format!("`external` and `{key}` exclude each other");
            self.report(
                Diagnostic::error(Code::Conflict, message)
                    .at(other.key.span, "")
                    .help("what is external was made by somebody else; keep `name` alone"),
            );
        }
    }

    /// `name` and `external`, which all that is defined at the top level shares.
    pub(super) fn name_and_external(
        &mut self,
        mapping: &Mapping,
    ) -> (Option<Located<String>>, bool) {
        let mut name = mapping.get("name").and_then(|node| self.string("name", node));
        let external = match mapping.get("external") {
            // The old form: `external: {name: …}`.
            Some(node) if node.as_mapping().is_some() => {
                let old = node.get("name").and_then(|node| self.string("name", node));
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
        (name, external)
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

    /// `networks` of a service: what the translator reads, and what more they say.
    pub(super) fn attachments(
        &mut self,
        node: &Node,
    ) -> (IndexMap<String, NetworkAttachment>, IndexMap<String, Settings>) {
        let (mut out, mut written) = (IndexMap::new(), IndexMap::new());
        match &node.kind {
            Kind::Sequence(_) => {
                for name in self.strings("networks", node) {
                    out.insert(name.value, attachment(name.span));
                }
            }
            Kind::Mapping(_) => {
                for entry in self.named_entries("networks", node) {
                    let name = entry.key.text.to_string();
                    let mut attached = attachment(entry.key.span);
                    if !entry.value.is_null()
                        && let Some(settings) = self.settings("networks", &entry.value, &ATTACHMENT)
                    {
                        if let Some(node) = entry.value.get("aliases") {
                            attached.aliases =
                                self.quietly(|decoder| decoder.strings("aliases", node));
                        }
                        written.insert(name.clone(), settings);
                    }
                    out.insert(name, attached);
                }
            }
            Kind::Scalar(_) => self.wrong_type("networks", node, "a list"),
        }
        (out, written)
    }
}

fn attachment(span: Span) -> NetworkAttachment {
    NetworkAttachment { span, aliases: Vec::new() }
}
