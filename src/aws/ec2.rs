//! Amazon EC2: security groups and their rules, and the networks that projects have of their own. The
//! networks of others are read in `facts`.

mod endpoint;
mod gateway;
mod route_table;
mod rule;
mod security_group;
mod vpc;

use std::time::Duration;

use aws_sdk_ec2::types::{Filter, Tag as SdkTag, TagSpecification as SdkSpecification};
use futures_util::future::{try_join, try_join_all, try_join5};

use super::Aws;
use super::error::OrFail;
use super::observe::Found;
use super::tags::{self, ENVIRONMENT, Owner, PROJECT, RESOURCE, Tags};
use crate::apply::cloud::{Changed, CloudError};
use crate::ecs::desired::{Attribute, Body, TagSpecification, UpperTag};

/// How long the network interfaces of tasks and load balancers may outlive them.
const DETACH: Duration = Duration::from_secs(10 * 60);
/// How long something new may be unknown to some of EC2.
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
            .set_filters(Some(owned(owner)))
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

    /// What belongs to a VPC of the project's own. It is made first and goes last, so that where there
    /// is none nothing else is looked for.
    pub(super) async fn read_made(&self, owner: Option<&Owner>) -> Result<Vec<Found>, CloudError> {
        let Some(owner) = owner else { return Ok(Vec::new()) };
        let vpcs = self.vpcs(owned(owner)).await?;
        if vpcs.is_empty() {
            return Ok(Vec::new());
        }
        let filters = || owned(owner);
        let (subnets, gateways, addresses, nats, (tables, endpoints)) = try_join5(
            self.subnets_of(filters()),
            self.internet_gateways(filters()),
            self.addresses(filters()),
            self.nat_gateways(filters()),
            try_join(self.route_tables_of(filters()), self.vpc_endpoints(filters())),
        )
        .await?;
        let mut found = try_join_all(vpcs.iter().map(|vpc| self.observed_vpc(vpc))).await?;
        found.extend(subnets.iter().map(vpc::observed_subnet));
        found.extend(gateways.iter().map(gateway::observed_internet_gateway));
        found.extend(addresses.iter().map(gateway::observed_address));
        found.extend(nats.iter().map(gateway::observed_nat_gateway));
        found.extend(tables.iter().map(route_table::observed_route_table));
        found.extend(endpoints.iter().map(endpoint::observed_vpc_endpoint));
        Ok(found)
    }
}

/// A filter of a `Describe…` call.
pub(super) fn filter(name: &str, values: impl IntoIterator<Item = String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().collect())).build()
}

/// What is this owner's.
pub(super) fn owned(owner: &Owner) -> Vec<Filter> {
    vec![
        filter(&format!("tag:{PROJECT}"), [owner.project.clone()]),
        filter(&format!("tag:{ENVIRONMENT}"), [owner.environment.clone()]),
    ]
}

/// The one thing that was made with these tags.
fn own(specifications: &[TagSpecification]) -> Vec<Filter> {
    let tags = specifications.iter().flat_map(|specification| &specification.tags);
    tags.filter(|tag| [PROJECT, ENVIRONMENT, RESOURCE].contains(&&*tag.key))
        .map(|tag| filter(&format!("tag:{}", tag.key), [tag.value.clone()]))
        .collect()
}

/// Whether tags fit the filters that name tags: whoever answers more than was asked for shall not have
/// the wrong thing taken for the right one.
fn fits(filters: &[Filter], list: &[SdkTag]) -> bool {
    let tags = tags(list);
    filters.iter().all(|filter| {
        let key = filter.name().and_then(|name| name.strip_prefix("tag:"));
        key.is_none_or(|key| tags.get(key).is_some_and(|value| filter.values().contains(value)))
    })
}

/// Whether something still stands in what shall go.
fn in_use(error: &CloudError) -> bool {
    error.is(&["DependencyViolation", "ResourceInUse"])
}

fn tags(list: &[SdkTag]) -> Tags {
    list.iter()
        .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())))
        .collect()
}

fn to_sdk_tags(list: &[UpperTag]) -> Vec<SdkTag> {
    list.iter().map(|tag| SdkTag::builder().key(&*tag.key).value(&tag.value).build()).collect()
}

/// Tags for something that is made.
fn specifications(list: &[TagSpecification]) -> Option<Vec<SdkSpecification>> {
    let all = list.iter().map(|TagSpecification { resource_type, tags }| {
        SdkSpecification::builder()
            .resource_type(resource_type.as_str().into())
            .set_tags(Some(to_sdk_tags(tags)))
            .build()
    });
    (!list.is_empty()).then(|| all.collect())
}

/// Tags as they were read, in the words of Desired.
fn retag(kind: &str, list: &[SdkTag]) -> Vec<TagSpecification> {
    let tags = tags::to_upper(&tags(list));
    vec![TagSpecification { resource_type: kind.to_owned(), tags }]
}

/// Something that was read, with its id.
fn found(body: Body, id: &str, list: &[SdkTag]) -> Found {
    Found::new(body).with(Attribute::Id, Some(id)).tagged(tags(list))
}

fn changed(id: Option<&str>) -> Changed {
    let attributes = id.map(|id| (Attribute::Id, id.to_owned())).into_iter().collect();
    Changed { attributes, deployment: None, detail: None }
}
