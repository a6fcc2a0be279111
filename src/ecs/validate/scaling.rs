//! Application Auto Scaling (API reference, `RegisterScalableTarget` and `PutScalingPolicy`).

use super::text::is;
use super::{Report, Unique};
use crate::ecs::desired::{Kind, ScalableTarget, ScalingPolicy};

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
    super::tags::check(tags.iter().map(|(k, v)| (k.as_str(), v.as_str())), report);
}

pub(super) fn policy(policy: &ScalingPolicy, unique: &mut Unique, report: &mut Report<'_>) {
    let ScalingPolicy {
        policy_name,
        service_namespace,
        resource_id,
        scalable_dimension,
        policy_type,
        target_tracking_scaling_policy_configuration: tracking,
    } = policy;
    place(service_namespace, resource_id, scalable_dimension, report);
    // Colons, slashes and pipes cannot stand in a policy's name.
    if !is(policy_name, 1, 256, |c| c.is_ascii_graphic() && !":/|".contains(c)) {
        report.fault(
            format!("{policy_name:?} is no policy name"),
            "Application Auto Scaling takes 1 to 256 printable characters without `:`, `/`, `|`",
        );
    }
    if policy_type != "TargetTrackingScaling" {
        report
            .fault(format!("{policy_type:?} is no type of policy"), "this is a fault of decklift");
    }
    let metric = &tracking.predefined_metric_specification;
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
    let value = tracking.target_value;
    let most = if kind == PREDEFINED[0] { f64::MAX } else { 100.0 };
    if !(value > 0.0 && value <= most) {
        report.fault(
            format!("it aims at {value}"),
            "a share lies above 0 and up to 100 percent, a number of requests above 0",
        );
    }
    if [tracking.scale_in_cooldown, tracking.scale_out_cooldown].iter().flatten().any(|n| *n < 0) {
        report.fault("it waits for less than no time", "a cooldown has 0 seconds or more");
    }
    unique.take(Kind::ScalingPolicy, &format!("{resource_id} {policy_name}"), report);
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
