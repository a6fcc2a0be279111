//! The resolved project in the form that `docker compose config` prints it.

mod print;
mod runtime;
mod service;
mod setting;
mod value;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::load::Loaded;
use super::model::{FileObject, Project};
use crate::yaml::Node;
pub use print::print_canonical;
use service::service;
use setting::table;
pub(super) use value::{duration, extension_value, short};

/// Which of the two forms of the reference is wanted. They differ in what stands for nothing, and
/// in the extensions below the top level, which only YAML has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigForm {
    /// `--format json`
    Json,
    /// `--format yaml`
    Yaml,
}

/// The resolved project as `docker compose config` prints it. `None` when nothing was loaded.
#[must_use]
pub fn canonical(loaded: &Loaded, form: ConfigForm) -> Option<Value> {
    let mut out = frame(loaded, form)?;
    let services = services(loaded, form).map(|(name, make)| {
        let mut service = make();
        escape(&mut service);
        (name.to_owned(), service)
    });
    out.insert("services".into(), Value::Object(services.collect()));
    Some(Value::Object(out))
}

/// All of it but the services, in whose place there are none.
fn frame(loaded: &Loaded, form: ConfigForm) -> Option<Map<String, Value>> {
    let project = loaded.project.as_ref()?;
    let mut out = Map::new();
    out.insert("name".into(), project.name.clone().into());
    out.insert("services".into(), Value::Object(Map::new()));
    let secrets = |(key, secret): (&String, &FileObject)| {
        (key.clone(), file_object(project, key, secret, form))
    };
    let sections: [(&str, Map<String, Value>); 5] = [
        ("networks", networks(project, form)),
        ("volumes", volumes(project, form)),
        ("secrets", project.secrets.iter().map(secrets).collect()),
        ("configs", project.configs.iter().map(secrets).collect()),
        ("models", models(project, form)),
    ];
    for (key, section) in sections {
        if !section.is_empty() {
            out.insert(key.into(), Value::Object(section));
        }
    }
    for (key, extension) in &project.extensions {
        out.insert(key.clone(), setting::value(extension, form));
    }
    out.values_mut().for_each(escape);
    Some(out)
}

/// The names of the services, and what makes their values.
fn services(
    loaded: &Loaded,
    form: ConfigForm,
) -> impl Iterator<Item = (&str, impl Fn() -> Value + Sync)> {
    let parts = loaded.project.as_ref().zip(loaded.details.as_ref());
    parts.into_iter().flat_map(move |(project, details)| {
        let nodes = by_name(details.document.get("services"));
        project.services.iter().filter_map(move |(name, model)| {
            let node = *nodes.get(name.as_str())?;
            Some((name.as_str(), move || service(model, node, details, form)))
        })
    })
}

/// Doubles dollar signs, so that the output reads back as what it says.
fn escape(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('$') => *text = text.replace('$', "$$"),
        Value::Array(items) => items.iter_mut().for_each(escape),
        Value::Object(map) => map.values_mut().for_each(escape),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn by_name(node: Option<&Node>) -> IndexMap<&str, &Node> {
    let entries = node.and_then(Node::as_mapping).map(|mapping| mapping.entries.as_slice());
    entries.unwrap_or_default().iter().map(|entry| (&*entry.key.text, &entry.value)).collect()
}

/// Copies the `x-…` entries of a mapping.
fn extensions(node: &Node, out: &mut Map<String, Value>) {
    let Some(mapping) = node.as_mapping() else { return };
    for entry in &mapping.entries {
        if entry.key.text.starts_with("x-") {
            out.insert(entry.key.text.to_string(), extension_value(&entry.value));
        }
    }
}

/// `name` and `external` first, then the rest.
fn resource(
    project: &Project,
    key: &str,
    name: Option<&str>,
    external: bool,
    rest: Map<String, Value>,
) -> Value {
    let mut out = Map::new();
    let name = match name {
        Some(name) => name.to_owned(),
        None if external => key.to_owned(),
        None => format!("{}_{key}", project.name),
    };
    if !name.is_empty() {
        out.insert("name".into(), name.into());
    }
    if external {
        out.insert("external".into(), true.into());
    }
    out.extend(rest);
    Value::Object(out)
}

fn networks(project: &Project, form: ConfigForm) -> Map<String, Value> {
    let entry = |(key, network): (&String, &super::model::Network)| {
        let name = network.name.as_ref().map(|name| name.value.as_str());
        let rest = table(&network.settings, form);
        (key.clone(), resource(project, key, name, network.external, rest))
    };
    project.networks.iter().map(entry).collect()
}

fn volumes(project: &Project, form: ConfigForm) -> Map<String, Value> {
    let entry = |(key, volume): (&String, &super::model::Volume)| {
        let name = volume.name.as_ref().map(|name| name.value.as_str());
        let rest = table(&volume.settings, form);
        (key.clone(), resource(project, key, name, volume.external, rest))
    };
    project.volumes.iter().map(entry).collect()
}

/// A secret or config: where its value comes from, never the value of a variable.
fn file_object(project: &Project, key: &str, object: &FileObject, form: ConfigForm) -> Value {
    let rest = table(&object.settings, form);
    resource(project, key, object.name.as_deref(), object.external, rest)
}

/// Only YAML has them.
fn models(project: &Project, form: ConfigForm) -> Map<String, Value> {
    if form == ConfigForm::Json {
        return Map::new();
    }
    let entries = project.models.iter();
    entries.map(|(key, model)| (key.clone(), Value::Object(table(model, form)))).collect()
}
