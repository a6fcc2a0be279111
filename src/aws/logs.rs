//! Amazon CloudWatch Logs: log groups, and what stands in them.

mod events;

use std::time::Duration;

use super::Aws;
use super::error::OrFail;
use super::observe::Found;
use crate::apply::cloud::{Changed, CloudError};
use crate::ecs::desired::{
    Attribute, Body, CreateLogGroup, Desired, Kind, LogGroup, PutRetentionPolicy, TextMap,
};

/// How long another operation on the same group may be in the way.
const SETTLE: Duration = Duration::from_secs(60);

impl Aws {
    /// The prefix belongs to the stack, so a group that exists under it is ours.
    pub(super) async fn create_log_group(&self, body: &LogGroup) -> Result<Changed, CloudError> {
        let LogGroup { create: CreateLogGroup { log_group_name, tags }, retention: _ } = body;
        let tags: std::collections::HashMap<_, _> = tags.to_map();
        let call = || async {
            self.logs()
                .create_log_group()
                .log_group_name(log_group_name)
                .set_tags((!tags.is_empty()).then(|| tags.clone()))
                .send()
                .await
                .or_fail("logs:CreateLogGroup")
        };
        match self.pace.persist(SETTLE, aborted, call).await {
            Err(error) if !error.is(&["ResourceAlreadyExistsException"]) => return Err(error),
            _ => {}
        }
        self.update_log_group(body).await
    }

    pub(super) async fn update_log_group(&self, body: &LogGroup) -> Result<Changed, CloudError> {
        let PutRetentionPolicy { log_group_name, retention_in_days } = &body.retention;
        let call = || async {
            self.logs()
                .put_retention_policy()
                .log_group_name(log_group_name)
                .retention_in_days(*retention_in_days)
                .send()
                .await
                .or_fail("logs:PutRetentionPolicy")
        };
        self.pace.persist(SETTLE, aborted, call).await?;
        Ok(Changed::default())
    }

    pub(super) async fn delete_log_group(&self, name: &str) -> Result<(), CloudError> {
        let call = || async {
            self.logs()
                .delete_log_group()
                .log_group_name(name)
                .send()
                .await
                .or_fail("logs:DeleteLogGroup")
        };
        match self.pace.persist(SETTLE, aborted, call).await {
            Err(error) if !error.is(&["ResourceNotFoundException"]) => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) async fn read_log_groups(
        &self,
        desired: &Desired,
    ) -> Result<Vec<Found>, CloudError> {
        let prefix = prefix(desired);
        let groups: Vec<aws_sdk_cloudwatchlogs::types::LogGroup> = self
            .logs()
            .describe_log_groups()
            .log_group_name_prefix(&prefix)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .or_fail("logs:DescribeLogGroups")?;
        let found = groups.iter().filter_map(|group| {
            let name = group.log_group_name()?;
            let body = LogGroup {
                create: CreateLogGroup {
                    log_group_name: name.to_owned(),
                    // Tags would cost a call for each group; the prefix says whose it is.
                    tags: TextMap::new(),
                },
                retention: PutRetentionPolicy {
                    log_group_name: name.to_owned(),
                    // Without a policy events are kept for ever, which no policy can say.
                    retention_in_days: group.retention_in_days().unwrap_or(0),
                },
            };
            let arn = group.log_group_arn().or_else(|| group.arn());
            let service = name.strip_prefix(&prefix).unwrap_or(name);
            Some(
                Found::new(Body::LogGroup(body))
                    .with(Attribute::Arn, arn)
                    .placed(Kind::LogGroup, service),
            )
        });
        Ok(found.collect())
    }
}

/// `/decklift/<stack>/`, as the desired groups have it.
fn prefix(desired: &Desired) -> String {
    let wanted = desired.resources.values().find_map(|resource| match &resource.body {
        Body::LogGroup(group) => {
            let (prefix, _) = group.create.log_group_name.rsplit_once('/')?;
            Some(format!("{prefix}/"))
        }
        _ => None,
    });
    wanted.unwrap_or_else(|| format!("/decklift/{}/", desired.stack))
}

fn aborted(error: &CloudError) -> bool {
    error.is(&["OperationAbortedException", "ServiceUnavailableException"])
}
