//! Container definitions, to the SDK and back.

use std::collections::HashMap;

use aws_sdk_ecs::types as sdk;

use super::container_settings as settings;
use super::{extras, instance, port};
use crate::apply::cloud::CloudError;
use crate::aws::values::{some, text};
use crate::ecs::desired::{
    ContainerDefinition, ContainerDependency, ContainerSecret, EnvironmentFile,
    FirelensConfiguration, HealthCheck, KeyValuePair, LinuxParameters, LogConfiguration,
    MountPoint, RepositoryCredentials, SecretOption, TextMap, Tmpfs, Value,
};

/// As `RegisterTaskDefinition` takes it. What is empty is not sent.
pub(super) fn to_sdk(
    container: &ContainerDefinition,
) -> Result<sdk::ContainerDefinition, CloudError> {
    let ContainerDefinition {
        name,
        image,
        repository_credentials,
        cpu,
        memory,
        memory_reservation,
        port_mappings,
        essential,
        entry_point,
        command,
        working_directory,
        user,
        environment,
        secrets,
        environment_files,
        mount_points,
        depends_on,
        health_check,
        linux_parameters,
        readonly_root_filesystem,
        stop_timeout,
        docker_labels,
        log_configuration,
        firelens_configuration,
        interactive,
        pseudo_terminal,
        ulimits,
        system_controls,
        restart_policy,
        instance,
        extras,
    } = container;
    let labels = docker_labels.to_map();
    let builder = extras::container(sdk::ContainerDefinition::builder(), extras);
    Ok(instance::settings(builder, instance)?
        .name(name)
        .image(text(image)?)
        .set_repository_credentials(repository_credentials.as_ref().map(credentials).transpose()?)
        .cpu(*cpu)
        .set_memory(*memory)
        .set_memory_reservation(*memory_reservation)
        .set_port_mappings(some(port_mappings.iter().map(port::to_sdk).collect()))
        .essential(*essential)
        .set_entry_point(entry_point.clone())
        .set_command(command.clone())
        .set_working_directory(working_directory.clone())
        .set_user(user.clone())
        .set_environment(some(environment.iter().map(variable).collect()))
        .set_secrets(some(secrets.iter().map(secret).collect::<Result<_, _>>()?))
        .set_environment_files(some(environment_files.iter().map(file).collect::<Result<_, _>>()?))
        .set_mount_points(some(mount_points.iter().map(mount).collect()))
        .set_depends_on(some(depends_on.iter().map(dependency).collect::<Result<_, _>>()?))
        .set_health_check(health_check.as_ref().map(check).transpose()?)
        .set_linux_parameters(linux_parameters.as_ref().map(linux).transpose()?)
        .set_readonly_root_filesystem(*readonly_root_filesystem)
        .set_stop_timeout(*stop_timeout)
        .set_docker_labels((!docker_labels.is_empty()).then_some(labels))
        .set_log_configuration(log_configuration.as_ref().map(logs).transpose()?)
        .set_firelens_configuration(firelens_configuration.as_ref().map(firelens).transpose()?)
        .set_interactive(*interactive)
        .set_pseudo_terminal(*pseudo_terminal)
        .set_ulimits(some(ulimits.iter().map(settings::ulimit).collect::<Result<_, _>>()?))
        .set_system_controls(some(system_controls.iter().map(settings::control).collect()))
        .set_restart_policy(restart_policy.as_ref().map(settings::restart).transpose()?)
        .build())
}

/// As `DescribeTaskDefinition` gives it; what AWS fills in is left out where Desired leaves it out.
pub(super) fn from_sdk(
    container: &sdk::ContainerDefinition,
    mode: Option<&sdk::NetworkMode>,
) -> ContainerDefinition {
    let bridge = mode == Some(&sdk::NetworkMode::Bridge);
    ContainerDefinition {
        name: container.name().unwrap_or_default().to_owned(),
        image: Value::from(container.image().unwrap_or_default()),
        repository_credentials: container.repository_credentials().map(|credentials| {
            let credentials_parameter = credentials.credentials_parameter().to_owned();
            RepositoryCredentials { credentials_parameter }
        }),
        cpu: container.cpu(),
        memory: container.memory(),
        memory_reservation: container.memory_reservation(),
        port_mappings: port::from_sdk(container.port_mappings(), bridge),
        essential: container.essential().unwrap_or(true),
        entry_point: container.entry_point.clone().filter(|list| !list.is_empty()),
        command: container.command.clone().filter(|list| !list.is_empty()),
        working_directory: container.working_directory().map(str::to_owned),
        user: container.user().map(str::to_owned),
        environment: environment_back(container.environment()),
        secrets: secrets_back(container.secrets()),
        environment_files: container.environment_files().iter().map(file_back).collect(),
        mount_points: mounts_back(container.mount_points()),
        depends_on: container.depends_on().iter().map(dependency_back).collect(),
        health_check: container.health_check().map(check_back),
        linux_parameters: container.linux_parameters().and_then(linux_back),
        readonly_root_filesystem: container.readonly_root_filesystem().filter(|on| *on),
        stop_timeout: container.stop_timeout(),
        docker_labels: container
            .docker_labels()
            .into_iter()
            .flatten()
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
        log_configuration: container.log_configuration().map(logs_back),
        firelens_configuration: container.firelens_configuration().map(|firelens| {
            FirelensConfiguration {
                kind: firelens.r#type().as_str().to_owned(),
                options: sorted(firelens.options()),
            }
        }),
        interactive: container.interactive().filter(|on| *on),
        pseudo_terminal: container.pseudo_terminal().filter(|on| *on),
        ulimits: settings::ulimits_back(container.ulimits()),
        system_controls: settings::controls_back(container.system_controls()),
        restart_policy: container.restart_policy().and_then(settings::restart_back),
        instance: instance::settings_back(container),
        extras: extras::container_back(container),
    }
}

fn variable(pair: &KeyValuePair) -> sdk::KeyValuePair {
    let KeyValuePair { name, value } = pair;
    sdk::KeyValuePair::builder().name(name).value(value).build()
}

/// AWS gives variables back in an order of its own.
fn environment_back(list: &[sdk::KeyValuePair]) -> Vec<KeyValuePair> {
    let mut pairs: Vec<_> = list
        .iter()
        .map(|pair| KeyValuePair {
            name: pair.name().unwrap_or_default().to_owned(),
            value: pair.value().unwrap_or_default().to_owned(),
        })
        .collect();
    pairs.sort();
    pairs
}

fn secret(secret: &ContainerSecret) -> Result<sdk::Secret, CloudError> {
    let ContainerSecret { name, value_from } = secret;
    Ok(sdk::Secret::builder().name(name).value_from(text(value_from)?).build()?)
}

fn secrets_back(list: &[sdk::Secret]) -> Vec<ContainerSecret> {
    let mut secrets: Vec<_> = list
        .iter()
        .map(|secret| ContainerSecret {
            name: secret.name().to_owned(),
            value_from: Value::from(secret.value_from()),
        })
        .collect();
    secrets.sort();
    secrets
}

fn file(file: &EnvironmentFile) -> Result<sdk::EnvironmentFile, CloudError> {
    let EnvironmentFile { value, kind } = file;
    Ok(sdk::EnvironmentFile::builder().value(value).r#type(kind.as_str().into()).build()?)
}

fn file_back(file: &sdk::EnvironmentFile) -> EnvironmentFile {
    EnvironmentFile { value: file.value().to_owned(), kind: file.r#type().as_str().to_owned() }
}

fn mount(mount: &MountPoint) -> sdk::MountPoint {
    let MountPoint { source_volume, container_path, read_only } = mount;
    sdk::MountPoint::builder()
        .source_volume(source_volume)
        .container_path(container_path)
        .read_only(*read_only)
        .build()
}

fn mounts_back(list: &[sdk::MountPoint]) -> Vec<MountPoint> {
    let mut mounts: Vec<_> = list
        .iter()
        .map(|mount| MountPoint {
            source_volume: mount.source_volume().unwrap_or_default().to_owned(),
            container_path: mount.container_path().unwrap_or_default().to_owned(),
            read_only: mount.read_only().unwrap_or(false),
        })
        .collect();
    mounts.sort_by(|a, b| a.container_path.cmp(&b.container_path));
    mounts
}

fn dependency(dependency: &ContainerDependency) -> Result<sdk::ContainerDependency, CloudError> {
    let ContainerDependency { container_name, condition } = dependency;
    Ok(sdk::ContainerDependency::builder()
        .container_name(container_name)
        .condition(condition.as_str().into())
        .build()?)
}

fn dependency_back(dependency: &sdk::ContainerDependency) -> ContainerDependency {
    ContainerDependency {
        container_name: dependency.container_name().to_owned(),
        condition: dependency.condition().as_str().to_owned(),
    }
}

fn check(check: &HealthCheck) -> Result<sdk::HealthCheck, CloudError> {
    let HealthCheck { command, interval, timeout, retries, start_period } = check;
    Ok(sdk::HealthCheck::builder()
        .set_command(Some(command.clone()))
        .interval(*interval)
        .timeout(*timeout)
        .retries(*retries)
        .start_period(*start_period)
        .build()?)
}

fn check_back(check: &sdk::HealthCheck) -> HealthCheck {
    // The defaults are ECS's (API reference, HealthCheck).
    HealthCheck {
        command: check.command().to_vec(),
        interval: check.interval().unwrap_or(30),
        timeout: check.timeout().unwrap_or(5),
        retries: check.retries().unwrap_or(3),
        start_period: check.start_period().unwrap_or(0),
    }
}

fn linux(linux: &LinuxParameters) -> Result<sdk::LinuxParameters, CloudError> {
    let LinuxParameters {
        capabilities,
        init_process_enabled,
        devices,
        shared_memory_size,
        max_swap,
        swappiness,
        tmpfs,
    } = linux;
    let tmpfs = tmpfs
        .iter()
        .map(|Tmpfs { container_path, size, mount_options }| {
            Ok(sdk::Tmpfs::builder()
                .container_path(container_path)
                .size(*size)
                .set_mount_options(some(mount_options.clone()))
                .build()?)
        })
        .collect::<Result<_, CloudError>>()?;
    Ok(sdk::LinuxParameters::builder()
        .set_capabilities(capabilities.as_ref().map(settings::capabilities))
        .set_init_process_enabled(*init_process_enabled)
        .set_devices(some(devices.iter().map(instance::device).collect::<Result<_, _>>()?))
        .set_shared_memory_size(*shared_memory_size)
        .set_max_swap(*max_swap)
        .set_swappiness(*swappiness)
        .set_tmpfs(some(tmpfs))
        .build())
}

fn linux_back(linux: &sdk::LinuxParameters) -> Option<LinuxParameters> {
    let mut tmpfs: Vec<_> = linux
        .tmpfs()
        .iter()
        .map(|tmpfs| Tmpfs {
            container_path: tmpfs.container_path().to_owned(),
            size: tmpfs.size(),
            mount_options: tmpfs.mount_options().to_vec(),
        })
        .collect();
    tmpfs.sort_by(|a, b| a.container_path.cmp(&b.container_path));
    let init_process_enabled = linux.init_process_enabled().filter(|on| *on);
    let capabilities = linux.capabilities().and_then(settings::capabilities_back);
    let linux = LinuxParameters {
        capabilities,
        init_process_enabled,
        devices: instance::devices_back(linux.devices()),
        shared_memory_size: linux.shared_memory_size(),
        max_swap: linux.max_swap(),
        swappiness: linux.swappiness(),
        tmpfs,
    };
    (linux != LinuxParameters::default()).then_some(linux)
}

pub(super) fn logs(logs: &LogConfiguration) -> Result<sdk::LogConfiguration, CloudError> {
    let LogConfiguration { log_driver, options, secret_options } = logs;
    let secrets = secret_options
        .iter()
        .map(|SecretOption { name, value_from }| {
            Ok(sdk::Secret::builder().name(name).value_from(value_from).build()?)
        })
        .collect::<Result<_, CloudError>>()?;
    Ok(sdk::LogConfiguration::builder()
        .log_driver(log_driver.as_str().into())
        .set_options(Some(options.to_map()))
        .set_secret_options(some(secrets))
        .build()?)
}

pub(super) fn logs_back(logs: &sdk::LogConfiguration) -> LogConfiguration {
    let mut secret_options: Vec<_> = logs
        .secret_options()
        .iter()
        .map(|secret| SecretOption {
            name: secret.name().to_owned(),
            value_from: secret.value_from().to_owned(),
        })
        .collect();
    secret_options.sort();
    LogConfiguration {
        log_driver: logs.log_driver().as_str().to_owned(),
        options: sorted(logs.options()),
        secret_options,
    }
}

fn firelens(firelens: &FirelensConfiguration) -> Result<sdk::FirelensConfiguration, CloudError> {
    let FirelensConfiguration { kind, options } = firelens;
    let options = options.to_map();
    Ok(sdk::FirelensConfiguration::builder()
        .r#type(kind.as_str().into())
        .set_options(Some(options).filter(|options: &HashMap<_, _>| !options.is_empty()))
        .build()?)
}

fn credentials(
    credentials: &RepositoryCredentials,
) -> Result<sdk::RepositoryCredentials, CloudError> {
    let RepositoryCredentials { credentials_parameter } = credentials;
    Ok(sdk::RepositoryCredentials::builder()
        .credentials_parameter(credentials_parameter)
        .build()?)
}

fn sorted(options: Option<&HashMap<String, String>>) -> TextMap {
    options.into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect()
}
