//! `ec2` VPCs of projects' own, and their subnets. EC2 has no names for them and keeps no token of who
//! made them, so each is looked for by its tags before it is made.

use aws_sdk_ec2::types as sdk;

use super::{DETACH, changed, own, retag, specifications};
use crate::apply::cloud::{Changed, CloudError};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::Found;
use crate::aws::values::text;
use crate::ecs::desired::{
    Attribute, Body, CreateVpc, ModifyVpcAttribute, Subnet, Switch, TagSpecification, Value, Vpc,
};

impl Aws {
    pub(in crate::aws) async fn create_vpc(&self, body: &Vpc) -> Result<Changed, CloudError> {
        let CreateVpc { cidr_block, tag_specifications } = &body.create;
        let found = self.vpcs(own(tag_specifications)).await?.into_iter().next();
        let id = match found {
            Some(found) => found.vpc_id,
            None => {
                let call = self.ec2().create_vpc().cidr_block(cidr_block);
                let call = call.set_tag_specifications(specifications(tag_specifications));
                call.send().await.or_fail("ec2:CreateVpc")?.vpc.and_then(|vpc| vpc.vpc_id)
            }
        };
        self.modify_vpc(&id.unwrap_or_default(), body).await
    }

    pub(in crate::aws) async fn update_vpc(&self, body: &Vpc) -> Result<Changed, CloudError> {
        let tags = &body.create.tag_specifications;
        let Some(found) = self.vpcs(own(tags)).await?.into_iter().next() else {
            return self.create_vpc(body).await;
        };
        let id = found.vpc_id.unwrap_or_default();
        self.retag(&id, tags).await?;
        self.modify_vpc(&id, body).await
    }

    async fn modify_vpc(&self, id: &str, body: &Vpc) -> Result<Changed, CloudError> {
        let switch = |switch: &Option<Switch>| {
            switch.map(|on| sdk::AttributeBooleanValue::builder().value(on.value).build())
        };
        for ModifyVpcAttribute { vpc_id: _, enable_dns_hostnames, enable_dns_support } in
            &body.attributes
        {
            let call = || async {
                let call = self.ec2().modify_vpc_attribute().vpc_id(id);
                let call = call.set_enable_dns_hostnames(switch(enable_dns_hostnames));
                let call = call.set_enable_dns_support(switch(enable_dns_support));
                call.send().await.or_fail("ec2:ModifyVpcAttribute")
            };
            let passes = |error: &CloudError| error.is(&["InvalidVpcID.NotFound"]);
            self.pace.persist(super::SETTLE, passes, call).await?;
        }
        Ok(changed(Some(id)))
    }

    pub(in crate::aws) async fn delete_vpc(&self, id: &str) -> Result<(), CloudError> {
        let call =
            || async { self.ec2().delete_vpc().vpc_id(id).send().await.or_fail("ec2:DeleteVpc") };
        match self.pace.persist(DETACH, super::in_use, call).await {
            Err(error) if !error.is(&["InvalidVpcID.NotFound"]) => Err(error),
            _ => Ok(()),
        }
    }

    pub(in crate::aws) async fn vpcs(
        &self,
        filters: Vec<sdk::Filter>,
    ) -> Result<Vec<sdk::Vpc>, CloudError> {
        let pages =
            self.ec2().describe_vpcs().set_filters(Some(filters.clone())).into_paginator().items();
        let all: Result<Vec<sdk::Vpc>, _> = pages.send().collect().await;
        let mut all = all.or_fail("ec2:DescribeVpcs")?;
        all.retain(|found| super::fits(&filters, found.tags()));
        Ok(all)
    }

    /// The VPC as it stands; its switches are asked for one by one.
    pub(super) async fn observed_vpc(&self, vpc: &sdk::Vpc) -> Result<Found, CloudError> {
        let id = vpc.vpc_id().unwrap_or_default();
        let ask = |name: sdk::VpcAttributeName| async {
            let call = self.ec2().describe_vpc_attribute().vpc_id(id).attribute(name);
            call.send().await.or_fail("ec2:DescribeVpcAttribute")
        };
        let (hostnames, support) = futures_util::future::try_join(
            ask(sdk::VpcAttributeName::EnableDnsHostnames),
            ask(sdk::VpcAttributeName::EnableDnsSupport),
        )
        .await?;
        let switch = |value: Option<&sdk::AttributeBooleanValue>| {
            Some(Switch { value: value.and_then(|value| value.value()) == Some(true) })
        };
        let attribute = |enable_dns_hostnames, enable_dns_support| ModifyVpcAttribute {
            vpc_id: Value::from(id),
            enable_dns_hostnames,
            enable_dns_support,
        };
        let body = Vpc {
            create: CreateVpc {
                cidr_block: vpc.cidr_block().unwrap_or_default().to_owned(),
                tag_specifications: retag("vpc", vpc.tags()),
            },
            attributes: vec![
                attribute(switch(hostnames.enable_dns_hostnames()), None),
                attribute(None, switch(support.enable_dns_support())),
            ],
        };
        Ok(super::found(Body::Vpc(body), id, vpc.tags()))
    }

    pub(in crate::aws) async fn create_subnet(&self, body: &Subnet) -> Result<Changed, CloudError> {
        let Subnet { vpc_id, availability_zone, cidr_block, tag_specifications } = body;
        if let Some(found) = self.subnets_of(own(tag_specifications)).await?.first() {
            return Ok(changed(found.subnet_id()));
        }
        let call = self.ec2().create_subnet().vpc_id(text(vpc_id)?);
        let call = call.availability_zone(availability_zone).cidr_block(cidr_block);
        let call = call.set_tag_specifications(specifications(tag_specifications));
        let answer = call.send().await.or_fail("ec2:CreateSubnet")?;
        Ok(changed(answer.subnet().and_then(|subnet| subnet.subnet_id())))
    }

    /// Only tags can be changed.
    pub(in crate::aws) async fn update_subnet(&self, body: &Subnet) -> Result<Changed, CloudError> {
        let tags = &body.tag_specifications;
        match self.subnets_of(own(tags)).await?.first().and_then(|found| found.subnet_id()) {
            Some(id) => self.retag(id, tags).await,
            None => self.create_subnet(body).await,
        }
    }

    /// The interfaces in it outlive what they are of for some time.
    pub(in crate::aws) async fn delete_subnet(&self, id: &str) -> Result<(), CloudError> {
        let call = || async {
            self.ec2().delete_subnet().subnet_id(id).send().await.or_fail("ec2:DeleteSubnet")
        };
        match self.pace.persist(DETACH, super::in_use, call).await {
            Err(error) if !error.is(&["InvalidSubnetID.NotFound"]) => Err(error),
            _ => Ok(()),
        }
    }

    pub(in crate::aws) async fn subnets_of(
        &self,
        filters: Vec<sdk::Filter>,
    ) -> Result<Vec<sdk::Subnet>, CloudError> {
        let call = self.ec2().describe_subnets().set_filters(Some(filters.clone()));
        let pages = call.into_paginator().items();
        let all: Result<Vec<sdk::Subnet>, _> = pages.send().collect().await;
        let mut all = all.or_fail("ec2:DescribeSubnets")?;
        all.retain(|found| super::fits(&filters, found.tags()));
        Ok(all)
    }

    /// Sets tags of what is there.
    pub(super) async fn retag(
        &self,
        id: &str,
        tags: &[TagSpecification],
    ) -> Result<Changed, CloudError> {
        let tags: Vec<_> = tags.iter().flat_map(|s| super::to_sdk_tags(&s.tags)).collect();
        if !tags.is_empty() {
            let call = self.ec2().create_tags().resources(id).set_tags(Some(tags));
            call.send().await.or_fail("ec2:CreateTags")?;
        }
        Ok(changed(Some(id)))
    }
}

pub(super) fn observed_subnet(subnet: &sdk::Subnet) -> Found {
    let body = Subnet {
        vpc_id: Value::from(subnet.vpc_id().unwrap_or_default()),
        availability_zone: subnet.availability_zone().unwrap_or_default().to_owned(),
        cidr_block: subnet.cidr_block().unwrap_or_default().to_owned(),
        tag_specifications: retag("subnet", subnet.tags()),
    };
    let id = subnet.subnet_id().unwrap_or_default();
    super::found(Body::Subnet(Box::new(body)), id, subnet.tags())
        .with(Attribute::Id, subnet.subnet_id())
}
