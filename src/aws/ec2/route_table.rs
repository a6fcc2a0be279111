//! `ec2` route tables, with their ways out of the VPC and the subnets for which they hold.

use aws_sdk_ec2::types as sdk;

use super::{DETACH, changed, own, retag, specifications};
use crate::apply::cloud::{Changed, CloudError};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::Found;
use crate::aws::values::text;
use crate::ecs::desired::{
    AssociateRouteTable, Body, CreateRoute, CreateRouteTable, RouteTable, Value,
};

impl Aws {
    pub(in crate::aws) async fn create_route_table(
        &self,
        body: &RouteTable,
    ) -> Result<Changed, CloudError> {
        let CreateRouteTable { vpc_id, tag_specifications } = &body.create;
        let found = self.route_tables_of(own(tag_specifications)).await?.into_iter().next();
        let found = match found {
            Some(found) => found,
            None => {
                let call = self.ec2().create_route_table().vpc_id(text(vpc_id)?);
                let call = call.set_tag_specifications(specifications(tag_specifications));
                let answer = call.send().await.or_fail("ec2:CreateRouteTable")?;
                answer.route_table.unwrap_or_else(|| sdk::RouteTable::builder().build())
            }
        };
        self.settle_route_table(body, &found).await
    }

    pub(in crate::aws) async fn update_route_table(
        &self,
        body: &RouteTable,
    ) -> Result<Changed, CloudError> {
        let made = self.create_route_table(body).await?;
        if let Some(id) = made.attributes.values().next() {
            self.retag(id, &body.create.tag_specifications).await?;
        }
        Ok(made)
    }

    /// Brings routes and associations to what is wanted.
    async fn settle_route_table(
        &self,
        body: &RouteTable,
        found: &sdk::RouteTable,
    ) -> Result<Changed, CloudError> {
        let id = found.route_table_id().unwrap_or_default();
        let have: Vec<_> = found.routes().iter().filter(|route| is_way_out(route)).collect();
        for route in &body.routes {
            let to = &route.destination_cidr_block;
            match have.iter().find(|have| have.destination_cidr_block() == Some(to)) {
                Some(have) if leads(have, route)? => {}
                have => self.put_route(id, route, have.is_some()).await?,
            }
        }
        for gone in have {
            let to = gone.destination_cidr_block().unwrap_or_default();
            if !body.routes.iter().any(|route| route.destination_cidr_block == to) {
                let call = self.ec2().delete_route().route_table_id(id);
                let call = call.destination_cidr_block(to);
                match call.send().await.or_fail("ec2:DeleteRoute") {
                    Err(error) if !error.is(&["InvalidRoute.NotFound"]) => return Err(error),
                    _ => {}
                }
            }
        }
        for AssociateRouteTable { route_table_id: _, subnet_id } in &body.associations {
            let subnet = text(subnet_id)?;
            if !found.associations().iter().any(|have| have.subnet_id() == Some(subnet)) {
                self.associate(id, subnet).await?;
            }
        }
        Ok(changed(Some(id)))
    }

    async fn put_route(
        &self,
        table: &str,
        route: &CreateRoute,
        is_there: bool,
    ) -> Result<(), CloudError> {
        let CreateRoute { route_table_id: _, destination_cidr_block, gateway_id, nat_gateway_id } =
            route;
        let gateway = gateway_id.as_ref().map(text).transpose()?.map(str::to_owned);
        let nat = nat_gateway_id.as_ref().map(text).transpose()?.map(str::to_owned);
        if is_there {
            let call = self.ec2().replace_route().route_table_id(table);
            let call = call.destination_cidr_block(destination_cidr_block);
            let call = call.set_gateway_id(gateway).set_nat_gateway_id(nat);
            return call.send().await.or_fail("ec2:ReplaceRoute").map(|_| ());
        }
        let call = || async {
            let call = self.ec2().create_route().route_table_id(table);
            let call = call.destination_cidr_block(destination_cidr_block);
            let call = call.set_gateway_id(gateway.clone()).set_nat_gateway_id(nat.clone());
            call.send().await.or_fail("ec2:CreateRoute")
        };
        self.pace.persist(super::SETTLE, is_new, call).await.map(|_| ())
    }

    /// A subnet that another table holds for is taken over: it is the project's own.
    async fn associate(&self, table: &str, subnet: &str) -> Result<(), CloudError> {
        let call = || async {
            let call = self.ec2().associate_route_table().route_table_id(table).subnet_id(subnet);
            call.send().await.or_fail("ec2:AssociateRouteTable")
        };
        match self.pace.persist(super::SETTLE, is_new, call).await {
            Err(error) if error.is(&["Resource.AlreadyAssociated"]) => {
                let filters = vec![super::filter("association.subnet-id", [subnet.to_owned()])];
                let tables = self.route_tables_of(filters).await?;
                let mut all = tables.iter().flat_map(|table| table.associations());
                let found = all.find(|association| association.subnet_id() == Some(subnet));
                let Some(found) = found.filter(|found| found.route_table_id() != Some(table))
                else {
                    return Ok(());
                };
                let call = self.ec2().replace_route_table_association().route_table_id(table);
                let call = call.set_association_id(found.route_table_association_id.clone());
                call.send().await.or_fail("ec2:ReplaceRouteTableAssociation").map(|_| ())
            }
            answer => answer.map(|_| ()),
        }
    }

    pub(in crate::aws) async fn delete_route_table(&self, id: &str) -> Result<(), CloudError> {
        let filters = vec![super::filter("route-table-id", [id.to_owned()])];
        for table in self.route_tables_of(filters).await? {
            for association in table.associations() {
                let call = self.ec2().disassociate_route_table();
                let call = call.set_association_id(association.route_table_association_id.clone());
                match call.send().await.or_fail("ec2:DisassociateRouteTable") {
                    Err(error) if !error.is(&["InvalidAssociationID.NotFound"]) => {
                        return Err(error);
                    }
                    _ => {}
                }
            }
        }
        let call = || async {
            let call = self.ec2().delete_route_table().route_table_id(id);
            call.send().await.or_fail("ec2:DeleteRouteTable")
        };
        match self.pace.persist(DETACH, super::in_use, call).await {
            Err(error) if !error.is(&["InvalidRouteTableID.NotFound"]) => Err(error),
            _ => Ok(()),
        }
    }

    pub(in crate::aws) async fn route_tables_of(
        &self,
        filters: Vec<sdk::Filter>,
    ) -> Result<Vec<sdk::RouteTable>, CloudError> {
        let call = self.ec2().describe_route_tables().set_filters(Some(filters.clone()));
        let pages = call.into_paginator().items();
        let all: Result<Vec<sdk::RouteTable>, _> = pages.send().collect().await;
        let mut all = all.or_fail("ec2:DescribeRouteTables")?;
        all.retain(|found| super::fits(&filters, found.tags()));
        Ok(all)
    }
}

/// What was just made is not known to all of EC2 at once.
fn is_new(error: &CloudError) -> bool {
    error.is(&[
        "InvalidGatewayID.NotFound",
        "InvalidInternetGatewayID.NotFound",
        "InvalidNatGatewayID.NotFound",
        "InvalidRouteTableID.NotFound",
        "InvalidSubnetID.NotFound",
        "NatGatewayNotFound",
    ])
}

/// The way inside the VPC is always there, and those of gateway endpoints are theirs.
fn is_way_out(route: &sdk::Route) -> bool {
    route.destination_cidr_block().is_some()
        && route.gateway_id() != Some("local")
        && !route.gateway_id().is_some_and(|gateway| gateway.starts_with("vpce-"))
        && *route.origin().unwrap_or(&sdk::RouteOrigin::CreateRoute)
            != sdk::RouteOrigin::CreateRouteTable
}

fn leads(have: &sdk::Route, want: &CreateRoute) -> Result<bool, CloudError> {
    let want_gateway = want.gateway_id.as_ref().map(text).transpose()?;
    let want_nat = want.nat_gateway_id.as_ref().map(text).transpose()?;
    let works = have.state().is_none_or(|state| *state == sdk::RouteState::Active);
    Ok(works && have.gateway_id() == want_gateway && have.nat_gateway_id() == want_nat)
}

pub(super) fn observed_route_table(table: &sdk::RouteTable) -> Found {
    let id = table.route_table_id().unwrap_or_default();
    let routes = table.routes().iter().filter(|route| is_way_out(route)).map(|route| {
        // A way that leads nowhere is none.
        let works = route.state().is_none_or(|state| *state == sdk::RouteState::Active);
        let some = |id: Option<&str>| id.filter(|_| works).map(Value::from);
        CreateRoute {
            route_table_id: Value::from(id),
            destination_cidr_block: route.destination_cidr_block().unwrap_or_default().to_owned(),
            gateway_id: some(route.gateway_id()),
            nat_gateway_id: some(route.nat_gateway_id()),
        }
    });
    let subnets = table.associations().iter().filter_map(|association| association.subnet_id());
    let body = RouteTable {
        create: CreateRouteTable {
            vpc_id: Value::from(table.vpc_id().unwrap_or_default()),
            tag_specifications: retag("route-table", table.tags()),
        },
        routes: routes.collect(),
        associations: subnets
            .map(|subnet| AssociateRouteTable {
                route_table_id: Value::from(id),
                subnet_id: Value::from(subnet),
            })
            .collect(),
    };
    super::found(Body::RouteTable(Box::new(body)), id, table.tags())
}
