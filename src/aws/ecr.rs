//! Amazon ECR: repositories and the images in them.

mod login;
mod place;
mod pull_through;
mod scan;
#[cfg(test)]
mod scan_tests;
mod stored;

use aws_sdk_ecr::types as sdk;
use futures_util::future::{join_all, try_join};
use futures_util::stream::{self, StreamExt, TryStreamExt};

pub use login::RegistryAuth;

use super::Aws;
use super::error::OrFail;
use super::observe::{Found, IN_FLIGHT};
use super::tags::{self, Owner, Tags};
use crate::apply::cloud::{Changed, CloudError};
use crate::ecs::desired::{
    Attribute, Body, Desired, Image, ImageScanning, Repository, RepositoryEncryption,
};

impl Aws {
    /// The full name of an image by digest: what a task definition names.
    #[must_use]
    pub fn image_uri(&self, registry: &str, repository: &str, digest: &str) -> String {
        let registry = self.registry.as_deref().unwrap_or(registry);
        format!("{registry}/{repository}@{digest}")
    }

    pub(super) async fn create_repository(&self, body: &Repository) -> Result<Changed, CloudError> {
        let Repository {
            repository_name,
            image_tag_mutability,
            image_scanning_configuration: ImageScanning { scan_on_push },
            encryption_configuration,
            lifecycle_policy_text: _, // put_lifecycle
            tags,
        } = body;
        let encryption = encryption_configuration.as_ref().map(encryption).transpose()?;
        let list = tags.iter().map(tag).collect::<Result<Vec<_>, _>>()?;
        let answer = self
            .ecr()
            .create_repository()
            .repository_name(repository_name)
            .image_tag_mutability(image_tag_mutability.as_str().into())
            .image_scanning_configuration(
                sdk::ImageScanningConfiguration::builder().scan_on_push(*scan_on_push).build(),
            )
            .set_encryption_configuration(encryption)
            .set_tags((!list.is_empty()).then_some(list))
            .send()
            .await
            .or_fail("ecr:CreateRepository");
        match answer {
            Ok(answer) => {
                if body.lifecycle_policy_text.is_some() {
                    self.put_lifecycle(body).await?;
                }
                Ok(self.changed(answer.repository()))
            }
            Err(error) if error.is(&["RepositoryAlreadyExistsException"]) => {
                let found = self.find_repository(repository_name).await?;
                let have = match found.as_ref().and_then(|found| found.repository_arn()) {
                    Some(arn) => self.repository_tags(arn).await?,
                    None => Tags::new(),
                };
                let wanted = Body::Repository(Box::new(body.clone()));
                tags::check("ecr:CreateRepository", &wanted, repository_name, &have)?;
                self.update_repository(body).await
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn update_repository(&self, body: &Repository) -> Result<Changed, CloudError> {
        let name = &body.repository_name;
        let mutability = self.ecr().put_image_tag_mutability().repository_name(name);
        let mutability = mutability.image_tag_mutability(body.image_tag_mutability.as_str().into());
        mutability.send().await.or_fail("ecr:PutImageTagMutability")?;
        let scan = body.image_scanning_configuration.scan_on_push;
        let scan = sdk::ImageScanningConfiguration::builder().scan_on_push(scan).build();
        let scanning = self.ecr().put_image_scanning_configuration().repository_name(name);
        let scanning = scanning.image_scanning_configuration(scan);
        scanning.send().await.or_fail("ecr:PutImageScanningConfiguration")?;
        self.put_lifecycle(body).await?;
        Ok(self.changed(self.find_repository(name).await?.as_ref()))
    }

    /// Puts the lifecycle policy, or takes one away that nobody wants any more.
    async fn put_lifecycle(&self, body: &Repository) -> Result<(), CloudError> {
        let name = &body.repository_name;
        let Some(text) = &body.lifecycle_policy_text else {
            let call = self.ecr().delete_lifecycle_policy().repository_name(name);
            return match call.send().await.or_fail("ecr:DeleteLifecyclePolicy") {
                Err(error) if !error.is(&["LifecyclePolicyNotFoundException"]) => Err(error),
                _ => Ok(()),
            };
        };
        let call = self.ecr().put_lifecycle_policy().repository_name(name);
        let call = call.lifecycle_policy_text(text);
        call.send().await.or_fail("ecr:PutLifecyclePolicy").map(|_| ())
    }

    async fn read_lifecycle(&self, name: &str) -> Result<Option<String>, CloudError> {
        let call = self.ecr().get_lifecycle_policy().repository_name(name);
        match call.send().await.or_fail("ecr:GetLifecyclePolicy") {
            Ok(answer) => Ok(answer.lifecycle_policy_text),
            Err(error)
                if error
                    .is(&["LifecyclePolicyNotFoundException", "RepositoryNotFoundException"]) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes a repository with its images. It was found by its name, so its tags are asked first.
    pub(super) async fn delete_repository(
        &self,
        name: &str,
        owner: Option<&Owner>,
    ) -> Result<(), CloudError> {
        let Some(found) = self.find_repository(name).await? else { return Ok(()) };
        if let (Some(owner), Some(arn)) = (owner, found.repository_arn()) {
            let have = self.repository_tags(arn).await?;
            if !owner.owns(&have) {
                return Err(tags::not_ours("ecr:DeleteRepository", name, &have));
            }
        }
        let call = self.ecr().delete_repository().repository_name(name).force(true);
        match call.send().await.or_fail("ecr:DeleteRepository") {
            Err(error) if !error.is(&["RepositoryNotFoundException"]) => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) async fn read_repositories(
        &self,
        desired: &Desired,
    ) -> Result<Vec<Found>, CloudError> {
        let (repositories, images) = wanted(desired);
        let prefix = prefix(desired);
        let all: Vec<sdk::Repository> = self
            .ecr()
            .describe_repositories()
            .max_results(1000)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .or_fail("ecr:DescribeRepositories")?;
        let here: Vec<_> = all
            .iter()
            .filter(|found| {
                found.repository_name().is_some_and(|name| {
                    let is_wanted = repositories.iter().any(|r| r.repository_name == name);
                    // One that is there already and holds the images is nobody's to delete here.
                    let is_given = images.iter().any(|image| image.repository_name == name);
                    is_wanted || name.starts_with(&prefix) && !is_given
                })
            })
            .collect();
        let uri_of = |image: &Image| {
            if let Some(registry) = &image.registry {
                return Some(registry.host());
            }
            let own = |found: &&sdk::Repository| {
                found.repository_name() == Some(image.repository_name.as_str())
            };
            all.iter().find(own).map(|found| found.repository_uri().unwrap_or_default().to_owned())
        };
        let images = images.into_iter().filter_map(|image| Some((image, uri_of(image)?)));
        let images = stream::iter(images)
            .map(|(image, uri)| async move { self.read_image(image, &uri).await })
            .buffered(IN_FLIGHT)
            .try_filter_map(|found| async move { Ok(found) })
            .try_collect::<Vec<_>>();
        // Tags cost a call for each repository: only those that nothing desires are asked, before
        // they are called orphans.
        let reads = here.into_iter().map(|found| {
            let wanted = repositories
                .iter()
                .find(|wanted| found.repository_name() == Some(wanted.repository_name.as_str()));
            async move { self.read_repository(found, wanted.copied()).await }
        });
        let reads = stream::iter(reads).buffered(IN_FLIGHT).try_collect::<Vec<_>>();
        let (mut found, images) = try_join(reads, images).await?;
        found.extend(images);
        Ok(found)
    }

    async fn read_repository(
        &self,
        found: &sdk::Repository,
        wanted: Option<&Repository>,
    ) -> Result<Found, CloudError> {
        let tags = match found.repository_arn() {
            Some(arn) if wanted.is_none() => Some(self.repository_tags(arn).await?),
            _ => None,
        };
        let lifecycle_policy_text = match (wanted, found.repository_name()) {
            (Some(_), Some(name)) => self.read_lifecycle(name).await?,
            _ => None,
        };
        let body = Repository {
            repository_name: found.repository_name().unwrap_or_default().to_owned(),
            image_tag_mutability: found
                .image_tag_mutability()
                .map_or("MUTABLE", |m| m.as_str())
                .to_owned(),
            image_scanning_configuration: ImageScanning {
                scan_on_push: found
                    .image_scanning_configuration()
                    .is_some_and(|scanning| scanning.scan_on_push()),
            },
            // It is fixed when the repository is made: another wish holds for later ones.
            encryption_configuration: wanted.and_then(|w| w.encryption_configuration.clone()),
            lifecycle_policy_text,
            // Whose it is meant to be; a deletion compares that with whose it is.
            tags: match (&tags, wanted) {
                (Some(tags), _) => tags::to_upper(tags),
                (None, Some(wanted)) => wanted.tags.clone(),
                (None, None) => Vec::new(),
            },
        };
        let mut read = Found::new(Body::Repository(Box::new(body)));
        read.observed.attributes = self.changed(Some(found)).attributes;
        Ok(match tags {
            Some(tags) => read.tagged(tags),
            None => read,
        })
    }

    /// The images that are there; nothing where the repository of one is not.
    pub(super) async fn find_images(
        &self,
        images: Vec<&Image>,
    ) -> Result<Option<Vec<Found>>, CloudError> {
        let answers = join_all(images.iter().map(|image| self.ask_image(image))).await;
        let mut found = Vec::new();
        for (image, answer) in images.into_iter().zip(answers) {
            match answer {
                Ok(Some(detail)) => found.push((image, detail)),
                Err(error) if error.is(&["RepositoryNotFoundException"]) => return Ok(None),
                Err(error) if !error.is(&["ImageNotFoundException"]) => return Err(error),
                Ok(None) | Err(_) => {}
            }
        }
        let mut all = Vec::new();
        for (image, detail) in found {
            let uri = match &image.registry {
                Some(registry) => Some(registry.host()),
                None => {
                    let repository = self.find_repository(&image.repository_name).await?;
                    repository.and_then(|found| found.repository_uri().map(str::to_owned))
                }
            };
            let Some(uri) = uri else { return Ok(None) };
            all.extend(self.image_found(image, &detail, &uri));
        }
        Ok(Some(all))
    }

    async fn read_image(
        &self,
        image: &Image,
        repository_uri: &str,
    ) -> Result<Option<Found>, CloudError> {
        let found = self.find_image(image).await?;
        Ok(found.and_then(|found| self.image_found(image, &found, repository_uri)))
    }

    fn image_found(
        &self,
        image: &Image,
        found: &sdk::ImageDetail,
        repository_uri: &str,
    ) -> Option<Found> {
        let registry = repository_uri.split('/').next().unwrap_or_default();
        let uri = self.image_uri(registry, &image.repository_name, found.image_digest()?);
        Some(Found::new(Body::Image(Box::new(image.clone()))).with(Attribute::Uri, Some(&uri)))
    }

    async fn find_image(&self, image: &Image) -> Result<Option<sdk::ImageDetail>, CloudError> {
        match self.ask_image(image).await {
            Err(error) if error.is(&["ImageNotFoundException", "RepositoryNotFoundException"]) => {
                Ok(None)
            }
            answer => answer,
        }
    }

    async fn ask_image(&self, image: &Image) -> Result<Option<sdk::ImageDetail>, CloudError> {
        let (ecr, account) = self.place_of(image.registry.as_ref());
        let id = sdk::ImageIdentifier::builder().image_tag(&image.image_tag).build();
        let call = ecr.describe_images().repository_name(&image.repository_name).image_ids(id);
        let call = call.set_registry_id(account);
        let answer = call.send().await.or_fail("ecr:DescribeImages")?;
        Ok(answer.image_details.unwrap_or_default().into_iter().next())
    }

    async fn find_repository(&self, name: &str) -> Result<Option<sdk::Repository>, CloudError> {
        let call = self.ecr().describe_repositories().repository_names(name);
        match call.send().await.or_fail("ecr:DescribeRepositories") {
            Ok(answer) => Ok(answer.repositories.unwrap_or_default().into_iter().next()),
            Err(error) if error.is(&["RepositoryNotFoundException"]) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn repository_tags(&self, arn: &str) -> Result<Tags, CloudError> {
        let answer = self.ecr().list_tags_for_resource().resource_arn(arn).send().await;
        let answer = answer.or_fail("ecr:ListTagsForResource")?;
        Ok(answer.tags().iter().map(|t| (t.key().to_owned(), t.value().to_owned())).collect())
    }

    fn changed(&self, repository: Option<&sdk::Repository>) -> Changed {
        let mut changed = Changed::default();
        let Some(repository) = repository else { return changed };
        if let Some(arn) = repository.repository_arn() {
            changed.attributes.insert(Attribute::Arn, arn.to_owned());
        }
        let name = repository.repository_name().unwrap_or_default();
        let uri = match &self.registry {
            Some(registry) => Some(format!("{registry}/{name}")),
            None => repository.repository_uri().map(str::to_owned),
        };
        changed.attributes.extend(uri.map(|uri| (Attribute::Uri, uri)));
        changed
    }
}

fn wanted(desired: &Desired) -> (Vec<&Repository>, Vec<&Image>) {
    let (mut repositories, mut images) = (Vec::new(), Vec::new());
    for resource in desired.resources.values() {
        match &resource.body {
            Body::Repository(repository) => repositories.push(&**repository),
            Body::Image(image) => images.push(&**image),
            _ => {}
        }
    }
    (repositories, images)
}

/// `<stack>/`, as the desired repositories have it.
fn prefix(desired: &Desired) -> String {
    let (repositories, _) = wanted(desired);
    let first = repositories.first().and_then(|r| r.repository_name.split_once('/'));
    first.map_or_else(|| format!("{}/", desired.stack), |(prefix, _)| format!("{prefix}/"))
}

fn encryption(
    encryption: &RepositoryEncryption,
) -> Result<sdk::EncryptionConfiguration, CloudError> {
    let RepositoryEncryption { encryption_type, kms_key } = encryption;
    Ok(sdk::EncryptionConfiguration::builder()
        .encryption_type(encryption_type.as_str().into())
        .kms_key(kms_key)
        .build()?)
}

fn tag(tag: &crate::ecs::desired::UpperTag) -> Result<sdk::Tag, CloudError> {
    Ok(sdk::Tag::builder().key(&*tag.key).value(&tag.value).build()?)
}
