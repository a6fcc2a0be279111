//! EventBridge Scheduler: a stack's group of schedules, and the schedules in it.
//!
//! Schedules carry no tags: whose they are, the tags of their group say.

mod schedule;
#[cfg(test)]
mod tests;

use std::time::Duration;

use aws_sdk_scheduler::types as sdk;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::Aws;
use super::error::OrFail;
use super::observe::{Found, IN_FLIGHT};
use super::tags::{self, Owner, Tags};
use crate::apply::cloud::{Changed, CloudError, CloudErrorKind};
use crate::ecs::desired::{Attribute, Body, Desired, Kind, ScheduleGroup, UpperTag};
use crate::ecs::translate::schedule_group;

/// How long a group that is being deleted may be in the way, and how long a role or a group that was
/// just made may not be seen.
const SETTLE: Duration = Duration::from_secs(3 * 60);
const CREATE_GROUP: &str = "scheduler:CreateScheduleGroup";

/// A group that stands.
struct Group {
    arn: String,
    /// It goes, with its schedules: nothing can be put into it, and its name is not free yet.
    goes: bool,
}

impl Aws {
    pub(super) async fn create_schedule_group(
        &self,
        body: &ScheduleGroup,
    ) -> Result<Changed, CloudError> {
        let call = || async {
            match self.send_group(body).await {
                Err(error) if error.is(&["ConflictException"]) => self.take_over_group(body).await,
                answer => answer.map(Some),
            }
        };
        let what = format!("deleting the old schedule group {}", body.name);
        self.pace.until(CREATE_GROUP, &what, SETTLE, call).await
    }

    async fn send_group(&self, body: &ScheduleGroup) -> Result<Changed, CloudError> {
        let tags = body.tags.iter().map(tag).collect::<Result<Vec<_>, _>>()?;
        let answer = self
            .scheduler()
            .create_schedule_group()
            .name(&body.name)
            .client_token(self.request_id(&body.name))
            .set_tags((!tags.is_empty()).then_some(tags))
            .send()
            .await
            .or_fail(CREATE_GROUP)?;
        Ok(changed(Some(answer.schedule_group_arn())))
    }

    /// A group of this name exists: ours, when an answer was lost, or somebody else's. Nothing while
    /// it is being deleted.
    async fn take_over_group(&self, body: &ScheduleGroup) -> Result<Option<Changed>, CloudError> {
        let Some(group) = self.find_group(&body.name).await?.filter(|group| !group.goes) else {
            return Ok(None);
        };
        let have = self.group_tags(&group.arn).await?;
        let wanted = Body::ScheduleGroup(body.clone());
        tags::check(CREATE_GROUP, &wanted, &body.name, &have)?;
        Ok(Some(changed(Some(&group.arn))))
    }

    /// Only tags can be changed.
    pub(super) async fn update_schedule_group(
        &self,
        body: &ScheduleGroup,
    ) -> Result<Changed, CloudError> {
        let Some(group) = self.find_group(&body.name).await?.filter(|group| !group.goes) else {
            return self.create_schedule_group(body).await;
        };
        let tags = body.tags.iter().map(tag).collect::<Result<Vec<_>, _>>()?;
        let call = self.scheduler().tag_resource().resource_arn(&group.arn).set_tags(Some(tags));
        call.send().await.or_fail("scheduler:TagResource")?;
        Ok(changed(Some(&group.arn)))
    }

    /// Its schedules go with it, some time after the answer.
    pub(super) async fn delete_schedule_group(
        &self,
        body: &ScheduleGroup,
    ) -> Result<(), CloudError> {
        let call = || async {
            let call = self.scheduler().delete_schedule_group().name(&body.name);
            call.send().await.or_fail("scheduler:DeleteScheduleGroup")
        };
        match self.pace.persist(SETTLE, conflict, call).await {
            Err(error) if error.is(&["ResourceNotFoundException"]) => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    /// The group of a stack, and what stands in it.
    pub(super) async fn read_schedules(
        &self,
        desired: &Desired,
        owner: Option<&Owner>,
    ) -> Result<Vec<Found>, CloudError> {
        let Some(owner) = owner else { return Ok(Vec::new()) };
        let name = schedule_group(&desired.stack);
        let wanted = desired.resources.keys().any(|id| id.kind == Kind::ScheduleGroup);
        let group = match self.find_group(&name).await {
            // Who may not look has made no schedule, and wants none now.
            Err(error) if !wanted && error.kind == CloudErrorKind::AccessDenied => None,
            answer => answer?.filter(|group| !group.goes),
        };
        let Some(group) = group else { return Ok(Vec::new()) };
        let tags = self.group_tags(&group.arn).await?;
        let ours = owner.owns(&tags);
        let body = ScheduleGroup { name: name.clone(), tags: tags::to_upper(&tags) };
        let found = Found::new(Body::ScheduleGroup(body))
            .with(Attribute::Arn, Some(&group.arn))
            .tagged(tags);
        let mut all = vec![found];
        if ours {
            all.extend(self.read_group(&desired.stack, &name).await?);
        }
        Ok(all)
    }

    async fn read_group(&self, stack: &str, group: &str) -> Result<Vec<Found>, CloudError> {
        let pages = self.scheduler().list_schedules().group_name(group).into_paginator().items();
        let all: Result<Vec<sdk::ScheduleSummary>, _> = pages.send().collect().await;
        let all = all.or_fail("scheduler:ListSchedules")?;
        let names = all.iter().filter_map(|summary| summary.name().map(str::to_owned));
        let prefix = format!("{stack}-");
        let read: Vec<_> = stream::iter(names.collect::<Vec<_>>())
            .map(|name| async move { self.find_schedule(group, &name).await })
            .buffered(IN_FLIGHT)
            .try_filter_map(|found| async move { Ok(found) })
            .try_collect()
            .await?;
        let found = read.iter().map(|schedule| {
            let body = schedule::observed(schedule);
            let short = body.name.strip_prefix(&prefix).unwrap_or(&body.name).to_owned();
            Found::new(Body::Schedule(Box::new(body)))
                .with(Attribute::Arn, schedule.arn())
                .placed(Kind::Schedule, short)
        });
        Ok(found.collect())
    }

    async fn find_group(&self, name: &str) -> Result<Option<Group>, CloudError> {
        let answer = self.scheduler().get_schedule_group().name(name).send().await;
        match answer.or_fail("scheduler:GetScheduleGroup") {
            Ok(group) => Ok(Some(Group {
                arn: group.arn().unwrap_or_default().to_owned(),
                goes: group.state() == Some(&sdk::ScheduleGroupState::Deleting),
            })),
            Err(error) if error.is(&["ResourceNotFoundException"]) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn group_tags(&self, arn: &str) -> Result<Tags, CloudError> {
        let answer = self.scheduler().list_tags_for_resource().resource_arn(arn).send().await;
        match answer.or_fail("scheduler:ListTagsForResource") {
            Ok(answer) => {
                let pair = |tag: &sdk::Tag| (tag.key().to_owned(), tag.value().to_owned());
                Ok(answer.tags().iter().map(pair).collect())
            }
            Err(error) if error.is(&["ResourceNotFoundException"]) => Ok(Tags::new()),
            Err(error) => Err(error),
        }
    }
}

fn changed(arn: Option<&str>) -> Changed {
    let arn = arn.map(|arn| (Attribute::Arn, arn.to_owned()));
    Changed { attributes: arn.into_iter().collect(), ..Changed::default() }
}

/// Another call on the same thing is under way.
fn conflict(error: &CloudError) -> bool {
    error.is(&["ConflictException"])
}

fn tag(tag: &UpperTag) -> Result<sdk::Tag, CloudError> {
    Ok(sdk::Tag::builder().key(&*tag.key).value(&tag.value).build()?)
}
