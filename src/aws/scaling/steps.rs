//! Steps of a policy, to the SDK and back.

use aws_sdk_applicationautoscaling::types as sdk;

use crate::apply::cloud::CloudError;
use crate::ecs::desired::{StepAdjustment, StepScaling};

pub(super) fn steps(
    steps: &StepScaling,
) -> Result<sdk::StepScalingPolicyConfiguration, CloudError> {
    let StepScaling { adjustment_type, step_adjustments, cooldown, metric_aggregation_type } =
        steps;
    let adjustments = step_adjustments.iter().map(|step| {
        let StepAdjustment {
            metric_interval_lower_bound,
            metric_interval_upper_bound,
            scaling_adjustment,
        } = step;
        let step = sdk::StepAdjustment::builder()
            .set_metric_interval_lower_bound(*metric_interval_lower_bound)
            .set_metric_interval_upper_bound(*metric_interval_upper_bound)
            .scaling_adjustment(*scaling_adjustment);
        Ok(step.build()?)
    });
    let adjustments = adjustments.collect::<Result<Vec<_>, CloudError>>()?;
    Ok(sdk::StepScalingPolicyConfiguration::builder()
        .adjustment_type(adjustment_type.as_str().into())
        .set_step_adjustments(Some(adjustments))
        .set_cooldown(*cooldown)
        .metric_aggregation_type(metric_aggregation_type.as_str().into())
        .build())
}

pub(super) fn back(steps: &sdk::StepScalingPolicyConfiguration) -> StepScaling {
    let step = |step: &sdk::StepAdjustment| StepAdjustment {
        metric_interval_lower_bound: step.metric_interval_lower_bound(),
        metric_interval_upper_bound: step.metric_interval_upper_bound(),
        scaling_adjustment: step.scaling_adjustment(),
    };
    let mut adjustments: Vec<_> = steps.step_adjustments().iter().map(step).collect();
    // Nearest first, as they are wanted.
    let goes = adjustments.iter().any(|step| step.scaling_adjustment < 0);
    adjustments.sort_by(|a, b| {
        let near = |step: &StepAdjustment| match goes {
            true => -step.metric_interval_upper_bound.unwrap_or(0.0),
            false => step.metric_interval_lower_bound.unwrap_or(0.0),
        };
        near(a).total_cmp(&near(b))
    });
    StepScaling {
        adjustment_type: steps
            .adjustment_type()
            .map(|kind| kind.as_str().to_owned())
            .unwrap_or_default(),
        step_adjustments: adjustments,
        cooldown: steps.cooldown(),
        // Application Auto Scaling API reference, `MetricAggregationType`: average where none is given.
        metric_aggregation_type: steps
            .metric_aggregation_type()
            .map_or("Average", |kind| kind.as_str())
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_back_as_they_were_sent_and_in_order() {
        let step = |low, high, tasks| StepAdjustment {
            metric_interval_lower_bound: low,
            metric_interval_upper_bound: high,
            scaling_adjustment: tasks,
        };
        for adjustments in [
            vec![step(Some(0.0), Some(20.0), 1), step(Some(20.0), None, 3)],
            vec![step(Some(-10.0), Some(0.0), -1), step(None, Some(-10.0), -2)],
        ] {
            let sent = StepScaling {
                adjustment_type: "ChangeInCapacity".to_owned(),
                step_adjustments: adjustments,
                cooldown: Some(60),
                metric_aggregation_type: "Average".to_owned(),
            };
            let request = super::steps(&sent).expect("nothing is left open");
            assert_eq!(back(&request), sent);
            let mut other = request.clone();
            if let Some(steps) = other.step_adjustments.as_mut() {
                steps.reverse();
            }
            assert_eq!(back(&other), sent);
        }
    }
}
