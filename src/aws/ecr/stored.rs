//! What stands in a repository.

use aws_sdk_ecr::types as sdk;

use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::inspect::{Moment, StoredImage};

impl Aws {
    /// The images of a repository, the newest first; none where there is no such repository.
    ///
    /// # Errors
    ///
    /// When AWS does not answer the question.
    pub async fn stored_images(&self, repository: &str) -> Result<Vec<StoredImage>, CloudError> {
        let call = self.ecr().describe_images().repository_name(repository).max_results(1000);
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
