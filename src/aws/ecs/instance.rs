//! What instances alone have, to the SDK and back.

use std::collections::HashMap;

use aws_sdk_ecs::types as sdk;
use aws_sdk_ecs::types::builders::ContainerDefinitionBuilder;

use crate::apply::cloud::CloudError;
use crate::aws::values::some;
use crate::ecs::desired::{
    Device, DockerVolume, HostEntry, InstanceSettings, NvidiaMps, PlacementConstraint,
    PlacementStrategy, ResourceRequirement, SharingStrategy, TextMap,
};

/// Whether a service's tasks run on instances.
pub(super) fn is_instance(service: &sdk::Service) -> bool {
    let providers = service.capacity_provider_strategy();
    match service.launch_type() {
        Some(launch) => *launch != sdk::LaunchType::Fargate,
        None => {
            let is_fargate = |name: &str| matches!(name, "FARGATE" | "FARGATE_SPOT");
            !providers.is_empty() && !providers.iter().any(|p| is_fargate(p.capacity_provider()))
        }
    }
}

pub(super) fn constraints(list: &[PlacementConstraint]) -> Vec<sdk::PlacementConstraint> {
    let one = |PlacementConstraint { kind, expression }: &PlacementConstraint| {
        sdk::PlacementConstraint::builder()
            .r#type(kind.as_str().into())
            .set_expression(expression.clone())
            .build()
    };
    list.iter().map(one).collect()
}

pub(super) fn constraints_back(list: &[sdk::PlacementConstraint]) -> Vec<PlacementConstraint> {
    let one = |found: &sdk::PlacementConstraint| PlacementConstraint {
        kind: found.r#type().map_or("", |kind| kind.as_str()).to_owned(),
        expression: found.expression().filter(|text| !text.is_empty()).map(str::to_owned),
    };
    list.iter().map(one).collect()
}

pub(super) fn strategies(list: &[PlacementStrategy]) -> Vec<sdk::PlacementStrategy> {
    let one = |PlacementStrategy { kind, field }: &PlacementStrategy| {
        sdk::PlacementStrategy::builder()
            .r#type(kind.as_str().into())
            .set_field(field.clone())
            .build()
    };
    list.iter().map(one).collect()
}

pub(super) fn strategies_back(list: &[sdk::PlacementStrategy]) -> Vec<PlacementStrategy> {
    let one = |found: &sdk::PlacementStrategy| {
        let kind = found.r#type().map_or("", |kind| kind.as_str()).to_owned();
        // ECS gives the field back in capitals (ECS API reference, `PlacementStrategy.field`, names
        // its values as they are here), and `host` means `instanceId`.
        let field = found.field().filter(|field| !field.is_empty()).map(|field| {
            let known = ["cpu", "memory", "instanceId"];
            let same = known.into_iter().find(|known| known.eq_ignore_ascii_case(field));
            same.unwrap_or(field).to_owned()
        });
        PlacementStrategy { kind, field }
    };
    list.iter().map(one).collect()
}

pub(super) fn settings(
    builder: ContainerDefinitionBuilder,
    settings: &InstanceSettings,
) -> Result<ContainerDefinitionBuilder, CloudError> {
    let InstanceSettings {
        links,
        hostname,
        dns_servers,
        dns_search_domains,
        extra_hosts,
        docker_security_options,
        privileged,
        resource_requirements,
    } = settings;
    let hosts = extra_hosts.iter().map(|HostEntry { hostname, ip_address }| {
        Ok(sdk::HostEntry::builder().hostname(hostname).ip_address(ip_address).build()?)
    });
    let resources = resource_requirements.iter().map(resource);
    Ok(builder
        .set_links(some(links.clone()))
        .set_hostname(hostname.clone())
        .set_dns_servers(some(dns_servers.clone()))
        .set_dns_search_domains(some(dns_search_domains.clone()))
        .set_extra_hosts(some(hosts.collect::<Result<_, CloudError>>()?))
        .set_docker_security_options(some(docker_security_options.clone()))
        .set_privileged(*privileged)
        .set_resource_requirements(some(resources.collect::<Result<_, CloudError>>()?)))
}

pub(super) fn settings_back(container: &sdk::ContainerDefinition) -> InstanceSettings {
    let host = |host: &sdk::HostEntry| HostEntry {
        hostname: host.hostname().to_owned(),
        ip_address: host.ip_address().to_owned(),
    };
    InstanceSettings {
        links: container.links().to_vec(),
        hostname: container.hostname().filter(|name| !name.is_empty()).map(str::to_owned),
        dns_servers: container.dns_servers().to_vec(),
        dns_search_domains: container.dns_search_domains().to_vec(),
        extra_hosts: container.extra_hosts().iter().map(host).collect(),
        docker_security_options: container.docker_security_options().to_vec(),
        privileged: container.privileged().filter(|on| *on),
        resource_requirements: container
            .resource_requirements()
            .iter()
            .map(resource_back)
            .collect(),
    }
}

pub(super) fn device(device: &Device) -> Result<sdk::Device, CloudError> {
    let Device { host_path, container_path, permissions } = device;
    let permissions = permissions.iter().map(|name| name.as_str().into()).collect();
    Ok(sdk::Device::builder()
        .host_path(host_path)
        .set_container_path(container_path.clone())
        .set_permissions(some(permissions))
        .build()?)
}

pub(super) fn devices_back(list: &[sdk::Device]) -> Vec<Device> {
    let one = |device: &sdk::Device| Device {
        host_path: device.host_path().to_owned(),
        // Without one it is the instance's.
        container_path: device
            .container_path()
            .filter(|path| !path.is_empty() && *path != device.host_path())
            .map(str::to_owned),
        permissions: device.permissions().iter().map(|p| p.as_str().to_owned()).collect(),
    };
    let mut devices: Vec<_> = list.iter().map(one).collect();
    devices.sort_by(|a, b| a.host_path.cmp(&b.host_path));
    devices
}

pub(super) fn docker_volume(volume: &DockerVolume) -> sdk::DockerVolumeConfiguration {
    let DockerVolume { scope, autoprovision, driver, driver_opts, labels } = volume;
    let map = |map: &TextMap| -> Option<HashMap<String, String>> {
        (!map.is_empty()).then(|| map.to_map())
    };
    sdk::DockerVolumeConfiguration::builder()
        .scope(scope.as_str().into())
        .set_autoprovision(*autoprovision)
        .driver(driver)
        .set_driver_opts(map(driver_opts))
        .set_labels(map(labels))
        .build()
}

pub(super) fn docker_volume_back(volume: &sdk::DockerVolumeConfiguration) -> DockerVolume {
    let map = |map: Option<&HashMap<String, String>>| -> TextMap {
        map.into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect()
    };
    DockerVolume {
        // The defaults are ECS's (API reference, DockerVolumeConfiguration).
        scope: volume.scope().map_or("task", |scope| scope.as_str()).to_owned(),
        autoprovision: volume.autoprovision(),
        driver: volume.driver().unwrap_or("local").to_owned(),
        driver_opts: map(volume.driver_opts()),
        labels: map(volume.labels()),
    }
}

fn resource(wanted: &ResourceRequirement) -> Result<sdk::ResourceRequirement, CloudError> {
    let ResourceRequirement { kind, value, sharing_strategy } = wanted;
    let shared = |SharingStrategy { nvidia_mps }: &SharingStrategy| {
        let NvidiaMps { memory, max_compute_percent } = nvidia_mps;
        let share = sdk::NvidiaMpsAllocation::builder()
            .memory(*memory)
            .set_max_compute_percent(*max_compute_percent)
            .build()?;
        Ok::<_, CloudError>(sdk::SharingStrategy::NvidiaMps(share))
    };
    Ok(sdk::ResourceRequirement::builder()
        .r#type(kind.as_str().into())
        .value(value)
        .set_sharing_strategy(sharing_strategy.as_ref().map(shared).transpose()?)
        .build()?)
}

fn resource_back(found: &sdk::ResourceRequirement) -> ResourceRequirement {
    let shared = found.sharing_strategy().and_then(|strategy| strategy.as_nvidia_mps().ok());
    ResourceRequirement {
        kind: found.r#type().as_str().to_owned(),
        value: found.value().to_owned(),
        sharing_strategy: shared.map(|share| SharingStrategy {
            nvidia_mps: NvidiaMps {
                memory: share.memory(),
                max_compute_percent: share.max_compute_percent(),
            },
        }),
    }
}
