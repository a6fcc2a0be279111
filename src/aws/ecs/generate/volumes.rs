//! Volumes of every kind.

use proptest::prelude::*;

use super::{on, option, options, sorted, tags, value, word};
use crate::ecs::desired::*;

pub(super) fn volumes() -> impl Strategy<Value = Vec<TaskVolume>> {
    let root = option(word().prop_map(|path| format!("/{path}")));
    let efs =
        (value(), option(value()), any::<bool>(), root).prop_map(|(system, point, iam, root)| {
            EfsVolumeConfiguration {
                file_system_id: system,
                // Nothing but the root goes with an access point.
                root_directory: root.filter(|_| point.is_none()),
                transit_encryption: "ENABLED".to_owned(),
                transit_encryption_port: None,
                authorization_config: (iam || point.is_some()).then(|| EfsAuthorizationConfig {
                    access_point_id: point,
                    iam: if iam { "ENABLED" } else { "DISABLED" }.to_owned(),
                }),
            }
        });
    let docker =
        (word(), options(), options()).prop_map(|(driver, driver_opts, labels)| DockerVolume {
            scope: "shared".to_owned(),
            autoprovision: Some(true),
            driver,
            driver_opts,
            labels,
        });
    let s3 = (word(), option(word()), option(word())).prop_map(|(system, root, point)| {
        let root_directory = root.filter(|_| point.is_none()).map(|path| format!("/{path}"));
        S3FilesVolume {
            file_system_arn: system,
            root_directory,
            transit_encryption_port: None,
            access_point_arn: point,
        }
    });
    let volume = (word(), option(efs), option(s3), option(docker), option(word()), on()).prop_map(
        |(name, efs, s3, docker, path, open)| {
            let s3 = s3.filter(|_| efs.is_none());
            let docker = docker.filter(|_| efs.is_none() && s3.is_none());
            let is_other = efs.is_some() || s3.is_some() || docker.is_some();
            let configured_at_launch = open.filter(|_| !is_other);
            let is_host = !is_other && configured_at_launch.is_none();
            TaskVolume {
                name,
                host: is_host.then_some(HostVolume { source_path: path }),
                efs_volume_configuration: efs,
                s3_files_volume_configuration: s3,
                docker_volume_configuration: docker,
                configured_at_launch,
            }
        },
    );
    prop::collection::vec(volume, 0..3).prop_map(|list| sorted(list, |v| v.name.clone()))
}

/// What the volumes of a service are.
pub(super) fn configured() -> impl Strategy<Value = Vec<VolumeConfiguration>> {
    let numbers = (option(1..9999), option(4000..9999), option(126..999));
    let keys = (prop::bool::ANY, option(word()), option(word()));
    let volume = (word(), value(), numbers, keys, tags(), prop::bool::ANY).prop_map(
        |(name, role_arn, numbers, keys, tags, carries)| {
            let (size_in_gib, iops, throughput) = numbers;
            let (encrypted, kms_key_id, snapshot_id) = keys;
            VolumeConfiguration {
                name,
                managed_ebs_volume: ManagedEbsVolume {
                    encrypted,
                    kms_key_id,
                    volume_type: "gp3".to_owned(),
                    size_in_gib,
                    snapshot_id,
                    volume_initialization_rate: None,
                    iops,
                    throughput,
                    tag_specifications: vec![EbsTagSpecification {
                        resource_type: "volume".to_owned(),
                        tags,
                        propagate_tags: carries.then(|| "SERVICE".to_owned()),
                    }],
                    role_arn,
                    termination_policy: None,
                    filesystem_type: "xfs".to_owned(),
                },
            }
        },
    );
    prop::collection::vec(volume, 0..2)
}
