use aws_sdk_ec2::types as sdk;

use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::ec2::filter;
use crate::aws::error::OrFail;
use crate::verify::GroupLook;

impl Aws {
    /// The services that a VPC has endpoints for: `com.amazonaws.REGION.ecr.dkr` …
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn look_at_endpoints(&self, vpc: &str) -> Result<Vec<String>, CloudError> {
        let call = self.ec2().describe_vpc_endpoints();
        let pages = call.filters(filter("vpc-id", [vpc.to_owned()])).into_paginator();
        let all: Result<Vec<_>, _> = pages.items().send().collect().await;
        let all = all.or_fail("ec2:DescribeVpcEndpoints")?;
        let usable = |endpoint: &&sdk::VpcEndpoint| {
            endpoint.state().is_none_or(|state| state.as_str().eq_ignore_ascii_case("available"))
        };
        let names = all.iter().filter(usable).filter_map(|endpoint| endpoint.service_name());
        Ok(names.map(str::to_owned).collect())
    }

    /// Those of these security groups that there are.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn look_at_groups(&self, ids: &[String]) -> Result<Vec<GroupLook>, CloudError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        // By filter: an id that is not there is no error then.
        let call = self.ec2().describe_security_groups();
        let pages = call.filters(filter("group-id", ids.iter().cloned())).into_paginator();
        let all: Result<Vec<_>, _> = pages.items().send().collect().await;
        let all = all.or_fail("ec2:DescribeSecurityGroups")?;
        let look = |group: &sdk::SecurityGroup| {
            let vpc = group.vpc_id().unwrap_or_default().to_owned();
            Some(GroupLook { id: group.group_id()?.to_owned(), vpc })
        };
        Ok(all.iter().filter_map(look).collect())
    }
}
