//! What overrides alone set, to the SDK and back.

use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionFluentBuilder;
use aws_sdk_ecs::types as sdk;
use aws_sdk_ecs::types::builders::ContainerDefinitionBuilder;

use crate::apply::cloud::CloudError;
use crate::aws::values::some;
use crate::ecs::desired::{
    ContainerExtras, KeyValuePair, PlacementConstraint, ProxyConfiguration, TaskExtras, VolumeFrom,
};

pub(super) fn task(
    call: RegisterTaskDefinitionFluentBuilder,
    extras: &TaskExtras,
) -> Result<RegisterTaskDefinitionFluentBuilder, CloudError> {
    let TaskExtras { proxy_configuration, enable_fault_injection, placement_constraints } = extras;
    let constraint = |PlacementConstraint { kind, expression }: &PlacementConstraint| {
        sdk::TaskDefinitionPlacementConstraint::builder()
            .r#type(kind.as_str().into())
            .set_expression(expression.clone())
            .build()
    };
    let constraints = placement_constraints.iter().map(constraint).collect();
    Ok(call
        .set_proxy_configuration(proxy_configuration.as_ref().map(proxy).transpose()?)
        .set_enable_fault_injection(*enable_fault_injection)
        .set_placement_constraints(some(constraints)))
}

fn proxy(proxy: &ProxyConfiguration) -> Result<sdk::ProxyConfiguration, CloudError> {
    let ProxyConfiguration { kind, container_name, properties } = proxy;
    let property = |KeyValuePair { name, value }: &KeyValuePair| {
        sdk::KeyValuePair::builder().name(name).value(value).build()
    };
    Ok(sdk::ProxyConfiguration::builder()
        .set_type(kind.as_deref().map(Into::into))
        .container_name(container_name)
        .set_properties(some(properties.iter().map(property).collect()))
        .build()?)
}

pub(super) fn task_back(found: &sdk::TaskDefinition) -> TaskExtras {
    let property = |pair: &sdk::KeyValuePair| KeyValuePair {
        name: pair.name().unwrap_or_default().to_owned(),
        value: pair.value().unwrap_or_default().to_owned(),
    };
    let proxy = |proxy: &sdk::ProxyConfiguration| {
        let mut properties: Vec<_> = proxy.properties().iter().map(property).collect();
        properties.sort();
        ProxyConfiguration {
            kind: proxy.r#type().map(|kind| kind.as_str().to_owned()),
            container_name: proxy.container_name().to_owned(),
            properties,
        }
    };
    let constraint = |found: &sdk::TaskDefinitionPlacementConstraint| PlacementConstraint {
        kind: found.r#type().map_or("", |kind| kind.as_str()).to_owned(),
        expression: found.expression().filter(|text| !text.is_empty()).map(str::to_owned),
    };
    TaskExtras {
        proxy_configuration: found.proxy_configuration().map(proxy),
        enable_fault_injection: found.enable_fault_injection().filter(|on| *on),
        placement_constraints: found.placement_constraints().iter().map(constraint).collect(),
    }
}

pub(super) fn container(
    builder: ContainerDefinitionBuilder,
    extras: &ContainerExtras,
) -> ContainerDefinitionBuilder {
    let ContainerExtras {
        start_timeout,
        version_consistency,
        disable_networking,
        volumes_from,
        credential_specs,
    } = extras;
    let from = |VolumeFrom { source_container, read_only }: &VolumeFrom| {
        sdk::VolumeFrom::builder().source_container(source_container).read_only(*read_only).build()
    };
    builder
        .set_start_timeout(*start_timeout)
        .set_version_consistency(version_consistency.as_deref().map(Into::into))
        .set_disable_networking(*disable_networking)
        .set_volumes_from(some(volumes_from.iter().map(from).collect()))
        .set_credential_specs(some(credential_specs.clone()))
}

pub(super) fn container_back(container: &sdk::ContainerDefinition) -> ContainerExtras {
    let from = |found: &sdk::VolumeFrom| VolumeFrom {
        source_container: found.source_container().unwrap_or_default().to_owned(),
        read_only: found.read_only().unwrap_or(false),
    };
    // `enabled` is what ECS takes for granted (ECS API reference,
    // `ContainerDefinition.versionConsistency`).
    let consistency = container.version_consistency().map(|found| found.as_str());
    ContainerExtras {
        start_timeout: container.start_timeout(),
        version_consistency: consistency.filter(|word| *word != "enabled").map(str::to_owned),
        disable_networking: container.disable_networking().filter(|on| *on),
        volumes_from: container.volumes_from().iter().map(from).collect(),
        credential_specs: container.credential_specs().to_vec(),
    }
}
