use std::collections::{BTreeMap, BTreeSet};

use super::text::{is_ecs_name, is_placeholder, is_port, is_port_name};
use super::{Report, container_settings, instance, logging};
use crate::ecs::desired::{ContainerDefinition, ContainerExtras, HealthCheck, TaskDefinition};

/// `ecs ContainerDefinition` on Fargate
pub(super) fn container(
    container: &ContainerDefinition,
    task: &TaskDefinition,
    report: &mut Report<'_>,
) {
    let name = &container.name;
    if !is_ecs_name(name) {
        report.fault(
            format!("{name:?} is no container name"),
            "ECS takes 1 to 255 letters, digits, `_` and `-`",
        );
    }
    if container.image.known().is_some_and(|image| image.is_empty() || image.contains(' ')) {
        report.fault(format!("container {name:?} has no image"), "a container needs an image");
    }
    dependencies(container, task, report);
    mounts(container, task, report);
    ports(container, task, report);
    if let Some(check) = &container.health_check {
        health_check(name, check, report);
    }
    if let Some(timeout) = container.stop_timeout
        && !(2..=if instance::is_fargate(task) { 120 } else { i32::MAX }).contains(&timeout)
    {
        report.fault(format!("stopTimeout {timeout} of {name:?}"), "Fargate takes 2 to 120 s");
    }
    extras(container, task, report);
    variables(container, report);
    memory(container, report);
    logging::container(container, task, report);
    container_settings::settings(container, task, report);
    instance::container(container, task, report);
}

/// What overrides alone set, or get wrong (ECS API reference, `ContainerDefinition`).
fn extras(container: &ContainerDefinition, task: &TaskDefinition, report: &mut Report<'_>) {
    let name = &container.name;
    if container.cpu < 0 {
        report.fault(format!("cpu {} of {name:?}", container.cpu), "ECS takes 0 units or more");
    }
    let ContainerExtras {
        start_timeout,
        version_consistency,
        disable_networking: _,
        volumes_from,
        credential_specs: _,
    } = &container.extras;
    let most = if instance::is_fargate(task) { 120 } else { i32::MAX };
    if let Some(timeout) = start_timeout.filter(|timeout| !(2..=most).contains(timeout)) {
        report.fault(format!("startTimeout {timeout} of {name:?}"), "Fargate takes 2 to 120 s");
    }
    if let Some(word) = version_consistency.as_ref().filter(|word| *word != "disabled") {
        report.fault(
            format!("versionConsistency {word:?} of {name:?}"),
            "ECS takes enabled and disabled",
        );
    }
    for from in volumes_from {
        let other = &from.source_container;
        if other == name || !task.container_definitions.iter().any(|c| c.name == *other) {
            report.fault(
                format!("{name:?} takes volumes of {other:?}"),
                "`volumesFrom` names another container of the same task",
            );
        }
    }
    for mapping in &container.port_mappings {
        let word = mapping.app_protocol.as_deref().unwrap_or("http");
        if !matches!(word, "http" | "http2" | "grpc") {
            report.fault(
                format!("appProtocol {word:?} of {name:?}"),
                "ECS takes http, http2 and grpc, and TCP where there is none",
            );
        }
    }
}

fn dependencies(container: &ContainerDefinition, task: &TaskDefinition, report: &mut Report<'_>) {
    for dependency in &container.depends_on {
        let (name, other) = (&container.name, &dependency.container_name);
        let found = task.container_definitions.iter().find(|c| c.name == *other);
        let Some(found) = found else {
            report.fault(
                format!("container {name:?} depends on {other:?}, which is not in the task"),
                "`dependsOn` names containers of the same task",
            );
            continue;
        };
        match dependency.condition.as_str() {
            "START" => {}
            "HEALTHY" if found.health_check.is_some() => {}
            "HEALTHY" => report.fault(
                format!("container {name:?} waits until {other:?} is healthy"),
                "HEALTHY needs a health check on the other container",
            ),
            "SUCCESS" | "COMPLETE" if !found.essential => {}
            condition @ ("SUCCESS" | "COMPLETE") => report.fault(
                format!(
                    "container {name:?} waits for the end of the essential container {other:?}"
                ),
                format!("{condition} needs the other container to be non-essential"),
            ),
            condition => report.fault(
                format!("{condition:?} is no condition"),
                "write START, HEALTHY, SUCCESS or COMPLETE",
            ),
        }
    }
}

/// A container that depends on itself over others.
pub(super) fn cycle(containers: &[ContainerDefinition]) -> Option<&str> {
    let mut open: BTreeMap<&str, Vec<&str>> = containers
        .iter()
        .map(|c| {
            let others = c.depends_on.iter().map(|d| d.container_name.as_str());
            (c.name.as_str(), others.collect())
        })
        .collect();
    // Takes away whoever waits for nobody that is left, until nothing changes.
    loop {
        let left: BTreeSet<&str> = open.keys().copied().collect();
        let before = open.len();
        open.retain(|_, others| others.iter().any(|other| left.contains(other)));
        if open.len() == before {
            return open.into_keys().next();
        }
    }
}

fn mounts(container: &ContainerDefinition, task: &TaskDefinition, report: &mut Report<'_>) {
    let name = &container.name;
    let mut paths = BTreeSet::new();
    for point in &container.mount_points {
        if !task.volumes.iter().any(|volume| volume.name == point.source_volume) {
            report.fault(
                format!(
                    "container {name:?} mounts {:?}, which the task does not have",
                    point.source_volume
                ),
                "a mount point names a volume of its task",
            );
        }
        if !paths.insert(&point.container_path) || !point.container_path.starts_with('/') {
            report.fault(
                format!("{:?} cannot be mounted over in {name:?}", point.container_path),
                "each path is absolute and mounted over once",
            );
        }
    }
    for tmpfs in container.linux_parameters.iter().flat_map(|linux| &linux.tmpfs) {
        let absolute = tmpfs.container_path.starts_with('/');
        if !paths.insert(&tmpfs.container_path) || !absolute || tmpfs.size < 1 {
            report.fault(
                format!("tmpfs {:?} of {} MiB in {name:?}", tmpfs.container_path, tmpfs.size),
                "each path is absolute and mounted over once, with at least 1 MiB",
            );
        }
    }
}

fn ports(container: &ContainerDefinition, task: &TaskDefinition, report: &mut Report<'_>) {
    for mapping in &container.port_mappings {
        let (port, host) = (mapping.container_port, mapping.host_port);
        let is_protocol = matches!(mapping.protocol.as_str(), "tcp" | "udp");
        if let Some(range) = &mapping.container_port_range {
            let goes = matches!(task.network_mode.as_str(), "awsvpc" | "bridge");
            if mapping.ports().is_none() || !goes || !is_protocol {
                report.fault(
                    format!("containerPortRange {range:?} of {:?}", container.name),
                    "ECS takes FIRST-LAST, of 1 to 65535 and the first below the last, on awsvpc \
                        and bridge",
                );
            }
        } else if !is_port(port) || !is_protocol {
            report.fault(
                format!("{port}/{} of {:?} is no port", mapping.protocol, container.name),
                "a port is 1 to 65535, tcp or udp",
            );
        }
        if mapping.container_port_range.is_none() && !instance::mapped(mapping, task) {
            report.fault(
                format!("container port {port} of {:?} is host port {host}", container.name),
                "on awsvpc and host both are the same",
            );
        }
        if let Some(name) = mapping.name.as_ref().filter(|name| !is_port_name(name)) {
            report.fault(
                format!("{name:?} is no port name"),
                "ECS takes 1 to 64 lower-case letters, digits, `_` and `-`, not starting with `-`",
            );
        }
    }
}

fn health_check(container: &str, check: &HealthCheck, report: &mut Report<'_>) {
    let HealthCheck { command, interval, timeout, retries, start_period } = check;
    let good = match command.split_first() {
        Some((first, rest)) => match first.as_str() {
            "CMD" => !rest.is_empty(),
            "CMD-SHELL" => rest.len() == 1,
            "NONE" => rest.is_empty(),
            _ => false,
        },
        None => false,
    };
    if !good {
        report.fault(
            format!("the health check of {container:?} has no command"),
            "it starts with CMD and the words, or CMD-SHELL and one line",
        );
    }
    for (name, value, least, most) in [
        ("interval", *interval, 5, 300),
        ("timeout", *timeout, 2, 60),
        ("retries", *retries, 1, 10),
        ("startPeriod", *start_period, 0, 300),
    ] {
        if !(least..=most).contains(&value) {
            report.fault(
                format!("healthCheck.{name} {value} of {container:?}"),
                format!("ECS takes {least} to {most}"),
            );
        }
    }
}

fn variables(container: &ContainerDefinition, report: &mut Report<'_>) {
    let mut seen = BTreeSet::new();
    supplied(container, report);
    let fetched = container.secrets.iter().map(|secret| &secret.name);
    for name in fetched.chain(container.environment.iter().map(|variable| &variable.name)) {
        if name.is_empty() || !seen.insert(name) {
            report.fault(
                format!(
                    "the variable {name:?} of {:?} stands twice or has no name",
                    container.name
                ),
                "names of variables are unique, those of `secrets` among them",
            );
        }
    }
}

/// What ECS fetches (ECS API reference, `Secret` and `EnvironmentFile`).
fn supplied(container: &ContainerDefinition, report: &mut Report<'_>) {
    let name = &container.name;
    for secret in &container.secrets {
        let known = secret.value_from.known().filter(|text| !is_placeholder(text));
        if known.is_some_and(|text| !text.starts_with("arn:") && !text.starts_with('/')) {
            report.fault(
                format!("{:?} of {name:?} comes from {known:?}", secret.name),
                "`valueFrom` is the ARN of a secret, or the ARN or path of a parameter",
            );
        }
    }
    let files = &container.environment_files;
    if files.len() > 10 {
        report.fault(
            format!("{} files of variables in {name:?}", files.len()),
            "a container has at most ten `environmentFiles`",
        );
    }
    for file in files {
        let object = file.value.starts_with("arn:") && file.value.contains(":s3:::");
        if file.kind != "s3" || !object || !file.value.ends_with(".env") {
            report.fault(
                format!("{:?} is no file of variables for {name:?}", file.value),
                "ECS takes objects in S3, by ARN, that end with `.env`",
            );
        }
    }
}

fn memory(container: &ContainerDefinition, report: &mut Report<'_>) {
    let (limit, reserved) = (container.memory, container.memory_reservation);
    if let (Some(limit), Some(reserved)) = (limit, reserved)
        && reserved >= limit
    {
        report.fault(
            format!("{reserved} MiB of {limit} MiB are reserved for {:?}", container.name),
            "`memory` is greater than `memoryReservation`",
        );
    }
    if [limit, reserved].into_iter().flatten().any(|mib| mib < 6) {
        report.fault(format!("too little memory for {:?}", container.name), "6 MiB are the least");
    }
}
