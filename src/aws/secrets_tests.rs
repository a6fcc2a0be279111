#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use super::super::recorder::Recorder;
use super::*;
use crate::apply::CloudErrorKind;
use crate::ecs::desired::{Kind, Resource, ResourceId};

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:1:secret:decklift/shop/db-AbCdEf";
const TAKEN: &str = r#"{"__type":"ResourceExistsException","Message":"already exists"}"#;
const LEAVING: &str = r#"{"__type":"InvalidRequestException","Message":"You can't create this secret because a secret with this name is already scheduled for deletion."}"#;
const GONE: &str = r#"{"__type":"ResourceNotFoundException","Message":"can't find it"}"#;

fn body() -> Secret {
    let tag =
        |key: &str, value: &str| UpperTag { key: key.to_owned().into(), value: value.to_owned() };
    Secret {
        name: "decklift/shop/db".to_owned(),
        description: "The secret db of shop".to_owned(),
        tags: vec![
            tag(tags::PROJECT, "shop"),
            tag(tags::ENVIRONMENT, "default"),
            tag(tags::RESOURCE, "secret/db"),
        ],
    }
}

fn described(project: &str, more: &str) -> String {
    format!(
        r#"{{"ARN":"{ARN}","Name":"decklift/shop/db","Tags":[{{"Key":"decklift:project","Value":"{project}"}},{{"Key":"decklift:environment","Value":"default"}},{{"Key":"decklift:resource","Value":"secret/db"}}]{more}}}"#
    )
}

fn operations(recorder: &Recorder) -> Vec<String> {
    let name = |(operation, _): (String, String)| {
        operation.rsplit('.').next().unwrap_or_default().to_owned()
    };
    recorder.sent().into_iter().map(name).collect()
}

fn desired() -> Desired {
    let mut desired = Desired { stack: "shop".to_owned(), ..Desired::default() };
    desired.insert(Resource {
        id: ResourceId::new(Kind::Secret, "db"),
        body: Body::Secret(body()),
        service: None,
        origin: None,
        waits: Vec::new(),
        peers: Vec::new(),
        restarts: Vec::new(),
        stateful: false,
    });
    desired
}

#[tokio::test]
async fn a_secret_is_made_without_its_value() {
    let made = format!(r#"{{"ARN":"{ARN}"}}"#);
    let recorder = Recorder::new([(200, &*made)]);
    let changed = recorder.aws().create_secret(&body()).await.unwrap();
    assert_eq!(changed.attributes[&Attribute::Arn], ARN);
    assert!(!recorder.sent()[0].1.contains("SecretString"));
}

#[tokio::test]
async fn one_of_ours_is_taken_over_and_restored_where_it_was_deleted() {
    let there = described("shop", "");
    let recorder = Recorder::new([(400, TAKEN), (200, &*there)]);
    recorder.aws().create_secret(&body()).await.unwrap();
    assert_eq!(operations(&recorder), ["CreateSecret", "DescribeSecret", "TagResource"]);

    let deleted = described("shop", r#","DeletedDate":1700000000"#);
    let recorder = Recorder::new([(400, LEAVING), (200, &*deleted)]);
    let changed = recorder.aws().create_secret(&body()).await.unwrap();
    assert_eq!(changed.attributes[&Attribute::Arn], ARN);
    assert_eq!(
        operations(&recorder),
        ["CreateSecret", "DescribeSecret", "RestoreSecret", "TagResource"]
    );
}

#[tokio::test]
async fn what_is_about_to_be_gone_is_waited_for() {
    let made = format!(r#"{{"ARN":"{ARN}"}}"#);
    let recorder = Recorder::new([(400, LEAVING), (400, GONE), (200, &*made)]);
    recorder.aws().create_secret(&body()).await.unwrap();
    assert_eq!(operations(&recorder), ["CreateSecret", "DescribeSecret", "CreateSecret"]);
}

#[tokio::test]
async fn somebody_else_s_is_left_alone() {
    for taken in [TAKEN, LEAVING] {
        let there = described("other", r#","DeletedDate":1700000000"#);
        let recorder = Recorder::new([(400, taken), (200, &*there)]);
        let error = recorder.aws().create_secret(&body()).await.unwrap_err();
        assert_eq!(error.kind, CloudErrorKind::NotOurs);
        assert_eq!(operations(&recorder), ["CreateSecret", "DescribeSecret"]);
    }
}

#[tokio::test]
async fn a_value_is_a_version_of_its_own() {
    let put = format!(r#"{{"ARN":"{ARN}","VersionId":"v-2"}}"#);
    let recorder = Recorder::new([(400, GONE), (200, &*put)]);
    let changed = recorder.aws().put_secret_value("decklift/shop/db", "s3cret").await.unwrap();
    assert_eq!(changed.attributes[&Attribute::ValueFrom], format!("{ARN}:::v-2"));
    assert!(!format!("{changed:?}").contains("s3cret"));
}

#[tokio::test]
async fn an_error_does_not_repeat_the_value() {
    let refused = r#"{"__type":"InvalidParameterException","Message":"no"}"#;
    let recorder = Recorder::new([(400, refused)]);
    let error = recorder.aws().put_secret_value("decklift/shop/db", "s3cret").await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("s3cret"));
}

#[tokio::test]
async fn the_current_version_is_read_and_a_deleted_secret_is_none() {
    let versions = r#","VersionIdsToStages":{"v-1":["AWSPREVIOUS"],"v-2":["AWSCURRENT"]}"#;
    let there = described("shop", versions);
    let recorder = Recorder::new([(200, &*there), (200, r#"{"SecretList":[]}"#)]);
    let found = recorder.aws().read_secrets(&desired()).await.unwrap();
    let [found] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(found.observed.attributes[&Attribute::ValueFrom], format!("{ARN}:::v-2"));

    let deleted = described("shop", r#","DeletedDate":1700000000"#);
    let recorder = Recorder::new([(200, &*deleted), (200, r#"{"SecretList":[]}"#)]);
    assert!(recorder.aws().read_secrets(&desired()).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_has_no_secrets_needs_no_permission_for_them() {
    let denied = r#"{"__type":"AccessDeniedException","Message":"not allowed"}"#;
    let recorder = Recorder::new([(400, denied)]);
    let empty = Desired { stack: "shop".to_owned(), ..Desired::default() };
    assert!(recorder.aws().read_secrets(&empty).await.unwrap().is_empty());
}

#[tokio::test]
async fn names_are_looked_up() {
    let there = described("other", "");
    let recorder = Recorder::new([(200, &*there)]);
    let found = recorder.aws().secret_arns(&["db".to_owned()]).await.unwrap();
    assert_eq!(found["db"], ARN);
    let recorder = Recorder::new([(400, GONE)]);
    assert!(recorder.aws().secret_arns(&["db".to_owned()]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_registry_s_credentials_are_read_and_never_told() {
    let answer = |text: &str| {
        serde_json::json!({"ARN": ARN, "Name": "hub", "SecretString": text}).to_string()
    };
    let good = answer(r#"{"username": "ada", "password": "canary", "email": ""}"#);
    let recorder = Recorder::new([(200, &*good)]);
    let login = recorder.aws().pull_credentials("hub").await.unwrap();
    assert_eq!(login, ("ada".to_owned(), "canary".to_owned()));
    assert!(recorder.sent()[0].1.contains(r#""SecretId":"hub""#));
    for bad in ["canary", r#"{"username": "canary"}"#, r#"{"username": 1, "password": "canary"}"#] {
        let error = Recorder::new([(200, &*answer(bad))]).aws().pull_credentials("hub").await;
        let error = error.unwrap_err();
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}
