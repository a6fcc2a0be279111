//! Which kinds of things a stack may have, without asking each service.

use std::collections::BTreeSet;

use aws_sdk_resourcegroupstagging::types::TagFilter;

use super::Aws;
use super::error::OrFail;
use super::tags::{ENVIRONMENT, Owner, PROJECT};
use crate::apply::cloud::CloudError;
use crate::ecs::desired::{Desired, Kind};

/// The kinds that are only looked for where something of them is desired, or a trace of it is found,
/// with the types under which the Resource Groups Tagging API knows them.
const KINDS: [(Kind, &str); 5] = [
    (Kind::Vpc, "ec2:vpc"),
    (Kind::FileSystem, "elasticfilesystem:file-system"),
    (Kind::Repository, "ecr:repository"),
    (Kind::Secret, "secretsmanager:secret"),
    (Kind::ScheduleGroup, "scheduler:schedule-group"),
];

/// The kinds that are looked for in any case, and those that are only looked for where there is a trace
/// of them, which are those of which nothing is desired.
pub(super) fn kinds(desired: &Desired, by_traces: bool) -> (BTreeSet<Kind>, BTreeSet<Kind>) {
    let wanted: BTreeSet<Kind> = desired.resources.keys().map(|id| id.kind).collect();
    let is_wanted = |kind: Kind| {
        !by_traces
            || wanted.contains(&kind)
            || kind == Kind::Repository && wanted.contains(&Kind::Image)
    };
    KINDS.into_iter().map(|(kind, _)| kind).partition(|kind| is_wanted(*kind))
}

impl Aws {
    /// Of these kinds, those of which this owner may have something: one call, which asks for tags.
    ///
    /// What was tagged a moment ago may be missing in the answer. That is why nothing that is desired is
    /// looked for in this way: what is found here is only what left the file, and the next run finds it,
    /// too. All kinds where the caller may not ask, or there is nothing to save.
    pub(super) async fn traces(
        &self,
        kinds: &BTreeSet<Kind>,
        owner: Option<&Owner>,
    ) -> Result<BTreeSet<Kind>, CloudError> {
        let Some(owner) = owner.filter(|_| kinds.len() > 1) else { return Ok(kinds.clone()) };
        let filter = |key: &str, value: &str| TagFilter::builder().key(key).values(value).build();
        let asked = KINDS.iter().filter(|(kind, _)| kinds.contains(kind));
        let call = self
            .tagging()
            .get_resources()
            .tag_filters(filter(PROJECT, &owner.project))
            .tag_filters(filter(ENVIRONMENT, &owner.environment))
            .set_resource_type_filters(Some(asked.map(|(_, kind)| (*kind).to_owned()).collect()));
        let pages: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
        let Ok(found) = pages.or_fail("tag:GetResources") else { return Ok(kinds.clone()) };
        let arns = found.iter().filter_map(|found| found.resource_arn());
        Ok(arns.filter_map(kind_of).filter(|kind| kinds.contains(kind)).collect())
    }
}

/// The kind of a thing whose ARN this is; the third part names the service.
fn kind_of(arn: &str) -> Option<Kind> {
    let service = arn.split(':').nth(2)?;
    let same = |(_, kind): &&(Kind, &str)| kind.split(':').next() == Some(service);
    KINDS.iter().find(same).map(|(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::testing::{built, run, service};

    #[test]
    fn only_what_nothing_desires_is_looked_for_by_traces() {
        let (wanted, absent) = kinds(&run(vec![service("web", "nginx")]).desired, true);
        assert!(wanted.is_empty());
        assert_eq!(absent.len(), 5);
        let (wanted, absent) = kinds(&run(vec![built("web")]).desired, true);
        assert!(wanted.contains(&Kind::Repository) && !absent.contains(&Kind::Repository));
        let (wanted, absent) = kinds(&run(vec![built("web")]).desired, false);
        assert_eq!((wanted.len(), absent.len()), (5, 0));
    }

    #[test]
    fn an_arn_says_the_kind() {
        let arn = |end: &str| kind_of(&format!("arn:aws:{end}"));
        assert_eq!(arn("ecr:eu-west-1:1:repository/shop/web"), Some(Kind::Repository));
        assert_eq!(arn("scheduler:eu-west-1:1:schedule-group/shop"), Some(Kind::ScheduleGroup));
        assert_eq!(arn("ec2:eu-west-1:1:vpc/vpc-0a"), Some(Kind::Vpc));
        assert_eq!(arn("s3:::bucket"), None);
    }
}
