use std::collections::{BTreeMap, BTreeSet};

use super::length::length;
use super::text::{is_ecs_name, is_port};
use super::{Report, Unique, container, container_settings, instance, logging, tags};
use crate::ecs::desired::{
    Attribute, EfsVolumeConfiguration, Kind, S3FilesVolume, TaskDefinition, TaskExtras, TaskVolume,
    Value,
};
use crate::ecs::rules::image::private_ecr;
use crate::ecs::rules::size::is_fargate_size;

/// How large a task definition may be, in bytes (ECS quotas).
const MOST_BYTES: usize = 64 * 1024;

/// `ecs RegisterTaskDefinition`
pub(super) fn task_definition(task: &TaskDefinition, unique: &mut Unique, report: &mut Report<'_>) {
    if !is_ecs_name(&task.family) {
        report.fault(
            format!("{:?} is no family name", task.family),
            "ECS takes 1 to 255 letters, digits, `_` and `-`",
        );
    }
    unique.take(Kind::TaskDefinition, &task.family, report);
    instance::task(task, report);
    if instance::is_fargate(task) {
        size(task, report);
    }
    if let Some(storage) = &task.ephemeral_storage
        && !(21..=200).contains(&storage.size_in_gib)
    {
        report.fault(
            format!("{} GiB of ephemeral storage", storage.size_in_gib),
            "Fargate takes 21 to 200 GiB",
        );
    }
    extras(task, report);
    execution_role(task, report);
    volumes(task, report);
    containers(task, report);
    container_settings::shared_network(task, report);
    logging::task(task, report);
    let bytes = length(task);
    if bytes > MOST_BYTES {
        report.fault(
            format!("{bytes} bytes"),
            "a task definition has at most 64 KiB; move long variables into files or secrets",
        );
    }
    tags::lower(&task.tags, report);
}

/// What overrides alone set (ECS API reference, `RegisterTaskDefinition`).
fn extras(task: &TaskDefinition, report: &mut Report<'_>) {
    let TaskExtras { proxy_configuration, enable_fault_injection: _, placement_constraints } =
        &task.extras;
    if let Some(proxy) = proxy_configuration {
        let name = &proxy.container_name;
        if !task.container_definitions.iter().any(|container| container.name == *name) {
            report.fault(
                format!("{name:?} is the proxy, which is not in the task"),
                "`proxyConfiguration.containerName` names a container of the task",
            );
        }
        if task.network_mode != "awsvpc" || proxy.kind.as_deref().is_some_and(|k| k != "APPMESH") {
            report.fault("a proxy that ECS does not know", "it is APPMESH, and goes with awsvpc");
        }
    }
    if !placement_constraints.is_empty() && instance::is_fargate(task) {
        report.fault("placement constraints on Fargate", "they choose among instances");
    }
    if placement_constraints.iter().any(|found| found.kind != "memberOf") {
        report
            .fault("a placement constraint that is not taken", "a task definition takes memberOf");
    }
}

fn size(task: &TaskDefinition, report: &mut Report<'_>) {
    let (cpu, memory) = (task.cpu.parse::<u64>(), task.memory.parse::<u64>());
    let (Ok(cpu), Ok(memory)) = (cpu, memory) else {
        report.fault(
            format!("cpu {:?} and memory {:?} are no numbers", task.cpu, task.memory),
            "write CPU units and MiB",
        );
        return;
    };
    if !is_fargate_size(cpu, memory) {
        report.fault(
            format!("{cpu} CPU units with {memory} MiB is no Fargate size"),
            "see the table under RegisterTaskDefinition",
        );
        return;
    }
    let sum = |of: fn(&crate::ecs::desired::ContainerDefinition) -> Option<i32>| {
        let given = task.container_definitions.iter().filter_map(of);
        given.map(|n| u64::try_from(n).unwrap_or(0)).sum::<u64>()
    };
    if sum(|c| Some(c.cpu)) > cpu || sum(|c| c.memory.or(c.memory_reservation)) > memory {
        report.fault(
            "the containers need more than their task has",
            "raise `x-ecs.cpu` or `x-ecs.memory`, or lower the limits",
        );
    }
}

/// The agent needs a role for logs and for images in ECR (ECS developer guide, "Task execution IAM
/// role").
fn execution_role(task: &TaskDefinition, report: &mut Report<'_>) {
    let needs = task.container_definitions.iter().any(|container| {
        let log = container.log_configuration.as_ref();
        log.is_some_and(|log| log.log_driver == "awslogs" || !log.secret_options.is_empty())
            || container.repository_credentials.is_some()
            || !container.secrets.is_empty()
            || !container.environment_files.is_empty()
            || matches!(&container.image, Value::From(_, Attribute::Uri))
            || container.image.known().is_some_and(|image| private_ecr(image).is_some())
    });
    if needs && task.execution_role_arn.is_none() {
        report
            .fault("no execution role", "awslogs, secrets and private images need one on Fargate");
    }
}

fn volumes(task: &TaskDefinition, report: &mut Report<'_>) {
    super::ebs::task(task, report);
    let mut names = BTreeSet::new();
    for volume in &task.volumes {
        let TaskVolume {
            name,
            host,
            efs_volume_configuration,
            s3_files_volume_configuration,
            docker_volume_configuration,
            configured_at_launch,
        } = volume;
        if !is_ecs_name(name) || !names.insert(name) {
            report.fault(
                format!("{name:?} is no name of a volume, or stands twice"),
                "ECS takes 1 to 255 letters, digits, `_` and `-`, once a task",
            );
        }
        let path = host.as_ref().and_then(|host| host.source_path.as_deref());
        if path.is_some_and(|path| !path.starts_with('/')) {
            report.fault(
                format!("volume {name:?} is at {path:?}"),
                "a path of the instance is absolute",
            );
        }
        if path.is_some() && instance::is_fargate(task) {
            report.fault(format!("volume {name:?} has a path of the host"), "Fargate has no host");
        }
        let kinds = [
            host.is_some(),
            efs_volume_configuration.is_some(),
            s3_files_volume_configuration.is_some(),
            docker_volume_configuration.is_some(),
            *configured_at_launch == Some(true),
        ];
        if let Some(docker) = docker_volume_configuration {
            instance::docker_volume(name, docker, task, report);
        }
        if kinds.into_iter().filter(|is| *is).count() != 1 {
            report.fault(
                format!("volume {name:?} is of no kind, or of two"),
                "a volume is one of the task, one on EFS, or one on EBS",
            );
        }
        if let Some(efs) = efs_volume_configuration {
            efs_volume(name, efs, report);
        }
        if let Some(s3) = s3_files_volume_configuration {
            s3_files_volume(name, s3, task, report);
        }
    }
}

/// `ecs S3FilesVolumeConfiguration` (its documentation in the ECS API reference, and the developer
/// guide's "Configuring S3 Files for Amazon ECS")
fn s3_files_volume(name: &str, s3: &S3FilesVolume, task: &TaskDefinition, report: &mut Report<'_>) {
    let S3FilesVolume {
        file_system_arn,
        root_directory,
        transit_encryption_port,
        access_point_arn,
    } = s3;
    encryption_port(name, *transit_encryption_port, report);
    let is_arn = |arn: &str, part: &str| {
        let mut parts = arn.splitn(6, ':');
        parts.next() == Some("arn")
            && parts.nth(1) == Some("s3files")
            && parts.nth(2).is_some_and(|resource| resource.contains(part))
    };
    if !is_arn(file_system_arn, "file-system/fs-") {
        report.fault(
            format!("volume {name:?} names no file system of S3 Files"),
            "it is known by its ARN: `arn:aws:s3files:REGION:ACCOUNT:file-system/fs-…`",
        );
    }
    if access_point_arn.as_ref().is_some_and(|arn| !is_arn(arn, "fsap-")) {
        report.fault(
            format!("volume {name:?} names no access point of S3 Files"),
            "it is known by its ARN",
        );
    }
    let root = root_directory.as_deref().unwrap_or("/");
    if access_point_arn.is_some() && root != "/" {
        report.fault(
            format!("volume {name:?} has a directory beside its access point"),
            "`rootDirectory` is left out with an access point, which has its own",
        );
    }
    if !root.starts_with('/') {
        report.fault(format!("volume {name:?} has no directory"), "`rootDirectory` is absolute");
    }
    if task.task_role_arn.is_none() {
        report.fault(
            format!("volume {name:?} is on S3 Files, and the task has no role"),
            "the task role opens it: give it one with `x-ecs.role`",
        );
    }
    if task.requires_compatibilities.iter().any(|kind| kind == "EC2") {
        report.fault(
            format!("volume {name:?} is on S3 Files"),
            "tasks on EC2 instances cannot mount it",
        );
    }
}

fn encryption_port(name: &str, port: Option<i32>, report: &mut Report<'_>) {
    if let Some(port) = port.filter(|port| !is_port(*port)) {
        report.fault(
            format!("transitEncryptionPort {port} of volume {name:?}"),
            "a port is 1 to 65535",
        );
    }
}

/// `ecs EFSVolumeConfiguration`
fn efs_volume(name: &str, efs: &EfsVolumeConfiguration, report: &mut Report<'_>) {
    let EfsVolumeConfiguration {
        file_system_id,
        root_directory,
        transit_encryption,
        transit_encryption_port,
        authorization_config,
    } = efs;
    encryption_port(name, *transit_encryption_port, report);
    if transit_encryption != "ENABLED" {
        report.fault(
            format!("volume {name:?} is not encrypted in transit"),
            "an access point needs `transitEncryption` ENABLED",
        );
    }
    let is_id = |value: &Value, prefix| value.known().is_none_or(|id| id.starts_with(prefix));
    if !is_id(file_system_id, "fs-") {
        report.fault(format!("volume {name:?} has no file system"), "EFS ids begin with `fs-`");
    }
    let point = authorization_config.as_ref().and_then(|found| found.access_point_id.as_ref());
    if let Some(point) = point {
        if !is_id(point, "fsap-") {
            report.fault(
                format!("volume {name:?} has no access point"),
                "ids of access points begin with `fsap-`",
            );
        }
        if root_directory.as_ref().is_some_and(|root| root != "/") {
            report.fault(
                format!("volume {name:?} has a directory beside its access point"),
                "`rootDirectory` is left out with an access point, which has its own",
            );
        }
    } else if root_directory.as_ref().is_some_and(|root| !root.starts_with('/')) {
        report.fault(format!("volume {name:?} has no directory"), "`rootDirectory` is absolute");
    }
}

fn containers(task: &TaskDefinition, report: &mut Report<'_>) {
    let containers = &task.container_definitions;
    if !(1..=10).contains(&containers.len()) {
        report.fault(format!("{} containers", containers.len()), "a task has 1 to 10 containers");
    }
    if !containers.is_empty() && containers.iter().all(|container| !container.essential) {
        report.fault("no essential container", "at least one container must be essential");
    }
    let mut names = BTreeSet::new();
    let mut ports = BTreeMap::new();
    let mut port_names = BTreeSet::new();
    for container in containers {
        if !names.insert(&container.name) {
            report.fault(
                format!("two containers are called {:?}", container.name),
                "names are unique in a task",
            );
        }
        for mapping in container.port_mappings.iter().filter(|m| m.container_port_range.is_none()) {
            let key = (mapping.container_port, &mapping.protocol);
            // On bridge each container has a network of its own.
            let shared = task.network_mode != "bridge";
            if let Some(other) = ports.insert(key, &container.name).filter(|_| shared) {
                report.fault(
                    format!(
                        "port {}/{} is taken twice, by {other:?} and {:?}",
                        key.0, key.1, container.name
                    ),
                    "the containers of an awsvpc task share one network interface",
                );
            }
        }
        for name in container.port_mappings.iter().filter_map(|mapping| mapping.name.as_ref()) {
            if !port_names.insert(name) {
                report
                    .fault(format!("two ports are called {name:?}"), "names are unique in a task");
            }
        }
        container::container(container, task, report);
    }
    ranges(task, report);
    if let Some(name) = container::cycle(containers) {
        report.fault(
            format!("container {name:?} depends on itself in a circle"),
            "no container of the circle would ever start",
        );
    }
}

/// No port of a container is in two mappings; on awsvpc none of two containers (ECS API reference,
/// `PortMapping.containerPortRange`).
fn ranges(task: &TaskDefinition, report: &mut Report<'_>) {
    let mut open: Vec<_> = task
        .container_definitions
        .iter()
        .enumerate()
        .flat_map(|(index, container)| {
            let own = if task.network_mode == "bridge" { index } else { 0 };
            let ports = container.port_mappings.iter();
            ports.filter_map(move |m| Some((own, &m.protocol, m.ports()?, m)))
        })
        .collect();
    open.sort_by_key(|(own, protocol, ports, _)| (*own, *protocol, *ports));
    for pair in open.windows(2) {
        let [(own, protocol, (_, last), one), (other_own, other, (first, _), mapping)] = pair
        else {
            continue;
        };
        let range = [mapping, one].into_iter().find_map(|m| m.container_port_range.as_ref());
        if own == other_own
            && protocol == other
            && first <= last
            && let Some(range) = range
        {
            report.fault(
                format!("the ports {range} are taken twice"),
                "a port is in one mapping, and those of an awsvpc task in one of all containers",
            );
        }
    }
}
