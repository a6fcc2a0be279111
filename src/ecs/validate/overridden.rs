//! Which key of `x-ecs.overrides` makes a request that AWS refuses: the one without which the fault is
//! gone.

use std::collections::HashSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::{Report, Unique, one};
use crate::diagnostic::{Diagnostic, Label};
use crate::ecs::desired::{Body, Desired, Overridden, Resource, ResourceId};

/// Lets the faults of a resource point at the keys that make them.
pub(super) fn place(
    desired: &Desired,
    resource: &Resource,
    listeners: &HashSet<&ResourceId>,
    faults: &mut [Diagnostic],
) {
    let all: Vec<&Overridden> =
        desired.overridden.iter().filter(|found| found.id == resource.id).collect();
    if faults.is_empty() || all.is_empty() {
        return;
    }
    let left = |gone: &[&Overridden]| {
        let changed = Resource { body: without(&resource.body, gone)?, ..resource.clone() };
        let mut report =
            Report { desired, resource: Some(&changed), trusts: None, found: Vec::new() };
        one(&changed, listeners, &mut Unique::default(), &mut report);
        Some(report.found.into_iter().map(|fault| fault.message).collect::<HashSet<_>>())
    };
    let each: Vec<_> = all.iter().map(|key| left(&[key])).collect();
    let none = left(&all);
    for fault in faults {
        let is_gone = |left: &Option<HashSet<String>>| {
            left.as_ref().is_some_and(|left| !left.contains(&fault.message))
        };
        let alone = all.iter().zip(&each).find(|(_, left)| is_gone(left)).map(|(key, _)| key);
        // Two keys may make it together.
        let key = alone.or_else(|| all.first().filter(|_| is_gone(&none)));
        if let Some(key) = key {
            fault.labels = vec![Label { span: key.span, text: String::new() }];
        }
    }
}

/// The body as it was before these keys; nothing where that is none.
fn without(body: &Body, gone: &[&Overridden]) -> Option<Body> {
    match body {
        Body::TaskDefinition(task) => Some(Body::TaskDefinition(restored(task, gone)?)),
        Body::Service(service) => Some(Body::Service(restored(service, gone)?)),
        _ => None,
    }
}

fn restored<T: Serialize + DeserializeOwned>(body: &T, gone: &[&Overridden]) -> Option<T> {
    let mut json = serde_json::to_value(body).ok()?;
    for Overridden { path, before, .. } in gone {
        restore(&mut json, path, before.as_ref());
    }
    serde_json::from_value(json).ok()
}

/// Puts what was at a path back; members of lists are known by their names.
fn restore(json: &mut Json, path: &[String], before: Option<&Json>) {
    let Some((key, rest)) = path.split_first() else { return };
    match json {
        Json::Array(items) => {
            let named = |item: &&mut Json| item.get("name").and_then(Json::as_str) == Some(key);
            if let Some(item) = items.iter_mut().find(named) {
                restore(item, rest, before);
            }
        }
        Json::Object(fields) if rest.is_empty() => match before {
            Some(before) => _ = fields.insert(key.clone(), before.clone()),
            None => _ = fields.remove(key),
        },
        Json::Object(fields) => {
            if let Some(value) = fields.get_mut(key) {
                restore(value, rest, before);
            }
        }
        _ => {}
    }
}
