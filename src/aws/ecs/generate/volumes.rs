//! Volumes of every kind.

use proptest::prelude::*;

use super::{option, options, sorted, value, word};
use crate::ecs::desired::*;

pub(super) fn volumes() -> impl Strategy<Value = Vec<TaskVolume>> {
    let root = option(word().prop_map(|path| format!("/{path}")));
    let efs = (value(), option(value()), root).prop_map(|(system, point, root)| {
        EfsVolumeConfiguration {
            file_system_id: system,
            // Nothing but the root goes with an access point.
            root_directory: root.filter(|_| point.is_none()),
            transit_encryption: "ENABLED".to_owned(),
            authorization_config: point.map(|point| EfsAuthorizationConfig {
                access_point_id: point,
                iam: "DISABLED".to_owned(),
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
        S3FilesVolume { file_system_arn: system, root_directory, access_point_arn: point }
    });
    let volume = (word(), option(efs), option(s3), option(docker), option(word())).prop_map(
        |(name, efs, s3, docker, path)| {
            let s3 = s3.filter(|_| efs.is_none());
            let docker = docker.filter(|_| efs.is_none() && s3.is_none());
            let is_host = efs.is_none() && s3.is_none() && docker.is_none();
            TaskVolume {
                name,
                host: is_host.then_some(HostVolume { source_path: path }),
                efs_volume_configuration: efs,
                s3_files_volume_configuration: s3,
                docker_volume_configuration: docker,
            }
        },
    );
    prop::collection::vec(volume, 0..3).prop_map(|list| sorted(list, |v| v.name.clone()))
}
