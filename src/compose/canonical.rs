//! The resolved project in the form that `docker compose config` prints it.

mod mount;
mod print;
mod service;
mod value;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::load::{Details, Loaded};
use super::model::Project;
use crate::yaml::Node;
pub use print::print_canonical;
use service::service;
use value::{extension_value, text};

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
    let details = loaded.details.as_ref()?;
    let mut out = Map::new();
    out.insert("name".into(), project.name.clone().into());
    out.insert("services".into(), Value::Object(Map::new()));
    let networks = networks(project, details, form);
    if !networks.is_empty() {
        out.insert("networks".into(), Value::Object(networks));
    }
    let volumes = volumes(project, details, form);
    if !volumes.is_empty() {
        out.insert("volumes".into(), Value::Object(volumes));
    }
    extensions(&details.document, &mut out);
    out.values_mut().for_each(escape);
    Some(out)
}

/// The names of the services, and what makes their values.
fn services(
    loaded: &Loaded,
    form: ConfigForm,
) -> impl Iterator<Item = (&str, impl FnOnce() -> Value)> {
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

fn resource_name(project: &Project, key: &str, name: Option<&str>, external: bool) -> String {
    match name {
        Some(name) => name.to_owned(),
        None if external => key.to_owned(),
        None => format!("{}_{key}", project.name),
    }
}

fn networks(project: &Project, details: &Details, form: ConfigForm) -> Map<String, Value> {
    let nodes = by_name(details.document.get("networks"));
    let entry = |(key, network): (&String, &super::model::Network)| {
        let node = nodes.get(key.as_str());
        let mut out = Map::new();
        let name = network.name.as_ref().map(|name| name.value.as_str());
        out.insert("name".into(), resource_name(project, key, name, network.external).into());
        if let Some(driver) = node.and_then(|node| text(node.get("driver")?)) {
            out.insert("driver".into(), driver.into());
        }
        if form == ConfigForm::Json {
            out.insert("ipam".into(), json!({}));
        }
        if network.external {
            out.insert("external".into(), true.into());
        }
        if network.internal {
            out.insert("internal".into(), true.into());
        }
        if let (Some(node), ConfigForm::Yaml) = (node, form) {
            extensions(node, &mut out);
        }
        (key.clone(), Value::Object(out))
    };
    project.networks.iter().map(entry).collect()
}

fn volumes(project: &Project, details: &Details, form: ConfigForm) -> Map<String, Value> {
    let nodes = by_name(details.document.get("volumes"));
    let entry = |(key, volume): (&String, &super::model::Volume)| {
        let mut out = Map::new();
        let name = volume.name.as_ref().map(|name| name.value.as_str());
        out.insert("name".into(), resource_name(project, key, name, volume.external).into());
        if let Some(driver) = &volume.driver {
            out.insert("driver".into(), driver.value.clone().into());
        }
        if !volume.driver_opts.is_empty() {
            let is = |key: &str, value: &str| {
                volume.driver_opts.get(key).is_some_and(|found| found.value == value)
            };
            let local = volume.driver.as_ref().is_some_and(|driver| driver.value == "local");
            let bind = local && is("o", "bind");
            let options = volume.driver_opts.iter().map(|(key, value)| {
                let value = if bind && key == "device" {
                    details.paths.absolute(&value.value).to_string_lossy().into_owned()
                } else {
                    value.value.clone()
                };
                (key.clone(), Value::String(value))
            });
            out.insert("driver_opts".into(), Value::Object(options.collect()));
        }
        if volume.external {
            out.insert("external".into(), true.into());
        }
        if let (Some(node), ConfigForm::Yaml) = (nodes.get(key.as_str()), form) {
            extensions(node, &mut out);
        }
        (key.clone(), Value::Object(out))
    };
    project.volumes.iter().map(entry).collect()
}
