//! `ecs` task definitions, to the SDK and back.

use std::cell::Cell;

use aws_config::retry::RetryConfig;
use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionFluentBuilder;
use aws_sdk_ecs::types as sdk;
use futures_util::StreamExt;
use futures_util::TryStreamExt;
use futures_util::stream;

use super::{SETTLE, container, extras, instance, s3_files};
use crate::apply::cloud::{Changed, CloudError};
use crate::aws::Aws;
use crate::aws::align::align;
use crate::aws::error::OrFail;
use crate::aws::observe::Found;
use crate::aws::tags;
use crate::aws::values::{some, text};
use crate::ecs::desired::{
    Attribute, Body, EfsAuthorizationConfig, EfsVolumeConfiguration, EphemeralStorage, HostVolume,
    RuntimePlatform, TaskDefinition, TaskVolume, Value,
};
use crate::plan::changes;

/// `DeleteTaskDefinitions` takes this many.
const BATCH: usize = 10;
/// `DeregisterTaskDefinition` is throttled early.
const IN_FLIGHT: usize = 3;

impl Aws {
    /// `RegisterTaskDefinition` takes no token, so the SDK must not repeat it by itself: where an
    /// answer may have been lost, the newest revision is looked at before the next try.
    pub(in crate::aws) async fn register(
        &self,
        body: &TaskDefinition,
    ) -> Result<Changed, CloudError> {
        // A role that was made a moment ago is not known everywhere yet.
        let passes = |error: &CloudError| {
            error.says("ClientException", "role is not valid")
                || error.says("ClientException", "unable to assume")
        };
        let lost = Cell::new(false);
        let attempt = || async {
            if lost.replace(false)
                && let Some(made) = self.made_already(body).await?
            {
                return Ok(made);
            }
            let once = aws_sdk_ecs::config::Builder::new().retry_config(RetryConfig::disabled());
            let call = request(self.ecs().register_task_definition(), body)?.customize();
            let answer = call.config_override(once).send().await;
            let answer = answer.or_fail("ecs:RegisterTaskDefinition");
            lost.set(answer.as_ref().is_err_and(|e| e.is_transient() && !e.is_unconnected()));
            let made = answer?.task_definition;
            let made = made.as_ref();
            let arn = made.and_then(|made| made.task_definition_arn()).unwrap_or_default();
            Ok(registered(arn))
        };
        let call = || self.pace.retry(|error, _| error.is_transient(), attempt);
        self.pace.persist(SETTLE, passes, call).await
    }

    /// The newest revision, when it is the one that was to be registered.
    async fn made_already(&self, body: &TaskDefinition) -> Result<Option<Changed>, CloudError> {
        let Some(found) = self.find_task_definition(&body.family).await? else { return Ok(None) };
        let mut observed = found.observed;
        let wanted = Body::TaskDefinition(Box::new(body.clone()));
        align(&wanted, &mut observed.body);
        let arn = observed.attributes.get(&Attribute::Arn).map_or("", String::as_str);
        Ok(changes(&wanted, &observed).is_empty().then(|| registered(arn)))
    }

    /// Every revision of the family goes: those in use were let go of with their services.
    pub(in crate::aws) async fn delete_family(&self, family: &str) -> Result<(), CloudError> {
        let active = self.list_revisions(family, sdk::TaskDefinitionStatus::Active).await?;
        stream::iter(active)
            .map(|arn| async move {
                let call = self.ecs().deregister_task_definition().task_definition(arn);
                match call.send().await.or_fail("ecs:DeregisterTaskDefinition") {
                    // Done by a call whose answer was lost.
                    Err(error) if error.says("ClientException", "inactive") => Ok(()),
                    answer => answer.map(|_| ()),
                }
            })
            .buffer_unordered(IN_FLIGHT)
            .try_collect::<()>()
            .await?;
        let inactive = self.list_revisions(family, sdk::TaskDefinitionStatus::Inactive).await?;
        for batch in inactive.chunks(BATCH) {
            let call =
                self.ecs().delete_task_definitions().set_task_definitions(Some(batch.to_vec()));
            call.send().await.or_fail("ecs:DeleteTaskDefinitions")?;
        }
        Ok(())
    }

    pub(super) async fn list_revisions(
        &self,
        family: &str,
        status: sdk::TaskDefinitionStatus,
    ) -> Result<Vec<String>, CloudError> {
        let pages = self.ecs().list_task_definitions().family_prefix(family).status(status);
        let all: Vec<String> = pages
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .or_fail("ecs:ListTaskDefinitions")?;
        // The filter is called a prefix; only this family is ours to delete.
        Ok(all.into_iter().filter(|arn| family_of(arn) == family).collect())
    }

    /// A revision, or the newest active one of a family; nothing when there is none.
    pub(in crate::aws) async fn find_task_definition(
        &self,
        name: &str,
    ) -> Result<Option<Found>, CloudError> {
        let answer = self
            .ecs()
            .describe_task_definition()
            .task_definition(name)
            .include(sdk::TaskDefinitionField::Tags)
            .send()
            .await
            .or_fail("ecs:DescribeTaskDefinition");
        // A family stands for its newest active revision.
        let counts = |found: &&sdk::TaskDefinition| {
            use sdk::TaskDefinitionStatus::{DeleteInProgress, Inactive};
            name.contains(':') || !matches!(found.status(), Some(Inactive | DeleteInProgress))
        };
        match answer {
            Ok(answer) => {
                let found = answer.task_definition().filter(counts);
                Ok(found.map(|found| observed(found, answer.tags())))
            }
            Err(error)
                if error.says("ClientException", "unable to describe")
                    || error.says("ClientException", "not found") =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// What a registration leaves behind.
fn registered(arn: &str) -> Changed {
    let revision = arn.rsplit(':').next().unwrap_or_default();
    Changed {
        attributes: [(Attribute::Arn, arn.to_owned())].into_iter().collect(),
        deployment: None,
        detail: Some(format!("revision {revision}")),
    }
}

/// The family of `arn:…:task-definition/family:revision`.
pub(super) fn family_of(arn: &str) -> &str {
    let last = super::last_segment(arn);
    last.rsplit_once(':').map_or(last, |(family, _)| family)
}

/// As `RegisterTaskDefinition` takes it. What is empty is not sent.
pub(super) fn request(
    call: RegisterTaskDefinitionFluentBuilder,
    body: &TaskDefinition,
) -> Result<RegisterTaskDefinitionFluentBuilder, CloudError> {
    let TaskDefinition {
        family,
        task_role_arn,
        execution_role_arn,
        network_mode,
        pid_mode,
        ipc_mode,
        requires_compatibilities,
        cpu,
        memory,
        runtime_platform: RuntimePlatform { cpu_architecture, operating_system_family },
        ephemeral_storage,
        volumes,
        container_definitions,
        tags,
        extras,
    } = body;
    let role = |role: &Option<Value>| -> Result<Option<String>, CloudError> {
        role.as_ref().map(|role| text(role).map(str::to_owned)).transpose()
    };
    let storage = ephemeral_storage.as_ref().map(|EphemeralStorage { size_in_gib }| {
        sdk::EphemeralStorage::builder().size_in_gib(*size_in_gib).build()
    });
    let containers =
        container_definitions.iter().map(container::to_sdk).collect::<Result<_, _>>()?;
    let volumes = volumes.iter().map(volume).collect::<Result<_, _>>()?;
    let compatibilities = requires_compatibilities.iter().map(|c| c.as_str().into()).collect();
    Ok(extras::task(call, extras)?
        .family(family)
        .set_task_role_arn(role(task_role_arn)?)
        .set_execution_role_arn(role(execution_role_arn)?)
        .network_mode(network_mode.as_str().into())
        .set_pid_mode(pid_mode.as_deref().map(Into::into))
        .set_ipc_mode(ipc_mode.as_deref().map(Into::into))
        .set_requires_compatibilities(Some(compatibilities))
        .set_cpu(size(cpu))
        .set_memory(size(memory))
        .runtime_platform(
            sdk::RuntimePlatform::builder()
                .cpu_architecture(cpu_architecture.as_str().into())
                .operating_system_family(operating_system_family.as_str().into())
                .build(),
        )
        .set_ephemeral_storage(storage)
        .set_volumes(some(volumes))
        .set_container_definitions(Some(containers))
        .set_tags(super::to_sdk_tags(tags)))
}

/// A size, where the task has one of its own.
fn size(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn volume(volume: &TaskVolume) -> Result<sdk::Volume, CloudError> {
    let TaskVolume {
        name,
        host,
        efs_volume_configuration,
        s3_files_volume_configuration,
        docker_volume_configuration,
        configured_at_launch,
    } = volume;
    let host = host.as_ref().map(|HostVolume { source_path }| {
        sdk::HostVolumeProperties::builder().set_source_path(source_path.clone()).build()
    });
    let efs = efs_volume_configuration.as_ref().map(efs).transpose()?;
    let s3_files = s3_files_volume_configuration.as_ref().map(s3_files::to_sdk).transpose()?;
    let docker = docker_volume_configuration.as_ref().map(instance::docker_volume);
    Ok(sdk::Volume::builder()
        .name(name)
        .set_host(host)
        .set_efs_volume_configuration(efs)
        .set_s3files_volume_configuration(s3_files)
        .set_docker_volume_configuration(docker)
        .set_configured_at_launch(*configured_at_launch)
        .build())
}

fn efs(efs: &EfsVolumeConfiguration) -> Result<sdk::EfsVolumeConfiguration, CloudError> {
    let EfsVolumeConfiguration {
        file_system_id,
        root_directory,
        transit_encryption,
        transit_encryption_port,
        authorization_config,
    } = efs;
    let authorization = |authorization: &EfsAuthorizationConfig| {
        let EfsAuthorizationConfig { access_point_id, iam } = authorization;
        let access_point_id = access_point_id.as_ref().map(text).transpose()?;
        Ok::<_, CloudError>(
            sdk::EfsAuthorizationConfig::builder()
                .set_access_point_id(access_point_id.map(str::to_owned))
                .iam(iam.as_str().into())
                .build(),
        )
    };
    Ok(sdk::EfsVolumeConfiguration::builder()
        .file_system_id(text(file_system_id)?)
        .set_root_directory(root_directory.clone())
        .transit_encryption(transit_encryption.as_str().into())
        .set_transit_encryption_port(*transit_encryption_port)
        .set_authorization_config(authorization_config.as_ref().map(authorization).transpose()?)
        .build()?)
}

fn volume_back(volume: &sdk::Volume) -> TaskVolume {
    let efs = volume.efs_volume_configuration().map(|efs| {
        // Where nothing was asked for AWS may give the settings back that it takes for granted.
        let authorization = efs.authorization_config().and_then(|authorization| {
            let access_point = authorization.access_point_id().filter(|id| !id.is_empty());
            let iam = authorization.iam().map_or("DISABLED", |iam| iam.as_str());
            (access_point.is_some() || iam == "ENABLED").then(|| EfsAuthorizationConfig {
                access_point_id: access_point.map(Value::from),
                iam: iam.to_owned(),
            })
        });
        EfsVolumeConfiguration {
            file_system_id: Value::from(efs.file_system_id()),
            root_directory: efs.root_directory().filter(|path| *path != "/").map(str::to_owned),
            transit_encryption: efs
                .transit_encryption()
                .map_or("DISABLED", |e| e.as_str())
                .to_owned(),
            // Emulators answer 0 where there is none.
            transit_encryption_port: efs.transit_encryption_port().filter(|port| *port != 0),
            authorization_config: authorization,
        }
    });
    let docker = volume.docker_volume_configuration().map(instance::docker_volume_back);
    let s3_files = volume.s3files_volume_configuration().map(s3_files::from_sdk);
    let is_open = volume.configured_at_launch().filter(|is_open| *is_open);
    let is_elsewhere = efs.is_some() || s3_files.is_some() || docker.is_some() || is_open.is_some();
    // A volume that names nothing is one of the task itself; AWS writes that as an empty host.
    let host = volume
        .host()
        .map(|host| HostVolume { source_path: host.source_path().map(str::to_owned) })
        .filter(|host| !is_elsewhere || host.source_path.is_some())
        .or_else(|| (!is_elsewhere).then(HostVolume::default));
    TaskVolume {
        name: volume.name().unwrap_or_default().to_owned(),
        host,
        efs_volume_configuration: efs,
        s3_files_volume_configuration: s3_files,
        docker_volume_configuration: docker,
        configured_at_launch: is_open,
    }
}

/// A revision as it was read, in the words of Desired.
pub(super) fn observed(found: &sdk::TaskDefinition, sdk_tags: &[sdk::Tag]) -> Found {
    let tags = super::tags(sdk_tags);
    let platform = found.runtime_platform();
    let mut volumes: Vec<_> = found.volumes().iter().map(volume_back).collect();
    volumes.sort_by(|a, b| a.name.cmp(&b.name));
    let body = TaskDefinition {
        family: found.family().unwrap_or_default().to_owned(),
        task_role_arn: found.task_role_arn().filter(|arn| !arn.is_empty()).map(Value::from),
        execution_role_arn: found
            .execution_role_arn()
            .filter(|arn| !arn.is_empty())
            .map(Value::from),
        network_mode: found.network_mode().map_or("bridge", |mode| mode.as_str()).to_owned(),
        // Emulators answer an empty one where there is none.
        pid_mode: found
            .pid_mode()
            .map(|mode| mode.as_str().to_owned())
            .filter(|mode| !mode.is_empty()),
        ipc_mode: found
            .ipc_mode()
            .map(|mode| mode.as_str().to_owned())
            .filter(|mode| !mode.is_empty()),
        requires_compatibilities: found
            .requires_compatibilities()
            .iter()
            .map(|c| c.as_str().to_owned())
            .collect(),
        cpu: found.cpu().unwrap_or_default().to_owned(),
        memory: found.memory().unwrap_or_default().to_owned(),
        // Without one ECS runs Linux on x86 (API reference, RuntimePlatform).
        runtime_platform: RuntimePlatform {
            cpu_architecture: platform
                .and_then(|p| p.cpu_architecture())
                .map_or("X86_64", |a| a.as_str())
                .to_owned(),
            operating_system_family: platform
                .and_then(|p| p.operating_system_family())
                .map_or("LINUX", |f| f.as_str())
                .to_owned(),
        },
        ephemeral_storage: found
            .ephemeral_storage()
            .map(|storage| EphemeralStorage { size_in_gib: storage.size_in_gib() }),
        volumes,
        container_definitions: found
            .container_definitions()
            .iter()
            .map(|container| container::from_sdk(container, found.network_mode()))
            .collect(),
        tags: tags::to_lower(&tags),
        extras: extras::task_back(found),
    };
    Found::new(Body::TaskDefinition(Box::new(body)))
        .with(Attribute::Arn, found.task_definition_arn())
        .with(Attribute::Completed, tags.get(super::job::COMPLETED).map(String::as_str))
        .tagged(tags)
}
