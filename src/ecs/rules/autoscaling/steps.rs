//! `x-ecs.autoscaling.steps`: a policy for each direction, and the alarm that starts it (Application Auto
//! Scaling user guide, "Step scaling policies"; CloudWatch API reference, `PutMetricAlarm`).

use super::{DIMENSION, NAMESPACE, Place, number};
use crate::compose::model::{Autoscaling, Step, StepMetric, StepScaling};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Alarm, Attribute, MetricDimension, ResourceId, ScalingPolicy, StepAdjustment,
    StepScaling as Configuration, UpperTag, Value,
};
use crate::source::Located;

/// Of one policy (Application Auto Scaling quotas, "Step adjustments per step scaling policy").
const MOST: usize = 20;
/// Metrics of ECS come once in a minute (Amazon ECS developer guide, "Amazon ECS CloudWatch metrics").
const PERIOD: i32 = 60;
/// As many as target tracking waits for before it adds tasks.
const MINUTES: u32 = 3;

/// Which way the number of tasks goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Up,
    Down,
}

/// The policies of an entry, with what stands for each in names.
pub(super) fn ways(entry: &StepScaling) -> Vec<(String, Way)> {
    let metric = word(entry.metric.value);
    [("up", Way::Up, &entry.up), ("down", Way::Down, &entry.down)]
        .into_iter()
        .filter(|(_, _, steps)| !steps.is_empty())
        .map(|(word, way, _)| (format!("steps-{metric}-{word}"), way))
        .collect()
}

fn word(metric: StepMetric) -> &'static str {
    match metric {
        StepMetric::Cpu => "cpu",
        StepMetric::Memory => "memory",
    }
}

/// The steps of a way; the first one's threshold is the alarm's.
fn of(entry: &StepScaling, way: Way) -> &[Located<Step>] {
    match way {
        Way::Up => &entry.up,
        Way::Down => &entry.down,
    }
}

/// What the alarm of a way starts.
pub(super) fn policy(
    place: &Place<'_>,
    key: &str,
    entry: &StepScaling,
    way: Way,
    cooldown: Option<i32>,
) -> ScalingPolicy {
    let steps = of(entry, way);
    let first = steps.first().map_or(0.0, |step| step.value.threshold.value);
    let from = |step: &Located<Step>| step.value.threshold.value - first;
    let adjustments = steps.iter().enumerate().map(|(index, step)| {
        let (near, far) = (Some(from(step)), steps.get(index + 1).map(from));
        let tasks = number(step.value.tasks.value);
        let (low, high, tasks) = match way {
            Way::Up => (near, far, tasks),
            Way::Down => (far, near, -tasks),
        };
        StepAdjustment {
            metric_interval_lower_bound: low,
            metric_interval_upper_bound: high,
            scaling_adjustment: tasks,
        }
    });
    ScalingPolicy {
        policy_name: format!("{}-{key}", place.service.service_name),
        service_namespace: NAMESPACE.to_owned(),
        resource_id: place.resource_id.clone(),
        scalable_dimension: DIMENSION.to_owned(),
        policy_type: "StepScaling".to_owned(),
        target_tracking_scaling_policy_configuration: None,
        step_scaling_policy_configuration: Some(Configuration {
            adjustment_type: "ChangeInCapacity".to_owned(),
            step_adjustments: adjustments.collect(),
            cooldown: entry.cooldown.as_ref().map(|n| number(n.value)).or(cooldown),
            metric_aggregation_type: "Average".to_owned(),
        }),
    }
}

/// What starts the policy of a way.
pub(super) fn alarm(
    place: &Place<'_>,
    key: &str,
    entry: &StepScaling,
    way: Way,
    policy: ResourceId,
    tags: Vec<UpperTag>,
) -> Alarm {
    let service = place.service;
    let dimension = |name: &str, value: &str| MetricDimension {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let (metric, comparison) = (
        match entry.metric.value {
            StepMetric::Cpu => "CPUUtilization",
            StepMetric::Memory => "MemoryUtilization",
        },
        match way {
            Way::Up => "GreaterThanThreshold",
            Way::Down => "LessThanThreshold",
        },
    );
    Alarm {
        alarm_name: format!("{}-{key}", service.service_name),
        actions_enabled: true,
        alarm_actions: vec![Value::From(policy, Attribute::Arn)],
        namespace: "AWS/ECS".to_owned(),
        metric_name: metric.to_owned(),
        dimensions: vec![
            dimension("ClusterName", &service.cluster),
            dimension("ServiceName", &service.service_name),
        ],
        statistic: "Average".to_owned(),
        period: PERIOD,
        evaluation_periods: number(entry.minutes.as_ref().map_or(MINUTES, |n| n.value)),
        threshold: of(entry, way).first().map_or(0.0, |step| step.value.threshold.value),
        comparison_operator: comparison.to_owned(),
        tags,
    }
}

/// An entry without its places: the metric, thresholds and tasks of both ways, cooldown and minutes.
pub(super) type Values = (StepMetric, [Vec<(f64, u32)>; 2], [Option<u32>; 2]);

/// The values of an entry, without their places.
pub(super) fn values(entry: &StepScaling) -> Values {
    let StepScaling { metric, up, down, cooldown, minutes } = entry;
    let steps = [up, down].map(|steps| {
        let pair = |step: &Located<Step>| {
            let Step { threshold, tasks } = &step.value;
            (threshold.value, tasks.value)
        };
        steps.iter().map(pair).collect()
    });
    let whole = |n: &Option<Located<u32>>| n.as_ref().map(|n| n.value);
    (metric.value, steps, [whole(cooldown), whole(minutes)])
}

/// What is wrong with the entries, with each other and with what else the service follows.
pub(super) fn check_all(scaling: &Autoscaling, found: &mut Vec<Diagnostic>) {
    for (index, entry) in scaling.steps.iter().enumerate() {
        let StepScaling { metric, up, down, cooldown: _, minutes } = &entry.value;
        direction(up, Way::Up, found);
        direction(down, Way::Down, found);
        if let (Some(up), Some(down)) = (up.first(), down.first())
            && down.value.threshold.value > up.value.threshold.value
        {
            let message = "between the two tasks would come and go at once";
            found.push(
                Diagnostic::error(Code::Conflict, message)
                    .at(down.value.threshold.span, "tasks go below this")
                    .at(up.value.threshold.span, "tasks come above this")
                    .help("write a `below` that is less than every `above`"),
            );
        }
        if let Some(none) = minutes.as_ref().filter(|minutes| minutes.value == 0) {
            let fault = Diagnostic::error(Code::InvalidValue, "`minutes` is no time");
            found.push(fault.at(none.span, "").help("write 1 or more"));
        }
        let other = match metric.value {
            StepMetric::Cpu => &scaling.cpu,
            StepMetric::Memory => &scaling.memory,
        };
        let name = word(metric.value);
        if let Some(other) = other {
            let message = format!("`{name}` is aimed at, and has steps");
            found.push(
                Diagnostic::error(Code::Conflict, message)
                    .at(other.span, "")
                    .at(metric.span, "")
                    .help("take one of the two away: each would undo what the other does"),
            );
        }
        let mut before = scaling.steps[..index].iter();
        if let Some(twin) = before.find(|other| other.value.metric.value == metric.value) {
            found.push(
                Diagnostic::error(Code::Conflict, format!("`{name}` has steps twice"))
                    .at(metric.span, "")
                    .at(twin.value.metric.span, "")
                    .help("write all steps of a metric below one `metric`"),
            );
        }
    }
}

/// What is wrong with the steps of one direction: each is further away than the one before.
fn direction(steps: &[Located<Step>], way: Way, found: &mut Vec<Diagnostic>) {
    let (key, by) = match way {
        Way::Up => ("above", "add"),
        Way::Down => ("below", "remove"),
    };
    for step in steps {
        let Step { threshold, tasks } = &step.value;
        let good = match way {
            Way::Up => (0.0..100.0).contains(&threshold.value),
            Way::Down => threshold.value > 0.0 && threshold.value <= 100.0,
        };
        if !good {
            let fault =
                Diagnostic::error(Code::InvalidValue, format!("nothing lies {key} that share"));
            found.push(fault.at(threshold.span, "").help("write percent of what the tasks have"));
        }
        if tasks.value == 0 {
            let fault = Diagnostic::error(Code::InvalidValue, format!("`{by}` is no task"));
            found.push(fault.at(tasks.span, "").help("write 1 or more"));
        }
    }
    for pair in steps.windows(2) {
        let [near, far] = pair else { continue };
        let (near, far) = (&near.value.threshold, &far.value.threshold);
        let in_order = match way {
            Way::Up => far.value > near.value,
            Way::Down => far.value < near.value,
        };
        if !in_order {
            let order = if way == Way::Up { "rise" } else { "fall" };
            found.push(
                Diagnostic::error(Code::InvalidValue, "the steps are out of order, or overlap")
                    .at(far.span, "")
                    .at(near.span, "after this")
                    .help(format!("let `{key}` {order} from step to step")),
            );
        }
    }
    if let Some(beyond) = steps.get(MOST) {
        let message = format!("{} steps in one direction", steps.len());
        let fault = Diagnostic::error(Code::InvalidValue, message).at(beyond.span, "");
        found.push(fault.help(format!("Application Auto Scaling takes {MOST}")));
    }
}
