use serde::{Deserialize, Serialize};

use super::{MetricDimension, UpperTag, Value};

/// `application-autoscaling StepScalingPolicyConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StepScaling {
    /// `ChangeInCapacity`: adjustments are tasks.
    pub adjustment_type: String,
    /// By the distance of the metric from the alarm's threshold.
    pub step_adjustments: Vec<StepAdjustment>,
    /// Seconds between two changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<i32>,
    /// `Average`
    pub metric_aggregation_type: String,
}

/// `application-autoscaling StepAdjustment`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StepAdjustment {
    /// From this distance on; none without an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_interval_lower_bound: Option<f64>,
    /// Up to this distance; none without an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_interval_upper_bound: Option<f64>,
    /// How many tasks come; fewer than none go.
    pub scaling_adjustment: i32,
}

/// `cloudwatch PutMetricAlarm` of a metric that was published
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Alarm {
    /// Its name, one in an account and region.
    pub alarm_name: String,
    /// Whether it does anything.
    pub actions_enabled: bool,
    /// What it starts: the ARNs of scaling policies.
    pub alarm_actions: Vec<Value>,
    /// `AWS/ECS`
    pub namespace: String,
    /// `CPUUtilization` …
    pub metric_name: String,
    /// All that the metric was published with.
    pub dimensions: Vec<MetricDimension>,
    /// `Average`
    pub statistic: String,
    /// Seconds that make one value.
    pub period: i32,
    /// How many values in a row lie beyond the threshold.
    pub evaluation_periods: i32,
    /// The threshold.
    pub threshold: f64,
    /// `GreaterThanThreshold` …
    pub comparison_operator: String,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<UpperTag>,
}
