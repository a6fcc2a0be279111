//! What releases send to Parameter Store, and what they make of its answers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::recorder::Recorder;
use crate::apply::CloudErrorKind;
use crate::release::{Created, Store};

const EXISTS: &str =
    r#"{"__type":"ParameterAlreadyExists","message":"The parameter already exists."}"#;

fn body(recorder: &Recorder, index: usize) -> Json {
    serde_json::from_str(&recorder.sent()[index].1).unwrap()
}

#[tokio::test]
async fn every_page_is_read_and_only_numbers_count() {
    let first = r#"{"Parameters":[
        {"Name":"/decklift/shop/default/releases/2","Value":"b","LastModifiedDate":1790000002.5},
        {"Name":"/decklift/shop/default/releases/10","Value":"c","LastModifiedDate":1790000010.0},
        {"Name":"/decklift/shop/default/releases/notes","Value":"x","LastModifiedDate":1.0},
        {"Name":"/decklift/shop/default/releases/007","Value":"x","LastModifiedDate":1.0}
    ],"NextToken":"more"}"#;
    let second = r#"{"Parameters":[
        {"Name":"/decklift/shop/default/releases/1","Value":"a","LastModifiedDate":1790000001.0}
    ]}"#;
    let recorder = Recorder::new([(200, first), (200, second)]);
    let listing = recorder.aws().releases("shop", "default").list().await.unwrap();
    let found: Vec<_> = listing.entries.iter().map(|e| (e.number, &*e.value)).collect();
    assert_eq!(found, [(1, "a"), (2, "b"), (10, "c")]);
    assert_eq!(listing.entries[1].modified, Duration::from_millis(1_790_000_002_500));
    // The recorder's clock.
    assert_eq!(listing.now, Duration::from_secs(1_790_000_100));
    assert_eq!(recorder.operations(), ["GetParametersByPath", "GetParametersByPath"]);
    let path = json!({"Path": "/decklift/shop/default/releases", "Recursive": false});
    assert_eq!(body(&recorder, 0), path);
    assert_eq!(body(&recorder, 1)["NextToken"], "more");
}

#[tokio::test]
async fn creating_never_overwrites_and_writing_does() {
    let recorder = Recorder::new([(200, "{}"), (400, EXISTS), (200, "{}")]);
    let own = ("team".to_owned(), "fruit".to_owned());
    let releases = recorder.aws().releases("shop", "prod").tagged([own]);
    assert_eq!(releases.create(7, "v").await.unwrap(), Created::Made);
    assert_eq!(releases.create(7, "v").await.unwrap(), Created::Exists);
    releases.overwrite(7, "w").await.unwrap();
    assert_eq!(
        body(&recorder, 0),
        json!({
            "Name": "/decklift/shop/prod/releases/7",
            "Description": "A release made by decklift, or its lock while it runs",
            "Value": "v",
            "Type": "String",
            "Overwrite": false,
            "Tags": [
                {"Key": "decklift:environment", "Value": "prod"},
                {"Key": "decklift:project", "Value": "shop"},
                {"Key": "team", "Value": "fruit"},
                {"Key": "decklift:resource", "Value": "release/7"},
            ],
        })
    );
    let name = "/decklift/shop/prod/releases/7";
    assert_eq!(body(&recorder, 2), json!({"Name": name, "Value": "w", "Overwrite": true}));
}

#[tokio::test]
async fn two_at_a_time_are_told_so_and_try_again() {
    let busy = r#"{"__type":"TooManyUpdates","message":"There are concurrent updates."}"#;
    let recorder = Recorder::new([(400, busy), (400, EXISTS)]);
    let created = recorder.aws().releases("shop", "prod").create(7, "v").await.unwrap();
    assert_eq!((created, recorder.sent().len()), (Created::Exists, 2));
}

#[tokio::test]
async fn deletion_takes_ten_at_a_time_in_order() {
    let recorder = Recorder::default();
    let numbers: Vec<u64> = (1..=23).collect();
    recorder.aws().releases("shop", "prod").delete(&numbers).await.unwrap();
    let counts: Vec<usize> =
        (0..3).map(|index| body(&recorder, index)["Names"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [10, 10, 3]);
    assert_eq!(body(&recorder, 2)["Names"][2], "/decklift/shop/prod/releases/23");
}

#[tokio::test]
async fn a_refusal_names_the_action_and_the_parameter() {
    let denied = r#"{"__type":"AccessDeniedException","message":"no"}"#;
    let recorder = Recorder::new(std::iter::repeat_n((400, denied), 5));
    let releases = recorder.aws().releases("shop", "prod");
    let error = releases.create(3, "v").await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::AccessDenied);
    assert_eq!(error.to_string(), "ssm:PutParameter for /decklift/shop/prod/releases/3: no");
    assert!(error.help.unwrap().contains("ssm:PutParameter"));
    let error = releases.list().await.unwrap_err();
    assert_eq!(error.to_string(), "ssm:GetParametersByPath for /decklift/shop/prod/releases: no");
    let error = releases.read(&[3, 4]).await.unwrap_err();
    assert_eq!(error.operation, "ssm:GetParameters");
    let error = releases.delete(&[1]).await.unwrap_err();
    assert_eq!(error.operation, "ssm:DeleteParameters");
}

#[test]
fn a_name_that_parameter_store_does_not_take_is_spelt_another_way() {
    let aws = Recorder::default().aws();
    let name = |environment| aws.releases("shop", environment).name(1);
    assert_eq!(name("qa_2.b"), "/decklift/shop/qa_2.b/releases/1");
    let (slash, blank) = (name("qa/2"), name("qa 2"));
    assert!(slash.starts_with("/decklift/shop/qa-2-") && slash.ends_with("/releases/1"));
    assert_ne!(slash, blank);
}
