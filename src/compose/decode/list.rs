use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use indexmap::IndexMap;

use super::Decoder;
use super::stage::Stage;
use crate::compose::scalar::{Typed, typed};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::{Kind, Node};

impl Decoder<'_> {
    /// A list of texts none of which may stand twice.
    pub(super) fn distinct(&mut self, field: &str, node: &Node) -> Vec<Located<String>> {
        if self.is_nested(field, node) {
            return Vec::new();
        }
        let texts = self.strings(field, node);
        self.all_differ(field, node);
        texts
    }

    /// Reports a list in a list of texts, and whether there is one.
    pub(super) fn is_nested(&mut self, field: &str, node: &Node) -> bool {
        // Docker's API has lists of lists in such places, which people copy.
        let mut items = node.as_sequence().unwrap_or_default().iter();
        if let Some(inner) = items.find(|item| item.as_sequence().is_some()) {
            let message = format!("the items of `{field}` must be text");
            let first = inner.as_sequence().and_then(|items| items.first()?.as_scalar());
            let help = match first {
                Some(first) => {
                    format!("take the inner brackets away: `{field}: [{}]`", first.text)
                }
                None => "take the inner brackets away".to_owned(),
            };
            let fault = Diagnostic::error(Code::WrongType, message).help(help);
            self.report_at(fault, inner, "this is a list");
            return true;
        }
        false
    }

    /// Reports what stands twice in a list. A number and a text of the same digits differ.
    pub(super) fn all_differ(&mut self, field: &str, node: &Node) {
        let Some(items) = node.as_sequence().filter(|items| items.len() > 1) else { return };
        let mut seen: HashMap<(bool, &str), &Node> = HashMap::with_capacity(items.len());
        let mut faults = Vec::new();
        for item in items {
            let Some(scalar) = item.as_scalar() else { continue };
            let is_text = matches!(typed(scalar), Typed::Text(_));
            match seen.entry((is_text, &scalar.text)) {
                Slot::Vacant(slot) => {
                    slot.insert(item);
                }
                Slot::Occupied(first) => faults.push((first.get().span, item)),
            }
        }
        for (first, item) in faults {
            let message = format!("{} stands twice in `{field}`", self.show(item));
            let fault = Diagnostic::error(Code::Conflict, message)
                .at(item.span, "again here")
                .at(first, "first here");
            let fault = self.used_at(fault, item).help("remove one of them");
            self.report(fault);
        }
    }

    /// A list of texts where the later one of two with the same name, which is what stands before
    /// an equals sign, takes the place of the earlier one.
    pub(super) fn by_name(&mut self, field: &str, node: &Node) -> Vec<Located<String>> {
        let mut out: IndexMap<String, Located<String>> = IndexMap::new();
        let items = self.noted_items(field, node);
        for text in items {
            let name = text.value.split('=').next().unwrap_or_default().to_owned();
            out.insert(name, text);
        }
        out.into_values().collect()
    }

    /// A list of texts whose items the reference compares as soon as it has them.
    fn noted_items(&mut self, field: &str, node: &Node) -> Vec<Located<String>> {
        let Some(items) = node.as_sequence() else { return self.strings(field, node) };
        items.iter().filter_map(|item| self.item(field, item)).collect()
    }

    /// A text that the reference reads as soon as it has it.
    pub(super) fn item(&mut self, field: &str, node: &Node) -> Option<Located<String>> {
        self.noted_at(Stage::Read, |d| d.string(field, node))
    }

    /// The same, or one text.
    pub(super) fn one_or_by_name(&mut self, field: &str, node: &Node) -> Vec<Located<String>> {
        match node.kind {
            Kind::Scalar(_) => self.string(field, node).into_iter().collect(),
            Kind::Sequence(_) | Kind::Mapping(_) => self.by_name(field, node),
        }
    }

    /// A list of texts and whole numbers that differ.
    pub(super) fn texts_or_numbers(&mut self, field: &str, node: &Node) -> Vec<Located<String>> {
        let Some(items) = node.as_sequence() else {
            self.wrong_type(field, node, "a list");
            return Vec::new();
        };
        self.all_differ(field, node);
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            match item.as_scalar().map(typed) {
                Some(Typed::Int(number)) => {
                    out.push(Located::new(number.to_string(), item.span));
                }
                _ => out.extend(self.string(field, item)),
            }
        }
        out
    }
}
