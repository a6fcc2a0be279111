//! Which certificate is taken for a domain.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use serde_json::{Value as Json, json};

use super::fit;
use crate::apply::cloud::CloudErrorKind;
use crate::aws::recorder::Recorder;

fn summary(id: &str, names: &[&str], status: &str, until: i64) -> Json {
    json!({
        "CertificateArn": format!("arn:aws:acm:eu-west-1:1:certificate/{id}"),
        "DomainName": names[0], "SubjectAlternativeNameSummaries": names,
        "HasAdditionalSubjectAlternativeNames": false, "Status": status, "NotAfter": until,
    })
}

fn listed(list: &[Json]) -> String {
    json!({"CertificateSummaryList": list}).to_string()
}

async fn found(list: &[Json]) -> Result<String, crate::apply::CloudError> {
    let list = listed(list);
    let recorder = Recorder::new([(200, list.as_str())]);
    let arn = recorder.aws().certificate_of("shop.example.com").await;
    arn.map(|arn| arn.rsplit('/').next().unwrap().to_owned())
}

#[test]
fn a_wildcard_holds_for_one_label() {
    let fits = |name: &str, domain: &str| fit(&[name.to_owned()], domain);
    assert_eq!(fits("Shop.example.com", "shop.example.com"), Some(true));
    assert_eq!(fits("*.example.com", "shop.example.com"), Some(false));
    assert_eq!(fits("*.example.com", "*.example.com"), Some(true));
    assert_eq!(fits("*.example.com", "example.com"), None);
    assert_eq!(fits("*.example.com", "a.shop.example.com"), None);
    assert_eq!(fits("*.shop.example.com", "*.example.com"), None);
    assert_eq!(fits("*.com", "localhost"), None);
}

#[tokio::test]
async fn its_own_name_goes_before_a_wildcard_and_the_longest_before_others() {
    let own = summary("own", &["www.example.com", "shop.example.com"], "ISSUED", 1_800_000_000);
    let wild = summary("wild", &["*.example.com"], "ISSUED", 1_900_000_000);
    let other = summary("other", &["example.com"], "ISSUED", 1_990_000_000);
    let long = summary("long", &["shop.example.com"], "ISSUED", 1_850_000_000);
    let waits = summary("waits", &["shop.example.com"], "PENDING_VALIDATION", 0);
    let list = [wild.clone(), own.clone(), waits, other.clone()];
    assert_eq!(found(&list).await.unwrap(), "own");
    assert_eq!(found(&[own.clone(), long.clone()]).await.unwrap(), "long");
    assert_eq!(found(&[long, own]).await.unwrap(), "long");
    assert_eq!(found(&[other, wild]).await.unwrap(), "wild");
    // Of two equals always the same.
    let twins = ["a", "b"].map(|id| summary(id, &["shop.example.com"], "ISSUED", 7));
    assert_eq!(found(&twins).await.unwrap(), "b");
    let [a, b] = twins;
    assert_eq!(found(&[b, a]).await.unwrap(), "b");
}

#[tokio::test]
async fn keys_of_every_kind_are_asked_for_on_every_page() {
    let first = json!({"CertificateSummaryList": [], "NextToken": "more"}).to_string();
    let second = listed(&[summary("own", &["shop.example.com"], "ISSUED", 1)]);
    let recorder = Recorder::new([(200, first.as_str()), (200, second.as_str())]);
    recorder.aws().certificate_of("shop.example.com").await.unwrap();
    assert_eq!(recorder.operations(), ["ListCertificates", "ListCertificates"]);
    let sent: Json = serde_json::from_str(&recorder.sent()[0].1).unwrap();
    assert_eq!(
        sent,
        json!({
            "CertificateStatuses": ["ISSUED", "PENDING_VALIDATION"],
            "Includes": {"keyTypes": ["RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]},
        })
    );
}

#[tokio::test]
async fn a_certificate_with_more_names_than_the_list_has_is_looked_at() {
    let mut long = summary("long", &["example.com"], "ISSUED", 1);
    long["HasAdditionalSubjectAlternativeNames"] = json!(true);
    let list = listed(&[long]);
    let described =
        json!({"Certificate": {"SubjectAlternativeNames": ["example.com", "shop.example.com"]}});
    let described = described.to_string();
    let recorder = Recorder::new([(200, list.as_str()), (200, described.as_str())]);
    let arn = recorder.aws().certificate_of("shop.example.com").await.unwrap();
    assert!(arn.ends_with("/long"), "{arn}");
    assert_eq!(recorder.operations(), ["ListCertificates", "DescribeCertificate"]);
}

#[tokio::test]
async fn none_and_one_that_waits_say_the_way_out() {
    let error = found(&[]).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::NotFound);
    assert_eq!(error.message, "ACM has no certificate of shop.example.com in eu-west-1");
    assert!(error.help.unwrap().contains("aws acm request-certificate --region eu-west-1"));
    let waits = summary("waits", &["*.example.com"], "PENDING_VALIDATION", 0);
    let error = found(&[waits]).await.unwrap_err();
    assert!(error.message.contains("not proved yet"), "{}", error.message);
    assert!(error.help.unwrap().contains("certificate/waits"));
}

#[tokio::test]
async fn the_sandbox_gets_one_when_it_has_none() {
    let none = listed(&[]);
    let recorder = Recorder::new([(200, none.as_str())]);
    recorder.aws().issue_certificate("shop.example.com").await.unwrap();
    assert_eq!(recorder.operations(), ["ListCertificates", "RequestCertificate"]);
    let one = listed(&[summary("own", &["shop.example.com"], "ISSUED", 1)]);
    let recorder = Recorder::new([(200, one.as_str())]);
    recorder.aws().issue_certificate("shop.example.com").await.unwrap();
    assert_eq!(recorder.operations(), ["ListCertificates"]);
}
