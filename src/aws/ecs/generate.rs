//! For tests: every body that the translator can make, more or less.

mod extras;
mod kernel;
mod shift;
mod volumes;

use proptest::prelude::*;

use crate::ecs::desired::*;
use kernel::{controls, instance, instance_linux, ulimits};

fn word() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9-]{0,6}"
}

fn value() -> impl Strategy<Value = Value> {
    word().prop_map(Value::from)
}

fn option<T: std::fmt::Debug + Clone + 'static>(
    strategy: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Option<T>> {
    prop::option::of(strategy)
}

/// The translator writes a switch only when it is on.
fn on() -> impl Strategy<Value = Option<bool>> {
    option(Just(true))
}

fn sorted<T: Clone, K: Ord>(mut list: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    list.sort_by_key(|item| key(item));
    list.dedup_by_key(|item| key(item));
    list
}

fn ports() -> impl Strategy<Value = Vec<PortMapping>> {
    let port = (option(word()), 1..65535, prop::bool::ANY, option(Just("http".to_owned())))
        .prop_map(|(name, port, udp, app_protocol)| PortMapping {
            name,
            container_port: port,
            host_port: port,
            protocol: if udp { "udp" } else { "tcp" }.to_owned(),
            app_protocol,
            container_port_range: None,
        });
    prop::collection::vec(port, 0..4)
        .prop_map(|list| sorted(list, |port| (port.container_port, port.protocol.clone())))
}

fn environment() -> impl Strategy<Value = Vec<KeyValuePair>> {
    let pair = (word(), "\\PC{0,6}").prop_map(|(name, value)| KeyValuePair { name, value });
    prop::collection::vec(pair, 0..4).prop_map(|list| sorted(list, |pair| pair.name.clone()))
}

fn secrets() -> impl Strategy<Value = Vec<ContainerSecret>> {
    let secret =
        (word(), value()).prop_map(|(name, value_from)| ContainerSecret { name, value_from });
    prop::collection::vec(secret, 0..3).prop_map(|list| sorted(list, |secret| secret.name.clone()))
}

fn files() -> impl Strategy<Value = Vec<EnvironmentFile>> {
    let file = word().prop_map(|value| EnvironmentFile { value, kind: "s3".to_owned() });
    prop::collection::vec(file, 0..3)
}

fn mounts() -> impl Strategy<Value = Vec<MountPoint>> {
    let mount = (word(), word(), prop::bool::ANY).prop_map(|(volume, path, read_only)| {
        MountPoint { source_volume: volume, container_path: format!("/{path}"), read_only }
    });
    prop::collection::vec(mount, 0..3).prop_map(|list| sorted(list, |m| m.container_path.clone()))
}

fn check() -> impl Strategy<Value = HealthCheck> {
    (prop::collection::vec(word(), 1..3), 5..300, 2..60, 1..10, 0..300).prop_map(
        |(command, interval, timeout, retries, start_period)| HealthCheck {
            command,
            interval,
            timeout,
            retries,
            start_period,
        },
    )
}

fn restart() -> impl Strategy<Value = ContainerRestartPolicy> {
    (prop::collection::vec(0..255, 0..3), option(60..1800)).prop_map(|(codes, period)| {
        ContainerRestartPolicy {
            enabled: true,
            ignored_exit_codes: codes,
            restart_attempt_period: period,
        }
    })
}

fn words() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(word(), 1..4)
}

fn options() -> impl Strategy<Value = TextMap> {
    prop::collection::btree_map(word(), word(), 0..3).prop_map(TextMap::from_iter)
}

fn log() -> impl Strategy<Value = LogConfiguration> {
    let driver = prop::sample::select(vec!["awslogs", "splunk", "awsfirelens"]);
    let secrets = prop::collection::btree_map(word(), word(), 0..2);
    (driver, options(), secrets).prop_map(|(driver, options, secrets)| LogConfiguration {
        log_driver: driver.to_owned(),
        options,
        secret_options: secrets
            .into_iter()
            .map(|(name, value_from)| SecretOption { name, value_from })
            .collect(),
    })
}

fn firelens() -> impl Strategy<Value = FirelensConfiguration> {
    (prop::bool::ANY, options()).prop_map(|(fluentd, options)| FirelensConfiguration {
        kind: if fluentd { "fluentd" } else { "fluentbit" }.to_owned(),
        options,
    })
}

prop_compose! {
    fn limits()(
        cpu in 0..4096,
        memory in option(6..9999),
        memory_reservation in option(6..9999),
        stop_timeout in option(2..120),
        readonly_root_filesystem in on(),
        interactive in on(),
        pseudo_terminal in on(),
        ulimits in ulimits(),
        system_controls in controls(),
        restart_policy in option(restart()),
    ) -> ContainerDefinition {
        ContainerDefinition {
            cpu, memory, memory_reservation, stop_timeout, readonly_root_filesystem, interactive,
            pseudo_terminal, ulimits, system_controls, restart_policy,
            ..ContainerDefinition::default()
        }
    }
}

prop_compose! {
    fn container()(
        limits in limits(),
        name in word(),
        image in value(),
        essential in prop::bool::ANY,
        port_mappings in ports(),
        environment in environment(),
        supplied in (secrets(), files(), instance(), extras::container()),
        mount_points in mounts(),
        commands in (option(words()), option(words()), option(word()), option(word())),
        health_check in option(check()),
        linux_parameters in option(instance_linux()),
        docker_labels in options(),
        log in option(log()),
        firelens_configuration in option(firelens()),
        registry in option(word()),
        depends_on in prop::collection::vec(word(), 0..3),
    ) -> ContainerDefinition {
        let (entry_point, command, working_directory, user) = commands;
        let (secrets, environment_files, instance, extras) = supplied;
        let condition = |name| ContainerDependency {
            container_name: name,
            condition: "HEALTHY".to_owned(),
        };
        ContainerDefinition {
            name, image, essential, port_mappings, environment, secrets, environment_files, mount_points, entry_point, command,
            working_directory, user, health_check, linux_parameters, docker_labels,
            depends_on: depends_on.into_iter().map(condition).collect(),
            log_configuration: log,
            instance,
            extras,
            firelens_configuration,
            repository_credentials: registry
                .map(|credentials_parameter| RepositoryCredentials { credentials_parameter }),
            ..limits
        }
    }
}

fn tags() -> impl Strategy<Value = Vec<Tag>> {
    prop::collection::btree_map(word(), word(), 0..3).prop_map(|tags| {
        tags.into_iter().map(|(key, value)| Tag { key: key.into(), value }).collect()
    })
}

prop_compose! {
    pub(super) fn task()(
        family in word(),
        task_role_arn in option(value()),
        execution_role_arn in option(value()),
        arm in prop::bool::ANY,
        shares_processes in prop::bool::ANY,
        on_instances in prop::bool::ANY,
        ipc in option(prop::sample::select(vec!["host", "task", "none"])),
        storage in option(21..200),
        volumes in volumes::volumes(),
        extras in extras::task(),
        container_definitions in prop::collection::vec(container(), 1..3),
        tags in tags(),
    ) -> TaskDefinition {
        TaskDefinition {
            family, task_role_arn, execution_role_arn, volumes, container_definitions, tags, extras,
            network_mode: if on_instances { "bridge" } else { "awsvpc" }.to_owned(),
            ipc_mode: ipc.map(str::to_owned),
            pid_mode: shares_processes.then(|| "task".to_owned()),
            requires_compatibilities: vec![if on_instances { "EC2" } else { "FARGATE" }.to_owned()],
            cpu: if on_instances { "" } else { "256" }.to_owned(),
            memory: if on_instances { "" } else { "512" }.to_owned(),
            runtime_platform: RuntimePlatform {
                cpu_architecture: if arm { "ARM64" } else { "X86_64" }.to_owned(),
                operating_system_family: "LINUX".to_owned(),
            },
            ephemeral_storage: storage.map(|size_in_gib| EphemeralStorage { size_in_gib }),
        }
    }
}

fn placement() -> impl Strategy<Value = (Vec<PlacementConstraint>, Vec<PlacementStrategy>)> {
    let constraint = option(word()).prop_map(|expression| PlacementConstraint {
        kind: if expression.is_some() { "memberOf" } else { "distinctInstance" }.to_owned(),
        expression,
    });
    let fields =
        vec![("binpack", Some("memory")), ("spread", Some("instanceId")), ("random", None)];
    let strategy = prop::sample::select(fields).prop_map(|(kind, field)| PlacementStrategy {
        kind: kind.to_owned(),
        field: field.map(str::to_owned),
    });
    (prop::collection::vec(constraint, 0..3), prop::collection::vec(strategy, 0..3))
}

fn connect() -> impl Strategy<Value = ServiceConnectConfiguration> {
    let offer =
        (word(), word(), 1..65535).prop_map(|(port_name, name, port)| ServiceConnectService {
            port_name,
            discovery_name: name.clone(),
            client_aliases: vec![ServiceConnectClientAlias {
                port,
                dns_name: name,
                test_traffic_rules: None,
            }],
            ingress_port_override: None,
            timeout: None,
            tls: None,
        });
    let offers = prop::collection::vec(offer, 0..3)
        .prop_map(|list| sorted(list, |o: &ServiceConnectService| o.discovery_name.clone()));
    (value(), offers).prop_map(|(namespace, services)| ServiceConnectConfiguration {
        enabled: true,
        namespace,
        services,
        log_configuration: None,
        access_log_configuration: None,
        container_configurations: Vec::new(),
    })
}

prop_compose! {
    pub(super) fn ecs_service()(
        names in (word(), word(), value()),
        numbers in (0..9, 100..200, 0..100, 0..300),
        switches in (prop::bool::ANY, prop::bool::ANY, prop::bool::ANY, prop::bool::ANY),
        on_instances in (prop::bool::ANY, prop::bool::ANY, placement()),
        groups in prop::collection::vec(value(), 1..4),
        subnets in words(),
        balancers in prop::collection::vec((value(), word(), 1..65535, option(shift::advanced())), 0..3),
        moved in shift::shift(),
        volume_configurations in volumes::configured(),
        connect in option(connect()),
        registry in option(value()),
        tags in tags(),
    ) -> Service {
        let (cluster, service_name, task_definition) = names;
        let (desired_count, maximum_percent, minimum_healthy_percent, grace) = numbers;
        let balancers = balancers.into_iter().map(|(arn, container_name, container_port, advanced)| {
            ServiceLoadBalancer {
                target_group_arn: arn, container_name, container_port, advanced_configuration: advanced,
            }
        });
        let load_balancers =
            sorted(balancers.collect(), |b: &ServiceLoadBalancer| (b.container_name.clone(), b.container_port));
        let (on_instances, is_daemon, placement) = on_instances;
        let is_daemon = on_instances && is_daemon;
        let service = Service {
            cluster, service_name, task_definition, desired_count, tags,
            launch_type: None,
            placement_constraints: Vec::new(),
            placement_strategy: Vec::new(),
            capacity_provider_strategy: vec![CapacityProviderStrategyItem {
                capacity_provider: "FARGATE".to_owned(), weight: 1, base: 0,
            }],
            platform_version: "LATEST".to_owned(),
            scheduling_strategy: "REPLICA".to_owned(),
            deployment_configuration: shift::shifted(DeploymentConfiguration {
                alarms: switches.0.then(|| DeploymentAlarms {
                    alarm_names: vec!["errors".to_owned()], rollback: switches.1, enable: true,
                }),
                deployment_circuit_breaker: DeploymentCircuitBreaker {
                    enable: switches.0, rollback: switches.1,
                    reset_on_healthy_task: None, threshold_configuration: None,
                },
                maximum_percent, minimum_healthy_percent,
                strategy: None, bake_time_in_minutes: None, canary_configuration: None,
                linear_configuration: None, lifecycle_hooks: Vec::new(),
                early_success_criteria: None,
            }, moved),
            network_configuration: NetworkConfiguration {
                awsvpc_configuration: AwsVpcConfiguration {
                    subnets: subnets.into_iter().map(Value::from).collect(), security_groups: groups, assign_public_ip: "ENABLED".to_owned(),
                },
            },
            health_check_grace_period_seconds: (!load_balancers.is_empty()).then_some(grace),
            load_balancers,
            service_connect_configuration: connect,
            volume_configurations,
            vpc_lattice_configurations: Vec::new(),
            service_registries: registry.map(ServiceRegistry::of).into_iter().collect(),
            availability_zone_rebalancing: "ENABLED".to_owned(),
            enable_ecs_managed_tags: switches.2,
            propagate_tags: "SERVICE".to_owned(),
            enable_execute_command: switches.3,
            is_scaled: false,
        };
        if !on_instances {
            return service;
        }
        Service {
            desired_count: if is_daemon { 0 } else { service.desired_count },
            launch_type: Some("EC2".to_owned()),
            capacity_provider_strategy: Vec::new(),
            platform_version: String::new(),
            scheduling_strategy: if is_daemon { Service::DAEMON } else { "REPLICA" }.to_owned(),
            network_configuration: NetworkConfiguration::default(),
            placement_constraints: placement.0,
            placement_strategy: placement.1,
            ..service
        }
    }
}
