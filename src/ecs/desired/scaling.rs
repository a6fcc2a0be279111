use serde::{Deserialize, Serialize};

use super::{StepScaling, TextMap, Value};

/// `application-autoscaling RegisterScalableTarget`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScalableTarget {
    /// `ecs`
    pub service_namespace: String,
    /// `service/CLUSTER/SERVICE`
    pub resource_id: String,
    /// `ecs:service:DesiredCount`
    pub scalable_dimension: String,
    /// Tasks that always run.
    pub min_capacity: i32,
    /// Tasks that run at most.
    pub max_capacity: i32,
    /// Tags.
    #[serde(default, skip_serializing_if = "TextMap::is_empty")]
    pub tags: TextMap,
}

/// `application-autoscaling PutScheduledAction`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScheduledAction {
    /// Its name, once a scalable target.
    pub scheduled_action_name: String,
    /// `ecs`
    pub service_namespace: String,
    /// `service/CLUSTER/SERVICE`
    pub resource_id: String,
    /// `ecs:service:DesiredCount`
    pub scalable_dimension: String,
    /// `cron(…)`, `rate(…)` or `at(…)`
    pub schedule: String,
    /// Of `cron` and `at`: the time zone, UTC unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// What the scalable target is from then on.
    pub scalable_target_action: ScalableTargetAction,
}

/// `application-autoscaling ScalableTargetAction`: one of the two, or both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScalableTargetAction {
    /// Tasks that always run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_capacity: Option<i32>,
    /// Tasks that run at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_capacity: Option<i32>,
}

/// `application-autoscaling PutScalingPolicy`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScalingPolicy {
    /// Its name.
    pub policy_name: String,
    /// `ecs`
    pub service_namespace: String,
    /// `service/CLUSTER/SERVICE`
    pub resource_id: String,
    /// `ecs:service:DesiredCount`
    pub scalable_dimension: String,
    /// `TargetTrackingScaling` or `StepScaling`
    pub policy_type: String,
    /// What it aims at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_tracking_scaling_policy_configuration: Option<TargetTracking>,
    /// What an alarm comes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_scaling_policy_configuration: Option<StepScaling>,
}

/// `application-autoscaling TargetTrackingScalingPolicyConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TargetTracking {
    /// The value that the metric is kept at.
    pub target_value: f64,
    /// Which metric of AWS's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predefined_metric_specification: Option<PredefinedMetric>,
    /// Which other metric; either this or one of AWS's list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customized_metric_specification: Option<CustomizedMetric>,
    /// Seconds between two changes upwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_out_cooldown: Option<i32>,
    /// Seconds between two changes downwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_in_cooldown: Option<i32>,
}

/// `application-autoscaling PredefinedMetricSpecification`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PredefinedMetric {
    /// `ECSServiceAverageCPUUtilization` …
    pub predefined_metric_type: String,
    /// Of `ALBRequestCountPerTarget`: the load balancer and the target group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_label: Option<ResourceLabel>,
}

/// `application-autoscaling CustomizedMetricSpecification`, of metric math alone
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CustomizedMetric {
    /// Metrics, and what is reckoned from them; exactly one is returned.
    pub metrics: Vec<MetricDataQuery>,
}

/// `application-autoscaling TargetTrackingMetricDataQuery`: a metric or an expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MetricDataQuery {
    /// What expressions call it.
    pub id: String,
    /// What it is, for people.
    pub label: String,
    /// What is reckoned, from other ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// The metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_stat: Option<MetricStat>,
    /// Whether it is what the policy follows.
    pub return_data: bool,
}

/// `application-autoscaling TargetTrackingMetricStat`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MetricStat {
    /// The metric.
    pub metric: Metric,
    /// `Average`, `Sum` …
    pub stat: String,
}

/// `application-autoscaling TargetTrackingMetric`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Metric {
    /// `AWS/SQS` …
    pub namespace: String,
    /// Its name.
    pub metric_name: String,
    /// All that it was published with.
    pub dimensions: Vec<MetricDimension>,
}

/// `application-autoscaling TargetTrackingMetricDimension`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MetricDimension {
    /// `QueueName` …
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The ends of the ARNs of a load balancer and of one of its target groups, with a `/` in between
/// (Application Auto Scaling API reference, `PredefinedMetricSpecification.ResourceLabel`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub struct ResourceLabel {
    /// `app/NAME/ID`
    pub load_balancer: Value,
    /// `targetgroup/NAME/ID`
    pub target_group: Value,
}

impl From<ResourceLabel> for String {
    fn from(label: ResourceLabel) -> Self {
        format!("{}/{}", label.load_balancer, label.target_group)
    }
}

impl From<String> for ResourceLabel {
    fn from(text: String) -> Self {
        // The `/` in between stands before a placeholder, or before what is known.
        let middle = text.rfind("/${").or_else(|| text.find("/targetgroup/"));
        let middle = middle.unwrap_or(text.len());
        let (balancer, group) = text.split_at(middle);
        Self {
            load_balancer: Value::parse(balancer),
            target_group: Value::parse(group.strip_prefix('/').unwrap_or(group)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_reads_back_what_it_wrote() {
        for text in [
            "app/shop/0123456789abcdef/targetgroup/web/fedcba9876543210",
            "${load-balancer/alb/label}/${target-group/web-80/label}",
            "app/shop/0123456789abcdef/${target-group/web-80/label}",
        ] {
            let label = ResourceLabel::from(text.to_owned());
            assert!(label.target_group.to_string().contains("group"), "{label:?}");
            assert_eq!(String::from(label), text);
        }
    }
}
