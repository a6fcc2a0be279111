//! `x-ecs.overrides`: a JSON merge patch (RFC 7386) on the task definition and the service, in the
//! words of the ECS API.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::container::container_name;
use crate::compose::model::Patch;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Service, TaskDefinition};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;

/// What decklift finds resources again by, or makes itself.
const TASK: [&str; 3] = ["family", "containerDefinitions", "tags"];
const CONTAINER: [&str; 1] = ["name"];
const SERVICE: [&str; 4] = ["cluster", "serviceName", "taskDefinition", "tags"];

/// Patches a task definition.
pub(crate) fn task(unit: &Unit<'_>, task: TaskDefinition, out: &mut Output) -> TaskDefinition {
    let mut task = task;
    for service in unit.members.iter().map(|member| member.service) {
        let overrides = &service.extension.overrides;
        let name = &service.name.value;
        for (container, patch) in &overrides.containers {
            let known = container_name(container);
            let mut all = task.container_definitions.iter_mut();
            match all.find(|found| found.name == known || found.name == *container) {
                Some(found) => *found = patched(name, found, patch, &CONTAINER, out),
                None => {
                    let names = task.container_definitions.iter().map(|c| c.name.as_str());
                    let names: Vec<_> = names.collect();
                    let message = format!("the task has no container {container:?}");
                    out.say(
                        Diagnostic::error(Code::UndefinedReference, message)
                            .at(patch.span, "")
                            .help(format!("its containers are {}", names.join(", ")))
                            .service(name),
                    );
                }
            }
        }
        if let Some(patch) = &overrides.task_definition {
            task = patched(name, &task, patch, &TASK, out);
        }
    }
    task
}

/// Patches an ECS service.
pub(crate) fn service(unit: &Unit<'_>, service: Service, out: &mut Output) -> Service {
    let mut body = service;
    for member in unit.members.iter().map(|member| member.service) {
        if let Some(patch) = &member.extension.overrides.service {
            body = patched(&member.name.value, &body, patch, &SERVICE, out);
        }
    }
    body
}

/// Says that a job has no service to patch.
pub(crate) fn of_job(unit: &Unit<'_>, out: &mut Output) {
    for member in unit.members.iter().map(|member| member.service) {
        if let Some(patch) = &member.extension.overrides.service {
            out.say(
                Diagnostic::warning(Code::Ignored, "a job has no ECS service to override")
                    .at(patch.span, "")
                    .help("override its `task_definition` or `containers`")
                    .service(&member.name.value),
            );
        }
    }
}

/// The body with the patch merged in; itself, and an error, where that makes none.
fn patched<T: Serialize + DeserializeOwned + Clone>(
    service: &str,
    body: &T,
    patch: &Patch,
    fixed: &[&str],
    out: &mut Output,
) -> T {
    let fault = |path: &[String], message: String, help: &str| {
        Diagnostic::error(Code::InvalidValue, message)
            .at(patch.place(path), "")
            .help(help)
            .service(service)
    };
    if let Some(key) = fixed.iter().find(|key| patch.values.contains_key(**key)) {
        let message = format!("`{key}` cannot be overridden");
        out.say(fault(&[(*key).to_owned()], message, "decklift finds what it made by it"));
        return body.clone();
    }
    let Ok(Json::Object(before)) = serde_json::to_value(body) else { return body.clone() };
    let merged = |values: &Map<String, Json>| {
        let mut after = Json::Object(before.clone());
        merge(&mut after, &Json::Object(values.clone()));
        serde_json::from_value::<T>(after.clone()).map(|body| (body, after))
    };
    match merged(&patch.values) {
        Ok((body, after)) => {
            let told = serde_json::to_value(&body).unwrap_or_default();
            for path in lost(&patch.values, &after, &told) {
                let message = format!("decklift does not know `{}` of ECS here", path.join("."));
                let help = "check the spelling: names are those of the ECS API, in camelCase; \
                    an attribute that decklift never sets cannot be overridden yet";
                out.say(fault(&path, message, help));
            }
            body
        }
        Err(error) => {
            // The key that alone does not fit is the place; else all of them together do not.
            let alone = |(key, value): (&String, &Json)| {
                let one: Map<_, _> = [(key.clone(), value.clone())].into_iter().collect();
                merged(&one).err().map(|error| (key.clone(), error))
            };
            let (path, error) = match patch.values.iter().find_map(alone) {
                Some((key, error)) => (vec![key], error),
                None => (Vec::new(), error),
            };
            let what = path.first().map_or("the patch", String::as_str);
            // The error names types and fields. A text that stands in the wrong place it would
            // quote, which may be somebody's secret.
            let why = if error.to_string().contains("missing field") {
                error.to_string()
            } else {
                "a value of another type is wanted".to_owned()
            };
            let help = "write it as `RegisterTaskDefinition` and `CreateService` take it";
            out.say(fault(&path, format!("`{what}` does not fit: {why}"), help));
            body.clone()
        }
    }
}

/// RFC 7386: objects are merged, null removes, everything else replaces.
fn merge(target: &mut Json, patch: &Json) {
    let Json::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Json::Object(Map::new());
    }
    let Json::Object(target) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Json::Null), value);
        }
    }
}

/// The paths of the patch that the typed form does not have. Nothing is dropped in silence.
fn lost(patch: &Map<String, Json>, after: &Json, told: &Json) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for (key, value) in patch {
        let (Some(after), found) = (after.get(key), told.get(key)) else { continue };
        match (value, found) {
            (Json::Object(inner), Some(found @ Json::Object(_))) => {
                for mut path in lost(inner, after, found) {
                    path.insert(0, key.clone());
                    paths.push(path);
                }
            }
            (_, Some(found)) if found == after => {}
            // An empty list or object is the same as none.
            (_, None) if is_empty(after) => {}
            _ => paths.push(vec![key.clone()]),
        }
    }
    paths
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Array(items) => items.is_empty(),
        Json::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
#[path = "overrides_tests.rs"]
mod tests;
