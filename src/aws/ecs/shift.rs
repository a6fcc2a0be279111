//! Rollouts that move requests, to the SDK and back.

use aws_sdk_ecs::types as sdk;

use crate::apply::cloud::CloudError;
use crate::aws::values::{some, text};
use crate::ecs::desired::{
    AdvancedConfiguration, CanaryConfiguration, DeploymentConfiguration, HookTimeout,
    LifecycleHook, LinearConfiguration, Value,
};

/// What a deployment configuration says of requests that are moved.
pub(super) fn to_sdk(
    call: sdk::builders::DeploymentConfigurationBuilder,
    config: &DeploymentConfiguration,
) -> sdk::builders::DeploymentConfigurationBuilder {
    let DeploymentConfiguration {
        alarms: _,
        deployment_circuit_breaker: _,
        maximum_percent: _,
        minimum_healthy_percent: _,
        strategy,
        bake_time_in_minutes,
        canary_configuration,
        linear_configuration,
        lifecycle_hooks,
    } = config;
    let canary = canary_configuration.as_ref().map(|config| {
        let CanaryConfiguration { canary_percent, canary_bake_time_in_minutes } = config;
        sdk::CanaryConfiguration::builder()
            .canary_percent(*canary_percent)
            .canary_bake_time_in_minutes(*canary_bake_time_in_minutes)
            .build()
    });
    let linear = linear_configuration.as_ref().map(|config| {
        let LinearConfiguration { step_percent, step_bake_time_in_minutes } = config;
        sdk::LinearConfiguration::builder()
            .step_percent(*step_percent)
            .step_bake_time_in_minutes(*step_bake_time_in_minutes)
            .build()
    });
    call.set_strategy(strategy.as_deref().map(Into::into))
        .set_bake_time_in_minutes(*bake_time_in_minutes)
        .set_canary_configuration(canary)
        .set_linear_configuration(linear)
        .set_lifecycle_hooks(some(lifecycle_hooks.iter().map(hook).collect()))
}

fn hook(hook: &LifecycleHook) -> sdk::DeploymentLifecycleHook {
    let LifecycleHook { target_type, lifecycle_stages, timeout_configuration } = hook;
    let HookTimeout { timeout_in_minutes, action } = timeout_configuration;
    let stages = lifecycle_stages.iter().map(|stage| stage.as_str().into()).collect();
    sdk::DeploymentLifecycleHook::builder()
        .target_type(target_type.as_str().into())
        .set_lifecycle_stages(Some(stages))
        .timeout_configuration(
            sdk::DeploymentLifecycleHookTimeoutConfiguration::builder()
                .timeout_in_minutes(*timeout_in_minutes)
                .action(action.as_str().into())
                .build(),
        )
        .build()
}

/// The same as ECS has it. What a rolling update makes no use of is not looked at; nor are hooks that
/// call functions, which nobody here makes.
pub(super) fn from_sdk(
    config: Option<&sdk::DeploymentConfiguration>,
    rest: DeploymentConfiguration,
) -> DeploymentConfiguration {
    let strategy = config.and_then(|config| config.strategy()).map(|strategy| strategy.as_str());
    let strategy = strategy.filter(|strategy| *strategy != DeploymentConfiguration::ROLLING);
    let Some((config, strategy)) = config.zip(strategy) else { return rest };
    let pauses = config
        .lifecycle_hooks()
        .iter()
        .filter(|hook| hook.target_type() == Some(&sdk::DeploymentLifecycleHookTargetType::Pause));
    DeploymentConfiguration {
        strategy: Some(strategy.to_owned()),
        bake_time_in_minutes: config.bake_time_in_minutes(),
        canary_configuration: config.canary_configuration().map(|canary| CanaryConfiguration {
            canary_percent: canary.canary_percent().unwrap_or_default(),
            canary_bake_time_in_minutes: canary.canary_bake_time_in_minutes().unwrap_or_default(),
        }),
        linear_configuration: config.linear_configuration().map(|linear| LinearConfiguration {
            step_percent: linear.step_percent().unwrap_or_default(),
            step_bake_time_in_minutes: linear.step_bake_time_in_minutes().unwrap_or_default(),
        }),
        lifecycle_hooks: pauses.map(hook_back).collect(),
        ..rest
    }
}

fn hook_back(hook: &sdk::DeploymentLifecycleHook) -> LifecycleHook {
    let timeout = hook.timeout_configuration();
    let action = timeout.and_then(|timeout| timeout.action());
    LifecycleHook {
        target_type: hook.target_type().map_or("PAUSE", |kind| kind.as_str()).to_owned(),
        lifecycle_stages: hook.lifecycle_stages().iter().map(|s| s.as_str().to_owned()).collect(),
        // The defaults are ECS's (API reference, `DeploymentLifecycleHookTimeoutConfiguration`).
        timeout_configuration: HookTimeout {
            timeout_in_minutes: timeout.and_then(|t| t.timeout_in_minutes()).unwrap_or(1440),
            action: action.map_or("ROLLBACK", |action| action.as_str()).to_owned(),
        },
    }
}

/// Where the new tasks of a target group stand.
pub(super) fn advanced(
    config: &AdvancedConfiguration,
) -> Result<sdk::AdvancedConfiguration, CloudError> {
    let AdvancedConfiguration { alternate_target_group_arn, production_listener_rule, role_arn } =
        config;
    Ok(sdk::AdvancedConfiguration::builder()
        .alternate_target_group_arn(text(alternate_target_group_arn)?)
        .production_listener_rule(text(production_listener_rule)?)
        .role_arn(text(role_arn)?)
        .build())
}

pub(super) fn advanced_back(config: &sdk::AdvancedConfiguration) -> AdvancedConfiguration {
    AdvancedConfiguration {
        alternate_target_group_arn: Value::from(
            config.alternate_target_group_arn().unwrap_or_default(),
        ),
        production_listener_rule: Value::from(
            config.production_listener_rule().unwrap_or_default(),
        ),
        role_arn: Value::from(config.role_arn().unwrap_or_default()),
    }
}
