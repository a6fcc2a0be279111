//! `elbv2` load balancers.

use aws_sdk_elasticloadbalancingv2::types as sdk;

use super::{SETTLE, label};
use crate::apply::cloud::{Changed, CloudError};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::Found;
use crate::aws::tags::{self, Tags};
use crate::aws::values::texts;
use crate::ecs::desired::{Attribute, Body, LoadBalancer, Value};

impl Aws {
    pub(in crate::aws) async fn create_load_balancer(
        &self,
        body: &LoadBalancer,
    ) -> Result<Changed, CloudError> {
        let LoadBalancer {
            name,
            kind,
            scheme,
            ip_address_type,
            subnets,
            security_groups,
            tags: list,
        } = body;
        let answer = self
            .elb()
            .create_load_balancer()
            .name(name)
            .r#type(kind.as_str().into())
            .scheme(scheme.as_str().into())
            .ip_address_type(ip_address_type.as_str().into())
            .set_subnets(Some(texts(subnets)?))
            .set_security_groups(Some(texts(security_groups)?))
            .set_tags(super::to_sdk_tags(list)?)
            .send()
            .await
            .or_fail("elbv2:CreateLoadBalancer");
        match answer {
            Ok(answer) => Ok(changed(answer.load_balancers().first())),
            Err(error) if error.is(&["DuplicateLoadBalancerName"]) => {
                let Some(found) = self.find_load_balancer(name).await? else { return Err(error) };
                let have = self.tags_of_one(found.load_balancer_arn().unwrap_or_default()).await?;
                let wanted = Body::LoadBalancer(Box::new(body.clone()));
                tags::check("elbv2:CreateLoadBalancer", &wanted, name, &have)?;
                self.settle_load_balancer(body, &found).await
            }
            Err(error) => Err(error),
        }
    }

    pub(in crate::aws) async fn update_load_balancer(
        &self,
        body: &LoadBalancer,
    ) -> Result<Changed, CloudError> {
        match self.find_load_balancer(&body.name).await? {
            Some(found) => self.settle_load_balancer(body, &found).await,
            None => self.create_load_balancer(body).await,
        }
    }

    /// Subnets, security groups, address type and tags; the rest cannot be changed in place.
    async fn settle_load_balancer(
        &self,
        body: &LoadBalancer,
        found: &sdk::LoadBalancer,
    ) -> Result<Changed, CloudError> {
        let arn = found.load_balancer_arn().unwrap_or_default();
        let sorted = |mut list: Vec<String>| {
            list.sort();
            list
        };
        let wanted = texts(&body.subnets)?;
        if sorted(subnets(found)) != sorted(wanted.clone()) {
            let call = self.elb().set_subnets().load_balancer_arn(arn);
            let call = call.set_subnets(Some(wanted));
            call.send().await.or_fail("elbv2:SetSubnets")?;
        }
        let groups = texts(&body.security_groups)?;
        if sorted(found.security_groups().to_vec()) != sorted(groups.clone()) {
            let call = self.elb().set_security_groups().load_balancer_arn(arn);
            let call = call.set_security_groups(Some(groups));
            call.send().await.or_fail("elbv2:SetSecurityGroups")?;
        }
        if found.ip_address_type().is_some_and(|have| have.as_str() != body.ip_address_type) {
            let call = self.elb().set_ip_address_type().load_balancer_arn(arn);
            let call = call.ip_address_type(body.ip_address_type.as_str().into());
            call.send().await.or_fail("elbv2:SetIpAddressType")?;
        }
        self.add_tags(arn, &body.tags).await?;
        Ok(changed(Some(found)))
    }

    /// Returns when it is really gone.
    pub(in crate::aws) async fn delete_load_balancer(&self, arn: &str) -> Result<(), CloudError> {
        let call = self.elb().delete_load_balancer().load_balancer_arn(arn);
        match call.send().await.or_fail("elbv2:DeleteLoadBalancer") {
            Err(error) if error.is(&["LoadBalancerNotFound"]) => return Ok(()),
            answer => {
                answer?;
            }
        }
        self.pace
            .until("elbv2:DeleteLoadBalancer", "deleting the load balancer", SETTLE, || async {
                let call = self.elb().describe_load_balancers().load_balancer_arns(arn);
                match call.send().await.or_fail("elbv2:DescribeLoadBalancers") {
                    Err(error) if error.is(&["LoadBalancerNotFound"]) => Ok(Some(())),
                    answer => Ok(answer?.load_balancers().is_empty().then_some(())),
                }
            })
            .await
    }

    async fn find_load_balancer(
        &self,
        name: &str,
    ) -> Result<Option<sdk::LoadBalancer>, CloudError> {
        let call = self.elb().describe_load_balancers().names(name);
        match call.send().await.or_fail("elbv2:DescribeLoadBalancers") {
            Ok(answer) => Ok(answer.load_balancers.unwrap_or_default().into_iter().next()),
            Err(error) if error.is(&["LoadBalancerNotFound"]) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn subnets(balancer: &sdk::LoadBalancer) -> Vec<String> {
    let zones = balancer.availability_zones().iter();
    let mut subnets: Vec<_> =
        zones.filter_map(|zone| zone.subnet_id().map(str::to_owned)).collect();
    subnets.sort();
    subnets
}

/// A load balancer as it was read, in the words of Desired.
pub(super) fn observed(balancer: &sdk::LoadBalancer, tags: Tags) -> Found {
    let groups = balancer.security_groups();
    let body = LoadBalancer {
        name: balancer.load_balancer_name().unwrap_or_default().to_owned(),
        kind: balancer.r#type().map_or("application", |t| t.as_str()).to_owned(),
        scheme: balancer.scheme().map_or("internet-facing", |s| s.as_str()).to_owned(),
        ip_address_type: balancer.ip_address_type().map_or("ipv4", |t| t.as_str()).to_owned(),
        subnets: subnets(balancer).into_iter().map(Value::from).collect(),
        security_groups: groups.iter().map(|group| Value::from(group.as_str())).collect(),
        tags: tags::to_upper(&tags),
    };
    let mut found = Found::new(Body::LoadBalancer(Box::new(body))).tagged(tags);
    found.observed.attributes = changed(Some(balancer)).attributes;
    found
}

fn changed(balancer: Option<&sdk::LoadBalancer>) -> Changed {
    let mut changed = Changed::default();
    if let Some(arn) = balancer.and_then(|b| b.load_balancer_arn()) {
        changed.attributes.insert(Attribute::Arn, arn.to_owned());
        changed.attributes.insert(Attribute::Label, label(arn).to_owned());
    }
    if let Some(name) = balancer.and_then(|b| b.dns_name()) {
        changed.attributes.insert(Attribute::DnsName, name.to_owned());
    }
    if let Some(zone) = balancer.and_then(|b| b.canonical_hosted_zone_id()) {
        changed.attributes.insert(Attribute::ZoneId, zone.to_owned());
    }
    changed
}
