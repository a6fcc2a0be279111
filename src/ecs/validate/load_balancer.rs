use std::collections::BTreeSet;

use super::quotas::is_network;
use super::text::{is_balancer_name, is_placeholder, is_port};
use super::{Report, Unique, tags};
use crate::ecs::desired::{
    Kind, Listener, ListenerAction, ListenerRule, LoadBalancer, Matcher, TargetGroup,
};
use crate::ecs::rules::load_balancer::{LONGEST, MOST_VALUES, MOST_WILDCARDS, wildcards};

/// `elbv2 CreateLoadBalancer`
pub(super) fn load_balancer(balancer: &LoadBalancer, report: &mut Report<'_>) {
    let LoadBalancer { name, kind, scheme: _, ip_address_type: _, subnets, security_groups, tags } =
        balancer;
    if !is_balancer_name(name) || name.starts_with("internal-") {
        report.fault(
            format!("{name:?} is no load balancer name"),
            "Elastic Load Balancing takes 1 to 32 letters, digits and inner hyphens, not \
                starting with `internal-`",
        );
    }
    let distinct: BTreeSet<_> = subnets.iter().collect();
    if distinct.len() < 2 && !subnets.iter().any(|subnet| is_placeholder(&subnet.to_string())) {
        report.fault(
            format!("{} subnets", distinct.len()),
            format!(
                "a load balancer of type {kind} needs subnets in at least two zones here; name \
                 them with `x-ecs.subnets`"
            ),
        );
    }
    if !(1..=5).contains(&security_groups.len()) {
        report.fault(
            format!("{} security groups", security_groups.len()),
            "a load balancer takes one to five",
        );
    }
    tags::upper(tags, report);
}

/// `elbv2 CreateTargetGroup` and `ModifyTargetGroupAttributes`
pub(super) fn target_group(group: &TargetGroup, unique: &mut Unique, report: &mut Report<'_>) {
    let create = &group.create;
    if !is_balancer_name(&create.name) {
        report.fault(
            format!("{:?} is no target group name", create.name),
            "Elastic Load Balancing takes 1 to 32 letters, digits and inner hyphens",
        );
    }
    unique.take(Kind::TargetGroup, &create.name, report);
    if !is_port(create.port) {
        report.fault(format!("{} is no port", create.port), "a port is 1 to 65535");
    }
    let http = matches!(create.protocol.as_str(), "HTTP" | "HTTPS");
    let asks = create.health_check_protocol != "TCP";
    if http != create.protocol_version.is_some()
        || http && !asks
        || asks != create.health_check_path.is_some()
        || asks != create.matcher.is_some()
    {
        report.fault(
            format!("a health check over {} that does not fit", create.health_check_protocol),
            "HTTP and HTTPS have a version, a path and codes; TCP has none of them, and is not for \
                targets that speak HTTP",
        );
    }
    let path = create.health_check_path.as_deref().unwrap_or("/");
    if !path.starts_with('/') || path.len() > 1024 {
        report.fault(format!("{path:?} is no path"), "it starts with `/`, up to 1024 characters");
    }
    let (interval, timeout) =
        (create.health_check_interval_seconds, create.health_check_timeout_seconds);
    if !(5..=300).contains(&interval) || !(2..=120).contains(&timeout) || timeout >= interval {
        report.fault(
            format!("a health check every {interval} s that may take {timeout} s"),
            "the interval is 5 to 300 s, the timeout 2 to 120 s and less than the interval",
        );
    }
    let thresholds = [create.healthy_threshold_count, create.unhealthy_threshold_count];
    if thresholds.iter().any(|count| !(2..=10).contains(count)) {
        report.fault(format!("thresholds of {thresholds:?}"), "a threshold is 2 to 10");
    }
    if let Some(matcher) = &create.matcher {
        codes(matcher, create.protocol_version.as_deref() == Some("GRPC"), report);
    }
    attributes(group, report);
    tags::upper(&create.tags, report);
}

/// elbv2 API reference, `TargetGroupAttribute`
fn attributes(group: &TargetGroup, report: &mut Report<'_>) {
    for attribute in &group.attributes.attributes {
        let (what, range) = match &*attribute.key {
            "deregistration_delay.timeout_seconds" => ("a deregistration delay", 0..=3600),
            "stickiness.lb_cookie.duration_seconds" => ("stickiness", 1..=604_800),
            _ => continue,
        };
        if attribute.value.parse::<u32>().is_ok_and(|seconds| range.contains(&seconds)) {
            continue;
        }
        let (least, most) = range.into_inner();
        report.fault(
            format!("{what} of {} s", attribute.value),
            format!("Elastic Load Balancing takes {least} to {most} s"),
        );
    }
    let cookie = group.attributes.attributes.iter().any(|attribute| {
        attribute.key.starts_with("stickiness.") && attribute.value == "lb_cookie"
    });
    if cookie && group.create.protocol_version.is_none() {
        report.fault(
            format!("a cookie over {}", group.create.protocol),
            "only an Application Load Balancer sets cookies",
        );
    }
}

/// The codes of HTTP, or those of gRPC: never both.
fn codes(matcher: &Matcher, grpc: bool, report: &mut Report<'_>) {
    match (&matcher.http_code, &matcher.grpc_code) {
        (Some(http), None) if !grpc => {
            if !is_matcher(http, 200, 499) {
                report.fault(
                    format!("{http:?} matches no HTTP code"),
                    "write codes or ranges from 200 to 499",
                );
            }
        }
        (None, Some(code)) if grpc && is_matcher(code, 0, 99) => {}
        _ => report.fault(
            "its codes are not those that its targets answer with",
            "HTTP has codes from 200 to 499, gRPC from 0 to 99",
        ),
    }
}

/// `200`, `200-399`, `200,302`: codes from 200 to 499, or 0 to 99 of gRPC (elbv2 API reference,
/// `Matcher`, for Application Load Balancers).
fn is_matcher(matcher: &str, least: u16, most: u16) -> bool {
    let code = |text: &str| text.parse::<u16>().ok().filter(|code| (least..=most).contains(code));
    matcher.split(',').all(|part| match part.split_once('-') {
        Some((from, to)) => matches!((code(from), code(to)), (Some(from), Some(to)) if from <= to),
        None => code(part).is_some(),
    })
}

/// `elbv2 CreateListener`
pub(super) fn listener(listener: &Listener, unique: &mut Unique, report: &mut Report<'_>) {
    let Listener {
        load_balancer_arn,
        protocol,
        port,
        certificates,
        ssl_policy,
        default_actions,
        tags,
    } = listener;
    if !is_port(*port) {
        report.fault(format!("{port} is no port"), "a port is 1 to 65535");
    }
    unique.take(Kind::Listener, &format!("{load_balancer_arn}:{port}"), report);
    let network = is_network(report.desired, load_balancer_arn);
    let tls = protocol == "HTTPS";
    if tls && (certificates.len() != 1 || ssl_policy.is_none()) {
        report.fault(
            "HTTPS without a certificate",
            "an HTTPS listener needs one; name it with `x-ecs.certificate`",
        );
    } else if !tls && (!certificates.is_empty() || ssl_policy.is_some()) {
        report.fault("a certificate without HTTPS", "this is a fault of decklift");
    }
    for certificate in certificates {
        let arn = &certificate.certificate_arn;
        if !is_placeholder(arn) && !is_certificate(arn) {
            report.fault(
                format!("{arn:?} is no certificate"),
                "write the ARN of a certificate in ACM or IAM, or its domain",
            );
        }
    }
    match (protocol.as_str(), network) {
        ("HTTP" | "HTTPS", false) | ("TCP" | "UDP", true) => {}
        (other, false) => report.fault(
            format!("{other:?} is no protocol of a listener"),
            "an Application Load Balancer takes HTTP and HTTPS",
        ),
        (other, true) => report.fault(
            format!("{other:?} is no protocol of a listener"),
            "a Network Load Balancer takes TCP and UDP here",
        ),
    }
    actions_of(default_actions, report);
    tags::upper(tags, report);
}

/// `arn:aws:acm:REGION:ACCOUNT:certificate/ID`, or a server certificate of IAM.
fn is_certificate(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "acm", region, _, resource] => {
            !region.is_empty() && resource.starts_with("certificate/")
        }
        ["arn", _, "iam", _, _, resource] => resource.starts_with("server-certificate/"),
        _ => false,
    }
}

/// `elbv2 CreateRule`
pub(super) fn rule(rule: &ListenerRule, unique: &mut Unique, report: &mut Report<'_>) {
    let ListenerRule { listener_arn, priority, conditions, actions, tags } = rule;
    if !(1..=50_000).contains(priority) {
        report.fault(format!("a priority of {priority}"), "a priority is 1 to 50000");
    }
    unique.take(Kind::ListenerRule, &format!("{listener_arn}:{priority}"), report);
    let lists = conditions.iter().flat_map(|condition| {
        condition.host_header_config.iter().chain(&condition.path_pattern_config)
    });
    let values: Vec<&String> = lists.flat_map(|list| &list.values).collect();
    if values.is_empty() || values.len() > MOST_VALUES {
        report.fault(
            format!("a rule with {} values", values.len()),
            format!("a rule asks for 1 to {MOST_VALUES} names and paths"),
        );
    }
    let wildcards = wildcards(values.iter().map(|value| value.as_str()));
    if wildcards > MOST_WILDCARDS {
        report.fault(
            format!("a rule with {wildcards} wildcards"),
            format!("a rule has at most {MOST_WILDCARDS} `*` and `?`"),
        );
    }
    for value in values.iter().filter(|value| value.len() > LONGEST) {
        report.fault(
            format!("a rule for {value:?}"),
            format!("a name or path has at most {LONGEST} characters"),
        );
    }
    actions_of(actions, report);
    tags::upper(tags, report);
}

/// elbv2 API reference, `Action`, `ForwardActionConfig` and `TargetGroupTuple`
fn actions_of(actions: &[ListenerAction], report: &mut Report<'_>) {
    let [action] = actions else {
        report.fault("not exactly one action", "this is a fault of decklift");
        return;
    };
    let ListenerAction {
        kind: _,
        target_group_arn,
        forward_config,
        redirect_config: _,
        fixed_response_config: _,
    } = action;
    let Some(config) = forward_config else { return };
    let weights = || config.target_groups.iter().map(|tuple| tuple.weight);
    let good = (2..=5).contains(&config.target_groups.len())
        && weights().all(|weight| (0..=999).contains(&weight))
        && weights().any(|weight| weight > 0);
    if target_group_arn.is_some() || !good {
        report.fault(
            "it leads nowhere, or to a target group beside its list",
            "a list of target groups has 2 to 5, with weights from 0 to 999, and stands alone",
        );
    }
}
