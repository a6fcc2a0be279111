//! Compose in, the requests to ECS out: tasks on instances.

use serde_json::{Value as Json, json};

use crate::compose::{LoadOptions, Project, load};
use crate::diagnostic::{Code, Diagnostics, Severity};
use crate::ecs::desired::{Kind, ResourceId};
use crate::ecs::testing::facts;
use crate::ecs::{Translation, translate, validate};

fn project(text: &str) -> Project {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
    let options = LoadOptions { cwd: folder.path().to_owned(), ..LoadOptions::default() };
    let loaded = load(&options);
    assert!(!loaded.outcomes.has_errors(), "{:?}", loaded.outcomes);
    loaded.project.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

fn all(text: &str) -> Translation {
    let mut facts = facts();
    facts.network.assign_public_ip = false;
    translate(&project(text), None, &facts)
}

/// The translation of what AWS takes.
fn good(text: &str) -> Translation {
    let done = all(text);
    assert!(!done.diagnostics.has_errors(), "{:?}", done.diagnostics);
    assert_eq!(validate(&done.desired), []);
    done
}

fn body(done: &Translation, kind: Kind, name: &str) -> Json {
    let id = ResourceId::new(kind, name);
    let resource = done.desired.resources.get(&id).unwrap_or_else(|| panic!("no {id}"));
    resource.requests().remove(0).body
}

fn task(done: &Translation, name: &str) -> Json {
    body(done, Kind::TaskDefinition, name)
}

fn service(done: &Translation, name: &str) -> Json {
    body(done, Kind::Service, name)
}

fn errors(text: &str) -> Vec<Code> {
    let done = all(text);
    let errors = done.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    errors.map(|d| d.code).collect()
}

fn warnings(diagnostics: &Diagnostics) -> Vec<&str> {
    let warnings = diagnostics.iter().filter(|d| d.severity == Severity::Warning);
    warnings.map(|d| d.message.as_str()).collect()
}

/// A service `app` on EC2 with these lines.
fn app(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    format!("name: shop\nx-ecs: {{launch: ec2}}\nservices:\n  app:\n    image: acme/app:1\n{lines}")
}

fn container(lines: &str) -> Json {
    task(&good(&app(lines)), "app")["containerDefinitions"][0].clone()
}

#[test]
fn a_database_on_ec2_with_a_directory_of_the_instance() {
    let done = good(
        "name: demo
x-ecs: {launch: ec2, network_mode: bridge}
services:
  mariadb:
    image: mariadb:latest
    ports: ['3306:3306', '3307:3307']
    volumes: ['/ecs/dbdata:/var/lib/mysql']
    environment:
      MYSQL_DATABASE: db
      MYSQL_PASSWORD: db_pw
      MYSQL_ROOT_PASSWORD: root_pw
      MYSQL_USER: db_user
    command: mysqld --character-set-server=utf8 --collation-server=utf8_general_ci
    deploy: {resources: {reservations: {memory: 500M}}}
    logging: {driver: none}
",
    );
    let mut task = task(&done, "mariadb");
    let volume = task["volumes"][0]["name"].clone();
    assert!(volume.as_str().is_some_and(|name| name.contains("dbdata")), "{volume}");
    task.as_object_mut().expect("an object").remove("tags");
    assert_eq!(
        task,
        json!({
            "family": "demo-mariadb",
            "executionRoleArn": "${role/mariadb/arn}",
            "networkMode": "bridge",
            "requiresCompatibilities": ["EC2"],
            "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
            "volumes": [{"name": volume, "host": {"sourcePath": "/ecs/dbdata"}}],
            "containerDefinitions": [{
                "name": "mariadb",
                "image": "mariadb:latest",
                "cpu": 0,
                "memoryReservation": 500,
                "portMappings": [
                    {"name": "mariadb-3306", "containerPort": 3306, "hostPort": 3306, "protocol": "tcp"},
                    {"name": "mariadb-3307", "containerPort": 3307, "hostPort": 3307, "protocol": "tcp"},
                ],
                "essential": true,
                "command": [
                    "mysqld",
                    "--character-set-server=utf8",
                    "--collation-server=utf8_general_ci",
                ],
                "environment": [
                    {"name": "MYSQL_DATABASE", "value": "db"},
                    {"name": "MYSQL_PASSWORD", "value": "db_pw"},
                    {"name": "MYSQL_ROOT_PASSWORD", "value": "root_pw"},
                    {"name": "MYSQL_USER", "value": "db_user"},
                ],
                "mountPoints": [{
                    "sourceVolume": volume,
                    "containerPath": "/var/lib/mysql",
                    "readOnly": false,
                }],
            }],
        })
    );
    let service = service(&done, "mariadb");
    assert_eq!(service["launchType"], "EC2");
    // Two copies must never write to the one directory.
    assert_eq!(service["deploymentConfiguration"]["maximumPercent"], 100);
    for absent in ["capacityProviderStrategy", "platformVersion", "networkConfiguration"] {
        assert!(service.get(absent).is_none(), "{absent}");
    }
}

#[test]
fn a_web_service_behind_a_load_balancer_on_bridge() {
    let done = good(
        "name: shop
x-ecs: {launch: ec2, network_mode: bridge, instances: {security_group: sg-0a1b2c3d}}
services:
  web:
    image: acme/web:1
    ports: ['80:8000', '9090:9090']
    deploy: {replicas: 2}
    x-ecs: {ports: {9090: none}}
",
    );
    let mappings = &task(&done, "web")["containerDefinitions"][0]["portMappings"];
    assert_eq!(
        *mappings,
        json!([
            {"name": "web-8000", "containerPort": 8000, "hostPort": 0, "protocol": "tcp"},
            {"name": "web-9090", "containerPort": 9090, "hostPort": 9090, "protocol": "tcp"},
        ])
    );
    assert_eq!(body(&done, Kind::TargetGroup, "web-8000")["TargetType"], "instance");
    assert_eq!(
        body(&done, Kind::IngressRule, "lb-instances"),
        json!({
            "GroupId": "sg-0a1b2c3d",
            "IpPermissions": [{
                "IpProtocol": "tcp",
                "FromPort": 32768,
                "ToPort": 65535,
                "UserIdGroupPairs": [{"GroupId": "${security-group/load-balancer/id}"}],
            }],
        })
    );
    let service = service(&done, "web");
    assert_eq!((&service["desiredCount"], &service["launchType"]), (&json!(2), &json!("EC2")));
    assert_eq!(
        service["loadBalancers"],
        json!([{
            "targetGroupArn": "${target-group/web-8000/arn}",
            "containerName": "web",
            "containerPort": 8000,
        }])
    );
    let groups = done.desired.resources.keys().filter(|id| id.kind == Kind::SecurityGroup);
    assert_eq!(groups.map(|id| id.name.as_str()).collect::<Vec<_>>(), ["load-balancer"]);
    let fixed = "a new task of web starts where port 9090 of an instance is free";
    assert!(warnings(&done.diagnostics).contains(&fixed), "{:?}", done.diagnostics);
}

#[test]
fn the_target_type_is_part_of_the_target_groups_name() {
    let name = |mode: &str| {
        let lines = format!("ports: ['80:80']\nx-ecs: {{network_mode: {mode}}}");
        body(&good(&app(&lines)), Kind::TargetGroup, "app-80")["Name"].clone()
    };
    assert_ne!(name("bridge"), name("awsvpc"));
    assert_eq!(name("bridge"), name("host"));
}

#[test]
fn tasks_are_placed_as_x_ecs_says() {
    let lines = "x-ecs:
  placement:
    constraints:
      - distinctInstance
      - attribute:ecs.instance-type =~ t2.*
      - {memberOf: 'attribute:ecs.os-type == linux'}
    strategy:
      - spread: attribute:ecs.availability-zone
      - binpack: memory
      - random";
    let service = service(&good(&app(lines)), "app");
    assert_eq!(
        service["placementConstraints"],
        json!([
            {"type": "distinctInstance"},
            {"type": "memberOf", "expression": "attribute:ecs.instance-type =~ t2.*"},
            {"type": "memberOf", "expression": "attribute:ecs.os-type == linux"},
        ])
    );
    assert_eq!(
        service["placementStrategy"],
        json!([
            {"type": "spread", "field": "attribute:ecs.availability-zone"},
            {"type": "binpack", "field": "memory"},
            {"type": "random"},
        ])
    );
    assert_eq!(service["availabilityZoneRebalancing"], "ENABLED");
}

#[test]
fn rebalancing_leaves_a_placement_of_its_own_alone() {
    for lines in [
        "x-ecs: {placement: {strategy: [{binpack: cpu}]}}",
        "x-ecs: {placement: {constraints: ['attribute:ecs.availability-zone == eu-west-1a']}}",
    ] {
        let service = service(&good(&app(lines)), "app");
        assert_eq!(service["availabilityZoneRebalancing"], "DISABLED", "{lines}");
    }
}

#[test]
fn tasks_are_placed_as_compose_says() {
    let lines = "deploy:
  placement:
    constraints:
      - node.labels.disk == ssd
      - node.labels.tier != db
      - node.platform.os == linux
      - node.platform.arch == amd64
      - node.role == worker
      - node.hostname == one
    preferences:
      - spread: node.labels.zone
      - spread: node.labels.rack
    max_replicas_per_node: 1";
    let done = good(&app(lines));
    let service = service(&done, "app");
    let member = |expression: &str| json!({"type": "memberOf", "expression": expression});
    assert_eq!(
        service["placementConstraints"],
        json!([
            member("attribute:disk == ssd"),
            member("attribute:tier != db"),
            member("attribute:ecs.os-type == linux"),
            member("attribute:ecs.cpu-architecture == x86_64"),
            {"type": "distinctInstance"},
        ])
    );
    assert_eq!(
        service["placementStrategy"],
        json!([
            {"type": "spread", "field": "attribute:ecs.availability-zone"},
            {"type": "spread", "field": "attribute:rack"},
        ])
    );
    assert_eq!(warnings(&done.diagnostics), ["ECS does not know an instance by \"node.hostname\""]);
    let several = good(&app("deploy: {placement: {max_replicas_per_node: 2}}"));
    assert_eq!(warnings(&several.diagnostics), ["ECS does not count the tasks on an instance"]);
}

#[test]
fn what_is_no_placement_is_refused() {
    for placement in [
        "{strategy: [{binpack: disk}]}",
        "{strategy: [spread]}",
        "{strategy: [{spread: zone}]}",
        "{constraints: [{elsewhere: x}]}",
        "{strategy: random}",
    ] {
        let text = app(&format!("x-ecs: {{placement: {placement}}}"));
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
        let options = LoadOptions { cwd: folder.path().to_owned(), ..LoadOptions::default() };
        let loaded = load(&options);
        assert!(loaded.outcomes.has_errors() || loaded.diagnostics.has_errors(), "{placement}");
    }
    let many: String = (0..11).map(|n| format!("'attribute:a == {n}', ")).collect();
    let many = app(&format!("x-ecs: {{placement: {{constraints: [{many}]}}}}"));
    assert_eq!(errors(&many), [Code::Refused]);
}

#[test]
fn a_global_service_is_a_daemon() {
    let done = good(&app("deploy: {mode: global, placement: {max_replicas_per_node: 1}}"));
    let service = service(&done, "app");
    assert_eq!(service["schedulingStrategy"], "DAEMON");
    assert_eq!(service["deploymentConfiguration"]["maximumPercent"], 100);
    assert_eq!(service["deploymentConfiguration"]["minimumHealthyPercent"], 0);
    assert_eq!(service["availabilityZoneRebalancing"], "DISABLED");
    for absent in ["desiredCount", "placementConstraints", "placementStrategy"] {
        assert!(service.get(absent).is_none(), "{absent}");
    }
    let strategy = "deploy: {mode: global}\nx-ecs: {placement: {strategy: [random]}}";
    let done = good(&app(strategy));
    let said = "a placement strategy says nothing of `mode: global`";
    assert_eq!(warnings(&done.diagnostics), [said]);
    let managed = "deploy: {mode: global}\nx-ecs: {launch: managed-instances, capacity: {providers: {mi: 1}}}";
    assert_eq!(errors(&app(managed)), [Code::Refused]);
}

#[test]
fn capacity_providers_take_the_place_of_the_launch_type() {
    let text = "name: shop
x-ecs: {cluster: prod}
services:
  app:
    image: acme/app:1
    x-ecs: {launch: LAUNCH, capacity: {providers: {one: 2, two: 1}, base: 1}}
";
    for launch in ["ec2", "managed-instances"] {
        let done = good(&text.replace("LAUNCH", launch));
        let service = service(&done, "app");
        assert!(service.get("launchType").is_none());
        assert_eq!(
            service["capacityProviderStrategy"],
            json!([
                {"capacityProvider": "one", "weight": 2, "base": 1},
                {"capacityProvider": "two", "weight": 1, "base": 0},
            ])
        );
        assert_eq!(
            service["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"],
            "DISABLED"
        );
    }
    assert_eq!(errors(&app("x-ecs: {launch: managed-instances}")), [Code::MissingAttribute]);
    assert_eq!(
        errors(&app("x-ecs: {capacity: {fargate: 1, providers: {a: 1}}}")),
        [Code::Conflict]
    );
    assert_eq!(errors(&app("x-ecs: {capacity: {providers: {a: 0}}}")), [Code::InvalidValue]);
    assert_eq!(
        errors(&app("x-ecs: {launch: fargate, capacity: {fargate: 1, providers: {a: 1}}}")),
        [Code::Conflict]
    );
}

#[test]
fn managed_instances_are_chosen_by_the_tasks_size() {
    let lines = "x-ecs: {launch: managed-instances, capacity: {providers: {mi: 1}}}";
    let text = app(lines).replace("{launch: ec2}", "{cluster: prod}");
    let task = task(&good(&text), "app");
    assert_eq!((&task["cpu"], &task["memory"]), (&json!("256"), &json!("512")));
    assert_eq!(task["requiresCompatibilities"], json!(["MANAGED_INSTANCES"]));
    let bridge = format!("{lines}\nnetwork_mode: bridge");
    assert_eq!(errors(&app(&bridge)), [Code::Refused]);
}

#[test]
fn a_job_on_instances() {
    let lines = "deploy: {mode: replicated-job, replicas: 3, placement: {max_replicas_per_node: 1}}
network_mode: bridge";
    let done = good(&app(lines));
    let job = body(&done, Kind::Job, "app");
    assert_eq!((&job["launchType"], &job["count"]), (&json!("EC2"), &json!(3)));
    assert_eq!(job["placementConstraints"], json!([{"type": "distinctInstance"}]));
    for absent in ["networkConfiguration", "platformVersion", "capacityProviderStrategy"] {
        assert!(job.get(absent).is_none(), "{absent}");
    }
}

#[test]
fn sizes_are_taken_as_they_are() {
    let size = |lines: &str| {
        let done = good(&app(lines));
        let task = task(&done, "app");
        let c = &task["containerDefinitions"][0];
        let get = |key: &str| c.get(key).and_then(Json::as_i64);
        (get("cpu"), get("memory"), get("memoryReservation"), task.get("memory").cloned())
    };
    assert_eq!(size(""), (Some(0), None, Some(512), None));
    assert_eq!(size("mem_limit: 300m\ncpus: 0.3"), (Some(308), Some(300), None, None));
    assert_eq!(size("mem_reservation: 100m"), (Some(0), None, Some(100), None));
    assert_eq!(size("cpu_shares: 700"), (Some(700), None, Some(512), None));
    assert_eq!(
        size("mem_limit: 1g\nmem_reservation: 100m"),
        (Some(0), Some(1024), Some(100), None)
    );
    assert_eq!(size("x-ecs: {memory: 700m}"), (Some(0), None, None, Some(json!("700"))));
}

#[test]
fn containers_that_decklift_adds_have_memory_too() {
    let text = "name: shop
x-ecs: {launch: ec2}
services:
  app: {image: 'acme/app:1', secrets: [key]}
secrets: {key: {external: true}}
";
    let task = task(&good(text), "app");
    let containers = task["containerDefinitions"].as_array().expect("a list");
    assert_eq!(containers.len(), 2);
    assert!(containers.iter().all(|c| c.get("memoryReservation").is_some()), "{containers:?}");
}

#[test]
fn gpus_are_resource_requirements() {
    let gpu = |lines: &str| container(lines)["resourceRequirements"].clone();
    let value = |value: &str| json!([{"type": "GPU", "value": value}]);
    assert_eq!(gpu("gpus: all"), value("ALL"));
    assert_eq!(gpu("gpus: [{count: 2}]"), value("2"));
    let device = |more: &str| {
        format!(
            "deploy: {{resources: {{reservations: {{devices: [{{capabilities: [gpu], {more}}}]}}}}}}"
        )
    };
    assert_eq!(gpu(&device("count: 1")), value("1"));
    assert_eq!(gpu(&device("count: all")), value("ALL"));
    assert_eq!(gpu(&device("driver: nvidia")), value("ALL"));
    assert_eq!(gpu(&device("device_ids: ['0', '3']")), value("2"));
    let generic = "deploy: {resources: {reservations: {generic_resources: [{discrete_resource_spec: {kind: gpu, value: 2}}]}}}";
    assert_eq!(gpu(generic), value("2"));
    assert_eq!(gpu("runtime: nvidia"), value("ALL"));
    assert_eq!(gpu("runtime: nvidia\nenvironment: {NVIDIA_VISIBLE_DEVICES: none}"), Json::Null);
    assert_eq!(gpu("runtime: nvidia\ngpus: [{count: 1}]"), value("1"));
    assert_eq!(errors(&app(&generic.replace("kind: gpu", "kind: ssd"))), [Code::Refused]);
    let other = device("count: 1").replace("[gpu]", "[tpu]");
    assert_eq!(errors(&app(&other)), [Code::Refused]);
}

#[test]
fn what_the_engine_of_an_instance_is_told() {
    let found = container(
        "network_mode: bridge
privileged: true
hostname: one
dns: [10.0.0.2]
dns_search: [corp.example]
extra_hosts: ['db:10.0.0.3', 'host.docker.internal:host-gateway']
security_opt: ['no-new-privileges:true', 'apparmor=web', 'label=type:web_t']
cap_add: [NET_ADMIN, CHOWN]
devices: ['/dev/fuse:/dev/fuse:rw', '/dev/a:/dev/b']
shm_size: 256m
mem_limit: 512m
memswap_limit: 768m
mem_swappiness: 10
stop_grace_period: 5m",
    );
    assert_eq!(found["privileged"], true);
    assert_eq!(found["hostname"], "one");
    assert_eq!(found["dnsServers"], json!(["10.0.0.2"]));
    assert_eq!(found["dnsSearchDomains"], json!(["corp.example"]));
    assert_eq!(
        found["extraHosts"],
        json!([
            {"hostname": "db", "ipAddress": "10.0.0.3"},
            {"hostname": "host.docker.internal", "ipAddress": "172.17.0.1"},
        ])
    );
    assert_eq!(
        found["dockerSecurityOptions"],
        json!(["no-new-privileges", "apparmor:web", "label:type:web_t"])
    );
    assert_eq!(
        found["linuxParameters"],
        json!({
            "capabilities": {"add": ["NET_ADMIN"]},
            "devices": [
                {"hostPath": "/dev/a", "containerPath": "/dev/b", "permissions": ["read", "write", "mknod"]},
                {"hostPath": "/dev/fuse", "permissions": ["read", "write"]},
            ],
            "sharedMemorySize": 256,
            "maxSwap": 256,
            "swappiness": 10,
        })
    );
    assert_eq!(found["stopTimeout"], 300);
}

#[test]
fn what_awsvpc_does_not_take_is_missed_on_instances() {
    let done = good(&app("hostname: one\ndns: [10.0.0.2]\nextra_hosts: ['db:10.0.0.3']"));
    let container = &task(&done, "app")["containerDefinitions"][0];
    for absent in ["hostname", "dnsServers", "extraHosts"] {
        assert!(container.get(absent).is_none(), "{absent}");
    }
    assert_eq!(warnings(&done.diagnostics).len(), 3, "{:?}", done.diagnostics);
}

#[test]
fn namespaces_of_the_instance() {
    let modes = |lines: &str| {
        let task = task(&good(&app(lines)), "app");
        (task["networkMode"].clone(), task["pidMode"].clone(), task["ipcMode"].clone())
    };
    assert_eq!(
        modes("network_mode: host\npid: host\nipc: host"),
        (json!("host"), json!("host"), json!("host"))
    );
    assert_eq!(modes("ipc: none").2, "none");
    assert_eq!(modes("ipc: shareable").2, Json::Null);
    let none = good(&app("network_mode: none\nports: ['80:80']"));
    assert!(task(&none, "app")["containerDefinitions"][0].get("portMappings").is_none());
    let shared = format!("{}  other: {{image: 'acme/other:1', ipc: 'service:app'}}\n", app(""));
    assert_eq!(task(&good(&shared), "app")["ipcMode"], "task");
}

#[test]
fn a_host_port_is_the_containers_on_the_instances_network() {
    let done = good(&app("network_mode: host\nports: ['8080:80']"));
    let mapping = &task(&done, "app")["containerDefinitions"][0]["portMappings"][0];
    assert_eq!((&mapping["containerPort"], &mapping["hostPort"]), (&json!(80), &json!(80)));
    let rule = body(&done, Kind::IngressRule, "lb-instances-80");
    assert_eq!(rule["GroupId"], "${security-group/instances/id}");
    assert_eq!(rule["IpPermissions"][0]["FromPort"], 80);
}

#[test]
fn containers_of_one_task_on_bridge_are_linked() {
    let text = "name: shop
x-ecs: {launch: ec2, network_mode: bridge}
services:
  app: {image: 'acme/app:1', depends_on: [cache], links: ['cache:store'], x-ecs: {task: one}}
  cache: {image: 'redis:7', x-ecs: {task: one}}
";
    let task = task(&good(text), "app");
    let containers = &task["containerDefinitions"];
    assert_eq!(containers[0]["links"], json!(["cache:cache", "cache:store"]));
    assert!(containers[1].get("links").is_none());
    let shared = "name: shop
x-ecs: {launch: ec2, network_mode: bridge}
services:
  app: {image: 'acme/app:1'}
  side: {image: 'acme/side:1', network_mode: 'service:app'}
";
    assert_eq!(errors(shared), [Code::Refused]);
}

#[test]
fn services_on_the_instances_network_meet_the_others() {
    let text = "name: shop
x-ecs: {launch: ec2}
services:
  web: {image: 'acme/web:1', x-ecs: {network_mode: bridge}, expose: [8000]}
  api: {image: 'acme/api:1', expose: [9000]}
  agent: {image: 'acme/agent:1', x-ecs: {network_mode: host}, expose: [7000]}
";
    let done = good(text);
    for rule in ["instances-self", "instances-default", "net-default-instances", "net-default-self"]
    {
        body(&done, Kind::IngressRule, rule);
    }
    assert!(service(&done, "web").get("serviceConnectConfiguration").is_some());
    assert!(service(&done, "agent").get("serviceConnectConfiguration").is_none());
    assert_eq!(
        warnings(&done.diagnostics),
        [
            "agent has no names for others, and others none for it",
            "a new task of agent starts where port 7000 of an instance is free",
        ]
    );
}

#[test]
fn instances_have_the_log_drivers_of_docker() {
    let log = |driver: &str| {
        container(&format!("logging: {{driver: {driver}, options: {{tag: app}}}}"))["logConfiguration"]
            .clone()
    };
    for driver in ["json-file", "syslog", "journald", "gelf", "fluentd"] {
        assert_eq!(
            log(driver),
            json!({"logDriver": driver, "options": {"tag": "app"}}),
            "{driver}"
        );
    }
    assert_eq!(container("")["logConfiguration"]["logDriver"], "awslogs");
    assert_eq!(container("logging: {driver: none}").get("logConfiguration"), None);
    assert_eq!(errors(&app("logging: {driver: etwlogs}")), [Code::Refused]);
    let managed = "logging: {driver: syslog}\nx-ecs: {launch: managed-instances, capacity: {providers: {m: 1}}}";
    assert_eq!(errors(&app(managed)), [Code::Refused]);
}

#[test]
fn volumes_of_the_instance() {
    let volumes = |mount: &str, more: &str| {
        let text = format!("{}{more}", app(&format!("volumes: ['{mount}']")));
        task(&good(&text), "app")["volumes"].clone()
    };
    for path in ["/var/run/docker.sock", "/proc", "/", "/etc/localtime", "/srv/data"] {
        let found = volumes(&format!("{path}:/x:ro"), "");
        assert_eq!(found[0]["host"]["sourcePath"], path);
    }
    let docker =
        volumes("data:/x", "volumes: {data: {driver: rexray/ebs, driver_opts: {size: '5'}}}\n");
    assert_eq!(
        docker,
        json!([{
            "name": "shop-data",
            "dockerVolumeConfiguration": {
                "scope": "shared",
                "autoprovision": true,
                "driver": "rexray/ebs",
                "driverOpts": {"size": "5"},
            },
        }])
    );
    let bind =
        "volumes: {data: {driver: local, driver_opts: {type: none, o: bind, device: /srv}}}\n";
    assert_eq!(volumes("data:/x", bind)[0]["host"]["sourcePath"], "/srv");
    assert!(volumes("data:/x", "volumes: {data: {}}\n")[0].get("efsVolumeConfiguration").is_some());
}

#[test]
fn a_volume_on_efs_lets_the_instances_in() {
    let text = format!(
        "{}volumes: {{data: {{}}}}\n",
        app("volumes: ['data:/x']\nx-ecs: {network_mode: bridge}")
    );
    let rule = body(&good(&text), Kind::IngressRule, "efs-instances");
    let pair = &rule["IpPermissions"][0]["UserIdGroupPairs"][0];
    assert_eq!(pair["GroupId"], "${security-group/instances/id}");
}

#[test]
fn one_task_has_one_launch_type() {
    let text = "name: shop
services:
  app: {image: 'acme/app:1', x-ecs: {task: one, launch: ec2}}
  side: {image: 'acme/side:1', x-ecs: {task: one}}
";
    assert!(errors(text).contains(&Code::Conflict));
}

#[test]
fn what_is_for_instances_says_so_on_fargate() {
    let text = app("x-ecs: {launch: fargate, placement: {strategy: [random]}, network_mode: host}");
    let done = good(&text);
    assert_eq!(
        warnings(&done.diagnostics),
        [
            "`x-ecs.placement` has no effect on Fargate",
            "`x-ecs.network_mode` has no effect on Fargate",
        ]
    );
    assert_eq!(task(&done, "app")["networkMode"], "awsvpc");
}
