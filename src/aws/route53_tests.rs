//! Whose records are whose, and that none is written over.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use super::*;
use crate::apply::cloud::CloudErrorKind;
use crate::aws::recorder::Recorder;
use crate::ecs::desired::{AliasTarget, ChangeResourceRecordSets, LoadBalancer, Resource, Value};
use crate::plan::Observed;

const ADDRESS: &str = "Shop-1.eu-west-1.elb.amazonaws.com";
const NAME: &str = "shop.example.com";

fn owner() -> Owner {
    Owner { project: "shop".to_owned(), environment: "default".to_owned() }
}

/// A load balancer of the owner's, with these notes.
fn balancer(notes: &[&str]) -> Found {
    let tag =
        |key: &str, value: &str| UpperTag { key: key.to_owned().into(), value: value.to_owned() };
    let mut tags = vec![tag("decklift:project", "shop"), tag("decklift:environment", "default")];
    let notes = notes.iter().enumerate();
    tags.extend(notes.map(|(index, note)| tag(&format!("decklift:record/{index}"), note)));
    let map = tags.iter().map(|tag| (tag.key.to_string(), tag.value.clone())).collect();
    let body = LoadBalancer {
        name: "shop".to_owned(),
        kind: "application".to_owned(),
        scheme: "internet-facing".to_owned(),
        ip_address_type: "ipv4".to_owned(),
        subnets: Vec::new(),
        security_groups: Vec::new(),
        tags,
    };
    Found::new(Body::LoadBalancer(Box::new(body)))
        .with(Attribute::Arn, Some("arn:lb"))
        .with(Attribute::DnsName, Some(ADDRESS))
        .tagged(map)
}

fn record() -> AliasRecord {
    let target = AliasTarget {
        hosted_zone_id: Value::from("ZLB"),
        dns_name: Value::from(ADDRESS),
        evaluate_target_health: false,
    };
    AliasRecord {
        note: None,
        change: ChangeResourceRecordSets::create("Z1".to_owned(), NAME, &["A"], &target),
    }
}

fn id() -> ResourceId {
    ResourceId::new(Kind::AliasRecord, NAME)
}

fn desired(wanted: bool) -> Desired {
    let mut desired = Desired::default();
    if wanted {
        desired.insert(Resource {
            id: id(),
            body: Body::AliasRecord(Box::new(record())),
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

fn alias(kind: &str, to: &str) -> String {
    format!(
        "<ResourceRecordSet><Name>{NAME}.</Name><Type>{kind}</Type><AliasTarget><HostedZoneId>ZLB\
         </HostedZoneId><DNSName>{to}.</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth>\
         </AliasTarget></ResourceRecordSet>"
    )
}

fn plain(kind: &str, to: &str, more: &str) -> String {
    format!(
        "<ResourceRecordSet><Name>{NAME}.</Name><Type>{kind}</Type>{more}<TTL>60</TTL>\
         <ResourceRecords><ResourceRecord><Value>{to}</Value></ResourceRecord></ResourceRecords>\
         </ResourceRecordSet>"
    )
}

fn listed(sets: &[String]) -> String {
    let sets = sets.concat();
    format!(
        "<ListResourceRecordSetsResponse><ResourceRecordSets>{sets}</ResourceRecordSets>\
         <IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListResourceRecordSetsResponse>"
    )
}

const DONE: &str = "<ChangeResourceRecordSetsResponse><ChangeInfo><Id>/change/C1</Id><Status>PENDING\
    </Status><SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt></ChangeInfo>\
    </ChangeResourceRecordSetsResponse>";

fn refused(message: &str) -> String {
    format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidChangeBatch</Code><Message>{message}\
         </Message></Error></ErrorResponse>"
    )
}

async fn read(wanted: bool, notes: &[&str], sets: &[String]) -> (Vec<Observed>, Vec<String>) {
    let answer = listed(sets);
    let recorder = Recorder::new([(200, answer.as_str())]);
    let balancers = [balancer(notes)];
    let owner = owner();
    let records =
        recorder.aws().read_records(&desired(wanted), Some(&owner), &balancers).await.unwrap();
    let found = records.found.into_iter().map(|found| found.observed).collect();
    (found, records.taken.into_values().collect())
}

#[tokio::test]
async fn what_leads_to_a_load_balancer_of_ours_is_ours() {
    let sets = [alias("A", "shop-1.eu-west-1.elb.amazonaws.com")];
    let (found, taken) = read(true, &[], &sets).await;
    assert_eq!(taken, [] as [String; 0]);
    let Body::AliasRecord(have) = &found[0].body else { panic!("{found:?}") };
    assert_eq!(have.change, record().change, "names differ in case and in the last dot alone");
    assert_eq!(found[0].attributes[&Attribute::Arn], "arn:lb");
}

#[tokio::test]
async fn what_leads_elsewhere_is_taken() {
    for set in [
        alias("A", "other-1.eu-west-1.elb.amazonaws.com"),
        plain("A", "192.0.2.1", ""),
        plain("CNAME", "www.example.net", ""),
        plain("A", "192.0.2.1", "<SetIdentifier>one</SetIdentifier><Weight>1</Weight>"),
    ] {
        let (found, taken) = read(true, &[], std::slice::from_ref(&set)).await;
        assert!(found.is_empty() && taken.len() == 1, "{set}");
        assert!(taken[0].starts_with("shop.example.com has a record "), "{taken:?}");
    }
    let (found, taken) = read(true, &[], &[plain("TXT", "\"v=spf1\"", "")]).await;
    assert!(found.is_empty() && taken.is_empty(), "a text leads nowhere");
}

#[tokio::test]
async fn what_was_noted_and_changed_by_hand_is_drift() {
    let sets = [plain("A", "192.0.2.1", "")];
    let (found, taken) = read(true, &["Z1 shop.example.com"], &sets).await;
    assert_eq!((found.len(), taken.len()), (1, 0));
    let changes = crate::plan::changes(&Body::AliasRecord(Box::new(record())), &found[0]);
    assert!(
        changes.iter().any(|change| change.from.as_deref() == Some("192.0.2.1")),
        "{changes:?}"
    );
    // A CNAME cannot be written over, whoever made it.
    let (found, taken) =
        read(true, &["Z1 shop.example.com"], &[plain("CNAME", "www.example.net", "")]).await;
    assert_eq!((found.len(), taken.len()), (0, 1));
}

#[tokio::test]
async fn what_left_the_file_is_found_by_its_note_and_nothing_else_is() {
    let ours = [alias("A", "shop-1.eu-west-1.elb.amazonaws.com")];
    let (found, _) = read(false, &["Z1 shop.example.com"], &ours).await;
    assert_eq!(found.len(), 1);
    // Somebody else uses the name now.
    let theirs = [alias("A", "other-1.eu-west-1.elb.amazonaws.com")];
    assert!(read(false, &["Z1 shop.example.com"], &theirs).await.0.is_empty());
    // Somebody made the record by hand: nobody asks for it.
    assert!(read(false, &[], &ours).await.0.is_empty());
}

#[tokio::test]
async fn a_record_that_is_there_is_never_written_over() {
    let exists = refused("Tried to create resource record set but it already exists");
    let theirs = listed(&[plain("A", "192.0.2.1", "")]);
    let recorder = Recorder::new([(400, exists.as_str()), (200, theirs.as_str())]);
    let error = recorder.aws().create_alias_record(&record()).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::NotOurs);
    assert!(error.message.contains("192.0.2.1"), "{}", error.message);
    assert_eq!(recorder.sent().len(), 2);
}

#[tokio::test]
async fn a_creation_whose_answer_was_lost_finds_what_it_made() {
    let exists = refused("Tried to create resource record set but it already exists");
    let ours = listed(&[alias("A", ADDRESS), alias("AAAA", ADDRESS)]);
    let answers = [(400, exists.as_str()), (200, &*ours), (200, &*ours), (200, DONE)];
    let recorder = Recorder::new(answers);
    recorder.aws().create_alias_record(&record()).await.unwrap();
    let sent = recorder.sent();
    assert!(sent[0].1.contains("<Action>CREATE</Action>"), "{}", sent[0].1);
    let last = &sent[3].1;
    assert!(
        last.contains("<Action>UPSERT</Action>") && last.contains("<Type>AAAA</Type>"),
        "{last}"
    );
    assert_eq!(last.matches("<Action>DELETE</Action>").count(), 1, "{last}");
}

#[tokio::test]
async fn what_is_gone_or_somebody_elses_by_now_is_not_deleted() {
    for message in ["it was not found", "the values provided do not match the current values"] {
        let answer = refused(&format!("Tried to delete resource record set but {message}"));
        let recorder = Recorder::new([(400, answer.as_str())]);
        recorder.aws().delete_alias_record(&record(), None).await.unwrap();
    }
    let answer = refused("something else");
    let recorder = Recorder::new([(400, answer.as_str())]);
    recorder.aws().delete_alias_record(&record(), None).await.unwrap_err();
}

#[tokio::test]
async fn the_zone_is_the_one_of_the_longest_name() {
    let zone = |id: &str, name: &str, private: bool| {
        format!(
            "<HostedZone><Id>/hostedzone/{id}</Id><Name>{name}.</Name><CallerReference>x\
             </CallerReference><Config><PrivateZone>{private}</PrivateZone></Config></HostedZone>"
        )
    };
    let list = |zones: &[String]| {
        format!(
            "<ListHostedZonesResponse><HostedZones>{}</HostedZones><IsTruncated>false</IsTruncated>\
             <MaxItems>100</MaxItems></ListHostedZonesResponse>",
            zones.concat()
        )
    };
    let found = async |zones: &[String], name: &str, may_lack: bool| {
        let answer = list(zones);
        let recorder = Recorder::new([(200, answer.as_str())]);
        let request = RecordRequest { name: name.to_owned(), private: false, balancer: None };
        recorder.aws().zones_of(&[request], "vpc-1", &BTreeMap::new(), may_lack).await
    };
    let zones = [
        zone("Z1", "example.com", false),
        zone("Z2", "Shop.example.com", false),
        zone("Z3", "a.shop.example.com", true),
        zone("Z4", "op.example.com", false),
    ];
    for (name, id) in [
        ("a.shop.example.com", "Z2"),
        ("shop.example.com", "Z2"),
        ("wshop.example.com", "Z1"),
        ("*.example.com", "Z1"),
    ] {
        assert_eq!(found(&zones, name, false).await.unwrap()[name], id, "{name}");
    }
    let error = found(&zones, "example.org", false).await.unwrap_err();
    assert!(error.help.unwrap().contains("create-hosted-zone"));
    assert!(found(&zones, "example.org", true).await.unwrap().is_empty());
    let twins = [zone("Z1", "example.com", false), zone("Z2", "example.com", false)];
    let error = found(&twins, "example.com", false).await.unwrap_err();
    assert!(error.message.contains("Z1, Z2"), "{}", error.message);
}
