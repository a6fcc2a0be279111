//! Services, to the SDK and back.

use aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder;
use aws_sdk_ecs::types as sdk;

use super::service::primary;
use super::{connect, deployment, ebs, instance, lattice, shift};
use crate::apply::cloud::CloudError;
use crate::aws::observe::Found;
use crate::aws::tags;
use crate::aws::values::{some, text, texts};
use crate::ecs::desired::{
    Attribute, AwsVpcConfiguration, Body, CapacityProviderStrategyItem, NetworkConfiguration,
    Service, ServiceLoadBalancer, ServiceRegistry, Value,
};
use crate::plan::{Live, RolloutState};

/// As `CreateService` takes it. What is empty is not sent.
pub(super) fn request(
    call: CreateServiceFluentBuilder,
    body: &Service,
) -> Result<CreateServiceFluentBuilder, CloudError> {
    let Service {
        cluster,
        service_name,
        task_definition,
        desired_count: _,
        launch_type,
        capacity_provider_strategy,
        platform_version,
        placement_constraints,
        placement_strategy,
        scheduling_strategy,
        deployment_configuration,
        network_configuration,
        load_balancers,
        health_check_grace_period_seconds,
        service_connect_configuration,
        service_registries,
        volume_configurations,
        vpc_lattice_configurations,
        availability_zone_rebalancing,
        enable_ecs_managed_tags,
        propagate_tags,
        enable_execute_command,
        tags,
        is_scaled: _,
    } = body;
    let connected = service_connect_configuration.as_ref().map(connect::to_sdk).transpose()?;
    Ok(call
        .cluster(cluster)
        .service_name(service_name)
        .task_definition(text(task_definition)?)
        .set_desired_count(body.tasks())
        .set_launch_type(launch_type.as_deref().map(Into::into))
        .set_capacity_provider_strategy(some(strategy(capacity_provider_strategy)?))
        .set_platform_version(version(platform_version))
        .set_placement_constraints(some(instance::constraints(placement_constraints)))
        .set_placement_strategy(some(instance::strategies(placement_strategy)))
        .scheduling_strategy(scheduling_strategy.as_str().into())
        .deployment_configuration(deployment::to_sdk(deployment_configuration))
        .set_network_configuration(network(network_configuration)?)
        .set_load_balancers(some(balancers(load_balancers)?))
        .set_health_check_grace_period_seconds(*health_check_grace_period_seconds)
        .set_service_connect_configuration(connected)
        .set_service_registries(some(registries(service_registries)?))
        .set_volume_configurations(some(ebs::of_service(volume_configurations)?))
        .set_vpc_lattice_configurations(some(lattice::to_sdk(vpc_lattice_configurations)?))
        .availability_zone_rebalancing(availability_zone_rebalancing.as_str().into())
        .enable_ecs_managed_tags(*enable_ecs_managed_tags)
        .propagate_tags(propagate_tags.as_str().into())
        .enable_execute_command(*enable_execute_command)
        .set_tags(super::to_sdk_tags(tags)))
}

/// A version of the platform, which tasks on instances have none of.
pub(super) fn version(version: &str) -> Option<String> {
    (!version.is_empty()).then(|| version.to_owned())
}

pub(super) fn strategy(
    items: &[CapacityProviderStrategyItem],
) -> Result<Vec<sdk::CapacityProviderStrategyItem>, CloudError> {
    items
        .iter()
        .map(|CapacityProviderStrategyItem { capacity_provider, weight, base }| {
            Ok(sdk::CapacityProviderStrategyItem::builder()
                .capacity_provider(capacity_provider)
                .weight(*weight)
                .base(*base)
                .build()?)
        })
        .collect()
}

pub(super) fn network(
    config: &NetworkConfiguration,
) -> Result<Option<sdk::NetworkConfiguration>, CloudError> {
    if config.is_none() {
        return Ok(None);
    }
    let NetworkConfiguration {
        awsvpc_configuration: AwsVpcConfiguration { subnets, security_groups, assign_public_ip },
    } = config;
    let vpc = sdk::AwsVpcConfiguration::builder()
        .set_subnets(Some(texts(subnets)?))
        .set_security_groups(Some(texts(security_groups)?))
        .assign_public_ip(assign_public_ip.as_str().into())
        .build()?;
    Ok(Some(sdk::NetworkConfiguration::builder().awsvpc_configuration(vpc).build()))
}

pub(super) fn balancers(
    list: &[ServiceLoadBalancer],
) -> Result<Vec<sdk::LoadBalancer>, CloudError> {
    list.iter()
        .map(|balancer| {
            let ServiceLoadBalancer {
                target_group_arn,
                container_name,
                container_port,
                advanced_configuration,
            } = balancer;
            let advanced = advanced_configuration.as_ref().map(shift::advanced).transpose()?;
            Ok(sdk::LoadBalancer::builder()
                .target_group_arn(text(target_group_arn)?)
                .container_name(container_name)
                .container_port(*container_port)
                .set_advanced_configuration(advanced)
                .build())
        })
        .collect()
}

pub(super) fn registries(
    list: &[ServiceRegistry],
) -> Result<Vec<sdk::ServiceRegistry>, CloudError> {
    list.iter()
        .map(|ServiceRegistry { registry_arn, port, container_name, container_port }| {
            Ok(sdk::ServiceRegistry::builder()
                .registry_arn(text(registry_arn)?)
                .set_port(*port)
                .set_container_name(container_name.clone())
                .set_container_port(*container_port)
                .build())
        })
        .collect()
}

fn registry_back(registry: &sdk::ServiceRegistry) -> ServiceRegistry {
    // Emulators answer zeros and empty names where there are none.
    ServiceRegistry {
        registry_arn: registry.registry_arn().unwrap_or_default().into(),
        port: registry.port().filter(|port| *port != 0),
        container_name: registry
            .container_name()
            .filter(|name| !name.is_empty())
            .map(str::to_owned),
        container_port: registry.container_port().filter(|port| *port != 0),
    }
}

/// A service as it was read, in the words of Desired; nothing when it is deleted or going.
pub(super) fn from_sdk(service: &sdk::Service) -> Option<Found> {
    if service.status() != Some("ACTIVE") {
        return None;
    }
    let tags = super::tags(service.tags());
    let primary = primary(service);
    let mut balancers: Vec<_> = service.load_balancers().iter().map(balancer_back).collect();
    balancers.sort_by(|a, b| {
        (&a.container_name, a.container_port).cmp(&(&b.container_name, b.container_port))
    });
    let is_daemon = service.scheduling_strategy() == Some(&sdk::SchedulingStrategy::Daemon);
    let on_instances = instance::is_instance(service);
    let body = Service {
        cluster: super::last_segment(service.cluster_arn().unwrap_or_default()).to_owned(),
        service_name: service.service_name().unwrap_or_default().to_owned(),
        task_definition: Value::from(service.task_definition().unwrap_or_default()),
        desired_count: if is_daemon { 0 } else { service.desired_count() },
        // With a strategy ECS names the launch type, too; Desired names one without a strategy.
        launch_type: service
            .launch_type()
            .filter(|_| on_instances && service.capacity_provider_strategy().is_empty())
            .map(|launch| launch.as_str().to_owned()),
        capacity_provider_strategy: strategy_back(service.capacity_provider_strategy()),
        platform_version: service
            .platform_version()
            .filter(|version| !version.is_empty())
            .unwrap_or(if on_instances { "" } else { "LATEST" })
            .to_owned(),
        placement_constraints: instance::constraints_back(service.placement_constraints()),
        placement_strategy: instance::strategies_back(service.placement_strategy()),
        scheduling_strategy: service
            .scheduling_strategy()
            .map_or("REPLICA", |s| s.as_str())
            .to_owned(),
        deployment_configuration: deployment::from_sdk(service.deployment_configuration()),
        network_configuration: network_back(
            service
                .network_configuration()
                .or_else(|| primary.and_then(|p| p.network_configuration())),
        ),
        // ECS keeps a grace period of 0 for services without a load balancer, too.
        health_check_grace_period_seconds: (!balancers.is_empty())
            .then(|| service.health_check_grace_period_seconds().unwrap_or(0)),
        load_balancers: balancers,
        service_connect_configuration: primary
            .and_then(|p| p.service_connect_configuration())
            .filter(|connect| connect.enabled())
            .map(connect::from_sdk),
        service_registries: service.service_registries().iter().map(registry_back).collect(),
        volume_configurations: primary
            .map(|p| p.volume_configurations().iter().filter_map(ebs::from_sdk).collect())
            .unwrap_or_default(),
        vpc_lattice_configurations: primary
            .map(|p| lattice::from_sdk(p.vpc_lattice_configurations()))
            .unwrap_or_default(),
        availability_zone_rebalancing: service
            .availability_zone_rebalancing()
            // AWS always tells it; see `emulated`.
            .map_or("", |r| r.as_str())
            .to_owned(),
        enable_ecs_managed_tags: service.enable_ecs_managed_tags(),
        propagate_tags: service.propagate_tags().map_or("NONE", |p| p.as_str()).to_owned(),
        enable_execute_command: service.enable_execute_command(),
        tags: tags::to_lower(&tags),
        is_scaled: false,
    };
    let seconds = |time: Option<&aws_smithy_types::DateTime>| time.map_or(0, |t| t.secs());
    let live = Live {
        state: primary.map_or(RolloutState::InProgress, |p| state(p, service.deployments().len())),
        deployed_at: seconds(primary.and_then(|p| p.created_at())),
        created_at: seconds(service.created_at()),
        running: service.running_count(),
    };
    let mut found = Found::new(Body::Service(Box::new(body)))
        .with(Attribute::Arn, service.service_arn())
        .tagged(tags);
    found.observed.live = Some(live);
    Some(found)
}

/// How far a deployment is; from its counts where the state itself is absent, as it is for services
/// made by old versions of ECS.
pub(super) fn state(deployment: &sdk::Deployment, deployments: usize) -> RolloutState {
    match deployment.rollout_state() {
        Some(sdk::DeploymentRolloutState::Completed) => RolloutState::Completed,
        Some(sdk::DeploymentRolloutState::Failed) => RolloutState::Failed,
        Some(_) => RolloutState::InProgress,
        None if deployments == 1
            && deployment.running_count() == deployment.desired_count()
            && deployment.pending_count() == 0 =>
        {
            RolloutState::Completed
        }
        None => RolloutState::InProgress,
    }
}

fn strategy_back(list: &[sdk::CapacityProviderStrategyItem]) -> Vec<CapacityProviderStrategyItem> {
    list.iter()
        .map(|item| CapacityProviderStrategyItem {
            capacity_provider: item.capacity_provider().to_owned(),
            weight: item.weight(),
            base: item.base(),
        })
        .collect()
}

fn balancer_back(balancer: &sdk::LoadBalancer) -> ServiceLoadBalancer {
    ServiceLoadBalancer {
        target_group_arn: Value::from(balancer.target_group_arn().unwrap_or_default()),
        container_name: balancer.container_name().unwrap_or_default().to_owned(),
        container_port: balancer.container_port().unwrap_or_default(),
        advanced_configuration: balancer.advanced_configuration().map(shift::advanced_back),
    }
}

fn network_back(config: Option<&sdk::NetworkConfiguration>) -> NetworkConfiguration {
    let vpc = config.and_then(|c| c.awsvpc_configuration());
    if vpc.is_none_or(|vpc| vpc.subnets().is_empty()) {
        return NetworkConfiguration::default();
    }
    NetworkConfiguration {
        awsvpc_configuration: AwsVpcConfiguration {
            subnets: vpc
                .map(|v| v.subnets().iter().map(|s| Value::from(s.as_str())).collect())
                .unwrap_or_default(),
            security_groups: vpc
                .map(|v| v.security_groups().iter().map(|g| Value::from(g.as_str())).collect())
                .unwrap_or_default(),
            assign_public_ip: vpc
                .and_then(|v| v.assign_public_ip())
                .map_or("DISABLED", |a| a.as_str())
                .to_owned(),
        },
    }
}
