//! `deploy.update_config` of a task: what any of its services says of it.

use super::agreed::{Said, said};
use crate::compose::model::{Deploy, FailureAction, Order, UpdateConfig};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// What the services of a unit say together.
#[derive(Debug)]
pub(crate) struct Update<'a> {
    pub(crate) parallelism: Option<Said<'a, u32>>,
    pub(crate) order: Option<Said<'a, Order>>,
    pub(crate) failure_action: Option<Said<'a, FailureAction>>,
}

impl<'a> Update<'a> {
    /// What the services of a unit say, if any of them does; two that contradict each other are
    /// refused.
    pub(crate) fn of(unit: &Unit<'a>, out: &mut Output) -> Option<Self> {
        if unit.members.iter().all(|member| member.service.deploy.update_config.is_none()) {
            return None;
        }
        Some(Self {
            parallelism: one(unit, "parallelism", |update| update.parallelism.as_ref(), out),
            order: one(unit, "order", |update| update.order.as_ref(), out),
            failure_action: one(unit, "failure_action", |u| u.failure_action.as_ref(), out),
        })
    }
}

fn one<'a, T: PartialEq + 'a>(
    unit: &Unit<'a>,
    name: &str,
    read: impl Fn(&'a UpdateConfig) -> Option<&'a Located<T>>,
    out: &mut Output,
) -> Option<Said<'a, T>> {
    let attribute = format!("deploy.update_config.{name}");
    let read = |service: &'a crate::compose::model::Service| {
        service.deploy.update_config.as_ref().and_then(|update| read(&update.value))
    };
    said(unit, &attribute, read, T::eq, out)
}

/// Says what of it ECS has no words for.
pub(crate) fn without_effect(unit: &Unit<'_>, out: &mut Output) {
    for service in unit.members.iter().map(|member| member.service) {
        let Deploy {
            mode: _,
            replicas: _,
            labels: _,
            update_config,
            limits: _,
            reservations: _,
            restart_policy: _,
            rollback_config: _,
            placement: _,
            endpoint_mode: _,
        } = &*service.deploy;
        let Some(update) = update_config else { continue };
        let UpdateConfig {
            parallelism: _,
            order: _,
            failure_action: _,
            delay,
            monitor,
            max_failure_ratio,
        } = &update.value;
        for (name, given) in [("delay", delay), ("monitor", monitor)] {
            if let Some(given) = given {
                out.say(
                    Diagnostic::note(Code::Ignored, format!("`{name}` has no effect on ECS"))
                        .at(given.span, "")
                        .help("ECS goes on as soon as the new tasks are healthy")
                        .service(&service.name.value),
                );
            }
        }
        if let Some(ratio) = max_failure_ratio {
            out.say(
                Diagnostic::warning(
                    Code::Approximated,
                    "ECS decides itself how many failures are too many",
                )
                .at(ratio.span, "")
                .help(
                    "the circuit breaker gives up after half as many failed tasks as are \
                    wanted, at least 3 and at most 200",
                )
                .service(&service.name.value),
            );
        }
    }
}

/// Says of a daemon what does not become `minimumHealthyPercent`, a share of instances that nobody
/// has counted: ECS stops the task of an instance before it starts the next one there (ECS developer
/// guide, "Daemon scheduling strategy").
pub(crate) fn of_daemon(unit: &Unit<'_>, update: &Update<'_>, out: &mut Output) {
    let mut say = |by: &str, found: Diagnostic| out.say(found.service(by));
    if let Some(order) = update.order.as_ref().filter(|o| o.given.value == Order::StartFirst) {
        let message = "the old task stops before the new one starts";
        say(
            &order.by.name.value,
            Diagnostic::warning(Code::Ignored, message).at(order.given.span, "").help(
                "a daemon has one task on each instance at a time: write `order: stop-first`",
            ),
        );
    }
    // 0 is all at once.
    if let Some(tasks) = update.parallelism.as_ref().filter(|n| n.given.value > 0) {
        let rollout = |name: &crate::compose::model::Service| {
            let rollout = name.extension.rollout.as_ref()?;
            rollout.value.min_percent.as_ref().map(|_| ())
        };
        let is_said = unit.members.iter().any(|member| rollout(member.service).is_some());
        let found = if is_said {
            let message = "`parallelism` has no effect beside `x-ecs.rollout.min_percent`";
            Diagnostic::note(Code::Ignored, message).help("take one of the two away")
        } else {
            let message = "all tasks of a daemon may be replaced at once";
            Diagnostic::warning(Code::Ignored, message).help(
                "ECS wants a share of the instances, whose number it knows alone: \
                `x-ecs: {rollout: {min_percent: 50}}` keeps half of the tasks running",
            )
        };
        say(&tasks.by.name.value, found.at(tasks.given.span, ""));
    }
}

/// Says of a job that nothing of it is replaced.
pub(crate) fn not_of_job(unit: &Unit<'_>, out: &mut Output) {
    for service in unit.members.iter().map(|member| member.service) {
        if let Some(update) = &service.deploy.update_config {
            let message = "a job runs anew each time, and replaces nothing";
            let warning = Diagnostic::warning(Code::Ignored, message).at(update.span, "");
            out.say(warning.help("take `update_config` away").service(&service.name.value));
        }
    }
}

#[cfg(test)]
#[path = "update_tests.rs"]
mod tests;
