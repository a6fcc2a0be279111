//! The tasks of the application, and the service that runs them.

use super::*;

impl App {
    pub(super) fn tasks(&self, desired: &mut Desired) {
        let id = ResourceId::new(Kind::TaskDefinition, "web");
        let container = ContainerDefinition {
            name: "web".to_owned(),
            image: Value::from("busybox:local"),
            memory: Some(256),
            port_mappings: vec![PortMapping {
                name: Some("web-80".to_owned()),
                container_port: 80,
                host_port: 80,
                protocol: "tcp".to_owned(),
                app_protocol: None,
                container_port_range: None,
            }],
            essential: true,
            command: Some(vec!["sleep".to_owned(), "600".to_owned()]),
            environment: self.environment.clone(),
            mount_points: vec![MountPoint {
                source_volume: "pages".to_owned(),
                container_path: "/pages".to_owned(),
                read_only: false,
            }],
            health_check: Some(HealthCheck {
                command: vec!["CMD-SHELL".to_owned(), "true".to_owned()],
                interval: 10,
                timeout: 5,
                retries: 3,
                start_period: 0,
            }),
            log_configuration: Some(LogConfiguration {
                log_driver: "awslogs".to_owned(),
                options: [
                    ("awslogs-group".to_owned(), format!("/decklift/{}/web", self.stack)),
                    ("awslogs-region".to_owned(), "us-east-1".to_owned()),
                    ("awslogs-stream-prefix".to_owned(), "web".to_owned()),
                ]
                .into_iter()
                .collect(),
                secret_options: Vec::new(),
            }),
            ..ContainerDefinition::default()
        };
        let body = TaskDefinition {
            family: format!("{}-web", self.stack),
            task_role_arn: None,
            execution_role_arn: Some(attribute(Kind::Role, "web", Attribute::Arn)),
            network_mode: "awsvpc".to_owned(),
            pid_mode: None,
            ipc_mode: None,
            requires_compatibilities: vec!["FARGATE".to_owned()],
            cpu: "256".to_owned(),
            memory: "512".to_owned(),
            runtime_platform: RuntimePlatform {
                cpu_architecture: "X86_64".to_owned(),
                operating_system_family: "LINUX".to_owned(),
            },
            extras: decklift::ecs::desired::TaskExtras::default(),
            ephemeral_storage: None,
            volumes: vec![TaskVolume {
                configured_at_launch: None,
                name: "pages".to_owned(),
                host: None,
                efs_volume_configuration: Some(EfsVolumeConfiguration {
                    file_system_id: attribute(Kind::FileSystem, "data", Attribute::Id),
                    root_directory: None,
                    transit_encryption: "ENABLED".to_owned(),
                    transit_encryption_port: None,
                    authorization_config: Some(EfsAuthorizationConfig {
                        access_point_id: Some(attribute(Kind::AccessPoint, "pages", Attribute::Id)),
                        iam: "DISABLED".to_owned(),
                    }),
                }),
                s3_files_volume_configuration: None,
                docker_volume_configuration: None,
            }],
            container_definitions: vec![container],
            tags: self.lower(&id),
        };
        add(desired, id, Body::TaskDefinition(Box::new(body)));
        add(
            desired,
            ResourceId::new(Kind::Service, "web"),
            Body::Service(Box::new(self.service())),
        );
    }

    fn service(&self) -> Service {
        Service {
            cluster: self.stack.clone(),
            service_name: format!("{}-web", self.stack),
            task_definition: attribute(Kind::TaskDefinition, "web", Attribute::Arn),
            desired_count: self.replicas,
            launch_type: None,
            placement_constraints: Vec::new(),
            placement_strategy: Vec::new(),
            capacity_provider_strategy: vec![CapacityProviderStrategyItem {
                capacity_provider: "FARGATE".to_owned(),
                weight: 1,
                base: 0,
            }],
            platform_version: "LATEST".to_owned(),
            scheduling_strategy: "REPLICA".to_owned(),
            deployment_configuration: DeploymentConfiguration {
                alarms: None,
                deployment_circuit_breaker: DeploymentCircuitBreaker {
                    enable: true,
                    rollback: true,
                    reset_on_healthy_task: None,
                    threshold_configuration: None,
                },
                maximum_percent: 200,
                minimum_healthy_percent: 100,
                strategy: None,
                bake_time_in_minutes: None,
                canary_configuration: None,
                linear_configuration: None,
                lifecycle_hooks: Vec::new(),
                early_success_criteria: None,
            },
            network_configuration: NetworkConfiguration {
                awsvpc_configuration: AwsVpcConfiguration {
                    subnets: self.network.task_subnets.clone(),
                    security_groups: vec![attribute(
                        Kind::SecurityGroup,
                        "net-default",
                        Attribute::Id,
                    )],
                    assign_public_ip: "ENABLED".to_owned(),
                },
            },
            load_balancers: vec![ServiceLoadBalancer {
                target_group_arn: attribute(Kind::TargetGroup, "web-80", Attribute::Arn),
                container_name: "web".to_owned(),
                container_port: 80,
                advanced_configuration: None,
            }],
            health_check_grace_period_seconds: Some(60),
            service_connect_configuration: Some(ServiceConnectConfiguration {
                enabled: true,
                namespace: attribute(Kind::Namespace, "main", Attribute::Arn),
                services: vec![ServiceConnectService {
                    port_name: "web-80".to_owned(),
                    discovery_name: "web-80".to_owned(),
                    client_aliases: vec![ServiceConnectClientAlias {
                        port: 80,
                        dns_name: "web".to_owned(),
                        test_traffic_rules: None,
                    }],
                    ingress_port_override: None,
                    timeout: None,
                    tls: None,
                }],
                log_configuration: None,
                access_log_configuration: None,
                container_configurations: Vec::new(),
            }),
            service_registries: vec![ServiceRegistry::of(attribute(
                Kind::DnsName,
                "web",
                Attribute::Arn,
            ))],
            volume_configurations: Vec::new(),
            vpc_lattice_configurations: Vec::new(),
            availability_zone_rebalancing: "ENABLED".to_owned(),
            enable_ecs_managed_tags: true,
            propagate_tags: "SERVICE".to_owned(),
            enable_execute_command: false,
            tags: self.lower(&ResourceId::new(Kind::Service, "web")),
            is_scaled: false,
        }
    }
}
