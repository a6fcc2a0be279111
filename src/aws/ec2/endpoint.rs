//! `ec2` VPC endpoints: ways to services of AWS that do not leave the VPC.

use std::time::Duration;

use aws_sdk_ec2::types as sdk;

use super::{changed, own, retag, specifications};
use crate::apply::cloud::{Changed, CloudError, CloudErrorKind};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::Found;
use crate::aws::values::{text, texts};
use crate::ecs::desired::{Body, Value, VpcEndpoint};

/// How long an endpoint may take to come or to go.
const SETTLE: Duration = Duration::from_secs(10 * 60);

impl Aws {
    /// Returns when it is there: tasks that start before would find no way.
    pub(in crate::aws) async fn create_vpc_endpoint(
        &self,
        body: &VpcEndpoint,
    ) -> Result<Changed, CloudError> {
        let VpcEndpoint {
            vpc_endpoint_type,
            vpc_id,
            service_name,
            route_table_ids,
            subnet_ids,
            security_group_ids,
            private_dns_enabled,
            tag_specifications,
        } = body;
        let some =
            |values: &[Value]| Ok::<_, CloudError>((!values.is_empty()).then_some(texts(values)?));
        let found = self.vpc_endpoints(own(tag_specifications)).await?.into_iter().next();
        let id = match found {
            Some(found) => found.vpc_endpoint_id,
            None => {
                let call = self.ec2().create_vpc_endpoint();
                let call = call.vpc_endpoint_type(vpc_endpoint_type.as_str().into());
                let call = call.vpc_id(text(vpc_id)?).service_name(service_name);
                let call = call.set_route_table_ids(some(route_table_ids)?);
                let call = call.set_subnet_ids(some(subnet_ids)?);
                let call = call.set_security_group_ids(some(security_group_ids)?);
                let call = call.set_private_dns_enabled(*private_dns_enabled);
                let call = call.set_tag_specifications(specifications(tag_specifications));
                let answer = call.send().await.or_fail("ec2:CreateVpcEndpoint")?;
                answer.vpc_endpoint.and_then(|endpoint| endpoint.vpc_endpoint_id)
            }
        }
        .unwrap_or_default();
        let operation = "ec2:CreateVpcEndpoint";
        self.pace
            .until(operation, "making the VPC endpoint", SETTLE, || async {
                let found = self.vpc_endpoint(&id).await?;
                let state = found.as_ref().and_then(|endpoint| endpoint.state());
                match state.map(|state| state.as_str().to_ascii_lowercase()).as_deref() {
                    Some("available") => Ok(Some(())),
                    Some(state @ ("failed" | "rejected" | "expired")) => {
                        let message = format!("the endpoint of {service_name} is {state}");
                        Err(CloudError::new(CloudErrorKind::Service, operation, message)
                            .help("delete the endpoint, and run the same command again"))
                    }
                    _ => Ok(None),
                }
            })
            .await?;
        Ok(changed(Some(&id)))
    }

    pub(in crate::aws) async fn update_vpc_endpoint(
        &self,
        body: &VpcEndpoint,
    ) -> Result<Changed, CloudError> {
        let tags = &body.tag_specifications;
        let Some(found) = self.vpc_endpoints(own(tags)).await?.into_iter().next() else {
            return self.create_vpc_endpoint(body).await;
        };
        let id = found.vpc_endpoint_id().unwrap_or_default().to_owned();
        let groups: Vec<String> =
            found.groups().iter().filter_map(|g| g.group_id().map(str::to_owned)).collect();
        let tables = difference(found.route_table_ids(), &texts(&body.route_table_ids)?);
        let subnets = difference(found.subnet_ids(), &texts(&body.subnet_ids)?);
        let groups = difference(&groups, &texts(&body.security_group_ids)?);
        let names = (found.private_dns_enabled() != body.private_dns_enabled)
            .then_some(body.private_dns_enabled)
            .flatten();
        let same = [&tables, &subnets, &groups]
            .iter()
            .all(|(add, remove)| add.is_none() && remove.is_none());
        if !same || names.is_some() {
            let call = self.ec2().modify_vpc_endpoint().vpc_endpoint_id(&id);
            let call = call.set_add_route_table_ids(tables.0).set_remove_route_table_ids(tables.1);
            let call = call.set_add_subnet_ids(subnets.0).set_remove_subnet_ids(subnets.1);
            let call = call.set_add_security_group_ids(groups.0);
            let call = call.set_remove_security_group_ids(groups.1).set_private_dns_enabled(names);
            call.send().await.or_fail("ec2:ModifyVpcEndpoint")?;
        }
        self.retag(&id, tags).await
    }

    /// Returns when it is gone: until then its interfaces hold subnets and groups.
    pub(in crate::aws) async fn delete_vpc_endpoint(&self, id: &str) -> Result<(), CloudError> {
        let call = self.ec2().delete_vpc_endpoints().vpc_endpoint_ids(id);
        let answer = call.send().await.or_fail("ec2:DeleteVpcEndpoints")?;
        // What could not be deleted is told in an answer that is none of failure.
        let error = answer.unsuccessful().iter().find_map(|item| item.error());
        if let Some(error) = error.filter(|e| e.code() != Some("InvalidVpcEndpointId.NotFound")) {
            let message = error.message().or(error.code()).unwrap_or("refused").to_owned();
            return Err(CloudError {
                code: error.code().map(str::to_owned),
                ..CloudError::new(CloudErrorKind::Service, "ec2:DeleteVpcEndpoints", message)
            });
        }
        self.pace
            .until("ec2:DeleteVpcEndpoints", "deleting the VPC endpoint", SETTLE, || async {
                let found = self.vpc_endpoint(id).await?;
                let gone = found.is_none_or(|endpoint| {
                    endpoint.state().is_some_and(|s| s.as_str().eq_ignore_ascii_case("deleted"))
                });
                Ok(gone.then_some(()))
            })
            .await
    }

    async fn vpc_endpoint(&self, id: &str) -> Result<Option<sdk::VpcEndpoint>, CloudError> {
        let call = self.ec2().describe_vpc_endpoints().vpc_endpoint_ids(id);
        match call.send().await.or_fail("ec2:DescribeVpcEndpoints") {
            Err(error) if error.is(&["InvalidVpcEndpointId.NotFound"]) => Ok(None),
            answer => Ok(answer?.vpc_endpoints.unwrap_or_default().into_iter().next()),
        }
    }

    /// Those that are not on their way out.
    pub(super) async fn vpc_endpoints(
        &self,
        filters: Vec<sdk::Filter>,
    ) -> Result<Vec<sdk::VpcEndpoint>, CloudError> {
        let call = self.ec2().describe_vpc_endpoints().set_filters(Some(filters.clone()));
        let pages = call.into_paginator().items();
        let all: Result<Vec<sdk::VpcEndpoint>, _> = pages.send().collect().await;
        let mut all = all.or_fail("ec2:DescribeVpcEndpoints")?;
        all.retain(|endpoint| {
            let state = endpoint.state().map(|state| state.as_str().to_ascii_lowercase());
            super::fits(&filters, endpoint.tags())
                && !matches!(state.as_deref(), Some("deleting" | "deleted"))
        });
        Ok(all)
    }
}

/// What has to be added and taken away.
fn difference(have: &[String], want: &[String]) -> (Option<Vec<String>>, Option<Vec<String>>) {
    let less = |all: &[String], other: &[String]| {
        let rest: Vec<String> = all.iter().filter(|one| !other.contains(one)).cloned().collect();
        (!rest.is_empty()).then_some(rest)
    };
    (less(want, have), less(have, want))
}

pub(super) fn observed_vpc_endpoint(endpoint: &sdk::VpcEndpoint) -> Found {
    let values = |list: &[String]| list.iter().map(|id| Value::from(id.as_str())).collect();
    let kind = endpoint.vpc_endpoint_type().map_or("Gateway", |kind| kind.as_str());
    let groups = endpoint.groups().iter().filter_map(|group| group.group_id());
    let is_gateway = kind == "Gateway";
    let body = VpcEndpoint {
        vpc_endpoint_type: kind.to_owned(),
        vpc_id: Value::from(endpoint.vpc_id().unwrap_or_default()),
        service_name: endpoint.service_name().unwrap_or_default().to_owned(),
        route_table_ids: values(endpoint.route_table_ids()),
        subnet_ids: values(endpoint.subnet_ids()),
        security_group_ids: groups.map(Value::from).collect(),
        private_dns_enabled: endpoint.private_dns_enabled().filter(|_| !is_gateway),
        tag_specifications: retag("vpc-endpoint", endpoint.tags()),
    };
    let id = endpoint.vpc_endpoint_id().unwrap_or_default();
    super::found(Body::VpcEndpoint(Box::new(body)), id, endpoint.tags())
}
