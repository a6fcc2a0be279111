//! Load balancers that are there already: what the translation must know of them, and which of them
//! the stack stands on.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::IpPermission;
use aws_sdk_elasticloadbalancingv2::types as sdk;
use futures_util::future::{try_join, try_join_all};

use super::listener_rule;
use crate::apply::cloud::{CloudError, CloudErrorKind};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::network::problem;
use crate::ecs::desired::{Body, Desired, Value};
use crate::ecs::facts::{BalancerFacts, ListenerFacts, OpenPorts};

/// A load balancer that a project names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalancerRequest {
    /// Its ARN, or what is known of it where `name` is given.
    pub arn: String,
    /// Its name, where that is all that was given: an Application Load Balancer of the region.
    pub name: Option<String>,
    /// The ARN of the listener of it that was named instead.
    pub listener: Option<String>,
}

impl Aws {
    /// What is known of the load balancers that a project names, by ARN.
    pub(in crate::aws) async fn existing_balancers(
        &self,
        wanted: &[BalancerRequest],
    ) -> Result<BTreeMap<String, BalancerFacts>, CloudError> {
        let all = wanted.iter().map(|request| async {
            let listener = async {
                match &request.listener {
                    Some(arn) => self.existing_listener(arn).await.map(Some),
                    None => Ok(None),
                }
            };
            let (balancer, listener) = try_join(self.existing_balancer(request), listener).await?;
            Ok::<_, CloudError>((request.arn.clone(), BalancerFacts { listener, ..balancer }))
        });
        Ok(try_join_all(all).await?.into_iter().collect())
    }

    async fn existing_balancer(
        &self,
        BalancerRequest { arn, name, listener: _ }: &BalancerRequest,
    ) -> Result<BalancerFacts, CloudError> {
        let region = arn.split(':').nth(3).unwrap_or_default();
        if name.is_none() && region != self.region() {
            let message = format!("{arn} is in {region}, and the project in {}", self.region());
            let help = "name a load balancer of that region in x-ecs.load_balancer, or deploy to \
                its region";
            return Err(look(message).help(help));
        }
        let call = self.elb().describe_load_balancers();
        let call = match name {
            Some(name) => call.names(name),
            None => call.load_balancer_arns(arn),
        };
        let found = match call.send().await.or_fail("elbv2:DescribeLoadBalancers") {
            Err(error) if error.is(&["LoadBalancerNotFound"]) => None,
            answer => answer?.load_balancers.unwrap_or_default().into_iter().next(),
        };
        let Some(found) = found else {
            let known = name.as_deref().unwrap_or(arn);
            return Err(look(format!("{known} does not exist")).help(
                "correct the ARN in x-ecs.load_balancer, or take it away: the project gets a load \
                 balancer of its own",
            ));
        };
        let arn = found.load_balancer_arn().unwrap_or_default();
        if let (Some(name), false) = (name, arn.contains(":loadbalancer/app/")) {
            let message = format!("{name} is no Application Load Balancer");
            let help = format!("write its ARN instead of its name: {arn}");
            return Err(look(message).help(&help));
        }
        let mut groups = found.security_groups().to_vec();
        groups.sort();
        let state = found.state().and_then(|state| state.code());
        Ok(BalancerFacts {
            arn: arn.to_owned(),
            zones: found
                .availability_zones()
                .iter()
                .filter_map(|zone| zone.zone_name().map(str::to_owned))
                .collect(),
            vpc_id: found.vpc_id().unwrap_or_default().to_owned(),
            internal: found.scheme().is_some_and(|scheme| scheme.as_str() == "internal"),
            state: state.map_or("active", |code| code.as_str()).to_owned(),
            dns_name: found.dns_name().unwrap_or_default().to_owned(),
            zone_id: found.canonical_hosted_zone_id().unwrap_or_default().to_owned(),
            ip_address_type: found.ip_address_type().map_or("ipv4", |t| t.as_str()).to_owned(),
            open: self.open_ports(&groups).await?,
            security_groups: groups,
            listener: None,
        })
    }

    async fn open_ports(&self, groups: &[String]) -> Result<Vec<OpenPorts>, CloudError> {
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let call = self.ec2().describe_security_groups().set_group_ids(Some(groups.to_vec()));
        let answer = call.send().await.or_fail("ec2:DescribeSecurityGroups")?;
        let permissions = answer.security_groups().iter().flat_map(|group| group.ip_permissions());
        Ok(permissions.map(open).collect())
    }

    async fn existing_listener(&self, arn: &str) -> Result<ListenerFacts, CloudError> {
        let call = self.elb().describe_listeners().listener_arns(arn);
        let found = match call.send().await.or_fail("elbv2:DescribeListeners") {
            Err(error) if error.is(&["ListenerNotFound", "LoadBalancerNotFound"]) => None,
            answer => answer?.listeners.unwrap_or_default().into_iter().next(),
        };
        let Some(found) = found else {
            return Err(look(format!("{arn} does not exist")).help(
                "correct the ARN in x-ecs.load_balancer: `aws elbv2 describe-listeners \
                 --load-balancer-arn ARN` says those that there are",
            ));
        };
        let rules = self.rules_of(arn).await?;
        Ok(ListenerFacts {
            protocol: found.protocol().map_or("HTTP", |p| p.as_str()).to_owned(),
            port: found.port().and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
            rules: rules.iter().filter_map(listener_rule::place).collect(),
        })
    }
}

fn look(message: String) -> CloudError {
    CloudError { operation: "look the load balancer up".to_owned(), ..problem(message) }
}

fn open(permission: &IpPermission) -> OpenPorts {
    OpenPorts {
        protocol: permission.ip_protocol().unwrap_or("-1").to_owned(),
        ports: permission.from_port().zip(permission.to_port()),
    }
}

/// The load balancers that the desired listeners and rules are made on, without being desired
/// themselves: their ARNs.
pub(super) fn named(desired: &Desired) -> BTreeSet<String> {
    let arns = desired.resources.values().filter_map(|resource| match &resource.body {
        Body::Listener(listener) => listener.load_balancer_arn.known().map(str::to_owned),
        Body::ListenerRule(rule) => balancer_of(&rule.listener_arn),
        _ => None,
    });
    arns.collect()
}

/// The ARN of the load balancer that a listener is one of.
fn balancer_of(listener: &Value) -> Option<String> {
    let (head, path) = listener.known()?.split_once(":listener/")?;
    let (balancer, _) = path.rsplit_once('/')?;
    Some(format!("{head}:loadbalancer/{balancer}"))
}

/// The load balancers that these target groups hang off: what the stack has on one that is no longer
/// named is found by way of its target groups.
pub(super) fn behind(groups: &[sdk::TargetGroup]) -> BTreeSet<String> {
    groups.iter().flat_map(|group| group.load_balancer_arns()).cloned().collect()
}

/// A load balancer of the project's own goes once nothing desires it, so nothing may be made on it.
pub(super) fn is_own(name: &str) -> CloudError {
    let message = format!("{name} is the project's own load balancer");
    CloudError::new(CloudErrorKind::NotOurs, "use the load balancer", message).help(
        "take x-ecs.load_balancer away: the project keeps using it; or name one that decklift did \
         not make for it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_says_its_load_balancer() {
        let head = "arn:aws:elasticloadbalancing:eu-west-1:123456789012";
        let listener = Value::from(format!("{head}:listener/app/shared/50dc/f2f7"));
        let balancer = format!("{head}:loadbalancer/app/shared/50dc");
        assert_eq!(balancer_of(&listener), Some(balancer));
        assert_eq!(balancer_of(&Value::from("${listener/80/arn}")), None);
    }
}
