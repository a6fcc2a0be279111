//! The document of `--no-interpolate`: merged, its short forms written in full, its variables as
//! they are written.

use serde_json::{Map, Value};

use super::load::Loaded;
use super::long_form;
use super::paths::Paths;
use super::relative::{absolute_document, default_contexts};
use super::scalar::{Typed, typed};
use crate::yaml::{Kind, Node, Scalar};

/// A document whose variables were not replaced.
#[derive(Debug)]
pub(super) struct Uninterpolated {
    pub(super) document: Node,
    pub(super) paths: Paths,
    pub(super) project_name: String,
}

/// The document as `docker compose config --no-interpolate` prints it. `None` unless the options
/// asked for it, and when nothing was loaded.
#[must_use]
pub fn uninterpolated(loaded: &Loaded) -> Option<Value> {
    let Uninterpolated { document, paths, project_name } = loaded.uninterpolated.as_ref()?;
    let mut document = document.clone();
    long_form::document(&mut document);
    default_contexts(&mut document, paths);
    absolute_document(&mut document, paths);
    let mut out = Map::new();
    out.insert("name".into(), project_name.clone().into());
    if let Value::Object(rest) = value(&document) {
        out.extend(rest.into_iter().filter(|(key, _)| key != "name" && key != "version"));
    }
    Some(Value::Object(out))
}

fn value(node: &Node) -> Value {
    match &node.kind {
        Kind::Scalar(scalar) => scalar_value(scalar),
        Kind::Sequence(items) => items.iter().map(value).collect(),
        Kind::Mapping(mapping) => {
            let entries = mapping.entries.iter();
            entries.map(|entry| (entry.key.text.to_string(), value(&entry.value))).collect()
        }
    }
}

fn scalar_value(scalar: &Scalar) -> Value {
    match typed(scalar) {
        Typed::Null => Value::Null,
        Typed::Bool(value) => value.into(),
        Typed::Int(value) => value.into(),
        Typed::Unsigned(value) => value.into(),
        Typed::Float(value) => value.into(),
        Typed::Timestamp => (&*scalar.text).into(),
        Typed::Text(text) => text.into(),
    }
}
