//! `x-ecs.autoscaling`: a service whose number of tasks follows its load (Application Auto Scaling
//! API reference, `RegisterScalableTarget` and `PutScalingPolicy` with target tracking).

use super::agreed::agreed;
use crate::compose::model::Autoscaling;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Attribute, Body, Gate, Kind, PredefinedMetric, Resource, ResourceId, ResourceLabel,
    ScalableTarget, ScalingPolicy, Service, TargetTracking, Value,
};
use crate::ecs::translate::context::{Context, Output, load_balancer_id};
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
    let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    replicas.min(number(max)).max(number(min))
}

/// Adds the scalable target of a service and a policy for each metric, if it is scaled.
pub(crate) fn add(
    cx: &Context<'_>,
    unit: &Unit<'_>,
    id: &ResourceId,
    service: &Service,
    out: &mut Output,
) -> bool {
    // What the services of the task disagree on was said before.
    let Some(scaling) = wanted(unit, &mut Output::default()) else { return false };
    if !is_possible(unit, scaling, out) {
        return false;
    }
    let name = unit.name();
    let resource_id = format!("service/{}/{}", service.cluster, service.service_name);
    let target = ResourceId::new(Kind::ScalableTarget, name);
    let (min, max) = range(&scaling.value);
    let body = ScalableTarget {
        service_namespace: NAMESPACE.to_owned(),
        resource_id: resource_id.clone(),
        scalable_dimension: DIMENSION.to_owned(),
        min_capacity: i32::try_from(min).unwrap_or(i32::MAX),
        max_capacity: i32::try_from(max).unwrap_or(i32::MAX),
        tags: cx.tags(&target),
    };
    let mut insert = |id: ResourceId, body, after: &ResourceId| {
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
    };
    insert(target.clone(), Body::ScalableTarget(body), id);
    let Autoscaling { min: _, max: _, cpu, memory, requests, cooldown } = &scaling.value;
    let cooldown = cooldown.as_ref().map(|n| i32::try_from(n.value).unwrap_or(i32::MAX));
    for (key, value, metric) in [
        ("cpu", cpu, "ECSServiceAverageCPUUtilization"),
        ("memory", memory, "ECSServiceAverageMemoryUtilization"),
        ("requests", requests, "ALBRequestCountPerTarget"),
    ] {
        let Some(value) = value else { continue };
        let label = (key == "requests").then(|| label(service)).flatten();
        let body = ScalingPolicy {
            policy_name: format!("{}-{key}", service.service_name),
            service_namespace: NAMESPACE.to_owned(),
            resource_id: resource_id.clone(),
            scalable_dimension: DIMENSION.to_owned(),
            policy_type: "TargetTrackingScaling".to_owned(),
            target_tracking_scaling_policy_configuration: TargetTracking {
                target_value: value.value,
                predefined_metric_specification: PredefinedMetric {
                    predefined_metric_type: metric.to_owned(),
                    resource_label: label,
                },
                scale_out_cooldown: cooldown,
                scale_in_cooldown: cooldown,
            },
        };
        let id = ResourceId::new(Kind::ScalingPolicy, format!("{name}+{key}"));
        insert(id, Body::ScalingPolicy(Box::new(body)), &target);
    }
    true
}

/// The load balancer and the first target group of a service.
fn label(service: &Service) -> Option<ResourceLabel> {
    let group = service.load_balancers.first()?;
    let (group, _) = group.target_group_arn.reference()?;
    Some(ResourceLabel {
        load_balancer: Value::From(load_balancer_id(), Attribute::Label),
        target_group: Value::From(group.clone(), Attribute::Label),
    })
}

/// Whether it can be done; reported otherwise.
fn is_possible(unit: &Unit<'_>, scaling: &Located<Autoscaling>, out: &mut Output) -> bool {
    let Autoscaling { min, max, cpu, memory, requests, cooldown: _ } = &scaling.value;
    let (least, most) = range(&scaling.value);
    let mut found = Vec::new();
    if least > most {
        let span = max.as_ref().map_or(scaling.span, |max| max.span);
        found.push(
            Diagnostic::error(
                Code::InvalidValue,
                format!("at most {most} tasks, at least {least}"),
            )
            .at(span, "")
            .at(min.as_ref().map_or(scaling.span, |min| min.span), "")
            .help("`max` is no less than `min`, which is 1 unless given"),
        );
    }
    if cpu.is_none() && memory.is_none() && requests.is_none() {
        found.push(
            Diagnostic::error(Code::MissingAttribute, "nothing says when tasks are added")
                .at(scaling.span, "")
                .help("write `cpu: 70`, `memory: 70` or `requests: 1000`"),
        );
    }
    for (name, share) in [("cpu", cpu), ("memory", memory)] {
        let Some(share) = share.as_ref().filter(|n| n.value <= 0.0 || n.value > 100.0) else {
            continue;
        };
        found.push(
            Diagnostic::error(Code::InvalidValue, format!("`{name}` is no share"))
                .at(share.span, "")
                .help("write a number from 1 to 100: percent of what the tasks have"),
        );
    }
    if let Some(requests) = requests {
        if requests.value <= 0.0 {
            found.push(
                Diagnostic::error(Code::InvalidValue, "`requests` is no number of requests")
                    .at(requests.span, "")
                    .help("write how many a task shall get in a minute"),
            );
        } else if unit.members.iter().all(|member| member.public.is_empty()) {
            found.push(
                Diagnostic::error(Code::Refused, "no load balancer counts the requests")
                    .at(requests.span, "")
                    .help("scale by `cpu` or `memory`, or publish a port that speaks HTTP"),
            );
        }
    }
    if unit.stateful() && most > 1 {
        found.push(
            Diagnostic::error(
                Code::Refused,
                "several copies of a database would write to one volume",
            )
            .at(max.as_ref().map_or(scaling.span, |max| max.span), "")
            .help("take `autoscaling` away, or write `x-ecs: {allow_shared_volume: true}`"),
        );
    }
    let good = found.is_empty();
    for fault in found {
        out.say(fault.service(unit.name()));
    }
    good
}

/// Says of a job that it does not scale.
pub(crate) fn not_of_job(unit: &Unit<'_>, out: &mut Output) {
    if let Some(scaling) = wanted(unit, out) {
        out.say(
            Diagnostic::warning(Code::Ignored, "a job runs once, and has no load to follow")
                .at(scaling.span, "")
                .help("`scale` says how many tasks of it run at once")
                .service(unit.name()),
        );
    }
}

fn same(one: &Autoscaling, other: &Autoscaling) -> bool {
    let numbers = |x: &Autoscaling| {
        let Autoscaling { min, max, cpu, memory, requests, cooldown } = x;
        let whole = [min, max, cooldown].map(|n| n.as_ref().map(|n| n.value));
        (whole, [cpu, memory, requests].map(|n| n.as_ref().map(|n| n.value)))
    };
    numbers(one) == numbers(other)
}

#[cfg(test)]
#[path = "autoscaling_tests.rs"]
mod tests;
