//! What the translation must know: the caller's account, and the network.

use std::collections::BTreeMap;

use aws_config::retry::RetryConfig;
use aws_sdk_ec2::types as sdk;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use futures_util::future::{try_join, try_join4};

use super::Aws;
use super::connect::Identity;
use super::error::OrFail;
use super::network::{NetworkRequest, RouteTable, Subnet, choose, problem};
use crate::apply::cloud::CloudError;
use crate::ecs::facts::{Facts, NetworkFacts};

impl Aws {
    /// Everything but the images, of which AWS knows nothing before they are built, and the secrets;
    /// see [`Aws::secret_arns`].
    ///
    /// # Errors
    ///
    /// When AWS does not answer, or the network cannot carry the project; the help says what to set
    /// under `x-ecs`.
    pub async fn facts(&self, request: &NetworkRequest) -> Result<Facts, CloudError> {
        let existing = self.existing_balancers(&request.existing);
        let certificates = self.certificates(request.certificate.as_deref());
        let (identity, network, balancers, certificates) =
            try_join4(self.identity(), self.network(request), existing, certificates).await?;
        Ok(Facts {
            partition: identity.partition.clone(),
            account: identity.account.clone(),
            region: self.region().to_owned(),
            network,
            balancers,
            images: BTreeMap::new(),
            cached: BTreeMap::new(),
            pinned: BTreeMap::new(),
            secrets: BTreeMap::new(),
            paths: BTreeMap::new(),
            certificates,
        })
    }

    /// Who calls. Asked once.
    ///
    /// # Errors
    ///
    /// When AWS does not accept the credentials, or does not answer.
    pub async fn identity(&self) -> Result<&Identity, CloudError> {
        self.identity
            .get_or_try_init(|| async {
                let answer = self.first_call().await?;
                let arn = answer.arn().unwrap_or_default().to_owned();
                let partition = arn.split(':').nth(1).filter(|part| !part.is_empty());
                Ok(Identity {
                    partition: partition.unwrap_or("aws").to_owned(),
                    account: answer.account().unwrap_or_default().to_owned(),
                    arn,
                })
            })
            .await
    }

    /// The first call of every command. An endpoint to which no connection can be made is said at
    /// once, instead of after every try that a call has later on.
    async fn first_call(&self) -> Result<GetCallerIdentityOutput, CloudError> {
        let once = aws_sdk_sts::config::Builder::new().retry_config(RetryConfig::disabled());
        let again = |error: &CloudError, tries| {
            error.is_transient() && (tries < 2 || !error.is_unconnected())
        };
        let call = || async {
            let call = self.sts().get_caller_identity().customize();
            call.config_override(once.clone()).send().await.or_fail("sts:GetCallerIdentity")
        };
        self.pace.retry(again, call).await.map_err(|error| self.about_credentials(error))
    }

    async fn certificates(
        &self,
        domain: Option<&str>,
    ) -> Result<BTreeMap<String, String>, CloudError> {
        let Some(domain) = domain else { return Ok(BTreeMap::new()) };
        // The first call of all says best what is wrong with the connection.
        self.identity().await?;
        Ok(BTreeMap::from([(domain.to_owned(), self.certificate_of(domain).await?)]))
    }

    async fn network(&self, request: &NetworkRequest) -> Result<NetworkFacts, CloudError> {
        let vpc = match (&request.vpc, request.subnets.first()) {
            (Some(vpc), _) => vpc.clone(),
            (None, Some(subnet)) => self.vpc_of(subnet).await?,
            (None, None) => self.default_vpc().await?,
        };
        let (subnets, tables) = try_join(self.subnets(&vpc), self.route_tables(&vpc)).await?;
        if subnets.is_empty() {
            return Err(problem(format!("{vpc} has no subnets, or does not exist"))
                .help("name another VPC in x-ecs.vpc"));
        }
        choose(request, &vpc, &subnets, &tables)
    }

    async fn default_vpc(&self) -> Result<String, CloudError> {
        let answer = self
            .ec2()
            .describe_vpcs()
            .filters(super::ec2::filter("is-default", ["true".to_owned()]))
            .send()
            .await
            .or_fail("ec2:DescribeVpcs")?;
        let id = answer.vpcs().iter().find_map(|vpc| vpc.vpc_id().map(str::to_owned));
        id.ok_or_else(|| {
            problem(format!("{} has no default VPC", self.region())).help(
                "name a VPC in x-ecs.vpc (and, to choose, x-ecs.subnets), or make a default one \
                 with `aws ec2 create-default-vpc`",
            )
        })
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

    async fn subnets(&self, vpc: &str) -> Result<Vec<Subnet>, CloudError> {
        let all: Vec<sdk::Subnet> = self
            .ec2()
            .describe_subnets()
            .filters(super::ec2::filter("vpc-id", [vpc.to_owned()]))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .or_fail("ec2:DescribeSubnets")?;
        let available = |subnet: &&sdk::Subnet| {
            subnet.state().is_none_or(|state| *state == sdk::SubnetState::Available)
        };
        Ok(all
            .iter()
            .filter(available)
            .filter_map(|subnet| {
                let zone = subnet.availability_zone().unwrap_or_default().to_owned();
                Some(Subnet { id: subnet.subnet_id()?.to_owned(), zone })
            })
            .collect())
    }

    pub(super) async fn route_tables(&self, vpc: &str) -> Result<Vec<RouteTable>, CloudError> {
        let all: Vec<sdk::RouteTable> = self
            .ec2()
            .describe_route_tables()
            .filters(super::ec2::filter("vpc-id", [vpc.to_owned()]))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .or_fail("ec2:DescribeRouteTables")?;
        Ok(all.iter().map(route_table).collect())
    }
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
