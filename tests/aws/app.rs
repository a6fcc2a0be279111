//! An application that has one resource of every kind at least.

#[path = "app/tasks.rs"]
mod tasks;

use std::collections::BTreeMap;

use decklift::ecs::desired::*;
use decklift::ecs::facts::NetworkFacts;

/// A whole application: one resource of every kind at least.
pub(crate) struct App {
    /// The name that every AWS name starts with.
    pub(crate) stack: String,
    network: NetworkFacts,
    /// Days.
    pub(crate) retention: i32,
    /// Of the health check.
    pub(crate) path: String,
    /// Tasks.
    pub(crate) replicas: i32,
    /// Of the container.
    pub(crate) environment: Vec<KeyValuePair>,
}

impl App {
    pub(crate) fn new(stack: &str, network: NetworkFacts) -> Self {
        let pair = |name: &str, value: &str| KeyValuePair {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        Self {
            stack: stack.to_owned(),
            network,
            retention: 30,
            path: "/health".to_owned(),
            replicas: 2,
            environment: vec![pair("A", "1"), pair("B", "")],
        }
    }

    fn tags(&self, id: &ResourceId) -> BTreeMap<String, String> {
        let pair = |key: &str, value: &str| (format!("decklift:{key}"), value.to_owned());
        [
            pair("project", &self.stack),
            pair("environment", "default"),
            pair("resource", &id.to_string()),
        ]
        .into_iter()
        .collect()
    }

    fn lower(&self, id: &ResourceId) -> Vec<Tag> {
        self.tags(id).into_iter().map(|(key, value)| Tag { key: key.into(), value }).collect()
    }

    fn upper(&self, id: &ResourceId) -> Vec<UpperTag> {
        self.tags(id).into_iter().map(|(key, value)| UpperTag { key: key.into(), value }).collect()
    }

    fn group(&self, desired: &mut Desired, name: &str) {
        let id = ResourceId::new(Kind::SecurityGroup, name);
        let body = SecurityGroup {
            group_name: format!("{}-{name}", self.stack),
            description: "a group".to_owned(),
            vpc_id: self.network.vpc_id.clone(),
            tag_specifications: vec![TagSpecification {
                resource_type: "security-group".to_owned(),
                tags: self.upper(&id),
            }],
        };
        add(desired, id, Body::SecurityGroup(Box::new(body)));
    }

    fn rule(
        &self,
        desired: &mut Desired,
        name: &str,
        group: &str,
        port: Option<i32>,
        from: Option<&str>,
    ) {
        let pair = |group: &str| GroupPair {
            group_id: attribute(Kind::SecurityGroup, group, Attribute::Id),
            description: None,
        };
        let range = || IpRange { cidr_ip: "0.0.0.0/0".to_owned(), description: None };
        let permission = IpPermission {
            ip_protocol: if port.is_some() { "tcp" } else { "-1" }.to_owned(),
            from_port: port,
            to_port: port,
            ip_ranges: if from.is_none() { vec![range()] } else { vec![] },
            user_id_group_pairs: from.map(pair).into_iter().collect(),
        };
        let body = IngressRule {
            group_id: attribute(Kind::SecurityGroup, group, Attribute::Id),
            ip_permissions: vec![permission],
            tag_specifications: vec![TagSpecification {
                resource_type: "security-group-rule".to_owned(),
                tags: self.upper(&ResourceId::new(Kind::IngressRule, name)),
            }],
        };
        add(desired, ResourceId::new(Kind::IngressRule, name), Body::IngressRule(body));
    }

    pub(crate) fn desired(&self) -> Desired {
        let mut desired = Desired { stack: self.stack.clone(), ..Desired::default() };
        self.foundations(&mut desired);
        self.volumes(&mut desired);
        self.balancer(&mut desired);
        self.tasks(&mut desired);
        desired
    }

    fn dns(&self, desired: &mut Desired) {
        let zone = ResourceId::new(Kind::PrivateNamespace, "main");
        let body = PrivateNamespace {
            name: format!("{}.internal", self.stack),
            vpc: self.network.vpc_id.clone(),
            tags: self.upper(&zone),
        };
        add(desired, zone, Body::PrivateNamespace(body));
        let id = ResourceId::new(Kind::DnsName, "web");
        let body = DnsName {
            name: "web".to_owned(),
            namespace_id: attribute(Kind::PrivateNamespace, "main", Attribute::Id),
            dns_config: DnsConfig {
                routing_policy: "MULTIVALUE".to_owned(),
                dns_records: vec![DnsRecord { kind: "A".to_owned(), ttl: 10 }],
            },
            health_check_custom_config: Some(HealthCheckCustomConfig { failure_threshold: 1 }),
            tags: self.upper(&id),
        };
        add(desired, id, Body::DnsName(Box::new(body)));
    }

    fn foundations(&self, desired: &mut Desired) {
        let stack = &self.stack;
        let id = ResourceId::new(Kind::Cluster, "main");
        let providers = vec!["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()];
        let body = Cluster {
            cluster_name: stack.clone(),
            capacity_providers: providers,
            tags: self.lower(&id),
        };
        add(desired, id, Body::Cluster(body));
        let id = ResourceId::new(Kind::Namespace, "main");
        let body = Namespace { name: stack.clone(), tags: self.upper(&id) };
        add(desired, id, Body::Namespace(body));
        self.dns(desired);
        let id = ResourceId::new(Kind::LogGroup, "web");
        let log_group_name = format!("/decklift/{stack}/web");
        let create = CreateLogGroup {
            log_group_name: log_group_name.clone(),
            tags: self.tags(&id).into_iter().collect(),
        };
        let retention = PutRetentionPolicy { log_group_name, retention_in_days: self.retention };
        add(desired, id, Body::LogGroup(LogGroup { create, retention }));
        let id = ResourceId::new(Kind::Role, "web");
        let role_name = format!("{stack}-web-execution");
        let create = CreateRole {
            path: format!("/decklift/{stack}/"),
            role_name: role_name.clone(),
            assume_role_policy_document: r#"{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"}}],"Version":"2012-10-17"}"#.to_owned(),
            description: "a role".to_owned(),
            permissions_boundary: None,
            tags: self.upper(&id),
        };
        let policy = PutRolePolicy {
            role_name,
            policy_name: "execution".to_owned(),
            policy_document: r#"{"Statement":[{"Action":["logs:PutLogEvents"],"Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}"#.to_owned(),
        };
        add(
            desired,
            id,
            Body::Role(Box::new(Role { create, policy: Some(policy), attached: None })),
        );
        let id = ResourceId::new(Kind::Repository, "web");
        let body = Repository {
            repository_name: format!("{stack}/web"),
            image_tag_mutability: "IMMUTABLE".to_owned(),
            image_scanning_configuration: ImageScanning { scan_on_push: true },
            encryption_configuration: None,
            lifecycle_policy_text: None,
            tags: self.upper(&id),
        };
        add(desired, id, Body::Repository(Box::new(body)));
        self.group(desired, "load-balancer");
        self.group(desired, "net-default");
        self.group(desired, "efs");
        self.rule(desired, "world", "load-balancer", Some(8080), None);
        self.rule(desired, "self", "net-default", None, Some("net-default"));
        self.rule(desired, "nfs", "efs", Some(2049), Some("net-default"));
    }

    fn volumes(&self, desired: &mut Desired) {
        let id = ResourceId::new(Kind::FileSystem, "data");
        let body = FileSystem {
            creation_token: format!("{}-data", self.stack),
            encrypted: true,
            performance_mode: "generalPurpose".to_owned(),
            throughput_mode: "elastic".to_owned(),
            tags: self.upper(&id),
        };
        add(desired, id, Body::FileSystem(Box::new(body)));
        let system = || attribute(Kind::FileSystem, "data", Attribute::Id);
        for (zone, subnet) in &self.network.zone_subnets {
            let body = MountTarget {
                file_system_id: system(),
                subnet_id: subnet.clone(),
                security_groups: vec![attribute(Kind::SecurityGroup, "efs", Attribute::Id)],
            };
            let id = ResourceId::new(Kind::MountTarget, format!("data-{zone}"));
            add(desired, id, Body::MountTarget(Box::new(body)));
        }
        let id = ResourceId::new(Kind::AccessPoint, "pages");
        let body = AccessPoint {
            client_token: format!("{}-pages", self.stack),
            file_system_id: system(),
            root_directory: RootDirectory {
                path: "/pages".to_owned(),
                creation_info: CreationInfo {
                    owner_uid: 0,
                    owner_gid: 0,
                    permissions: "0755".to_owned(),
                },
            },
            tags: self.upper(&id),
        };
        add(desired, id, Body::AccessPoint(Box::new(body)));
    }

    fn balancer(&self, desired: &mut Desired) {
        let id = ResourceId::new(Kind::LoadBalancer, "alb");
        let body = LoadBalancer {
            name: self.stack.clone(),
            kind: "application".to_owned(),
            scheme: "internet-facing".to_owned(),
            ip_address_type: "ipv4".to_owned(),
            subnets: self.network.load_balancer_subnets.clone(),
            security_groups: vec![attribute(Kind::SecurityGroup, "load-balancer", Attribute::Id)],
            tags: self.upper(&id),
        };
        add(desired, id, Body::LoadBalancer(Box::new(body)));
        let id = ResourceId::new(Kind::TargetGroup, "web-80");
        let create = CreateTargetGroup {
            name: format!("{}-web-80", self.stack),
            protocol: "HTTP".to_owned(),
            protocol_version: Some("HTTP1".to_owned()),
            port: 80,
            vpc_id: self.network.vpc_id.clone(),
            target_type: "ip".to_owned(),
            health_check_protocol: "HTTP".to_owned(),
            health_check_path: Some(self.path.clone()),
            health_check_port: "traffic-port".to_owned(),
            health_check_interval_seconds: 10,
            health_check_timeout_seconds: 5,
            healthy_threshold_count: 2,
            unhealthy_threshold_count: 3,
            matcher: Some(Matcher { http_code: Some("200-399".to_owned()), grpc_code: None }),
            tags: self.upper(&id),
        };
        let attributes = ModifyTargetGroupAttributes {
            target_group_arn: Value::From(id.clone(), Attribute::Arn),
            attributes: vec![UpperTag {
                key: "deregistration_delay.timeout_seconds".into(),
                value: "30".to_owned(),
            }],
        };
        add(desired, id, Body::TargetGroup(Box::new(TargetGroup { create, attributes })));
        let id = ResourceId::new(Kind::Listener, "8080");
        let body = Listener {
            load_balancer_arn: attribute(Kind::LoadBalancer, "alb", Attribute::Arn),
            protocol: "HTTP".to_owned(),
            port: 8080,
            certificates: Vec::new(),
            ssl_policy: None,
            default_actions: vec![ListenerAction::not_found()],
            tags: self.upper(&id),
        };
        add(desired, id, Body::Listener(Box::new(body)));
        let id = ResourceId::new(Kind::ListenerRule, "8080-web");
        let values = vec!["/*".to_owned()];
        let body = ListenerRule {
            listener_arn: attribute(Kind::Listener, "8080", Attribute::Arn),
            priority: 7,
            conditions: vec![RuleCondition {
                field: "path-pattern".to_owned(),
                host_header_config: None,
                path_pattern_config: Some(ConditionValues { values }),
            }],
            actions: vec![ListenerAction::forward(attribute(
                Kind::TargetGroup,
                "web-80",
                Attribute::Arn,
            ))],
            tags: self.upper(&id),
        };
        add(desired, id, Body::ListenerRule(Box::new(body)));
    }
}

fn attribute(kind: Kind, name: &str, attribute: Attribute) -> Value {
    Value::From(ResourceId::new(kind, name), attribute)
}

pub(crate) fn add(desired: &mut Desired, id: ResourceId, body: Body) {
    desired.insert(Resource {
        id,
        body,
        service: Some("web".to_owned()),
        origin: None,
        waits: Vec::new(),
        peers: Vec::new(),
        restarts: Vec::new(),
        stateful: false,
    });
}
