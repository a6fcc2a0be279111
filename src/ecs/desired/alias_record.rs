use serde::{Deserialize, Serialize};

use super::{UpperTag, Value};

/// The records of one name that lead to a load balancer: `route53 ChangeResourceRecordSets`, and before
/// it `elbv2 AddTags`.
///
/// Records have no tags. What decklift made is noted at the project's own load balancer, before it is
/// made, so that it is found again when the name has left the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AliasRecord {
    /// At the project's own load balancer alone: one of others is left as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<AddTags>,
    /// The records.
    pub change: ChangeResourceRecordSets,
}

/// `elbv2 AddTags`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddTags {
    /// Exactly one.
    pub resource_arns: Vec<Value>,
    /// Exactly one; none where it is missing.
    pub tags: Vec<UpperTag>,
}

/// `route53 ChangeResourceRecordSets`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangeResourceRecordSets {
    /// The zone.
    pub hosted_zone_id: String,
    /// What Route 53 does at once, or not at all.
    pub change_batch: ChangeBatch,
}

/// `route53 ChangeBatch`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangeBatch {
    /// One a type, of one name.
    pub changes: Vec<RecordChange>,
}

/// `route53 Change`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RecordChange {
    /// `CREATE`: Route 53 refuses it where a record of this name and type stands already.
    pub action: String,
    /// The record.
    pub resource_record_set: ResourceRecordSet,
}

/// `route53 ResourceRecordSet`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceRecordSet {
    /// The name, without a dot at its end.
    pub name: String,
    /// `A` or `AAAA`
    #[serde(rename = "Type")]
    pub kind: String,
    /// The load balancer.
    pub alias_target: AliasTarget,
}

/// `route53 AliasTarget`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AliasTarget {
    /// The zone of the load balancer's own name.
    pub hosted_zone_id: Value,
    /// The load balancer's own name.
    #[serde(rename = "DNSName")]
    pub dns_name: Value,
    /// Always false: there is one load balancer, and a name that answers nothing helps nobody.
    pub evaluate_target_health: bool,
}

impl AliasRecord {
    /// What the tags begin with that note records at the load balancer; the hash of the name follows.
    pub const NOTE: &str = "decklift:record/";

    /// The tag that notes a name in a zone. Tags have no `*`, and names no `@`.
    #[must_use]
    pub fn note(zone: &str, name: &str, hash: &str) -> UpperTag {
        UpperTag {
            key: format!("{}{hash}", Self::NOTE).into(),
            value: format!("{zone} {}", name.replace('*', "@")),
        }
    }

    /// The zone and the name that a tag notes.
    #[must_use]
    pub fn noted(tag: &UpperTag) -> Option<(String, String)> {
        let (zone, name) = tag.value.split_once(' ')?;
        tag.key.starts_with(Self::NOTE).then(|| (zone.to_owned(), name.replace('@', "*")))
    }

    /// The records.
    pub fn records(&self) -> impl Iterator<Item = &ResourceRecordSet> {
        self.change.change_batch.changes.iter().map(|change| &change.resource_record_set)
    }

    /// The name of the records.
    #[must_use]
    pub fn name(&self) -> &str {
        self.records().next().map_or("", |record| &record.name)
    }
}

impl ChangeResourceRecordSets {
    /// What makes these records of a name, one a type, that all lead to one load balancer.
    #[must_use]
    pub fn create(zone: String, name: &str, types: &[&str], target: &AliasTarget) -> Self {
        let changes = types.iter().map(|kind| RecordChange {
            action: "CREATE".to_owned(),
            resource_record_set: ResourceRecordSet {
                name: name.to_owned(),
                kind: (*kind).to_owned(),
                alias_target: target.clone(),
            },
        });
        Self { hosted_zone_id: zone, change_batch: ChangeBatch { changes: changes.collect() } }
    }
}
