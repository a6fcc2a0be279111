//! `x-ecs.schedule`: a job that EventBridge Scheduler starts, instead of every deployment
//! (EventBridge Scheduler API reference, `CreateSchedule`).

use serde_json::json;

use super::grants::{allow, document};
use super::task::task_definition_id;
use super::{base, launch, overrides, placement, role, service};
use crate::compose::model::{Condition, TaskNetwork};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Attribute, Body, CreateRole, EcsParameters, FlexibleTimeWindow, Kind, PutRolePolicy, Resource,
    ResourceId, Role, Schedule, ScheduleGroup, ScheduleTarget, Value,
};
use crate::ecs::translate::context::{Context, Output, cluster_id, upper};
use crate::ecs::translate::names::{Grammar, fit_within, schedule_group};
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// What a name of a schedule, or of a group of them, may have (EventBridge Scheduler API reference).
const NAME: usize = 64;

/// The schedule of a unit, if it has one.
pub(crate) fn of_unit<'a>(unit: &Unit<'a>, out: &mut Output) -> Option<&'a Located<String>> {
    super::agreed::agreed(unit, "schedule", |x| x.schedule.as_ref(), String::eq, out)
}

/// Whether a unit runs by the clock.
pub(crate) fn is_scheduled(unit: &Unit<'_>) -> bool {
    unit.leader().job.is_some()
        && unit.members.iter().any(|member| member.service.extension.schedule.is_some())
}

/// The group of a project's schedules.
fn group_id() -> ResourceId {
    ResourceId::new(Kind::ScheduleGroup, "main")
}

/// Adds the schedule of a job, its role and its group.
pub(crate) fn add(
    cx: &Context<'_>,
    unit: &Unit<'_>,
    expression: &Located<String>,
    count: i32,
    out: &mut Output,
) {
    let name = unit.name();
    awaited(cx, unit, expression, out);
    if let Err((why, help)) = check(&expression.value) {
        out.say(
            Diagnostic::error(Code::InvalidValue, format!("{:?} {why}", expression.value))
                .at(expression.span, "")
                .help(help)
                .service(name),
        );
        return;
    }
    if count == 0 {
        return;
    }
    overrides::of_job(unit, out);
    let group = group_id();
    let group_name = schedule_group(&cx.stack);
    // Whoever adds it adds the same.
    let body = ScheduleGroup { name: group_name.clone(), tags: upper(cx.tags(&group)) };
    out.add(group.clone(), Body::ScheduleGroup(body), None, None);
    let id = ResourceId::new(Kind::Schedule, name);
    let placed = placement::instances::placed(unit, out);
    let (launch_type, strategy) = launch::capacity(cx, unit, out);
    let has_interface = unit.leader().network == TaskNetwork::AwsVpc;
    let body = Schedule {
        name: fit_within(&cx.unit_name(name), Grammar::Ecs, NAME),
        group_name,
        description: format!("Runs {name} of {}", cx.stack),
        schedule_expression: expression.value.clone(),
        schedule_expression_timezone: None,
        flexible_time_window: FlexibleTimeWindow { mode: "OFF".to_owned() },
        target: ScheduleTarget {
            arn: cluster(cx),
            role_arn: add_role(cx, unit, out),
            ecs_parameters: EcsParameters {
                task_definition_arn: Value::From(task_definition_id(name), Attribute::Arn),
                task_count: count,
                launch_type,
                capacity_provider_strategy: strategy.into_iter().map(Into::into).collect(),
                platform_version: launch::platform_version(unit),
                placement_constraints: placed.constraints,
                placement_strategy: placed.strategy,
                network_configuration: has_interface
                    .then(|| service::network(cx, unit, false, out).into()),
                enable_ecs_managed_tags: true,
                propagate_tags: "TASK_DEFINITION".to_owned(),
            },
        },
    };
    let mut waits = service::written_by_name(cx, unit);
    waits.push((group, crate::ecs::desired::Gate::Started));
    out.desired.insert(Resource {
        id,
        body: Body::Schedule(Box::new(body)),
        service: Some(name.to_owned()),
        origin: Some(expression.span),
        waits,
        peers: Vec::new(),
        restarts: Vec::new(),
        stateful: false,
    });
}

/// Nobody can wait for a run that no deployment starts.
fn awaited(cx: &Context<'_>, unit: &Unit<'_>, expression: &Located<String>, out: &mut Output) {
    for service in cx.project.services.values() {
        let inside = unit.members.iter().any(|member| member.name() == service.name.value);
        for (other, dependency) in service.depends_on.iter().filter(|_| !inside) {
            let waits = dependency.value.condition == Condition::CompletedSuccessfully
                && unit.members.iter().any(|member| member.name() == other);
            if waits {
                let message = format!(
                    "{} waits for the end of {other}, which runs by the clock",
                    service.name.value
                );
                out.say(
                    Diagnostic::error(Code::Conflict, message)
                        .at(expression.span, "")
                        .at(dependency.span, "waits for its end")
                        .help("take `schedule` away, and every deployment runs it; or do not wait")
                        .service(unit.name()),
                );
            }
        }
    }
}

fn cluster(cx: &Context<'_>) -> Value {
    if base::has_cluster(cx) {
        Value::Known(cx.arn("ecs", &format!("cluster/{}", base::cluster_name(cx))))
    } else {
        Value::From(cluster_id(), Attribute::Arn)
    }
}

/// A role that may start this very task, and hand over its roles (EventBridge Scheduler user guide,
/// "Setting up", and "Using ECS RunTask as a target").
fn add_role(cx: &Context<'_>, unit: &Unit<'_>, out: &mut Output) -> Value {
    let name = unit.name();
    let id = ResourceId::new(Kind::Role, format!("{name}+schedule"));
    let role_name = cx.name(&format!("{name}-schedule"), Grammar::Role);
    let family = cx.unit_name(name);
    let cluster = cx.arn("ecs", &format!("cluster/{}", base::cluster_name(cx)));
    let run = json!({
        "Action": ["ecs:RunTask"],
        "Condition": {"ArnEquals": {"ecs:cluster": cluster}},
        "Effect": "Allow",
        "Resource": cx.arn("ecs", &format!("task-definition/{family}:*")),
    });
    // Tasks carry the tags of their definition from the start.
    let tag = json!({
        "Action": ["ecs:TagResource"],
        "Condition": {"StringEquals": {"ecs:CreateAction": "RunTask"}},
        "Effect": "Allow",
        "Resource": cx.arn("ecs", &format!("task/{}/*", base::cluster_name(cx))),
    });
    let mut roles = passed(cx, unit, out);
    roles.sort();
    let mut pass = allow(&["iam:PassRole"], roles);
    pass["Condition"] = json!({"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}});
    let policy = document(vec![run, tag, pass]).map(|policy_document| PutRolePolicy {
        role_name: role_name.clone(),
        policy_name: "schedule".to_owned(),
        policy_document,
    });
    let trust = json!({
        "Statement": [{
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": cx.facts.account}},
            "Effect": "Allow",
            "Principal": {"Service": "scheduler.amazonaws.com"},
        }],
        "Version": "2012-10-17",
    });
    let description = format!("Lets EventBridge Scheduler run {name} in {}", cx.stack);
    let create = CreateRole {
        assume_role_policy_document: trust.to_string(),
        ..role::create(cx, role_name, description, &id)
    };
    let body = Body::Role(Box::new(Role { create, policy, attached: None }));
    out.add(id.clone(), body, Some(name), Some(unit.span()));
    Value::From(id, Attribute::Arn)
}

/// The ARNs of the roles of the task: those that it names, and those that are made for it.
fn passed(cx: &Context<'_>, unit: &Unit<'_>, out: &Output) -> Vec<String> {
    let mut arns = Vec::new();
    let task = out.desired.resources.get(&task_definition_id(unit.name()));
    let Some(Body::TaskDefinition(task)) = task.map(|task| &task.body) else { return arns };
    for value in task.execution_role_arn.iter().chain(&task.task_role_arn) {
        match value {
            Value::Known(arn) => arns.push(arn.clone()),
            Value::From(id, _) => {
                if let Some(Body::Role(role)) = out.desired.resources.get(id).map(|r| &r.body) {
                    let path = format!("{}{}", role.create.path, role.create.role_name);
                    arns.push(role::role_arn(cx, &path));
                }
            }
        }
    }
    arns
}

/// What is wrong with an expression, and what to write (EventBridge Scheduler user guide, "Schedule
/// types").
pub(crate) fn check(expression: &str) -> Result<(), (&'static str, &'static str)> {
    let inner = |name: &str| {
        expression.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')').map(str::trim)
    };
    if let Some(rate) = inner("rate") {
        return check_rate(rate);
    }
    if let Some(cron) = inner("cron") {
        return check_cron(cron);
    }
    Err(("is no schedule", "write `rate(5 minutes)` or `cron(0 3 * * ? *)`"))
}

fn check_rate(rate: &str) -> Result<(), (&'static str, &'static str)> {
    const HELP: &str = "write a whole number and `minutes`, `hours` or `days`: `rate(5 minutes)`";
    let Some((value, unit)) = rate.split_once(char::is_whitespace) else {
        return Err(("is no rate", HELP));
    };
    let good = value.bytes().all(|b| b.is_ascii_digit()) && !value.starts_with('0');
    if !good || value.len() > 9 {
        return Err(("has no whole number above 0", HELP));
    }
    let units = ["minute", "minutes", "hour", "hours", "day", "days"];
    if !units.contains(&unit.trim()) {
        return Err(("has no unit that AWS knows", HELP));
    }
    Ok(())
}

fn check_cron(cron: &str) -> Result<(), (&'static str, &'static str)> {
    const FIELDS: [(u32, u32, &[&str]); 6] = [
        (0, 59, &[]),
        (0, 23, &[]),
        (1, 31, &[]),
        (
            1,
            12,
            &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
        ),
        (1, 7, &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]),
        (1970, 2199, &[]),
    ];
    let fields: Vec<&str> = cron.split_whitespace().collect();
    if fields.len() != 6 {
        let help = "write six fields: minutes, hours, day of the month, month, day of the week, \
            year, such as `cron(0 3 * * ? *)`";
        return Err(("does not have the six fields of AWS", help));
    }
    let (day, weekday) = (fields[2], fields[4]);
    if (day == "?") == (weekday == "?") {
        let help = "write `?` for exactly one of the two: `cron(0 3 * * ? *)` is every day, \
            `cron(0 3 ? * MON *)` every Monday";
        return Err(("says both the day of the month and the day of the week, or neither", help));
    }
    for (index, (field, (low, high, words))) in fields.iter().zip(FIELDS).enumerate() {
        if !is_field(field, index, low, high, words) {
            let help = "minutes 0-59, hours 0-23, days 1-31, months 1-12 or JAN-DEC, weekdays 1-7 \
                or SUN-SAT, years 1970-2199; with `,`, `-`, `*`, `/`, and `L`, `W`, `#` for days";
            return Err(("has a field that AWS does not take", help));
        }
    }
    Ok(())
}

fn is_field(field: &str, index: usize, low: u32, high: u32, words: &[&str]) -> bool {
    let is_day = index == 2;
    let is_weekday = index == 4;
    let number = |text: &str| -> Option<u32> {
        let word = words.iter().position(|word| word.eq_ignore_ascii_case(text));
        let number = match word {
            Some(at) => low + u32::try_from(at).ok()?,
            None => text.parse().ok()?,
        };
        (low..=high).contains(&number).then_some(number)
    };
    let is_range = |text: &str| match text.split_once('-') {
        Some((from, to)) => {
            matches!((number(from), number(to)), (Some(from), Some(to)) if is_weekday || from <= to)
        }
        None => number(text).is_some(),
    };
    if field == "?" {
        return is_day || is_weekday;
    }
    if is_day && (field == "L" || field == "LW") || is_weekday && field == "L" {
        return true;
    }
    field.split(',').all(|part| {
        if let Some(day) = part.strip_suffix('W').filter(|_| is_day) {
            return number(day).is_some();
        }
        if let Some(day) = part.strip_suffix('L').filter(|_| is_weekday) {
            return number(day).is_some();
        }
        if let Some((day, nth)) = part.split_once('#').filter(|_| is_weekday) {
            return number(day).is_some() && nth.parse().is_ok_and(|n: u32| (1..=5).contains(&n));
        }
        match part.split_once('/') {
            Some((start, step)) => {
                (start == "*" || is_range(start)) && step.parse().is_ok_and(|n: u32| n > 0)
            }
            None => part == "*" || is_range(part),
        }
    })
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
