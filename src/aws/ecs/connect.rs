//! Service Connect, to the SDK and back.

use aws_sdk_ecs::types as sdk;

use super::container::{logs, logs_back};
use crate::apply::cloud::CloudError;
use crate::aws::values::{some, text};
use crate::ecs::desired::{
    ConnectAccessLog, ConnectAuthority, ConnectContainer, ConnectTimeout, ConnectTls,
    ServiceConnectClientAlias, ServiceConnectConfiguration, ServiceConnectService, TestHeader,
    TestTraffic, TestValue, Value,
};

pub(super) fn to_sdk(
    config: &ServiceConnectConfiguration,
) -> Result<sdk::ServiceConnectConfiguration, CloudError> {
    let ServiceConnectConfiguration {
        enabled,
        namespace,
        services,
        log_configuration,
        access_log_configuration,
        container_configurations,
    } = config;
    let services = services.iter().map(offer).collect::<Result<Vec<_>, _>>()?;
    let container = |ConnectContainer { log_level }: &ConnectContainer| {
        sdk::ServiceConnectContainerConfiguration::LogLevel(log_level.as_str().into())
    };
    Ok(sdk::ServiceConnectConfiguration::builder()
        .enabled(*enabled)
        .namespace(text(namespace)?)
        .set_services(some(services))
        .set_log_configuration(log_configuration.as_ref().map(logs).transpose()?)
        .set_access_log_configuration(
            access_log_configuration.as_ref().map(access_log).transpose()?,
        )
        .set_container_configurations(some(
            container_configurations.iter().map(container).collect(),
        ))
        .build())
}

fn access_log(
    log: &ConnectAccessLog,
) -> Result<sdk::ServiceConnectAccessLogConfiguration, CloudError> {
    let ConnectAccessLog { format, include_query_parameters } = log;
    Ok(sdk::ServiceConnectAccessLogConfiguration::builder()
        .format(format.as_str().into())
        .set_include_query_parameters(include_query_parameters.as_deref().map(Into::into))
        .build()?)
}

fn offer(service: &ServiceConnectService) -> Result<sdk::ServiceConnectService, CloudError> {
    let ServiceConnectService {
        port_name,
        discovery_name,
        client_aliases,
        ingress_port_override,
        timeout,
        tls,
    } = service;
    let aliases = client_aliases.iter().map(alias).collect::<Result<_, _>>()?;
    let timeout = timeout.as_ref().map(|timeout| {
        let ConnectTimeout { idle_timeout_seconds, per_request_timeout_seconds } = timeout;
        sdk::TimeoutConfiguration::builder()
            .set_idle_timeout_seconds(*idle_timeout_seconds)
            .set_per_request_timeout_seconds(*per_request_timeout_seconds)
            .build()
    });
    let tls = tls.as_ref().map(|tls| {
        let ConnectTls { issuer_certificate_authority, kms_key, role_arn } = tls;
        let ConnectAuthority { aws_pca_authority_arn } = issuer_certificate_authority;
        sdk::ServiceConnectTlsConfiguration::builder()
            .issuer_certificate_authority(
                sdk::ServiceConnectTlsCertificateAuthority::builder()
                    .aws_pca_authority_arn(aws_pca_authority_arn)
                    .build(),
            )
            .set_kms_key(kms_key.clone())
            .set_role_arn(role_arn.clone())
            .build()
    });
    Ok(sdk::ServiceConnectService::builder()
        .port_name(port_name)
        .discovery_name(discovery_name)
        .set_client_aliases(Some(aliases))
        .set_ingress_port_override(*ingress_port_override)
        .set_timeout(timeout)
        .set_tls(tls)
        .build()?)
}

fn alias(alias: &ServiceConnectClientAlias) -> Result<sdk::ServiceConnectClientAlias, CloudError> {
    let ServiceConnectClientAlias { port, dns_name, test_traffic_rules } = alias;
    let rules = |TestTraffic { header: TestHeader { name, value } }: &TestTraffic| {
        let value = value.as_ref().map(|TestValue { exact }| {
            sdk::ServiceConnectTestTrafficHeaderMatchRules::builder().exact(exact).build()
        });
        let header = sdk::ServiceConnectTestTrafficHeaderRules::builder()
            .name(name)
            .set_value(value.transpose()?)
            .build()?;
        Ok::<_, CloudError>(sdk::ServiceConnectTestTrafficRules::builder().header(header).build())
    };
    Ok(sdk::ServiceConnectClientAlias::builder()
        .port(*port)
        .dns_name(dns_name)
        .set_test_traffic_rules(test_traffic_rules.as_ref().map(rules).transpose()?)
        .build()?)
}

pub(super) fn from_sdk(connect: &sdk::ServiceConnectConfiguration) -> ServiceConnectConfiguration {
    let mut services: Vec<_> = connect.services().iter().map(offer_back).collect();
    services.sort_by(|a, b| a.discovery_name.cmp(&b.discovery_name));
    let access_log = |log: &sdk::ServiceConnectAccessLogConfiguration| ConnectAccessLog {
        format: log.format().as_str().to_owned(),
        // The default (API reference, ServiceConnectAccessLogConfiguration).
        include_query_parameters: log
            .include_query_parameters()
            .map(|word| word.as_str().to_owned())
            .filter(|word| word != "DISABLED"),
    };
    // `info` is the default (API reference, ServiceConnectContainerConfiguration).
    let container = |found: &sdk::ServiceConnectContainerConfiguration| match found {
        sdk::ServiceConnectContainerConfiguration::LogLevel(level) if level.as_str() != "info" => {
            Some(ConnectContainer { log_level: level.as_str().to_owned() })
        }
        _ => None,
    };
    ServiceConnectConfiguration {
        enabled: connect.enabled(),
        namespace: Value::from(connect.namespace().unwrap_or_default()),
        services,
        log_configuration: connect.log_configuration().map(logs_back),
        access_log_configuration: connect.access_log_configuration().map(access_log),
        container_configurations: connect
            .container_configurations()
            .iter()
            .filter_map(container)
            .collect(),
    }
}

fn offer_back(service: &sdk::ServiceConnectService) -> ServiceConnectService {
    let timeout = |timeout: &sdk::TimeoutConfiguration| ConnectTimeout {
        idle_timeout_seconds: timeout.idle_timeout_seconds(),
        per_request_timeout_seconds: timeout.per_request_timeout_seconds(),
    };
    let tls = |tls: &sdk::ServiceConnectTlsConfiguration| {
        let authority = tls.issuer_certificate_authority();
        ConnectTls {
            issuer_certificate_authority: ConnectAuthority {
                aws_pca_authority_arn: authority
                    .and_then(|authority| authority.aws_pca_authority_arn())
                    .unwrap_or_default()
                    .to_owned(),
            },
            kms_key: tls.kms_key().map(str::to_owned),
            role_arn: tls.role_arn().map(str::to_owned),
        }
    };
    ServiceConnectService {
        port_name: service.port_name().to_owned(),
        // A name that is left out is the port's (API reference, ServiceConnectService).
        discovery_name: service.discovery_name().unwrap_or_else(|| service.port_name()).to_owned(),
        client_aliases: service.client_aliases().iter().map(alias_back).collect(),
        ingress_port_override: service.ingress_port_override(),
        timeout: service.timeout().map(timeout),
        tls: service.tls().map(tls),
    }
}

fn alias_back(alias: &sdk::ServiceConnectClientAlias) -> ServiceConnectClientAlias {
    let header = alias.test_traffic_rules().and_then(|rules| rules.header());
    ServiceConnectClientAlias {
        port: alias.port(),
        dns_name: alias.dns_name().unwrap_or_default().to_owned(),
        test_traffic_rules: header.map(|header| TestTraffic {
            header: TestHeader {
                name: header.name().to_owned(),
                value: header.value().map(|value| TestValue { exact: value.exact().to_owned() }),
            },
        }),
    }
}
