//! Attributes of a form of their own.

use indexmap::IndexMap;

use super::Decoder;
use super::shape::{Form, Shape, texts};
use super::stage::Stage;
use crate::compose::model::Setting;
use crate::compose::scalar::{Typed, typed};
use crate::compose::unsupported::Level;
use crate::yaml::{Kind, Node};

/// What stands for a context that is no directory.
const REMOTE: &[&str] = &["https://", "http://", "git://", "ssh://", "github.com/", "git@"];

/// Whether a build context is something else than a directory of this machine.
pub(super) fn is_remote(context: &str) -> bool {
    context.contains("://")
        || context.starts_with("service:")
        || REMOTE.iter().any(|prefix| context.starts_with(prefix))
}

impl Decoder<'_> {
    /// A build context: an absolute path, or what it is besides.
    pub(super) fn context(&self, context: &str) -> String {
        if context.is_empty() || is_remote(context) {
            return context.to_owned();
        }
        self.paths.context(context).to_string_lossy().into_owned()
    }

    /// `additional_contexts`
    pub(super) fn contexts(&mut self, field: &str, node: &Node) -> Option<Setting> {
        if let Some(items) = node.as_sequence() {
            for item in items {
                if item.as_scalar().is_some_and(|scalar| !scalar.text.contains('=')) {
                    self.invalid(field, item, "has no value", "write `name=context`");
                }
            }
        }
        if let Some(mapping) = node.as_mapping() {
            for entry in &mapping.entries {
                if !matches!(entry.value.as_scalar().map(typed), Some(Typed::Text(_))) {
                    let field = format!("{field}.{}", entry.key.text);
                    self.wrong_type(&field, &entry.value, "text");
                }
            }
        }
        let contexts: IndexMap<String, Setting> = self
            .key_values(field, node)
            .into_iter()
            .map(|(name, value)| {
                let context = value.value.map(|context| self.context(&context));
                (name, Setting::Text(context.unwrap_or_default()))
            })
            .collect();
        (!contexts.is_empty()).then_some(Setting::Map(Box::new(contexts)))
    }

    /// `ssh`: keys and agents by id, as a list or a mapping.
    pub(super) fn ssh(&mut self, node: &Node) -> Option<Setting> {
        if let Some(items) = node.as_sequence() {
            for item in items {
                let text = item.as_scalar().map_or("default", |scalar| &scalar.text);
                if text != "default" && !text.contains('=') {
                    let help = "write `id=/path/to/key`, or `default` for the agent";
                    self.values_at(Stage::Read, |d| {
                        d.invalid("ssh", item, "names no key", help);
                    });
                }
            }
        }
        let keys = match node.kind {
            Kind::Scalar(_) => self.noted_at(Stage::Read, |d| d.key_values("ssh", node)),
            _ => self.key_values("ssh", node),
        };
        let keys: Vec<String> = keys
            .into_iter()
            .map(|(id, path)| match path.value {
                Some(path) if !path.is_empty() => {
                    format!("{id}: {}", self.paths.absolute(&path).display())
                }
                _ => id,
            })
            .collect();
        (!keys.is_empty()).then(|| texts(keys))
    }

    /// `extra_hosts`: `host=address`, sorted.
    pub(super) fn hosts(&mut self, field: &str, node: &Node) -> Option<Setting> {
        let mut out: Vec<String> = Vec::new();
        let mut add = |host: &str, address: &str| {
            let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let bare = bare.filter(|bare| !bare.is_empty()).unwrap_or(address);
            out.push(format!("{host}={bare}"));
        };
        let good = |host: &str| !host.is_empty() && !host.contains([':', '=']);
        let help = "write `host=address`";
        match &node.kind {
            Kind::Sequence(items) => {
                for item in items {
                    let Some(text) = self.string(field, item) else { continue };
                    let pair = text.value.split_once('=').or_else(|| text.value.split_once(':'));
                    match pair {
                        Some((host, addresses)) if good(host) => {
                            addresses.split(',').for_each(|address| add(host, address));
                        }
                        _ => self.values_at(Stage::Whole, |d| {
                            d.invalid(field, item, "names no host and address", help);
                        }),
                    }
                }
            }
            Kind::Mapping(mapping) => {
                for entry in &mapping.entries {
                    let host = &*entry.key.text;
                    if !good(host) {
                        self.values_at(Stage::Whole, |d| {
                            d.invalid(field, &entry.value, "stands at a bad host name", help);
                        });
                        continue;
                    }
                    let one = std::slice::from_ref(&entry.value);
                    for address in entry.value.as_sequence().unwrap_or(one) {
                        if let Some(address) = self.string(field, address) {
                            add(host, &address.value);
                        }
                    }
                }
            }
            Kind::Scalar(_) => self.wrong_type(field, node, "a list of texts"),
        }
        out.sort();
        (!out.is_empty()).then(|| texts(out))
    }

    /// `ulimits` by name: one number, or a soft and a hard one.
    pub(super) fn ulimit_settings(&mut self, field: &str, node: &Node) -> Option<Setting> {
        const PAIR: Form = Form {
            level: Level::Part("a limit"),
            attributes: &[("soft", Shape::StrictWhole), ("hard", Shape::StrictWhole)],
            required: &[
                ("soft", "write both, or one number for both"),
                ("hard", "write both, or one number for both"),
            ],
        };
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type(field, node, "a mapping");
            return None;
        };
        let mut out = IndexMap::new();
        for entry in &mapping.entries {
            let name = &*entry.key.text;
            let limit = match &entry.value.kind {
                Kind::Mapping(_) => self.settings(field, &entry.value, &PAIR).map(Setting::Table),
                _ if !Self::is_number(&entry.value) => {
                    self.wrong_type(field, &entry.value, "a whole number, or `soft` and `hard`");
                    None
                }
                _ => match self.setting(field, &entry.value, Shape::Amount) {
                    // As in the reference, where 0 is no single limit.
                    Some(Setting::Whole(0)) => Some(Setting::Map(Box::default())),
                    other => other,
                },
            };
            if let Some(limit) = limit {
                out.insert(name.to_owned(), limit);
            }
        }
        (!out.is_empty()).then_some(Setting::Map(Box::new(out)))
    }

    /// Whether a value is a whole number and no text.
    pub(super) fn is_number(node: &Node) -> bool {
        matches!(node.as_scalar().map(typed), Some(Typed::Int(_)))
    }
}
