//! What overrides alone set of a service (ECS API reference, the structures of these names).

use super::Report;
use super::text::is_port;
use crate::ecs::desired::{
    BreakerThreshold, ConnectTls, EarlySuccess, Service, ServiceConnectConfiguration,
    TaskDefinition, VpcLattice,
};

pub(super) fn service(service: &Service, task: Option<&TaskDefinition>, report: &mut Report<'_>) {
    deployment(service, report);
    if let Some(connect) = &service.service_connect_configuration {
        proxy(connect, report);
    }
    for VpcLattice { role_arn, target_group_arn, port_name, .. } in
        &service.vpc_lattice_configurations
    {
        if [role_arn, target_group_arn].into_iter().any(|arn| !arn.starts_with("arn:")) {
            report.fault(
                "VPC Lattice without a role or a target group",
                "both are told by their ARNs",
            );
        }
        let named = task.is_none_or(|task| {
            let mut ports = task.container_definitions.iter().flat_map(|c| &c.port_mappings);
            ports.any(|mapping| mapping.name.as_ref() == Some(port_name))
        });
        if !named {
            report.fault(
                format!("VPC Lattice wants {port_name:?}, which is no port of its task"),
                "`portName` is the name of a port mapping of the task definition",
            );
        }
    }
}

fn deployment(service: &Service, report: &mut Report<'_>) {
    let config = &service.deployment_configuration;
    if let Some(BreakerThreshold { kind, value }) =
        &config.deployment_circuit_breaker.threshold_configuration
    {
        let known = ["COUNT", "BOUNDED_PERCENT", "UNBOUNDED_PERCENT"].contains(&kind.as_str());
        if !known || *value < 1 {
            report.fault(
                format!("thresholdConfiguration {kind:?} of {value}"),
                "ECS takes COUNT, BOUNDED_PERCENT and UNBOUNDED_PERCENT, of 1 or more",
            );
        }
    }
    if let Some(EarlySuccess { enable: true, healthy_percent, source_service_revision_cleanup }) =
        &config.early_success_criteria
    {
        let least = config.minimum_healthy_percent;
        let share = healthy_percent.is_some_and(|share| (least..=100).contains(&share));
        let word = source_service_revision_cleanup.as_deref();
        if !share || !matches!(word, Some("BLOCKING" | "DEFERRED")) {
            report.fault(
                "earlySuccessCriteria that never hold",
                format!(
                    "ECS takes a `healthyPercent` of {least} (the minimum) to 100, and BLOCKING or \
                        DEFERRED for `sourceServiceRevisionCleanup`"
                ),
            );
        }
    }
}

fn proxy(connect: &ServiceConnectConfiguration, report: &mut Report<'_>) {
    if let Some(log) = &connect.access_log_configuration {
        let query = log.include_query_parameters.as_deref().unwrap_or("ENABLED");
        let words = ["TEXT", "JSON"].contains(&log.format.as_str());
        if !words || !["ENABLED", "DISABLED"].contains(&query) {
            report.fault(
                format!("accessLogConfiguration {:?} with query {query:?}", log.format),
                "ECS takes TEXT and JSON, and ENABLED or DISABLED",
            );
        }
        if connect.log_configuration.is_none() {
            report.fault(
                "an access log that goes nowhere",
                "`accessLogConfiguration` needs a `logConfiguration` beside it",
            );
        }
    }
    let levels = &connect.container_configurations;
    if levels.len() > 1 || levels.iter().any(|c| !["debug", "info"].contains(&&*c.log_level)) {
        report.fault("settings of the proxy", "ECS takes each once, and logLevel debug or info");
    }
    for service in &connect.services {
        let name = &service.discovery_name;
        if let Some(port) = service.ingress_port_override.filter(|port| !is_port(*port)) {
            report.fault(format!("ingressPortOverride {port} of {name:?}"), "a port is 1 to 65535");
        }
        let times = service.timeout.iter();
        let mut times = times.flat_map(|t| [t.idle_timeout_seconds, t.per_request_timeout_seconds]);
        if times.any(|seconds| seconds.is_some_and(|seconds| seconds < 0)) {
            report.fault(format!("a timeout of {name:?} below 0"), "0 is no end");
        }
        if let Some(ConnectTls { issuer_certificate_authority, kms_key: _, role_arn: _ }) =
            &service.tls
            && !issuer_certificate_authority.aws_pca_authority_arn.contains(":acm-pca:")
        {
            report.fault(
                format!("nobody signs the certificates of {name:?}"),
                "`awsPcaAuthorityArn` is the ARN of an authority of AWS Private CA's",
            );
        }
    }
}
