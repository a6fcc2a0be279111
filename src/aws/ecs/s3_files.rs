//! Volumes on S3 Files.

use aws_sdk_ecs::types as sdk;

use crate::apply::cloud::CloudError;
use crate::ecs::desired::S3FilesVolume;

pub(super) fn to_sdk(
    volume: &S3FilesVolume,
) -> Result<sdk::S3FilesVolumeConfiguration, CloudError> {
    let S3FilesVolume {
        file_system_arn,
        root_directory,
        transit_encryption_port,
        access_point_arn,
    } = volume;
    Ok(sdk::S3FilesVolumeConfiguration::builder()
        .file_system_arn(file_system_arn)
        .set_root_directory(root_directory.clone())
        .set_transit_encryption_port(*transit_encryption_port)
        .set_access_point_arn(access_point_arn.clone())
        .build()?)
}

/// `/` is what nothing means.
pub(super) fn from_sdk(volume: &sdk::S3FilesVolumeConfiguration) -> S3FilesVolume {
    S3FilesVolume {
        file_system_arn: volume.file_system_arn().to_owned(),
        root_directory: volume.root_directory().filter(|path| *path != "/").map(str::to_owned),
        transit_encryption_port: volume.transit_encryption_port(),
        access_point_arn: volume.access_point_arn().map(str::to_owned),
    }
}
