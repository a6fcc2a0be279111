use serde_json::{Map, Value as Json, json};

use super::refused::{Part, paths, take_out};
use crate::ecs::desired::{Service, TaskDefinition};
use crate::ecs::testing::members::{members, sample};

const REGISTER: &str = "RegisterTaskDefinition";
const CREATE: &str = "CreateService";

/// A member of the ECS API that is neither read nor refused is lost in silence, or called unknown.
#[test]
fn every_member_of_the_api_has_a_decision() {
    let task = sample(REGISTER);
    let read: TaskDefinition = serde_json::from_value(task.clone()).expect("a task definition");
    same("", &task, &serde_json::to_value(&read).expect("JSON"));
    let service = sample(CREATE);
    let read: Service = serde_json::from_value(service.clone()).expect("a service");
    same("", &service, &serde_json::to_value(&read).expect("JSON"));
}

fn same(path: &str, wanted: &Json, found: &Json) {
    match (wanted, found) {
        (Json::Object(wanted), Json::Object(found)) => {
            for (key, value) in wanted {
                same(&format!("{path}.{key}"), value, found.get(key).unwrap_or(&Json::Null));
            }
        }
        (Json::Array(wanted), Json::Array(found)) if wanted.len() == found.len() => {
            let pairs = wanted.iter().zip(found);
            pairs.for_each(|(wanted, found)| same(&format!("{path}[]"), wanted, found));
        }
        _ => assert_eq!(wanted, found, "{path} is neither taken nor refused"),
    }
}

#[test]
fn what_is_refused_is_a_member_of_the_api() {
    let known = |operation: &str, path: &str| members(operation).iter().any(|(m, _)| *m == path);
    for path in paths(Part::Task) {
        assert!(known(REGISTER, path), "{path}");
    }
    for path in paths(Part::Container) {
        assert!(known(REGISTER, &format!("containerDefinitions[].{path}")), "{path}");
    }
    for path in paths(Part::Service) {
        assert!(known(CREATE, path), "{path}");
    }
}

#[test]
fn a_refused_key_goes_and_the_others_stay() {
    let values = json!({
        "loadBalancers": [{"containerName": "web"}, {"loadBalancerName": "old", "containerPort": 1}],
        "deploymentController": {"type": "CODE_DEPLOY"},
        "monitoring": null,
    });
    let mut values: Map<String, Json> = values.as_object().expect("an object").clone();
    let found: Vec<_> =
        take_out(Part::Service, &mut values).into_iter().map(|key| key.path.join(".")).collect();
    assert_eq!(found, ["deploymentController.type", "loadBalancers.1.loadBalancerName"]);
    assert_eq!(
        Json::Object(values),
        json!({
            "loadBalancers": [{"containerName": "web"}, {"containerPort": 1}],
            "deploymentController": {},
            "monitoring": null,
        })
    );
    let mut usual = Map::new();
    usual.insert("deploymentController".to_owned(), json!({"type": "ECS"}));
    assert!(take_out(Part::Service, &mut usual).is_empty());
}
