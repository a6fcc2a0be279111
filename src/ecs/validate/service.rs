use std::collections::HashSet;

use super::text::{is, is_ecs_name, is_port, is_port_name};
use super::{Report, Unique, dns, ebs, instance, tags};
use crate::ecs::desired::{
    Body, CapacityProviderStrategyItem, Job, Kind, NetworkConfiguration, ResourceId, Service,
    ServiceConnectService, TaskDefinition,
};
use crate::ecs::rules::launch::rebalances;
use crate::ecs::rules::load_balancer::MOST_TARGETS;
use crate::ecs::rules::rollout::has_room;
use crate::ecs::rules::security_groups::MOST;

/// `ecs CreateService`
pub(super) fn service(
    service: &Service,
    listeners: &HashSet<&ResourceId>,
    unique: &mut Unique,
    report: &mut Report<'_>,
) {
    for (name, what) in [(&service.service_name, "service"), (&service.cluster, "cluster")] {
        if !is_ecs_name(name) {
            report.fault(
                format!("{name:?} is no {what} name"),
                "ECS takes 1 to 255 letters, digits, `_` and `-`",
            );
        }
    }
    unique.take(Kind::Service, &format!("{}/{}", service.cluster, service.service_name), report);
    let task = service.task_definition.reference().and_then(|(id, _)| report.task(id));
    if task.is_none()
        && service
            .task_definition
            .reference()
            .is_some_and(|(id, _)| report.desired.resources.contains_key(id))
    {
        report.fault("its task definition is none", "this is a fault of decklift");
    }
    let runs = Runs {
        launch_type: service.launch_type.as_deref(),
        strategy: &service.capacity_provider_strategy,
        platform_version: &service.platform_version,
        cluster: &service.cluster,
    };
    strategy(&runs, task, report);
    instance::placement(&service.placement_constraints, &service.placement_strategy, task, report);
    daemon(service, task, report);
    rollout(service, report);
    words(service, report);
    super::extras::service(service, task, report);
    super::shift::shift(service, report);
    network(&service.network_configuration, task, report);
    load_balancers(service, task, listeners, report);
    connect(service, task, unique, report);
    dns::registries(service, task, report);
    let launch = ebs::Launch {
        volumes: &service.volume_configurations,
        platform_version: &service.platform_version,
        is_service: true,
    };
    ebs::configurations(&launch, task, report);
    tags::lower(&service.tags, report);
}

/// The words and numbers that overrides alone get wrong (ECS API reference, `CreateService`).
fn words(service: &Service, report: &mut Report<'_>) {
    let public = &service.network_configuration.awsvpc_configuration.assign_public_ip;
    let rebalancing = &service.availability_zone_rebalancing;
    for (field, word, takes) in [
        ("availabilityZoneRebalancing", rebalancing, &["ENABLED", "DISABLED"][..]),
        ("propagateTags", &service.propagate_tags, &["SERVICE", "TASK_DEFINITION", "NONE"]),
        ("assignPublicIp", public, &["ENABLED", "DISABLED", ""]),
    ] {
        if !takes.contains(&word.as_str()) {
            let words: Vec<_> = takes.iter().filter(|word| !word.is_empty()).copied().collect();
            report.fault(format!("{field} {word:?}"), format!("ECS takes {}", words.join(", ")));
        }
    }
    if let Some(seconds) = service.health_check_grace_period_seconds.filter(|grace| *grace < 0) {
        report.fault(
            format!("healthCheckGracePeriodSeconds {seconds}"),
            "ECS takes 0 to 2147483647 seconds",
        );
    }
}

/// What a service or a job runs on.
struct Runs<'a> {
    launch_type: Option<&'a str>,
    strategy: &'a [CapacityProviderStrategyItem],
    platform_version: &'a str,
    cluster: &'a str,
}

/// ECS API reference, `CreateService.launchType`, `.capacityProviderStrategy`, `.platformVersion`
fn strategy(runs: &Runs<'_>, task: Option<&TaskDefinition>, report: &mut Report<'_>) {
    let items = runs.strategy;
    let fargate = task.is_none_or(instance::is_fargate);
    if fargate == runs.platform_version.is_empty() {
        report
            .fault("a platform version without Fargate, or Fargate without one", "it is Fargate's");
    }
    if let Some(kind) = runs.launch_type {
        if kind != "EC2" || fargate || !items.is_empty() {
            report.fault(
                format!("the launch type {kind:?}"),
                "decklift writes EC2, without a capacity provider strategy; others take a strategy",
            );
        }
        return;
    }
    let in_range =
        items.iter().all(|i| (0..=1000).contains(&i.weight) && (0..=100_000).contains(&i.base));
    let bases = items.iter().filter(|item| item.base > 0).count();
    if items.is_empty() || !in_range || bases > 1 || items.iter().all(|item| item.weight == 0) {
        report.fault(
            "its capacity provider strategy is not taken",
            "it needs a provider with a weight (up to 1000), and a base on one provider at most",
        );
    }
    let cluster = report.desired.resources.values().find_map(|resource| match &resource.body {
        Body::Cluster(cluster) if cluster.cluster_name == runs.cluster => Some(cluster),
        _ => None,
    });
    // An existing cluster is not among the resources.
    let Some(cluster) = cluster else { return };
    for item in items.iter().filter(|i| !cluster.capacity_providers.contains(&i.capacity_provider))
    {
        report.fault(
            format!("its cluster has no capacity provider {:?}", item.capacity_provider),
            "a strategy names providers of the cluster",
        );
    }
}

/// ECS API reference, `CreateService.schedulingStrategy`
fn daemon(service: &Service, task: Option<&TaskDefinition>, report: &mut Report<'_>) {
    match service.scheduling_strategy.as_str() {
        "REPLICA" => {}
        Service::DAEMON => {
            if task.is_some_and(instance::is_fargate) {
                report.fault("a daemon on Fargate", "a daemon runs on instances");
            } else if !service.capacity_provider_strategy.is_empty() {
                report.fault(
                    "a daemon with a capacity provider strategy",
                    "ECS takes none: a daemon runs on every instance of the cluster",
                );
            }
            let most = service.deployment_configuration.maximum_percent;
            if !service.placement_strategy.is_empty() || service.desired_count != 0 || most != 100 {
                report.fault(
                    "a daemon with a number, a placement strategy or a maximum",
                    "it has one task on each instance, and a maximum of 100 percent",
                );
            }
        }
        other => report.fault(format!("{other:?} schedules nothing"), "it is REPLICA or DAEMON"),
    }
    if service.availability_zone_rebalancing == "ENABLED"
        && service.deployment_configuration.maximum_percent > 100
        && !rebalances(service)
    {
        report.fault(
            "rebalancing between zones that the placement chooses",
            "it goes with a spread over zones first, or no strategy; not with constraints on zones",
        );
    }
}

fn rollout(service: &Service, report: &mut Report<'_>) {
    let deployment = &service.deployment_configuration;
    let (least, most) = (deployment.minimum_healthy_percent, deployment.maximum_percent);
    if service.desired_count < 0 {
        report.fault(format!("{} tasks", service.desired_count), "a service has 0 tasks or more");
    } else if least < 0 || most < 100 || !has_room(service.desired_count, least, most) {
        report.fault(
            format!(
                "with {}, {least} to {most} percent leave no room to roll",
                match service.desired_count {
                    1 => "1 task".to_owned(),
                    count => format!("{count} tasks"),
                }
            ),
            "no task could be stopped or started: lower the minimum or raise the maximum",
        );
    }
    if let Some(alarms) = &deployment.alarms
        && alarms.enable
        && (alarms.alarm_names.is_empty() || alarms.alarm_names.iter().any(String::is_empty))
    {
        report.fault("no alarm is named that could fail the deployment", "alarms have names");
    }
    if service.availability_zone_rebalancing == "ENABLED" && most <= 100 {
        report.fault(
            "rebalancing between zones with a maximum of 100 percent",
            "rebalancing starts a task before it stops one",
        );
    }
    let stateful = report.resource.is_some_and(|resource| resource.stateful);
    if stateful && (service.desired_count > 1 || (least, most) != (0, 100)) {
        report.fault(
            "two tasks may write to one volume",
            "a database runs one task, and the old one stops first: 0 to 100 percent",
        );
    }
    if service.load_balancers.is_empty() && service.health_check_grace_period_seconds.is_some() {
        report.fault("a grace period without a load balancer", "ECS takes it only with one");
    }
}

/// `ecs RunTask`
pub(super) fn job(job: &Job, report: &mut Report<'_>) {
    if !is_ecs_name(&job.cluster) {
        report.fault(
            format!("{:?} is no cluster name", job.cluster),
            "ECS takes 1 to 255 letters, digits, `_` and `-`",
        );
    }
    if !(1..=10).contains(&job.count) {
        report.fault(format!("{} tasks at once", job.count), "RunTask starts 1 to 10 tasks");
    }
    let by = job.started_by.replace(Job::RELEASE, &u64::MAX.to_string());
    if !is(&by, 1, 128, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/')) {
        report.fault(
            format!("{:?} cannot stand in startedBy", job.started_by),
            "ECS takes up to 128 letters, digits, `-`, `_` and `/`",
        );
    }
    let task = job.task_definition.reference().and_then(|(id, _)| report.task(id));
    let runs = Runs {
        launch_type: job.launch_type.as_deref(),
        strategy: &job.capacity_provider_strategy,
        platform_version: &job.platform_version,
        cluster: &job.cluster,
    };
    strategy(&runs, task, report);
    instance::placement(&job.placement_constraints, &job.placement_strategy, task, report);
    network(&job.network_configuration, task, report);
    let launch = ebs::Launch {
        volumes: &job.volume_configurations,
        platform_version: &job.platform_version,
        is_service: false,
    };
    ebs::configurations(&launch, task, report);
    tags::lower(&job.tags, report);
}

fn network(network: &NetworkConfiguration, task: Option<&TaskDefinition>, report: &mut Report<'_>) {
    if task.is_some_and(instance::is_at_its_instance) {
        if !network.is_none() {
            report.fault("a network of its own", "only awsvpc tasks have a network configuration");
        }
        return;
    }
    let network = &network.awsvpc_configuration;
    if !(1..=16).contains(&network.subnets.len()) {
        report
            .fault(format!("{} subnets", network.subnets.len()), "a service takes 1 to 16 subnets");
    }
    if network.assign_public_ip == "ENABLED" && !task.is_none_or(instance::is_fargate) {
        report.fault("a public address", "tasks on instances get none");
    }
    if network.security_groups.len() > MOST {
        report.fault(
            format!("{} security groups", network.security_groups.len()),
            format!("a task takes at most {MOST}"),
        );
    }
}

fn load_balancers(
    service: &Service,
    task: Option<&TaskDefinition>,
    listeners: &HashSet<&ResourceId>,
    report: &mut Report<'_>,
) {
    if service.load_balancers.len() > MOST_TARGETS {
        report.fault(
            format!("{} target groups", service.load_balancers.len()),
            "a service takes at most five; publish fewer container ports, or split the service",
        );
    }
    for balancer in &service.load_balancers {
        let (name, port) = (&balancer.container_name, balancer.container_port);
        let exists = task.is_none_or(|task| {
            task.container_definitions.iter().any(|container| {
                container.name == *name
                    && container.port_mappings.iter().any(|mapping| mapping.container_port == port)
            })
        });
        if !exists {
            report.fault(
                format!("its load balancer wants port {port} of container {name:?}"),
                "the task definition has no such container, or it does not map the port",
            );
        }
        let Some((id, _)) = balancer.target_group_arn.reference() else { continue };
        let wanted = match task {
            Some(task) if instance::is_at_its_instance(task) => "instance",
            _ => "ip",
        };
        let wrong = report.target_group(id).is_some_and(|group| group.create.target_type != wanted);
        if wrong {
            report.fault(
                format!("{id} is not of type {wanted}"),
                "awsvpc tasks are targets by address, others by instance",
            );
        }
        if !listeners.contains(id) && report.desired.resources.contains_key(id) {
            report.fault(
                format!("no listener leads to {id}"),
                "ECS refuses a target group that hangs off no load balancer",
            );
        }
    }
}

fn connect(
    service: &Service,
    task: Option<&TaskDefinition>,
    unique: &mut Unique,
    report: &mut Report<'_>,
) {
    let Some(connect) = &service.service_connect_configuration else { return };
    if task.is_some_and(|t| instance::is_at_its_instance(t) && t.network_mode != "bridge") {
        report.fault("Service Connect without a proxy", "it goes with awsvpc and bridge");
    }
    for entry in &connect.services {
        let ServiceConnectService {
            port_name,
            discovery_name,
            client_aliases,
            ingress_port_override: _, // extras.rs
            timeout: _,               // extras.rs
            tls: _,                   // extras.rs
        } = entry;
        let mapped = task.is_none_or(|task| {
            let mut mappings = task.container_definitions.iter().flat_map(|c| &c.port_mappings);
            // A range is no port that it could listen on.
            mappings.any(|m| {
                m.name.as_ref() == Some(port_name)
                    && m.protocol == "tcp"
                    && m.container_port_range.is_none()
            })
        });
        if !mapped {
            report.fault(
                format!("it offers {port_name:?}, which is no port of its task"),
                "Service Connect names a tcp port mapping of the task definition",
            );
        }
        if !is_port_name(discovery_name) {
            report.fault(
                format!("{discovery_name:?} is no discovery name"),
                "ECS takes 1 to 64 lower-case letters, digits, `_` and `-`, not starting with `-`",
            );
        }
        let [alias] = client_aliases.as_slice() else {
            report.fault(
                format!("{discovery_name:?} has {} aliases", client_aliases.len()),
                "an entry takes exactly one",
            );
            continue;
        };
        let dns = &alias.dns_name;
        let takes = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c);
        if !is(dns, 1, 127, takes) || dns.starts_with('-') || !is_port(alias.port) {
            report.fault(
                format!("{dns:?} with port {} is no alias", alias.port),
                "ECS takes 1 to 127 lower-case letters, digits, `_`, `-` and `.`, not \
                    starting with `-`",
            );
        }
        // Both are unique in the namespace, of which a project has one.
        unique.take(Kind::Namespace, discovery_name, report);
        unique.take(Kind::Namespace, &format!("{dns}:{}", alias.port), report);
    }
}
