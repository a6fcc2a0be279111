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

fn errors(done: &Translation) -> Vec<String> {
    let errors = done.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    errors.map(|d| d.message.clone()).collect()
}

#[test]
fn what_is_not_taken_has_a_reason_of_its_own() {
    let done = of_service(&json!({
        "deploymentController": {"type": "EXTERNAL"}, "clientToken": "x", "role": "r",
        "monitoring": {"metricConfigurations": []}, "gatewayConnectors": [],
        "loadBalancers": [{"loadBalancerName": "old", "containerName": "web", "containerPort": 1}],
    }));
    let found = errors(&done);
    for word in ["EXTERNAL", "unknown", "does not know"] {
        assert!(!found.iter().any(|message| message.contains(word)), "{word}: {found:?}");
    }
    for key in [
        "deploymentController.type",
        "clientToken",
        "role",
        "monitoring",
        "gatewayConnectors",
        "loadBalancers.0.loadBalancerName",
    ] {
        let start = format!("`{key}` is not taken: ");
        assert!(found.iter().any(|message| message.starts_with(&start)), "{key}: {found:?}");
    }
    let usual = of_service(&json!({"deploymentController": {"type": "ECS"}}));
    assert_eq!(loud(&usual.diagnostics), []);
    let done = of_task(&json!({"volumes": [
        {"name": "x", "fsxWindowsFileServerVolumeConfiguration": {"fileSystemId": "fs-1"}},
    ]}));
    assert!(errors(&done)[0].contains("Windows"), "{:?}", errors(&done));
}

#[test]
fn a_key_in_a_list_that_is_not_known_is_named() {
    let ports =
        json!({"portMappings": [{"containerPort": 80}, {"containerPort": 81, "hostProt": 1}]});
    let found = errors(&of_container("web", &ports));
    assert_eq!(found, ["decklift does not know `portMappings.1.hostProt` of ECS here"]);
}

#[test]
fn a_range_of_ports_goes_through() {
    let range = |range: &str| {
        let ports = [json!({"containerPortRange": range}), json!({"containerPort": 80})];
        of_container("web", &json!({"portMappings": ports}))
    };
    let done = range("8000-8010");
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(validate(&done.desired), []);
    let written = serde_json::to_value(&container(&done, "web").port_mappings).expect("JSON");
    let port = json!({"containerPort": 80, "hostPort": 80, "protocol": "tcp"});
    assert_eq!(written, json!([{"containerPortRange": "8000-8010", "protocol": "tcp"}, port]));
    for (text, fault) in [
        ("8010-8000", "containerPortRange"),
        ("1-70000", "containerPortRange"),
        ("70-90", "the ports 70-90 are taken twice"),
    ] {
        let found = validate(&range(text).desired);
        assert!(found.iter().any(|d| d.message.contains(fault)), "{text}: {found:?}");
    }
    let both = json!({"portMappings": [{"containerPort": 80, "containerPortRange": "81-82"}]});
    assert_eq!(errors(&of_container("web", &both)).len(), 1);
}

#[test]
fn what_only_overrides_set_of_a_service_is_checked() {
    let arn = "arn:aws:iam::123456789012:role/r";
    let connect = |extra: &Json| {
        let mut connect = json!({"logConfiguration": {"logDriver": "awslogs"}});
        merge(&mut connect, extra);
        json!({"serviceConnectConfiguration": connect})
    };
    let good = [json!({"deploymentConfiguration": {
        "deploymentCircuitBreaker": {"thresholdConfiguration": {"type": "COUNT", "value": 3}},
        "earlySuccessCriteria": {
            "enable": true, "healthyPercent": 100, "sourceServiceRevisionCleanup": "DEFERRED",
        },
    }})];
    for patch in good {
        let done = of_service(&patch);
        assert_eq!(
            (loud(&done.diagnostics), validate(&done.desired).len()),
            (vec![], 0),
            "{patch}"
        );
    }
    let lattice = json!([{"roleArn": arn, "targetGroupArn": "tg", "portName": "nowhere"}]);
    for (patch, fault) in [
        (
            json!({"deploymentConfiguration": {"deploymentCircuitBreaker": {
                "thresholdConfiguration": {"type": "SOME", "value": 3}}}}),
            "thresholdConfiguration",
        ),
        (
            json!({"deploymentConfiguration": {"earlySuccessCriteria": {
                "enable": true, "healthyPercent": 50, "sourceServiceRevisionCleanup": "DEFERRED"}}}),
            "earlySuccessCriteria",
        ),
        (json!({"vpcLatticeConfigurations": lattice}), "without a role or a target group"),
        (json!({"vpcLatticeConfigurations": lattice}), "which is no port of its task"),
    ] {
        let found = validate(&of_service(&patch).desired);
        assert!(found.iter().any(|d| d.message.contains(fault)), "{patch}: {found:?}");
    }
    let mut named = a_service("web", "acme/web");
    named.ports = vec![crate::ecs::testing::port(80, 80)];
    for (extra, fault) in [
        (json!({"accessLogConfiguration": {"format": "XML"}}), "accessLogConfiguration"),
        (
            json!({"logConfiguration": null, "accessLogConfiguration": {"format": "TEXT"}}),
            "goes nowhere",
        ),
        (json!({"containerConfigurations": [{"logLevel": "loud"}]}), "settings of the proxy"),
    ] {
        let mut web = named.clone();
        web.extension.overrides =
            Overrides { service: Some(patch(&connect(&extra))), ..Overrides::default() };
        let found = validate(&run(vec![web, a_service("other", "acme/other")]).desired);
        assert!(found.iter().any(|d| d.message.contains(fault)), "{extra}: {found:?}");
    }
}
