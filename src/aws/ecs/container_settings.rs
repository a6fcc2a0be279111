//! Limits, capabilities and the restart policy of a container, to the SDK and back.

use aws_sdk_ecs::types as sdk;

use crate::apply::cloud::CloudError;
use crate::aws::values::some;
use crate::ecs::desired::{ContainerRestartPolicy, KernelCapabilities, SystemControl, Ulimit};

pub(super) fn ulimit(limit: &Ulimit) -> Result<sdk::Ulimit, CloudError> {
    let Ulimit { name, soft_limit, hard_limit } = limit;
    Ok(sdk::Ulimit::builder()
        .name(name.as_str().into())
        .soft_limit(*soft_limit)
        .hard_limit(*hard_limit)
        .build()?)
}

pub(super) fn ulimits_back(list: &[sdk::Ulimit]) -> Vec<Ulimit> {
    let mut limits: Vec<_> = list
        .iter()
        .map(|limit| Ulimit {
            name: limit.name().as_str().to_owned(),
            soft_limit: limit.soft_limit(),
            hard_limit: limit.hard_limit(),
        })
        .collect();
    limits.sort_by(|a, b| a.name.cmp(&b.name));
    limits
}

pub(super) fn control(control: &SystemControl) -> sdk::SystemControl {
    let SystemControl { namespace, value } = control;
    sdk::SystemControl::builder().namespace(namespace).value(value).build()
}

pub(super) fn controls_back(list: &[sdk::SystemControl]) -> Vec<SystemControl> {
    let mut controls: Vec<_> = list
        .iter()
        .map(|control| SystemControl {
            namespace: control.namespace().unwrap_or_default().to_owned(),
            value: control.value().unwrap_or_default().to_owned(),
        })
        .collect();
    controls.sort_by(|a, b| a.namespace.cmp(&b.namespace));
    controls
}

pub(super) fn restart(
    policy: &ContainerRestartPolicy,
) -> Result<sdk::ContainerRestartPolicy, CloudError> {
    let ContainerRestartPolicy { enabled, ignored_exit_codes, restart_attempt_period } = policy;
    Ok(sdk::ContainerRestartPolicy::builder()
        .enabled(*enabled)
        .set_ignored_exit_codes(some(ignored_exit_codes.clone()))
        .set_restart_attempt_period(*restart_attempt_period)
        .build()?)
}

/// A policy that is off is none.
pub(super) fn restart_back(policy: &sdk::ContainerRestartPolicy) -> Option<ContainerRestartPolicy> {
    policy.enabled().then(|| ContainerRestartPolicy {
        enabled: true,
        ignored_exit_codes: policy.ignored_exit_codes().to_vec(),
        restart_attempt_period: policy.restart_attempt_period(),
    })
}

pub(super) fn capabilities(capabilities: &KernelCapabilities) -> sdk::KernelCapabilities {
    let KernelCapabilities { add, drop } = capabilities;
    sdk::KernelCapabilities::builder()
        .set_add(some(add.clone()))
        .set_drop(some(drop.clone()))
        .build()
}

pub(super) fn capabilities_back(found: &sdk::KernelCapabilities) -> Option<KernelCapabilities> {
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort_unstable();
        list
    };
    let found = KernelCapabilities { add: sorted(found.add()), drop: sorted(found.drop()) };
    (found != KernelCapabilities::default()).then_some(found)
}
