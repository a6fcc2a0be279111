//! `x-ecs.overrides`: a JSON merge patch (RFC 7386) on the task definition and the service, in the
//! words of the ECS API.

mod complete;
mod needs;
mod refused;

pub(crate) use needs::{images, reads};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use self::complete::complete;
use self::refused::Part;
use super::container::container_name;
use crate::compose::model::Patch;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Overridden, ResourceId, Service, TaskDefinition};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;

/// What decklift finds resources again by, or makes itself.
const fn fixed(part: Part) -> &'static [&'static str] {
    match part {
        Part::Task => &["family", "containerDefinitions", "tags"],
        Part::Container => &["name"],
        Part::Service => &["cluster", "serviceName", "taskDefinition", "tags"],
    }
}

/// Patches a task definition.
pub(crate) fn task(
    unit: &Unit<'_>,
    id: &ResourceId,
    task: TaskDefinition,
    out: &mut Output,
) -> TaskDefinition {
    let mut task = task;
    let bridge = task.network_mode == "bridge";
    for service in unit.members.iter().map(|member| member.service) {
        let overrides = &service.extension.overrides;
        let name = &service.name.value;
        for (container, patch) in &overrides.containers {
            let known = container_name(container);
            needs::credentials(name, patch, out);
            let mut all = task.container_definitions.iter_mut();
            match all.find(|found| found.name == known || found.name == *container) {
                Some(found) => {
                    let path = vec!["containerDefinitions".to_owned(), found.name.clone()];
                    let part = Part::Container;
                    let place = Place { service: name, id, path, part, bridge };
                    *found = patched(&place, found, patch, out);
                }
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
            let place = Place { service: name, id, path: Vec::new(), part: Part::Task, bridge };
            task = patched(&place, &task, patch, out);
        }
    }
    task
}

/// Patches an ECS service.
pub(crate) fn service(
    unit: &Unit<'_>,
    id: &ResourceId,
    service: Service,
    out: &mut Output,
) -> Service {
    let mut body = service;
    for member in unit.members.iter().map(|member| member.service) {
        if let Some(patch) = &member.extension.overrides.service {
            let service = &member.name.value;
            let path = Vec::new();
            let place = Place { service, id, path, part: Part::Service, bridge: false };
            body = patched(&place, &body, patch, out);
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

/// What is patched.
struct Place<'a> {
    /// The Compose service that the patch stands at.
    service: &'a str,
    /// The resource.
    id: &'a ResourceId,
    /// The way to the body in the resource.
    path: Vec<String>,
    /// What kind of body it is.
    part: Part,
    /// Whether the task has a network of its own behind the instance's.
    bridge: bool,
}

/// The body with the patch merged in, as far as that makes one; what does not is said.
fn patched<T: Serialize + DeserializeOwned + Clone>(
    place: &Place<'_>,
    body: &T,
    patch: &Patch,
    out: &mut Output,
) -> T {
    let fault = |path: &[String], message: String, help: &str| {
        Diagnostic::error(Code::InvalidValue, message)
            .at(patch.place(path), "")
            .help(help)
            .service(place.service)
    };
    let mut values = patch.values.clone();
    for key in fixed(place.part) {
        if values.remove(*key).is_some() {
            let message = format!("`{key}` cannot be overridden");
            out.say(fault(&[(*key).to_owned()], message, "decklift finds what it made by it"));
        }
    }
    for refused::Key { path, why, way } in refused::take_out(place.part, &mut values) {
        out.say(fault(&path, format!("`{}` is not taken: {why}", path.join(".")), way));
    }
    let Ok(before) = serde_json::to_value(body) else { return body.clone() };
    let merged = |values: &Map<String, Json>| {
        let mut after = before.clone();
        merge(&mut after, &Json::Object(values.clone()));
        complete(&mut after, place.bridge);
        serde_json::from_value::<T>(after.clone()).map(|body| (body, after))
    };
    let wrong = misfits(&[], &values, &|values| merged(values).err());
    for (path, error) in &wrong {
        let (message, help) = told(path, error);
        out.say(fault(path, message, help));
        remove(&mut values, path);
    }
    match merged(&values) {
        Ok((body, after)) => {
            let known = serde_json::to_value(&body).unwrap_or_default();
            for path in lost(&values, &after, &known) {
                let message = format!("decklift does not know `{}` of ECS here", path.join("."));
                let help = "check the spelling: names are those of the ECS API, in camelCase";
                out.say(fault(&path, message, help));
            }
            record(place, patch, &values, &before, out);
            body
        }
        Err(error) => {
            let (message, help) = told(&[], &error);
            out.say(fault(&[], message, help));
            body.clone()
        }
    }
}

/// What does not fit, and why.
fn told(path: &[String], error: &serde_json::Error) -> (String, &'static str) {
    let what = if path.is_empty() { "the patch".to_owned() } else { path.join(".") };
    // The error names types and fields. A text that stands in the wrong place it would quote, which
    // may be somebody's secret.
    let why = if is_missing(error) {
        error.to_string()
    } else {
        "a value of another type is wanted".to_owned()
    };
    let help = "write it as `RegisterTaskDefinition` and `CreateService` take it";
    (format!("`{what}` does not fit: {why}"), help)
}

fn is_missing(error: &serde_json::Error) -> bool {
    error.to_string().contains("missing field")
}

/// The paths that do not fit by themselves, as deep as that can be told.
fn misfits(
    path: &[String],
    values: &Map<String, Json>,
    fault: &impl Fn(&Map<String, Json>) -> Option<serde_json::Error>,
) -> Vec<(Vec<String>, serde_json::Error)> {
    let mut found = Vec::new();
    for (key, value) in values {
        let path = [path, std::slice::from_ref(key)].concat();
        let alone = path.iter().rev().fold(value.clone(), |value, key| {
            Json::Object([(key.clone(), value)].into_iter().collect())
        });
        let Some(error) = alone.as_object().and_then(fault) else { continue };
        let deeper = match value.as_object().filter(|_| !is_missing(&error)) {
            Some(inner) => misfits(&path, inner, fault),
            None => Vec::new(),
        };
        match deeper.is_empty() {
            true => found.push((path, error)),
            false => found.extend(deeper),
        }
    }
    found
}

/// Takes a path away.
fn remove(values: &mut Map<String, Json>, path: &[String]) {
    match path {
        [] => {}
        [key] => _ = values.remove(key),
        [key, rest @ ..] => {
            if let Some(Json::Object(inner)) = values.get_mut(key) {
                remove(inner, rest);
            }
        }
    }
}

/// Notes each field that was changed, for the sake of those who find it at fault.
fn record(
    place: &Place<'_>,
    patch: &Patch,
    values: &Map<String, Json>,
    before: &Json,
    out: &mut Output,
) {
    let mut open = vec![(Vec::new(), values, Some(before))];
    while let Some((path, values, before)) = open.pop() {
        for (key, value) in values {
            let here = [path.as_slice(), std::slice::from_ref(key)].concat();
            let before = before.and_then(|before| before.get(key));
            match (value, before) {
                (Json::Object(inner), Some(Json::Object(_))) => open.push((here, inner, before)),
                _ => out.desired.overridden.push(Overridden {
                    id: place.id.clone(),
                    span: patch.place(&here),
                    path: [place.path.as_slice(), &here].concat(),
                    before: before.cloned(),
                }),
            }
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
    let below = |key: &str, inner: Vec<Vec<String>>| {
        inner.into_iter().map(move |path| [vec![key.to_owned()], path].concat()).collect::<Vec<_>>()
    };
    for (key, value) in patch {
        let (Some(after), found) = (after.get(key), told.get(key)) else { continue };
        match (value, found) {
            (Json::Object(inner), Some(found @ Json::Object(_))) => {
                paths.extend(below(key, lost(inner, after, found)));
            }
            // Items of lists are replaced as a whole, each by its own.
            (Json::Array(_), Some(Json::Array(found)))
                if after.as_array().is_some_and(|after| after.len() == found.len()) =>
            {
                let after = after.as_array().into_iter().flatten();
                for (index, (after, found)) in after.zip(found).enumerate() {
                    let item = match after {
                        Json::Object(inner) => lost(inner, &Json::Object(inner.clone()), found),
                        _ if after == found => Vec::new(),
                        _ => vec![Vec::new()],
                    };
                    paths.extend(below(key, below(&index.to_string(), item)));
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

/// Whether a member of a request is not taken.
#[cfg(test)]
pub(crate) fn is_refused(operation: &str, member: &str) -> bool {
    match (operation, member.strip_prefix("containerDefinitions[].")) {
        ("CreateService", _) => refused::covers(Part::Service, member),
        (_, Some(member)) => refused::covers(Part::Container, member),
        (_, None) => refused::covers(Part::Task, member),
    }
}

#[cfg(test)]
mod members_tests;

#[cfg(test)]
#[path = "overrides_tests.rs"]
mod tests;
