//! AWS Cloud Map: a private DNS namespace, and the names that tasks answer to in it.

use aws_sdk_servicediscovery::error::SdkError;
use aws_sdk_servicediscovery::operation::create_private_dns_namespace::CreatePrivateDnsNamespaceError;
use aws_sdk_servicediscovery::operation::create_service::CreateServiceError;
use aws_sdk_servicediscovery::operation::update_service::UpdateServiceError;
use aws_sdk_servicediscovery::types as sdk;

use super::Aws;
use super::error::OrFail;
use super::namespace::{Known, OPERATION, changed, tag};
use super::observe::Found;
use super::tags;
use super::values::text;
use crate::apply::cloud::{Changed, CloudError};
use crate::ecs::desired::{
    Attribute, Body, DnsConfig, DnsName, DnsRecord, HealthCheckCustomConfig, PrivateNamespace,
    Value,
};
use crate::plan::Change;

const CREATE_SERVICE: &str = "servicediscovery:CreateService";

impl Aws {
    pub(super) async fn create_private_namespace(
        &self,
        body: &PrivateNamespace,
    ) -> Result<Changed, CloudError> {
        const OPERATION_NAME: &str = "servicediscovery:CreatePrivateDnsNamespace";
        let tags = body.tags.iter().map(tag).collect::<Result<Vec<_>, _>>()?;
        let answer = self
            .names()
            .create_private_dns_namespace()
            .name(&body.name)
            .vpc(text(&body.vpc)?)
            .creator_request_id(self.request_id(&body.name))
            .set_tags((!tags.is_empty()).then_some(tags))
            .send()
            .await;
        let operation = match answer {
            Ok(answer) => answer.operation_id,
            Err(SdkError::ServiceError(inner)) => match inner.err() {
                CreatePrivateDnsNamespaceError::NamespaceAlreadyExists(exists) => {
                    let id = exists.namespace_id().unwrap_or_default().to_owned();
                    return self.take_over_private_namespace(body, id).await;
                }
                CreatePrivateDnsNamespaceError::DuplicateRequest(twice) => {
                    twice.duplicate_operation_id().map(str::to_owned)
                }
                _ => return Err(SdkError::ServiceError(inner)).or_fail(OPERATION_NAME),
            },
            Err(error) => return Err(error).or_fail(OPERATION_NAME),
        };
        // The zone has to be made, too: the operation takes up to a minute.
        let id = self.await_operation(OPERATION_NAME, operation).await?;
        Ok(changed(&self.get_namespace(&id.unwrap_or_default()).await?))
    }

    /// A name that is taken: by us, when an answer was lost, or by somebody else.
    async fn take_over_private_namespace(
        &self,
        body: &PrivateNamespace,
        id: String,
    ) -> Result<Changed, CloudError> {
        let known = match id.as_str() {
            "" => self.find_namespace(&body.name, sdk::NamespaceType::DnsPrivate).await?,
            id => Some(self.get_namespace(id).await?),
        };
        let known = known.unwrap_or(Known { id: String::new(), arn: String::new() });
        let have = self.namespace_tags(&known.arn).await?;
        let wanted = Body::PrivateNamespace(body.clone());
        tags::check("servicediscovery:CreatePrivateDnsNamespace", &wanted, &body.name, &have)?;
        Ok(changed(&known))
    }

    /// Only tags can be changed.
    pub(super) async fn update_private_namespace(
        &self,
        body: &PrivateNamespace,
    ) -> Result<Changed, CloudError> {
        let kind = sdk::NamespaceType::DnsPrivate;
        let Some(known) = self.find_namespace(&body.name, kind).await? else {
            return self.create_private_namespace(body).await;
        };
        self.tag_name(&known.arn, &body.tags).await?;
        Ok(changed(&known))
    }

    pub(super) async fn create_dns_name(&self, body: &DnsName) -> Result<Changed, CloudError> {
        let namespace = text(&body.namespace_id)?;
        // A creation whose answer was lost. Cloud Map says so itself when the request is sent
        // again, as another run may do at the same time; the emulator makes the name twice.
        if let Some(known) = self.own_dns_name(body, namespace).await? {
            return Ok(changed(&known));
        }
        let tags = body.tags.iter().map(tag).collect::<Result<Vec<_>, _>>()?;
        let check = body.health_check_custom_config.as_ref().map(custom);
        let answer = self
            .names()
            .create_service()
            .name(&body.name)
            .namespace_id(namespace)
            .dns_config(
                sdk::DnsConfig::builder()
                    .routing_policy(body.dns_config.routing_policy.as_str().into())
                    .set_dns_records(Some(records(&body.dns_config)?))
                    .build()?,
            )
            .set_health_check_custom_config(check)
            .creator_request_id(self.request_id(&format!("{}\n{namespace}", body.name)))
            .set_tags((!tags.is_empty()).then_some(tags))
            .send()
            .await;
        if let Err(SdkError::ServiceError(inner)) = &answer
            && let CreateServiceError::ServiceAlreadyExists(_) = inner.err()
            && let Some(known) = self.own_dns_name(body, namespace).await?
        {
            return Ok(changed(&known));
        }
        let service = answer.or_fail(CREATE_SERVICE)?.service;
        let given = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let known = Known {
            id: given(service.as_ref().and_then(|service| service.id())),
            arn: given(service.as_ref().and_then(|service| service.arn())),
        };
        Ok(changed(&known))
    }

    /// Tags, and how long answers may be kept: nothing else can be changed.
    pub(super) async fn update_dns_name(
        &self,
        body: &DnsName,
        changes: &[Change],
    ) -> Result<Changed, CloudError> {
        let namespace = text(&body.namespace_id)?;
        let Some(known) = self.find_dns_name(namespace, &body.name).await? else {
            return self.create_dns_name(body).await;
        };
        if changes.iter().any(|change| change.path.starts_with("DnsConfig")) {
            const OPERATION_NAME: &str = "servicediscovery:UpdateService";
            let config = sdk::DnsConfigChange::builder()
                .set_dns_records(Some(records(&body.dns_config)?))
                .build()?;
            let change = sdk::ServiceChange::builder().dns_config(config).build();
            let call = self.names().update_service().id(&known.id).service(change);
            let operation = match call.send().await {
                Ok(answer) => answer.operation_id,
                Err(SdkError::ServiceError(inner)) => match inner.err() {
                    // An answer was lost: the change is under way.
                    UpdateServiceError::DuplicateRequest(twice) => {
                        twice.duplicate_operation_id().map(str::to_owned)
                    }
                    _ => return Err(SdkError::ServiceError(inner)).or_fail(OPERATION_NAME),
                },
                Err(error) => return Err(error).or_fail(OPERATION_NAME),
            };
            self.await_operation(OPERATION_NAME, operation).await?;
        }
        if changes.iter().any(|change| change.path.starts_with("Tags")) {
            self.tag_name(&known.arn, &body.tags).await?;
        }
        Ok(changed(&known))
    }

    async fn tag_name(
        &self,
        arn: &str,
        wanted: &[crate::ecs::desired::UpperTag],
    ) -> Result<(), CloudError> {
        let tags = wanted.iter().map(tag).collect::<Result<Vec<_>, _>>()?;
        let call = self.names().tag_resource().resource_arn(arn).set_tags(Some(tags));
        call.send().await.or_fail("servicediscovery:TagResource").map(|_| ())
    }

    pub(super) async fn delete_dns_name(&self, id: &str) -> Result<(), CloudError> {
        // ECS takes the addresses of the last tasks out some time after the service is gone.
        let passes = |error: &CloudError| error.is(&["ResourceInUse"]);
        let call = || async {
            let answer = self.names().delete_service().id(id).send().await;
            answer.or_fail("servicediscovery:DeleteService")
        };
        match self.pace.persist(OPERATION, passes, call).await {
            Err(error) if error.is(&["ServiceNotFound"]) => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    /// The private namespace of a stack, and what stands in it.
    pub(super) async fn read_private_names(
        &self,
        name: String,
        known: Option<Known>,
    ) -> Result<Vec<Found>, CloudError> {
        let Some(known) = known else { return Ok(Vec::new()) };
        let tags = self.namespace_tags(&known.arn).await?;
        // Cloud Map does not tell the VPC: `align` takes the one that is wanted.
        let body = PrivateNamespace { name, vpc: Value::from(""), tags: tags::to_upper(&tags) };
        let namespace = Found::new(Body::PrivateNamespace(body))
            .with(Attribute::Id, Some(&known.id))
            .with(Attribute::Arn, Some(&known.arn))
            .tagged(tags);
        let mut found = vec![namespace];
        for service in self.dns_names(&known.id).await? {
            let tags = self.namespace_tags(service.arn().unwrap_or_default()).await?;
            let body = DnsName {
                name: service.name().unwrap_or_default().to_owned(),
                namespace_id: Value::from(known.id.as_str()),
                dns_config: config_back(service.dns_config()),
                health_check_custom_config: service
                    .health_check_custom_config()
                    .map(|_| HealthCheckCustomConfig { failure_threshold: 1 }),
                tags: tags::to_upper(&tags),
            };
            let name = Found::new(Body::DnsName(Box::new(body)))
                .with(Attribute::Id, service.id())
                .with(Attribute::Arn, service.arn())
                .tagged(tags);
            found.push(name);
        }
        Ok(found)
    }

    /// The name as it stands, when it is ours; an error when it is somebody else's.
    async fn own_dns_name(
        &self,
        body: &DnsName,
        namespace: &str,
    ) -> Result<Option<Known>, CloudError> {
        let Some(known) = self.find_dns_name(namespace, &body.name).await? else {
            return Ok(None);
        };
        let have = self.namespace_tags(&known.arn).await?;
        let wanted = Body::DnsName(Box::new(body.clone()));
        tags::check(CREATE_SERVICE, &wanted, &body.name, &have)?;
        Ok(Some(known))
    }

    async fn find_dns_name(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Known>, CloudError> {
        let same = |known: &sdk::ServiceSummary| {
            known.name().is_some_and(|known| known.eq_ignore_ascii_case(name))
        };
        Ok(self.dns_names(namespace).await?.into_iter().find(same).and_then(|found| {
            Some(Known { id: found.id()?.to_owned(), arn: found.arn()?.to_owned() })
        }))
    }

    async fn dns_names(&self, namespace: &str) -> Result<Vec<sdk::ServiceSummary>, CloudError> {
        let filter = sdk::ServiceFilter::builder()
            .name(sdk::ServiceFilterName::NamespaceId)
            .values(namespace)
            .build()?;
        let pages = self.names().list_services().filters(filter).into_paginator().send();
        let pages: Result<Vec<_>, _> = pages.collect().await;
        let pages = pages.or_fail("servicediscovery:ListServices")?;
        Ok(pages.iter().flat_map(|page| page.services()).cloned().collect())
    }
}

fn records(config: &DnsConfig) -> Result<Vec<sdk::DnsRecord>, CloudError> {
    let record = |DnsRecord { kind, ttl }: &DnsRecord| {
        Ok(sdk::DnsRecord::builder().r#type(kind.as_str().into()).ttl(*ttl).build()?)
    };
    config.dns_records.iter().map(record).collect()
}

/// Cloud Map says that the threshold is of no use, and that it is 1; the field is how it is sent.
#[expect(deprecated, reason = "ECS's guide to service discovery still sends it")]
fn custom(check: &HealthCheckCustomConfig) -> sdk::HealthCheckCustomConfig {
    sdk::HealthCheckCustomConfig::builder().failure_threshold(check.failure_threshold).build()
}

fn config_back(config: Option<&sdk::DnsConfig>) -> DnsConfig {
    let records = config.map_or(&[][..], |config| config.dns_records());
    DnsConfig {
        // MULTIVALUE unless it is said otherwise (Cloud Map API reference, `DnsConfig`).
        routing_policy: config
            .and_then(|config| config.routing_policy())
            .map_or("MULTIVALUE", |policy| policy.as_str())
            .to_owned(),
        dns_records: records
            .iter()
            .map(|r| DnsRecord { kind: r.r#type().as_str().to_owned(), ttl: r.ttl() })
            .collect(),
    }
}
