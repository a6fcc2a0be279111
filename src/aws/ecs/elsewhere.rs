//! What a stack has of ECS in another cluster than the wanted one: the file named another one before.

use std::collections::BTreeMap;

use aws_sdk_resourcegroupstagging::types::TagFilter;

use super::{cluster, last_segment, shape};
use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::Found;
use crate::aws::tags::{ENVIRONMENT, Owner, PROJECT};
use crate::ecs::desired::Desired;

impl Aws {
    /// The services of this owner in other clusters, and the cluster of its own that it no longer uses.
    /// ECS lists the services of one cluster at a time, so it is asked for tags; whoever may not ask has
    /// nothing there.
    pub(super) async fn read_elsewhere(
        &self,
        desired: &Desired,
        owner: Option<&Owner>,
    ) -> Result<Vec<Found>, CloudError> {
        let Some(owner) = owner else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for (cluster, names) in self.clusters_of(owner).await {
            if cluster != desired.cluster_name() {
                let services = self.describe_all(&cluster, &names).await?;
                found.extend(services.iter().filter_map(shape::from_sdk));
            }
        }
        if desired.cluster_name() != desired.stack
            && let Some(own) = self.find_cluster(&desired.stack).await?
        {
            let own = cluster::observed(&own, None);
            found.extend(own.is_of(Some(owner)).then_some(own));
        }
        Ok(found)
    }

    /// The names of an owner's services by their cluster.
    async fn clusters_of(&self, owner: &Owner) -> BTreeMap<String, Vec<String>> {
        let filter = |key: &str, value: &str| TagFilter::builder().key(key).values(value).build();
        let call = self
            .tagging()
            .get_resources()
            .tag_filters(filter(PROJECT, &owner.project))
            .tag_filters(filter(ENVIRONMENT, &owner.environment))
            .resource_type_filters("ecs:service");
        let pages: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
        let mut clusters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for found in pages.or_fail("tag:GetResources").unwrap_or_default() {
            let arn = found.resource_arn().unwrap_or_default();
            if let Some(cluster) = cluster_of(arn) {
                clusters.entry(cluster.to_owned()).or_default().push(last_segment(arn).to_owned());
            }
        }
        clusters
    }
}

/// The cluster in `arn:…:service/CLUSTER/NAME`; old ARNs name none.
fn cluster_of(arn: &str) -> Option<&str> {
    let mut parts = arn.rsplit(':').next()?.strip_prefix("service/")?.split('/');
    let (cluster, name) = (parts.next()?, parts.next());
    name.map(|_| cluster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_says_the_cluster() {
        let of =
            |end: &str| cluster_of(&format!("arn:aws:ecs:eu-west-1:1:{end}")).map(str::to_owned);
        assert_eq!(of("service/shop/shop-web").as_deref(), Some("shop"));
        assert_eq!(of("service/shop-web"), None);
        assert_eq!(of("task/shop/0a"), None);
    }
}
