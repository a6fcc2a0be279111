//! Reads what ECS has of a stack.

use std::collections::BTreeSet;

use aws_sdk_ecs::types as sdk;
use futures_util::future::{try_join_all, try_join3};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::task_definition::family_of;
use super::{cluster, last_segment, shape};
use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::{Found, IN_FLIGHT, Orphans};
use crate::aws::tags::Owner;
use crate::ecs::desired::{Attribute, Body, Cluster, Desired};

/// What `DescribeServices` takes at once.
pub(super) const SERVICES: usize = 10;

/// What ECS has.
#[derive(Debug, Default)]
pub(in crate::aws) struct EcsFound {
    /// The cluster and its services.
    pub(in crate::aws) found: Vec<Found>,
    /// The families of task definitions that may be the stack's.
    pub(in crate::aws) families: BTreeSet<String>,
    /// Those of them, where that was asked, of which no revision is active any more: whoever was
    /// deleting them may have been killed half way.
    pub(in crate::aws) retired: BTreeSet<String>,
}

impl Aws {
    pub(in crate::aws) async fn read_ecs(
        &self,
        desired: &Desired,
        owner: Option<&Owner>,
        orphans: Orphans,
    ) -> Result<EcsFound, CloudError> {
        let wanted = desired.resources.values().find_map(|resource| match &resource.body {
            Body::Cluster(cluster) => Some(cluster),
            _ => None,
        });
        use sdk::TaskDefinitionFamilyStatus::{Active, Inactive};
        let retired = async {
            if orphans == Orphans::Everywhere {
                self.list_families(desired, Inactive).await
            } else {
                Ok(BTreeSet::new())
            }
        };
        let (mut found, families, mut retired) = try_join3(
            self.read_cluster(desired, wanted, orphans),
            self.list_families(desired, Active),
            retired,
        )
        .await?;
        retired.retain(|family| !families.contains(family));
        let is_there =
            |body: &Body| found.iter().any(|have| same_service(&have.observed.body, body));
        let mut services = desired.resources.values().map(|resource| &resource.body);
        let is_missing = services.any(|body| matches!(body, Body::Service(_)) && !is_there(body));
        if orphans == Orphans::Everywhere || orphans == Orphans::ByTraces && is_missing {
            found.extend(self.read_elsewhere(desired, owner).await?);
        }
        Ok(EcsFound { found, families, retired })
    }

    /// The cluster and its services; of a cluster that is not the stack's the services alone.
    async fn read_cluster(
        &self,
        desired: &Desired,
        wanted: Option<&Cluster>,
        orphans: Orphans,
    ) -> Result<Vec<Found>, CloudError> {
        let name = desired.cluster_name();
        let names: Vec<String> = desired
            .resources
            .values()
            .filter_map(|resource| match &resource.body {
                Body::Service(service) => Some(service.service_name.clone()),
                _ => None,
            })
            .collect();
        // Those that are desired need not be listed first.
        let (cluster, arns, mut services) = try_join3(
            self.find_cluster(name),
            async {
                match orphans {
                    Orphans::None => Ok(Vec::new()),
                    Orphans::Everywhere | Orphans::ByTraces => self.list_services(name).await,
                }
            },
            self.describe_all(name, &names),
        )
        .await?;
        let Some(cluster) = cluster else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        if desired.cluster.is_none() {
            found.push(cluster::observed(&cluster, wanted));
        }
        let others: Vec<String> = arns
            .into_iter()
            .filter(|arn| !names.iter().any(|wanted| wanted == last_segment(arn)))
            .collect();
        services.extend(self.describe_all(name, &others).await?);
        found.extend(services.iter().filter_map(shape::from_sdk));
        Ok(found)
    }

    /// The services of these names, as far as they are there.
    pub(in crate::aws) async fn read_services_named(
        &self,
        cluster: &str,
        names: &[String],
    ) -> Result<Vec<Found>, CloudError> {
        Ok(self.describe_all(cluster, names).await?.iter().filter_map(shape::from_sdk).collect())
    }

    pub(super) async fn describe_all(
        &self,
        cluster: &str,
        services: &[String],
    ) -> Result<Vec<sdk::Service>, CloudError> {
        let batches = services.chunks(SERVICES).map(|batch| self.describe_services(cluster, batch));
        Ok(try_join_all(batches).await?.into_iter().flatten().collect())
    }

    pub(super) async fn list_services(&self, cluster: &str) -> Result<Vec<String>, CloudError> {
        let pages = self.ecs().list_services().cluster(cluster).max_results(100).into_paginator();
        let all = pages.items().send().collect::<Result<_, _>>().await;
        match all.or_fail("ecs:ListServices") {
            Err(error) if error.is(&["ClusterNotFoundException"]) => Ok(Vec::new()),
            answer => answer,
        }
    }

    /// Every family of this stack, also those that nothing desires any more. Which of these are ours, the
    /// tags of their revisions say: `shop-web` may be the `web` of `shop`, and `shop-prod-web` is that of
    /// `shop-prod`.
    async fn list_families(
        &self,
        desired: &Desired,
        status: sdk::TaskDefinitionFamilyStatus,
    ) -> Result<BTreeSet<String>, CloudError> {
        let wanted: BTreeSet<_> = desired
            .resources
            .values()
            .filter_map(|resource| match &resource.body {
                Body::TaskDefinition(task) => Some(task.family.as_str()),
                _ => None,
            })
            .collect();
        let prefix = format!("{}-", desired.stack);
        let families: Vec<String> = self
            .ecs()
            .list_task_definition_families()
            .family_prefix(&desired.stack)
            .status(status)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .or_fail("ecs:ListTaskDefinitionFamilies")?;
        let ours =
            |family: &String| wanted.contains(family.as_str()) || family.starts_with(&prefix);
        Ok(families.into_iter().filter(ours).collect())
    }

    /// The revisions that services use, where these are not the newest.
    pub(super) async fn read_in_use(
        &self,
        services: &[Found],
        newest: &[Found],
    ) -> Result<Vec<Found>, CloudError> {
        let known: BTreeSet<_> = newest
            .iter()
            .filter_map(|found| found.observed.attributes.get(&Attribute::Arn))
            .collect();
        let families: BTreeSet<_> = known.iter().map(|arn| family_of(arn)).collect();
        let used: BTreeSet<String> = services
            .iter()
            .filter_map(|found| match &found.observed.body {
                Body::Service(service) => service.task_definition.known().map(str::to_owned),
                _ => None,
            })
            .filter(|arn| !known.contains(arn) && families.contains(family_of(arn)))
            .collect();
        stream::iter(used)
            .map(|arn| async move { self.find_task_definition(last_segment(&arn)).await })
            .buffered(IN_FLIGHT)
            .try_filter_map(|found| async move { Ok(found) })
            .try_collect()
            .await
    }
}

/// Whether both are a service of one name.
fn same_service(one: &Body, other: &Body) -> bool {
    match (one, other) {
        (Body::Service(one), Body::Service(other)) => one.service_name == other.service_name,
        _ => false,
    }
}
