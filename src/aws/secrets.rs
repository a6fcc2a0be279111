//! AWS Secrets Manager: the secrets that decklift makes, and the ARNs of those that others made.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use aws_sdk_secretsmanager::types as sdk;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::Aws;
use super::error::OrFail;
use super::observe::{Found, IN_FLIGHT};
use super::tags::{self, Tags};
use crate::apply::cloud::{Changed, CloudError, CloudErrorKind};
use crate::ecs::desired::{Attribute, Body, Desired, Secret, UpperTag};

const CREATE: &str = "secretsmanager:CreateSecret";
const DESCRIBE: &str = "secretsmanager:DescribeSecret";

/// The stage of the version that counts (Secrets Manager API reference, `PutSecretValue`).
const CURRENT: &str = "AWSCURRENT";

/// How long a deletion or restoration may take to be seen: Secrets Manager is eventually consistent.
const SETTLE: Duration = Duration::from_secs(60);

impl Aws {
    /// Makes a secret without a value, or takes over the one that is there: ours, or ours and deleted
    /// not long ago, which keeps the name taken for up to 30 days.
    pub(super) async fn create_secret(&self, body: &Secret) -> Result<Changed, CloudError> {
        let call = || async {
            let call = self.secrets().create_secret().name(&body.name);
            let call = call.description(&body.description);
            let tags = body.tags.iter().map(tag).collect();
            match call.set_tags(Some(tags)).send().await.or_fail(CREATE) {
                Err(error) if error.is(&["ResourceExistsException"]) || leaving(&error) => {
                    // Without one the name is that of a secret which is about to be gone.
                    match self.describe_secret(&body.name).await? {
                        Some(there) => self.take_over_secret(body, there).await,
                        None => Err(error),
                    }
                }
                made => Ok(made?.arn.unwrap_or_default()),
            }
        };
        let arn = self.pace.persist(SETTLE, leaving, call).await?;
        let attributes = BTreeMap::from([(Attribute::Arn, arn)]);
        Ok(Changed { attributes, deployment: None, detail: None })
    }

    async fn take_over_secret(
        &self,
        body: &Secret,
        there: DescribeSecretOutput,
    ) -> Result<String, CloudError> {
        let wanted = Body::Secret(body.clone());
        tags::check(CREATE, &wanted, &body.name, &tags_of(there.tags()))?;
        if there.deleted_date().is_some() {
            let answer = self.secrets().restore_secret().secret_id(&body.name).send().await;
            answer.or_fail("secretsmanager:RestoreSecret")?;
        }
        self.tag_secret(body).await?;
        Ok(there.arn.unwrap_or_default())
    }

    /// Tags alone: a value is put with [`Aws::put_secret_value`].
    pub(super) async fn update_secret(&self, body: &Secret) -> Result<Changed, CloudError> {
        self.tag_secret(body).await?;
        Ok(Changed::default())
    }

    /// Deletes a secret; it may be restored for 30 days, as another deploy does.
    pub(super) async fn delete_secret(&self, arn: &str) -> Result<(), CloudError> {
        let answer = self.secrets().delete_secret().secret_id(arn).send().await;
        match answer.or_fail("secretsmanager:DeleteSecret") {
            Err(error) if error.is(&["ResourceNotFoundException"]) => Ok(()),
            // Deleted a moment ago.
            Err(error) if leaving(&error) => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    /// Gives a secret another value, as a version of its own: revisions that name an older one keep
    /// reading that. The value goes nowhere else.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn put_secret_value(&self, name: &str, value: &str) -> Result<Changed, CloudError> {
        let call = || async {
            self.secrets()
                .put_secret_value()
                .secret_id(name)
                .secret_string(value)
                .send()
                .await
                .or_fail("secretsmanager:PutSecretValue")
        };
        // It was made, or restored, a moment ago.
        let settling =
            |error: &CloudError| error.is(&["ResourceNotFoundException"]) || leaving(error);
        let put = self.pace.persist(SETTLE, settling, call).await?;
        let arn = put.arn.unwrap_or_default();
        let version = put.version_id.unwrap_or_default();
        let attributes = BTreeMap::from([
            (Attribute::ValueFrom, value_from(&arn, &version)),
            (Attribute::Arn, arn),
        ]);
        Ok(Changed { attributes, deployment: None, detail: Some("value put".to_owned()) })
    }

    /// The value that `value_from` stands for, of a secret that decklift made; nothing when there is
    /// no such version.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn secret_value(&self, reference: &str) -> Result<Option<String>, CloudError> {
        let Some((arn, version)) = reference.split_once(":::") else { return Ok(None) };
        let call = self.secrets().get_secret_value().secret_id(arn).version_id(version);
        match call.send().await.or_fail("secretsmanager:GetSecretValue") {
            Err(error) if error.is(&["ResourceNotFoundException"]) => Ok(None),
            // Deleted meanwhile.
            Err(error) if error.is(&["InvalidRequestException"]) => Ok(None),
            answer => Ok(answer?.secret_string),
        }
    }

    /// User and password in a secret with a registry's credentials, which others made (Amazon ECS
    /// developer guide, "Using non-AWS container images in Amazon ECS": `username` and `password`). What it
    /// holds is in no error.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer, or the secret holds something else.
    pub async fn pull_credentials(&self, secret: &str) -> Result<(String, String), CloudError> {
        const NAME: &str = "secretsmanager:GetSecretValue";
        let call = self.secrets().get_secret_value().secret_id(secret);
        let answer = call.send().await.or_fail(NAME)?;
        let value: Option<serde_json::Value> =
            answer.secret_string().and_then(|text| serde_json::from_str(text).ok());
        let field = |name: &str| Some(value.as_ref()?.get(name)?.as_str()?.to_owned());
        let login = field("username").zip(field("password"));
        login.ok_or_else(|| {
            let message = "it holds no JSON object with `username` and `password`";
            CloudError::new(CloudErrorKind::Service, NAME, message)
        })
    }

    /// The ARNs of secrets that exist, by the names that were asked for.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn secret_arns(
        &self,
        names: &[String],
    ) -> Result<BTreeMap<String, String>, CloudError> {
        let found = self.described(names).await?;
        let living = found.into_iter().filter(|(_, secret)| secret.deleted_date().is_none());
        Ok(living.filter_map(|(name, secret)| Some((name, secret.arn?))).collect())
    }

    /// The wanted secrets, and others below the stack's prefix.
    pub(super) async fn read_secrets(&self, desired: &Desired) -> Result<Vec<Found>, CloudError> {
        let wanted: Vec<String> = desired
            .resources
            .values()
            .filter_map(|resource| match &resource.body {
                Body::Secret(secret) => Some(secret.name.clone()),
                _ => None,
            })
            .collect();
        let mut found = BTreeMap::new();
        // A list may be minutes old (Secrets Manager API reference, `ListSecrets`): what counts is
        // asked for by name.
        for (name, secret) in self.described(&wanted).await? {
            if secret.deleted_date().is_none() {
                let versions = secret.version_ids_to_stages.clone().unwrap_or_default();
                let arn = secret.arn().unwrap_or_default();
                let seen = seen(&name, arn, secret.tags(), &versions);
                found.insert(name, seen);
            }
        }
        for secret in self.listed(&format!("decklift/{}/", desired.stack)).await? {
            let name = secret.name().unwrap_or_default().to_owned();
            if !wanted.contains(&name) && secret.deleted_date().is_none() {
                let versions = secret.secret_versions_to_stages.clone().unwrap_or_default();
                let arn = secret.arn().unwrap_or_default();
                found.insert(name.clone(), seen(&name, arn, secret.tags(), &versions));
            }
        }
        Ok(found.into_values().collect())
    }

    /// Nothing where the caller may not list: who has no secrets needs no permission for them.
    async fn listed(&self, prefix: &str) -> Result<Vec<sdk::SecretListEntry>, CloudError> {
        let filter =
            sdk::Filter::builder().key(sdk::FilterNameStringType::Name).values(prefix).build();
        let pages: Result<Vec<_>, _> =
            self.secrets().list_secrets().filters(filter).into_paginator().send().collect().await;
        let pages = match pages.or_fail("secretsmanager:ListSecrets") {
            Err(error) if error.kind == CloudErrorKind::AccessDenied => return Ok(Vec::new()),
            pages => pages?,
        };
        let all = pages.into_iter().flat_map(|page| page.secret_list.unwrap_or_default());
        // The filter does not tell capitals from small letters.
        Ok(all.filter(|s| s.name().is_some_and(|name| name.starts_with(prefix))).collect())
    }

    async fn described(
        &self,
        names: &[String],
    ) -> Result<BTreeMap<String, DescribeSecretOutput>, CloudError> {
        stream::iter(names)
            .map(|name| async move { Ok((name.clone(), self.describe_secret(name).await?)) })
            .buffer_unordered(IN_FLIGHT)
            .try_filter_map(|(name, found)| async move { Ok(found.map(|found| (name, found))) })
            .try_collect()
            .await
    }

    pub(super) async fn describe_secret(
        &self,
        name: &str,
    ) -> Result<Option<DescribeSecretOutput>, CloudError> {
        let answer = self.secrets().describe_secret().secret_id(name).send().await;
        match answer.or_fail(DESCRIBE) {
            Err(error) if error.is(&["ResourceNotFoundException"]) => Ok(None),
            answer => answer.map(Some),
        }
    }

    async fn tag_secret(&self, body: &Secret) -> Result<(), CloudError> {
        let tags = body.tags.iter().map(tag).collect();
        let call = self.secrets().tag_resource().secret_id(&body.name).set_tags(Some(tags));
        call.send().await.or_fail("secretsmanager:TagResource").map(|_| ())
    }
}

/// "… already scheduled for deletion" (Secrets Manager API reference, `InvalidRequestException`).
fn leaving(error: &CloudError) -> bool {
    error.says("InvalidRequestException", "deletion")
}

fn seen(
    name: &str,
    arn: &str,
    tags: &[sdk::Tag],
    versions: &std::collections::HashMap<String, Vec<String>>,
) -> Found {
    let tags = tags_of(tags);
    let body = Secret {
        name: name.to_owned(),
        // Only for people.
        description: String::new(),
        tags: tags::to_upper(&tags),
    };
    let current = versions.iter().find(|(_, stages)| stages.iter().any(|stage| stage == CURRENT));
    let value_from = current.map(|(version, _)| value_from(arn, version));
    Found::new(Body::Secret(body))
        .with(Attribute::Arn, Some(arn))
        .with(Attribute::ValueFrom, value_from.as_deref())
        .tagged(tags)
}

/// A secret's ARN with neither a key nor a stage, and the version (ECS API reference,
/// `Secret.valueFrom`; ECS developer guide, "Pass Secrets Manager secrets").
fn value_from(arn: &str, version: &str) -> String {
    format!("{arn}:::{version}")
}

fn tag(tag: &UpperTag) -> sdk::Tag {
    sdk::Tag::builder().key(&*tag.key).value(&tag.value).build()
}

fn tags_of(tags: &[sdk::Tag]) -> Tags {
    let pair =
        |tag: &sdk::Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    tags.iter().filter_map(pair).collect()
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
