//! What AWS gave resources, read from what refers to them.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::Known;
use crate::ecs::desired::{Body, Kind, Value};

/// Reads from what there is what stands behind the references of what is wanted, as far as it says that;
/// nothing where it says one thing in two ways.
///
/// Both must have their references in the same places: [`references`] tells.
pub(super) fn glean(want: &Body, have: &Body, known: &mut Known) -> Option<()> {
    let (want, have) = (serde_json::to_value(want).ok()?, serde_json::to_value(have).ok()?);
    let mut there = BTreeMap::new();
    walk(&have, &mut String::new(), &mut |path, text| {
        there.insert(path.to_owned(), text.to_owned());
    });
    for (path, value) in references(&want) {
        let Value::From(id, attribute) = value else { continue };
        // A service's own revision is what changes.
        if id.kind == Kind::TaskDefinition {
            continue;
        }
        let Some(text) = there.get(&path) else { continue };
        let before = known.entry(id).or_default().insert(attribute, text.clone());
        if before.is_some_and(|before| before != *text) {
            return None;
        }
    }
    Some(())
}

/// Where a body refers to what, by path. Images do not count: they change with what runs.
pub(super) fn references(body: &Json) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    walk(body, &mut String::new(), &mut |path, text| {
        let value = Value::parse(text);
        if value.reference().is_some_and(|(id, _)| id.kind != Kind::Image) {
            found.push((path.to_owned(), value));
        }
    });
    found
}

/// Every text, with the path to it. Entries of a list are called by their names, where they have any.
fn walk(json: &Json, path: &mut String, each: &mut dyn FnMut(&str, &str)) {
    let length = path.len();
    match json {
        Json::String(text) => each(path, text),
        Json::Object(map) => {
            for (key, value) in map {
                path.push('/');
                path.push_str(key);
                walk(value, path, each);
                path.truncate(length);
            }
        }
        Json::Array(list) => {
            for (place, value) in list.iter().enumerate() {
                let name =
                    ["name", "containerName"].iter().find_map(|key| value.get(key)?.as_str());
                let place = place.to_string();
                path.push('[');
                path.push_str(name.unwrap_or(&place));
                if let Some(port) = value.get("containerPort") {
                    path.push_str(&port.to_string());
                }
                path.push(']');
                walk(value, path, each);
                path.truncate(length);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}
