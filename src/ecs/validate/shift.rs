//! Rollouts that move requests (ECS API reference, `DeploymentConfiguration`,
//! `CanaryConfiguration`, `LinearConfiguration`, `DeploymentLifecycleHook`, `AdvancedConfiguration`).

use super::Report;
use crate::ecs::desired::{
    AdvancedConfiguration, Body, DeploymentConfiguration, HookTimeout, LifecycleHook,
    ListenerAction, ResourceId, Service, Value,
};
use crate::ecs::rules::shift::{LEAST, MOST_MINUTES, is_share};

/// The stages while requests are moved, at which a hook may call a function alone.
const MOVES: [&str; 2] = ["TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"];

/// The stages at which a hook may pause.
const STAGES: [&str; 6] = [
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];

pub(super) fn shift(service: &Service, report: &mut Report<'_>) {
    let config = &service.deployment_configuration;
    let DeploymentConfiguration {
        alarms: _,
        deployment_circuit_breaker: _,
        maximum_percent: _,
        minimum_healthy_percent: _,
        strategy,
        bake_time_in_minutes: bake,
        canary_configuration: canary,
        linear_configuration: linear,
        lifecycle_hooks,
        early_success_criteria: _, // extras.rs
    } = config;
    let strategy = strategy.as_deref().unwrap_or(DeploymentConfiguration::ROLLING);
    let parts = (bake.is_some(), canary.is_some(), linear.is_some());
    let wanted = match strategy {
        DeploymentConfiguration::ROLLING => (false, false, false),
        "BLUE_GREEN" => (true, false, false),
        "CANARY" => (true, true, false),
        "LINEAR" => (true, false, true),
        other => {
            report.fault(
                format!("{other:?} is no strategy of a deployment"),
                "it is ROLLING, BLUE_GREEN, CANARY or LINEAR",
            );
            return;
        }
    };
    if parts != wanted {
        report.fault(
            format!("{strategy} with the settings of another strategy, or without its own"),
            "a bake time for all but ROLLING, and a share for CANARY and for LINEAR",
        );
    }
    let waits = [
        *bake,
        canary.as_ref().map(|canary| canary.canary_bake_time_in_minutes),
        linear.as_ref().map(|linear| linear.step_bake_time_in_minutes),
    ];
    for minutes in waits.into_iter().flatten().filter(|m| !(0..=MOST_MINUTES).contains(m)) {
        report.fault(
            format!("it waits {minutes} minutes"),
            format!("ECS waits 0 to {MOST_MINUTES} minutes"),
        );
    }
    let shares = [
        canary.as_ref().map(|canary| (canary.canary_percent, LEAST[0])),
        linear.as_ref().map(|linear| (linear.step_percent, LEAST[1])),
    ];
    for (percent, least) in shares.into_iter().flatten() {
        if !is_share(percent, least) {
            report.fault(
                format!("it moves {percent} percent"),
                format!("ECS moves {least} to 100 percent, in tenths"),
            );
        }
    }
    hooks(config, lifecycle_hooks, report);
    if config.moves_requests() {
        ways(service, strategy, report);
    } else if service.load_balancers.iter().any(|b| b.advanced_configuration.is_some()) {
        report.fault("a second target group", "a rolling update moves no requests");
    }
}

fn hooks(config: &DeploymentConfiguration, hooks: &[LifecycleHook], report: &mut Report<'_>) {
    for hook in hooks {
        let LifecycleHook {
            target_type,
            hook_target_arn,
            role_arn,
            lifecycle_stages,
            hook_details: _,
            timeout_configuration,
        } = hook;
        let stages = config.moves_requests() && !lifecycle_stages.is_empty();
        let ends = timeout_configuration.as_ref().is_none_or(
            |HookTimeout { timeout_in_minutes, action }| {
                (1..=20_160).contains(timeout_in_minutes)
                    && ["ROLLBACK", "CONTINUE"].contains(&action.as_str())
            },
        );
        if target_type == LifecycleHook::FUNCTION {
            let known = lifecycle_stages.iter().all(|stage| {
                let stage = stage.as_str();
                STAGES.contains(&stage) || MOVES.contains(&stage)
            });
            let called = [hook_target_arn, role_arn].into_iter().flatten();
            let called = called.filter(|arn| arn.starts_with("arn:")).count() == 2;
            if !(stages && known && ends && called) {
                report.fault(
                    format!("it cannot call a function at {lifecycle_stages:?}"),
                    "a hook names a function and a role by their ARNs, and stages of a deployment \
                        that moves requests",
                );
            }
            continue;
        }
        let known = lifecycle_stages.iter().all(|stage| STAGES.contains(&stage.as_str()));
        let pauses = target_type == "PAUSE" && timeout_configuration.is_some();
        if !(pauses && stages && known && ends) {
            report.fault(
                format!("it cannot pause at {lifecycle_stages:?}"),
                "a hook pauses between the moves of requests, for 1 to 20160 minutes, and then \
                    goes on or back",
            );
        }
    }
}

/// What is moved, and by whom.
fn ways(service: &Service, strategy: &str, report: &mut Report<'_>) {
    if service.scheduling_strategy == Service::DAEMON {
        report.fault(format!("a daemon that is rolled out {strategy}"), "a daemon is replaced");
    }
    let connect = service.service_connect_configuration.as_ref();
    let named = connect.is_some_and(|connect| !connect.services.is_empty());
    if service.load_balancers.is_empty() && !named && strategy != "BLUE_GREEN" {
        report.fault(
            format!("{strategy} without requests"),
            "a load balancer or Service Connect moves them",
        );
    }
    for balancer in &service.load_balancers {
        let Some(advanced) = &balancer.advanced_configuration else {
            report.fault(
                format!("{} is the only target group of its port", balancer.target_group_arn),
                "old tasks stand in one target group, new ones in another",
            );
            continue;
        };
        let AdvancedConfiguration {
            alternate_target_group_arn: other,
            production_listener_rule: rule,
            test_listener_rule: _,
            role_arn,
        } = advanced;
        let first = &balancer.target_group_arn;
        if first == other || kinds(first, report) != kinds(other, report) {
            report.fault(
                format!("{other} cannot take the place of {first}"),
                "two target groups, of one protocol, port and type",
            );
        }
        if role_arn.known().is_some_and(str::is_empty) {
            report.fault("ECS has no role to move requests with", "it takes a role's ARN");
        }
        if !leads(rule, [first, other], report) {
            report.fault(
                format!("{rule} does not lead to {first} and {other}"),
                "ECS moves requests with a rule of an Application Load Balancer, or a listener of \
                    a Network Load Balancer, which leads to both",
            );
        }
    }
}

/// What two target groups have in common; nothing of one that is not among the resources.
fn kinds<'a>(group: &Value, report: &Report<'a>) -> Option<(&'a str, i32, &'a Value, &'a str)> {
    let group = &report.target_group(group.reference()?.0)?.create;
    Some((&group.protocol, group.port, &group.vpc_id, &group.target_type))
}

/// Whether the rule or the listener leads to both.
fn leads(rule: &Value, groups: [&Value; 2], report: &Report<'_>) -> bool {
    // What exists already is not known here.
    let Some((id, _)) = rule.reference() else { return true };
    let Some(actions) = actions(id, report) else { return false };
    let found: Vec<_> = actions.iter().flat_map(ListenerAction::target_groups).collect();
    groups.iter().all(|group| found.contains(group))
}

/// The actions of a rule, or of a listener of a Network Load Balancer.
fn actions<'a>(id: &ResourceId, report: &Report<'a>) -> Option<&'a [ListenerAction]> {
    match &report.desired.resources.get(id)?.body {
        Body::ListenerRule(rule) => Some(&rule.actions),
        Body::Listener(listener) if matches!(&*listener.protocol, "TCP" | "UDP") => {
            Some(&listener.default_actions)
        }
        _ => None,
    }
}
