//! `ec2` ways to the Internet: internet gateways, NAT gateways and their addresses.

use std::time::Duration;

use aws_sdk_ec2::types as sdk;

use super::{DETACH, changed, own, retag, specifications};
use crate::apply::cloud::{Changed, CloudError, CloudErrorKind};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::Found;
use crate::aws::values::text;
use crate::ecs::desired::{
    Address, AttachInternetGateway, Body, CreateInternetGateway, InternetGateway, NatGateway, Value,
};

/// How long a NAT gateway may take to come or to go.
const NAT: Duration = Duration::from_secs(15 * 60);

impl Aws {
    /// Makes it, and attaches it; both may have been done by a run that was ended.
    pub(in crate::aws) async fn create_internet_gateway(
        &self,
        body: &InternetGateway,
    ) -> Result<Changed, CloudError> {
        let tags = &body.create.tag_specifications;
        let found = self.internet_gateways(own(tags)).await?.into_iter().next();
        let attached = found.as_ref().is_some_and(|found| !found.attachments().is_empty());
        let id = match found {
            Some(found) => found.internet_gateway_id,
            None => {
                let call = self.ec2().create_internet_gateway();
                let call = call.set_tag_specifications(specifications(tags));
                let answer = call.send().await.or_fail("ec2:CreateInternetGateway")?;
                answer.internet_gateway.and_then(|gateway| gateway.internet_gateway_id)
            }
        }
        .unwrap_or_default();
        if !attached {
            let vpc = text(&body.attach.vpc_id)?;
            let call = || async {
                let call = self.ec2().attach_internet_gateway().internet_gateway_id(&id);
                call.vpc_id(vpc).send().await.or_fail("ec2:AttachInternetGateway")
            };
            let passes = |error: &CloudError| {
                error.is(&["InvalidInternetGatewayID.NotFound", "InvalidVpcID.NotFound"])
            };
            match self.pace.persist(super::SETTLE, passes, call).await {
                Err(error) if !error.is(&["Resource.AlreadyAssociated"]) => return Err(error),
                _ => {}
            }
        }
        Ok(changed(Some(&id)))
    }

    pub(in crate::aws) async fn update_internet_gateway(
        &self,
        body: &InternetGateway,
    ) -> Result<Changed, CloudError> {
        let made = self.create_internet_gateway(body).await?;
        if let Some(id) = made.attributes.values().next() {
            self.retag(id, &body.create.tag_specifications).await?;
        }
        Ok(made)
    }

    /// Addresses on the Internet hold it for as long as they are in use.
    pub(in crate::aws) async fn delete_internet_gateway(
        &self,
        body: &InternetGateway,
        id: &str,
    ) -> Result<(), CloudError> {
        let vpc = body.attach.vpc_id.known().filter(|vpc| !vpc.is_empty());
        if let Some(vpc) = vpc {
            let call = || async {
                let call = self.ec2().detach_internet_gateway().internet_gateway_id(id);
                call.vpc_id(vpc).send().await.or_fail("ec2:DetachInternetGateway")
            };
            match self.pace.persist(DETACH, super::in_use, call).await {
                Err(error)
                    if !error.is(&["Gateway.NotAttached", "InvalidInternetGatewayID.NotFound"]) =>
                {
                    return Err(error);
                }
                _ => {}
            }
        }
        let call = self.ec2().delete_internet_gateway().internet_gateway_id(id);
        match call.send().await.or_fail("ec2:DeleteInternetGateway") {
            Err(error) if !error.is(&["InvalidInternetGatewayID.NotFound"]) => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) async fn internet_gateways(
        &self,
        filters: Vec<sdk::Filter>,
    ) -> Result<Vec<sdk::InternetGateway>, CloudError> {
        let call = self.ec2().describe_internet_gateways().set_filters(Some(filters.clone()));
        let pages = call.into_paginator().items();
        let all: Result<Vec<sdk::InternetGateway>, _> = pages.send().collect().await;
        let mut all = all.or_fail("ec2:DescribeInternetGateways")?;
        all.retain(|found| super::fits(&filters, found.tags()));
        Ok(all)
    }

    pub(in crate::aws) async fn create_address(
        &self,
        body: &Address,
    ) -> Result<Changed, CloudError> {
        let Address { domain, tag_specifications } = body;
        if let Some(found) = self.addresses(own(tag_specifications)).await?.first() {
            return Ok(changed(found.allocation_id()));
        }
        let call = self.ec2().allocate_address().domain(domain.as_str().into());
        let call = call.set_tag_specifications(specifications(tag_specifications));
        let answer =
            call.send().await.or_fail("ec2:AllocateAddress").map_err(|error| {
                match error.is(&["AddressLimitExceeded"]) {
                true => error.help(
                    "ask for more elastic IP addresses with Service Quotas, release some, or take \
                     `x-ecs: {vpc: {nat: one}}`",
                ),
                false => error,
            }
            })?;
        Ok(changed(answer.allocation_id()))
    }

    /// Only tags can be changed.
    pub(in crate::aws) async fn update_address(
        &self,
        body: &Address,
    ) -> Result<Changed, CloudError> {
        let made = self.create_address(body).await?;
        if let Some(id) = made.attributes.values().next() {
            self.retag(id, &body.tag_specifications).await?;
        }
        Ok(made)
    }

    pub(in crate::aws) async fn delete_address(&self, id: &str) -> Result<(), CloudError> {
        let call = || async {
            let call = self.ec2().release_address().allocation_id(id);
            call.send().await.or_fail("ec2:ReleaseAddress")
        };
        let passes = |error: &CloudError| {
            super::in_use(error) || error.is(&["InvalidIPAddress.InUse", "AuthFailure"])
        };
        match self.pace.persist(super::SETTLE, passes, call).await {
            Err(error) if !error.is(&["InvalidAllocationID.NotFound"]) => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) async fn addresses(
        &self,
        filters: Vec<sdk::Filter>,
    ) -> Result<Vec<sdk::Address>, CloudError> {
        let call = self.ec2().describe_addresses().set_filters(Some(filters.clone()));
        let answer = call.send().await.or_fail("ec2:DescribeAddresses")?;
        let mut all = answer.addresses.unwrap_or_default();
        all.retain(|found| super::fits(&filters, found.tags()));
        Ok(all)
    }

    /// Returns when it works: routes cannot lead to one that is on its way.
    pub(in crate::aws) async fn create_nat_gateway(
        &self,
        body: &NatGateway,
    ) -> Result<Changed, CloudError> {
        let NatGateway { subnet_id, allocation_id, connectivity_type, tag_specifications } = body;
        let found = self.nat_gateways(own(tag_specifications)).await?.into_iter().next();
        let id = match found {
            Some(found) => found.nat_gateway_id,
            None => {
                let call = self.ec2().create_nat_gateway().subnet_id(text(subnet_id)?);
                let call = call.allocation_id(text(allocation_id)?);
                let call = call.connectivity_type(connectivity_type.as_str().into());
                let call = call.set_tag_specifications(specifications(tag_specifications));
                let answer = call.send().await.or_fail("ec2:CreateNatGateway")?;
                answer.nat_gateway.and_then(|gateway| gateway.nat_gateway_id)
            }
        }
        .unwrap_or_default();
        let operation = "ec2:CreateNatGateway";
        self.pace
            .until(operation, "making the NAT gateway", NAT, || async {
                let found = self.nat_gateway(&id).await?;
                match found.as_ref().and_then(|gateway| gateway.state()) {
                    Some(sdk::NatGatewayState::Available) => Ok(Some(())),
                    Some(sdk::NatGatewayState::Failed) => {
                        let why = found.as_ref().and_then(|gateway| gateway.failure_message());
                        let message = why.unwrap_or("the NAT gateway failed").to_owned();
                        Err(CloudError::new(CloudErrorKind::Service, operation, message)
                            .help("run the same command again: it makes another one"))
                    }
                    _ => Ok(None),
                }
            })
            .await?;
        Ok(changed(Some(&id)))
    }

    /// Only tags can be changed.
    pub(in crate::aws) async fn update_nat_gateway(
        &self,
        body: &NatGateway,
    ) -> Result<Changed, CloudError> {
        let made = self.create_nat_gateway(body).await?;
        if let Some(id) = made.attributes.values().next() {
            self.retag(id, &body.tag_specifications).await?;
        }
        Ok(made)
    }

    /// Returns when it is gone: until then it holds its address and its subnet.
    pub(in crate::aws) async fn delete_nat_gateway(&self, id: &str) -> Result<(), CloudError> {
        let call = self.ec2().delete_nat_gateway().nat_gateway_id(id);
        match call.send().await.or_fail("ec2:DeleteNatGateway") {
            Err(error) if error.is(&["NatGatewayNotFound"]) => return Ok(()),
            answer => answer?,
        };
        self.pace
            .until("ec2:DeleteNatGateway", "deleting the NAT gateway", NAT, || async {
                let found = self.nat_gateway(id).await?;
                let state = found.as_ref().and_then(|gateway| gateway.state());
                Ok(matches!(state, None | Some(sdk::NatGatewayState::Deleted)).then_some(()))
            })
            .await
    }

    async fn nat_gateway(&self, id: &str) -> Result<Option<sdk::NatGateway>, CloudError> {
        let call = self.ec2().describe_nat_gateways().nat_gateway_ids(id);
        match call.send().await.or_fail("ec2:DescribeNatGateways") {
            Err(error) if error.is(&["NatGatewayNotFound"]) => Ok(None),
            answer => Ok(answer?.nat_gateways.unwrap_or_default().into_iter().next()),
        }
    }

    /// Those that work or will: EC2 tells of others for an hour after they are gone.
    pub(super) async fn nat_gateways(
        &self,
        filters: Vec<sdk::Filter>,
    ) -> Result<Vec<sdk::NatGateway>, CloudError> {
        let call = self.ec2().describe_nat_gateways().set_filter(Some(filters.clone()));
        let pages = call.into_paginator().items();
        let all: Result<Vec<sdk::NatGateway>, _> = pages.send().collect().await;
        let mut all = all.or_fail("ec2:DescribeNatGateways")?;
        all.retain(|gateway| {
            use sdk::NatGatewayState::{Available, Pending};
            super::fits(&filters, gateway.tags())
                && gateway.state().is_none_or(|state| matches!(state, Available | Pending))
        });
        Ok(all)
    }
}

pub(super) fn observed_internet_gateway(gateway: &sdk::InternetGateway) -> Found {
    let id = gateway.internet_gateway_id().unwrap_or_default();
    let vpc = gateway.attachments().first().and_then(|attachment| attachment.vpc_id());
    let body = InternetGateway {
        create: CreateInternetGateway {
            tag_specifications: retag("internet-gateway", gateway.tags()),
        },
        attach: AttachInternetGateway {
            internet_gateway_id: Value::from(id),
            vpc_id: Value::from(vpc.unwrap_or_default()),
        },
    };
    super::found(Body::InternetGateway(Box::new(body)), id, gateway.tags())
}

pub(super) fn observed_address(address: &sdk::Address) -> Found {
    let body = Address {
        domain: address.domain().map_or("vpc", |domain| domain.as_str()).to_owned(),
        tag_specifications: retag("elastic-ip", address.tags()),
    };
    let id = address.allocation_id().unwrap_or_default();
    super::found(Body::Address(body), id, address.tags())
}

pub(super) fn observed_nat_gateway(gateway: &sdk::NatGateway) -> Found {
    let addresses = gateway.nat_gateway_addresses().iter();
    let address = addresses.filter_map(|address| address.allocation_id()).next();
    let kind = gateway.connectivity_type().map_or("public", |kind| kind.as_str());
    let body = NatGateway {
        subnet_id: Value::from(gateway.subnet_id().unwrap_or_default()),
        allocation_id: Value::from(address.unwrap_or_default()),
        connectivity_type: kind.to_owned(),
        tag_specifications: retag("natgateway", gateway.tags()),
    };
    let id = gateway.nat_gateway_id().unwrap_or_default();
    super::found(Body::NatGateway(Box::new(body)), id, gateway.tags())
}
