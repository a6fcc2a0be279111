//! The AWS module against an emulator of AWS: everything is made, read back, made again, changed and
//! deleted. Runs where `DECKLIFT_TEST_ENDPOINT` names a MiniStack, such as `http://127.0.0.1:4570`.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use decklift::apply::cloud::{Changed, Cloud, CloudErrorKind};
use decklift::aws::{Aws, ConnectOptions, NetworkRequest, Sandbox};
use decklift::ecs::desired::*;
use decklift::ecs::facts::NetworkFacts;
use decklift::plan::{Action, Actual, Plan, plan};

fn endpoint() -> Option<String> {
    std::env::var("DECKLIFT_TEST_ENDPOINT").ok()
}

async fn connect(endpoint: &str) -> Aws {
    let registry = endpoint.trim_start_matches("http://").to_owned();
    let sandbox = Sandbox { endpoint: endpoint.to_owned(), registry: Some(registry) };
    let options = ConnectOptions {
        sandbox: Some(sandbox),
        poll: Some(Duration::from_millis(50)),
        ..ConnectOptions::default()
    };
    Aws::connect(options).await.expect("a connection")
}

/// A whole application: one resource of every kind at least.
struct App {
    stack: String,
    network: NetworkFacts,
    retention: i32,
    path: String,
    replicas: i32,
    environment: Vec<KeyValuePair>,
}

impl App {
    fn new(stack: &str, network: NetworkFacts) -> Self {
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
        self.tags(id).into_iter().map(|(key, value)| Tag { key, value }).collect()
    }

    fn upper(&self, id: &ResourceId) -> Vec<UpperTag> {
        self.tags(id).into_iter().map(|(key, value)| UpperTag { key, value }).collect()
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
        add(desired, id, Body::SecurityGroup(body));
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
        };
        add(desired, ResourceId::new(Kind::IngressRule, name), Body::IngressRule(body));
    }

    fn desired(&self) -> Desired {
        let mut desired = Desired { stack: self.stack.clone(), ..Desired::default() };
        self.foundations(&mut desired);
        self.volumes(&mut desired);
        self.balancer(&mut desired);
        self.tasks(&mut desired);
        desired
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
        let id = ResourceId::new(Kind::LogGroup, "web");
        let log_group_name = format!("/decklift/{stack}/web");
        let create =
            CreateLogGroup { log_group_name: log_group_name.clone(), tags: self.tags(&id) };
        let retention = PutRetentionPolicy { log_group_name, retention_in_days: self.retention };
        add(desired, id, Body::LogGroup(LogGroup { create, retention }));
        let id = ResourceId::new(Kind::Role, "web");
        let role_name = format!("{stack}-web-execution");
        let create = CreateRole {
            path: format!("/decklift/{stack}/"),
            role_name: role_name.clone(),
            assume_role_policy_document: r#"{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"}}],"Version":"2012-10-17"}"#.to_owned(),
            description: "a role".to_owned(),
            tags: self.upper(&id),
        };
        let policy = PutRolePolicy {
            role_name,
            policy_name: "execution".to_owned(),
            policy_document: r#"{"Statement":[{"Action":["logs:PutLogEvents"],"Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}"#.to_owned(),
        };
        add(desired, id, Body::Role(Role { create, policy }));
        let id = ResourceId::new(Kind::Repository, "web");
        let body = Repository {
            repository_name: format!("{stack}/web"),
            image_tag_mutability: "IMMUTABLE".to_owned(),
            image_scanning_configuration: ImageScanning { scan_on_push: true },
            tags: self.upper(&id),
        };
        add(desired, id, Body::Repository(body));
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
        add(desired, id, Body::FileSystem(body));
        let system = || attribute(Kind::FileSystem, "data", Attribute::Id);
        for (zone, subnet) in &self.network.zone_subnets {
            let body = MountTarget {
                file_system_id: system(),
                subnet_id: subnet.clone(),
                security_groups: vec![attribute(Kind::SecurityGroup, "efs", Attribute::Id)],
            };
            let id = ResourceId::new(Kind::MountTarget, format!("data-{zone}"));
            add(desired, id, Body::MountTarget(body));
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
        add(desired, id, Body::AccessPoint(body));
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
        add(desired, id, Body::LoadBalancer(body));
        let id = ResourceId::new(Kind::TargetGroup, "web-80");
        let create = CreateTargetGroup {
            name: format!("{}-web-80", self.stack),
            protocol: "HTTP".to_owned(),
            protocol_version: "HTTP1".to_owned(),
            port: 80,
            vpc_id: self.network.vpc_id.clone(),
            target_type: "ip".to_owned(),
            health_check_protocol: "HTTP".to_owned(),
            health_check_path: self.path.clone(),
            health_check_port: "traffic-port".to_owned(),
            health_check_interval_seconds: 10,
            health_check_timeout_seconds: 5,
            healthy_threshold_count: 2,
            unhealthy_threshold_count: 3,
            matcher: Matcher { http_code: "200-399".to_owned() },
            tags: self.upper(&id),
        };
        let attributes = ModifyTargetGroupAttributes {
            target_group_arn: Value::From(id.clone(), Attribute::Arn),
            attributes: vec![UpperTag {
                key: "deregistration_delay.timeout_seconds".to_owned(),
                value: "30".to_owned(),
            }],
        };
        add(desired, id, Body::TargetGroup(TargetGroup { create, attributes }));
        let id = ResourceId::new(Kind::Listener, "8080");
        let body = Listener {
            load_balancer_arn: attribute(Kind::LoadBalancer, "alb", Attribute::Arn),
            protocol: "HTTP".to_owned(),
            port: 8080,
            default_actions: vec![ForwardAction {
                kind: "forward".to_owned(),
                target_group_arn: attribute(Kind::TargetGroup, "web-80", Attribute::Arn),
            }],
            tags: self.upper(&id),
        };
        add(desired, id, Body::Listener(body));
    }

    fn tasks(&self, desired: &mut Desired) {
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
            }),
            ..ContainerDefinition::default()
        };
        let body = TaskDefinition {
            family: format!("{}-web", self.stack),
            task_role_arn: None,
            execution_role_arn: Some(attribute(Kind::Role, "web", Attribute::Arn)),
            network_mode: "awsvpc".to_owned(),
            requires_compatibilities: vec!["FARGATE".to_owned()],
            cpu: "256".to_owned(),
            memory: "512".to_owned(),
            runtime_platform: RuntimePlatform {
                cpu_architecture: "X86_64".to_owned(),
                operating_system_family: "LINUX".to_owned(),
            },
            ephemeral_storage: None,
            volumes: vec![TaskVolume {
                name: "pages".to_owned(),
                host: None,
                efs_volume_configuration: Some(EfsVolumeConfiguration {
                    file_system_id: attribute(Kind::FileSystem, "data", Attribute::Id),
                    transit_encryption: "ENABLED".to_owned(),
                    authorization_config: EfsAuthorizationConfig {
                        access_point_id: attribute(Kind::AccessPoint, "pages", Attribute::Id),
                        iam: "DISABLED".to_owned(),
                    },
                }),
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
            capacity_provider_strategy: vec![CapacityProviderStrategyItem {
                capacity_provider: "FARGATE".to_owned(),
                weight: 1,
                base: 0,
            }],
            platform_version: "LATEST".to_owned(),
            scheduling_strategy: "REPLICA".to_owned(),
            deployment_configuration: DeploymentConfiguration {
                deployment_circuit_breaker: DeploymentCircuitBreaker {
                    enable: true,
                    rollback: true,
                },
                maximum_percent: 200,
                minimum_healthy_percent: 100,
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
                    }],
                }],
            }),
            availability_zone_rebalancing: "ENABLED".to_owned(),
            enable_ecs_managed_tags: true,
            propagate_tags: "SERVICE".to_owned(),
            enable_execute_command: false,
            tags: self.lower(&ResourceId::new(Kind::Service, "web")),
        }
    }
}

fn attribute(kind: Kind, name: &str, attribute: Attribute) -> Value {
    Value::From(ResourceId::new(kind, name), attribute)
}

fn add(desired: &mut Desired, id: ResourceId, body: Body) {
    desired.insert(Resource {
        id,
        body,
        service: Some("web".to_owned()),
        origin: None,
        waits: Vec::new(),
        peers: Vec::new(),
        stateful: false,
    });
}

/// Carries a plan out, one step after the other.
async fn carry_out(aws: &Aws, desired: &Desired, plan: &Plan) -> BTreeMap<ResourceId, Changed> {
    let mut known = plan.known.clone();
    let mut done = BTreeMap::new();
    for step in &plan.steps {
        let id = &step.resource;
        let body = desired.resources.get(id).map(|resource| {
            resource.body.resolve(&|id, attribute| known.get(id)?.get(&attribute).cloned())
        });
        let changed = match (step.action, body) {
            (Action::Rollout, _) => Changed::default(),
            (Action::Delete, _) => {
                let observed = step.observed.as_ref().expect("something to delete");
                aws.delete(id, observed).await.unwrap_or_else(|e| panic!("delete {id}: {e:?}"));
                Changed::default()
            }
            (Action::Create | Action::CreateIdle, Some(body)) => aws
                .create(id, &body, step.action == Action::CreateIdle)
                .await
                .unwrap_or_else(|e| panic!("create {id}: {e:?}")),
            (action, Some(body)) => aws
                .update(id, &body, action, &step.changes)
                .await
                .unwrap_or_else(|e| panic!("update {id}: {e:?}")),
            (_, None) => panic!("{id} is not desired"),
        };
        known.entry(id.clone()).or_default().extend(changed.attributes.clone());
        done.insert(id.clone(), changed);
    }
    done
}

fn list(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .map(|step| {
            format!("{:?} {} {:?} {:?}", step.action, step.resource, step.changes, step.reason)
        })
        .collect()
}

async fn observe(aws: &Aws, desired: &Desired) -> Actual {
    aws.observe(desired).await.unwrap_or_else(|e| panic!("observe: {e:?}"))
}

/// Steps beyond waiting for a rollout.
async fn changes(aws: &Aws, desired: &Desired) -> Plan {
    let mut plan = plan(desired, &observe(aws, desired).await);
    plan.steps.retain(|step| step.action != Action::Rollout);
    plan
}

/// AWS's default VPC has a route to its internet gateway, MiniStack's has none. Does nothing where
/// the sandbox's adapter has added it already.
fn route_out(endpoint: &str) {
    let address = endpoint.trim_start_matches("http://");
    let body = "Action=CreateRoute&Version=2016-11-15&RouteTableId=rtb-00000001\
        &DestinationCidrBlock=0.0.0.0/0&GatewayId=igw-00000001";
    http(address, "POST", "/", "application/x-www-form-urlencoded", body);
}

async fn network(aws: &Aws) -> NetworkFacts {
    route_out(&endpoint().expect("an endpoint"));
    let request = NetworkRequest { load_balancer: true, ..NetworkRequest::default() };
    aws.facts(&request).await.expect("facts").network
}

fn stack(name: &str) -> String {
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).expect("a clock").as_nanos();
    format!("{name}{:x}", now % 0xffff_ffff)
}

#[tokio::test(flavor = "current_thread")]
async fn everything_is_made_read_changed_and_deleted() {
    let Some(endpoint) = endpoint() else { return };
    let aws = connect(&endpoint).await;
    let facts = network(&aws).await;
    let mut app = App::new(&stack("all"), facts);
    let desired = app.desired();
    assert_eq!(observe(&aws, &desired).await, Actual::default());

    let first = plan(&desired, &Actual::default());
    let made = carry_out(&aws, &desired, &first).await;
    assert_eq!(list(&changes(&aws, &desired).await), Vec::<String>::new());

    // Every creation may be repeated. Its answer was lost, say; only revisions are new.
    let again = carry_out(&aws, &desired, &first).await;
    for (id, changed) in &made {
        if !matches!(id.kind, Kind::TaskDefinition | Kind::Service) {
            assert_eq!(changed.attributes, again[id].attributes, "{id}");
        }
    }
    assert_eq!(
        again[&ResourceId::new(Kind::TaskDefinition, "web")].detail.as_deref(),
        Some("revision 2")
    );
    assert_eq!(list(&changes(&aws, &desired).await), Vec::<String>::new());

    app.retention = 7;
    app.path = "/".to_owned();
    app.replicas = 1;
    app.environment.pop();
    let desired = app.desired();
    let plan = changes(&aws, &desired).await;
    assert_eq!(plan.steps.len(), 4, "{:#?}", list(&plan));
    let changed = carry_out(&aws, &desired, &plan).await;
    let service = ResourceId::new(Kind::Service, "web");
    assert!(changed[&service].deployment.is_some());
    assert_eq!(list(&changes(&aws, &desired).await), Vec::<String>::new());
    let Body::Service(body) = &observe(&aws, &desired).await.resources[&service].body else {
        panic!()
    };
    let status = aws.status(body).await.expect("a status");
    assert!(status.deployments[0].primary);
    assert_eq!(Some(&status.deployments[0].id), changed[&service].deployment.as_ref());
    let failures = aws.failures(body, &status.deployments[0].id).await.expect("failures");
    assert!(failures.is_empty(), "{failures:?}");
    // Stopped, it has no tasks, and that shows.
    aws.update(&service, &desired.resources[&service].body, Action::Stop, &[])
        .await
        .expect("a stop");
    assert_eq!(changes(&aws, &desired).await.steps.len(), 1);

    // What is no longer desired is found by its tags, its path or its prefix, and goes.
    let mut less = app.desired();
    less.resources.retain(|id, _| matches!(id.kind, Kind::Cluster | Kind::Repository));
    let removal = changes(&aws, &less).await;
    assert_eq!(removal.steps.len(), desired.resources.len() - 2, "{:#?}", list(&removal));
    carry_out(&aws, &less, &removal).await;
    let actual = observe(&aws, &less).await;
    assert!(actual.orphans.is_empty());
    assert_eq!(actual.resources.len(), 2);
    let nothing = Desired { stack: app.stack.clone(), ..Desired::default() };
    let last = changes(&aws, &nothing).await;
    assert_eq!(last.steps.len(), 2, "{:#?}", list(&last));
    carry_out(&aws, &nothing, &last).await;
    // To delete what is gone is no error.
    carry_out(&aws, &nothing, &last).await;
    assert_eq!(observe(&aws, &app.desired()).await, Actual::default());
}

#[tokio::test(flavor = "current_thread")]
async fn what_somebody_else_made_is_left_alone() {
    let Some(endpoint) = endpoint() else { return };
    let aws = connect(&endpoint).await;
    let facts = network(&aws).await;
    let app = App::new(&stack("own"), facts);
    let desired = app.desired();
    for kind in
        [Kind::Cluster, Kind::Namespace, Kind::Repository, Kind::SecurityGroup, Kind::LoadBalancer]
    {
        let resource = desired.resources.values().find(|r| r.id.kind == kind).expect("a resource");
        // The same name, made for another project.
        let group = ResourceId::new(Kind::SecurityGroup, "x");
        let mut json = serde_json::to_string(&resource.body).expect("json");
        json = json.replace(
            &format!("decklift:project\",\"value\":\"{}", app.stack),
            "decklift:project\",\"value\":\"other",
        );
        json = json.replace(
            &format!("decklift:project\",\"Value\":\"{}", app.stack),
            "decklift:project\",\"Value\":\"other",
        );
        json = json.replace("decklift:project\":\"", "decklift:project\":\"other");
        let theirs: Body = serde_json::from_str(&json).expect("a body");
        let theirs = theirs.resolve(&|_, _| Some("sg-1".to_owned()));
        let made = aws
            .create(&resource.id, &theirs, false)
            .await
            .unwrap_or_else(|e| panic!("{kind:?}: {e:?}"));
        // To AWS a load balancer of the same name with the same settings is the same one.
        let ours = resource.body.resolve(&|_, _| Some("sg-2".to_owned()));
        let error = aws.create(&resource.id, &ours, false).await.expect_err("not ours");
        assert_eq!(error.kind, CloudErrorKind::NotOurs, "{kind:?}: {error:?}");
        assert!(error.help.is_some());
        let observed = decklift::plan::Observed {
            body: theirs,
            attributes: made.attributes,
            tags_known: true,
            live: None,
        };
        aws.delete(&group, &observed).await.unwrap_or_else(|e| panic!("{kind:?}: {e:?}"));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_image_is_found_by_its_tag() {
    let Some(endpoint) = endpoint() else { return };
    let aws = connect(&endpoint).await;
    let facts = network(&aws).await;
    let app = App::new(&stack("img"), facts);
    let mut desired = app.desired();
    desired.resources.retain(|id, _| id.kind == Kind::Repository);
    let repository = format!("{}/web", app.stack);
    let image = Image { repository_name: repository.clone(), image_tag: "src-1".to_owned() };
    let id = ResourceId::new(Kind::Image, "web");
    assert_eq!(aws.image_digest(&repository, "src-1").await.expect("an answer"), None);
    carry_out(&aws, &desired, &plan(&desired, &Actual::default())).await;
    add(&mut desired, id.clone(), Body::Image(image));
    assert!(!observe(&aws, &desired).await.resources.contains_key(&id));

    let auth = aws.registry_auth().await.expect("a token");
    assert_eq!(format!("http://{}", auth.address), endpoint);
    assert_eq!(auth.username, "AWS");
    let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#;
    push(&auth.address, &repository, "{}", manifest);
    let digest =
        aws.image_digest(&repository, "src-1").await.expect("an answer").expect("a digest");
    let actual = observe(&aws, &desired).await;
    let uri = actual.attribute(&id, Attribute::Uri).expect("a URI");
    assert_eq!(uri, format!("{}/{repository}@{digest}", auth.address));
    assert!(plan(&desired, &actual).is_empty());
    let nothing = Desired { stack: app.stack.clone(), ..Desired::default() };
    assert!(observe(&aws, &nothing).await.orphans.is_empty(), "nobody says whose it is");
    let repository = ResourceId::new(Kind::Repository, "web");
    aws.delete(&repository, &actual.resources[&repository]).await.expect("a deletion");
    assert_eq!(observe(&aws, &desired).await, Actual::default());
}

/// Pushes an image without layers over the registry protocol.
fn push(address: &str, repository: &str, config: &str, manifest: &str) {
    let digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let started = http(address, "POST", &format!("/v2/{repository}/blobs/uploads/"), "", "");
    let location = started
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase().starts_with("location:").then(|| line[9..].trim().to_owned())
        })
        .unwrap_or_else(|| panic!("no location: {started}"));
    let path = location.strip_prefix(&format!("http://{address}")).unwrap_or(&location).to_owned();
    let separator = if path.contains('?') { '&' } else { '?' };
    let put = format!("{path}{separator}digest={digest}");
    let answer = http(address, "PUT", &put, "application/octet-stream", config);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let answer = http(address, "PUT", &format!("/v2/{repository}/manifests/src-1"), kind, manifest);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

fn http(address: &str, method: &str, path: &str, kind: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let kind = if kind.is_empty() { "text/plain" } else { kind };
    let credential = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=x";
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {kind}\r\nAuthorization: {credential}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[tokio::test(flavor = "current_thread")]
async fn an_endpoint_that_does_not_answer_is_said_quickly() {
    let started = std::time::Instant::now();
    let aws = connect("http://127.0.0.1:1").await;
    let error = aws.identity().await.expect_err("nobody listens there");
    assert_eq!(error.kind, CloudErrorKind::Unreachable, "{error:?}");
    assert!(error.help.is_some());
    assert!(started.elapsed() < Duration::from_secs(10));
}
