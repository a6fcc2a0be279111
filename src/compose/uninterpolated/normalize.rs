//! What the reference adds to a document that it prints without its variables replaced.

use serde_json::{Map, Value, json};

use crate::compose::canonical::ConfigForm;
use crate::compose::environment::Environment;

/// Writes out what the reference implies: the default network, the names of resources, the
/// Dockerfile, the kind of a port.
pub(super) fn normalize(
    out: &mut Map<String, Value>,
    project: &str,
    environment: &Environment,
    form: ConfigForm,
) {
    let mut uses_default = false;
    if let Some(Value::Object(services)) = out.get_mut("services") {
        for service in services.values_mut().filter_map(Value::as_object_mut) {
            uses_default |= normalize_service(service, environment, form);
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
            let is_external = match resource.get("external") {
                Some(Value::Bool(external)) => *external,
                Some(Value::String(text)) => {
                    matches!(&**text, "1" | "t" | "T" | "true" | "True" | "TRUE")
                }
                _ => false,
            };
            let name = if is_external { key.clone() } else { format!("{project}_{key}") };
            resource.entry("name").or_insert_with(|| name.into());
        }
    }
}

/// Whether the service is attached to the default network.
fn normalize_service(
    service: &mut Map<String, Value>,
    environment: &Environment,
    form: ConfigForm,
) -> bool {
    if let Some(Value::Object(build)) = service.get_mut("build") {
        if !build.contains_key("dockerfile_inline") {
            build.entry("dockerfile").or_insert_with(|| "Dockerfile".into());
        }
        if let Some(arguments) = build.get_mut("args") {
            resolve(arguments, environment, false, form);
        }
    }
    if let Some(variables) = service.get_mut("environment") {
        resolve(variables, environment, true, form);
    }
    if service.get("pull_policy").is_some_and(|policy| policy == "if_not_present") {
        service.insert("pull_policy".into(), "missing".into());
    }
    for pointer in ["/gpus", "/deploy/resources/reservations/devices"] {
        let mut place = Some(&mut *service);
        let mut names = pointer.split('/').skip(1).peekable();
        while let (Some(name), Some(here)) = (names.next(), place.take()) {
            match here.get_mut(name) {
                Some(Value::Array(devices)) if names.peek().is_none() => count_all(devices),
                Some(Value::Object(below)) => place = Some(below),
                _ => {}
            }
        }
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

/// A device request that says nothing of it asks for all devices.
fn count_all(devices: &mut [Value]) {
    for device in devices.iter_mut().filter_map(Value::as_object_mut) {
        if !device.contains_key("device_ids") {
            device.entry("count").or_insert_with(|| "all".into());
        }
    }
}

/// Gives names without a value the one of the caller's variable; without one they go, or stay bare.
fn resolve(pairs: &mut Value, environment: &Environment, keep: bool, form: ConfigForm) {
    match pairs {
        Value::Array(items) => {
            items.retain_mut(|item| {
                let Some(text) = item.as_str() else { return false };
                if text.contains('=') {
                    return true;
                }
                let Some(found) = environment.get(text) else { return keep };
                *item = format!("{text}={found}").into();
                true
            });
            if items.is_empty() && form == ConfigForm::Json {
                *pairs = Value::Null;
            }
        }
        Value::Object(map) => map.retain(|name, value| {
            if value.is_null() {
                match environment.get(name) {
                    Some(found) => *value = found.into(),
                    None => return keep,
                }
            }
            true
        }),
        _ => {}
    }
}

/// Adds the dependencies that other attributes imply: those of `compose::implied`, of texts that may
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
