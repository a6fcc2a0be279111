//! Application Auto Scaling: the services whose number of tasks it sets, and what that follows.

mod action;
mod alarm;
mod metric;
mod steps;
#[cfg(test)]
#[path = "scaling_tests.rs"]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_applicationautoscaling::types as sdk;
use futures_util::future::try_join3;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::Aws;
use super::error::OrFail;
use super::observe::{Found, IN_FLIGHT};
use super::tags::{self, Owner, Tags};
use crate::apply::cloud::{Changed, CloudError, CloudErrorKind};
use crate::ecs::desired::{Attribute, Body, Desired, Kind, ScalableTarget, ScalingPolicy};
use crate::plan::Change;

/// How long a service or a target that was just made may not be seen, or another call be in the way.
const SETTLE: Duration = Duration::from_secs(2 * 60);
/// What one call of DescribeScalableTargets answers at most (API reference, `MaxResults`).
const TARGETS: usize = 50;
const REGISTER: &str = "application-autoscaling:RegisterScalableTarget";
const PUT_POLICY: &str = "application-autoscaling:PutScalingPolicy";
/// What the first scalable target of an account needs besides (Application Auto Scaling user guide,
/// "Service-linked roles": the caller's permission makes the role).
const FIRST: &str = "; the first scalable target of an account makes the role AWSServiceRoleForApplicationAutoScaling_ECSService, which \
     takes iam:CreateServiceLinkedRole";

impl Aws {
    pub(super) async fn create_scalable_target(
        &self,
        body: &ScalableTarget,
    ) -> Result<Changed, CloudError> {
        // To register is to overwrite: whose it is must be asked first.
        let found = self.describe_targets(std::slice::from_ref(&body.resource_id)).await?;
        let Some(found) = found.first() else { return self.register_target(body, true).await };
        let have = self.target_tags(found.scalable_target_arn()).await?;
        let wanted = Body::ScalableTarget(Box::new(body.clone()));
        tags::check(REGISTER, &wanted, &body.resource_id, &have)?;
        self.register_target(body, false).await
    }

    pub(super) async fn update_scalable_target(
        &self,
        body: &ScalableTarget,
        changes: &[Change],
    ) -> Result<Changed, CloudError> {
        let changed = self.register_target(body, false).await?;
        if changes.iter().any(|change| change.path.starts_with("Tags"))
            && let Some(arn) = changed.attributes.get(&Attribute::Arn)
        {
            let call = self.scaling().tag_resource().resource_arn(arn);
            let call = call.set_tags(Some(body.tags.to_map()));
            call.send().await.or_fail("application-autoscaling:TagResource")?;
        }
        Ok(changed)
    }

    /// Makes it or changes it. Tags are only taken from whoever makes it (API reference,
    /// `RegisterScalableTarget.Tags`).
    async fn register_target(
        &self,
        body: &ScalableTarget,
        tagged: bool,
    ) -> Result<Changed, CloudError> {
        let ScalableTarget {
            service_namespace,
            resource_id,
            scalable_dimension,
            min_capacity,
            max_capacity,
            tags,
        } = body;
        let tags = (tagged && !tags.is_empty()).then(|| tags.to_map());
        let call = || async {
            let call = self
                .scaling()
                .register_scalable_target()
                .service_namespace(service_namespace.as_str().into())
                .resource_id(resource_id)
                .scalable_dimension(scalable_dimension.as_str().into())
                .min_capacity(*min_capacity)
                .max_capacity(*max_capacity)
                .set_tags(tags.clone());
            call.send().await.or_fail(REGISTER)
        };
        let passes = |error: &CloudError| {
            concurrent(error) || error.says("ValidationException", "service doesn't exist")
        };
        match self.pace.persist(SETTLE, passes, call).await {
            Ok(answer) => Ok(changed(answer.scalable_target_arn())),
            Err(error) if error.kind == CloudErrorKind::AccessDenied => {
                let help = error.help.clone().unwrap_or_default();
                Err(error.help(help + FIRST))
            }
            Err(error) => Err(error),
        }
    }

    /// Its policies, if any are left, go with it.
    pub(super) async fn delete_scalable_target(
        &self,
        body: &ScalableTarget,
    ) -> Result<(), CloudError> {
        let call = || async {
            self.scaling()
                .deregister_scalable_target()
                .service_namespace(body.service_namespace.as_str().into())
                .resource_id(&body.resource_id)
                .scalable_dimension(body.scalable_dimension.as_str().into())
                .send()
                .await
                .or_fail("application-autoscaling:DeregisterScalableTarget")
        };
        match self.pace.persist(SETTLE, concurrent, call).await {
            Err(error) if error.is(&["ObjectNotFoundException"]) => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    /// Makes a policy or overwrites it: it stands on a target that is ours.
    pub(super) async fn put_scaling_policy(
        &self,
        body: &ScalingPolicy,
    ) -> Result<Changed, CloudError> {
        let tracking = body.target_tracking_scaling_policy_configuration.as_ref();
        let tracking = tracking.map(metric::tracking).transpose()?;
        let steps = body.step_scaling_policy_configuration.as_ref();
        let steps = steps.map(steps::steps).transpose()?;
        let call = || async {
            self.scaling()
                .put_scaling_policy()
                .policy_name(&body.policy_name)
                .service_namespace(body.service_namespace.as_str().into())
                .resource_id(&body.resource_id)
                .scalable_dimension(body.scalable_dimension.as_str().into())
                .policy_type(body.policy_type.as_str().into())
                .set_target_tracking_scaling_policy_configuration(tracking.clone())
                .set_step_scaling_policy_configuration(steps.clone())
                .send()
                .await
                .or_fail(PUT_POLICY)
        };
        // Neither the target nor the role that sets its alarms is seen everywhere at once.
        let passes = |error: &CloudError| {
            concurrent(error)
                || error.is(&["ObjectNotFoundException", "FailedResourceAccessException"])
        };
        let answer = self.pace.persist(SETTLE, passes, call).await?;
        Ok(changed(Some(answer.policy_arn())))
    }

    pub(super) async fn delete_scaling_policy(
        &self,
        body: &ScalingPolicy,
    ) -> Result<(), CloudError> {
        let call = || async {
            self.scaling()
                .delete_scaling_policy()
                .policy_name(&body.policy_name)
                .service_namespace(body.service_namespace.as_str().into())
                .resource_id(&body.resource_id)
                .scalable_dimension(body.scalable_dimension.as_str().into())
                .send()
                .await
                .or_fail("application-autoscaling:DeleteScalingPolicy")
        };
        match self.pace.persist(SETTLE, concurrent, call).await {
            Err(error) if error.is(&["ObjectNotFoundException"]) => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    /// The scalable targets of the stack's services, their policies and their actions: also of those that nothing
    /// desires to be scaled any more. `services` are the stack's.
    pub(super) async fn read_scaling(
        &self,
        desired: &Desired,
        owner: Option<&Owner>,
        services: &[Found],
    ) -> Result<Vec<Found>, CloudError> {
        if !self.scales {
            return Ok(Vec::new());
        }
        let mut wanted = false;
        let mut ids: BTreeSet<String> = BTreeSet::new();
        let mut alarms: BTreeSet<String> = BTreeSet::new();
        for resource in desired.resources.values() {
            match &resource.body {
                Body::ScalableTarget(target) => {
                    wanted = true;
                    ids.insert(target.resource_id.clone());
                }
                Body::Alarm(alarm) => {
                    alarms.insert(alarm.alarm_name.clone());
                }
                _ => {}
            }
        }
        ids.extend(services.iter().filter(|found| found.is_of(owner)).filter_map(resource_id));
        let ids: Vec<String> = ids.into_iter().collect();
        let targets = match self.describe_targets(&ids).await {
            // Who may not look has scaled nothing, and wants nothing scaled now.
            Err(error) if !wanted && error.kind == CloudErrorKind::AccessDenied => Vec::new(),
            // Nor has anybody where nobody scales: some emulators do not know this service.
            Err(error) if !wanted && error.is_unserved() => Vec::new(),
            answer => answer?,
        };
        let read: Vec<(Vec<Found>, Vec<String>)> = stream::iter(targets)
            .map(|target| async move { self.read_target(&target, owner).await })
            .buffered(IN_FLIGHT)
            .try_collect()
            .await?;
        let mut found = Vec::new();
        for (of_target, names) in read {
            found.extend(of_target);
            alarms.extend(names);
        }
        found.extend(self.read_alarms(&alarms.into_iter().collect::<Vec<_>>()).await?);
        Ok(found)
    }

    /// A target with its policies and actions, and the names of the alarms that start our steps.
    async fn read_target(
        &self,
        target: &sdk::ScalableTarget,
        owner: Option<&Owner>,
    ) -> Result<(Vec<Found>, Vec<String>), CloudError> {
        let (tags, policies, actions) = try_join3(
            self.target_tags(target.scalable_target_arn()),
            self.list_policies(target.resource_id()),
            self.list_actions(target.resource_id()),
        )
        .await?;
        let ours = owner.is_some_and(|owner| owner.owns(&tags));
        let found = Found::new(Body::ScalableTarget(Box::new(target_back(target, &tags))))
            .with(Attribute::Arn, target.scalable_target_arn())
            .tagged(tags);
        let mut all = vec![found];
        let service = target.resource_id().rsplit('/').next().unwrap_or_default();
        let prefix = format!("{service}-");
        let mut alarms = Vec::new();
        for policy in &policies {
            let Some(body) = policy_back(policy) else { continue };
            // The alarms of target tracking are AWS's business.
            if body.step_scaling_policy_configuration.is_some() {
                let names = policy.alarms().iter().map(|alarm| alarm.alarm_name());
                alarms.extend(names.filter(|name| name.starts_with(&prefix)).map(str::to_owned));
            }
            let name = body.policy_name.clone();
            let found = Found::new(Body::ScalingPolicy(Box::new(body)))
                .with(Attribute::Arn, Some(policy.policy_arn()));
            // A policy that somebody else put beside ours is left alone.
            let made = ours && name.starts_with(&prefix);
            all.push(if made { found.placed(Kind::ScalingPolicy, name) } else { found });
        }
        for action in actions {
            let name = action.scheduled_action_name.clone();
            let found = Found::new(Body::ScheduledAction(Box::new(action)));
            let made = ours && name.starts_with(&prefix);
            all.push(if made { found.placed(Kind::ScheduledAction, name) } else { found });
        }
        Ok((all, alarms))
    }

    async fn describe_targets(
        &self,
        ids: &[String],
    ) -> Result<Vec<sdk::ScalableTarget>, CloudError> {
        let mut all = Vec::new();
        for some in ids.chunks(TARGETS) {
            let pages = self
                .scaling()
                .describe_scalable_targets()
                .service_namespace(sdk::ServiceNamespace::Ecs)
                .set_resource_ids(Some(some.to_vec()))
                .into_paginator()
                .items();
            let page: Result<Vec<_>, _> = pages.send().collect().await;
            all.extend(page.or_fail("application-autoscaling:DescribeScalableTargets")?);
        }
        let counts = |target: &sdk::ScalableTarget| {
            *target.scalable_dimension() == sdk::ScalableDimension::EcsServiceDesiredCount
        };
        all.retain(counts);
        Ok(all)
    }

    async fn list_policies(&self, resource: &str) -> Result<Vec<sdk::ScalingPolicy>, CloudError> {
        let pages = self
            .scaling()
            .describe_scaling_policies()
            .service_namespace(sdk::ServiceNamespace::Ecs)
            .resource_id(resource)
            .scalable_dimension(sdk::ScalableDimension::EcsServiceDesiredCount)
            .into_paginator()
            .items();
        let all: Result<Vec<_>, _> = pages.send().collect().await;
        all.or_fail("application-autoscaling:DescribeScalingPolicies")
    }

    /// Targets that are older than tags on targets have no ARN, and no tags.
    async fn target_tags(&self, arn: Option<&str>) -> Result<Tags, CloudError> {
        let Some(arn) = arn else { return Ok(Tags::new()) };
        let answer = self.scaling().list_tags_for_resource().resource_arn(arn).send().await;
        match answer.or_fail("application-autoscaling:ListTagsForResource") {
            Ok(answer) => {
                Ok(answer.tags.unwrap_or_default().into_iter().collect::<BTreeMap<_, _>>())
            }
            Err(error) if error.is(&["ResourceNotFoundException"]) => Ok(Tags::new()),
            Err(error) => Err(error),
        }
    }
}

/// The name by which a service is scaled.
fn resource_id(found: &Found) -> Option<String> {
    match &found.observed.body {
        Body::Service(service) => {
            Some(format!("service/{}/{}", service.cluster, service.service_name))
        }
        _ => None,
    }
}

fn changed(arn: Option<&str>) -> Changed {
    let arn = arn.map(|arn| (Attribute::Arn, arn.to_owned()));
    Changed { attributes: arn.into_iter().collect(), ..Changed::default() }
}

/// Another call on the same thing is under way.
fn concurrent(error: &CloudError) -> bool {
    error.is(&["ConcurrentUpdateException"])
}

fn target_back(found: &sdk::ScalableTarget, tags: &Tags) -> ScalableTarget {
    let own = tags.iter().filter(|(key, _)| !key.starts_with("aws:"));
    ScalableTarget {
        service_namespace: found.service_namespace().as_str().to_owned(),
        resource_id: found.resource_id().to_owned(),
        scalable_dimension: found.scalable_dimension().as_str().to_owned(),
        min_capacity: found.min_capacity(),
        max_capacity: found.max_capacity(),
        tags: own.map(|(key, value)| (key.clone(), value.clone())).collect(),
    }
}

/// A policy that tracks a metric in a way that decklift deploys, or that has steps.
fn policy_back(found: &sdk::ScalingPolicy) -> Option<ScalingPolicy> {
    let tracking = found.target_tracking_scaling_policy_configuration().and_then(metric::back);
    let steps = found.step_scaling_policy_configuration().map(steps::back);
    if tracking.is_none() && steps.is_none() {
        return None;
    }
    Some(ScalingPolicy {
        policy_name: found.policy_name().to_owned(),
        service_namespace: found.service_namespace().as_str().to_owned(),
        resource_id: found.resource_id().to_owned(),
        scalable_dimension: found.scalable_dimension().as_str().to_owned(),
        policy_type: found.policy_type().as_str().to_owned(),
        target_tracking_scaling_policy_configuration: tracking,
        step_scaling_policy_configuration: steps,
    })
}
