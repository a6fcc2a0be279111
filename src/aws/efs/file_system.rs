//! `efs` file systems.

use aws_sdk_efs::types as sdk;

use super::SETTLE;
use crate::apply::cloud::{Changed, CloudError, CloudErrorKind};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::Found;
use crate::aws::tags::{self, Owner};
use crate::ecs::desired::{Attribute, Body, FileSystem};

impl Aws {
    pub(in crate::aws) async fn create_file_system(
        &self,
        body: &FileSystem,
    ) -> Result<Changed, CloudError> {
        let FileSystem { creation_token, encrypted, performance_mode, throughput_mode, tags: list } =
            body;
        let call = || async {
            let answer = self
                .efs()
                .create_file_system()
                .creation_token(creation_token)
                .encrypted(*encrypted)
                .performance_mode(performance_mode.as_str().into())
                .throughput_mode(throughput_mode.as_str().into())
                .set_tags(super::to_sdk_tags(list)?)
                .send()
                .await
                .or_fail("efs:CreateFileSystem");
            match answer {
                // One that is being deleted keeps its token until it is gone.
                Err(error) if error.is(&["FileSystemAlreadyExists"]) => {
                    Ok(self.find_file_system(creation_token).await?.map(|_| ()))
                }
                answer => answer.map(|_| Some(())),
            }
        };
        let what = "deleting the old file system";
        self.pace.until("efs:CreateFileSystem", what, SETTLE, call).await?;
        // A creation token is found again; what it finds may be somebody else's.
        let found = self.await_file_system(creation_token).await?;
        let wanted = Body::FileSystem(Box::new(body.clone()));
        tags::check("efs:CreateFileSystem", &wanted, creation_token, &super::tags(found.tags()))?;
        Ok(changed(&found))
    }

    async fn await_file_system(
        &self,
        token: &str,
    ) -> Result<sdk::FileSystemDescription, CloudError> {
        self.pace
            .until("efs:CreateFileSystem", "making the file system", SETTLE, || async {
                let found = self.find_file_system(token).await?;
                match found.as_ref().map(|found| found.life_cycle_state()) {
                    Some(sdk::LifeCycleState::Error) => Err(CloudError::new(
                        CloudErrorKind::Service,
                        "efs:CreateFileSystem",
                        "the file system ended in state error",
                    )),
                    Some(sdk::LifeCycleState::Available | sdk::LifeCycleState::Updating) => {
                        Ok(found)
                    }
                    _ => Ok(None),
                }
            })
            .await
    }

    /// The throughput mode and the tags; the rest cannot be changed in place.
    pub(in crate::aws) async fn update_file_system(
        &self,
        body: &FileSystem,
    ) -> Result<Changed, CloudError> {
        let Some(found) = self.find_file_system(&body.creation_token).await? else {
            return self.create_file_system(body).await;
        };
        let id = found.file_system_id();
        if found.throughput_mode().is_none_or(|mode| mode.as_str() != body.throughput_mode) {
            let call = self.efs().update_file_system().file_system_id(id);
            let call = call.throughput_mode(body.throughput_mode.as_str().into());
            call.send().await.or_fail("efs:UpdateFileSystem")?;
        }
        if let Some(tags) = super::to_sdk_tags(&body.tags)? {
            let call = self.efs().tag_resource().resource_id(id).set_tags(Some(tags));
            call.send().await.or_fail("efs:TagResource")?;
        }
        Ok(changed(&found))
    }

    /// Deletes a file system with all data in it; its mount targets went before.
    pub(in crate::aws) async fn delete_file_system(&self, id: &str) -> Result<(), CloudError> {
        let call = || async {
            self.efs()
                .delete_file_system()
                .file_system_id(id)
                .send()
                .await
                .or_fail("efs:DeleteFileSystem")
        };
        let passes = |error: &CloudError| {
            error.is(&["FileSystemInUse", "IncorrectFileSystemLifeCycleState"])
        };
        match self.pace.persist(SETTLE, passes, call).await {
            Err(error) if !error.is(&["FileSystemNotFound"]) => Err(error),
            _ => Ok(()),
        }
    }

    async fn find_file_system(
        &self,
        token: &str,
    ) -> Result<Option<sdk::FileSystemDescription>, CloudError> {
        let answer = self.efs().describe_file_systems().creation_token(token).send().await;
        match answer.or_fail("efs:DescribeFileSystems") {
            Ok(answer) => {
                let there = |found: &sdk::FileSystemDescription| {
                    found.creation_token() == token && there(found)
                };
                Ok(answer.file_systems.unwrap_or_default().into_iter().find(there))
            }
            Err(error) if error.is(&["FileSystemNotFound"]) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The file systems of an owner, by id. Their tags come with them.
    pub(super) async fn list_file_systems(
        &self,
        owner: &Owner,
    ) -> Result<Vec<(String, Found)>, CloudError> {
        let all: Vec<sdk::FileSystemDescription> = self
            .efs()
            .describe_file_systems()
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .or_fail("efs:DescribeFileSystems")?;
        let ours = |found: &&sdk::FileSystemDescription| {
            there(found) && owner.owns(&super::tags(found.tags()))
        };
        Ok(all
            .iter()
            .filter(ours)
            .map(|found| (found.file_system_id().to_owned(), observed(found)))
            .collect())
    }
}

fn there(found: &sdk::FileSystemDescription) -> bool {
    use sdk::LifeCycleState::{Deleted, Deleting};
    !matches!(found.life_cycle_state(), Deleting | Deleted)
}

fn observed(found: &sdk::FileSystemDescription) -> Found {
    let tags = super::tags(found.tags());
    let body = FileSystem {
        creation_token: found.creation_token().to_owned(),
        encrypted: found.encrypted().unwrap_or(false),
        performance_mode: found.performance_mode().as_str().to_owned(),
        throughput_mode: found.throughput_mode().map_or("bursting", |m| m.as_str()).to_owned(),
        tags: tags::to_upper(&tags),
    };
    Found::new(Body::FileSystem(Box::new(body)))
        .with(Attribute::Id, Some(found.file_system_id()))
        .with(Attribute::Arn, found.file_system_arn())
        .tagged(tags)
}

fn changed(found: &sdk::FileSystemDescription) -> Changed {
    Changed { attributes: observed(found).observed.attributes, ..Changed::default() }
}
