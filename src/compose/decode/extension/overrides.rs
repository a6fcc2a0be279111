//! `x-ecs.overrides`.

use serde_json::Value;

use super::super::Decoder;
use super::super::table::Table;
use crate::compose::canonical::extension_value;
use crate::compose::model::{Overrides, Patch};
use crate::compose::unsupported::Level;
use crate::source::Span;
use crate::yaml::{Kind, Node};

impl Decoder<'_> {
    /// `x-ecs.overrides`
    pub(super) fn overrides(&mut self, node: &Node) -> Overrides {
        let mut overrides = Overrides::default();
        let level = Level::Part("`x-ecs.overrides`");
        let Some(mut table) = Table::open(self, "x-ecs.overrides", node, level) else {
            return overrides;
        };
        overrides.task_definition =
            table.value("task_definition").and_then(|node| self.patch("task_definition", node));
        overrides.service = table.value("service").and_then(|node| self.patch("service", node));
        if let Some(node) = table.value("containers") {
            match node.as_mapping() {
                Some(mapping) => {
                    for entry in &mapping.entries {
                        if let Some(patch) = self.patch(&entry.key.text, &entry.value) {
                            overrides.containers.push((entry.key.text.to_string(), patch));
                        }
                    }
                }
                None => self.wrong_type("x-ecs.overrides.containers", node, "a mapping"),
            }
        }
        table.finish(self);
        overrides
    }

    fn patch(&mut self, field: &str, node: &Node) -> Option<Patch> {
        let Value::Object(values) = extension_value(node) else {
            self.wrong_type(&format!("x-ecs.overrides.{field}"), node, "a mapping");
            return None;
        };
        let mut places = Vec::new();
        keys(node, &mut Vec::new(), &mut places);
        Some(Patch { values, places, span: node.span })
    }
}

/// Where each key and each item of a list stands; items are called by their numbers.
fn keys(node: &Node, path: &mut Vec<String>, places: &mut Vec<(Vec<String>, Span)>) {
    let mut one = |key: String, span: Span, value: &Node| {
        path.push(key);
        places.push((path.clone(), span));
        keys(value, path, places);
        path.pop();
    };
    match &node.kind {
        Kind::Mapping(mapping) => {
            let entries = mapping.entries.iter();
            entries.for_each(|entry| one(entry.key.text.to_string(), entry.key.span, &entry.value));
        }
        Kind::Sequence(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, item)| one(index.to_string(), item.span, item));
        }
        Kind::Scalar(_) => {}
    }
}
