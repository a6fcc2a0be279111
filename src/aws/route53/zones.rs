//! The hosted zone that takes the records of a name.

use std::collections::BTreeMap;

use aws_sdk_route53::types as sdk;

use crate::apply::cloud::{CloudError, CloudErrorKind};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::ecs::facts::BalancerFacts;

/// A name that shall have records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRequest {
    /// The name.
    pub name: String,
    /// Whether the VPC alone shall know it.
    pub private: bool,
    /// The ARN of a load balancer of others, which then says whether the name is private.
    pub balancer: Option<String>,
}

/// A zone.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Zone {
    id: String,
    name: String,
}

impl Aws {
    /// The ids of the zones of these names. With `may_lack`, names without one are left out.
    pub(in crate::aws) async fn zones_of(
        &self,
        requests: &[RecordRequest],
        vpc: &str,
        balancers: &BTreeMap<String, BalancerFacts>,
        may_lack: bool,
    ) -> Result<BTreeMap<String, String>, CloudError> {
        let is_private = |request: &RecordRequest| match &request.balancer {
            Some(arn) => balancers.get(arn).is_some_and(|facts| facts.internal),
            None => request.private,
        };
        let (mut public, mut private) = (None, None);
        let mut found = BTreeMap::new();
        for request in requests {
            let inside = is_private(request);
            let zones = match (inside, &mut public, &mut private) {
                (false, Some(zones), _) | (true, _, Some(zones)) => zones,
                (false, none, _) => none.insert(self.public_zones().await?),
                (true, _, none) => none.insert(self.private_zones(vpc).await?),
            };
            match choose(&request.name, zones).as_slice() {
                [zone] => _ = found.insert(request.name.clone(), zone.id.clone()),
                _ if may_lack => {}
                [] => return Err(no_zone(&request.name, inside, vpc)),
                several => return Err(two_zones(&request.name, several)),
            }
        }
        Ok(found)
    }

    /// Makes zones for names that have none. For the sandbox, in which nobody has any.
    ///
    /// # Errors
    ///
    /// When the emulator does not answer.
    pub(in crate::aws) async fn make_zones(
        &self,
        requests: &[RecordRequest],
        vpc: &str,
    ) -> Result<(), CloudError> {
        for RecordRequest { name, private, balancer: _ } in requests {
            let zones = match private {
                true => self.private_zones(vpc).await?,
                false => self.public_zones().await?,
            };
            if !choose(name, &zones).is_empty() {
                continue;
            }
            let name = name.strip_prefix("*.").unwrap_or(name);
            // `example.com` itself, or what is above `shop.example.com`.
            let above = name.split_once('.').map(|(_, rest)| rest);
            let zone = above.filter(|rest| rest.contains('.')).unwrap_or(name);
            let place = sdk::Vpc::builder().vpc_id(vpc).vpc_region(self.region().into()).build();
            let call = self.route53().create_hosted_zone().name(zone);
            let call =
                call.caller_reference(self.request_id(zone)).set_vpc(private.then_some(place));
            call.send().await.or_fail("route53:CreateHostedZone")?;
        }
        Ok(())
    }

    async fn public_zones(&self) -> Result<Vec<Zone>, CloudError> {
        let pages = self.route53().list_hosted_zones().into_paginator().items();
        let all: Result<Vec<sdk::HostedZone>, _> = pages.send().collect().await;
        let mut all = all.or_fail("route53:ListHostedZones")?;
        all.retain(|zone| !zone.config().is_some_and(|config| config.private_zone()));
        Ok(all.iter().map(|found| zone(found.id(), found.name())).collect())
    }

    /// Those that a VPC knows; without those that a service keeps for itself, as Cloud Map does.
    async fn private_zones(&self, vpc: &str) -> Result<Vec<Zone>, CloudError> {
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let call = self.route53().list_hosted_zones_by_vpc().vpc_id(vpc);
            let call = call.vpc_region(self.region().into()).set_next_token(token);
            let answer = call.send().await.or_fail("route53:ListHostedZonesByVPC")?;
            let own = answer
                .hosted_zone_summaries()
                .iter()
                .filter(|found| found.owner().is_none_or(|owner| owner.owning_service().is_none()));
            all.extend(own.map(|found| zone(found.hosted_zone_id(), found.name())));
            token = answer.next_token;
            if token.is_none() {
                return Ok(all);
            }
        }
    }
}

fn zone(id: &str, name: &str) -> Zone {
    let id = id.strip_prefix("/hostedzone/").unwrap_or(id);
    Zone { id: id.to_owned(), name: name.trim_end_matches('.').to_ascii_lowercase() }
}

/// The zones of the longest name that `name` ends with, at a dot: one where all is well.
fn choose<'a>(name: &str, zones: &'a [Zone]) -> Vec<&'a Zone> {
    let takes = |zone: &&Zone| {
        let above = name.strip_suffix(&zone.name);
        above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    };
    let longest = zones.iter().filter(takes).map(|zone| zone.name.len()).max();
    let is_best = |zone: &&Zone| Some(zone.name.len()) == longest;
    zones.iter().filter(takes).filter(is_best).collect()
}

fn no_zone(name: &str, inside: bool, vpc: &str) -> CloudError {
    let message = match inside {
        true => format!("no private hosted zone of {vpc} takes {name}"),
        false => format!("no public hosted zone of Route 53 takes {name}"),
    };
    let help = match inside {
        true => {
            "make a private hosted zone of its domain and associate it with the VPC, or take the name \
             away"
        }
        false => {
            "make a hosted zone of its domain with `aws route53 create-hosted-zone`, or take the name \
             away and point it at the load balancer where its zone is"
        }
    };
    fault(message).help(help)
}

fn two_zones(name: &str, several: &[&Zone]) -> CloudError {
    let ids: Vec<_> = several.iter().map(|zone| zone.id.as_str()).collect();
    fault(format!("several hosted zones could take {name}: {}", ids.join(", ")))
        .help("delete those that the domain is not delegated to, or take the name away")
}

fn fault(message: String) -> CloudError {
    CloudError::new(CloudErrorKind::NotFound, "find the hosted zone", message)
}
