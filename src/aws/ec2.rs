//! Amazon EC2: security groups and their rules. The network itself is read in `facts`.

mod rule;
mod security_group;

use std::time::Duration;

use aws_sdk_ec2::types::{Filter, Tag as SdkTag};

use super::Aws;
use super::error::OrFail;
use super::observe::Found;
use super::tags::{ENVIRONMENT, Owner, PROJECT, Tags};
use crate::apply::cloud::CloudError;

/// How long the network interfaces of tasks and load balancers may outlive them.
const DETACH: Duration = Duration::from_secs(10 * 60);
/// How long a new group may be unknown to some of EC2.
const SETTLE: Duration = Duration::from_secs(60);

impl Aws {
    /// The security groups of the stack and every ingress rule in them.
    pub(super) async fn read_network(
        &self,
        owner: Option<&Owner>,
    ) -> Result<Vec<Found>, CloudError> {
        let Some(owner) = owner else { return Ok(Vec::new()) };
        let groups: Vec<aws_sdk_ec2::types::SecurityGroup> = self
            .ec2()
            .describe_security_groups()
            .filters(filter(&format!("tag:{PROJECT}"), [owner.project.clone()]))
            .filters(filter(&format!("tag:{ENVIRONMENT}"), [owner.environment.clone()]))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .or_fail("ec2:DescribeSecurityGroups")?;
        let mut found: Vec<_> = groups.iter().map(security_group::observed).collect();
        let ids: Vec<_> = groups.iter().filter_map(|g| g.group_id().map(str::to_owned)).collect();
        found.extend(self.read_rules(&ids).await?);
        Ok(found)
    }
}

/// A filter of a `Describe…` call.
pub(super) fn filter(name: &str, values: impl IntoIterator<Item = String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().collect())).build()
}

fn tags(list: &[SdkTag]) -> Tags {
    list.iter()
        .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())))
        .collect()
}

fn to_sdk_tags(list: &[crate::ecs::desired::UpperTag]) -> Vec<SdkTag> {
    list.iter().map(|tag| SdkTag::builder().key(&tag.key).value(&tag.value).build()).collect()
}
