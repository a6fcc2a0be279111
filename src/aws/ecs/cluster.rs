//! `ecs` clusters.

use aws_sdk_ecs::types::{Cluster as SdkCluster, ClusterField};

use super::SETTLE;
use crate::apply::cloud::{Changed, CloudError};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::linked_role::is_missing;
use crate::aws::observe::Found;
use crate::aws::tags;
use crate::ecs::desired::{Attribute, Body, Cluster};

impl Aws {
    /// `CreateCluster` gives back a cluster that exists, whoever made it, so that is asked first
    /// when the answer carries foreign tags.
    pub(in crate::aws) async fn create_cluster(
        &self,
        body: &Cluster,
    ) -> Result<Changed, CloudError> {
        if let Some(found) = self.find_cluster(&body.cluster_name).await? {
            let wanted = Body::Cluster(body.clone());
            let have = super::tags(found.tags());
            tags::check("ecs:CreateCluster", &wanted, &body.cluster_name, &have)?;
            return Ok(changed(found.cluster_arn()));
        }
        let call = || async {
            self.ecs()
                .create_cluster()
                .cluster_name(&body.cluster_name)
                .set_capacity_providers(Some(body.capacity_providers.clone()))
                .set_tags(super::to_sdk_tags(&body.tags))
                .send()
                .await
                .or_fail("ecs:CreateCluster")
        };
        // The first cluster of an account makes its service-linked role, which takes a moment.
        let linked = || async { self.linking(call().await).await };
        let made = self.pace.persist(SETTLE, is_missing, linked).await?;
        Ok(changed(made.cluster().and_then(SdkCluster::cluster_arn)))
    }

    pub(in crate::aws) async fn update_cluster(
        &self,
        body: &Cluster,
    ) -> Result<Changed, CloudError> {
        let found = self.find_cluster(&body.cluster_name).await?;
        let Some(found) = found else { return self.create_cluster(body).await };
        let (have, want) = (found.capacity_providers(), &body.capacity_providers);
        if want.iter().any(|provider| !have.contains(provider)) {
            // Providers and the default strategy of a cluster are merged, never replaced: services
            // that are not ours may use them.
            let mut all = have.to_vec();
            all.extend(want.iter().filter(|provider| !have.contains(provider)).cloned());
            self.pace
                .persist(
                    SETTLE,
                    |error| error.is(&["UpdateInProgressException", "ResourceInUseException"]),
                    || async {
                        self.ecs()
                            .put_cluster_capacity_providers()
                            .cluster(&body.cluster_name)
                            .set_capacity_providers(Some(all.clone()))
                            .set_default_capacity_provider_strategy(Some(
                                found.default_capacity_provider_strategy().to_vec(),
                            ))
                            .send()
                            .await
                            .or_fail("ecs:PutClusterCapacityProviders")
                    },
                )
                .await?;
        }
        if let (Some(arn), Some(tags)) = (found.cluster_arn(), super::to_sdk_tags(&body.tags)) {
            self.tag_ecs(arn, tags).await?;
        }
        Ok(changed(found.cluster_arn()))
    }

    pub(in crate::aws) async fn delete_cluster(&self, body: &Cluster) -> Result<(), CloudError> {
        let passes = |error: &CloudError| {
            error.is(&[
                "ClusterContainsTasksException",
                "ClusterContainsServicesException",
                "UpdateInProgressException",
            ])
        };
        let call = || async {
            self.ecs()
                .delete_cluster()
                .cluster(&body.cluster_name)
                .send()
                .await
                .or_fail("ecs:DeleteCluster")
        };
        match self.stop_jobs(&body.cluster_name).await {
            Err(error) if error.is(&["ClusterNotFoundException"]) => return Ok(()),
            answer => answer?,
        }
        match self.pace.persist(super::DRAIN, passes, call).await {
            Err(error) if !error.is(&["ClusterNotFoundException"]) => Err(error),
            _ => Ok(()),
        }
    }

    /// The cluster, when it is there; one that was deleted is described as INACTIVE for a while.
    pub(in crate::aws) async fn find_cluster(
        &self,
        name: &str,
    ) -> Result<Option<SdkCluster>, CloudError> {
        let answer = self
            .ecs()
            .describe_clusters()
            .clusters(name)
            .include(ClusterField::Tags)
            .send()
            .await
            .or_fail("ecs:DescribeClusters")?;
        let active = |cluster: &SdkCluster| cluster.status() != Some("INACTIVE");
        Ok(answer.clusters.unwrap_or_default().into_iter().find(active))
    }

    pub(super) async fn tag_ecs(
        &self,
        arn: &str,
        tags: Vec<aws_sdk_ecs::types::Tag>,
    ) -> Result<(), CloudError> {
        let call = self.ecs().tag_resource().resource_arn(arn).set_tags(Some(tags));
        call.send().await.or_fail("ecs:TagResource").map(|_| ())
    }
}

/// A cluster as it was read, in the words of Desired. Of its providers only those that are wanted
/// count: others may be somebody else's.
pub(super) fn observed(cluster: &SdkCluster, wanted: Option<&Cluster>) -> Found {
    let tags = super::tags(cluster.tags());
    let have = cluster.capacity_providers();
    let capacity_providers = match wanted {
        Some(wanted) => {
            wanted.capacity_providers.iter().filter(|p| have.contains(p)).cloned().collect()
        }
        None => have.to_vec(),
    };
    let body = Cluster {
        cluster_name: cluster.cluster_name().unwrap_or_default().to_owned(),
        capacity_providers,
        tags: tags::to_lower(&tags),
    };
    Found::new(Body::Cluster(body)).with(Attribute::Arn, cluster.cluster_arn()).tagged(tags)
}

fn changed(arn: Option<&str>) -> Changed {
    let attributes = arn.map(|arn| (Attribute::Arn, arn.to_owned())).into_iter().collect();
    Changed { attributes, deployment: None, detail: None }
}
