//! What stands in a repository.

use aws_sdk_ecr::types as sdk;

use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::ecs::desired::Image;
use crate::inspect::{Moment, StoredImage};

impl Aws {
    /// All images of the repository that one stands in, the newest first; none where there is no such repository.
    ///
    /// # Errors
    ///
    /// When AWS does not answer the question.
    pub async fn stored_images(&self, image: &Image) -> Result<Vec<StoredImage>, CloudError> {
        let (ecr, account) = self.place_of(image.registry.as_ref());
        let call = ecr.describe_images().repository_name(&image.repository_name).max_results(1000);
        let call = call.set_registry_id(account);
        let found: Result<Vec<sdk::ImageDetail>, _> = call
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .or_fail("ecr:DescribeImages");
        let found = match found {
            Err(error) if error.is(&["RepositoryNotFoundException"]) => return Ok(Vec::new()),
            found => found?,
        };
        let mut images: Vec<StoredImage> = found.into_iter().filter_map(stored).collect();
        images.sort_by(|a, b| b.pushed.cmp(&a.pushed).then_with(|| a.digest.cmp(&b.digest)));
        Ok(images)
    }

    /// Takes tags from the images of a repository; those that there are not are none. An image without
    /// any other tag goes with its last one (ECR API reference, `BatchDeleteImage`).
    ///
    /// # Errors
    ///
    /// When AWS refuses.
    pub async fn forget_tags(&self, repository: &str, tags: &[String]) -> Result<(), CloudError> {
        // As many as a call takes.
        for tags in tags.chunks(100) {
            let id = |tag: &String| sdk::ImageIdentifier::builder().image_tag(tag).build();
            let call = self.ecr().batch_delete_image().repository_name(repository);
            let call = call.set_image_ids(Some(tags.iter().map(id).collect()));
            call.send().await.or_fail("ecr:BatchDeleteImage")?;
        }
        Ok(())
    }
}

fn stored(detail: sdk::ImageDetail) -> Option<StoredImage> {
    let mut tags = detail.image_tags.unwrap_or_default();
    tags.sort();
    let millis = detail.image_pushed_at.and_then(|at| at.to_millis().ok());
    Some(StoredImage {
        digest: detail.image_digest?,
        tags,
        size: detail.image_size_in_bytes.and_then(|size| u64::try_from(size).ok()),
        pushed: millis.map(Moment::from_millis),
    })
}
