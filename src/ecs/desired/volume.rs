use serde::{Deserialize, Serialize};

use super::{Tag, Value};

/// `ecs ServiceVolumeConfiguration`, and `TaskVolumeConfiguration` of a job: what a volume of the task
/// definition is that says no more than `configuredAtLaunch`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VolumeConfiguration {
    /// The volume's name in the task definition.
    pub name: String,
    /// The volume that is made for each task.
    #[serde(rename = "managedEBSVolume")]
    pub managed_ebs_volume: ManagedEbsVolume,
}

/// `ecs ServiceManagedEBSVolumeConfiguration`, and `TaskManagedEBSVolumeConfiguration` of a job
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedEbsVolume {
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// The key, where it is not AWS's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// `gp3` …
    pub volume_type: String,
    /// GiB; the snapshot's where it is not said.
    #[serde(rename = "sizeInGiB", default, skip_serializing_if = "Option::is_none")]
    pub size_in_gib: Option<i32>,
    /// What is in it at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_id: Option<String>,
    /// MiB/s in which a snapshot is read into it; overrides alone set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume_initialization_rate: Option<i32>,
    /// Operations a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iops: Option<i32>,
    /// MiB/s
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<i32>,
    /// How the volume is tagged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tag_specifications: Vec<EbsTagSpecification>,
    /// The role with which ECS makes the volume and takes it away.
    pub role_arn: Value,
    /// Of a job: what becomes of it. Volumes of a service always go with their task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub termination_policy: Option<TerminationPolicy>,
    /// `xfs`, `ext3` or `ext4`
    pub filesystem_type: String,
}

/// `ecs EBSTagSpecification`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EbsTagSpecification {
    /// `volume`
    pub resource_type: String,
    /// Tags of the volume.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// `SERVICE`: it carries the service's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<String>,
}

/// `ecs TaskManagedEBSVolumeTerminationPolicy`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TerminationPolicy {
    /// Whether it goes with its task.
    pub delete_on_termination: bool,
}
