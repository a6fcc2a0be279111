//! What AWS holds of log drivers and log routers on Fargate.

use super::Report;
use crate::compose::model::Launch;
use crate::ecs::desired::{ContainerDefinition, LogConfiguration, TaskDefinition};
use crate::ecs::rules::logging::{has_driver, is_size};

/// `ecs LogConfiguration` (ECS API reference)
pub(super) fn container(
    container: &ContainerDefinition,
    task: &TaskDefinition,
    report: &mut Report<'_>,
) {
    let Some(log) = &container.log_configuration else { return };
    let LogConfiguration { log_driver, options, secret_options } = log;
    let name = &container.name;
    let lacks = |option: &str| {
        options.get(option).is_none_or(str::is_empty)
            && !secret_options.iter().any(|secret| secret.name == option)
    };
    let needed: &[&str] = match log_driver.as_str() {
        "awslogs" => &["awslogs-group", "awslogs-region", "awslogs-stream-prefix"],
        "splunk" => &["splunk-token", "splunk-url"],
        "awsfirelens" => &[],
        driver if has_driver(launch(task), driver) => &[],
        driver => {
            report.fault(
                format!("{driver:?} of {name:?} is no log driver on {}", launch(task).as_str()),
                "Fargate takes awslogs, splunk and awsfirelens, managed instances json-file, too, and \
                 EC2 fluentd, gelf, json-file, journald and syslog",
            );
            return;
        }
    };
    for option in needed.iter().filter(|option| lacks(option)) {
        report.fault(
            format!("{name:?} logs without {option}"),
            "awslogs needs group, region and stream prefix on Fargate, splunk token and url",
        );
    }
    if !lacks("awslogs-datetime-format") && !lacks("awslogs-multiline-pattern") {
        report.fault(
            format!("two patterns say where a message of {name:?} starts"),
            "awslogs takes a datetime format or a multiline pattern",
        );
    }
    let bad_mode = options.get("mode").is_some_and(|m| m != "blocking" && m != "non-blocking");
    if bad_mode || options.get("max-buffer-size").is_some_and(|size| !is_size(size)) {
        report.fault(
            format!("{name:?} logs in a mode that is not taken"),
            "`mode` is blocking or non-blocking, `max-buffer-size` a size such as 25m",
        );
    }
    for secret in secret_options {
        let twice = options.contains_key(&secret.name)
            || secret_options.iter().filter(|other| other.name == secret.name).count() > 1;
        if secret.name.is_empty() || secret.value_from.is_empty() || twice {
            report.fault(
                format!(
                    "the secret option {:?} of {name:?} stands twice, or is empty",
                    secret.name
                ),
                "each option stands once, with a value or with a secret",
            );
        }
    }
}

fn launch(task: &TaskDefinition) -> Launch {
    let launches = [Launch::Fargate, Launch::Ec2, Launch::ManagedInstances];
    let is = |launch: &Launch| task.requires_compatibilities.iter().any(|c| c == launch.as_str());
    launches.into_iter().find(is).unwrap_or_default()
}

/// `ecs FirelensConfiguration` (ECS API reference; ECS developer guide, "FireLens")
pub(super) fn task(task: &TaskDefinition, report: &mut Report<'_>) {
    let containers = &task.container_definitions;
    let routers: Vec<_> =
        containers.iter().filter(|c| c.firelens_configuration.is_some()).collect();
    let sends = |container: &ContainerDefinition| {
        container.log_configuration.as_ref().is_some_and(|log| log.log_driver == "awsfirelens")
    };
    if routers.len() > 1 || (routers.is_empty() && containers.iter().any(sends)) {
        report.fault(
            format!("{} log routers", routers.len()),
            "a task whose containers log to awsfirelens has exactly one",
        );
    }
    for router in routers {
        let Some(firelens) = &router.firelens_configuration else { continue };
        if sends(router) {
            report.fault(
                format!("the log router {:?} sends to itself", router.name),
                "it needs another log driver, such as awslogs",
            );
        }
        if !matches!(firelens.kind.as_str(), "fluentbit" | "fluentd") {
            report.fault(
                format!("{:?} is no log router", firelens.kind),
                "ECS takes fluentbit and fluentd",
            );
        }
        if firelens.options.get("config-file-type").is_some_and(|kind| kind != "file") {
            report.fault(
                format!("the log router {:?} reads its file from elsewhere", router.name),
                "on Fargate `config-file-type` is file",
            );
        }
    }
}
