use aws_sdk_acm::types as acm;

use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::verify::{CertificateLook, FileSystemLook};

impl Aws {
    /// A file system and its mount targets; nothing where there is none.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn look_at_file_system(
        &self,
        id: &str,
    ) -> Result<Option<FileSystemLook>, CloudError> {
        use aws_sdk_efs::types::LifeCycleState::{Deleted, Deleting};
        let pages = self.efs().describe_mount_targets().file_system_id(id).into_paginator();
        let all: Result<Vec<_>, _> = pages.items().send().collect().await;
        let all = match all.or_fail("efs:DescribeMountTargets") {
            Err(error) if error.is(&["FileSystemNotFound"]) => return Ok(None),
            answer => answer?,
        };
        let there = all.iter().filter(|t| !matches!(t.life_cycle_state(), Deleting | Deleted));
        let place = |target: &aws_sdk_efs::types::MountTargetDescription| {
            let zone = target.availability_zone_name().unwrap_or_default().to_owned();
            (zone, target.vpc_id().unwrap_or_default().to_owned())
        };
        Ok(Some(FileSystemLook { targets: there.map(place).collect() }))
    }

    /// A certificate by its ARN; nothing where there is none in the region.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn look_at_certificate(
        &self,
        arn: &str,
    ) -> Result<Option<CertificateLook>, CloudError> {
        let call = self.acm().describe_certificate().certificate_arn(arn);
        let found = match call.send().await.or_fail("acm:DescribeCertificate") {
            Err(error) if error.is(&["ResourceNotFoundException"]) => None,
            answer => answer?.certificate,
        };
        let look = |found: acm::CertificateDetail| {
            let mut names = found.subject_alternative_names().to_vec();
            names.extend(found.domain_name().map(str::to_owned));
            names.sort();
            names.dedup();
            CertificateLook {
                status: found.status().map_or("UNKNOWN", |status| status.as_str()).to_owned(),
                names,
                until: found.not_after().map(|time| time.secs()),
                is_renewed: found.r#type() == Some(&acm::CertificateType::AmazonIssued),
            }
        };
        Ok(found.map(look))
    }

    /// The capacity providers of a cluster, and how many services it has; nothing where there is no
    /// such cluster.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn look_at_cluster(
        &self,
        name: &str,
    ) -> Result<Option<(Vec<String>, usize)>, CloudError> {
        let found = self.find_cluster(name).await?;
        Ok(found.map(|cluster| {
            let services = usize::try_from(cluster.active_services_count()).unwrap_or_default();
            (cluster.capacity_providers().to_vec(), services)
        }))
    }
}
