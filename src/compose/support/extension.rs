//! The keys of `x-ecs`, as editors and `docs/compose-support.md` know them.

use serde_json::{Map, Value, json};

/// Path below `x-ecs`, JSON Schema of the value, and what it is for. A group stands before its parts.
type Key = (&'static str, &'static str, &'static str);

const TEXT: &str = r#"{"type": "string", "minLength": 1}"#;
const FLAG: &str = r#"{"type": "boolean"}"#;
const TEXTS: &str = r#"{"type": "array", "items": {"type": "string"}}"#;
const NAMES: &str = r#"{"type": "object", "additionalProperties": {"type": "string"}}"#;
const GROUP: &str = r#"{"type": "object", "additionalProperties": false}"#;
const COUNT: &str = r#"{"type": "integer", "minimum": 0}"#;
const SIZE: &str = r#"{"type": ["string", "integer"]}"#;

/// A place for `x-ecs`: what messages call it, the path to it, and its keys.
pub(super) struct Place {
    /// For people.
    pub(super) title: &'static str,
    /// Below the top level; `*` is any name.
    pub(super) path: &'static [&'static str],
    /// The keys.
    pub(super) keys: &'static [Key],
}

/// Everywhere that `x-ecs` may stand.
pub(super) const PLACES: &[Place] = &[
    Place { title: "At the top level", path: &[], keys: PROJECT },
    Place { title: "At a service", path: &["services", "*"], keys: SERVICE },
];

const PROJECT: &[Key] = &[
    (
        "log_retention",
        r#"{"type": "integer", "minimum": 1, "maximum": 3653}"#,
        "days that CloudWatch Logs keeps events, 30 unless given",
    ),
    ("region", TEXT, "the AWS region"),
    ("subnets", TEXTS, "ids of existing subnets for the tasks"),
    ("tags", NAMES, "tags of everything that takes tags"),
    ("vpc", TEXT, "id of an existing VPC"),
];

const SERVICE: &[Key] = &[
    ("cpu", COUNT, "CPU units of the task, 1024 is one virtual CPU"),
    ("http", GROUP, "how the load balancer treats the service"),
    (
        "http.deregistration_delay",
        r#"{"type": "integer", "minimum": 0, "maximum": 3600}"#,
        "seconds that a task has to answer what it was asked before it left",
    ),
    (
        "http.health_check",
        r#"{"type": "string", "pattern": "^/"}"#,
        "the path that the target group asks for",
    ),
    ("job", FLAG, "whether it runs to completion, once a deployment"),
    ("memory", SIZE, "memory of the task, such as 2g"),
    (
        "ports",
        r#"{"type": "object", "additionalProperties": {"enum": ["public", "none"]}}"#,
        "by container port: who reaches it through a load balancer",
    ),
    ("task", TEXT, "the name of a task that several services share"),
];

/// The JSON Schema of `x-ecs`, for editors: it holds for a whole Compose file, and says nothing of the
/// rest of it.
#[must_use]
pub fn schema() -> Value {
    let mut root = json!({"type": "object"});
    for place in PLACES {
        let mut at = &mut root;
        for name in place.path {
            at = match *name {
                "*" => &mut at["additionalProperties"],
                name => &mut at["properties"][name],
            };
            at["type"] = "object".into();
        }
        at["properties"]["x-ecs"] = keys(place.keys);
    }
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    root["title"] = "x-ecs in Compose files, for decklift".into();
    root
}

fn keys(all: &[Key]) -> Value {
    let mut root = json!({"type": ["object", "null"], "additionalProperties": false});
    for (path, schema, text) in all {
        let mut at = &mut root;
        for name in path.split('.') {
            at = &mut at["properties"][name];
        }
        // The table is this file's own text; a test reads all of it.
        let mut schema: Map<String, Value> = serde_json::from_str(schema).unwrap_or_default();
        schema.insert("description".to_owned(), (*text).into());
        *at = Value::Object(schema);
    }
    root
}

/// Where `x-ecs` may stand, and its keys with what they are for.
pub fn extension_keys() -> impl Iterator<Item = (&'static str, Vec<(&'static str, &'static str)>)> {
    PLACES.iter().map(|place| {
        let keys = place.keys.iter().map(|(path, _, text)| (*path, *text));
        (place.title, keys.collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_one() {
        for (path, schema, text) in PLACES.iter().flat_map(|place| place.keys) {
            let schema: Value = serde_json::from_str(schema).expect(path);
            assert!(schema.is_object() && !text.is_empty(), "{path}");
        }
    }

    #[test]
    fn a_group_stands_before_its_parts() {
        for place in PLACES {
            for (index, (path, ..)) in place.keys.iter().enumerate() {
                let Some((group, _)) = path.rsplit_once('.') else { continue };
                assert!(place.keys[..index].iter().any(|(path, ..)| *path == group), "{path}");
            }
        }
    }

    #[test]
    fn the_schema_reaches_every_place() {
        let schema = schema();
        assert!(schema["properties"]["x-ecs"]["properties"]["region"].is_object());
        let service = &schema["properties"]["services"]["additionalProperties"];
        let http = &service["properties"]["x-ecs"]["properties"]["http"];
        assert_eq!(http["properties"]["health_check"]["pattern"], "^/");
        assert_eq!(http["additionalProperties"], false);
    }
}
