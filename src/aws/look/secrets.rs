use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::IN_FLIGHT;
use crate::verify::SecretLook;

/// How many parameters one call takes (SSM API reference, `DescribeParameters`: a filter takes 50
/// values).
const MOST: usize = 50;

impl Aws {
    /// A secret by its ARN or name, described; nothing where there is none. Its value is not read.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn look_at_secret(&self, id: &str) -> Result<Option<SecretLook>, CloudError> {
        let Some(found) = self.describe_secret(id).await? else { return Ok(None) };
        let stages = found.version_ids_to_stages.clone().unwrap_or_default();
        let mut versions: Vec<String> = stages.values().flatten().cloned().collect();
        versions.extend(stages.keys().cloned());
        versions.sort();
        Ok(Some(SecretLook {
            arn: found.arn().unwrap_or_default().to_owned(),
            is_leaving: found.deleted_date().is_some(),
            has_value: versions.iter().any(|stage| stage == "AWSCURRENT"),
            versions,
        }))
    }

    /// Which of these parameters there are, by name. `DescribeParameters` tells no values.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn look_at_parameters(&self, names: &[String]) -> Result<Vec<String>, CloudError> {
        let chunks = names.chunks(MOST).map(|chunk| self.describe_parameters(chunk));
        let all: Vec<Vec<String>> =
            stream::iter(chunks).buffer_unordered(IN_FLIGHT).try_collect().await?;
        Ok(all.into_iter().flatten().collect())
    }

    async fn describe_parameters(&self, names: &[String]) -> Result<Vec<String>, CloudError> {
        let filter = aws_sdk_ssm::types::ParameterStringFilter::builder()
            .key("Name")
            .option("Equals")
            .set_values(Some(names.to_vec()))
            .build()?;
        let pages = self.ssm().describe_parameters().parameter_filters(filter).into_paginator();
        let all: Result<Vec<_>, _> = pages.send().collect().await;
        let pages = all.or_fail("ssm:DescribeParameters")?;
        let found = pages.iter().flat_map(|page| page.parameters());
        Ok(found.filter_map(|parameter| parameter.name().map(str::to_owned)).collect())
    }
}
