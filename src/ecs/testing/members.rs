//! Every member of the two requests that overrides patch, as AWS's model of the ECS API has them:
//! `tests/data/ecs-members.txt`, its path and type in a line.

use serde_json::{Map, Value as Json, json};

use crate::ecs::rules::overrides::is_refused;

const MEMBERS: &str = include_str!("../../../tests/data/ecs-members.txt");

/// The members of an operation: their paths, in which `[]` stands for any item of a list, and types.
pub(crate) fn members(operation: &str) -> Vec<(&'static str, &'static str)> {
    let found = MEMBERS.lines().filter_map(|line| {
        let (path, kind) = line.split_once(' ')?;
        Some((path.strip_prefix(operation)?.strip_prefix('.')?, kind))
    });
    found.collect()
}

/// A request with every member that decklift takes; of two that exclude each other both, in two items.
pub(crate) fn sample(operation: &str) -> Json {
    let all = members(operation);
    // What has members, none of which is taken, is not taken itself.
    let is_empty = |path: &str| {
        let start = format!("{path}.");
        let mut parts = all.iter().filter(|(member, _)| member.starts_with(&start)).peekable();
        parts.peek().is_some() && parts.all(|(member, _)| is_refused(operation, member))
    };
    let is_taken = |path: &str| !is_refused(operation, path) && !is_empty(path);
    let taken: Vec<_> = all.iter().copied().filter(|(path, _)| is_taken(path)).collect();
    structure("", &taken)
}

fn structure(path: &str, members: &[(&str, &str)]) -> Json {
    let fields = members.iter().filter_map(|(member, kind)| {
        let name = match path {
            "" => *member,
            path => member.strip_prefix(path)?.strip_prefix('.')?,
        };
        let is_own = !name.contains(['.', '[']);
        is_own.then(|| (name.to_owned(), value(member, name, kind, members)))
    });
    Json::Object(fields.collect::<Map<_, _>>())
}

fn value(member: &str, name: &str, kind: &str, members: &[(&str, &str)]) -> Json {
    let has = |start: &str| members.iter().any(|(other, _)| other.starts_with(start));
    match kind {
        // The path of the instance's device would not be written.
        "string" if member.ends_with("devices[].containerPath") => json!("y"),
        "string" => json!("x"),
        "integer" => json!(1),
        "double" => json!(5.5),
        // What ECS does by itself is not written.
        "boolean" => json!(name != "resetOnHealthyTask"),
        "map" => json!({"a": "b"}),
        "list" if name == "portMappings" => ports(&structure(&format!("{member}[]"), members)),
        "list" if has(&format!("{member}[].")) => {
            json!([structure(&format!("{member}[]"), members)])
        }
        "list" if name == "ignoredExitCodes" => json!([1]),
        "list" => json!(["x"]),
        "structure" if has(&format!("{member}.")) => structure(member, members),
        // A document of any form.
        "structure" => json!({"a": [1, -1, 1.5, true, null, "b"]}),
        other => panic!("{member} is of an unknown type {other}"),
    }
}

/// One port, and a range of ports.
fn ports(every: &Json) -> Json {
    let without = |names: &[&str]| {
        let mut item = every.clone();
        item.as_object_mut().expect("an object").retain(|key, _| !names.contains(&key.as_str()));
        item
    };
    json!([without(&["containerPort", "hostPort"]), without(&["containerPortRange"])])
}
