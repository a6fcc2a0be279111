//! Limits that change by the clock.

use aws_sdk_applicationautoscaling::types as sdk;

use super::{Aws, SETTLE, changed, concurrent};
use crate::apply::cloud::{Changed, CloudError};
use crate::aws::error::OrFail;
use crate::ecs::desired::{ScalableTargetAction, ScheduledAction};

impl Aws {
    /// Makes an action or overwrites it: it stands on a target that is ours, and its name stands for its
    /// time, so that nothing but the limits can change.
    pub(in crate::aws) async fn put_scheduled_action(
        &self,
        body: &ScheduledAction,
    ) -> Result<Changed, CloudError> {
        let ScheduledAction {
            scheduled_action_name,
            service_namespace,
            resource_id,
            scalable_dimension,
            schedule,
            timezone,
            scalable_target_action: ScalableTargetAction { min_capacity, max_capacity },
        } = body;
        let limits = sdk::ScalableTargetAction::builder()
            .set_min_capacity(*min_capacity)
            .set_max_capacity(*max_capacity)
            .build();
        let call = || async {
            self.scaling()
                .put_scheduled_action()
                .scheduled_action_name(scheduled_action_name)
                .service_namespace(service_namespace.as_str().into())
                .resource_id(resource_id)
                .scalable_dimension(scalable_dimension.as_str().into())
                .schedule(schedule)
                .set_timezone(timezone.clone())
                .scalable_target_action(limits.clone())
                .send()
                .await
                .or_fail("application-autoscaling:PutScheduledAction")
        };
        // The target is not seen everywhere at once.
        let passes =
            |error: &CloudError| concurrent(error) || error.is(&["ObjectNotFoundException"]);
        self.pace.persist(SETTLE, passes, call).await?;
        Ok(changed(None))
    }

    pub(in crate::aws) async fn delete_scheduled_action(
        &self,
        body: &ScheduledAction,
    ) -> Result<(), CloudError> {
        let call = || async {
            self.scaling()
                .delete_scheduled_action()
                .scheduled_action_name(&body.scheduled_action_name)
                .service_namespace(body.service_namespace.as_str().into())
                .resource_id(&body.resource_id)
                .scalable_dimension(body.scalable_dimension.as_str().into())
                .send()
                .await
                .or_fail("application-autoscaling:DeleteScheduledAction")
        };
        match self.pace.persist(SETTLE, concurrent, call).await {
            Err(error) if error.is(&["ObjectNotFoundException"]) => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    pub(super) async fn list_actions(
        &self,
        resource: &str,
    ) -> Result<Vec<ScheduledAction>, CloudError> {
        let pages = self
            .scaling()
            .describe_scheduled_actions()
            .service_namespace(sdk::ServiceNamespace::Ecs)
            .resource_id(resource)
            .scalable_dimension(sdk::ScalableDimension::EcsServiceDesiredCount)
            .into_paginator()
            .items();
        let all: Result<Vec<sdk::ScheduledAction>, _> = pages.send().collect().await;
        let all = all.or_fail("application-autoscaling:DescribeScheduledActions")?;
        Ok(all.iter().map(back).collect())
    }
}

fn back(found: &sdk::ScheduledAction) -> ScheduledAction {
    let limits = found.scalable_target_action();
    let dimension = found.scalable_dimension();
    ScheduledAction {
        scheduled_action_name: found.scheduled_action_name().to_owned(),
        service_namespace: found.service_namespace().as_str().to_owned(),
        resource_id: found.resource_id().to_owned(),
        scalable_dimension: dimension
            .map(|dimension| dimension.as_str())
            .unwrap_or_default()
            .to_owned(),
        schedule: found.schedule().to_owned(),
        timezone: found.timezone().map(str::to_owned),
        scalable_target_action: ScalableTargetAction {
            min_capacity: limits.and_then(|limits| limits.min_capacity()),
            max_capacity: limits.and_then(|limits| limits.max_capacity()),
        },
    }
}
