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
        let vpc = &network.vpc_id;
        if request.makes_zones {
            self.make_zones(&request.records, vpc).await?;
        }
        let may_lack = request.may_lack_zones;
        let zones = self.zones_of(&request.records, vpc, &balancers, may_lack).await?;
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
            zones,
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
            (None, None) => return self.default_network(request).await,
        };
        let (subnets, tables) =
            try_join(self.subnets(Some(&vpc)), self.route_tables(Some(&vpc))).await?;
        chosen(request, &vpc, subnets, tables)
    }

    /// The default VPC is the one that has default subnets, so that all is known after one look; where
    /// those were deleted, it is asked for.
    async fn default_network(&self, request: &NetworkRequest) -> Result<NetworkFacts, CloudError> {
        let (subnets, tables) = try_join(self.subnets(None), self.route_tables(None)).await?;
        let default = subnets.iter().find(|(subnet, _)| subnet.is_default);
        let vpc = match default {
            Some((_, vpc)) => vpc.clone(),
            None => self.default_vpc().await?,
        };
        chosen(request, &vpc, subnets, tables)
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

    /// The subnets of a VPC, or of all, each with its VPC.
    async fn subnets(&self, vpc: Option<&str>) -> Result<Vec<(Subnet, String)>, CloudError> {
        let all: Vec<sdk::Subnet> = self
            .ec2()
            .describe_subnets()
            .set_filters(vpc.map(of_vpc))
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
            .filter_map(|found| Some((subnet(found)?, found.vpc_id()?.to_owned())))
            .collect())
    }

    /// The route tables of a VPC, or of all, each with its VPC.
    pub(super) async fn route_tables(
        &self,
        vpc: Option<&str>,
    ) -> Result<Vec<(RouteTable, String)>, CloudError> {
        let all: Vec<sdk::RouteTable> = self
            .ec2()
            .describe_route_tables()
            .set_filters(vpc.map(of_vpc))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .or_fail("ec2:DescribeRouteTables")?;
        let with_vpc = |table| Some((route_table(table), table.vpc_id()?.to_owned()));
        Ok(all.iter().filter_map(with_vpc).collect())
    }
}

/// A subnet as far as it is chosen by.
pub(super) fn subnet(found: &sdk::Subnet) -> Option<Subnet> {
    let is_default =
        found.default_for_az() == Some(true) && found.map_public_ip_on_launch() == Some(true);
    Some(Subnet {
        id: found.subnet_id()?.to_owned(),
        zone: found.availability_zone().unwrap_or_default().to_owned(),
        is_default,
    })
}

fn of_vpc(vpc: &str) -> Vec<sdk::Filter> {
    vec![super::ec2::filter("vpc-id", [vpc.to_owned()])]
}

/// What is used of a VPC, of what was read of it and perhaps of others.
fn chosen(
    request: &NetworkRequest,
    vpc: &str,
    subnets: Vec<(Subnet, String)>,
    tables: Vec<(RouteTable, String)>,
) -> Result<NetworkFacts, CloudError> {
    fn within<T>(all: Vec<(T, String)>, vpc: &str) -> Vec<T> {
        all.into_iter().filter(|(_, of)| of == vpc).map(|(found, _)| found).collect()
    }
    let subnets = within(subnets, vpc);
    if subnets.is_empty() {
        return Err(problem(format!("{vpc} has no subnets, or does not exist"))
            .help("name another VPC in x-ecs.vpc"));
    }
    choose(request, vpc, &subnets, &within(tables, vpc))
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
