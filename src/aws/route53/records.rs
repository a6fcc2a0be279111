//! The records of a name.

use std::time::Duration;

use aws_sdk_route53::types as sdk;

use super::{Known, Place, same};
use crate::apply::cloud::{Changed, CloudError, CloudErrorKind};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::values::text;
use crate::ecs::desired::{
    AliasRecord, AliasTarget, ChangeBatch, ChangeResourceRecordSets, RecordChange,
    ResourceRecordSet, Value,
};

const CHANGE: &str = "route53:ChangeResourceRecordSets";
/// How long an earlier change of a zone may keep another one waiting.
const BUSY: Duration = Duration::from_secs(60);
/// The types of one name that decide where it leads, and which exclude each other.
const TYPES: [sdk::RrType; 3] = [sdk::RrType::A, sdk::RrType::Aaaa, sdk::RrType::Cname];
/// How many records of a name are asked for: each has a type, and those with a policy come in numbers.
const PAGE: i32 = 100;

/// What stands under a name: its addresses.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing(Vec<sdk::ResourceRecordSet>);

/// What that is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing is there.
    Nothing,
    /// Everything leads to a load balancer that is ours, or that the file names.
    Leads,
    /// Plain records that lead elsewhere.
    Simple,
    /// Records that no other record can stand beside or replace: a `CNAME`, or those of a policy.
    Other,
}

impl Aws {
    pub(super) async fn standing(&self, zone: &str, name: &str) -> Result<Standing, CloudError> {
        let call = self.route53().list_resource_record_sets().hosted_zone_id(zone);
        let call = call.start_record_name(name).max_items(PAGE);
        let answer = match call.send().await.or_fail("route53:ListResourceRecordSets") {
            // A zone that is gone has no records.
            Err(error) if error.is(&["NoSuchHostedZone"]) => return Ok(Standing::default()),
            answer => answer?,
        };
        let mut sets = answer.resource_record_sets;
        sets.retain(|set| same(&plain(set.name()), name) && TYPES.contains(set.r#type()));
        Ok(Standing(sets))
    }

    /// Makes the records, or finds that they were made; never writes over others.
    pub(super) async fn create_records(&self, body: &AliasRecord) -> Result<Changed, CloudError> {
        let changes = body.records().map(|record| change(sdk::ChangeAction::Create, record));
        let changes = changes.collect::<Result<Vec<_>, _>>()?;
        match self.change_records(&body.change.hosted_zone_id, changes).await {
            Err(error) if error.says("InvalidChangeBatch", "already exists") => {
                let standing = self.standing(&body.change.hosted_zone_id, body.name()).await?;
                match standing.state(|address| wants(body, address)) {
                    State::Leads => self.replace_records(body).await,
                    _ => Err(taken(standing.words(body.name()))),
                }
            }
            answer => answer.map(|()| Changed::default()),
        }
    }

    /// Brings what is ours to what is wanted; types that are no longer wanted go.
    pub(super) async fn replace_records(&self, body: &AliasRecord) -> Result<Changed, CloudError> {
        let zone = &body.change.hosted_zone_id;
        let Standing(sets) = self.standing(zone, body.name()).await?;
        let wanted = |set: &sdk::ResourceRecordSet| {
            body.records().any(|record| record.kind == set.r#type().as_str())
        };
        let mut changes = Vec::new();
        for set in sets.into_iter().filter(|set| !wanted(set)) {
            changes.push(sdk_change(sdk::ChangeAction::Delete, set)?);
        }
        for record in body.records() {
            changes.push(change(sdk::ChangeAction::Upsert, record)?);
        }
        self.change_records(zone, changes).await.map(|()| Changed::default())
    }

    /// Deletes exactly these records. What somebody made of them since stays.
    pub(super) async fn delete_records(&self, body: &AliasRecord) -> Result<(), CloudError> {
        let alias = |record: &&ResourceRecordSet| {
            record.alias_target.hosted_zone_id.known().is_some_and(|zone| !zone.is_empty())
        };
        let changes = body.records().filter(alias);
        let changes = changes.map(|record| change(sdk::ChangeAction::Delete, record));
        let changes = changes.collect::<Result<Vec<_>, _>>()?;
        if changes.is_empty() {
            return Ok(());
        }
        match self.change_records(&body.change.hosted_zone_id, changes).await {
            Err(error)
                if error.is(&["NoSuchHostedZone"])
                    || error.says("InvalidChangeBatch", "not found")
                    || error.says("InvalidChangeBatch", "do not match") =>
            {
                Ok(())
            }
            answer => answer,
        }
    }

    async fn change_records(
        &self,
        zone: &str,
        changes: Vec<sdk::Change>,
    ) -> Result<(), CloudError> {
        let batch = sdk::ChangeBatch::builder().set_changes(Some(changes)).build()?;
        let call = || async {
            let call = self.route53().change_resource_record_sets().hosted_zone_id(zone);
            call.change_batch(batch.clone()).send().await.or_fail(CHANGE)
        };
        let passes = |error: &CloudError| error.is(&["PriorRequestNotComplete"]);
        self.pace.persist(BUSY, passes, call).await.map(|_| ())
    }
}

impl Standing {
    pub(super) fn state(&self, leads: impl Fn(&str) -> bool) -> State {
        let Self(sets) = self;
        let is_simple = |set: &sdk::ResourceRecordSet| {
            set.set_identifier().is_none() && *set.r#type() != sdk::RrType::Cname
        };
        let leads = |set: &sdk::ResourceRecordSet| {
            set.alias_target().is_some_and(|target| leads(target.dns_name()))
        };
        match sets.as_slice() {
            [] => State::Nothing,
            sets if !sets.iter().all(is_simple) => State::Other,
            sets if sets.iter().all(leads) => State::Leads,
            _ => State::Simple,
        }
    }

    pub(super) fn leads_to(&self, address: &str) -> bool {
        let mut targets = self.0.iter().filter_map(|set| set.alias_target());
        targets.any(|target| same(target.dns_name(), address))
    }

    /// What stands there, for people.
    pub(super) fn words(&self, name: &str) -> String {
        let Some(set) = self.0.first() else { return format!("{name} has records") };
        let values = set.resource_records().iter().map(|record| record.value());
        let target = set.alias_target().map(|target| target.dns_name());
        let to: Vec<_> = values.chain(target).map(|to| to.trim_end_matches('.')).collect();
        format!("{name} has a record {} to {}", set.r#type().as_str(), to.join(", "))
    }

    /// The records in the words of Desired. The address of a load balancer is written as it is known.
    pub(super) fn change(&self, place: &Place, known: &[Known]) -> ChangeResourceRecordSets {
        let address = |found: &str| {
            let known = known.iter().find(|known| same(&known.address, found));
            known.map_or(found.trim_end_matches('.').to_owned(), |known| known.address.clone())
        };
        let mut changes: Vec<_> = self
            .0
            .iter()
            .map(|set| {
                let values: Vec<_> =
                    set.resource_records().iter().map(|record| record.value()).collect();
                let target = set.alias_target();
                let alias_target = AliasTarget {
                    hosted_zone_id: Value::from(target.map_or("", |t| t.hosted_zone_id())),
                    dns_name: Value::from(match target {
                        Some(target) => address(target.dns_name()),
                        None => values.join(", "),
                    }),
                    evaluate_target_health: target.is_some_and(|t| t.evaluate_target_health()),
                };
                RecordChange {
                    action: "CREATE".to_owned(),
                    resource_record_set: ResourceRecordSet {
                        name: place.name.clone(),
                        kind: set.r#type().as_str().to_owned(),
                        alias_target,
                    },
                }
            })
            .collect();
        changes.sort_by(|a, b| a.resource_record_set.kind.cmp(&b.resource_record_set.kind));
        ChangeResourceRecordSets {
            hosted_zone_id: place.zone.clone(),
            change_batch: ChangeBatch { changes },
        }
    }
}

fn wants(body: &AliasRecord, address: &str) -> bool {
    body.records()
        .filter_map(|record| record.alias_target.dns_name.known())
        .any(|wanted| same(wanted, address))
}

fn taken(what: String) -> CloudError {
    CloudError::new(CloudErrorKind::NotOurs, CHANGE, what).help(
        "decklift writes over no record that it did not make: delete it, or choose another name, and \
         deploy again",
    )
}

/// Route 53 writes what is no letter, digit or hyphen as an octal number, of which a name that may be
/// asked for has `*` and `_` (API reference, `ResourceRecordSet.Name`).
fn plain(name: &str) -> String {
    name.replace("\\052", "*").replace("\\137", "_")
}

fn change(
    action: sdk::ChangeAction,
    record: &ResourceRecordSet,
) -> Result<sdk::Change, CloudError> {
    let ResourceRecordSet { name, kind, alias_target } = record;
    let AliasTarget { hosted_zone_id, dns_name, evaluate_target_health } = alias_target;
    let target = sdk::AliasTarget::builder()
        .hosted_zone_id(text(hosted_zone_id)?)
        .dns_name(text(dns_name)?)
        .evaluate_target_health(*evaluate_target_health)
        .build()?;
    let set = sdk::ResourceRecordSet::builder()
        .name(name)
        .r#type(kind.as_str().into())
        .alias_target(target)
        .build()?;
    sdk_change(action, set)
}

fn sdk_change(
    action: sdk::ChangeAction,
    set: sdk::ResourceRecordSet,
) -> Result<sdk::Change, CloudError> {
    Ok(sdk::Change::builder().action(action).resource_record_set(set).build()?)
}
