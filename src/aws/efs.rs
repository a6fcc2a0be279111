//! Amazon EFS: the file system that holds a project's volumes.

mod access_point;
mod file_system;
mod mount_target;

use std::time::Duration;

use futures_util::future::{try_join, try_join_all};

use super::Aws;
use super::observe::Found;
use super::tags::{Owner, Tags};
use crate::apply::cloud::CloudError;
use crate::ecs::desired::UpperTag;

/// How long a file system, a mount target or an access point may take to come or to go.
const SETTLE: Duration = Duration::from_secs(10 * 60);

impl Aws {
    /// The stack's file systems with their mount targets and access points.
    pub(super) async fn read_file_systems(
        &self,
        owner: Option<&Owner>,
    ) -> Result<Vec<Found>, CloudError> {
        let Some(owner) = owner else { return Ok(Vec::new()) };
        let systems = self.list_file_systems(owner).await?;
        let children = systems.iter().map(|(id, _)| async move {
            let (targets, points) =
                try_join(self.read_mount_targets(id), self.read_access_points(id)).await?;
            Ok::<_, CloudError>(targets.into_iter().chain(points).collect::<Vec<_>>())
        });
        let children = try_join_all(children).await?;
        let systems = systems.into_iter().map(|(_, found)| found);
        Ok(systems.chain(children.into_iter().flatten()).collect())
    }
}

fn tags(list: &[aws_sdk_efs::types::Tag]) -> Tags {
    list.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

fn to_sdk_tags(list: &[UpperTag]) -> Result<Option<Vec<aws_sdk_efs::types::Tag>>, CloudError> {
    let tags = list
        .iter()
        .map(|tag| {
            Ok(aws_sdk_efs::types::Tag::builder().key(&*tag.key).value(&tag.value).build()?)
        })
        .collect::<Result<Vec<_>, CloudError>>()?;
    Ok((!tags.is_empty()).then_some(tags))
}
