//! Application Auto Scaling (API reference, `RegisterScalableTarget`, `PutScalingPolicy` and
//! `PutScheduledAction`).

use std::collections::HashSet;

use super::text::is;
use super::{Report, Unique};
use crate::ecs::desired::{
    CustomizedMetric, Kind, Metric, MetricDataQuery, MetricStat, PredefinedMetric, ScalableTarget,
    ScalableTargetAction, ScalingPolicy, ScheduledAction, TargetTracking,
};
use crate::ecs::rules::autoscaling::times;

const PREDEFINED: [&str; 3] = [
    "ALBRequestCountPerTarget",
    "ECSServiceAverageCPUUtilization",
    "ECSServiceAverageMemoryUtilization",
];

pub(super) fn target(target: &ScalableTarget, unique: &mut Unique, report: &mut Report<'_>) {
    let ScalableTarget {
        service_namespace,
        resource_id,
        scalable_dimension,
        min_capacity,
        max_capacity,
        tags,
    } = target;
    place(service_namespace, resource_id, scalable_dimension, report);
    if *min_capacity < 0 || min_capacity > max_capacity {
        report.fault(
            format!("it scales between {min_capacity} and {max_capacity} tasks"),
            "the least is 0 or more, and no more than the most",
        );
    }
    unique.take(Kind::ScalableTarget, resource_id, report);
    super::tags::check(tags.iter(), report);
}

pub(super) fn policy(policy: &ScalingPolicy, unique: &mut Unique, report: &mut Report<'_>) {
    let ScalingPolicy {
        policy_name,
        service_namespace,
        resource_id,
        scalable_dimension,
        policy_type,
        target_tracking_scaling_policy_configuration: tracking,
        step_scaling_policy_configuration: steps,
    } = policy;
    place(service_namespace, resource_id, scalable_dimension, report);
    // Colons, slashes and pipes cannot stand in a policy's name.
    if !is(policy_name, 1, 256, |c| c.is_ascii_graphic() && !":/|".contains(c)) {
        report.fault(
            format!("{policy_name:?} is no policy name"),
            "Application Auto Scaling takes 1 to 256 printable characters without `:`, `/`, `|`",
        );
    }
    match (policy_type.as_str(), tracking, steps) {
        ("TargetTrackingScaling", Some(tracking), None) => target_tracking(tracking, report),
        ("StepScaling", None, Some(steps)) => super::steps::configuration(steps, report),
        _ => report
            .fault(format!("{policy_type:?} is no type of policy"), "this is a fault of decklift"),
    }
    unique.take(Kind::ScalingPolicy, &format!("{resource_id} {policy_name}"), report);
}

fn target_tracking(tracking: &TargetTracking, report: &mut Report<'_>) {
    let TargetTracking {
        target_value,
        predefined_metric_specification: predefined,
        customized_metric_specification: customized,
        scale_out_cooldown,
        scale_in_cooldown,
    } = tracking;
    match (predefined, customized) {
        (Some(metric), None) => predefined_metric(metric, report),
        (None, Some(metric)) => customized_metric(metric, report),
        _ => report.fault(
            "it follows no metric, or two",
            "a policy has a metric of AWS's list or another one",
        ),
    }
    // The two shares are of what the tasks have.
    let share = predefined.as_ref().is_some_and(|m| m.predefined_metric_type != PREDEFINED[0]);
    let most = if share { 100.0 } else { f64::MAX };
    if !(*target_value > 0.0 && *target_value <= most) {
        report.fault(
            format!("it aims at {target_value}"),
            "a share lies above 0 and up to 100 percent, a number of requests or messages above 0",
        );
    }
    if [scale_in_cooldown, scale_out_cooldown].into_iter().flatten().any(|n| *n < 0) {
        report.fault("it waits for less than no time", "a cooldown has 0 seconds or more");
    }
}

fn predefined_metric(metric: &PredefinedMetric, report: &mut Report<'_>) {
    let kind = metric.predefined_metric_type.as_str();
    if !PREDEFINED.contains(&kind) {
        report.fault(format!("{kind:?} is no metric of an ECS service"), PREDEFINED.join(", "));
    }
    if (kind == PREDEFINED[0]) != metric.resource_label.is_some() {
        report.fault(
            "the requests of no target group are counted",
            "a label names the load balancer and the target group, for ALBRequestCountPerTarget \
                alone",
        );
    }
}

/// Application Auto Scaling API reference, `TargetTrackingMetricDataQuery`
fn customized_metric(metric: &CustomizedMetric, report: &mut Report<'_>) {
    let CustomizedMetric { metrics } = metric;
    if metrics.iter().filter(|query| query.return_data).count() != 1 {
        report.fault("not exactly one metric is followed", "one of a policy's metrics is returned");
    }
    let mut ids = HashSet::new();
    for query in metrics {
        let MetricDataQuery { id, label: _, expression, metric_stat, return_data: _ } = query;
        let good = id.starts_with(|c: char| c.is_ascii_lowercase())
            && is(id, 1, 255, |c| c.is_ascii_alphanumeric() || c == '_');
        if !good || !ids.insert(id) {
            report.fault(
                format!("{id:?} is no name of a metric"),
                "it has letters, digits and `_`, starts with a small letter, and stands once",
            );
        }
        match (expression, metric_stat) {
            (Some(text), None) if is(text, 1, 2048, |_| true) => {}
            (None, Some(MetricStat { metric, stat })) if !stat.is_empty() => {
                named_metric(metric, report);
            }
            _ => report.fault(
                format!("{id:?} is neither a metric nor an expression"),
                "it is one of the two; an expression has up to 2048 characters",
            ),
        }
    }
}

fn named_metric(metric: &Metric, report: &mut Report<'_>) {
    let Metric { namespace, metric_name, dimensions } = metric;
    let texts = [namespace, metric_name].into_iter();
    let names = dimensions.iter().map(|dimension| &dimension.name);
    let values = dimensions.iter().map(|dimension| &dimension.value);
    if !texts.chain(names).all(|text| is(text, 1, 255, |_| true))
        || !values.into_iter().all(|text| is(text, 1, 1024, |_| true))
    {
        report.fault(
            format!("{metric_name:?} of {namespace:?} is no metric"),
            "names have 1 to 255 characters, values of dimensions 1 to 1024",
        );
    }
}

pub(super) fn action(action: &ScheduledAction, unique: &mut Unique, report: &mut Report<'_>) {
    let ScheduledAction {
        scheduled_action_name: name,
        service_namespace,
        resource_id,
        scalable_dimension,
        schedule,
        timezone,
        scalable_target_action: ScalableTargetAction { min_capacity, max_capacity },
    } = action;
    place(service_namespace, resource_id, scalable_dimension, report);
    if !is(name, 1, 256, |c| c.is_ascii_graphic() && !":/|".contains(c)) {
        report.fault(
            format!("{name:?} is no name of a scheduled action"),
            "Application Auto Scaling takes 1 to 256 printable characters without `:`, `/`, `|`",
        );
    }
    if let Err((why, help)) = times::check(schedule) {
        report.fault(format!("{schedule:?} {why}"), help);
    }
    if let Some(zone) = timezone
        && (!times::is_zone(zone) || schedule.starts_with("rate("))
    {
        report.fault(
            format!("{zone:?} is no time zone of {schedule}"),
            "`cron` and `at` take a name of the IANA's, `rate` takes none",
        );
    }
    let (least, most) = (min_capacity.unwrap_or(0), max_capacity.unwrap_or(i32::MAX));
    let none = min_capacity.is_none() && max_capacity.is_none();
    if none || least < 0 || least > most {
        report.fault(
            format!("from then on it scales between {min_capacity:?} and {max_capacity:?} tasks"),
            "one of the two is given; the least is 0 or more, and no more than the most",
        );
    }
    unique.take(Kind::ScheduledAction, &format!("{resource_id} {name}"), report);
}

fn place(namespace: &str, resource: &str, dimension: &str, report: &mut Report<'_>) {
    let parts: Vec<&str> = resource.split('/').collect();
    let good = matches!(parts.as_slice(), ["service", cluster, name] if !cluster.is_empty() && !name.is_empty());
    if namespace != "ecs" || dimension != "ecs:service:DesiredCount" || !good {
        report.fault(
            format!("{resource:?} is no ECS service"),
            "Application Auto Scaling takes `service/CLUSTER/SERVICE`",
        );
    }
}
