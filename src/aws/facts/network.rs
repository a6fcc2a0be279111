//! The network: what EC2 says of the VPC that is asked for.

use std::collections::BTreeMap;

use aws_sdk_ec2::types as sdk;
use futures_util::future::{try_join, try_join3};

use crate::apply::cloud::{CloudError, CloudErrorKind};
use crate::aws::Aws;
use crate::aws::ec2::{filter, owned};
use crate::aws::error::OrFail;
use crate::aws::network::{
    NetworkRequest, NewNetwork, RouteTable, Subnet, VpcRequest, choose, problem,
};
use crate::aws::tags::{RESOURCE, Tags};
use crate::ecs::desired::Value;
use crate::ecs::facts::{Cidr, MadeNetwork, NetworkFacts, Origin};

/// Zones in which Fargate runs nothing, or load balancers and NAT gateways are not to be had: they are
/// not chosen (ECS developer guide, "Supported Regions for Amazon ECS on AWS Fargate"; EFS user guide,
/// "Supported Availability Zones").
const LACKING: [&str; 3] = ["apne1-az3", "use1-az3", "usw1-az2"];

/// What is used of the network, and the id of the VPC where there is one.
type Chosen = (NetworkFacts, String);

impl Aws {
    /// [`Aws::network`], or placeholders where there need not be one.
    pub(super) async fn network_or_none(
        &self,
        request: &NetworkRequest,
    ) -> Result<Chosen, CloudError> {
        let none = |error: &CloudError| {
            matches!(error.kind, CloudErrorKind::NotFound | CloudErrorKind::Service)
        };
        match self.network(request).await {
            Err(error) if request.may_lack_network && none(&error) => {
                Ok((NetworkFacts::offline(), String::new()))
            }
            answer => answer,
        }
    }

    pub(super) async fn network(&self, request: &NetworkRequest) -> Result<Chosen, CloudError> {
        let (vpc, origin) = match (&request.vpc, request.subnets.first()) {
            (VpcRequest::Id(vpc), _) => (vpc.clone(), Origin::Named),
            (VpcRequest::Tags(tags), _) => (self.tagged_vpc(tags).await?, Origin::Tagged),
            (VpcRequest::Create(new), _) => return self.made(request, new.as_ref()).await,
            (VpcRequest::Default, None) => (self.default_vpc().await?, Origin::Default),
            (_, Some(subnet)) => (self.vpc_of(subnet).await?, Origin::Named),
            (VpcRequest::Any, None) => return self.own_or_default(request).await,
        };
        let (subnets, tables) =
            try_join(self.subnets(Some(&vpc)), self.route_tables(Some(&vpc))).await?;
        chosen(request, &vpc, origin, subnets, tables)
    }

    /// The project's own VPC, where an earlier deploy has made one: it is used until another one is
    /// asked for. Else the default VPC, which is the one that has default subnets, so that all is known
    /// after one look; where those were deleted, it is asked for.
    async fn own_or_default(&self, request: &NetworkRequest) -> Result<Chosen, CloudError> {
        let (subnets, tables) = try_join(self.subnets(None), self.route_tables(None)).await?;
        let is_own = |found: &Found| {
            let owner = request.owner.as_ref();
            owner.is_some_and(|owner| owner.owns(&found.tags)) && zone_of(&found.tags).is_some()
        };
        if subnets.iter().any(is_own) {
            return self.made(request, None).await;
        }
        let default = subnets.iter().find(|found| found.subnet.is_default);
        let vpc = match default {
            Some(found) => found.vpc.clone(),
            None => self.default_vpc().await?,
        };
        chosen(request, &vpc, Origin::Default, subnets, tables)
    }

    /// The network that is made, or that was made. What is there says where it stands; what is asked for
    /// says what it is like, and where nobody asks, what was asked for when it was made.
    async fn made(
        &self,
        request: &NetworkRequest,
        new: Option<&NewNetwork>,
    ) -> Result<Chosen, CloudError> {
        let owner = request.owner.as_ref().map(owned).unwrap_or_default();
        let (vpcs, subnets, all) =
            try_join3(self.vpcs(owner.clone()), self.subnets_of(owner), self.zones()).await?;
        if let [_, _, ..] = vpcs.as_slice() {
            let ids: Vec<_> = vpcs.iter().filter_map(|vpc| vpc.vpc_id()).collect();
            return Err(problem(format!("the project has several VPCs: {}", ids.join(", ")))
                .help("delete those that nothing stands in"));
        }
        let vpc = vpcs.first();
        let tags = vpc.map(|vpc| tags(vpc.tags())).unwrap_or_default();
        let (nat, endpoints) =
            MadeNetwork::noted(tags.get(MadeNetwork::TAG).map_or("", String::as_str));
        let stands = vpc.and_then(|vpc| vpc.cidr_block()).and_then(Cidr::parse);
        let asked = new.and_then(|new| new.cidr);
        if let (Some(stands), Some(asked)) = (stands, asked)
            && stands != asked
        {
            return Err(problem(format!("the project's VPC has {stands}, and not {asked}")).help(
                "the addresses of a VPC cannot be changed: take `cidr` away, or `decklift down` and \
                 deploy anew",
            ));
        }
        let mut zones = [None, None];
        for subnet in &subnets {
            if let Some(zone) = zone_of(&self::tags(subnet.tags())) {
                zones[zone] = subnet.availability_zone().map(str::to_owned);
            }
        }
        let made = MadeNetwork {
            cidr: stands.or(asked).unwrap_or_default(),
            zones: two(zones, all, self.region())?,
            nat: new.map_or(nat, |new| new.nat),
            endpoints: new.map_or(endpoints, |new| new.endpoints.clone()),
        };
        let id = vpc.and_then(|vpc| vpc.vpc_id()).unwrap_or_default().to_owned();
        let mut facts = NetworkFacts::of(made);
        if !request.load_balancer {
            facts.load_balancer_subnets.clear();
        }
        Ok((facts, id))
    }

    /// The zones that anybody may use, sorted.
    async fn zones(&self) -> Result<Vec<String>, CloudError> {
        let call = self.ec2().describe_availability_zones();
        let call = call.filters(filter("state", ["available".to_owned()]));
        let answer = call.send().await.or_fail("ec2:DescribeAvailabilityZones")?;
        let is_plain = |zone: &&sdk::AvailabilityZone| {
            zone.zone_type().is_none_or(|kind| kind == "availability-zone")
                && zone.opt_in_status().is_none_or(|status| {
                    *status == sdk::AvailabilityZoneOptInStatus::OptInNotRequired
                })
                && !zone.zone_id().is_some_and(|id| LACKING.contains(&id))
        };
        let zones = answer.availability_zones().iter().filter(is_plain);
        let mut names: Vec<_> = zones.filter_map(|z| z.zone_name().map(str::to_owned)).collect();
        names.sort();
        Ok(names)
    }

    async fn default_vpc(&self) -> Result<String, CloudError> {
        let found = self.vpcs(vec![filter("is-default", ["true".to_owned()])]).await?;
        let id = found.into_iter().find_map(|vpc| vpc.vpc_id);
        id.ok_or_else(|| {
            problem(format!("{} has no default VPC", self.region())).help(
                "have one made with --create-vpc (or `x-ecs: {vpc: create}`), name one in x-ecs.vpc \
                 (and, to choose, x-ecs.subnets), or make a default one with `aws ec2 \
                 create-default-vpc`",
            )
        })
    }

    /// The one VPC that has all of these tags.
    async fn tagged_vpc(&self, tags: &BTreeMap<String, String>) -> Result<String, CloudError> {
        let filters =
            tags.iter().map(|(key, value)| filter(&format!("tag:{key}"), [value.clone()]));
        let found = self.vpcs(filters.collect()).await?;
        let ids: Vec<_> = found.iter().filter_map(|vpc| vpc.vpc_id()).collect();
        let words: Vec<_> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let words = words.join(", ");
        match ids.as_slice() {
            [id] => Ok((*id).to_owned()),
            [] => Err(problem(format!("no VPC of {} has the tags {words}", self.region()))
                .help("correct x-ecs.vpc.tags, or name the VPC by its id")),
            several => {
                let list = several.join(", ");
                Err(problem(format!("several VPCs have the tags {words}: {list}"))
                    .help("add a tag to x-ecs.vpc.tags that one of them has alone, or name its id"))
            }
        }
    }

    async fn vpc_of(&self, subnet: &str) -> Result<String, CloudError> {
        let call = self.ec2().describe_subnets().subnet_ids(subnet);
        let answer = call.send().await.or_fail("ec2:DescribeSubnets")?;
        let id = answer.subnets().iter().find_map(|subnet| subnet.vpc_id().map(str::to_owned));
        id.ok_or_else(|| {
            problem(format!("subnet {subnet} does not exist"))
                .help("name subnets of this region in x-ecs.subnets")
        })
    }

    /// The subnets of a VPC, or of all.
    async fn subnets(&self, vpc: Option<&str>) -> Result<Vec<Found>, CloudError> {
        let all = self.subnets_of(vpc.map(of_vpc).unwrap_or_default()).await?;
        let available = |subnet: &&sdk::Subnet| {
            subnet.state().is_none_or(|state| *state == sdk::SubnetState::Available)
        };
        Ok(all
            .iter()
            .filter(available)
            .filter_map(|found| {
                let vpc = found.vpc_id()?.to_owned();
                let tags = tags(found.tags());
                Some(Found { subnet: subnet(found)?, vpc, tags })
            })
            .collect())
    }

    /// The route tables of a VPC, or of all, each with its VPC.
    async fn route_tables(
        &self,
        vpc: Option<&str>,
    ) -> Result<Vec<(RouteTable, String)>, CloudError> {
        let all = self.route_tables_of(vpc.map(of_vpc).unwrap_or_default()).await?;
        let with_vpc = |table| Some((route_table(table), table.vpc_id()?.to_owned()));
        Ok(all.iter().filter_map(with_vpc).collect())
    }
}

/// A subnet, its VPC and its tags.
struct Found {
    subnet: Subnet,
    vpc: String,
    tags: Tags,
}

fn tags(list: &[sdk::Tag]) -> Tags {
    let pair =
        |tag: &sdk::Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    list.iter().filter_map(pair).collect()
}

/// Which zone of the project's own VPC a subnet was made for.
fn zone_of(tags: &Tags) -> Option<usize> {
    let name = tags.get(RESOURCE)?.strip_prefix("subnet/")?;
    ["-1", "-2"].iter().position(|end| name.ends_with(end))
}

/// Two zones: those in which subnets stand already, whatever zones there are by now, and the first of
/// the others.
fn two(
    stand: [Option<String>; 2],
    all: Vec<String>,
    region: &str,
) -> Result<[String; 2], CloudError> {
    let taken = stand.clone();
    let mut free = all.into_iter().filter(|zone| !taken.contains(&Some(zone.clone())));
    let [one, two] = stand.map(|zone| zone.or_else(|| free.next()));
    match (one, two) {
        (Some(one), Some(two)) => Ok([one, two]),
        _ => Err(problem(format!("{region} has fewer than two zones that anybody may use"))
            .help("name a VPC in x-ecs.vpc, or choose another region")),
    }
}

/// A subnet as far as it is chosen by.
fn subnet(found: &sdk::Subnet) -> Option<Subnet> {
    let is_default =
        found.default_for_az() == Some(true) && found.map_public_ip_on_launch() == Some(true);
    Some(Subnet {
        id: found.subnet_id()?.to_owned(),
        zone: found.availability_zone().unwrap_or_default().to_owned(),
        is_default,
        // Not told: as many as a large subnet has.
        free: found.available_ip_address_count().unwrap_or(i32::from(u16::MAX)),
    })
}

fn of_vpc(vpc: &str) -> Vec<sdk::Filter> {
    vec![filter("vpc-id", [vpc.to_owned()])]
}

/// What is used of a VPC, of what was read of it and perhaps of others.
fn chosen(
    request: &NetworkRequest,
    vpc: &str,
    origin: Origin,
    subnets: Vec<Found>,
    tables: Vec<(RouteTable, String)>,
) -> Result<Chosen, CloudError> {
    let subnets = subnets.into_iter().filter(|found| found.vpc == vpc);
    let subnets: Vec<_> = subnets.map(|found| found.subnet).collect();
    let tables = tables.into_iter().filter(|(_, of)| of == vpc).map(|(table, _)| table);
    if subnets.is_empty() {
        return Err(problem(format!("{vpc} has no subnets, or does not exist"))
            .help("name another VPC in x-ecs.vpc"));
    }
    let facts = choose(request, vpc, &subnets, &tables.collect::<Vec<_>>())?;
    Ok((NetworkFacts { origin, vpc_id: Value::from(vpc), ..facts }, vpc.to_owned()))
}

fn route_table(table: &sdk::RouteTable) -> RouteTable {
    let associations = table.associations();
    let default = table.routes().iter().find(|route| {
        route.destination_cidr_block() == Some("0.0.0.0/0")
            && route.state().is_none_or(|state| *state == sdk::RouteState::Active)
    });
    let target = default.and_then(|route| {
        route
            .gateway_id()
            .or_else(|| route.nat_gateway_id())
            .or_else(|| route.transit_gateway_id())
            .or_else(|| route.network_interface_id())
            .or_else(|| route.instance_id())
            .or_else(|| route.vpc_peering_connection_id())
            .or_else(|| route.egress_only_internet_gateway_id())
            .or_else(|| route.core_network_arn())
    });
    RouteTable {
        main: associations.iter().any(|association| association.main() == Some(true)),
        subnets: associations.iter().filter_map(|a| a.subnet_id().map(str::to_owned)).collect(),
        default_route: target.map(str::to_owned),
    }
}
