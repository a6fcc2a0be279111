use serde::{Deserialize, Serialize};

use super::{UpperTag, Value};

/// `elbv2 CreateLoadBalancer`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoadBalancer {
    /// Its name, at most 32 characters.
    pub name: String,
    /// `application`
    #[serde(rename = "Type")]
    pub kind: String,
    /// `internet-facing` or `internal`
    pub scheme: String,
    /// `ipv4`
    pub ip_address_type: String,
    /// One subnet in each of at least two zones.
    pub subnets: Vec<String>,
    /// Its security groups.
    pub security_groups: Vec<Value>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<UpperTag>,
}

/// `elbv2 CreateTargetGroup` and `elbv2 ModifyTargetGroupAttributes`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetGroup {
    /// `CreateTargetGroup`
    pub create: CreateTargetGroup,
    /// The attributes that differ from AWS's defaults.
    pub attributes: ModifyTargetGroupAttributes,
}

/// `elbv2 CreateTargetGroup`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTargetGroup {
    /// Its name, at most 32 characters; carries a hash of what cannot change in place.
    pub name: String,
    /// `HTTP` or `HTTPS`
    pub protocol: String,
    /// `HTTP1`, `HTTP2` or `GRPC`
    pub protocol_version: String,
    /// The container's port.
    pub port: i32,
    /// The VPC.
    pub vpc_id: String,
    /// `ip` for awsvpc tasks.
    pub target_type: String,
    /// `HTTP` …
    pub health_check_protocol: String,
    /// Where the load balancer asks.
    pub health_check_path: String,
    /// `traffic-port`
    pub health_check_port: String,
    /// Seconds between two checks.
    pub health_check_interval_seconds: i32,
    /// Seconds that an answer may take.
    pub health_check_timeout_seconds: i32,
    /// Good answers until a target is healthy.
    pub healthy_threshold_count: i32,
    /// Bad answers until a target is unhealthy.
    pub unhealthy_threshold_count: i32,
    /// The HTTP codes of a good answer.
    pub matcher: Matcher,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<UpperTag>,
}

/// `elbv2 Matcher`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Matcher {
    /// Such as `200-399`.
    pub http_code: String,
}

/// `elbv2 ModifyTargetGroupAttributes`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyTargetGroupAttributes {
    /// The target group.
    pub target_group_arn: Value,
    /// Sorted by key.
    pub attributes: Vec<UpperTag>,
}

/// `elbv2 CreateListener`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Listener {
    /// The load balancer.
    pub load_balancer_arn: Value,
    /// `HTTP` or `HTTPS`
    pub protocol: String,
    /// The published port.
    pub port: i32,
    /// Exactly one: forward to a target group.
    pub default_actions: Vec<ForwardAction>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<UpperTag>,
}

/// `elbv2 Action` of type `forward`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ForwardAction {
    /// `forward`
    #[serde(rename = "Type")]
    pub kind: String,
    /// Where to.
    pub target_group_arn: Value,
}
