//! Amazon Route 53: the names of load balancers in zones that are there already.
//!
//! Records have no tags. Those of a name are ours when the name is noted at a load balancer of ours,
//! or when they lead where it is wanted; whatever else stands there is somebody else's, and is never
//! written over: Route 53 itself refuses to create what is there.

mod records;
mod zones;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;

use self::records::{Standing, State};
pub use self::zones::RecordRequest;
use super::Aws;
use super::error::OrFail;
use super::observe::Found;
use super::tags::Owner;
use crate::apply::cloud::CloudError;
use crate::ecs::desired::{
    AddTags, AliasRecord, Attribute, Body, Desired, Kind, ResourceId, UpperTag,
};

/// A name in a zone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    zone: String,
    name: String,
}

/// A load balancer of ours: what it is called, and the names that are noted at it.
#[derive(Clone, Debug, Default)]
struct Known {
    arn: String,
    address: String,
    notes: Vec<UpperTag>,
}

/// What is found of records.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) found: Vec<Found>,
    /// What stands where records are desired, and is not ours.
    pub(super) taken: BTreeMap<ResourceId, String>,
}

impl Aws {
    /// The records of the stack; `balancers` is what was read of load balancers.
    pub(super) async fn read_records(
        &self,
        desired: &Desired,
        owner: Option<&Owner>,
        balancers: &[Found],
    ) -> Result<Records, CloudError> {
        let known: Vec<Known> = balancers.iter().filter_map(|found| known(found, owner)).collect();
        let wanted: BTreeMap<Place, &ResourceId> =
            desired.resources.values().filter_map(|r| Some((place(&r.body)?, &r.id))).collect();
        let notes = known.iter().flat_map(|known| &known.notes).filter_map(noted);
        let places: BTreeSet<Place> = wanted.keys().cloned().chain(notes).collect();
        let standing = places.into_iter().map(|place| async {
            let standing = self.standing(&place.zone, &place.name).await?;
            Ok::<_, CloudError>((place, standing))
        });
        let mut records = Records::default();
        for (place, standing) in try_join_all(standing).await? {
            let id = wanted.get(&place).copied();
            let theirs = id.map(|id| targets(desired, id)).unwrap_or_default();
            let leads = |address: &str| {
                known.iter().any(|known| same(&known.address, address))
                    || theirs.iter().any(|target| same(target, address))
            };
            let is_noted =
                known.iter().flat_map(|k| &k.notes).any(|n| noted(n).as_ref() == Some(&place));
            match (standing.state(leads), id) {
                (State::Nothing, _) => {}
                (State::Leads, _) => records.found.push(observed(&place, &standing, &known)),
                // Somebody changed by hand what decklift had made.
                (State::Simple, Some(_)) if is_noted => {
                    records.found.push(observed(&place, &standing, &known));
                }
                (State::Simple | State::Other, Some(id)) => {
                    records.taken.insert(id.clone(), standing.words(&place.name));
                }
                (State::Simple | State::Other, None) => {}
            }
        }
        Ok(records)
    }

    pub(super) async fn create_alias_record(
        &self,
        body: &AliasRecord,
    ) -> Result<crate::apply::cloud::Changed, CloudError> {
        self.note(body).await?;
        self.create_records(body).await
    }

    pub(super) async fn update_alias_record(
        &self,
        body: &AliasRecord,
    ) -> Result<crate::apply::cloud::Changed, CloudError> {
        self.note(body).await?;
        self.replace_records(body).await
    }

    /// Takes the records away, and then the note of them.
    pub(super) async fn delete_alias_record(
        &self,
        body: &AliasRecord,
        balancer: Option<&str>,
    ) -> Result<(), CloudError> {
        self.delete_records(body).await?;
        let Some((balancer, note)) = balancer.zip(body.note.as_ref().and_then(|n| n.tags.first()))
        else {
            return Ok(());
        };
        let call = self.elb().remove_tags().resource_arns(balancer).tag_keys(&*note.key);
        match call.send().await.or_fail("elbv2:RemoveTags") {
            Err(error) if !error.is(&["LoadBalancerNotFound"]) => Err(error),
            _ => Ok(()),
        }
    }

    async fn note(&self, body: &AliasRecord) -> Result<(), CloudError> {
        let Some(AddTags { resource_arns, tags }) = &body.note else { return Ok(()) };
        for arn in resource_arns {
            self.add_tags(super::values::text(arn)?, tags).await?;
        }
        Ok(())
    }
}

/// What is known of a load balancer of this owner's.
fn known(found: &Found, owner: Option<&Owner>) -> Option<Known> {
    let Body::LoadBalancer(balancer) = &found.observed.body else { return None };
    let given = |attribute| found.observed.attributes.get(&attribute).cloned();
    let notes = balancer.tags.iter().filter(|tag| tag.key.starts_with(AliasRecord::NOTE));
    found.is_of(owner).then_some(Known {
        arn: given(Attribute::Arn)?,
        address: given(Attribute::DnsName)?,
        notes: notes.cloned().collect(),
    })
}

/// The place that a note names.
fn noted(note: &UpperTag) -> Option<Place> {
    AliasRecord::noted(note).map(|(zone, name)| Place { zone, name })
}

/// The place of what is desired; nothing while its zone is not known.
fn place(body: &Body) -> Option<Place> {
    let Body::AliasRecord(record) = body else { return None };
    let zone = &record.change.hosted_zone_id;
    let place = Place { zone: zone.clone(), name: record.name().to_owned() };
    (!zone.contains("${")).then_some(place)
}

/// Where records of others' load balancers shall lead.
fn targets(desired: &Desired, id: &ResourceId) -> Vec<String> {
    let Some(Body::AliasRecord(record)) = desired.resources.get(id).map(|r| &r.body) else {
        return Vec::new();
    };
    let names = record.records().filter_map(|record| record.alias_target.dns_name.known());
    names.map(str::to_owned).collect()
}

/// Route 53 writes names in small letters, with a dot at the end.
fn same(one: &str, other: &str) -> bool {
    one.trim_end_matches('.').eq_ignore_ascii_case(other.trim_end_matches('.'))
}

fn observed(place: &Place, standing: &Standing, known: &[Known]) -> Found {
    let balancer = known.iter().find(|known| standing.leads_to(&known.address));
    let has = |note: &&UpperTag| noted(note).as_ref() == Some(place);
    let noted = known.iter().find_map(|known| known.notes.iter().find(has).map(|n| (known, n)));
    let arn = noted.map(|(known, _)| known).or(balancer).map(|known| known.arn.as_str());
    let note = arn.map(|arn| AddTags {
        resource_arns: vec![arn.into()],
        tags: noted.into_iter().map(|(_, note)| note.clone()).collect(),
    });
    let change = standing.change(place, known);
    let mut found = Found::new(Body::AliasRecord(Box::new(AliasRecord { note, change })))
        .with(Attribute::Arn, arn)
        .placed(Kind::AliasRecord, place.name.replace('*', "_any"));
    found.observed.tags_known = true;
    found
}

#[cfg(test)]
#[path = "route53_tests.rs"]
mod tests;
