//! Step scaling policies and the alarms that start them (Application Auto Scaling API reference,
//! `StepScalingPolicyConfiguration`; CloudWatch API reference, `PutMetricAlarm`).

use super::text::is;
use super::{Report, Unique};
use crate::ecs::desired::{Alarm, Kind, MetricDimension, StepAdjustment, StepScaling};

/// Seconds that an alarm may look back with periods of a minute or more (CloudWatch API reference,
/// `PutMetricAlarm.EvaluationPeriods`).
const LONGEST: i32 = 86_400;

pub(super) fn configuration(steps: &StepScaling, report: &mut Report<'_>) {
    let StepScaling { adjustment_type, step_adjustments, cooldown, metric_aggregation_type } =
        steps;
    if adjustment_type != "ChangeInCapacity" || metric_aggregation_type != "Average" {
        report.fault(
            format!("{adjustment_type:?} of {metric_aggregation_type:?} is no step"),
            "this is a fault of decklift",
        );
    }
    if step_adjustments.is_empty() || step_adjustments.len() > 20 {
        report.fault(
            format!("a policy has {} steps", step_adjustments.len()),
            "Application Auto Scaling takes 1 to 20",
        );
    }
    if cooldown.is_some_and(|seconds| seconds < 0) {
        report.fault("it waits for less than no time", "a cooldown has 0 seconds or more");
    }
    if let Some(why) = gap(step_adjustments) {
        report.fault(why, "steps lie beside each other, and the furthest has no end");
    }
}

/// Where the ranges do not fit together.
fn gap(steps: &[StepAdjustment]) -> Option<&'static str> {
    let bound = |bound: Option<f64>, without: f64| bound.unwrap_or(without);
    let range = |step: &StepAdjustment| {
        let low = bound(step.metric_interval_lower_bound, f64::NEG_INFINITY);
        (low, bound(step.metric_interval_upper_bound, f64::INFINITY))
    };
    let mut ranges: Vec<_> = steps.iter().map(range).collect();
    ranges.sort_by(|a, b| a.0.total_cmp(&b.0));
    if ranges.iter().any(|(low, high)| low >= high || low.is_infinite() && high.is_infinite()) {
        return Some("a step has no range");
    }
    let beside = |pair: &[(f64, f64)]| pair[0].1.total_cmp(&pair[1].0).is_eq();
    if !ranges.windows(2).all(beside) {
        return Some("two steps overlap, or have a gap between them");
    }
    let (low, high) = (ranges.first().map(|r| r.0), ranges.last().map(|r| r.1));
    let ends = low.is_some_and(|low| low < 0.0 && low.is_finite())
        || high.is_some_and(|high| high > 0.0 && high.is_finite());
    ends.then_some("the furthest step ends somewhere")
}

pub(super) fn alarm(alarm: &Alarm, unique: &mut Unique, report: &mut Report<'_>) {
    let Alarm {
        alarm_name,
        actions_enabled: _,
        alarm_actions,
        namespace,
        metric_name,
        dimensions,
        statistic,
        period,
        evaluation_periods,
        threshold,
        comparison_operator,
        tags,
    } = alarm;
    if !is(alarm_name, 1, 255, |c| c.is_ascii_graphic()) {
        report
            .fault(format!("{alarm_name:?} is no name of an alarm"), "it has up to 255 characters");
    }
    if alarm_actions.len() != 1 {
        report.fault("an alarm starts nothing, or several things", "this is a fault of decklift");
    }
    let texts = [namespace, metric_name, statistic].into_iter();
    let names = dimensions.iter().flat_map(|MetricDimension { name, value }| [name, value]);
    if !texts.chain(names).all(|text| is(text, 1, 255, |_| true)) || namespace.starts_with(':') {
        report.fault(
            format!("{metric_name:?} of {namespace:?} is no metric"),
            "names, and values of dimensions, have 1 to 255 characters",
        );
    }
    let span = period.saturating_mul(*evaluation_periods);
    if *period < 60 || period % 60 != 0 || *evaluation_periods < 1 || span > LONGEST {
        report.fault(
            format!("it looks at {evaluation_periods} times {period} seconds"),
            "CloudWatch takes periods of whole minutes, and a day of them at most",
        );
    }
    let compares = ["GreaterThanThreshold", "LessThanThreshold"];
    if !threshold.is_finite() || !compares.contains(&comparison_operator.as_str()) {
        report.fault(
            format!("{comparison_operator} {threshold} is no threshold"),
            "this is a fault of decklift",
        );
    }
    unique.take(Kind::Alarm, alarm_name, report);
    super::tags::upper(tags, report);
}
