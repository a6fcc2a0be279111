//! Rollouts of every strategy.

use proptest::prelude::*;

use super::value;
use crate::ecs::desired::*;

fn hook() -> impl Strategy<Value = LifecycleHook> {
    (1..20_160, prop::bool::ANY).prop_map(|(timeout_in_minutes, goes_on)| LifecycleHook {
        target_type: "PAUSE".to_owned(),
        hook_target_arn: None,
        role_arn: None,
        hook_details: None,
        lifecycle_stages: vec!["PRE_PRODUCTION_TRAFFIC_SHIFT".to_owned()],
        timeout_configuration: Some(HookTimeout {
            timeout_in_minutes,
            action: if goes_on { "CONTINUE" } else { "ROLLBACK" }.to_owned(),
        }),
    })
}

/// A rollout of this kind: rolling, or one that moves requests.
pub(super) fn shifted(rest: DeploymentConfiguration, shift: Shift) -> DeploymentConfiguration {
    let Shift { kind, bake, share, wait, hooks } = shift;
    let strategy = match kind {
        0 => return rest,
        1 => "BLUE_GREEN",
        2 => "CANARY",
        _ => "LINEAR",
    };
    DeploymentConfiguration {
        strategy: Some(strategy.to_owned()),
        bake_time_in_minutes: Some(bake),
        canary_configuration: (kind == 2).then_some(CanaryConfiguration {
            canary_percent: share,
            canary_bake_time_in_minutes: wait,
        }),
        linear_configuration: (kind == 3).then_some(LinearConfiguration {
            step_percent: share,
            step_bake_time_in_minutes: wait,
        }),
        lifecycle_hooks: hooks,
        ..rest
    }
}

/// What a rollout is made of.
#[derive(Clone, Debug)]
pub(super) struct Shift {
    kind: i32,
    bake: i32,
    share: f64,
    wait: i32,
    hooks: Vec<LifecycleHook>,
}

prop_compose! {
    pub(super) fn shift()(
        kind in 0..4,
        bake in 0..1440,
        tenths in 30..1000,
        wait in 0..1440,
        hooks in prop::collection::vec(hook(), 0..2),
    ) -> Shift {
        Shift { kind, bake, share: f64::from(tenths) / 10.0, wait, hooks }
    }
}

prop_compose! {
    pub(super) fn advanced()(arns in (value(), value(), value())) -> AdvancedConfiguration {
        let (alternate_target_group_arn, production_listener_rule, role_arn) = arns;
        AdvancedConfiguration {
            alternate_target_group_arn,
            production_listener_rule,
            test_listener_rule: None,
            role_arn,
        }
    }
}
