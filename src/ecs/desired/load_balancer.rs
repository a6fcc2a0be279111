use serde::{Deserialize, Serialize};

use super::{UpperTag, Value};

/// `elbv2 CreateLoadBalancer`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoadBalancer {
    /// Its name, at most 32 characters.
    pub name: String,
    /// `application` or `network`
    #[serde(rename = "Type")]
    pub kind: String,
    /// `internet-facing` or `internal`
    pub scheme: String,
    /// `ipv4`
    pub ip_address_type: String,
    /// One subnet in each of at least two zones.
    pub subnets: Vec<Value>,
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
    /// `HTTP`, `HTTPS`, `TCP` or `UDP`
    pub protocol: String,
    /// `HTTP1`, `HTTP2` or `GRPC`; only with `HTTP` and `HTTPS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol_version: Option<String>,
    /// The container's port.
    pub port: i32,
    /// The VPC.
    pub vpc_id: Value,
    /// `ip` for awsvpc tasks.
    pub target_type: String,
    /// `HTTP`, `HTTPS` or `TCP`
    pub health_check_protocol: String,
    /// Where the load balancer asks; not with `TCP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check_path: Option<String>,
    /// `traffic-port`, or a number
    pub health_check_port: String,
    /// Seconds between two checks.
    pub health_check_interval_seconds: i32,
    /// Seconds that an answer may take.
    pub health_check_timeout_seconds: i32,
    /// Good answers until a target is healthy.
    pub healthy_threshold_count: i32,
    /// Bad answers until a target is unhealthy.
    pub unhealthy_threshold_count: i32,
    /// The codes of a good answer; not with `TCP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matcher: Option<Matcher>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<UpperTag>,
}

/// `elbv2 Matcher`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Matcher {
    /// Such as `200-399`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_code: Option<String>,
    /// Such as `0-99`, of gRPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc_code: Option<String>,
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
    /// `HTTP`, `HTTPS`, `TCP` or `UDP`
    pub protocol: String,
    /// The published port.
    pub port: i32,
    /// Of `HTTPS`: exactly one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Certificate>,
    /// Of `HTTPS`: the versions and ciphers of TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssl_policy: Option<String>,
    /// Exactly one.
    pub default_actions: Vec<ListenerAction>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<UpperTag>,
}

/// `elbv2 Certificate`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Certificate {
    /// A certificate in ACM or IAM.
    pub certificate_arn: String,
}

/// `elbv2 Action`: one of the four.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListenerAction {
    /// `forward`, `redirect` or `fixed-response`
    #[serde(rename = "Type")]
    pub kind: String,
    /// Of `forward`: where to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_group_arn: Option<Value>,
    /// Of `forward`: where to, by weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_config: Option<ForwardConfig>,
    /// Of `redirect`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_config: Option<RedirectConfig>,
    /// Of `fixed-response`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_response_config: Option<FixedResponseConfig>,
}

/// `elbv2 ForwardActionConfig`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ForwardConfig {
    /// Two at least.
    pub target_groups: Vec<TargetGroupTuple>,
}

/// `elbv2 TargetGroupTuple`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TargetGroupTuple {
    /// The target group.
    pub target_group_arn: Value,
    /// Its share of the sum of the weights, 0 to 999.
    pub weight: i32,
}

/// `elbv2 RedirectActionConfig`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RedirectConfig {
    /// `HTTPS`
    pub protocol: String,
    /// `443`
    pub port: String,
    /// `HTTP_301`
    pub status_code: String,
    /// Somebody else's host, which no request of decklift's has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Somebody else's path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Somebody else's query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
}

/// `elbv2 FixedResponseActionConfig`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FixedResponseConfig {
    /// `404`
    pub status_code: String,
    /// `text/plain`
    pub content_type: String,
    /// What is said.
    pub message_body: String,
}

impl ListenerAction {
    /// To the tasks behind a target group.
    #[must_use]
    pub fn forward(target_group: Value) -> Self {
        Self { target_group_arn: Some(target_group), ..Self::of("forward") }
    }

    /// All to the first of two target groups, between which ECS moves the requests.
    #[must_use]
    pub fn forward_between(first: Value, second: Value) -> Self {
        let tuple = |target_group_arn, weight| TargetGroupTuple { target_group_arn, weight };
        let config = ForwardConfig { target_groups: vec![tuple(first, 100), tuple(second, 0)] };
        Self { forward_config: Some(config), ..Self::of("forward") }
    }

    /// The target groups that it leads to.
    pub fn target_groups(&self) -> impl Iterator<Item = &Value> {
        let weighted = self.forward_config.iter().flat_map(|config| &config.target_groups);
        self.target_group_arn.iter().chain(weighted.map(|tuple| &tuple.target_group_arn))
    }

    /// To the same address on port 443, with TLS, for good.
    #[must_use]
    pub fn to_https() -> Self {
        let config = RedirectConfig {
            protocol: "HTTPS".to_owned(),
            port: "443".to_owned(),
            status_code: "HTTP_301".to_owned(),
            host: None,
            path: None,
            query: None,
        };
        Self { redirect_config: Some(config), ..Self::of("redirect") }
    }

    /// Nobody is there.
    #[must_use]
    pub fn not_found() -> Self {
        let config = FixedResponseConfig {
            status_code: "404".to_owned(),
            content_type: "text/plain".to_owned(),
            message_body: "not found".to_owned(),
        };
        Self { fixed_response_config: Some(config), ..Self::of("fixed-response") }
    }

    fn of(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            target_group_arn: None,
            forward_config: None,
            redirect_config: None,
            fixed_response_config: None,
        }
    }
}

/// `elbv2 CreateRule`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListenerRule {
    /// The listener.
    pub listener_arn: Value,
    /// 1 to 50000, once a listener; the lowest that fits is obeyed.
    pub priority: i32,
    /// All must hold. Sorted by field.
    pub conditions: Vec<RuleCondition>,
    /// Exactly one: forward to a target group.
    pub actions: Vec<ListenerAction>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<UpperTag>,
}

/// `elbv2 RuleCondition`
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RuleCondition {
    /// `host-header` or `path-pattern`
    pub field: String,
    /// Of `host-header`: the names, one of which must fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_header_config: Option<ConditionValues>,
    /// Of `path-pattern`: the patterns, one of which must fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_pattern_config: Option<ConditionValues>,
}

/// `elbv2 HostHeaderConditionConfig` and `PathPatternConditionConfig`
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConditionValues {
    /// Sorted.
    pub values: Vec<String>,
}
