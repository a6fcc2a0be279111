//! `efs` mount targets.

use aws_sdk_efs::types as sdk;
use futures_util::future::try_join_all;

use super::SETTLE;
use crate::apply::cloud::{Changed, CloudError, CloudErrorKind};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::Found;
use crate::aws::values::{text, texts};
use crate::ecs::desired::{Attribute, Body, Kind, MountTarget, Value};

impl Aws {
    /// A file system has one mount target a zone: one that is there in our subnet is ours.
    pub(in crate::aws) async fn create_mount_target(
        &self,
        body: &MountTarget,
    ) -> Result<Changed, CloudError> {
        let MountTarget { file_system_id, subnet_id, security_groups } = body;
        let (system, subnet_id) = (text(file_system_id)?, text(subnet_id)?);
        let groups = texts(security_groups)?;
        let call = || async {
            self.efs()
                .create_mount_target()
                .file_system_id(system)
                .subnet_id(subnet_id)
                .set_security_groups(Some(groups.clone()))
                .send()
                .await
                .or_fail("efs:CreateMountTarget")
        };
        // A file system that was just made may not take mount targets yet.
        let passes = |error: &CloudError| error.is(&["IncorrectFileSystemLifeCycleState"]);
        let make = || async {
            match self.pace.persist(SETTLE, passes, call).await {
                Err(error) if error.is(&["MountTargetConflict"]) => {
                    let all = self.list_mount_targets(system).await?;
                    let mut own = all.iter().filter(|target| target.subnet_id() == subnet_id);
                    match own.next() {
                        // Whoever was deleting it may have been killed meanwhile.
                        Some(target) if !there(&target) => Ok(None),
                        Some(_) => self.update_mount_target(body).await.map(Some),
                        None => Err(error),
                    }
                }
                answer => answer.map(|_| Some(Changed::default())),
            }
        };
        let what = "deleting the old mount target";
        self.pace.until("efs:CreateMountTarget", what, SETTLE, make).await?;
        let target = self
            .pace
            .until("efs:CreateMountTarget", "making the mount target", SETTLE, || async {
                let all = self.list_mount_targets(system).await?;
                let found = all.into_iter().find(|target| target.subnet_id() == subnet_id);
                match found.as_ref().map(|found| found.life_cycle_state()) {
                    Some(sdk::LifeCycleState::Available) => Ok(found),
                    Some(sdk::LifeCycleState::Error) => Err(CloudError::new(
                        CloudErrorKind::Service,
                        "efs:CreateMountTarget",
                        format!("the mount target in {subnet_id} ended in state error"),
                    )),
                    _ => Ok(None),
                }
            })
            .await?;
        Ok(changed(&target))
    }

    /// Only its security groups can be changed.
    pub(in crate::aws) async fn update_mount_target(
        &self,
        body: &MountTarget,
    ) -> Result<Changed, CloudError> {
        let all = self.list_mount_targets(text(&body.file_system_id)?).await?;
        let subnet = text(&body.subnet_id)?;
        let found = all.into_iter().find(|target| target.subnet_id() == subnet);
        let Some(found) = found else { return Ok(Changed::default()) };
        let call = self
            .efs()
            .modify_mount_target_security_groups()
            .mount_target_id(found.mount_target_id())
            .set_security_groups(Some(texts(&body.security_groups)?));
        call.send().await.or_fail("efs:ModifyMountTargetSecurityGroups")?;
        Ok(changed(&found))
    }

    /// Returns when it is gone: until then the file system and the security group must stay.
    pub(in crate::aws) async fn delete_mount_target(
        &self,
        body: &MountTarget,
        id: &str,
    ) -> Result<(), CloudError> {
        let call = self.efs().delete_mount_target().mount_target_id(id);
        match call.send().await.or_fail("efs:DeleteMountTarget") {
            Err(error) if error.is(&["MountTargetNotFound"]) => return Ok(()),
            answer => {
                answer?;
            }
        }
        let system = text(&body.file_system_id)?;
        self.pace
            .until("efs:DeleteMountTarget", "deleting the mount target", SETTLE, || async {
                let all = self.list_mount_targets(system).await?;
                Ok((!all.iter().any(|target| target.mount_target_id() == id)).then_some(()))
            })
            .await
    }

    async fn list_mount_targets(
        &self,
        system: &str,
    ) -> Result<Vec<sdk::MountTargetDescription>, CloudError> {
        let pages = self.efs().describe_mount_targets().file_system_id(system).into_paginator();
        let all: Result<Vec<_>, _> = pages.items().send().collect().await;
        match all.or_fail("efs:DescribeMountTargets") {
            Err(error) if error.is(&["FileSystemNotFound"]) => Ok(Vec::new()),
            answer => answer,
        }
    }

    pub(super) async fn read_mount_targets(&self, system: &str) -> Result<Vec<Found>, CloudError> {
        let all = self.list_mount_targets(system).await?;
        try_join_all(all.iter().filter(there).map(|target| self.read_mount_target(target))).await
    }

    async fn read_mount_target(
        &self,
        target: &sdk::MountTargetDescription,
    ) -> Result<Found, CloudError> {
        let id = target.mount_target_id();
        let call = self.efs().describe_mount_target_security_groups().mount_target_id(id);
        let answer = call.send().await.or_fail("efs:DescribeMountTargetSecurityGroups")?;
        let groups = answer.security_groups();
        let body = MountTarget {
            file_system_id: Value::from(target.file_system_id()),
            subnet_id: Value::from(target.subnet_id()),
            security_groups: groups.iter().map(|group| Value::from(group.as_str())).collect(),
        };
        Ok(Found::new(Body::MountTarget(Box::new(body)))
            .with(Attribute::Id, Some(id))
            .placed(Kind::MountTarget, target.subnet_id()))
    }
}

fn there(target: &&sdk::MountTargetDescription) -> bool {
    use sdk::LifeCycleState::{Deleted, Deleting};
    !matches!(target.life_cycle_state(), Deleting | Deleted)
}

fn changed(target: &sdk::MountTargetDescription) -> Changed {
    let id = (Attribute::Id, target.mount_target_id().to_owned());
    Changed { attributes: [id].into_iter().collect(), ..Changed::default() }
}
