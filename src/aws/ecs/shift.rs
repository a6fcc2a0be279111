//! Rollouts that move requests, to the SDK and back.

use aws_sdk_ecs::types as sdk;
use aws_smithy_types::{Document, Number};
use serde_json::Value as Json;

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
        early_success_criteria: _,
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
    let LifecycleHook {
        target_type,
        hook_target_arn,
        role_arn,
        lifecycle_stages,
        hook_details,
        timeout_configuration,
    } = hook;
    let stages = lifecycle_stages.iter().map(|stage| stage.as_str().into()).collect();
    let timeout = timeout_configuration.as_ref().map(|timeout| {
        let HookTimeout { timeout_in_minutes, action } = timeout;
        sdk::DeploymentLifecycleHookTimeoutConfiguration::builder()
            .timeout_in_minutes(*timeout_in_minutes)
            .action(action.as_str().into())
            .build()
    });
    sdk::DeploymentLifecycleHook::builder()
        .target_type(target_type.as_str().into())
        .set_hook_target_arn(hook_target_arn.clone())
        .set_role_arn(role_arn.clone())
        .set_lifecycle_stages(Some(stages))
        .set_hook_details(hook_details.as_ref().map(document))
        .set_timeout_configuration(timeout)
        .build()
}

/// JSON as the SDK has it.
fn document(json: &Json) -> Document {
    match json {
        Json::Null => Document::Null,
        Json::Bool(is) => Document::Bool(*is),
        Json::Number(number) => Document::Number(match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Number::PosInt(number),
            (None, Some(number)) => Number::NegInt(number),
            (None, None) => Number::Float(number.as_f64().unwrap_or_default()),
        }),
        Json::String(text) => Document::String(text.clone()),
        Json::Array(items) => Document::Array(items.iter().map(document).collect()),
        Json::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| (key.clone(), document(value)));
            Document::Object(fields.collect())
        }
    }
}

fn document_back(found: &Document) -> Json {
    match found {
        Document::Null => Json::Null,
        Document::Bool(is) => Json::Bool(*is),
        Document::Number(Number::PosInt(number)) => Json::from(*number),
        Document::Number(Number::NegInt(number)) => Json::from(*number),
        Document::Number(Number::Float(number)) => Json::from(*number),
        Document::String(text) => Json::String(text.clone()),
        Document::Array(items) => items.iter().map(document_back).collect(),
        Document::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), document_back(value))).collect()
        }
    }
}

/// The same as ECS has it. What a rolling update makes no use of is not looked at.
pub(super) fn from_sdk(
    config: Option<&sdk::DeploymentConfiguration>,
    rest: DeploymentConfiguration,
) -> DeploymentConfiguration {
    let strategy = config.and_then(|config| config.strategy()).map(|strategy| strategy.as_str());
    let strategy = strategy.filter(|strategy| *strategy != DeploymentConfiguration::ROLLING);
    let Some((config, strategy)) = config.zip(strategy) else { return rest };
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
        lifecycle_hooks: config.lifecycle_hooks().iter().map(hook_back).collect(),
        ..rest
    }
}

fn hook_back(hook: &sdk::DeploymentLifecycleHook) -> LifecycleHook {
    let kind = hook.target_type().map_or(LifecycleHook::FUNCTION, |kind| kind.as_str());
    let timeout = hook.timeout_configuration();
    // The defaults are ECS's (API reference, `DeploymentLifecycleHookTimeoutConfiguration`).
    let ends = (timeout.is_some() || kind != LifecycleHook::FUNCTION).then(|| HookTimeout {
        timeout_in_minutes: timeout.and_then(|t| t.timeout_in_minutes()).unwrap_or(1440),
        action: timeout
            .and_then(|timeout| timeout.action())
            .map_or("ROLLBACK", |action| action.as_str())
            .to_owned(),
    });
    LifecycleHook {
        target_type: kind.to_owned(),
        hook_target_arn: hook.hook_target_arn().map(str::to_owned),
        role_arn: hook.role_arn().map(str::to_owned),
        lifecycle_stages: hook.lifecycle_stages().iter().map(|s| s.as_str().to_owned()).collect(),
        hook_details: hook.hook_details().map(document_back),
        timeout_configuration: ends,
    }
}

/// Where the new tasks of a target group stand.
pub(super) fn advanced(
    config: &AdvancedConfiguration,
) -> Result<sdk::AdvancedConfiguration, CloudError> {
    let AdvancedConfiguration {
        alternate_target_group_arn,
        production_listener_rule,
        test_listener_rule,
        role_arn,
    } = config;
    Ok(sdk::AdvancedConfiguration::builder()
        .alternate_target_group_arn(text(alternate_target_group_arn)?)
        .production_listener_rule(text(production_listener_rule)?)
        .set_test_listener_rule(test_listener_rule.clone())
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
        test_listener_rule: config.test_listener_rule().map(str::to_owned),
        role_arn: Value::from(config.role_arn().unwrap_or_default()),
    }
}
