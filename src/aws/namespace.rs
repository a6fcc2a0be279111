//! AWS Cloud Map: the namespace in which Service Connect keeps its names; `dns` has the private zone.

use std::time::Duration;

use aws_sdk_servicediscovery::error::SdkError;
use aws_sdk_servicediscovery::operation::create_http_namespace::CreateHttpNamespaceError;
use aws_sdk_servicediscovery::operation::delete_namespace::DeleteNamespaceError;
use aws_sdk_servicediscovery::types::{self as sdk, FilterCondition};
use futures_util::future::try_join;
use sha2::{Digest, Sha256};

use super::Aws;
use super::error::OrFail;
use super::observe::Found;
use super::tags::{self, Tags};
use crate::apply::cloud::{Changed, CloudError, CloudErrorKind};
use crate::ecs::desired::{Attribute, Body, Desired, Namespace};
use crate::ecs::translate::private_zone;

/// How long an operation on a namespace may take; AWS speaks of seconds.
pub(super) const OPERATION: Duration = Duration::from_secs(5 * 60);

/// A namespace as AWS knows it.
pub(super) struct Known {
    pub(super) id: String,
    pub(super) arn: String,
}

impl Aws {
    pub(super) async fn create_namespace(&self, body: &Namespace) -> Result<Changed, CloudError> {
        const OPERATION_NAME: &str = "servicediscovery:CreateHttpNamespace";
        let tags = body.tags.iter().map(tag).collect::<Result<Vec<_>, _>>()?;
        let answer = self
            .names()
            .create_http_namespace()
            .name(&body.name)
            .creator_request_id(self.request_id(&body.name))
            .set_tags((!tags.is_empty()).then_some(tags))
            .send()
            .await;
        let operation = match answer {
            Ok(answer) => answer.operation_id,
            Err(SdkError::ServiceError(inner)) => match inner.err() {
                CreateHttpNamespaceError::NamespaceAlreadyExists(exists) => {
                    let id = exists.namespace_id().unwrap_or_default().to_owned();
                    return self.take_over_namespace(body, id).await;
                }
                CreateHttpNamespaceError::DuplicateRequest(twice) => {
                    twice.duplicate_operation_id().map(str::to_owned)
                }
                _ => return Err(SdkError::ServiceError(inner)).or_fail(OPERATION_NAME),
            },
            Err(error) => return Err(error).or_fail(OPERATION_NAME),
        };
        let id = self.await_operation(OPERATION_NAME, operation).await?;
        let known = self.get_namespace(&id.unwrap_or_default()).await?;
        Ok(changed(&known))
    }

    /// A name that is taken: by us, when an answer was lost, or by somebody else.
    async fn take_over_namespace(
        &self,
        body: &Namespace,
        id: String,
    ) -> Result<Changed, CloudError> {
        let id = if id.is_empty() {
            let found = self.find_namespace(&body.name, sdk::NamespaceType::Http).await?;
            found.map(|known| known.id).unwrap_or_default()
        } else {
            id
        };
        let known = self.get_namespace(&id).await?;
        let have = self.namespace_tags(&known.arn).await?;
        let wanted = Body::Namespace(body.clone());
        tags::check("servicediscovery:CreateHttpNamespace", &wanted, &body.name, &have)?;
        Ok(changed(&known))
    }

    /// Only tags can be changed.
    pub(super) async fn update_namespace(&self, body: &Namespace) -> Result<Changed, CloudError> {
        let Some(known) = self.find_namespace(&body.name, sdk::NamespaceType::Http).await? else {
            return self.create_namespace(body).await;
        };
        let tags = body.tags.iter().map(tag).collect::<Result<Vec<_>, _>>()?;
        let call = self.names().tag_resource().resource_arn(&known.arn).set_tags(Some(tags));
        call.send().await.or_fail("servicediscovery:TagResource")?;
        Ok(changed(&known))
    }

    pub(super) async fn delete_namespace(&self, id: &str) -> Result<(), CloudError> {
        const OPERATION_NAME: &str = "servicediscovery:DeleteNamespace";
        // ECS takes its names out of the namespace some time after the services are gone.
        let passes = |error: &CloudError| error.is(&["ResourceInUse"]);
        let call = || async {
            let answer = match self.names().delete_namespace().id(id).send().await {
                Ok(answer) => Ok(answer.operation_id),
                Err(SdkError::ServiceError(inner)) => match inner.err() {
                    // An answer was lost: the deletion is under way.
                    DeleteNamespaceError::DuplicateRequest(twice) => {
                        Ok(twice.duplicate_operation_id().map(str::to_owned))
                    }
                    _ => Err(SdkError::ServiceError(inner)).or_fail(OPERATION_NAME),
                },
                Err(error) => Err(error).or_fail(OPERATION_NAME),
            };
            if answer.as_ref().is_err_and(passes) {
                self.delete_names(id).await?;
            }
            answer
        };
        match self.pace.persist(OPERATION, passes, call).await {
            Err(error) if error.is(&["NamespaceNotFound"]) => Ok(()),
            Err(error) => Err(error),
            Ok(operation) => self.await_operation(OPERATION_NAME, operation).await.map(|_| ()),
        }
    }

    /// What Service Connect left behind in a namespace that is ours. Names that still have
    /// instances stay until ECS has let go of them.
    async fn delete_names(&self, namespace: &str) -> Result<(), CloudError> {
        let filter = sdk::ServiceFilter::builder()
            .name(sdk::ServiceFilterName::NamespaceId)
            .values(namespace)
            .build()?;
        let pages = self.names().list_services().filters(filter).into_paginator().send();
        let pages: Result<Vec<_>, _> = pages.collect().await;
        let pages = pages.or_fail("servicediscovery:ListServices")?;
        let services = pages.iter().flat_map(|page| page.services());
        for id in services.filter_map(|service| service.id()) {
            let answer = self.names().delete_service().id(id).send().await;
            match answer.or_fail("servicediscovery:DeleteService") {
                Err(error) if !error.is(&["ResourceInUse", "ServiceNotFound"]) => {
                    return Err(error);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Everything that the stack has in Cloud Map: both its namespaces, and what stands in them.
    pub(super) async fn read_names(&self, desired: &Desired) -> Result<Vec<Found>, CloudError> {
        let name = desired.resources.values().find_map(|resource| match &resource.body {
            Body::Namespace(namespace) => Some(namespace.name.as_str()),
            _ => None,
        });
        let name = name.unwrap_or(&desired.stack);
        let zone = private_zone(&desired.stack);
        // Both begin in the same way, so one list has them.
        let common: String =
            name.chars().zip(zone.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
        let all = self.list_namespaces(&common, FilterCondition::BeginsWith, None).await?;
        let http = known(&all, name, &sdk::NamespaceType::Http);
        let private = known(&all, &zone, &sdk::NamespaceType::DnsPrivate);
        let (mut found, names) =
            try_join(self.read_namespace(name, http), self.read_private_names(zone, private))
                .await?;
        found.extend(names);
        Ok(found)
    }

    async fn read_namespace(
        &self,
        name: &str,
        known: Option<Known>,
    ) -> Result<Vec<Found>, CloudError> {
        let Some(known) = known else { return Ok(Vec::new()) };
        let tags = self.namespace_tags(&known.arn).await?;
        let body = Namespace { name: name.to_owned(), tags: tags::to_upper(&tags) };
        let found = Found::new(Body::Namespace(body))
            .with(Attribute::Id, Some(&known.id))
            .with(Attribute::Arn, Some(&known.arn))
            .tagged(tags);
        Ok(vec![found])
    }

    pub(super) async fn find_namespace(
        &self,
        name: &str,
        kind: sdk::NamespaceType,
    ) -> Result<Option<Known>, CloudError> {
        let condition = FilterCondition::Eq;
        let all = self.list_namespaces(name, condition, Some(&kind)).await?;
        Ok(known(&all, name, &kind))
    }

    async fn list_namespaces(
        &self,
        name: &str,
        condition: FilterCondition,
        kind: Option<&sdk::NamespaceType>,
    ) -> Result<Vec<sdk::NamespaceSummary>, CloudError> {
        let by_name = sdk::NamespaceFilter::builder().name(sdk::NamespaceFilterName::Name);
        let mut call = self
            .names()
            .list_namespaces()
            .filters(by_name.values(name).condition(condition).build()?);
        if let Some(kind) = kind {
            let by_kind = sdk::NamespaceFilter::builder().name(sdk::NamespaceFilterName::Type);
            call = call.filters(by_kind.values(kind.as_str()).build()?);
        }
        let pages: Result<Vec<_>, _> = call.into_paginator().send().collect().await;
        let pages = pages.or_fail("servicediscovery:ListNamespaces")?;
        Ok(pages.into_iter().flat_map(|page| page.namespaces.unwrap_or_default()).collect())
    }

    pub(super) async fn get_namespace(&self, id: &str) -> Result<Known, CloudError> {
        let answer = self.names().get_namespace().id(id).send().await;
        let answer = answer.or_fail("servicediscovery:GetNamespace")?;
        let arn = answer.namespace().and_then(|namespace| namespace.arn()).unwrap_or_default();
        Ok(Known { id: id.to_owned(), arn: arn.to_owned() })
    }

    pub(super) async fn namespace_tags(&self, arn: &str) -> Result<Tags, CloudError> {
        let answer = self.names().list_tags_for_resource().resource_arn(arn).send().await;
        let answer = answer.or_fail("servicediscovery:ListTagsForResource")?;
        Ok(answer.tags().iter().map(|t| (t.key().to_owned(), t.value().to_owned())).collect())
    }

    /// Returns the namespace that the operation was about.
    pub(super) async fn await_operation(
        &self,
        name: &str,
        id: Option<String>,
    ) -> Result<Option<String>, CloudError> {
        let Some(id) = id else { return Ok(None) };
        let operation = self
            .pace
            .until(name, "the operation on the namespace", OPERATION, || async {
                let answer = self.names().get_operation().operation_id(&id).send().await;
                let answer = answer.or_fail("servicediscovery:GetOperation")?;
                let over = |operation: &sdk::Operation| {
                    matches!(
                        operation.status(),
                        Some(sdk::OperationStatus::Success | sdk::OperationStatus::Fail)
                    )
                };
                Ok(answer.operation.filter(over))
            })
            .await?;
        if operation.status() == Some(&sdk::OperationStatus::Fail) {
            let message = operation.error_message().unwrap_or("the operation failed").to_owned();
            let mut error = CloudError::new(CloudErrorKind::Service, name, message);
            error.code = operation.error_code().map(str::to_owned);
            return Err(error);
        }
        let namespace = operation.targets().and_then(|targets| {
            targets.get(&sdk::OperationTargetType::Namespace).map(ToOwned::to_owned)
        });
        Ok(namespace)
    }

    /// The same for every try of one run; at most 64 characters.
    pub(super) fn request_id(&self, name: &str) -> String {
        hex::encode(Sha256::digest(format!("{}\n{name}", self.run).as_bytes()))
    }
}

/// The namespace of this name and kind. Emulators do not know the filters of the list.
fn known(all: &[sdk::NamespaceSummary], name: &str, kind: &sdk::NamespaceType) -> Option<Known> {
    let found =
        all.iter().find(|found| found.name() == Some(name) && found.r#type() == Some(kind))?;
    Some(Known { id: found.id()?.to_owned(), arn: found.arn()?.to_owned() })
}

pub(super) fn tag(tag: &crate::ecs::desired::UpperTag) -> Result<sdk::Tag, CloudError> {
    Ok(sdk::Tag::builder().key(&*tag.key).value(&tag.value).build()?)
}

pub(super) fn changed(known: &Known) -> Changed {
    let attributes = [(Attribute::Id, known.id.clone()), (Attribute::Arn, known.arn.clone())];
    Changed { attributes: attributes.into_iter().collect(), deployment: None, detail: None }
}
