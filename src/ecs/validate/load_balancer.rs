use std::collections::BTreeSet;

use super::text::{is_balancer_name, is_placeholder, is_port};
use super::{Report, Unique, tags};
use crate::ecs::desired::{Kind, Listener, LoadBalancer, TargetGroup};

/// `elbv2 CreateLoadBalancer`
pub(super) fn load_balancer(balancer: &LoadBalancer, report: &mut Report<'_>) {
    let LoadBalancer {
        name,
        kind: _,
        scheme: _,
        ip_address_type: _,
        subnets,
        security_groups,
        tags,
    } = balancer;
    if !is_balancer_name(name) || name.starts_with("internal-") {
        report.fault(
            format!("{name:?} is no load balancer name"),
            "Elastic Load Balancing takes 1 to 32 letters, digits and inner hyphens, not \
                starting with `internal-`",
        );
    }
    let distinct: BTreeSet<_> = subnets.iter().collect();
    if distinct.len() < 2 && !subnets.iter().any(|subnet| is_placeholder(subnet)) {
        report.fault(
            format!("{} subnets", distinct.len()),
            "an Application Load Balancer needs subnets in at least two zones; name them with \
                `x-ecs.subnets`",
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
    let path = &create.health_check_path;
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
    if !is_matcher(&create.matcher.http_code) {
        report.fault(
            format!("{:?} matches no HTTP code", create.matcher.http_code),
            "write codes or ranges from 200 to 499",
        );
    }
    for attribute in &group.attributes.attributes {
        let delay = attribute.key == "deregistration_delay.timeout_seconds";
        let seconds = attribute.value.parse::<u32>().ok();
        if delay && seconds.is_none_or(|seconds| seconds > 3600) {
            report.fault(
                format!("a deregistration delay of {} s", attribute.value),
                "Elastic Load Balancing takes 0 to 3600 s",
            );
        }
    }
    tags::upper(&create.tags, report);
}

/// `200`, `200-399`, `200,302`: codes from 200 to 499 (elbv2 API reference, `Matcher`, for
/// Application Load Balancers).
fn is_matcher(matcher: &str) -> bool {
    let code = |text: &str| text.parse::<u16>().ok().filter(|code| (200..=499).contains(code));
    matcher.split(',').all(|part| match part.split_once('-') {
        Some((from, to)) => matches!((code(from), code(to)), (Some(from), Some(to)) if from <= to),
        None => code(part).is_some(),
    })
}

/// `elbv2 CreateListener`
pub(super) fn listener(listener: &Listener, unique: &mut Unique, report: &mut Report<'_>) {
    let Listener { load_balancer_arn, protocol, port, default_actions, tags } = listener;
    if !is_port(*port) {
        report.fault(format!("{port} is no port"), "a port is 1 to 65535");
    }
    unique.take(Kind::Listener, &format!("{load_balancer_arn}:{port}"), report);
    match protocol.as_str() {
        "HTTP" => {}
        "HTTPS" => report.fault("HTTPS without a certificate", "an HTTPS listener needs one"),
        other => report.fault(
            format!("{other:?} is no protocol of a listener"),
            "an Application Load Balancer takes HTTP and HTTPS",
        ),
    }
    if default_actions.len() != 1 {
        report.fault("not exactly one action", "this is a fault of decklift");
    }
    tags::upper(tags, report);
}
