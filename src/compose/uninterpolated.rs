//! The document of `--no-interpolate`: merged, its short forms written in full, its variables as
//! they are written.

use serde_json::{Map, Value, json};

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
    normalize(&mut out, project_name);
    Some(Value::Object(out))
}

/// Writes out what the reference implies: the default network, the names of resources, the
/// Dockerfile, the kind of a port.
fn normalize(out: &mut Map<String, Value>, project: &str) {
    let mut uses_default = false;
    if let Some(Value::Object(services)) = out.get_mut("services") {
        for service in services.values_mut().filter_map(Value::as_object_mut) {
            uses_default |= normalize_service(service);
        }
    }
    if uses_default {
        let networks = out.entry("networks").or_insert_with(|| json!({}));
        if let Some(networks) = networks.as_object_mut() {
            networks.entry("default").or_insert(Value::Null);
        }
    }
    for section in ["networks", "volumes", "configs", "secrets"] {
        let Some(Value::Object(resources)) = out.get_mut(section) else { continue };
        for (key, resource) in resources {
            if resource.is_null() {
                *resource = json!({});
            }
            let Some(resource) = resource.as_object_mut() else { continue };
            let is_external = resource.get("external").and_then(Value::as_bool) == Some(true);
            let name = if is_external { key.clone() } else { format!("{project}_{key}") };
            resource.entry("name").or_insert_with(|| name.into());
        }
    }
}

/// Whether the service is attached to the default network.
fn normalize_service(service: &mut Map<String, Value>) -> bool {
    if let Some(Value::Object(build)) = service.get_mut("build")
        && !build.contains_key("dockerfile_inline")
    {
        build.entry("dockerfile").or_insert_with(|| "Dockerfile".into());
    }
    if let Some(Value::Array(ports)) = service.get_mut("ports") {
        for port in ports.iter_mut().filter_map(Value::as_object_mut) {
            port.entry("protocol").or_insert_with(|| "tcp".into());
            port.entry("mode").or_insert_with(|| "ingress".into());
        }
    }
    if let Some(Value::Array(secrets)) = service.get_mut("secrets") {
        for secret in secrets.iter_mut().filter_map(Value::as_object_mut) {
            let source = secret.get("source").and_then(Value::as_str).unwrap_or_default();
            let target = format!("/run/secrets/{source}");
            secret.entry("target").or_insert_with(|| target.into());
        }
    }
    depend(service);
    if service.contains_key("network_mode") || service.contains_key("provider") {
        return false;
    }
    match service.get("networks").and_then(Value::as_object) {
        Some(networks) if !networks.is_empty() => networks.contains_key("default"),
        _ => {
            service.insert("networks".into(), json!({"default": null}));
            true
        }
    }
}

/// Adds the dependencies that other attributes imply: those of `super::implied`, of texts that may
/// hold variables.
fn depend(service: &mut Map<String, Value>) {
    let mut implied: Vec<(String, bool)> = Vec::new();
    let texts = |key: &str| -> Vec<String> {
        let items = service.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    implied.extend(texts("links").into_iter().map(|link| {
        let parts: Vec<&str> = link.split(':').collect();
        (if parts.len() == 2 { parts[0].to_owned() } else { link }, true)
    }));
    for key in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        let shared = service.get(key).and_then(Value::as_str);
        let shared = shared.and_then(|text| text.strip_prefix("service:"));
        implied.extend(shared.map(|name| (name.to_owned(), true)));
    }
    let volumes = texts("volumes_from").into_iter().filter(|text| !text.starts_with("container:"));
    implied.extend(volumes.map(|text| {
        let name = text.split(':').next().unwrap_or_default();
        (name.to_owned(), false)
    }));
    if implied.is_empty() {
        return;
    }
    let dependencies = service.entry("depends_on").or_insert_with(|| json!({}));
    let Some(dependencies) = dependencies.as_object_mut() else { return };
    for (name, restart) in implied {
        dependencies.entry(name).or_insert_with(
            || json!({"condition": "service_started", "restart": restart, "required": true}),
        );
    }
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
