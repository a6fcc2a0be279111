//! `efs` access points: one a volume.

use aws_sdk_efs::types as sdk;

use super::SETTLE;
use crate::apply::cloud::{Changed, CloudError, CloudErrorKind};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::Found;
use crate::aws::tags;
use crate::aws::values::text;
use crate::ecs::desired::{AccessPoint, Attribute, Body, CreationInfo, RootDirectory, Value};

impl Aws {
    pub(in crate::aws) async fn create_access_point(
        &self,
        body: &AccessPoint,
    ) -> Result<Changed, CloudError> {
        let AccessPoint { client_token, file_system_id, root_directory, tags: list } = body;
        let system = text(file_system_id)?;
        let call = || async {
            self.efs()
                .create_access_point()
                .client_token(client_token)
                .file_system_id(system)
                .root_directory(root(root_directory)?)
                .set_tags(super::to_sdk_tags(list)?)
                .send()
                .await
                .or_fail("efs:CreateAccessPoint")
        };
        let passes = |error: &CloudError| error.is(&["IncorrectFileSystemLifeCycleState"]);
        match self.pace.persist(SETTLE, passes, call).await {
            Err(error) if !error.is(&["AccessPointAlreadyExists"]) => return Err(error),
            _ => {}
        }
        let found = self
            .pace
            .until("efs:CreateAccessPoint", "making the access point", SETTLE, || async {
                let found = self.find_access_point(system, client_token).await?;
                match found.as_ref().and_then(|found| found.life_cycle_state()) {
                    Some(sdk::LifeCycleState::Available) => Ok(found),
                    Some(sdk::LifeCycleState::Error) => Err(CloudError::new(
                        CloudErrorKind::Service,
                        "efs:CreateAccessPoint",
                        "the access point ended in state error",
                    )),
                    _ => Ok(None),
                }
            })
            .await?;
        Ok(changed(&found))
    }

    /// Only tags can be changed.
    pub(in crate::aws) async fn update_access_point(
        &self,
        body: &AccessPoint,
    ) -> Result<Changed, CloudError> {
        let system = text(&body.file_system_id)?;
        let Some(found) = self.find_access_point(system, &body.client_token).await? else {
            return self.create_access_point(body).await;
        };
        if let (Some(id), Some(tags)) = (found.access_point_id(), super::to_sdk_tags(&body.tags)?) {
            let call = self.efs().tag_resource().resource_id(id).set_tags(Some(tags));
            call.send().await.or_fail("efs:TagResource")?;
        }
        Ok(changed(&found))
    }

    /// Deletes the access point; the directory stays in the file system.
    pub(in crate::aws) async fn delete_access_point(&self, id: &str) -> Result<(), CloudError> {
        let call = self.efs().delete_access_point().access_point_id(id);
        match call.send().await.or_fail("efs:DeleteAccessPoint") {
            Err(error) if !error.is(&["AccessPointNotFound"]) => Err(error),
            _ => Ok(()),
        }
    }

    async fn find_access_point(
        &self,
        system: &str,
        token: &str,
    ) -> Result<Option<sdk::AccessPointDescription>, CloudError> {
        let all = self.list_access_points(system).await?;
        Ok(all.into_iter().find(|point| point.client_token() == Some(token)))
    }

    async fn list_access_points(
        &self,
        system: &str,
    ) -> Result<Vec<sdk::AccessPointDescription>, CloudError> {
        let pages = self.efs().describe_access_points().file_system_id(system).into_paginator();
        let all: Result<Vec<sdk::AccessPointDescription>, _> = pages.items().send().collect().await;
        let mut all = match all.or_fail("efs:DescribeAccessPoints") {
            Err(error) if error.is(&["FileSystemNotFound"]) => return Ok(Vec::new()),
            answer => answer?,
        };
        all.retain(|point| {
            !matches!(
                point.life_cycle_state(),
                Some(sdk::LifeCycleState::Deleting | sdk::LifeCycleState::Deleted)
            )
        });
        Ok(all)
    }

    pub(super) async fn read_access_points(&self, system: &str) -> Result<Vec<Found>, CloudError> {
        Ok(self.list_access_points(system).await?.iter().map(observed).collect())
    }
}

fn root(root: &RootDirectory) -> Result<sdk::RootDirectory, CloudError> {
    let RootDirectory { path, creation_info: CreationInfo { owner_uid, owner_gid, permissions } } =
        root;
    let info = sdk::CreationInfo::builder()
        .owner_uid(*owner_uid)
        .owner_gid(*owner_gid)
        .permissions(permissions)
        .build()?;
    Ok(sdk::RootDirectory::builder().path(path).creation_info(info).build())
}

fn observed(point: &sdk::AccessPointDescription) -> Found {
    let tags = super::tags(point.tags());
    let root = point.root_directory();
    let info = root.and_then(|root| root.creation_info());
    let body = AccessPoint {
        client_token: point.client_token().unwrap_or_default().to_owned(),
        file_system_id: Value::from(point.file_system_id().unwrap_or_default()),
        root_directory: RootDirectory {
            path: root.and_then(|root| root.path()).unwrap_or("/").to_owned(),
            creation_info: CreationInfo {
                owner_uid: info.map_or(0, |info| info.owner_uid()),
                owner_gid: info.map_or(0, |info| info.owner_gid()),
                permissions: info.map_or("", |info| info.permissions()).to_owned(),
            },
        },
        tags: tags::to_upper(&tags),
    };
    Found::new(Body::AccessPoint(Box::new(body)))
        .with(Attribute::Id, point.access_point_id())
        .with(Attribute::Arn, point.access_point_arn())
        .tagged(tags)
}

fn changed(point: &sdk::AccessPointDescription) -> Changed {
    Changed { attributes: observed(point).observed.attributes, ..Changed::default() }
}
