//! Amazon ECS: the cluster, task definitions, services and what becomes of their tasks.

mod cluster;
mod connect;
mod container;
mod container_settings;
mod deployment;
mod ebs;
mod elsewhere;
mod extras;
mod failures;
#[cfg(test)]
mod generate;
mod inspect;
mod instance;
mod job;
mod lattice;
mod port;
mod read;
mod s3_files;
mod service;
mod settled;
mod shape;
mod shift;
mod status;
mod task_definition;
mod tasks;
#[cfg(test)]
mod tests;
mod update;

pub(super) use read::EcsFound;

use std::time::Duration;

use super::tags::Tags;

/// How long a service may take to lose its tasks: the longest stop timeout of Fargate, connection
/// draining and some air.
const DRAIN: Duration = Duration::from_secs(15 * 60);
/// How long AWS may take to see elsewhere what it has just made.
const SETTLE: Duration = Duration::from_secs(120);

fn tags(list: &[aws_sdk_ecs::types::Tag]) -> Tags {
    list.iter()
        .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())))
        .collect()
}

fn to_sdk_tags(list: &[crate::ecs::desired::Tag]) -> Option<Vec<aws_sdk_ecs::types::Tag>> {
    let tag = |tag: &crate::ecs::desired::Tag| {
        aws_sdk_ecs::types::Tag::builder().key(&*tag.key).value(&tag.value).build()
    };
    (!list.is_empty()).then(|| list.iter().map(tag).collect())
}

/// The last segment of an ARN: a name, an id, or `family:revision`.
fn last_segment(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
