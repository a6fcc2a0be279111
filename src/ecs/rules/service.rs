//! The ECS service of a service.

use super::task::task_definition_id;
use super::writers::{self, Tasks};
use super::{
    autoscaling, base, cloud_map, daemon, discovery, ebs, health, launch, load_balancer, log_group,
    overrides, placement, rollout, security_groups, tags, task_role,
};
use crate::compose::model::TaskNetwork;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Attribute, AwsVpcConfiguration, Body, Gate, Kind, NetworkConfiguration, Resource, ResourceId,
    Service, Value,
};
use crate::ecs::translate::context::{Context, Output, cluster_id, lower};
use crate::ecs::translate::unit::Unit;

/// How many tasks a service may have unless the account has more (AWS General Reference, "Amazon ECS
/// endpoints and quotas", "Tasks per service").
const MOST_TASKS: u32 = 5000;

/// Adds the ECS service of a service.
pub(crate) fn add(cx: &Context<'_>, unit: &Unit<'_>, out: &mut Output) {
    let name = unit.name();
    let id = ResourceId::new(Kind::Service, name);
    let load_balancers = load_balancer::of_service(cx, unit);
    let balanced = !load_balancers.is_empty();
    let is_daemon = daemon::is_daemon(unit);
    let deployment = rollout::deployment(unit, out);
    let placed = placement::instances::placed(unit, out);
    let (launch_type, capacity_provider_strategy) = launch::capacity(cx, unit, out);
    let mut tags = cx.tags(&id);
    tags::add_labels(unit, &mut tags, out);
    let mut body = Service {
        cluster: base::cluster_name(cx),
        service_name: cx.unit_name(name),
        task_definition: Value::From(task_definition_id(name), Attribute::Arn),
        desired_count: desired_count(unit, out),
        launch_type,
        capacity_provider_strategy,
        platform_version: launch::platform_version(unit),
        placement_constraints: placed.constraints,
        placement_strategy: placed.strategy,
        scheduling_strategy: if is_daemon { Service::DAEMON } else { "REPLICA" }.to_owned(),
        availability_zone_rebalancing: "DISABLED".to_owned(),
        deployment_configuration: deployment,
        network_configuration: network(cx, unit, balanced, out),
        load_balancers,
        health_check_grace_period_seconds: balanced.then(|| {
            let periods = unit.members.iter().map(|m| health::grace_period(m.service));
            periods.max().unwrap_or_default()
        }),
        service_connect_configuration: discovery::configuration(unit),
        service_registries: cloud_map::registries(unit),
        volume_configurations: ebs::configurations(cx, unit, None, out),
        vpc_lattice_configurations: Vec::new(),
        enable_ecs_managed_tags: true,
        propagate_tags: "SERVICE".to_owned(),
        enable_execute_command: task_role::exec(unit),
        tags: lower(tags),
        is_scaled: false,
    };
    if launch::rebalances(&body) {
        body.availability_zone_rebalancing = "ENABLED".to_owned();
    }
    let mut body = overrides::service(unit, &id, body, out);
    let waits = waits(cx, unit);
    body.is_scaled = autoscaling::add(cx, unit, &id, &body, out);
    out.desired.insert(Resource {
        id,
        body: Body::Service(Box::new(body)),
        service: Some(name.to_owned()),
        origin: Some(unit.span()),
        waits,
        peers: unit.peers(),
        restarts: unit.restarts(),
        // There is no stopping a daemon by its number; its tasks never stand side by side.
        stateful: unit.stateful() && !is_daemon,
    });
}

/// Where the tasks of a service stand in the network.
pub(crate) fn network(
    cx: &Context<'_>,
    unit: &Unit<'_>,
    balanced: bool,
    out: &mut Output,
) -> NetworkConfiguration {
    let network = &cx.facts.network;
    if unit.leader().network != TaskNetwork::AwsVpc {
        return NetworkConfiguration::default();
    }
    // ECS API reference, `AwsVpcConfiguration.assignPublicIp`; on instances tasks get none.
    let assigns = network.assign_public_ip && !unit.leader().service.on_instances();
    NetworkConfiguration {
        awsvpc_configuration: AwsVpcConfiguration {
            subnets: network.task_subnets.clone(),
            security_groups: security_groups::of_service(cx, unit, balanced, out),
            assign_public_ip: if assigns { "ENABLED" } else { "DISABLED" }.to_owned(),
        },
    }
}

/// What must exist before the service, and what its rollout waits for. A target group must hang off
/// its listener.
fn waits(cx: &Context<'_>, unit: &Unit<'_>) -> Vec<(ResourceId, Gate)> {
    let mut waits = written_by_name(cx, unit);
    for member in &unit.members {
        waits.extend(
            load_balancer::listeners(cx, unit, member).into_iter().map(|id| (id, Gate::Started)),
        );
    }
    waits.extend(unit.gates.iter().cloned());
    waits
}

/// What stands in requests by name alone: the cluster and the log groups, where they are made.
pub(crate) fn written_by_name(cx: &Context<'_>, unit: &Unit<'_>) -> Vec<(ResourceId, Gate)> {
    let cluster = Some(cluster_id()).filter(|_| !base::has_cluster(cx));
    let groups = unit.members.iter().filter_map(|m| log_group::of_service(cx, m.service));
    cluster.into_iter().chain(groups).map(|id| (id, Gate::Started)).collect()
}

/// How many tasks a service starts with; of a daemon there are as many as instances.
fn desired_count(unit: &Unit<'_>, out: &mut Output) -> i32 {
    let leader = unit.leader().service;
    if let Some((by, place)) = daemon::daemon(unit) {
        daemon::check(unit, out);
        writers::check(unit, Tasks::OnEachInstance, (&by.name.value, place), out);
        return 0;
    }
    let place = daemon::number(leader).unwrap_or(leader.span());
    writers::check(unit, Tasks::Count(leader.replicas()), (unit.name(), place), out);
    let replicas = i32::try_from(leader.replicas()).unwrap_or(i32::MAX);
    let first = autoscaling::first_count(unit, replicas, out);
    let (most, place) = match autoscaling::most(unit) {
        Some(most) => (most.value, most.span),
        None => (leader.replicas(), place),
    };
    if most > MOST_TASKS {
        let message = format!("{most} tasks of one service, where AWS has a quota of {MOST_TASKS}");
        let help = format!(
            "`Tasks per service` is {MOST_TASKS} unless Service Quotas has raised it: ask for more, or \
             spread the tasks over several services"
        );
        out.say(
            Diagnostic::warning(Code::QuotaExceeded, message)
                .at(place, "")
                .help(help)
                .service(unit.name()),
        );
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::{Order, UpdateConfig};
    use crate::ecs::testing::{SUBNETS, at, ecs_service, facts, project, resource, run, service};
    use crate::ecs::translate;

    #[test]
    fn the_service_runs_on_fargate_in_the_chosen_subnets() {
        let mut web = service("web", "acme/web:1");
        web.deploy.replicas = Some(at(3));
        let mut facts = facts();
        facts.network.assign_public_ip = false;
        let done = translate(&project(vec![web]), Some("prod"), &facts);
        let service = ecs_service(&done, "web");
        assert_eq!((&*service.cluster, &*service.service_name), ("shop-prod", "shop-prod-web"));
        assert_eq!((service.desired_count, &*service.platform_version), (3, "LATEST"));
        assert_eq!(service.capacity_provider_strategy[0].capacity_provider, "FARGATE");
        let network = &service.network_configuration.awsvpc_configuration;
        assert_eq!(network.subnets, SUBNETS.map(Value::from));
        assert_eq!(network.assign_public_ip, "DISABLED");
        assert_eq!(service.propagate_tags, "SERVICE");
        assert!(service.enable_ecs_managed_tags && !service.enable_execute_command);
        assert_eq!(service.availability_zone_rebalancing, "ENABLED");
    }

    #[test]
    fn scale_goes_before_replicas() {
        let mut web = service("web", "acme/web:1");
        web.deploy.replicas = Some(at(3));
        web.scale = Some(at(0));
        assert_eq!(ecs_service(&run(vec![web]), "web").desired_count, 0);
    }

    #[test]
    fn stop_first_cannot_be_rebalanced() {
        let mut web = service("web", "acme/web:1");
        let config = UpdateConfig { order: Some(at(Order::StopFirst)), ..UpdateConfig::default() };
        web.deploy.update_config = Some(at(config));
        let done = run(vec![web]);
        assert_eq!(ecs_service(&done, "web").availability_zone_rebalancing, "DISABLED");
        assert!(!resource(&done, Kind::Service, "web").stateful);
    }
}
