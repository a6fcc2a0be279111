//! `x-ecs.rollout.strategy`: all new tasks start beside the old ones, and ECS moves the requests (ECS
//! API reference, `DeploymentConfiguration.strategy`; ECS developer guide, "Amazon ECS blue/green
//! deployments", "Amazon ECS canary deployments", "Amazon ECS linear deployments").

use std::collections::BTreeSet;
use std::time::Duration;

use super::infrastructure_role::infrastructure_role;
use super::{cloud_map, daemon, discovery};
use crate::compose::model::{Pause, Rollout, Strategy, TaskNetwork};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Attribute, Body, CanaryConfiguration, DeploymentConfiguration, HookTimeout, Kind,
    LifecycleHook, LinearConfiguration, ResourceId, Value,
};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;
use crate::source::{Located, Span};

/// Of a bake time, and of the time after a canary or a step (ECS API reference,
/// `CanaryConfiguration`, `LinearConfiguration`).
pub(crate) const MOST_MINUTES: i32 = 1440;
/// How long the old tasks stay unless told: ECS has to be told something.
const BAKE: i32 = 5;
/// What ECS takes unless told: the share of a canary and of a step, and how long each waits (ECS API
/// reference, `CanaryConfiguration`, `LinearConfiguration`).
const CANARY: (f64, i32) = (5.0, 10);
const STEP: (f64, i32) = (10.0, 6);
/// The least share of a canary and of a step, in percent.
pub(crate) const LEAST: [f64; 2] = [0.1, 3.0];
/// What AWS lets ECS do to load balancers (AWS managed policy reference,
/// `AmazonECSInfrastructureRolePolicyForLoadBalancers`).
const POLICY: &str = "AmazonECSInfrastructureRolePolicyForLoadBalancers";

/// How the tasks of a member's service are replaced, as far as this member says it.
fn own<'a>(member: &Member<'a>) -> Option<&'a Located<Strategy>> {
    let rollout = member.service.extension.rollout.as_ref()?;
    rollout.value.strategy.as_ref().filter(|strategy| strategy.value != Strategy::Rolling)
}

/// The units of which requests are moved from old tasks to new ones.
pub(crate) fn units<'a>(members: &[Member<'a>]) -> BTreeSet<&'a str> {
    members.iter().filter(|member| own(member).is_some()).map(|member| member.unit).collect()
}

/// Whether requests to the unit are moved from old tasks to new ones.
pub(crate) fn moves(unit: &Unit<'_>) -> bool {
    unit.members.iter().any(|member| own(member).is_some())
}

/// The role with which ECS moves the requests.
pub(crate) fn role_id() -> ResourceId {
    // No Compose service has a `+` in its name.
    ResourceId::new(Kind::Role, "load-balancers+infrastructure")
}

/// Adds the role with which ECS moves the requests (ECS developer guide, "Amazon ECS infrastructure
/// IAM role for load balancers").
pub(crate) fn add_role(cx: &Context<'_>, origin: Span, out: &mut Output) {
    let id = role_id();
    if out.desired.resources.contains_key(&id) {
        return;
    }
    let description = format!("Lets ECS move requests between the tasks of {}", cx.stack);
    let name = "load-balancers-infrastructure";
    let role = infrastructure_role(cx, name, &id, description, POLICY);
    out.add(id, Body::Role(Box::new(role)), None, Some(origin));
}

/// The role's ARN.
pub(crate) fn role_arn() -> Value {
    Value::From(role_id(), Attribute::Arn)
}

/// Takes over a strategy that moves requests.
pub(crate) fn apply(
    unit: &Unit<'_>,
    strategy: &Located<Strategy>,
    (by, given): (&str, &Rollout),
    config: &mut DeploymentConfiguration,
    out: &mut Output,
) {
    let mut found = Vec::new();
    let word = match strategy.value {
        Strategy::Rolling => return,
        Strategy::BlueGreen => "BLUE_GREEN",
        Strategy::Canary => "CANARY",
        Strategy::Linear => "LINEAR",
    };
    config.strategy = Some(word.to_owned());
    let bake = given.bake.as_ref().map(|bake| minutes("bake", bake, &mut found));
    config.bake_time_in_minutes = Some(bake.unwrap_or(BAKE));
    let wait = match given.pause.as_ref().map(|pause| (pause.value, pause.span)) {
        Some((Pause::For(time), span)) => {
            let time = Located::new(time, span);
            Some(minutes("pause", &time, &mut found))
        }
        Some((Pause::Approval, span)) => {
            config.lifecycle_hooks = vec![approval()];
            found.push(waits(span));
            None
        }
        None => None,
    };
    let percent = |default: f64| given.percent.as_ref().map_or(default, |percent| percent.value);
    match strategy.value {
        Strategy::Canary => {
            let (share, time) = CANARY;
            config.canary_configuration = Some(CanaryConfiguration {
                canary_percent: percent(share),
                canary_bake_time_in_minutes: wait.unwrap_or(time),
            });
        }
        Strategy::Linear => {
            let (share, time) = STEP;
            config.linear_configuration = Some(LinearConfiguration {
                step_percent: percent(share),
                step_bake_time_in_minutes: wait.unwrap_or(time),
            });
        }
        Strategy::Rolling | Strategy::BlueGreen => {}
    }
    settings(strategy.value, given, &mut found);
    steps(unit, strategy.value, out);
    tasks(unit, strategy, &mut found);
    ways(unit, strategy, &mut found);
    // All new tasks start before an old one stops.
    (config.minimum_healthy_percent, config.maximum_percent) = (100, 200);
    for fault in found {
        out.say(fault.service(by));
    }
}

/// What says nothing of a rolling update, or is no share.
pub(crate) fn settings(strategy: Strategy, given: &Rollout, found: &mut Vec<Diagnostic>) {
    let invalid = |message: &str, span, help: &str| {
        Diagnostic::error(Code::InvalidValue, message.to_owned()).at(span, "").help(help)
    };
    let least = match strategy {
        Strategy::Canary => Some(LEAST[0]),
        Strategy::Linear => Some(LEAST[1]),
        Strategy::Rolling | Strategy::BlueGreen => None,
    };
    if let Some(percent) = &given.percent {
        match least {
            None => {
                let help = "write `strategy: canary` or `strategy: linear`, or take it away; \
                    `min_percent` and `max_percent` say how many tasks a rolling update replaces \
                    at once";
                let message = format!("`{}` moves no share of the requests", strategy.as_str());
                found.push(invalid(&message, percent.span, help));
            }
            Some(least) if !is_share(percent.value, least) => {
                let help = format!("write {least} to 100, with one digit behind the point at most");
                found.push(invalid("`percent` is no share that ECS moves", percent.span, &help));
            }
            Some(_) => {}
        }
    }
    for (name, given) in [("min_percent", &given.min_percent), ("max_percent", &given.max_percent)]
    {
        let Some(given) = given.as_ref().filter(|_| strategy != Strategy::Rolling) else {
            continue;
        };
        found.push(without_effect(name, strategy, given.span));
    }
    let Some(pause) = &given.pause else { return };
    match (strategy, pause.value) {
        (Strategy::Rolling, _) => {
            let help = "write `strategy: blue-green`, `canary` or `linear`, or take it away";
            found.push(invalid("a rolling update has no step to pause at", pause.span, help));
        }
        (Strategy::BlueGreen, Pause::For(_)) => {
            let help = "write `bake` for the time after the move, or `pause: true` to wait for \
                somebody's word before it";
            found.push(invalid("`blue-green` moves all requests at once", pause.span, help));
        }
        _ => {}
    }
}

fn without_effect(name: &str, strategy: Strategy, span: Span) -> Diagnostic {
    let message = format!("`{name}` has no effect on a rollout that is {}", strategy.as_str());
    Diagnostic::warning(Code::Ignored, message)
        .at(span, "")
        .help("all new tasks start, and the old ones stop in the end")
}

/// From the least to 100, in tenths.
pub(crate) fn is_share(percent: f64, least: f64) -> bool {
    let tenths = percent * 10.0;
    (least..=100.0).contains(&percent) && (tenths - tenths.round()).abs() < 1e-6
}

/// Whole minutes, rounded up.
fn minutes(name: &str, time: &Located<Duration>, found: &mut Vec<Diagnostic>) -> i32 {
    let seconds = time.value.as_secs() + u64::from(time.value.subsec_nanos() > 0);
    let wanted = seconds.div_ceil(60);
    let minutes = i32::try_from(wanted).unwrap_or(i32::MAX).min(MOST_MINUTES);
    if u64::try_from(minutes) != Ok(wanted) {
        found.push(
            Diagnostic::warning(Code::Clamped, format!("`{name}` becomes 24 hours"))
                .at(time.span, "")
                .help("ECS waits a day at most"),
        );
    } else if !seconds.is_multiple_of(60) {
        let message = format!("`{name}` becomes {minutes} min: ECS counts whole minutes");
        found.push(
            Diagnostic::note(Code::Approximated, message)
                .at(time.span, "")
                .help("write whole minutes: `5m`"),
        );
    }
    minutes
}

/// A stop before each move of requests, which ends after a day with the old tasks (ECS API reference,
/// `DeploymentLifecycleHook`; these are the defaults, written down).
fn approval() -> LifecycleHook {
    LifecycleHook {
        target_type: "PAUSE".to_owned(),
        hook_target_arn: None,
        role_arn: None,
        lifecycle_stages: vec!["PRE_PRODUCTION_TRAFFIC_SHIFT".to_owned()],
        hook_details: None,
        timeout_configuration: Some(HookTimeout {
            timeout_in_minutes: MOST_MINUTES,
            action: "ROLLBACK".to_owned(),
        }),
    }
}

fn waits(span: Span) -> Diagnostic {
    let message = "the rollout waits for somebody's word before requests are moved";
    Diagnostic::note(Code::Approximated, message).at(span, "").help(
        "say it with `aws ecs continue-service-deployment`; after a day without, ECS goes back",
    )
}

/// Steps of Compose's that there are none of.
fn steps(unit: &Unit<'_>, strategy: Strategy, out: &mut Output) {
    for service in unit.members.iter().map(|member| member.service) {
        let Some(update) = &service.deploy.update_config else { continue };
        let parallelism = update.value.parallelism.as_ref().map(|n| ("parallelism", n.span));
        let order = update.value.order.as_ref().map(|order| ("order", order.span));
        for (name, span) in parallelism.into_iter().chain(order) {
            out.say(without_effect(name, strategy, span).service(&service.name.value));
        }
    }
}

/// Tasks that cannot run beside their successors.
fn tasks(unit: &Unit<'_>, strategy: &Located<Strategy>, found: &mut Vec<Diagnostic>) {
    let word = strategy.value.as_str();
    let mut refuse = |message: String, help: &str| {
        let fault = Diagnostic::error(Code::Refused, message).at(strategy.span, "");
        found.push(fault.help(help));
    };
    if unit.stateful() {
        let message = "old and new tasks of a database would write to one volume".to_owned();
        refuse(message, "write `strategy: rolling`: the old task stops before the new one starts");
    }
    if daemon::is_daemon(unit) {
        let message = format!("a service with a task on each instance is not rolled out {word}");
        refuse(message, "write `strategy: rolling`, or take `deploy: {mode: global}` away");
    }
    let balanced = unit.members.iter().any(|member| !member.public.is_empty());
    if balanced && unit.leader().network != TaskNetwork::AwsVpc {
        let message = format!(
            "requests to ports of the instance are not moved: {word} needs tasks with an address"
        );
        refuse(message, "write `x-ecs: {network_mode: awsvpc}` or `strategy: rolling`");
    }
    let scaled = unit.members.iter().find_map(|m| m.service.extension.autoscaling.as_ref());
    if let Some(requests) = scaled.and_then(|scaling| scaling.value.requests.as_ref()) {
        let message = "the requests of one target group are counted, and the tasks change theirs";
        let fault = Diagnostic::error(Code::Refused, message).at(requests.span, "");
        found.push(
            fault
                .at(strategy.span, "with each rollout")
                .help("scale by `cpu` or `memory`, or write `strategy: rolling`"),
        );
    }
}

/// Ways to the tasks that ECS cannot move.
fn ways(unit: &Unit<'_>, strategy: &Located<Strategy>, found: &mut Vec<Diagnostic>) {
    let word = strategy.value.as_str();
    for member in &unit.members {
        for (port, next) in member.public.iter().zip(member.public.iter().skip(1)) {
            if port.target == next.target {
                let message = format!("port {} has two listeners, and ECS moves one", port.target);
                found.push(
                    Diagnostic::error(Code::Refused, message)
                        .at(next.span, "published here")
                        .at(port.span, "and here")
                        .help("publish it once, or write `strategy: rolling`"),
                );
            }
        }
    }
    if unit.members.iter().flat_map(|m| &m.public).any(|port| port.face.is_network()) {
        // ECS developer guide, "Network Load Balancer resources for Amazon ECS blue/green, linear
        // and canary deployments"
        let message = "each move of requests takes ten minutes longer";
        let note = Diagnostic::note(Code::Approximated, message).at(strategy.span, "");
        found.push(note.help("ECS waits for the network load balancer"));
    }
    let balanced = unit.members.iter().any(|member| !member.public.is_empty());
    let named = discovery::configuration(unit).is_some_and(|connect| !connect.services.is_empty());
    if !balanced && !named {
        let message = format!("nothing leads to {} whose requests could be moved", unit.name());
        // Blue/green works without: the new tasks just run beside the old ones.
        let refused = strategy.value != Strategy::BlueGreen;
        let fault = if refused {
            Diagnostic::error(Code::Refused, message)
        } else {
            Diagnostic::warning(Code::Approximated, message)
        };
        found.push(fault.at(strategy.span, "").help(if refused {
            "write `strategy: rolling`, or publish a port"
        } else {
            "old and new tasks work side by side until the bake time is over"
        }));
    }
    if !cloud_map::registries(unit).is_empty() {
        let message = format!("who finds {} in DNS is not moved", unit.name());
        let help = format!("while {word} goes on, names in DNS lead to old and new tasks alike");
        let fault = Diagnostic::warning(Code::Approximated, message).at(strategy.span, "");
        found.push(fault.help(help));
    }
}

#[cfg(test)]
#[path = "shift_tests.rs"]
mod tests;
