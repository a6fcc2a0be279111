use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Value;

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
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
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
    /// `TargetTrackingScaling`
    pub policy_type: String,
    /// What it aims at.
    pub target_tracking_scaling_policy_configuration: TargetTracking,
}

/// `application-autoscaling TargetTrackingScalingPolicyConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TargetTracking {
    /// The value that the metric is kept at.
    pub target_value: f64,
    /// Which metric.
    pub predefined_metric_specification: PredefinedMetric,
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
