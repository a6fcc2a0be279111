//! How a new revision replaces the old one, to the SDK and back.

use aws_sdk_ecs::types as sdk;

use super::shift;
use crate::ecs::desired::{
    BreakerThreshold, DeploymentAlarms, DeploymentCircuitBreaker, DeploymentConfiguration,
    EarlySuccess,
};

/// What ECS takes for granted of the breaker's count (API reference, ThresholdConfiguration).
pub(super) const USUAL_THRESHOLD: (&str, i32) = ("BOUNDED_PERCENT", 50);

pub(super) fn to_sdk(config: &DeploymentConfiguration) -> sdk::DeploymentConfiguration {
    let DeploymentConfiguration {
        alarms,
        deployment_circuit_breaker,
        maximum_percent,
        minimum_healthy_percent,
        strategy: _,             // shift.rs
        bake_time_in_minutes: _, // shift.rs
        canary_configuration: _, // shift.rs
        linear_configuration: _, // shift.rs
        lifecycle_hooks: _,      // shift.rs
        early_success_criteria,
    } = config;
    // Names are given, even none: the builder has nothing else to complain about.
    let alarms = alarms.as_ref().and_then(|alarms| {
        let DeploymentAlarms { alarm_names, rollback, enable } = alarms;
        sdk::DeploymentAlarms::builder()
            .set_alarm_names(Some(alarm_names.clone()))
            .rollback(*rollback)
            .enable(*enable)
            .build()
            .ok()
    });
    let success = early_success_criteria.as_ref().map(|success| {
        let EarlySuccess { enable, healthy_percent, source_service_revision_cleanup } = success;
        let cleanup = source_service_revision_cleanup.as_deref();
        sdk::DeploymentEarlySuccessCriteria::builder()
            .enable(*enable)
            .set_healthy_percent(*healthy_percent)
            .set_source_service_revision_cleanup(cleanup.map(Into::into))
            .build()
    });
    shift::to_sdk(sdk::DeploymentConfiguration::builder(), config)
        .set_alarms(alarms)
        .deployment_circuit_breaker(breaker(deployment_circuit_breaker))
        .maximum_percent(*maximum_percent)
        .minimum_healthy_percent(*minimum_healthy_percent)
        .set_early_success_criteria(success)
        .build()
}

fn breaker(breaker: &DeploymentCircuitBreaker) -> sdk::DeploymentCircuitBreaker {
    let DeploymentCircuitBreaker {
        enable,
        rollback,
        reset_on_healthy_task,
        threshold_configuration,
    } = breaker;
    // Both are given: the builder has nothing else to complain about.
    let threshold = threshold_configuration.as_ref().and_then(|threshold| {
        let BreakerThreshold { kind, value } = threshold;
        sdk::ThresholdConfiguration::builder()
            .r#type(kind.as_str().into())
            .value(*value)
            .build()
            .ok()
    });
    sdk::DeploymentCircuitBreaker::builder()
        .enable(*enable)
        .rollback(*rollback)
        .set_reset_on_healthy_task(*reset_on_healthy_task)
        .set_threshold_configuration(threshold)
        .build()
}

pub(super) fn from_sdk(config: Option<&sdk::DeploymentConfiguration>) -> DeploymentConfiguration {
    let breaker = config.and_then(|c| c.deployment_circuit_breaker());
    let alarms = config.and_then(|c| c.alarms()).filter(|alarms| alarms.enable());
    let threshold = breaker.and_then(|b| b.threshold_configuration());
    let threshold =
        threshold.filter(|found| (found.r#type().as_str(), found.value()) != USUAL_THRESHOLD);
    let success = config.and_then(|c| c.early_success_criteria()).filter(|found| found.enable());
    // The defaults are ECS's (API reference, DeploymentConfiguration).
    let rest = DeploymentConfiguration {
        alarms: alarms.map(|alarms| DeploymentAlarms {
            alarm_names: alarms.alarm_names().to_vec(),
            rollback: alarms.rollback(),
            enable: alarms.enable(),
        }),
        deployment_circuit_breaker: DeploymentCircuitBreaker {
            enable: breaker.is_some_and(|b| b.enable()),
            rollback: breaker.is_some_and(|b| b.rollback()),
            reset_on_healthy_task: breaker
                .and_then(|b| b.reset_on_healthy_task())
                .filter(|resets| !resets),
            threshold_configuration: threshold.map(|found| BreakerThreshold {
                kind: found.r#type().as_str().to_owned(),
                value: found.value(),
            }),
        },
        maximum_percent: config.and_then(|c| c.maximum_percent()).unwrap_or(200),
        minimum_healthy_percent: config.and_then(|c| c.minimum_healthy_percent()).unwrap_or(100),
        strategy: None,
        bake_time_in_minutes: None,
        canary_configuration: None,
        linear_configuration: None,
        lifecycle_hooks: Vec::new(),
        early_success_criteria: success.map(|found| EarlySuccess {
            enable: found.enable(),
            healthy_percent: found.healthy_percent(),
            source_service_revision_cleanup: found
                .source_service_revision_cleanup()
                .map(|word| word.as_str().to_owned()),
        }),
    };
    shift::from_sdk(config, rest)
}
