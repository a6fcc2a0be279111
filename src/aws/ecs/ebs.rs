//! Volumes of EBS's, to the SDK and back.

use aws_sdk_ecs::types as sdk;

use crate::apply::cloud::CloudError;
use crate::aws::values::{some, text};
use crate::ecs::desired::{
    EbsTagSpecification, ManagedEbsVolume, TerminationPolicy, Value, VolumeConfiguration,
};

/// What ECS writes on the volumes that it makes (ECS developer guide, "Use Amazon EBS volumes with
/// Amazon ECS").
const RESERVED: [&str; 2] = ["AmazonECSCreated", "AmazonECSManaged"];

/// As `CreateService` and `UpdateService` take them.
pub(super) fn of_service(
    volumes: &[VolumeConfiguration],
) -> Result<Vec<sdk::ServiceVolumeConfiguration>, CloudError> {
    let volumes = volumes.iter().map(|VolumeConfiguration { name, managed_ebs_volume }| {
        let ManagedEbsVolume {
            encrypted,
            kms_key_id,
            volume_type,
            size_in_gib,
            snapshot_id,
            volume_initialization_rate,
            iops,
            throughput,
            tag_specifications,
            role_arn,
            termination_policy: _, // a job's
            filesystem_type,
        } = managed_ebs_volume;
        let managed = sdk::ServiceManagedEbsVolumeConfiguration::builder()
            .encrypted(*encrypted)
            .set_kms_key_id(kms_key_id.clone())
            .volume_type(volume_type)
            .set_size_in_gib(*size_in_gib)
            .set_snapshot_id(snapshot_id.clone())
            .set_volume_initialization_rate(*volume_initialization_rate)
            .set_iops(*iops)
            .set_throughput(*throughput)
            .set_tag_specifications(some(specifications(tag_specifications)?))
            .role_arn(text(role_arn)?)
            .filesystem_type(filesystem_type.as_str().into())
            .build()?;
        Ok(sdk::ServiceVolumeConfiguration::builder()
            .name(name)
            .managed_ebs_volume(managed)
            .build()?)
    });
    volumes.collect()
}

/// As `RunTask` takes them.
pub(super) fn of_job(
    volumes: &[VolumeConfiguration],
) -> Result<Vec<sdk::TaskVolumeConfiguration>, CloudError> {
    let volumes = volumes.iter().map(|VolumeConfiguration { name, managed_ebs_volume }| {
        let ManagedEbsVolume {
            encrypted,
            kms_key_id,
            volume_type,
            size_in_gib,
            snapshot_id,
            volume_initialization_rate,
            iops,
            throughput,
            tag_specifications,
            role_arn,
            termination_policy,
            filesystem_type,
        } = managed_ebs_volume;
        let policy = termination_policy.as_ref().map(|policy| {
            let TerminationPolicy { delete_on_termination } = policy;
            sdk::TaskManagedEbsVolumeTerminationPolicy::builder()
                .delete_on_termination(*delete_on_termination)
                .build()
        });
        let managed = sdk::TaskManagedEbsVolumeConfiguration::builder()
            .encrypted(*encrypted)
            .set_kms_key_id(kms_key_id.clone())
            .volume_type(volume_type)
            .set_size_in_gib(*size_in_gib)
            .set_snapshot_id(snapshot_id.clone())
            .set_volume_initialization_rate(*volume_initialization_rate)
            .set_iops(*iops)
            .set_throughput(*throughput)
            .set_tag_specifications(some(specifications(tag_specifications)?))
            .role_arn(text(role_arn)?)
            .set_termination_policy(policy.transpose()?)
            .filesystem_type(filesystem_type.as_str().into())
            .build()?;
        Ok(sdk::TaskVolumeConfiguration::builder()
            .name(name)
            .managed_ebs_volume(managed)
            .build()?)
    });
    volumes.collect()
}

fn specifications(
    list: &[EbsTagSpecification],
) -> Result<Vec<sdk::EbsTagSpecification>, CloudError> {
    let list = list.iter().map(|EbsTagSpecification { resource_type, tags, propagate_tags }| {
        Ok(sdk::EbsTagSpecification::builder()
            .resource_type(resource_type.as_str().into())
            .set_tags(super::to_sdk_tags(tags))
            .set_propagate_tags(propagate_tags.as_deref().map(Into::into))
            .build()?)
    });
    list.collect()
}

/// A service's, as ECS has it; nothing where it is none of EBS's.
pub(super) fn from_sdk(volume: &sdk::ServiceVolumeConfiguration) -> Option<VolumeConfiguration> {
    let managed = volume.managed_ebs_volume()?;
    let back = |specification: &sdk::EbsTagSpecification| EbsTagSpecification {
        resource_type: specification.resource_type().as_str().to_owned(),
        tags: crate::aws::tags::to_lower(&super::tags(specification.tags()))
            .into_iter()
            .filter(|tag| !RESERVED.contains(&&*tag.key))
            .collect(),
        propagate_tags: specification
            .propagate_tags()
            .map(|from| from.as_str().to_owned())
            .filter(|from| from != "NONE"),
    };
    Some(VolumeConfiguration {
        name: volume.name().to_owned(),
        managed_ebs_volume: ManagedEbsVolume {
            // What decklift sends is always said; of others' services the default may be told.
            encrypted: managed.encrypted().unwrap_or(true),
            kms_key_id: managed.kms_key_id().map(str::to_owned),
            volume_type: managed.volume_type().unwrap_or("gp3").to_owned(),
            size_in_gib: managed.size_in_gib(),
            snapshot_id: managed.snapshot_id().map(str::to_owned),
            volume_initialization_rate: managed.volume_initialization_rate(),
            iops: managed.iops(),
            throughput: managed.throughput(),
            tag_specifications: managed.tag_specifications().iter().map(back).collect(),
            role_arn: Value::from(managed.role_arn()),
            termination_policy: None,
            filesystem_type: managed
                .filesystem_type()
                .map_or("xfs", |kind| kind.as_str())
                .to_owned(),
        },
    })
}
