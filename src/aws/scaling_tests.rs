//! What Application Auto Scaling is sent, and what is made of its answers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::metric::tracking;
use super::*;
use crate::aws::recorder::Recorder;
use crate::ecs::desired::{PredefinedMetric, ResourceLabel, TargetTracking};
use crate::ecs::desired::{Resource, ResourceId};

const RESOURCE: &str = "service/shop/shop-web";
const ARN: &str = "arn:aws:application-autoscaling:eu-west-1:1:scalable-target/1";
const NONE: &str = r#"{"ScalableTargets":[]}"#;

fn owned(project: &str) -> BTreeMap<String, String> {
    let pairs = [
        ("decklift:project", project),
        ("decklift:environment", "default"),
        ("decklift:resource", "scalable-target/web"),
    ];
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

fn target() -> ScalableTarget {
    ScalableTarget {
        service_namespace: "ecs".to_owned(),
        resource_id: RESOURCE.to_owned(),
        scalable_dimension: "ecs:service:DesiredCount".to_owned(),
        min_capacity: 1,
        max_capacity: 4,
        tags: owned("shop").into_iter().collect(),
    }
}

fn policy() -> ScalingPolicy {
    ScalingPolicy {
        policy_name: "shop-web-requests".to_owned(),
        service_namespace: "ecs".to_owned(),
        resource_id: RESOURCE.to_owned(),
        scalable_dimension: "ecs:service:DesiredCount".to_owned(),
        policy_type: "TargetTrackingScaling".to_owned(),
        target_tracking_scaling_policy_configuration: Some(TargetTracking {
            target_value: 1000.0,
            predefined_metric_specification: Some(PredefinedMetric {
                predefined_metric_type: "ALBRequestCountPerTarget".to_owned(),
                resource_label: Some(ResourceLabel::from(
                    "app/shop/1/targetgroup/web/2".to_owned(),
                )),
            }),
            customized_metric_specification: None,
            scale_out_cooldown: Some(60),
            scale_in_cooldown: None,
        }),
        step_scaling_policy_configuration: None,
    }
}

fn described() -> String {
    json!({"ScalableTargets": [{
        "ServiceNamespace": "ecs", "ResourceId": RESOURCE, "MinCapacity": 1, "MaxCapacity": 4,
        "ScalableDimension": "ecs:service:DesiredCount", "RoleARN": "arn:role",
        "CreationTime": 1, "ScalableTargetARN": ARN,
    }]})
    .to_string()
}

fn tagged(project: &str) -> String {
    json!({"Tags": owned(project)}).to_string()
}

fn body(recorder: &Recorder, index: usize) -> Json {
    serde_json::from_str(&recorder.sent()[index].1).unwrap()
}

fn desired(body: Option<ScalableTarget>) -> Desired {
    let mut desired = Desired { stack: "shop".to_owned(), ..Desired::default() };
    if let Some(body) = body {
        desired.insert(Resource {
            id: ResourceId::new(Kind::ScalableTarget, "web"),
            body: Body::ScalableTarget(Box::new(body)),
            service: None,
            origin: None,
            waits: Vec::new(),
            peers: Vec::new(),
            restarts: Vec::new(),
            stateful: false,
        });
    }
    desired
}

fn owner() -> Owner {
    Owner::of(&owned("shop")).unwrap()
}

#[tokio::test]
async fn what_is_registered_and_put_is_what_convert_prints() {
    let registered = json!({"ScalableTargetARN": ARN}).to_string();
    let recorder = Recorder::new([(200, NONE), (200, &registered)]);
    let changed = recorder.aws().create_scalable_target(&target()).await.unwrap();
    assert_eq!(changed.attributes[&Attribute::Arn], ARN);
    assert_eq!(recorder.operations(), ["DescribeScalableTargets", "RegisterScalableTarget"]);
    assert_eq!(body(&recorder, 1), serde_json::to_value(target()).unwrap());

    let recorder = Recorder::new([(200, r#"{"PolicyARN":"arn:p"}"#)]);
    let changed = recorder.aws().put_scaling_policy(&policy()).await.unwrap();
    assert_eq!(changed.attributes[&Attribute::Arn], "arn:p");
    assert_eq!(body(&recorder, 0), serde_json::to_value(policy()).unwrap());
}

#[tokio::test]
async fn a_target_that_stands_is_ours_or_refused() {
    let (described, ours, theirs) = (described(), tagged("shop"), tagged("other"));
    let recorder = Recorder::new([(200, &*described), (200, &*ours)]);
    recorder.aws().create_scalable_target(&target()).await.unwrap();
    let last = ["DescribeScalableTargets", "ListTagsForResource", "RegisterScalableTarget"];
    assert_eq!(recorder.operations(), last);
    // Tags are only taken from whoever makes it.
    assert_eq!(body(&recorder, 2).get("Tags"), None);
    let recorder = Recorder::new([(200, &*described), (200, &*theirs)]);
    let error = recorder.aws().create_scalable_target(&target()).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::NotOurs);
    assert_eq!(recorder.sent().len(), 2, "nothing was overwritten");
}

#[tokio::test]
async fn a_denied_registration_speaks_of_the_role() {
    let denied = r#"{"__type":"AccessDeniedException","Message":"no"}"#;
    let recorder = Recorder::new([(200, NONE), (400, denied)]);
    let error = recorder.aws().create_scalable_target(&target()).await.unwrap_err();
    let help = error.help.unwrap();
    assert!(help.contains("application-autoscaling:RegisterScalableTarget"), "{help}");
    assert!(help.contains("iam:CreateServiceLinkedRole"), "{help}");
}

#[tokio::test]
async fn what_is_not_seen_everywhere_yet_is_tried_again() {
    let unseen = r#"{"__type":"ValidationException","Message":"ECS service doesn't exist: service/shop/shop-web"}"#;
    let recorder = Recorder::new([(200, NONE), (400, unseen), (400, unseen)]);
    recorder.aws().create_scalable_target(&target()).await.unwrap();
    assert_eq!(recorder.sent().len(), 4);
    let unseen =
        r#"{"__type":"ObjectNotFoundException","Message":"No scalable target registered"}"#;
    let recorder = Recorder::new([(400, unseen), (200, r#"{"PolicyARN":"arn:p"}"#)]);
    recorder.aws().put_scaling_policy(&policy()).await.unwrap();
    // Something else is wrong at once.
    let wrong = r#"{"__type":"ValidationException","Message":"Maximum capacity cannot be less"}"#;
    let recorder = Recorder::new([(200, NONE), (400, wrong)]);
    recorder.aws().create_scalable_target(&target()).await.unwrap_err();
    assert_eq!(recorder.sent().len(), 2);
}

#[tokio::test]
async fn what_is_gone_is_deleted() {
    let gone = r#"{"__type":"ObjectNotFoundException","Message":"gone"}"#;
    let recorder = Recorder::new([(400, gone), (400, gone)]);
    recorder.aws().delete_scaling_policy(&policy()).await.unwrap();
    recorder.aws().delete_scalable_target(&target()).await.unwrap();
    assert_eq!(recorder.operations(), ["DeleteScalingPolicy", "DeregisterScalableTarget"]);
}

#[tokio::test]
async fn new_tags_and_new_numbers_are_taken_over() {
    let registered = json!({"ScalableTargetARN": ARN}).to_string();
    let change = |path: &str| Change { path: path.to_owned(), from: None, to: None };
    let recorder = Recorder::new([(200, registered.as_str())]);
    recorder.aws().update_scalable_target(&target(), &[change("MaxCapacity")]).await.unwrap();
    assert_eq!(recorder.operations(), ["RegisterScalableTarget"]);
    let recorder = Recorder::new([(200, registered.as_str())]);
    recorder.aws().update_scalable_target(&target(), &[change("Tags.team")]).await.unwrap();
    assert_eq!(recorder.operations(), ["RegisterScalableTarget", "TagResource"]);
    assert_eq!(body(&recorder, 1), json!({"ResourceARN": ARN, "Tags": owned("shop")}));
}

#[tokio::test]
async fn targets_and_policies_are_read_and_those_of_others_left_alone() {
    let mut ours = serde_json::to_value(policy()).unwrap();
    ours["PolicyARN"] = json!("arn:p");
    ours["CreationTime"] = json!(1);
    let mut beside = ours.clone();
    beside["PolicyName"] = json!("by-hand");
    let step = json!({
        "PolicyARN": "arn:s", "PolicyName": "shop-web-steps", "ServiceNamespace": "ecs",
        "ResourceId": RESOURCE, "ScalableDimension": "ecs:service:DesiredCount",
        "PolicyType": "StepScaling", "CreationTime": 1,
    });
    let policies = json!({"ScalingPolicies": [ours, beside, step]}).to_string();
    let (described, tags) = (described(), tagged("shop"));
    let answers = [(200, &*described), (200, &*tags), (200, &*policies)];
    let recorder = Recorder::new(answers);
    let owner = owner();
    let desired = desired(Some(target()));
    let found = recorder.aws().read_scaling(&desired, Some(&owner), &[]).await.unwrap();
    assert_eq!(found[0].observed.body, Body::ScalableTarget(Box::new(target())));
    assert_eq!(found[1].observed.body, Body::ScalingPolicy(Box::new(policy())));
    assert_eq!(found.len(), 3);
    let asked = json!({"ServiceNamespace": "ecs", "ResourceIds": [RESOURCE]});
    assert_eq!(body(&recorder, 0), asked);

    let actual = crate::aws::observe::assemble(
        (&desired, Some(&owner)),
        found,
        Vec::new(),
        crate::aws::observe::Foreign::Refused,
    )
    .unwrap();
    assert_eq!(actual.resources.len(), 1);
    let names: Vec<_> = actual.orphans.iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!(names, ["scaling-policy/shop-web-requests"], "what is by hand stays");
}

#[tokio::test]
async fn a_service_that_is_no_longer_scaled_is_asked_for() {
    let service = json!({
        "cluster": "shop", "serviceName": "shop-web", "taskDefinition": "t", "desiredCount": 1,
        "schedulingStrategy": "REPLICA", "availabilityZoneRebalancing": "DISABLED",
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": true, "rollback": true},
            "maximumPercent": 200, "minimumHealthyPercent": 100,
        },
        "enableECSManagedTags": true, "propagateTags": "SERVICE", "enableExecuteCommand": false,
    });
    let body: Body = serde_json::from_value(json!({"service": service})).unwrap();
    let services = [Found::new(body).tagged(owned("shop"))];
    let (described, tags) = (described(), tagged("shop"));
    let policies = r#"{"ScalingPolicies":[]}"#;
    let recorder = Recorder::new([(200, &*described), (200, &*tags), (200, policies)]);
    let (owner, desired) = (owner(), desired(None));
    let found = recorder.aws().read_scaling(&desired, Some(&owner), &services).await.unwrap();
    let actual = crate::aws::observe::assemble(
        (&desired, Some(&owner)),
        found,
        Vec::new(),
        crate::aws::observe::Foreign::Refused,
    )
    .unwrap();
    assert_eq!(actual.orphans[0].0, ResourceId::new(Kind::ScalableTarget, "web"));

    // Nobody is asked about services of others, and who may not ask is not held up.
    let recorder = Recorder::default();
    let others = [Found::new(services[0].observed.body.clone()).tagged(owned("other"))];
    let found = recorder.aws().read_scaling(&desired, Some(&owner), &others).await.unwrap();
    assert!(found.is_empty() && recorder.sent().is_empty());
    let denied = r#"{"__type":"AccessDeniedException","Message":"no"}"#;
    let recorder = Recorder::new([(400, denied)]);
    let found = recorder.aws().read_scaling(&desired, Some(&owner), &services).await.unwrap();
    assert!(found.is_empty());
    let wanted = self::desired(Some(target()));
    let recorder = Recorder::new([(400, denied)]);
    let error = recorder.aws().read_scaling(&wanted, Some(&owner), &[]).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::AccessDenied);
}

fn policies() -> impl Strategy<Value = ScalingPolicy> {
    let metric = prop_oneof![
        Just(("ECSServiceAverageCPUUtilization", false)),
        Just(("ECSServiceAverageMemoryUtilization", false)),
        Just(("ALBRequestCountPerTarget", true)),
    ];
    let cooldown = || prop::option::of(0..4000);
    ("[a-z][a-z0-9-]{0,9}", "[a-z]{1,6}", 1..10_000i32, metric, cooldown(), cooldown()).prop_map(
        |(
            policy_name,
            service,
            value,
            (metric, labelled),
            scale_out_cooldown,
            scale_in_cooldown,
        )| {
            let label = format!("app/{service}/1/targetgroup/{service}/2");
            ScalingPolicy {
                policy_name,
                resource_id: format!("service/shop/{service}"),
                target_tracking_scaling_policy_configuration: Some(TargetTracking {
                    target_value: f64::from(value) / 4.0,
                    predefined_metric_specification: Some(PredefinedMetric {
                        predefined_metric_type: metric.to_owned(),
                        resource_label: labelled.then(|| ResourceLabel::from(label)),
                    }),
                    customized_metric_specification: None,
                    scale_out_cooldown,
                    scale_in_cooldown,
                }),
                ..policy()
            }
        },
    )
}

proptest! {
    #[test]
    fn a_policy_comes_back_as_it_was_sent(body in policies()) {
        let config = body.target_tracking_scaling_policy_configuration.as_ref().unwrap();
        let config = tracking(config).unwrap();
        let described = sdk::ScalingPolicy::builder()
            .policy_arn("arn:p")
            .policy_name(&body.policy_name)
            .service_namespace(body.service_namespace.as_str().into())
            .resource_id(&body.resource_id)
            .scalable_dimension(body.scalable_dimension.as_str().into())
            .policy_type(body.policy_type.as_str().into())
            .target_tracking_scaling_policy_configuration(config)
            .creation_time(aws_smithy_types::DateTime::from_secs(0))
            .build()
            .unwrap();
        prop_assert_eq!(policy_back(&described), Some(body));
    }

    #[test]
    fn a_target_comes_back_as_it_was_sent(min in 0..9i32, more in 0..9i32, service in "[a-z]{1,6}") {
        let body = ScalableTarget {
            min_capacity: min,
            max_capacity: min + more,
            resource_id: format!("service/shop/{service}"),
            ..target()
        };
        let described = sdk::ScalableTarget::builder()
            .service_namespace(body.service_namespace.as_str().into())
            .resource_id(&body.resource_id)
            .scalable_dimension(body.scalable_dimension.as_str().into())
            .min_capacity(body.min_capacity)
            .max_capacity(body.max_capacity)
            .role_arn("arn:role")
            .creation_time(aws_smithy_types::DateTime::from_secs(0))
            .build()
            .unwrap();
        let mut tags = body.tags.clone();
        tags.insert("aws:stack".to_owned(), "x".to_owned());
        prop_assert_eq!(target_back(&described, &tags.to_map()), body);
    }
}

#[test]
fn tags_of_others_are_no_change() {
    let want = Body::ScalableTarget(Box::new(target()));
    let mut tags = target().tags;
    tags.insert("cost-centre", "7");
    let mut have = Body::ScalableTarget(Box::new(ScalableTarget { tags, ..target() }));
    crate::aws::align::align(&want, &mut have);
    assert_eq!(have, want);
}

#[test]
fn the_default_cooldown_is_no_change() {
    let mut want = policy();
    let config = want.target_tracking_scaling_policy_configuration.as_mut().unwrap();
    config.scale_out_cooldown = None;
    let mut have = want.clone();
    let config = have.target_tracking_scaling_policy_configuration.as_mut().unwrap();
    (config.scale_out_cooldown, config.scale_in_cooldown) = (Some(300), Some(300));
    let (want, mut have) = (Body::ScalingPolicy(want.into()), Body::ScalingPolicy(have.into()));
    crate::aws::align::align(&want, &mut have);
    assert_eq!(have, want);
}

#[tokio::test]
async fn alarms_of_steps_that_left_the_file_are_found_by_their_policies() {
    let policies = |alarm: &str| {
        json!({"ScalingPolicies": [{
            "PolicyARN": "arn:p", "PolicyName": "shop-web-steps-cpu-up", "ServiceNamespace": "ecs",
            "ResourceId": RESOURCE, "ScalableDimension": "ecs:service:DesiredCount",
            "PolicyType": "StepScaling", "CreationTime": 1,
            "StepScalingPolicyConfiguration": {
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
            },
            "Alarms": [{"AlarmName": alarm, "AlarmARN": "arn:a"}],
        }]})
        .to_string()
    };
    let (described, ours) = (described(), tagged("shop"));
    for (alarm, calls) in [("shop-web-steps-cpu-up", 5), ("theirs", 4)] {
        let (policies, actions) = (policies(alarm), r#"{"ScheduledActions":[]}"#);
        let answers = [&*described, &*ours, &*policies, actions].map(|body| (200, body));
        let recorder = Recorder::new(answers);
        let wanted = desired(Some(target()));
        // Whether an alarm is there is not told: the answer has no such form.
        let _ = recorder.aws().read_scaling(&wanted, Some(&owner()), &[]).await;
        let operations = recorder.operations();
        assert_eq!(operations.len(), calls, "{operations:?}");
        let asks = operations.iter().any(|operation| operation.ends_with("/DescribeAlarms"));
        assert_eq!(asks, calls == 5, "{operations:?}");
    }
}
