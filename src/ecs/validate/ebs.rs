//! Volumes of EBS's (ECS API reference, `Volume.configuredAtLaunch`, `ServiceVolumeConfiguration`,
//! `TaskVolumeConfiguration`; ECS developer guide, "Use Amazon EBS volumes with Amazon ECS").

use super::{Report, instance};
use crate::compose::model::EbsType;
use crate::ecs::desired::{ManagedEbsVolume, TaskDefinition, Value, VolumeConfiguration};

/// Who starts tasks.
pub(super) struct Launch<'a> {
    pub(super) volumes: &'a [VolumeConfiguration],
    pub(super) platform_version: &'a str,
    /// A service, not a job.
    pub(super) is_service: bool,
}

fn open(task: &TaskDefinition) -> impl Iterator<Item = &str> {
    let open = task.volumes.iter().filter(|volume| volume.configured_at_launch.is_some());
    open.map(|volume| volume.name.as_str())
}

pub(super) fn task(task: &TaskDefinition, report: &mut Report<'_>) {
    if open(task).count() > 1 {
        report.fault(
            "two volumes are configured at launch",
            "a task definition has one of them at most",
        );
    }
    let windows = task.runtime_platform.operating_system_family.starts_with("WINDOWS");
    if windows && instance::is_fargate(task) && open(task).next().is_some() {
        report.fault("a volume on EBS of Windows", "tasks on Fargate have them with Linux alone");
    }
}

/// EventBridge Scheduler's `EcsParameters` have no word for it.
pub(super) fn by_the_clock(task: Option<&TaskDefinition>, report: &mut Report<'_>) {
    if task.is_some_and(|task| open(task).next().is_some()) {
        report.fault(
            "nobody says what the volume is that its task definition leaves open",
            "a schedule starts tasks without volumes on EBS",
        );
    }
}

pub(super) fn configurations(
    launch: &Launch<'_>,
    task: Option<&TaskDefinition>,
    report: &mut Report<'_>,
) {
    if launch.volumes.len() > 1 {
        report.fault(format!("{} volumes", launch.volumes.len()), "a task has one on EBS at most");
    }
    let Some(task) = task else { return };
    let said: Vec<_> = launch.volumes.iter().map(|volume| volume.name.as_str()).collect();
    if !open(task).all(|name| said.contains(&name)) {
        report.fault(
            "nobody says what the volume is that its task definition leaves open",
            "a volume that is configured at launch stands in `volumeConfigurations`",
        );
    }
    if let Some(name) = said.iter().find(|name| !open(task).any(|open| open == **name)) {
        report.fault(
            format!("its task definition leaves no volume {name:?} open"),
            "`volumeConfigurations` are of volumes that are configured at launch",
        );
    }
    let old = match launch.platform_version {
        "" | "LATEST" => false,
        version => version.split('.').map_while(|n| n.parse::<u32>().ok()).lt([1, 4, 0]),
    };
    if old && !said.is_empty() {
        report.fault(
            format!("platform {} has no volumes on EBS", launch.platform_version),
            "Fargate has them from 1.4.0 on",
        );
    }
    for volume in launch.volumes {
        managed(&volume.managed_ebs_volume, launch, instance::is_fargate(task), report);
    }
}

fn managed(
    volume: &ManagedEbsVolume,
    launch: &Launch<'_>,
    on_fargate: bool,
    report: &mut Report<'_>,
) {
    let ManagedEbsVolume {
        encrypted,
        kms_key_id,
        volume_type,
        size_in_gib,
        snapshot_id,
        volume_initialization_rate: rate,
        iops,
        throughput,
        tag_specifications,
        role_arn,
        termination_policy,
        filesystem_type,
    } = volume;
    if matches!(role_arn, Value::Known(arn) if arn.is_empty()) {
        report.fault("nobody makes its volume", "ECS needs an infrastructure role for it");
    }
    if kms_key_id.is_some() && !encrypted {
        report.fault("a key and no encryption", "a volume with a key is encrypted");
    }
    if size_in_gib.is_none() && snapshot_id.is_none() {
        report.fault("a volume of no size", "ECS needs a size or a snapshot");
    }
    // ECS API reference, `ServiceManagedEBSVolumeConfiguration.volumeInitializationRate`
    if rate.is_some_and(|rate| !(100..=300).contains(&rate) || snapshot_id.is_none()) {
        report.fault("a rate of no snapshot", "a snapshot is read at 100 to 300 MiB/s");
    }
    if launch.is_service && termination_policy.is_some() {
        report.fault("a volume that stays", "those of a service always go with their task");
    }
    if !["xfs", "ext3", "ext4", "ntfs"].contains(&filesystem_type.as_str()) {
        report.fault(
            format!("{filesystem_type:?} is no file system"),
            "ECS makes xfs, ext3 and ext4, and ntfs for Windows",
        );
    }
    for specification in tag_specifications {
        super::tags::lower(&specification.tags, report);
        if specification.propagate_tags.is_some() && !launch.is_service {
            report.fault("tags of no service", "a task that is run by itself has none to give");
        }
    }
    let Some(kind) = EbsType::named(volume_type) else {
        report.fault(format!("{volume_type:?} is no type of volume"), "EBS has gp3 and others");
        return;
    };
    if kind == EbsType::Standard && on_fargate {
        report.fault("a magnetic volume on Fargate", "Fargate takes every other type");
    }
    let within = |value: i32, range: std::ops::RangeInclusive<u32>| {
        u32::try_from(value).is_ok_and(|value| range.contains(&value))
    };
    if size_in_gib.is_some_and(|size| !within(size, kind.sizes())) {
        let (least, most) = (*kind.sizes().start(), *kind.sizes().end());
        report.fault(
            format!("a volume of {} GiB", size_in_gib.unwrap_or_default()),
            format!("the type {volume_type} takes {least} to {most} GiB"),
        );
    }
    let good = match (iops, kind.iops()) {
        (Some(iops), Some(range)) => within(*iops, range),
        (Some(_), None) => false,
        (None, _) => !kind.needs_iops(),
    };
    if !good {
        report.fault(
            "operations a second that are not to be had",
            "io1 and io2 need them, gp3 takes them, each within its limits",
        );
    }
    if throughput.is_some_and(|t| kind != EbsType::Gp3 || !within(t, EbsType::THROUGHPUT)) {
        report.fault("a throughput that is not to be had", "gp3 takes 125 to 1000 MiB/s");
    }
}
