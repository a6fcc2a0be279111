//! Which subnets are used, chosen from what EC2 says of a VPC. No calls here.

use std::collections::{BTreeMap, BTreeSet};

use super::elb::BalancerRequest;
use super::route53::RecordRequest;
use super::tags::Owner;
use crate::apply::cloud::{CloudError, CloudErrorKind};
use crate::ecs::facts::{Cidr, Nat, NetworkFacts, Origin, SubnetFacts, WayOut};

/// What the user says about the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkRequest {
    /// `x-ecs.vpc`, or `--create-vpc`.
    pub vpc: VpcRequest,
    /// Whose VPC counts as the project's own.
    pub owner: Option<Owner>,
    /// `x-ecs.subnets`; else chosen.
    pub subnets: Vec<String>,
    /// Whether a load balancer that faces the Internet has to be made.
    pub load_balancer: bool,
    /// `x-ecs.load_balancer`: those that are there already.
    pub existing: Vec<BalancerRequest>,
    /// The domain whose certificate is looked up.
    pub certificate: Option<String>,
    /// `x-ecs.domain` and `x-ecs.http.alias`: names whose hosted zones are looked up.
    pub records: Vec<RecordRequest>,
    /// Whether names may have no zone: whoever deletes needs none.
    pub may_lack_zones: bool,
    /// Whether the VPC or its subnets may be gone, or not what tasks need: whoever deletes needs neither.
    pub may_lack_network: bool,
    /// Whether zones are made where there are none: in the sandbox.
    pub makes_zones: bool,
}

/// Which VPC is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum VpcRequest {
    /// Nothing is said: the one of the project's own where there is one, else the default one.
    #[default]
    Any,
    /// The one with this id.
    Id(String),
    /// The one with these tags.
    Tags(BTreeMap<String, String>),
    /// The default one.
    Default,
    /// One of the project's own; without more words it is as it was made.
    Create(Option<NewNetwork>),
}

/// What a VPC of the project's own shall be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewNetwork {
    /// Its addresses.
    pub cidr: Option<Cidr>,
    /// NAT gateways.
    pub nat: Nat,
    /// Services behind endpoints.
    pub endpoints: Vec<String>,
}

/// A subnet as EC2 describes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subnet {
    pub(super) id: String,
    pub(super) zone: String,
    /// Whether AWS made it as the default subnet of its zone, and it still gives every instance a public
    /// address.
    pub(super) is_default: bool,
    /// Addresses that nobody has taken.
    pub(super) free: i32,
}

/// A route table: what `0.0.0.0/0` goes to, and for which subnets it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RouteTable {
    pub(super) main: bool,
    pub(super) subnets: Vec<String>,
    /// The target of the default route: `igw-…`, `nat-…`, `tgw-…`.
    pub(super) default_route: Option<String>,
}

/// Chooses the subnets of tasks and load balancer.
///
/// What makes a subnet public is its route to an internet gateway, not whether it hands out public
/// addresses by itself. One exception: where a VPC shows no way out at all, default subnets count as
/// public, because AWS makes them with such a route (VPC user guide, "Default VPC components"), and
/// emulators do not show it. That is said in `assumed_public`. Endpoints for ECR and S3 are not looked for: a subnet without any route out
/// is only used when it was named.
pub(super) fn choose(
    request: &NetworkRequest,
    vpc: &str,
    subnets: &[Subnet],
    tables: &[RouteTable],
) -> Result<NetworkFacts, CloudError> {
    let mut all = subnets.to_vec();
    all.sort_by(|a, b| (&a.zone, &a.id).cmp(&(&b.zone, &b.id)));
    if let Some(missing) = request.subnets.iter().find(|id| !all.iter().any(|s| s.id == **id)) {
        return Err(problem(format!("subnet {missing} is not in {vpc}"))
            .help("name subnets of one VPC in x-ecs.subnets, and that VPC in x-ecs.vpc"));
    }
    let named =
        |subnet: &&Subnet| request.subnets.is_empty() || request.subnets.contains(&subnet.id);
    let of = |wanted: WayOut| {
        let fits = move |subnet: &&Subnet| egress(subnet, tables) == wanted;
        all.iter().filter(named).filter(fits).cloned().collect::<Vec<_>>()
    };
    let (public, private) = (of(WayOut::Public), of(WayOut::Private));
    let (tasks, assign_public_ip) = if !private.is_empty() {
        (private, false)
    } else if !public.is_empty() {
        (public, true)
    } else if !request.subnets.is_empty() {
        (of(WayOut::None), false)
    } else {
        return Err(problem(format!("no subnet of {vpc} has a route to the Internet"))
            .help("tasks could not pull their images; name subnets in x-ecs.subnets, or another VPC in x-ecs.vpc"));
    };
    let load_balancer = if request.load_balancer {
        load_balancer_subnets(vpc, &all, tables, &request.subnets)?
    } else {
        Vec::new()
    };
    let assumed_public = shows_no_way_out(tables)
        && tasks.iter().any(|subnet| egress(subnet, tables) == WayOut::Public);
    let look = |subnet: &Subnet| SubnetFacts {
        id: subnet.id.clone(),
        zone: subnet.zone.clone(),
        way_out: egress(subnet, tables),
        free: subnet.free,
    };
    let subnets = tasks.iter().map(look).collect();
    let zone_subnets = one_a_zone(&tasks).into_iter().map(|s| (s.zone, s.id.into())).collect();
    Ok(NetworkFacts {
        vpc_id: vpc.into(),
        task_subnets: tasks.into_iter().map(|subnet| subnet.id.into()).collect(),
        assign_public_ip,
        load_balancer_subnets: load_balancer.into_iter().map(Into::into).collect(),
        zone_subnets,
        assumed_public,
        subnets,
        origin: Origin::Named,
    })
}

/// One public subnet in each zone; a load balancer needs at least two. Named subnets go before
/// others of the same zone.
fn load_balancer_subnets(
    vpc: &str,
    all: &[Subnet],
    tables: &[RouteTable],
    named: &[String],
) -> Result<Vec<String>, CloudError> {
    let public = all.iter().filter(|subnet| egress(subnet, tables) == WayOut::Public);
    let (first, rest): (Vec<_>, Vec<_>) = public.cloned().partition(|s| named.contains(&s.id));
    let chosen = one_a_zone(&[first, rest].concat());
    if chosen.len() < 2 {
        let zones: BTreeSet<_> = chosen.iter().map(|subnet| subnet.zone.as_str()).collect();
        let found = match zones.first() {
            Some(zone) => format!("{vpc} has public subnets in one zone only, {zone}"),
            None => format!("{vpc} has no public subnets"),
        };
        return Err(problem(format!("a load balancer needs two zones, and {found}")).help(
            "add a subnet with a route to an internet gateway in another zone, choose another VPC \
             with x-ecs.vpc, or publish no port (x-ecs.ports: {<port>: none})",
        ));
    }
    Ok(chosen.into_iter().map(|subnet| subnet.id).collect())
}

fn one_a_zone(subnets: &[Subnet]) -> Vec<Subnet> {
    let mut zones: BTreeMap<&str, &Subnet> = BTreeMap::new();
    for subnet in subnets {
        zones.entry(&subnet.zone).or_insert(subnet);
    }
    zones.into_values().cloned().collect()
}

fn egress(subnet: &Subnet, tables: &[RouteTable]) -> WayOut {
    let explicit = tables.iter().find(|table| table.subnets.contains(&subnet.id));
    let table = explicit.or_else(|| tables.iter().find(|table| table.main));
    match table.and_then(|table| table.default_route.as_deref()) {
        Some(target) if target.starts_with("igw-") => WayOut::Public,
        Some(_) => WayOut::Private,
        None if subnet.is_default && shows_no_way_out(tables) => WayOut::Public,
        None => WayOut::None,
    }
}

fn shows_no_way_out(tables: &[RouteTable]) -> bool {
    tables.iter().all(|table| table.default_route.is_none())
}

pub(super) fn problem(message: String) -> CloudError {
    CloudError::new(CloudErrorKind::NotFound, "choose the network", message)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
mod tests {
    use super::*;
    use crate::ecs::desired::Value;

    fn subnet(id: &str, zone: &str) -> Subnet {
        Subnet { id: id.to_owned(), zone: zone.to_owned(), is_default: false, free: 9 }
    }

    fn table(main: bool, subnets: &[&str], target: Option<&str>) -> RouteTable {
        RouteTable {
            main,
            subnets: subnets.iter().map(|&id| id.to_owned()).collect(),
            default_route: target.map(str::to_owned),
        }
    }

    fn ids(subnets: &[Value]) -> Vec<&str> {
        subnets.iter().filter_map(Value::known).collect()
    }

    fn request(load_balancer: bool) -> NetworkRequest {
        NetworkRequest { load_balancer, ..NetworkRequest::default() }
    }

    #[test]
    fn a_default_vpc_gives_public_subnets_with_public_addresses() {
        let subnets = [subnet("s-2", "b"), subnet("s-1", "a"), subnet("s-3", "a")];
        let tables = [table(true, &[], Some("igw-1"))];
        let facts = choose(&request(true), "vpc-1", &subnets, &tables).unwrap();
        assert!(facts.assign_public_ip);
        assert_eq!(ids(&facts.task_subnets), ["s-1", "s-3", "s-2"]);
        assert_eq!(ids(&facts.load_balancer_subnets), ["s-1", "s-2"]);
        let pair = |zone: &str, id: &str| (zone.to_owned(), Value::from(id));
        assert_eq!(facts.zone_subnets, [pair("a", "s-1"), pair("b", "s-2")]);
    }

    #[test]
    fn tasks_stand_in_private_subnets_with_a_way_out() {
        let subnets = [
            subnet("pub-a", "a"),
            subnet("pub-b", "b"),
            subnet("nat-a", "a"),
            subnet("closed-a", "a"),
        ];
        let tables = [
            table(true, &[], None),
            table(false, &["pub-a", "pub-b"], Some("igw-1")),
            table(false, &["nat-a"], Some("nat-1")),
        ];
        let facts = choose(&request(true), "vpc-1", &subnets, &tables).unwrap();
        assert!(!facts.assign_public_ip);
        assert_eq!(ids(&facts.task_subnets), ["nat-a"]);
        assert_eq!(ids(&facts.load_balancer_subnets), ["pub-a", "pub-b"]);
    }

    #[test]
    fn a_load_balancer_needs_two_zones_and_only_when_there_is_one() {
        let subnets = [subnet("s-1", "a"), subnet("s-2", "a")];
        let tables = [table(true, &[], Some("igw-1"))];
        let error = choose(&request(true), "vpc-1", &subnets, &tables).unwrap_err();
        assert!(error.message.contains("one zone only, a"), "{}", error.message);
        assert!(error.help.is_some_and(|help| help.contains("x-ecs.vpc")));
        let facts = choose(&request(false), "vpc-1", &subnets, &tables).unwrap();
        assert!(facts.load_balancer_subnets.is_empty());
    }

    #[test]
    fn named_subnets_are_used_and_must_exist() {
        let subnets = [subnet("s-1", "a"), subnet("s-2", "b"), subnet("s-3", "b")];
        let tables = [table(true, &[], Some("igw-1"))];
        let named = |ids: &[&str]| NetworkRequest {
            subnets: ids.iter().map(|&id| id.to_owned()).collect(),
            ..request(true)
        };
        let facts = choose(&named(&["s-3"]), "vpc-1", &subnets, &tables).unwrap();
        assert_eq!(ids(&facts.task_subnets), ["s-3"]);
        assert_eq!(ids(&facts.load_balancer_subnets), ["s-1", "s-3"]);
        let error = choose(&named(&["s-9"]), "vpc-1", &subnets, &tables).unwrap_err();
        assert!(error.message.contains("s-9"));
    }

    #[test]
    fn default_subnets_of_a_vpc_that_shows_no_way_out_count_as_public() {
        let default = |id, zone| Subnet { is_default: true, ..subnet(id, zone) };
        let subnets = [default("s-1", "a"), default("s-2", "b"), subnet("own", "c")];
        let facts = choose(&request(true), "vpc-1", &subnets, &[table(true, &[], None)]).unwrap();
        assert!(facts.assumed_public && facts.assign_public_ip);
        assert_eq!(ids(&facts.task_subnets), ["s-1", "s-2"]);
        assert_eq!(ids(&facts.load_balancer_subnets), ["s-1", "s-2"]);
        // A way out that is there for others shows that routes are told.
        let tables = [table(true, &[], None), table(false, &["own"], Some("nat-1"))];
        let facts = choose(&request(false), "vpc-1", &subnets, &tables).unwrap();
        assert_eq!(ids(&facts.task_subnets), ["own"]);
        assert!(!facts.assumed_public);
    }

    #[test]
    fn nowhere_to_pull_images_from_is_an_error() {
        let error = choose(&request(false), "vpc-1", &[subnet("s", "a")], &[]).unwrap_err();
        assert!(error.message.contains("no subnet of vpc-1"));
    }
}
