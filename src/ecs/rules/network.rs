//! `x-ecs: {vpc: create}`: a VPC of the project's own. Two zones, a public and a private subnet in
//! each, and for private subnets the ways out that were asked for.

use std::borrow::Cow;

use super::security_groups::{Source, add_group, add_rule, group_of, id_of};
use crate::compose::Project;
use crate::compose::model::{Endpoints, Nat, NewVpc, Vpc as Choice};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Address, AssociateRouteTable, AttachInternetGateway, Attribute, Body, CreateInternetGateway,
    CreateRoute, CreateRouteTable, CreateVpc, InternetGateway, Kind, ModifyVpcAttribute,
    NatGateway, ResourceId, RouteTable, Subnet, Switch, TagSpecification, UpperTag, Value, Vpc,
    VpcEndpoint,
};
use crate::ecs::facts::{Facts, MadeNetwork, NetworkFacts, Origin, placeholder, subnet_id, vpc_id};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::survey::Member;
use crate::source::Span;

/// What tasks on Fargate start from, and write to (ECS developer guide, "Amazon ECS interface VPC
/// endpoints": Fargate needs none for ECS itself).
const USUAL: [&str; 5] = ["ecr.api", "ecr.dkr", "logs", "s3", "secretsmanager"];
/// What is a gateway, and costs nothing (VPC user guide, "Gateway endpoints").
const GATEWAYS: [&str; 2] = ["dynamodb", "s3"];
/// The port of AWS's services.
const HTTPS: u16 = 443;
/// Everything that is not in the VPC.
const ANYWHERE: &str = "0.0.0.0/0";
/// Which sixteenths of the VPC's addresses are subnets: the others are left for what comes.
const PUBLIC: [u8; 2] = [0, 1];
const PRIVATE: [u8; 2] = [8, 9];

/// The facts, with what the file says of the network where nobody has asked AWS about it: the one that
/// is to be made, or the ids of one that is there.
pub(crate) fn known<'a>(project: &Project, facts: &'a Facts) -> Cow<'a, Facts> {
    let choice = project.extension.vpc.as_ref().map(|vpc| &vpc.value);
    let subnets = &project.extension.subnets;
    let is_named = matches!(choice, Some(Choice::Id(_))) || !subnets.is_empty();
    if facts.network.origin != Origin::Unknown {
        return Cow::Borrowed(facts);
    }
    let network = match choice {
        Some(Choice::Create(new)) => {
            let zones = ["zone_1", "zone_2"].map(|zone| placeholder(&format!("vpc.{zone}")));
            NetworkFacts::of(wanted(new, project, zones))
        }
        _ if !is_named => return Cow::Borrowed(facts),
        choice => {
            let mut network = facts.network.clone();
            if let Some(Choice::Id(id)) = choice {
                network.vpc_id = id.as_str().into();
            }
            // Which of them have which way out, and in which zones they are, is AWS's to say: a load
            // balancer's subnets and those of mount targets stay references.
            if !subnets.is_empty() {
                network.task_subnets = subnets.iter().map(|id| id.value.as_str().into()).collect();
            }
            network
        }
    };
    Cow::Owned(Facts { network, ..facts.clone() })
}

/// The network that the file asks for.
pub(crate) fn wanted(new: &NewVpc, project: &Project, zones: [String; 2]) -> MadeNetwork {
    let NewVpc { cidr, nat, endpoints } = new;
    MadeNetwork {
        cidr: cidr.as_ref().map(|cidr| cidr.value).unwrap_or_default(),
        zones,
        nat: *nat,
        endpoints: services(endpoints, project),
    }
}

/// The services behind endpoints, sorted.
pub(crate) fn services(endpoints: &Endpoints, project: &Project) -> Vec<String> {
    let mut names: Vec<String> = match endpoints {
        Endpoints::None => Vec::new(),
        Endpoints::Usual => {
            let services = || project.services.values();
            let exec = services()
                .filter(|service| service.extension.schedule.is_none())
                .any(|service| service.extension.exec.as_ref().is_some_and(|exec| exec.value));
            let parameters = services()
                .flat_map(|service| service.extension.secret_env.values())
                .any(|secret| secret.value.starts_with('/') || secret.value.contains(":ssm:"));
            let more = [("ssmmessages", exec), ("ssm", parameters)];
            let more = more.into_iter().filter(|(_, needed)| *needed).map(|(name, _)| name);
            USUAL.into_iter().chain(more).map(str::to_owned).collect()
        }
        Endpoints::Of(names) => names.clone(),
    };
    names.sort();
    names
}

fn id(kind: Kind, name: impl Into<String>) -> ResourceId {
    ResourceId::new(kind, name)
}

fn value(of: ResourceId) -> Value {
    Value::From(of, Attribute::Id)
}

pub(crate) fn gateway() -> ResourceId {
    id(Kind::InternetGateway, "main")
}

/// Adds what the network is made of, where it is made.
pub(crate) fn add(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    let Some(made) = cx.facts.network.made() else { return };
    let origin = cx.project.extension.vpc.as_ref().map(|vpc| vpc.span);
    let maker = Maker { cx, made, origin };
    if let (Some(vpc), Some(subnet)) = (origin, cx.project.extension.subnets.first()) {
        let message =
            "`x-ecs.subnets` are in a VPC that is there, and `x-ecs.vpc` asks for a new one";
        let fault = Diagnostic::error(Code::Conflict, message).at(subnet.span, "").at(vpc, "");
        out.say(fault.help("take one of the two away"));
    }
    maker.vpc(out);
    maker.subnets(out);
    maker.gateways(out);
    maker.tables(out);
    maker.endpoints(members, out);
    if made.is_private() && made.nat == Nat::None {
        let message =
            "tasks reach nothing on the Internet: there are endpoints, and no NAT gateway";
        let mut note = Diagnostic::warning(Code::Approximated, message).help(
            "images come from ECR alone (`x-ecs: {mirror: true}` copies those of others); `nat: one` \
             is a way to the Internet",
        );
        if let Some(origin) = origin {
            note = note.at(origin, "");
        }
        out.say(note);
    }
}

struct Maker<'a> {
    cx: &'a Context<'a>,
    made: &'a MadeNetwork,
    origin: Option<Span>,
}

impl Maker<'_> {
    /// The tags, with the name that consoles show.
    fn tags(&self, of: &ResourceId, kind: &str) -> Vec<TagSpecification> {
        let name = match of.kind {
            Kind::Vpc => fit(&self.cx.stack, Grammar::SecurityGroup),
            _ => self.cx.name(&of.name, Grammar::SecurityGroup),
        };
        let mut tags = self.cx.named_tags(of, &name);
        if of.kind == Kind::Vpc {
            // What was asked for, for when nobody asks for it any more.
            tags.push(UpperTag { key: MadeNetwork::TAG.into(), value: self.made.note() });
            tags.sort();
        }
        vec![TagSpecification { resource_type: kind.to_owned(), tags }]
    }

    fn add(&self, of: ResourceId, body: Body, out: &mut Output) {
        out.add(of, body, None, self.origin);
    }

    fn vpc(&self, out: &mut Output) {
        let switch = Some(Switch { value: true });
        let attribute = |hostnames, support| ModifyVpcAttribute {
            vpc_id: value(vpc_id()),
            enable_dns_hostnames: hostnames,
            enable_dns_support: support,
        };
        let body = Vpc {
            create: CreateVpc {
                cidr_block: self.made.cidr.to_string(),
                tag_specifications: self.tags(&vpc_id(), "vpc"),
            },
            attributes: vec![attribute(switch, None), attribute(None, switch)],
        };
        self.add(vpc_id(), Body::Vpc(body), out);
    }

    fn subnets(&self, out: &mut Output) {
        for (face, parts) in [("public", PUBLIC), ("private", PRIVATE)] {
            for (zone, part) in parts.into_iter().enumerate() {
                let of = subnet_id(face, zone);
                let body = Subnet {
                    vpc_id: value(vpc_id()),
                    availability_zone: self.made.zones[zone].clone(),
                    cidr_block: self.made.cidr.part(part),
                    tag_specifications: self.tags(&of, "subnet"),
                };
                self.add(of, Body::Subnet(Box::new(body)), out);
            }
        }
    }

    fn gateways(&self, out: &mut Output) {
        let body = InternetGateway {
            create: CreateInternetGateway {
                tag_specifications: self.tags(&gateway(), "internet-gateway"),
            },
            attach: AttachInternetGateway {
                internet_gateway_id: value(gateway()),
                vpc_id: value(vpc_id()),
            },
        };
        self.add(gateway(), Body::InternetGateway(Box::new(body)), out);
        for zone in 0..self.nats() {
            let name = (zone + 1).to_string();
            let (address, nat) = (id(Kind::Address, &*name), id(Kind::NatGateway, &*name));
            let body = Address {
                domain: "vpc".to_owned(),
                tag_specifications: self.tags(&address, "elastic-ip"),
            };
            self.add(address.clone(), Body::Address(body), out);
            // As long as the VPC is there, the address is looked for.
            out.wait(&address, vpc_id());
            let body = NatGateway {
                subnet_id: value(subnet_id("public", zone)),
                allocation_id: value(address),
                connectivity_type: "public".to_owned(),
                tag_specifications: self.tags(&nat, "natgateway"),
            };
            self.add(nat.clone(), Body::NatGateway(Box::new(body)), out);
            // EC2 refuses one in a VPC without a way to the Internet.
            out.wait(&nat, gateway());
        }
    }

    fn nats(&self) -> usize {
        match self.made.nat {
            Nat::None => 0,
            Nat::One => 1,
            Nat::EachZone => 2,
        }
    }

    /// One for both public subnets, and one for each private one, which may have a way out of its own.
    fn tables(&self, out: &mut Output) {
        let subnets = [0, 1].map(|zone| subnet_id("public", zone));
        self.table("public", &subnets, Some((value(gateway()), None)), out);
        out.wait(&id(Kind::RouteTable, "public"), gateway());
        for zone in [0, 1] {
            let nat = (zone + 1).min(self.nats());
            let nat = (nat > 0).then(|| value(id(Kind::NatGateway, nat.to_string())));
            let name = format!("private-{}", zone + 1);
            let way = nat.map(|nat| (Value::from(""), Some(nat)));
            self.table(&name, &[subnet_id("private", zone)], way, out);
        }
    }

    fn table(
        &self,
        name: &str,
        subnets: &[ResourceId],
        way: Option<(Value, Option<Value>)>,
        out: &mut Output,
    ) {
        let of = id(Kind::RouteTable, name);
        let own = || value(of.clone());
        let route = way.map(|(internet, nat)| CreateRoute {
            route_table_id: own(),
            destination_cidr_block: ANYWHERE.to_owned(),
            gateway_id: nat.is_none().then_some(internet),
            nat_gateway_id: nat,
        });
        let associations = subnets.iter().map(|subnet| AssociateRouteTable {
            route_table_id: own(),
            subnet_id: value(subnet.clone()),
        });
        let body = RouteTable {
            create: CreateRouteTable {
                vpc_id: value(vpc_id()),
                tag_specifications: self.tags(&of, "route-table"),
            },
            routes: route.into_iter().collect(),
            associations: associations.collect(),
        };
        self.add(of, Body::RouteTable(Box::new(body)), out);
    }

    fn endpoints(&self, members: &[Member<'_>], out: &mut Output) {
        let group = id(Kind::SecurityGroup, "endpoints");
        let gates = |name: &&String| GATEWAYS.contains(&name.as_str());
        if self.made.endpoints.iter().any(|name| !gates(&name)) {
            let description = "Lets tasks reach the endpoints of services of AWS".to_owned();
            add_group(self.cx, group.clone(), description, None, self.origin, out);
            let mut networks: Vec<&String> =
                members.iter().flat_map(|member| member.service.networks.keys()).collect();
            networks.sort();
            networks.dedup();
            for network in networks {
                let from = Source::Group(group_of(self.cx, network));
                let name = format!("endpoints-{network}");
                add_rule(name, group.clone(), Some(HTTPS), from, (None, self.origin), out);
            }
        }
        for name in &self.made.endpoints {
            let of = id(Kind::VpcEndpoint, &**name);
            let private = |face: &str| [0, 1].map(|zone| value(subnet_id(face, zone))).to_vec();
            let is_gateway = gates(&name);
            let tables = ["private-1", "private-2"].map(|name| value(id(Kind::RouteTable, name)));
            let body = VpcEndpoint {
                vpc_endpoint_type: if is_gateway { "Gateway" } else { "Interface" }.to_owned(),
                vpc_id: value(vpc_id()),
                service_name: format!("com.amazonaws.{}.{name}", self.cx.facts.region),
                route_table_ids: if is_gateway { tables.to_vec() } else { Vec::new() },
                subnet_ids: if is_gateway { Vec::new() } else { private("private") },
                security_group_ids: match is_gateway {
                    true => Vec::new(),
                    false => vec![id_of(group.clone())],
                },
                private_dns_enabled: (!is_gateway).then_some(true),
                tag_specifications: self.tags(&of, "vpc-endpoint"),
            };
            self.add(of.clone(), Body::VpcEndpoint(Box::new(body)), out);
            if !is_gateway {
                // Private names are refused before the VPC has names at all.
                out.wait(&of, vpc_id());
            }
        }
    }
}

#[cfg(test)]
#[path = "network_tests.rs"]
mod tests;
