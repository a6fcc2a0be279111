use serde_json::json;

use super::*;
use crate::compose::model::Overrides;
use crate::diagnostic::Severity;
use crate::ecs::testing::{
    at, container, ecs_service, env, find, loud, run, service as a_service, span, task as task_of,
};
use crate::ecs::{Translation, validate};

fn patch(json: &Json) -> Patch {
    let values = json.as_object().expect("an object").clone();
    Patch { values, places: Vec::new(), span: span() }
}

fn over(overrides: Overrides) -> Translation {
    let mut web = a_service("web", "acme/web");
    env(&mut web, "MODE", "fast");
    web.extension.overrides = overrides;
    run(vec![web])
}

fn of_task(json: &Json) -> Translation {
    over(Overrides { task_definition: Some(patch(json)), ..Overrides::default() })
}

fn of_container(name: &str, json: &Json) -> Translation {
    over(Overrides { containers: vec![(name.to_owned(), patch(json))], ..Overrides::default() })
}

fn of_service(json: &Json) -> Translation {
    over(Overrides { service: Some(patch(json)), ..Overrides::default() })
}

#[test]
fn objects_are_merged_and_null_removes() {
    let mut target = json!({"a": {"b": 1, "c": 2}, "d": [1], "e": 1});
    merge(&mut target, &json!({"a": {"c": null, "f": {"g": null}}, "d": [2, 3], "e": {"h": 1}}));
    assert_eq!(target, json!({"a": {"b": 1, "f": {}}, "d": [2, 3], "e": {"h": 1}}));
}

#[test]
fn each_part_is_patched() {
    let done =
        of_task(&json!({"ephemeralStorage": {"sizeInGiB": 50}, "cpu": "512", "memory": "1024"}));
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(task_of(&done, "web").ephemeral_storage.as_ref().map(|s| s.size_in_gib), Some(50));
    assert_eq!(task_of(&done, "web").cpu, "512");
    let done =
        of_container("web", &json!({"user": "1000", "environment": null, "portMappings": []}));
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(container(&done, "web").user.as_deref(), Some("1000"));
    assert!(container(&done, "web").environment.is_empty());
    let deployment = json!({"deploymentConfiguration": {"maximumPercent": 150}});
    let done = of_service(&deployment);
    assert_eq!(loud(&done.diagnostics), []);
    let found = &ecs_service(&done, "web").deployment_configuration;
    assert_eq!((found.maximum_percent, found.minimum_healthy_percent), (150, 100));
}

#[test]
fn references_stay_references() {
    let done = of_task(&json!({"cpu": "512", "memory": "1024"}));
    let role = task_of(&done, "web").execution_role_arn.as_ref().expect("a role");
    assert!(role.reference().is_some());
}

#[test]
fn what_would_be_lost_is_refused_at_its_place() {
    let mut wrong = patch(&json!({"linuxParameters": {"initProcessEnabled": true, "nonsense": 1}}));
    let path = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let mut sources = crate::source::Sources::default();
    let source = sources.add("compose.yaml", "linuxParameters: nonsense");
    let place = crate::source::Span::new(source, 17, 25);
    wrong.places.push((path(&["linuxParameters", "nonsense"]), place));
    let done =
        over(Overrides { containers: vec![("web".to_owned(), wrong)], ..Overrides::default() });
    let found = find(&done.diagnostics, Code::InvalidValue).expect("an error");
    assert!(found.message.contains("linuxParameters.nonsense"), "{found:?}");
    assert_eq!(found.labels[0].span, place);
}

#[test]
fn a_place_that_is_not_known_is_that_of_what_is_around_it() {
    let patch = patch(&json!({}));
    assert_eq!(patch.place(&["a".to_owned()]), span());
}

#[test]
fn wrong_types_name_the_key_and_not_the_value() {
    let done = of_service(&json!({"desiredCount": "hunter2", "propagateTags": "NONE"}));
    let found = find(&done.diagnostics, Code::InvalidValue).expect("an error");
    assert!(found.message.contains("desiredCount"), "{found:?}");
    assert!(!format!("{found:?}").contains("hunter2"));
    // What fits is taken.
    assert_eq!(ecs_service(&done, "web").propagate_tags, "NONE");
    let done = of_task(&json!({"ephemeralStorage": {}}));
    let found = find(&done.diagnostics, Code::InvalidValue).expect("an error");
    assert!(found.message.contains("sizeInGiB"), "{found:?}");
}

#[test]
fn names_are_not_overridden() {
    let error = [(Severity::Error, Code::InvalidValue)];
    assert_eq!(loud(&of_task(&json!({"family": "x"})).diagnostics), error);
    assert_eq!(loud(&of_service(&json!({"cluster": "x"})).diagnostics), error);
    assert_eq!(loud(&of_container("web", &json!({"name": "x"})).diagnostics), error);
    let done = of_container("wab", &json!({"user": "1"}));
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::UndefinedReference)]);
}

#[test]
fn what_aws_refuses_is_still_seen() {
    let done = of_task(&json!({"memory": "513"}));
    assert_eq!(loud(&done.diagnostics), []);
    let found = validate(&done.desired);
    assert!(found.iter().any(|d| d.message.contains("no Fargate size")), "{found:?}");
}

#[test]
fn a_job_has_no_service() {
    let mut job = a_service("job", "acme/job");
    job.extension.job = Some(at(true));
    job.extension.overrides.service = Some(patch(&json!({"desiredCount": 2})));
    let done = run(vec![job]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
}

#[test]
fn what_ecs_alone_knows_goes_through() {
    let done = of_container(
        "web",
        &json!({
            "startTimeout": 10,
            "versionConsistency": "disabled",
            "portMappings": [{"containerPort": 8080, "appProtocol": "http"}],
        }),
    );
    assert_eq!(loud(&done.diagnostics), []);
    let found = serde_json::to_value(container(&done, "web")).expect("JSON");
    assert_eq!(found["startTimeout"], 10);
    assert_eq!(found["versionConsistency"], "disabled");
    let port = json!({
        "containerPort": 8080, "hostPort": 8080, "protocol": "tcp", "appProtocol": "http"
    });
    assert_eq!(found["portMappings"], json!([port]));
    assert_eq!(validate(&done.desired), []);
    let proxy = json!({"type": "APPMESH", "containerName": "web"});
    let done = of_task(&json!({"enableFaultInjection": true, "proxyConfiguration": proxy}));
    assert_eq!(loud(&done.diagnostics), []);
    let found = serde_json::to_value(task_of(&done, "web")).expect("JSON");
    assert_eq!(
        (&found["enableFaultInjection"], &found["proxyConfiguration"]),
        (&json!(true), &proxy)
    );
    assert_eq!(validate(&done.desired), []);
}

#[test]
fn every_fault_of_a_patch_is_said() {
    let done = of_service(&json!({
        "cluster": "x",
        "serviceName": "y",
        "desiredCount": "many",
        "deploymentConfiguration": {"maximumPercent": "x", "minimumHealthyPercent": 0},
        "enableExecuteCommand": true,
    }));
    let errors = done.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let said: Vec<_> = errors.map(|d| d.message.clone()).collect();
    let about = |word: &str| said.iter().any(|message| message.contains(&format!("`{word}`")));
    for word in ["cluster", "serviceName", "desiredCount", "deploymentConfiguration.maximumPercent"]
    {
        assert!(about(word), "{word}: {said:?}");
    }
    assert_eq!(said.len(), 4, "{said:?}");
    // What is good is taken.
    let service = ecs_service(&done, "web");
    assert!(service.enable_execute_command);
    assert_eq!(service.deployment_configuration.minimum_healthy_percent, 0);
}

#[test]
fn a_rule_of_aws_points_at_the_key_that_breaks_it() {
    let mut sources = crate::source::Sources::default();
    let source = sources.add("compose.yaml", "user: x, cpu: -1, stopTimeout: 999");
    let place = |from| crate::source::Span::new(source, from, from + 3);
    let mut wrong = patch(&json!({"user": "x", "cpu": -1, "stopTimeout": 999}));
    for (key, from) in [("user", 0), ("cpu", 9), ("stopTimeout", 18)] {
        wrong.places.push((vec![key.to_owned()], place(from)));
    }
    let done =
        over(Overrides { containers: vec![("web".to_owned(), wrong)], ..Overrides::default() });
    assert_eq!(loud(&done.diagnostics), []);
    let found = validate(&done.desired);
    let at: Vec<_> = found.iter().map(|fault| fault.labels[0].span).collect();
    assert_eq!(at, [place(18), place(9)], "{found:?}");
    let done = of_service(&json!({
        "availabilityZoneRebalancing": "FOO", "healthCheckGracePeriodSeconds": -5,
    }));
    let found = validate(&done.desired);
    for word in ["availabilityZoneRebalancing \"FOO\"", "healthCheckGracePeriodSeconds -5"] {
        assert!(found.iter().any(|fault| fault.message.contains(word)), "{found:?}");
    }
}

#[test]
fn secrets_of_a_patch_are_granted_and_credentials_are_warned_of() {
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf";
    let done = of_container("web", &json!({"secrets": [{"name": "X", "valueFrom": arn}]}));
    assert_eq!(loud(&done.diagnostics), []);
    let role = crate::ecs::testing::resource(&done, crate::ecs::desired::Kind::Role, "web");
    let crate::ecs::desired::Body::Role(role) = &role.body else { panic!("no role") };
    assert!(crate::ecs::testing::policy(role).contains(arn));
    let variable = json!({"environment": [{"name": "DB_PASSWORD", "value": "hunter2"}]});
    let done = of_container("web", &variable);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::LiteralCredential)]);
    assert!(!done.diagnostics.iter().any(|d| format!("{d:?}").contains("hunter2")));
}
