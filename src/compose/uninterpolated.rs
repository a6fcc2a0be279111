//! The document of `--no-interpolate`: merged, its short forms written in full, its variables as
//! they are written.

mod normalize;

use std::sync::Arc;

use serde_json::{Map, Value};

use super::canonical::ConfigForm;
use super::environment::Environment;
use super::include::resolve_bare_names;
use super::load::Loaded;
use super::long_form;
use super::paths::Paths;
use super::relative::{absolute_document, default_contexts};
use super::scalar::{Typed, typed};
use super::unique::{Lists, Place, unique};
use crate::yaml::{Kind, Node, Scalar};

/// A document whose variables were not replaced.
#[derive(Debug)]
pub(super) struct Uninterpolated {
    pub(super) document: Node,
    pub(super) paths: Paths,
    pub(super) environment: Arc<Environment>,
    pub(super) project_name: String,
}

/// The document as `docker compose config --no-interpolate` prints it. `None` unless the options
/// asked for it, and when nothing was loaded.
#[must_use]
pub fn uninterpolated(loaded: &Loaded, form: ConfigForm) -> Option<Value> {
    let Uninterpolated { document, paths, environment, project_name } =
        loaded.uninterpolated.as_ref()?;
    let mut document = document.clone();
    default_contexts(&mut document, paths);
    absolute_document(&mut document, paths);
    // One file may have been named by paths from two directories.
    unique(&mut document, Lists::Written, None);
    resolve_bare_names(&mut document, environment);
    let mut out = Map::new();
    out.insert("name".into(), project_name.clone().into());
    if let Value::Object(rest) = value(&document, Place::Root, form) {
        out.extend(rest.into_iter().filter(|(key, _)| key != "name" && key != "version"));
    }
    normalize::normalize(&mut out, project_name, environment, form);
    Some(Value::Object(out))
}

/// Brings a merged document into its long form.
pub(super) fn in_full(document: &mut Node) {
    long_form::document(document);
    without_empty_servers(document);
    unique(document, Lists::Written, None);
}

/// Takes the empty texts out of `dns`.
fn without_empty_servers(document: &mut Node) {
    let is_empty = |node: &Node| {
        node.as_scalar().is_some_and(|scalar| scalar.is_null() || scalar.text.is_empty())
    };
    let Kind::Mapping(root) = &mut document.kind else { return };
    let services = root.entries.iter_mut().find(|entry| &*entry.key.text == "services");
    let Some(Kind::Mapping(services)) = services.map(|entry| &mut entry.value.kind) else { return };
    for service in &mut services.entries {
        let Kind::Mapping(service) = &mut service.value.kind else { continue };
        let servers = service.entries.iter_mut().find(|entry| &*entry.key.text == "dns");
        if let Some(Kind::Sequence(servers)) = servers.map(|entry| &mut entry.value.kind) {
            servers.retain(|server| !is_empty(server));
        }
    }
}

/// A value as the reference prints it: as JSON an empty list is nothing, unless it is one of those
/// that the reference looks through for what is there twice.
fn value(node: &Node, place: Place, form: ConfigForm) -> Value {
    match &node.kind {
        Kind::Scalar(scalar) => scalar_value(scalar),
        Kind::Sequence(items) if items.is_empty() && form == ConfigForm::Json => Value::Null,
        Kind::Sequence(items) => items.iter().map(|item| value(item, Place::Other, form)).collect(),
        Kind::Mapping(mapping) => {
            let entries = mapping.entries.iter().map(|entry| {
                let key = &*entry.key.text;
                let is_empty = entry.value.as_sequence().is_some_and(<[Node]>::is_empty);
                let value = if is_empty && place.is_unique(key) {
                    Value::Array(Vec::new())
                } else {
                    value(&entry.value, place.below(key), form)
                };
                (key.to_owned(), value)
            });
            entries.collect()
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
