//! One schedule: a request, and what comes back.

use aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput;
use aws_sdk_scheduler::types as sdk;

use super::{SETTLE, changed, conflict};
use crate::apply::cloud::{Changed, CloudError};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::values::{some, text, texts};
use crate::ecs::desired::{
    EcsParameters, FlexibleTimeWindow, PlacementConstraint, PlacementStrategy, Schedule,
    ScheduleCapacity, ScheduleNetwork, ScheduleTarget, ScheduleVpc, Value,
};

impl Aws {
    /// The group says whose a schedule is, and is ours when this is called.
    pub(in crate::aws) async fn create_schedule(
        &self,
        body: &Schedule,
    ) -> Result<Changed, CloudError> {
        let call = || async { self.send_schedule(body).await };
        match self.pace.persist(SETTLE, not_visible_yet, call).await {
            Err(error) if conflict(&error) => self.update_schedule(body).await,
            answer => answer,
        }
    }

    async fn send_schedule(&self, body: &Schedule) -> Result<Changed, CloudError> {
        let Schedule { name, group_name, description, schedule_expression, .. } = body;
        let answer = self
            .scheduler()
            .create_schedule()
            .name(name)
            .group_name(group_name)
            .client_token(self.request_id(&format!("{group_name}/{name}")))
            .description(description)
            .schedule_expression(schedule_expression)
            .flexible_time_window(window(&body.flexible_time_window)?)
            .target(target(&body.target)?)
            .send()
            .await
            .or_fail("scheduler:CreateSchedule")?;
        Ok(changed(Some(answer.schedule_arn())))
    }

    /// What is left out of an update goes back to its default (API reference, `UpdateSchedule`), so
    /// everything is said; somebody who paused it by hand finds it paused still.
    pub(in crate::aws) async fn update_schedule(
        &self,
        body: &Schedule,
    ) -> Result<Changed, CloudError> {
        let call = || async {
            let Some(found) = self.find_schedule(&body.group_name, &body.name).await? else {
                return self.send_schedule(body).await;
            };
            let Schedule { name, group_name, description, schedule_expression, .. } = body;
            let answer = self
                .scheduler()
                .update_schedule()
                .name(name)
                .group_name(group_name)
                .description(description)
                .schedule_expression(schedule_expression)
                .flexible_time_window(window(&body.flexible_time_window)?)
                .target(target(&body.target)?)
                .set_state(found.state().cloned())
                .send()
                .await
                .or_fail("scheduler:UpdateSchedule")?;
            Ok(changed(Some(answer.schedule_arn())))
        };
        let passes = |error: &CloudError| conflict(error) || not_visible_yet(error);
        self.pace.persist(SETTLE, passes, call).await
    }

    pub(in crate::aws) async fn delete_schedule(&self, body: &Schedule) -> Result<(), CloudError> {
        let call = || async {
            let call = self.scheduler().delete_schedule().name(&body.name);
            call.group_name(&body.group_name).send().await.or_fail("scheduler:DeleteSchedule")
        };
        match self.pace.persist(SETTLE, conflict, call).await {
            Err(error) if error.is(&["ResourceNotFoundException"]) => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    pub(super) async fn find_schedule(
        &self,
        group: &str,
        name: &str,
    ) -> Result<Option<GetScheduleOutput>, CloudError> {
        let answer = self.scheduler().get_schedule().group_name(group).name(name).send().await;
        match answer.or_fail("scheduler:GetSchedule") {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is(&["ResourceNotFoundException"]) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A role, or a group, that was just made and is not seen everywhere yet.
fn not_visible_yet(error: &CloudError) -> bool {
    error.says("ValidationException", "assume the role") || error.is(&["ResourceNotFoundException"])
}

fn window(window: &FlexibleTimeWindow) -> Result<sdk::FlexibleTimeWindow, CloudError> {
    let FlexibleTimeWindow { mode } = window;
    Ok(sdk::FlexibleTimeWindow::builder().mode(mode.as_str().into()).build()?)
}

pub(super) fn target(target: &ScheduleTarget) -> Result<sdk::Target, CloudError> {
    let ScheduleTarget { arn, role_arn, ecs_parameters } = target;
    Ok(sdk::Target::builder()
        .arn(text(arn)?)
        .role_arn(text(role_arn)?)
        .ecs_parameters(parameters(ecs_parameters)?)
        .build()?)
}

fn parameters(parameters: &EcsParameters) -> Result<sdk::EcsParameters, CloudError> {
    let EcsParameters {
        task_definition_arn,
        task_count,
        capacity_provider_strategy,
        platform_version,
        launch_type,
        placement_constraints,
        placement_strategy,
        network_configuration,
        enable_ecs_managed_tags,
        propagate_tags,
    } = parameters;
    let network = network_configuration.as_ref().map(network).transpose()?;
    let item = |item: &ScheduleCapacity| {
        let ScheduleCapacity { capacity_provider, weight, base } = item;
        sdk::CapacityProviderStrategyItem::builder()
            .capacity_provider(capacity_provider)
            .weight(*weight)
            .base(*base)
            .build()
    };
    let strategy: Result<Vec<_>, _> = capacity_provider_strategy.iter().map(item).collect();
    Ok(sdk::EcsParameters::builder()
        .task_definition_arn(text(task_definition_arn)?)
        .task_count(*task_count)
        .set_launch_type(launch_type.as_deref().map(Into::into))
        .set_capacity_provider_strategy(some(strategy?))
        .set_platform_version(Some(platform_version.clone()).filter(|text| !text.is_empty()))
        .set_placement_constraints(some(placement_constraints.iter().map(constraint).collect()))
        .set_placement_strategy(some(placement_strategy.iter().map(strategy_of).collect()))
        .set_network_configuration(network)
        .enable_ecs_managed_tags(*enable_ecs_managed_tags)
        .propagate_tags(propagate_tags.as_str().into())
        .build()?)
}

fn network(network: &ScheduleNetwork) -> Result<sdk::NetworkConfiguration, CloudError> {
    let ScheduleNetwork { awsvpc: ScheduleVpc { subnets, security_groups, assign_public_ip } } =
        network;
    let vpc = sdk::AwsVpcConfiguration::builder()
        .set_subnets(Some(texts(subnets)?))
        .set_security_groups(Some(texts(security_groups)?))
        .assign_public_ip(assign_public_ip.as_str().into())
        .build()?;
    Ok(sdk::NetworkConfiguration::builder().awsvpc_configuration(vpc).build())
}

fn constraint(constraint: &PlacementConstraint) -> sdk::PlacementConstraint {
    let PlacementConstraint { kind, expression } = constraint;
    sdk::PlacementConstraint::builder()
        .r#type(kind.as_str().into())
        .set_expression(expression.clone())
        .build()
}

fn strategy_of(strategy: &PlacementStrategy) -> sdk::PlacementStrategy {
    let PlacementStrategy { kind, field } = strategy;
    sdk::PlacementStrategy::builder().r#type(kind.as_str().into()).set_field(field.clone()).build()
}

/// A schedule as it stands. One that starts something else than a task reads as one of nothing, so
/// that it differs from whatever is wanted.
pub(super) fn observed(found: &GetScheduleOutput) -> Schedule {
    let given = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let target = found.target();
    let window = found.flexible_time_window();
    Schedule {
        name: given(found.name()),
        group_name: given(found.group_name()),
        description: given(found.description()),
        schedule_expression: given(found.schedule_expression()),
        // Scheduler API reference, `CreateSchedule`: UTC unless it is said otherwise.
        schedule_expression_timezone: found
            .schedule_expression_timezone()
            .filter(|zone| *zone != "UTC")
            .map(str::to_owned),
        flexible_time_window: FlexibleTimeWindow {
            mode: given(window.map(|window| window.mode().as_str())),
        },
        target: ScheduleTarget {
            arn: Value::from(target.map(|target| target.arn()).unwrap_or_default()),
            role_arn: Value::from(target.map(|target| target.role_arn()).unwrap_or_default()),
            ecs_parameters: parameters_back(target.and_then(|target| target.ecs_parameters())),
        },
    }
}

fn parameters_back(found: Option<&sdk::EcsParameters>) -> EcsParameters {
    let network = found.and_then(|found| found.network_configuration());
    let vpc = network.and_then(|network| network.awsvpc_configuration());
    let strategy = found.map(|found| found.capacity_provider_strategy()).unwrap_or_default();
    let item = |item: &sdk::CapacityProviderStrategyItem| ScheduleCapacity {
        capacity_provider: item.capacity_provider().to_owned(),
        weight: item.weight(),
        base: item.base(),
    };
    let propagate = found.and_then(|found| found.propagate_tags());
    EcsParameters {
        task_definition_arn: Value::from(
            found.map(|found| found.task_definition_arn()).unwrap_or_default(),
        ),
        // API reference, `EcsParameters.TaskCount`: 1 unless given.
        task_count: found.and_then(|found| found.task_count()).unwrap_or(1),
        capacity_provider_strategy: strategy.iter().map(item).collect(),
        platform_version: found
            .and_then(|found| found.platform_version())
            .unwrap_or_default()
            .to_owned(),
        launch_type: found
            .and_then(|found| found.launch_type())
            .map(|kind| kind.as_str().to_owned()),
        placement_constraints: found.map(constraints_back).unwrap_or_default(),
        placement_strategy: found.map(strategies_back).unwrap_or_default(),
        network_configuration: vpc.map(network_back),
        enable_ecs_managed_tags: found
            .and_then(|found| found.enable_ecs_managed_tags())
            .unwrap_or(false),
        propagate_tags: propagate.map(|tags| tags.as_str()).unwrap_or_default().to_owned(),
    }
}

fn network_back(vpc: &sdk::AwsVpcConfiguration) -> ScheduleNetwork {
    let values = |list: &[String]| list.iter().map(|text| Value::from(text.as_str())).collect();
    let assigns = vpc.assign_public_ip().map(|assigns| assigns.as_str());
    ScheduleNetwork {
        awsvpc: ScheduleVpc {
            subnets: values(vpc.subnets()),
            security_groups: values(vpc.security_groups()),
            assign_public_ip: assigns.unwrap_or("DISABLED").to_owned(),
        },
    }
}

fn constraints_back(found: &sdk::EcsParameters) -> Vec<PlacementConstraint> {
    let kind = |c: &sdk::PlacementConstraint| c.r#type().map(|kind| kind.as_str().to_owned());
    let constraints = found.placement_constraints().iter();
    let back = constraints.map(|c| PlacementConstraint {
        kind: kind(c).unwrap_or_default(),
        expression: c.expression().map(str::to_owned),
    });
    back.collect()
}

fn strategies_back(found: &sdk::EcsParameters) -> Vec<PlacementStrategy> {
    let kind = |s: &sdk::PlacementStrategy| s.r#type().map(|kind| kind.as_str().to_owned());
    let strategies = found.placement_strategy().iter();
    let back = strategies.map(|s| PlacementStrategy {
        kind: kind(s).unwrap_or_default(),
        field: s.field().map(str::to_owned),
    });
    back.collect()
}
