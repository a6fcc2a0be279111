//! What ECS takes for granted in a structure that is written in part.

use serde_json::{Map, Value as Json, json};

/// Switches that are off unless they are on: the same as none.
const SWITCHES: [&str; 7] = [
    "disableNetworking",
    "enableFaultInjection",
    "initProcessEnabled",
    "interactive",
    "privileged",
    "pseudoTerminal",
    "readonlyRootFilesystem",
];

/// Fills in what a request may leave out, and leaves out what it need not say. `bridge`: whether a host
/// port that is left out is any.
pub(super) fn complete(body: &mut Json, bridge: bool) {
    let Json::Object(fields) = body else { return };
    fields.retain(|key, value| {
        let is_off = SWITCHES.contains(&key.as_str()) && *value == Json::Bool(false);
        // `enabled` is the default (ECS API reference, `ContainerDefinition`).
        let is_usual = key == "versionConsistency" && *value == "enabled" || is_usual(key, value);
        !(is_off || is_usual)
    });
    for (key, value) in fields {
        match value {
            Json::Array(items) => items.iter_mut().for_each(|item| below(key, item, bridge)),
            value => below(key, value, bridge),
        }
    }
}

/// What ECS does by itself (ECS API reference, the structures of these names).
fn is_usual(key: &str, value: &Json) -> bool {
    let says = |field: &str, text: &str| value.get(field).is_some_and(|found| found == text);
    match key {
        "deploymentController" => *value == json!({}) || says("type", "ECS"),
        "resetOnHealthyTask" => *value == json!(true),
        "thresholdConfiguration" => *value == json!({"type": "BOUNDED_PERCENT", "value": 50}),
        "earlySuccessCriteria" => value.get("enable") == Some(&json!(false)),
        "includeQueryParameters" => *value == json!("DISABLED"),
        "containerConfigurations" => *value == json!([{"logLevel": "info"}]),
        _ => false,
    }
}

fn below(key: &str, value: &mut Json, bridge: bool) {
    if let Json::Object(fields) = value {
        if key == "portMappings"
            && let Some(port) = fields.get("containerPort").cloned()
        {
            // On awsvpc and host both are the same.
            let host = if bridge { Json::from(0) } else { port };
            fields.entry("hostPort").or_insert(host);
        }
        // A service that is offered is known by the port's name, a client's alias by the service's.
        if key == "services"
            && let Some(port) = fields.get("portName").cloned()
        {
            fields.entry("discoveryName").or_insert(port);
        }
        for (name, default) in defaults(key) {
            fields.entry(name).or_insert(default);
        }
    }
    complete(value, bridge);
}

/// ECS API reference, the structures of these names.
fn defaults(key: &str) -> Map<String, Json> {
    let defaults = match key {
        "portMappings" => json!({"protocol": "tcp"}),
        "mountPoints" | "volumesFrom" => json!({"readOnly": false}),
        "healthCheck" => json!({"interval": 30, "timeout": 5, "retries": 3, "startPeriod": 0}),
        "efsVolumeConfiguration" => json!({"transitEncryption": "DISABLED"}),
        "authorizationConfig" => json!({"iam": "DISABLED"}),
        "capacityProviderStrategy" => json!({"weight": 0, "base": 0}),
        "logConfiguration" => json!({"options": {}}),
        "lifecycleHooks" => json!({"targetType": "AWS_LAMBDA"}),
        _ => Json::Null,
    };
    match defaults {
        Json::Object(defaults) => defaults,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_what_ecs_takes_for_granted() {
        let mut body = json!({
            "portMappings": [{"containerPort": 80}, {"containerPort": 81, "hostPort": 8081}],
            "mountPoints": [{"sourceVolume": "x", "containerPath": "/x"}],
            "privileged": false,
            "linuxParameters": {"initProcessEnabled": false},
        });
        let mut on_bridge = body.clone();
        complete(&mut body, false);
        assert_eq!(
            body,
            json!({
                "portMappings": [
                    {"containerPort": 80, "hostPort": 80, "protocol": "tcp"},
                    {"containerPort": 81, "hostPort": 8081, "protocol": "tcp"},
                ],
                "mountPoints": [{"sourceVolume": "x", "containerPath": "/x", "readOnly": false}],
                "linuxParameters": {},
            })
        );
        complete(&mut on_bridge, true);
        assert_eq!(on_bridge["portMappings"][0]["hostPort"], 0);
    }
}
