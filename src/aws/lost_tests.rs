//! Calls that were carried out and whose answer was lost, and what a killed run left half done.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use serde_json::json;

use super::recorder::Recorder;
use super::*;
use crate::ecs::desired::{
    ConditionValues, FileSystem, ListenerAction, ListenerRule, MountTarget, RuleCondition,
    UpperTag, Value,
};
use crate::ecs::testing;
use crate::plan::{Action, Change};

fn tags(project: &str) -> Vec<UpperTag> {
    let tag = |key: &str, value: &str| UpperTag {
        key: format!("decklift:{key}").into(),
        value: value.to_owned(),
    };
    vec![tag("environment", "default"), tag("project", project)]
}

fn rule() -> ListenerRule {
    let values = ConditionValues { values: vec!["/docs".to_owned()] };
    ListenerRule {
        listener_arn: Value::from("arn:listener"),
        priority: 7,
        conditions: vec![RuleCondition {
            field: "path-pattern".to_owned(),
            host_header_config: None,
            path_pattern_config: Some(values),
        }],
        actions: vec![ListenerAction::forward("arn:group".into())],
        tags: tags("shop"),
    }
}

fn xml(action: &str, result: &str) -> String {
    format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>")
}

fn xml_error(code: &str) -> String {
    format!(
        "<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    )
}

/// The rule above as AWS describes it.
fn described() -> String {
    xml(
        "DescribeRules",
        "<Rules><member><RuleArn>arn:rule</RuleArn><Priority>7</Priority><IsDefault>false</IsDefault>\
         <Conditions><member><Field>path-pattern</Field><Values><member>/docs</member></Values></member>\
         </Conditions></member></Rules>",
    )
}

fn tagged(project: &str) -> String {
    let tag = |tag: &UpperTag| {
        format!("<member><Key>{}</Key><Value>{}</Value></member>", tag.key, tag.value)
    };
    let tags: String = tags(project).iter().map(tag).collect();
    let member = format!("<ResourceArn>arn:rule</ResourceArn><Tags>{tags}</Tags>");
    xml("DescribeTags", &format!("<TagDescriptions><member>{member}</member></TagDescriptions>"))
}

#[tokio::test]
async fn a_rule_whose_answer_was_lost_is_not_made_twice() {
    let (none, taken) = (xml("DescribeRules", "<Rules/>"), xml_error("PriorityInUse"));
    let (described, ours) = (described(), tagged("shop"));
    let recorder = Recorder::new([
        (200, &*none),
        (400, &*taken),
        (200, &*described),
        (200, &*ours),
        (200, &*xml("ModifyRule", "")),
        (200, &*xml("AddTags", "")),
    ]);
    let changed = recorder.aws().create_listener_rule(&rule()).await.unwrap();
    assert_eq!(changed.attributes[&Attribute::Arn], "arn:rule");
    let operations =
        ["DescribeRules", "CreateRule", "DescribeRules", "DescribeTags", "ModifyRule", "AddTags"];
    assert_eq!(recorder.operations(), operations);

    let theirs = tagged("other");
    let answers = [(200, &*none), (400, &*taken), (200, &*described), (200, &*theirs)];
    let error = Recorder::new(answers).aws().create_listener_rule(&rule()).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::NotOurs);
}

fn service() -> Service {
    let translation = testing::run(vec![testing::service("web", "acme/web:1")]);
    let body = Body::Service(Box::new(testing::ecs_service(&translation, "web").clone()));
    match body.resolve(&|_, _| Some("arn:x".to_owned())) {
        Body::Service(service) => *service,
        other => panic!("{other:?}"),
    }
}

/// The service with this PRIMARY deployment, as DescribeServices and UpdateService answer.
fn deployed(list: bool, deployment: &str) -> String {
    let service = json!({
        "serviceName": "web",
        "serviceArn": "arn:web",
        "status": "ACTIVE",
        "deployments": [{"id": deployment, "status": "PRIMARY"}],
    });
    if list { json!({"services": [service]}) } else { json!({"service": service}) }.to_string()
}

const BROKEN: &str = r#"{"__type":"ServerException","message":"try again"}"#;

#[tokio::test]
async fn a_forced_deployment_whose_answer_was_lost_is_not_started_twice() {
    let force = async |recorder: &Recorder| {
        recorder.aws().update_service(&service(), Action::NewDeployment, &[]).await.unwrap()
    };
    // The first call was carried out.
    let (before, after) = (deployed(true, "one"), deployed(true, "two"));
    let recorder = Recorder::new([(200, &*before), (500, BROKEN), (200, &*after)]);
    assert_eq!(force(&recorder).await.deployment.as_deref(), Some("two"));
    let operations = ["DescribeServices", "UpdateService", "DescribeServices"];
    assert_eq!(recorder.operations(), operations);
    assert!(recorder.sent()[1].1.contains("\"forceNewDeployment\":true"));
    // It was not.
    let done = deployed(false, "two");
    let recorder = Recorder::new([(200, &*before), (500, BROKEN), (200, &*before), (200, &*done)]);
    assert_eq!(force(&recorder).await.deployment.as_deref(), Some("two"));
    let again = ["DescribeServices", "UpdateService", "DescribeServices", "UpdateService"];
    assert_eq!(recorder.operations(), again);
    // What ECS starts by itself it starts once: nothing is asked.
    let recorder = Recorder::new([(200, &*done)]);
    let path = "taskDefinition".to_owned();
    let changes = [Change { path, from: None, to: None }];
    let aws = recorder.aws();
    aws.update_service(&service(), Action::NewDeployment, &changes).await.unwrap();
    assert_eq!(recorder.operations(), ["UpdateService"]);
}

#[tokio::test]
async fn a_service_of_this_name_that_still_stops_its_tasks_is_waited_for() {
    let drains = r#"{"__type":"InvalidParameterException","message":"Unable to Start a service that is still Draining."}"#;
    let made = deployed(false, "one");
    let recorder = Recorder::new([(400, drains), (400, drains), (200, &*made)]);
    let changed = recorder.aws().create_service(&service(), false).await.unwrap();
    assert_eq!(changed.deployment.as_deref(), Some("one"));
    assert_eq!(recorder.operations(), ["CreateService"; 3]);
}

#[tokio::test]
async fn a_file_system_that_goes_is_waited_for_and_made_anew() {
    let body = FileSystem {
        creation_token: "t".to_owned(),
        encrypted: true,
        performance_mode: "generalPurpose".to_owned(),
        throughput_mode: "elastic".to_owned(),
        tags: tags("shop"),
    };
    let system = |state: &str| {
        json!({"FileSystems": [{
            "FileSystemId": "fs-1", "CreationToken": "t", "LifeCycleState": state, "OwnerId": "1",
            "CreationTime": 1, "NumberOfMountTargets": 0, "PerformanceMode": "generalPurpose",
            "SizeInBytes": {"Value": 0}, "Tags": tags("shop"),
        }]})
        .to_string()
    };
    let exists = r#"{"__type":"FileSystemAlreadyExists","ErrorCode":"FileSystemAlreadyExists","Message":"m","FileSystemId":"fs-1"}"#;
    let (goes, there) = (system("deleting"), system("available"));
    let made: serde_json::Value = serde_json::from_str(&there).unwrap();
    let made = made["FileSystems"][0].to_string();
    let recorder = Recorder::new([(409, exists), (200, &*goes), (201, &*made), (200, &*there)]);
    let changed = recorder.aws().create_file_system(&body).await.unwrap();
    assert_eq!(changed.attributes[&Attribute::Id], "fs-1");
    assert_eq!(recorder.sent().len(), 4);
}

#[tokio::test]
async fn a_mount_target_that_goes_is_waited_for_and_made_anew() {
    let body = MountTarget {
        file_system_id: Value::from("fs-1"),
        subnet_id: "subnet-1".into(),
        security_groups: vec![Value::from("sg-1")],
    };
    let target = |state: &str| {
        json!({"MountTargetId": "fsmt-1", "FileSystemId": "fs-1", "SubnetId": "subnet-1",
               "LifeCycleState": state})
    };
    let list = |state: &str| json!({"MountTargets": [target(state)]}).to_string();
    let conflict =
        r#"{"__type":"MountTargetConflict","ErrorCode":"MountTargetConflict","Message":"m"}"#;
    let (goes, there) = (list("deleting"), list("available"));
    let made = target("creating").to_string();
    let recorder = Recorder::new([(409, conflict), (200, &*goes), (200, &*made), (200, &*there)]);
    let changed = recorder.aws().create_mount_target(&body).await.unwrap();
    assert_eq!(changed.attributes[&Attribute::Id], "fsmt-1");
    assert_eq!(recorder.sent().len(), 4);
}

#[tokio::test]
async fn a_namespace_whose_deletion_was_heard_twice_is_followed() {
    let twice = r#"{"__type":"DuplicateRequest","Message":"dup","DuplicateOperationId":"op-1"}"#;
    let done = r#"{"Operation":{"Id":"op-1","Status":"SUCCESS"}}"#;
    let recorder = Recorder::new([(400, twice), (200, done)]);
    recorder.aws().delete_namespace("ns-1").await.unwrap();
    assert_eq!(recorder.operations(), ["DeleteNamespace", "GetOperation"]);
}

#[tokio::test]
async fn a_revision_that_was_deregistered_already_is_deleted() {
    let active = r#"{"taskDefinitionArns":["arn:aws:ecs:r:1:task-definition/web:1"]}"#;
    let inactive =
        r#"{"__type":"ClientException","message":"The specified task definition is inactive."}"#;
    let recorder = Recorder::new([(200, active), (400, inactive), (200, active), (200, "{}")]);
    recorder.aws().delete_family("web").await.unwrap();
    assert_eq!(recorder.operations().last().unwrap(), "DeleteTaskDefinitions");
}

#[tokio::test]
async fn denied_names_the_action_that_aws_names() {
    let message = "User: arn:aws:iam::1:user/x is not authorized to perform: iam:PassRole on \
                   resource: arn:aws:iam::1:role/web because no identity-based policy allows it";
    let denied = json!({"__type": "AccessDeniedException", "message": message}).to_string();
    let aws = Recorder::new([(400, &*denied)]).aws();
    let error = aws.update_service(&service(), Action::Update, &[]).await.unwrap_err();
    assert_eq!(
        (error.kind, &*error.operation),
        (CloudErrorKind::AccessDenied, "ecs:UpdateService")
    );
    assert!(error.help.unwrap().ends_with("must allow iam:PassRole"));
}

#[tokio::test]
async fn a_service_that_nobody_offers_scales_nothing() {
    let desired = Desired { stack: "shop".to_owned(), ..Desired::default() };
    let body = Body::Service(Box::new(service()));
    let found = super::observe::Found::new(body).tagged(tags::of_body(&Body::Namespace(
        crate::ecs::desired::Namespace { name: String::new(), tags: tags("shop") },
    )));
    let owner = tags::Owner { project: "shop".to_owned(), environment: "default".to_owned() };
    let unknown = r#"{"error": "Unsupported service: application-autoscaling"}"#;
    let aws = Recorder::new([(400, unknown)]).aws();
    let services = [found];
    assert!(aws.read_scaling(&desired, Some(&owner), &services).await.unwrap().is_empty());
    let aws = Recorder::new([(500, unknown)]).aws();
    assert!(aws.read_scaling(&desired, Some(&owner), &services).await.is_err());
}
