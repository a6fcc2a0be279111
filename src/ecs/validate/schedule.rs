//! EventBridge Scheduler (API reference, `CreateScheduleGroup` and `CreateSchedule`).

use super::text::is;
use super::{Report, Unique, ebs, tags};
use crate::ecs::desired::{Kind, Schedule, ScheduleGroup};
use crate::ecs::rules::schedule::check;
use crate::ecs::rules::security_groups::MOST;

fn is_name(name: &str) -> bool {
    is(name, 1, 64, |c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

pub(super) fn group(group: &ScheduleGroup, unique: &mut Unique, report: &mut Report<'_>) {
    let ScheduleGroup { name, tags } = group;
    if !is_name(name) {
        report.fault(
            format!("{name:?} is no name of a schedule group"),
            "EventBridge Scheduler takes 1 to 64 letters, digits, `-`, `_` and `.`",
        );
    }
    unique.take(Kind::ScheduleGroup, name, report);
    tags::upper(tags, report);
}

pub(super) fn schedule(schedule: &Schedule, unique: &mut Unique, report: &mut Report<'_>) {
    let Schedule {
        name,
        group_name,
        description,
        schedule_expression,
        schedule_expression_timezone: _,
        flexible_time_window,
        target,
    } = schedule;
    if !is_name(name) || !is_name(group_name) {
        report.fault(
            format!("{name:?} in {group_name:?} is no name of a schedule"),
            "EventBridge Scheduler takes 1 to 64 letters, digits, `-`, `_` and `.`",
        );
    }
    if description.chars().count() > 512 {
        report.fault("the description is too long", "EventBridge Scheduler takes 512 characters");
    }
    if let Err((why, help)) = check(schedule_expression) {
        report.fault(format!("{schedule_expression:?} {why}"), help);
    }
    if flexible_time_window.mode != "OFF" {
        report.fault("it may run later than it says", "this is a fault of decklift");
    }
    let task = &target.ecs_parameters;
    if !(1..=10).contains(&task.task_count) {
        report.fault(format!("{} tasks at once", task.task_count), "RunTask starts 1 to 10 tasks");
    }
    let providers = task.capacity_provider_strategy.len();
    if providers > 6 || (providers == 0) == task.launch_type.is_none() {
        report.fault(
            "its capacity provider strategy is not taken",
            "it takes 1 to 6 providers, or a launch type",
        );
    }
    // As many as RunTask takes (ECS API reference).
    if task.placement_constraints.len() > 10 || task.placement_strategy.len() > 5 {
        report.fault(
            "its tasks cannot be placed",
            "a task takes at most 10 placement constraints and 5 placement strategies",
        );
    }
    let vpc = task.network_configuration.as_ref().map(|network| &network.awsvpc);
    if vpc.is_some_and(|vpc| {
        !(1..=16).contains(&vpc.subnets.len()) || vpc.security_groups.len() > MOST
    }) {
        report.fault(
            "its tasks have no place in the network",
            format!("a task takes 1 to 16 subnets and at most {MOST} security groups"),
        );
    }
    let definition = task.task_definition_arn.reference().and_then(|(id, _)| report.task(id));
    ebs::by_the_clock(definition, report);
    unique.take(Kind::Schedule, &format!("{group_name}/{name}"), report);
}
