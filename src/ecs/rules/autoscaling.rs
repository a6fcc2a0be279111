//! `x-ecs.autoscaling`: a service whose number of tasks follows its load, or the clock (Application
//! Auto Scaling API reference, `RegisterScalableTarget`, `PutScalingPolicy`, and
//! `PutScheduledAction`).

mod limits;
mod queue;
mod steps;
pub(crate) mod times;

use super::agreed::{agreed, told_of};
use super::{daemon, load_balancer};
use crate::compose::model::{Autoscaling, QueueScaling, ScheduledScaling, StepScaling};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Attribute, Body, Gate, Kind, PredefinedMetric, Resource, ResourceId, ResourceLabel,
    ScalableTarget, ScalingPolicy, Service, TargetTracking, Value,
};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

const NAMESPACE: &str = "ecs";
const DIMENSION: &str = "ecs:service:DesiredCount";

/// What the services of a unit ask for, if they do.
pub(crate) fn wanted<'a>(unit: &Unit<'a>, out: &mut Output) -> Option<&'a Located<Autoscaling>> {
    agreed(unit, "autoscaling", |x| x.autoscaling.as_ref(), same, out)
}

/// The smallest and the largest number of tasks.
fn range(scaling: &Autoscaling) -> (u32, u32) {
    let max = scaling.max.as_ref().map_or(1, |max| max.value);
    (scaling.min.as_ref().map_or(1, |min| min.value), max)
}

/// How many tasks a service starts with: as many as it says, within what it scales between.
pub(crate) fn first_count(unit: &Unit<'_>, replicas: i32, out: &mut Output) -> i32 {
    let Some(scaling) = wanted(unit, out) else { return replicas };
    let (min, max) = range(&scaling.value);
    let first = replicas.min(number(max)).max(number(min));
    // Limits that exclude each other are refused elsewhere.
    if let Some(place) = daemon::number(unit.leader().service)
        && first != replicas
        && min <= max
    {
        let message = format!(
            "a service that scales between {min} and {max} starts with {first}, not {replicas}"
        );
        out.say(
            Diagnostic::warning(Code::Clamped, message)
                .at(place, "")
                .at(scaling.span, "")
                .help(
                    "Application Auto Scaling sets the number of tasks to within `min` and `max` when \
                     it takes the service over: write a number between them, or none",
                )
                .service(unit.leader().name()),
        );
    }
    first
}

/// The most tasks that a service scales to.
pub(crate) fn most(unit: &Unit<'_>) -> Option<Located<u32>> {
    // What the services of the task disagree on is said elsewhere.
    let scaling = &wanted(unit, &mut Output::default())?.value;
    let places = scaling.schedule.iter().filter_map(|entry| entry.value.max.as_ref());
    scaling.max.iter().chain(places).max_by_key(|max| max.value).cloned()
}

/// The smallest and the largest number of tasks, of which there are any, that a service may have when
/// it is updated: as many as it says, unless it scales.
pub(crate) fn counts(unit: &Unit<'_>) -> (i32, i32) {
    // What the services of the task disagree on is said elsewhere.
    let Some(scaling) = wanted(unit, &mut Output::default()) else {
        let replicas = number(unit.leader().service.replicas());
        return (replicas, replicas);
    };
    let (mut least, mut most) = range(&scaling.value);
    for entry in &scaling.value.schedule {
        let ScheduledScaling { expression: _, timezone: _, min, max } = &entry.value;
        least = min.iter().map(|min| min.value).fold(least, u32::min);
        most = max.iter().map(|max| max.value).fold(most, u32::max);
    }
    let least = number(least).max(1);
    (least, number(most).max(least))
}

/// What Application Auto Scaling knows an ECS service by.
struct Place<'a> {
    service: &'a Service,
    resource_id: String,
}

/// Adds the scalable target of a service, a policy for each metric, and an action for each time, if it
/// is scaled.
pub(crate) fn add(
    cx: &Context<'_>,
    unit: &Unit<'_>,
    id: &ResourceId,
    service: &Service,
    out: &mut Output,
) -> bool {
    // What the services of the task disagree on was said before.
    let Some(scaling) = wanted(unit, &mut Output::default()) else { return false };
    if !limits::is_possible(unit, scaling, out) {
        return false;
    }
    let name = unit.name();
    let resource_id = format!("service/{}/{}", service.cluster, service.service_name);
    let place = Place { service, resource_id };
    let target = ResourceId::new(Kind::ScalableTarget, name);
    let (min, max) = range(&scaling.value);
    let body = ScalableTarget {
        service_namespace: NAMESPACE.to_owned(),
        resource_id: place.resource_id.clone(),
        scalable_dimension: DIMENSION.to_owned(),
        min_capacity: number(min),
        max_capacity: number(max),
        tags: cx.tags(&target),
    };
    let mut bodies = vec![(target.clone(), Body::ScalableTarget(Box::new(body)), id)];
    for (key, tracking) in metrics(cx, &place, unit, &scaling.value) {
        let id = ResourceId::new(Kind::ScalingPolicy, format!("{name}+{key}"));
        let body = policy(&place, key, tracking);
        bodies.push((id, Body::ScalingPolicy(Box::new(body)), &target));
    }
    let stepped = stepped(cx, &place, name, &scaling.value);
    bodies.extend(stepped.into_iter().map(|(id, body)| (id, body, &target)));
    for entry in &scaling.value.schedule {
        let (key, body) = times::action(&place, &entry.value);
        let id = ResourceId::new(Kind::ScheduledAction, format!("{name}+{key}"));
        bodies.push((id, Body::ScheduledAction(Box::new(body)), &target));
    }
    for (id, body, after) in bodies {
        out.desired.insert(Resource {
            id,
            body,
            service: Some(name.to_owned()),
            origin: Some(scaling.span),
            waits: vec![(after.clone(), Gate::Started)],
            peers: Vec::new(),
            restarts: Vec::new(),
            stateful: false,
        });
    }
    if let Some(queue) = &scaling.value.queue {
        queue::warn(&place, unit, queue, out);
    }
    true
}

/// The policies that scale in steps, and then their alarms.
fn stepped(
    cx: &Context<'_>,
    place: &Place<'_>,
    name: &str,
    scaling: &Autoscaling,
) -> Vec<(ResourceId, Body)> {
    let (mut policies, mut alarms) = (Vec::new(), Vec::new());
    let cooldown = scaling.cooldown.as_ref().map(|n| number(n.value));
    for entry in &scaling.steps {
        for (key, way) in steps::ways(&entry.value) {
            let policy = ResourceId::new(Kind::ScalingPolicy, format!("{name}+{key}"));
            let alarm = ResourceId::new(Kind::Alarm, format!("{name}+{key}"));
            let tags = cx.upper_tags(&alarm);
            let body = steps::alarm(place, &key, &entry.value, way, policy.clone(), tags);
            alarms.push((alarm, Body::Alarm(Box::new(body))));
            let body = steps::policy(place, &key, &entry.value, way, cooldown);
            policies.push((policy, Body::ScalingPolicy(Box::new(body))));
        }
    }
    policies.extend(alarms);
    policies
}

/// What the number of tasks follows, with a word for each.
fn metrics(
    cx: &Context<'_>,
    place: &Place<'_>,
    unit: &Unit<'_>,
    scaling: &Autoscaling,
) -> Vec<(&'static str, TargetTracking)> {
    let Autoscaling {
        min: _,
        max: _,
        cpu,
        memory,
        requests,
        cooldown,
        schedule: _,
        queue,
        steps: _, // steps.rs
    } = scaling;
    let cooldown = cooldown.as_ref().map(|n| number(n.value));
    let follow = |target_value| TargetTracking {
        target_value,
        predefined_metric_specification: None,
        customized_metric_specification: None,
        scale_out_cooldown: cooldown,
        scale_in_cooldown: cooldown,
    };
    let mut found = Vec::new();
    for (key, value, metric) in [
        ("cpu", cpu, "ECSServiceAverageCPUUtilization"),
        ("memory", memory, "ECSServiceAverageMemoryUtilization"),
        ("requests", requests, "ALBRequestCountPerTarget"),
    ] {
        let Some(value) = value else { continue };
        let metric = PredefinedMetric {
            predefined_metric_type: metric.to_owned(),
            resource_label: (key == "requests").then(|| label(cx, unit)).flatten(),
        };
        let predefined_metric_specification = Some(metric);
        found
            .push((key, TargetTracking { predefined_metric_specification, ..follow(value.value) }));
    }
    if let Some(queue) = queue {
        let customized_metric_specification = Some(queue::backlog(place, &queue.value.name.value));
        let value = queue.value.messages.value;
        found.push(("queue", TargetTracking { customized_metric_specification, ..follow(value) }));
    }
    found
}

fn policy(place: &Place<'_>, key: &str, tracking: TargetTracking) -> ScalingPolicy {
    ScalingPolicy {
        policy_name: format!("{}-{key}", place.service.service_name),
        service_namespace: NAMESPACE.to_owned(),
        resource_id: place.resource_id.clone(),
        scalable_dimension: DIMENSION.to_owned(),
        policy_type: "TargetTrackingScaling".to_owned(),
        target_tracking_scaling_policy_configuration: Some(tracking),
        step_scaling_policy_configuration: None,
    }
}

fn number(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// Who counts the requests of a unit.
fn label(cx: &Context<'_>, unit: &Unit<'_>) -> Option<ResourceLabel> {
    let (face, group) = load_balancer::counted(unit)?;
    Some(ResourceLabel {
        load_balancer: load_balancer::label(cx, face),
        target_group: Value::From(group, Attribute::Label),
    })
}

/// Says of a job that it does not scale.
pub(crate) fn not_of_job(unit: &Unit<'_>, out: &mut Output) {
    if let Some(scaling) = wanted(unit, out) {
        let fault =
            Diagnostic::warning(Code::Ignored, "a job runs to its end, and has no load to follow")
                .at(scaling.span, "")
                .help("`scale` says how many tasks of it run at once");
        out.say(told_of(unit, scaling.span, fault));
    }
}

fn same(one: &Autoscaling, other: &Autoscaling) -> bool {
    let Autoscaling { min, max, cpu, memory, requests, cooldown, schedule, queue, steps } = one;
    let whole = |n: &Option<Located<u32>>| n.as_ref().map(|n| n.value);
    let share = |n: &Option<Located<f64>>| n.as_ref().map(|n| n.value);
    let waiting = |queue: &Option<Located<QueueScaling>>| {
        queue.as_ref().map(|queue| {
            let QueueScaling { name, arn, messages } = &queue.value;
            (name.value.clone(), arn.as_ref().map(|arn| arn.value.clone()), messages.value)
        })
    };
    let values = |entry: &Located<StepScaling>| steps::values(&entry.value);
    let times = schedule.iter().map(|entry| time(&entry.value));
    whole(min) == whole(&other.min)
        && whole(max) == whole(&other.max)
        && share(cpu) == share(&other.cpu)
        && share(memory) == share(&other.memory)
        && share(requests) == share(&other.requests)
        && whole(cooldown) == whole(&other.cooldown)
        && times.eq(other.schedule.iter().map(|entry| time(&entry.value)))
        && waiting(queue) == waiting(&other.queue)
        && steps.iter().map(values).eq(other.steps.iter().map(values))
}

/// The values of an entry, without their places.
fn time(entry: &ScheduledScaling) -> (&str, Option<&str>, [Option<u32>; 2]) {
    let ScheduledScaling { expression, timezone, min, max } = entry;
    let limits = [min, max].map(|n| n.as_ref().map(|n| n.value));
    (&expression.value, timezone.as_ref().map(|zone| zone.value.as_str()), limits)
}

#[cfg(test)]
#[path = "autoscaling_tests.rs"]
mod tests;
