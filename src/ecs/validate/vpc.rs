//! Networks of projects' own (EC2 API reference).

use super::{Report, Unique, tags};
use crate::compose::model::Cidr;
use crate::ecs::desired::{
    Address, CreateRoute, InternetGateway, Kind, NatGateway, RouteTable, Subnet, TagSpecification,
    Vpc, VpcEndpoint,
};

/// `CreateVpc`: /16 to /28; here to /24, so that its sixteenths are subnets.
pub(super) fn vpc(vpc: &Vpc, report: &mut Report<'_>) {
    let block = &vpc.create.cidr_block;
    if Cidr::parse(block).is_none() {
        report.fault(format!("{block:?} is no block of addresses"), "16 to 24 bits are given");
    }
    let both = |attribute: &crate::ecs::desired::ModifyVpcAttribute| {
        attribute.enable_dns_hostnames.is_some() == attribute.enable_dns_support.is_some()
    };
    if vpc.attributes.iter().any(both) {
        report.fault("it changes not exactly one attribute a call", "EC2 takes one at a time");
    }
    tagged(&vpc.create.tag_specifications, report);
}

/// `CreateSubnet`: blocks of one VPC do not overlap; of one size, they are never equal.
pub(super) fn subnet(subnet: &Subnet, unique: &mut Unique, report: &mut Report<'_>) {
    if subnet.availability_zone.is_empty() {
        report.fault("it has no zone", "a subnet stands in one zone");
    }
    unique.take(Kind::Subnet, &subnet.cidr_block, report);
    tagged(&subnet.tag_specifications, report);
}

pub(super) fn internet_gateway(gateway: &InternetGateway, report: &mut Report<'_>) {
    tagged(&gateway.create.tag_specifications, report);
}

pub(super) fn address(address: &Address, report: &mut Report<'_>) {
    tagged(&address.tag_specifications, report);
}

pub(super) fn nat_gateway(gateway: &NatGateway, report: &mut Report<'_>) {
    if gateway.connectivity_type != "public" {
        report.fault("it leads nowhere", "a private NAT gateway is no way to the Internet");
    }
    tagged(&gateway.tag_specifications, report);
}

/// `CreateRoute` takes one target; a subnet has one table.
pub(super) fn route_table(table: &RouteTable, unique: &mut Unique, report: &mut Report<'_>) {
    let one = |route: &CreateRoute| route.gateway_id.is_some() != route.nat_gateway_id.is_some();
    if !table.routes.iter().all(one) {
        report.fault("a route leads not to exactly one gateway", "this is a fault of decklift");
    }
    for association in &table.associations {
        unique.take(Kind::RouteTable, &association.subnet_id.to_string(), report);
    }
    tagged(&table.create.tag_specifications, report);
}

/// `CreateVpcEndpoint`: interfaces stand in subnets and carry groups, gateways stand in route tables.
pub(super) fn endpoint(endpoint: &VpcEndpoint, unique: &mut Unique, report: &mut Report<'_>) {
    let interface = !endpoint.subnet_ids.is_empty() && !endpoint.security_group_ids.is_empty();
    let good = match endpoint.vpc_endpoint_type.as_str() {
        "Interface" => interface && endpoint.route_table_ids.is_empty(),
        "Gateway" => !endpoint.route_table_ids.is_empty() && endpoint.subnet_ids.is_empty(),
        _ => false,
    };
    if !good {
        report.fault(
            format!("{:?} with what belongs to another type", endpoint.vpc_endpoint_type),
            "an interface takes subnets and security groups, a gateway route tables",
        );
    }
    // Two interfaces of one service cannot both have its name.
    unique.take(Kind::VpcEndpoint, &endpoint.service_name, report);
    tagged(&endpoint.tag_specifications, report);
}

fn tagged(list: &[TagSpecification], report: &mut Report<'_>) {
    for specification in list {
        tags::upper(&specification.tags, report);
    }
}
