use indexmap::IndexMap;

use super::Decoder;
use super::deploy::said;
use super::forms::{ATTACHMENT, NETWORK, VOLUME};
use super::stage::Stage;
use super::table::Table;
use crate::compose::model::{
    AttachmentOption, Network, NetworkAttachment, NetworkOption, Setting, Settings, Volume,
    is_security_group_id,
};
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Located, Span};
use crate::yaml::{Entry, Kind, Mapping, Node};

impl Decoder<'_> {
    /// The top-level `networks`.
    pub(super) fn top_networks(&mut self, node: &Node) -> IndexMap<String, Network> {
        let mut out = IndexMap::new();
        for entry in self.named_entries("networks", node) {
            let mut network = Network::new(entry.key.span);
            if !entry.value.is_null()
                && let Some(settings) = self.settings("networks", &entry.value, &NETWORK)
                && let Some(mapping) = entry.value.as_mapping()
            {
                (network.name, network.external) = self.name_and_external(mapping);
                network.driver = mapping
                    .get("driver")
                    .and_then(|node| self.quietly(|decoder| decoder.filled("driver", node)));
                network.options = places(&entry.value, NetworkOption::ALL, NetworkOption::as_str);
                if let Some(node) = mapping.get("x-ecs") {
                    network.security_group =
                        self.for_ecs(true, |decoder| decoder.network_extension(node));
                }
                self.retired_of_network(&entry.value, &mut network.security_group);
                network.internal = settings.attributes.contains_key("internal");
                network.settings = settings;
            }
            let empty = || Setting::Part(Settings::default());
            network.settings.attributes.get_or_insert_with("ipam", empty);
            out.insert(entry.key.text.to_string(), network);
        }
        out
    }

    /// A network's `x-ecs`.
    fn network_extension(&mut self, node: &Node) -> Option<Located<String>> {
        let mut table = Table::open(self, "x-ecs", node, Level::NetworkExtension)?;
        let group = self.read(&mut table, "security_group", Self::filled);
        table.finish(self);
        let group = group?;
        if !is_security_group_id(&group.value) {
            let help = "write the id of a group, such as `sg-0123456789abcdef0`";
            let message = format!("`security_group`: {:?} is no id of a group", group.value);
            self.report(
                Diagnostic::error(Code::InvalidValue, message).at(group.span, "").help(help),
            );
            return None;
        }
        Some(group)
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
        if let Some(driver) = volume.driver.as_ref().filter(|driver| driver.value == "ebs")
            && volume.storage.is_none()
        {
            volume.storage = self.ebs_driver(driver, mapping.get("driver_opts"));
        }
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
            let fault = Diagnostic::error(Code::Conflict, message)
                .at(other.key.span, "")
                .help("what is external was made by somebody else; keep `name` alone");
            self.noted_at(Stage::Import, |d| d.report(fault));
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
        let touched: Vec<&Entry> = match self.only.filter(|_| self.service.is_none()) {
            Some(only) => only.among(field, &mapping.entries).collect(),
            None => mapping.entries.iter().collect(),
        };
        let mut entries = Vec::with_capacity(touched.len());
        for entry in touched {
            let key = &entry.key;
            if !key.text.is_empty() && key.text.chars().all(good) {
                if self.text_key(key) {
                    entries.push(entry);
                }
                continue;
            }
            let message = format!("the name `{}` in `{field}`", key.text);
            let fault = Diagnostic::error(Code::InvalidValue, message)
                .at(key.span, "no valid name")
                .help("names take letters, digits, `.`, `_` and `-`");
            self.noted_at(Stage::Shape, |d| d.report(fault));
        }
        entries
    }

    /// Reports a name that the reference takes for an extension, and then cannot use.
    pub(super) fn extension_name(&mut self, field: &str, name: &str, span: Span) {
        if name.starts_with("x-") {
            let message = format!("the name `{name}` in `{field}` is one of an extension");
            let fault = Diagnostic::error(Code::InvalidValue, message)
                .at(span, "docker compose keeps names with `x-` for extensions")
                .help("give it another name");
            self.noted_at(Stage::Whole, |d| d.report(fault));
        }
    }

    /// `networks` of a service: what the translator reads, and what more they say.
    pub(super) fn attachments(
        &mut self,
        node: &Node,
    ) -> (IndexMap<String, NetworkAttachment>, IndexMap<String, Settings>) {
        let (mut out, mut written) = (IndexMap::new(), IndexMap::new());
        match &node.kind {
            Kind::Sequence(_) => {
                for name in self.distinct("networks", node) {
                    self.extension_name("networks", &name.value, name.span);
                    out.insert(name.value, NetworkAttachment::new(name.span));
                }
            }
            Kind::Mapping(_) => {
                for entry in self.named_entries("networks", node) {
                    let name = entry.key.text.to_string();
                    self.extension_name("networks", &name, entry.key.span);
                    let mut attached = NetworkAttachment::new(entry.key.span);
                    if !entry.value.is_null()
                        && let Some(settings) = self.settings("networks", &entry.value, &ATTACHMENT)
                    {
                        attached.options =
                            places(&entry.value, AttachmentOption::ALL, AttachmentOption::as_str);
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

/// Which of some attributes a mapping has that say anything, and where.
fn places<T: Copy>(
    node: &Node,
    all: impl IntoIterator<Item = T>,
    name: fn(T) -> &'static str,
) -> Vec<Located<T>> {
    let found = |option| Some(Located::new(option, said(node, name(option))?));
    all.into_iter().filter_map(found).collect()
}
