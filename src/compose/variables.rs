//! The variables that Compose files mention.

use std::cell::RefCell;

use indexmap::IndexMap;

use super::load::Loaded;
use super::template::{Expression, Lookup, expand};
use crate::yaml::{Kind, Node};

/// A variable, and what the files say of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Whether some place has it as `${NAME:?message}` or `${NAME?message}`.
    pub required: bool,
    /// The first default that some place gives, as it is written: `${NAME:-default}`.
    pub default: Option<String>,
    /// What the first place that has one takes where the variable is set: `${NAME:+alternate}`.
    pub alternate: Option<String>,
}

/// The variables that the values of the merged document mention, in the order of the document. The
/// files must have been loaded with [`super::LoadOptions::no_interpolate`], else there are none.
#[must_use]
pub fn variables(loaded: &Loaded) -> Vec<Variable> {
    let found = Found::default();
    if let Some(uninterpolated) = &loaded.uninterpolated {
        look(&uninterpolated.document, &found);
    }
    found.0.into_inner().into_values().collect()
}

#[derive(Default)]
struct Found(RefCell<IndexMap<String, Variable>>);

impl Lookup for Found {
    /// None is missing, so that what stands behind a required one is read, too.
    fn value(&self, _: &str) -> Option<&str> {
        Some("set")
    }

    fn read(&self, expression: &Expression<'_>) {
        let mut found = self.0.borrow_mut();
        let variable = found.entry(expression.name.to_owned()).or_default();
        expression.name.clone_into(&mut variable.name);
        let some = |word: &str| Some(word.to_owned()).filter(|word| !word.is_empty());
        match expression.word {
            Some(('?', _)) => variable.required = true,
            Some(('-', word)) if variable.default.is_none() => variable.default = some(word),
            Some(('+', word)) if variable.alternate.is_none() => variable.alternate = some(word),
            _ => {}
        }
    }
}

fn look(node: &Node, found: &Found) {
    match &node.kind {
        // A malformed expression is a fault of `config`; its text names no variable.
        Kind::Scalar(scalar) if scalar.text.contains('$') => drop(expand(&scalar.text, found)),
        Kind::Scalar(_) => {}
        Kind::Sequence(items) => items.iter().for_each(|item| look(item, found)),
        Kind::Mapping(mapping) => {
            mapping.entries.iter().for_each(|entry| look(&entry.value, found));
        }
    }
}
