//! What differs between two bodies, path by path.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::Observed;
use crate::ecs::desired::{Body, Request};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Where, in the words of the API: `containerDefinitions[web].image`.
    pub path: String,
    /// What AWS has; absent when it has nothing, `(hidden)` when it may be secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What is wanted; absent when nothing is, `(hidden)` when it may be secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What stands in a plan for what may be secret.
pub(super) const HIDDEN: &str = "(hidden)";

/// Fields in which people put credentials, or Compose puts them through `${VARIABLE}`: their values
/// never reach a plan.
const HIDDEN_FIELDS: [&str; 5] =
    ["environment", "command", "entryPoint", "dockerLabels", "logConfiguration.options"];

/// The differences that must be removed for `observed` to become `desired`.
#[must_use]
pub fn changes(desired: &Body, observed: &Observed) -> Vec<Change> {
    let tags = observed.tags_known && !matches!(desired, Body::TaskDefinition(_));
    let mut found = Vec::new();
    for (want, have) in pairs(desired.requests(""), observed.body.requests("")) {
        let side = |body: Option<Json>| body.map(|body| comparable(&body, tags));
        let nothing = || Json::Object(Map::new());
        // What one side has no request for, it has nothing of.
        let want = side(want).unwrap_or_else(nothing);
        let have = side(have).unwrap_or_else(nothing);
        compare("", Some(&want), Some(&have), &mut found);
    }
    if let (Body::Image(want), Body::Image(have)) = (desired, &observed.body)
        // The tag stands for everything that the image was made from.
        && (&want.repository_name, &want.image_tag) != (&have.repository_name, &have.image_tag)
    {
        found.push(change("imageTag", Some(&have.image_tag), Some(&want.image_tag)));
    }
    found
}

/// The bodies of both sides' requests: the first of an operation with the first, and so on. A policy
/// that is not wanted, or one that is missing, stands alone.
fn pairs(want: Vec<Request>, have: Vec<Request>) -> Vec<(Option<Json>, Option<Json>)> {
    let mut have: Vec<Option<Request>> = have.into_iter().map(Some).collect();
    let mut pairs: Vec<_> = want
        .into_iter()
        .map(|want| {
            let same = |have: &&mut Option<Request>| {
                have.as_ref().is_some_and(|have| have.operation == want.operation)
            };
            let other = have.iter_mut().find(same).and_then(Option::take);
            (Some(want.body), other.map(|other| other.body))
        })
        .collect();
    pairs.extend(have.into_iter().flatten().map(|have| (None, Some(have.body))));
    pairs
}

fn change(path: &str, from: Option<&str>, to: Option<&str>) -> Change {
    Change { path: path.to_owned(), from: from.map(str::to_owned), to: to.map(str::to_owned) }
}

/// A request body without what is not compared: tags that were not read, and texts that only
/// describe.
fn comparable(body: &Json, tags: bool) -> Json {
    let mut body = body.clone();
    if let Json::Object(map) = &mut body {
        if !tags {
            map.retain(|key, _| !matches!(key.as_str(), "tags" | "Tags" | "TagSpecifications"));
        }
        // Idempotency tokens are not kept by AWS; a role's description is only for people.
        map.retain(|key, _| !matches!(key.as_str(), "ClientToken" | "Description"));
    }
    body
}

fn compare(path: &str, want: Option<&Json>, have: Option<&Json>, found: &mut Vec<Change>) {
    match (want, have) {
        (Some(Json::Object(want)), Some(Json::Object(have))) => {
            for (key, value) in want {
                compare(&join(path, key), Some(value), have.get(key), found);
            }
            for (key, value) in have.iter().filter(|(key, _)| !want.contains_key(*key)) {
                compare(&join(path, key), None, Some(value), found);
            }
        }
        (Some(Json::Array(want)), Some(Json::Array(have))) => list(path, want, have, found),
        (want, have) if want == have => {}
        (want, have) => {
            let hidden = HIDDEN_FIELDS.iter().any(|field| path.contains(field));
            let text = |value: Option<&Json>| {
                value.map(|v| if hidden { HIDDEN.to_owned() } else { display(v) })
            };
            found.push(Change { path: path.to_owned(), from: text(have), to: text(want) });
        }
    }
}

/// Lists whose items carry a name are compared by name, lists of plain values as sets in order.
fn list(path: &str, want: &[Json], have: &[Json], found: &mut Vec<Change>) {
    let named = want.iter().chain(have).all(|item| identity(item).is_some());
    if !named || want.is_empty() && have.is_empty() {
        if want != have {
            if want.len() == have.len() && want.iter().all(Json::is_object) {
                for (index, (want, have)) in want.iter().zip(have).enumerate() {
                    compare(&format!("{path}[{index}]"), Some(want), Some(have), found);
                }
            } else {
                let hidden = HIDDEN_FIELDS.iter().any(|field| path.contains(field));
                let text = |list: &[Json]| {
                    Some(match hidden {
                        true => HIDDEN.to_owned(),
                        false => display(&Json::Array(list.to_vec())),
                    })
                };
                found.push(Change { path: path.to_owned(), from: text(have), to: text(want) });
            }
        }
        return;
    }
    let find = |list: &'_ [Json], name: &str| -> Option<Json> {
        list.iter().find(|item| identity(item).as_deref() == Some(name)).cloned()
    };
    // Foreign tags are nobody's fault: other tools may add theirs.
    let foreign_is_fine = matches!(path, "tags" | "Tags");
    for item in want {
        let name = identity(item).unwrap_or_default();
        compare(&format!("{path}[{name}]"), Some(item), find(have, &name).as_ref(), found);
    }
    for item in have.iter().filter(|_| !foreign_is_fine) {
        let name = identity(item).unwrap_or_default();
        if find(want, &name).is_none() {
            compare(&format!("{path}[{name}]"), None, Some(item), found);
        }
    }
}

fn identity(item: &Json) -> Option<String> {
    let map = item.as_object()?;
    ["name", "Name", "key", "Key", "containerPath", "discoveryName", "capacityProvider"]
        .iter()
        .find_map(|key| map.get(*key)?.as_str().map(str::to_owned))
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Only plain values are shown: a whole container, say, could carry a secret somewhere inside.
fn display(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            format!("[{}]", items.iter().map(display).collect::<Vec<_>>().join(", "))
        }
        Json::Array(_) | Json::Object(_) => "(set)".to_owned(),
        Json::Null | Json::Bool(_) | Json::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn diff(want: &Json, have: &Json) -> Vec<String> {
        let mut found = Vec::new();
        compare("", Some(want), Some(have), &mut found);
        found.into_iter().map(|c| format!("{} {:?} -> {:?}", c.path, c.from, c.to)).collect()
    }

    #[test]
    fn named_items_are_compared_by_name_whatever_their_order() {
        let want = json!({"c": [{"name": "a", "image": "1"}, {"name": "b"}]});
        let have = json!({"c": [{"name": "b"}, {"name": "a", "image": "2"}]});
        assert_eq!(diff(&want, &have), ["c[a].image Some(\"2\") -> Some(\"1\")"]);
    }

    #[test]
    fn what_was_removed_is_a_change() {
        let want = json!({"ports": []});
        let have = json!({"ports": [{"name": "web-80"}], "extra": 1});
        assert_eq!(
            diff(&want, &have),
            ["ports[web-80] Some(\"(set)\") -> None", "extra Some(\"1\") -> None"]
        );
    }

    #[test]
    fn environment_values_stay_hidden() {
        let want = json!({"environment": [{"name": "PASSWORD", "value": "new"}]});
        let have = json!({"environment": [{"name": "PASSWORD", "value": "old"}]});
        assert_eq!(
            diff(&want, &have),
            ["environment[PASSWORD].value Some(\"(hidden)\") -> Some(\"(hidden)\")"]
        );
    }

    #[test]
    fn command_lines_stay_hidden() {
        for field in ["command", "entryPoint"] {
            let want = json!({field: ["serve", "--password=new"]});
            let have = json!({field: ["serve", "--password=old"]});
            let shown = format!("{field} Some(\"(hidden)\") -> Some(\"(hidden)\")");
            assert_eq!(diff(&want, &have), [shown]);
        }
    }

    #[test]
    fn foreign_tags_are_no_change() {
        let want = json!({"tags": [{"key": "a", "value": "1"}]});
        let have = json!({"tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]});
        assert!(diff(&want, &have).is_empty());
    }
}
