//! Limits, capabilities, kernel parameters and restart policies of containers on Fargate.

use std::collections::{BTreeMap, BTreeSet};

use super::Report;
use super::instance::is_fargate;
use crate::ecs::desired::{
    ContainerDefinition, ContainerRestartPolicy, KernelCapabilities, SystemControl, TaskDefinition,
    Ulimit,
};
use crate::ecs::rules::capabilities::{ADDED, is_known};
use crate::ecs::rules::system_controls::{is_namespaced, is_network};
use crate::ecs::rules::ulimits::{NAMES, is_within};

/// What of a container's settings AWS does not take.
pub(super) fn settings(
    container: &ContainerDefinition,
    task: &TaskDefinition,
    report: &mut Report<'_>,
) {
    let name = &container.name;
    if let Some(capabilities) =
        container.linux_parameters.as_ref().and_then(|linux| linux.capabilities.as_ref())
    {
        self::capabilities(name, capabilities, is_fargate(task), report);
    }
    ulimits(name, &container.ulimits, report);
    controls(name, &container.system_controls, report);
    if let Some(policy) = &container.restart_policy {
        restart_policy(name, policy, report);
    }
}

/// ECS API reference, `KernelCapabilities`
fn capabilities(
    container: &str,
    found: &KernelCapabilities,
    fargate: bool,
    report: &mut Report<'_>,
) {
    let KernelCapabilities { add, drop } = found;
    let takes = |name: &&String| if fargate { *name == ADDED } else { is_known(name) };
    for name in add.iter().filter(|name| !takes(name)) {
        report.fault(
            format!("{container:?} adds the capability {name}"),
            format!("Fargate adds {ADDED} and nothing else, instances what capabilities(7) lists"),
        );
    }
    for name in drop.iter().filter(|name| !is_known(name)) {
        report.fault(
            format!("{container:?} drops the capability {name:?}"),
            "ECS takes the names of capabilities(7) without `CAP_`",
        );
    }
}

/// ECS API reference, `Ulimit`
fn ulimits(container: &str, limits: &[Ulimit], report: &mut Report<'_>) {
    let mut seen = BTreeSet::new();
    for Ulimit { name, soft_limit, hard_limit } in limits {
        if !NAMES.contains(&name.as_str()) || !seen.insert(name) {
            report.fault(
                format!("{container:?} has no limit {name:?}, or has it twice"),
                format!("ECS takes {}, once each", NAMES.join(", ")),
            );
        }
        if !is_within((*soft_limit).into(), (*hard_limit).into()) {
            report.fault(
                format!("the soft limit {soft_limit} of {name} in {container:?}"),
                format!("it is at most the hard limit, {hard_limit}"),
            );
        }
    }
}

/// ECS API reference, `SystemControl`
fn controls(container: &str, controls: &[SystemControl], report: &mut Report<'_>) {
    let mut seen = BTreeSet::new();
    for SystemControl { namespace, value: _ } in controls {
        if !is_namespaced(namespace) || !seen.insert(namespace) {
            report.fault(
                format!("{container:?} cannot set {namespace:?}, or sets it twice"),
                "ECS takes `net.*`, `fs.mqueue.*`, `kernel.msg*`, `kernel.sem` and `kernel.shm*`",
            );
        }
    }
}

/// ECS API reference, `ContainerRestartPolicy`
fn restart_policy(container: &str, policy: &ContainerRestartPolicy, report: &mut Report<'_>) {
    let ContainerRestartPolicy { enabled: _, ignored_exit_codes, restart_attempt_period } = policy;
    if ignored_exit_codes.len() > 50 {
        report.fault(
            format!("{container:?} ignores {} exit codes", ignored_exit_codes.len()),
            "ECS takes 50 at most",
        );
    }
    if let Some(period) = restart_attempt_period.filter(|period| !(60..=1800).contains(period)) {
        report.fault(
            format!("restartAttemptPeriod {period} of {container:?}"),
            "ECS takes 60 to 1800 s",
        );
    }
}

/// The containers of a task share one network: of two values the last one would win (ECS API
/// reference, `SystemControl`).
pub(super) fn shared_network(task: &TaskDefinition, report: &mut Report<'_>) {
    let mut values = BTreeMap::new();
    for control in task.container_definitions.iter().flat_map(|c| &c.system_controls) {
        let SystemControl { namespace, value } = control;
        if is_network(namespace) && *values.entry(namespace).or_insert(value) != value {
            report.fault(
                format!("two containers set {namespace:?} to different values"),
                "the containers of a task share one network, and one value",
            );
        }
    }
}
