//! Tasks, listed and described.

use aws_sdk_ecs::operation::list_tasks::builders::ListTasksFluentBuilder;
use aws_sdk_ecs::types as sdk;
use futures_util::future::try_join_all;

use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::error::OrFail;

/// What `DescribeTasks` takes at once.
pub(super) const BATCH: usize = 100;

/// The ARNs of every page of a list.
pub(super) async fn list(call: ListTasksFluentBuilder) -> Result<Vec<String>, CloudError> {
    let pages = call.into_paginator().items().send();
    pages.collect::<Result<_, _>>().await.or_fail("ecs:ListTasks")
}

impl Aws {
    pub(super) async fn describe_tasks(
        &self,
        cluster: &str,
        arns: &[String],
    ) -> Result<Vec<sdk::Task>, CloudError> {
        let batches = arns.chunks(BATCH).map(|batch| async move {
            let call = self.ecs().describe_tasks().cluster(cluster);
            let answer = call.set_tasks(Some(batch.to_vec())).send().await;
            Ok::<_, CloudError>(answer.or_fail("ecs:DescribeTasks")?.tasks.unwrap_or_default())
        });
        Ok(try_join_all(batches).await?.into_iter().flatten().collect())
    }
}
