//! Compose in, the requests to ECS out: tasks on instances.

use serde_json::{Value as Json, json};

use crate::compose::{LoadOptions, Project, load};
use crate::diagnostic::{Code, Diagnostics, Severity};
use crate::ecs::desired::{Kind, ResourceId};
use crate::ecs::testing::facts;
use crate::ecs::{Translation, translate, validate};

pub(crate) fn project(text: &str) -> Project {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
    let options = LoadOptions { cwd: folder.path().to_owned(), ..LoadOptions::default() };
    let loaded = load(&options);
    assert!(!loaded.outcomes.has_errors(), "{:?}", loaded.outcomes);
    loaded.project.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

pub(crate) fn all(text: &str) -> Translation {
    let mut facts = facts();
    facts.network.assign_public_ip = false;
    translate(&project(text), None, &facts)
}

/// The translation of what AWS takes.
pub(crate) fn good(text: &str) -> Translation {
    let done = all(text);
    assert!(!done.diagnostics.has_errors(), "{:?}", done.diagnostics);
    assert_eq!(validate(&done.desired), []);
    done
}

pub(crate) fn body(done: &Translation, kind: Kind, name: &str) -> Json {
    let id = ResourceId::new(kind, name);
    let resource = done.desired.resources.get(&id).unwrap_or_else(|| panic!("no {id}"));
    resource.requests().remove(0).body
}

pub(crate) fn task(done: &Translation, name: &str) -> Json {
    body(done, Kind::TaskDefinition, name)
}

pub(crate) fn service(done: &Translation, name: &str) -> Json {
    body(done, Kind::Service, name)
}

pub(crate) fn errors(text: &str) -> Vec<Code> {
    let done = all(text);
    let errors = done.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    errors.map(|d| d.code).collect()
}

pub(crate) fn warnings(diagnostics: &Diagnostics) -> Vec<&str> {
    let warnings = diagnostics.iter().filter(|d| d.severity == Severity::Warning);
    warnings.map(|d| d.message.as_str()).collect()
}

/// A service `app` on EC2 with these lines.
pub(crate) fn app(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "name: shop\nx-ecs: {{launch: ec2, cluster: prod}}\nservices:\n  app:\n    image: acme/app:1\n{lines}"
    )
}

pub(crate) fn container(lines: &str) -> Json {
    task(&good(&app(lines)), "app")["containerDefinitions"][0].clone()
}

#[test]
fn a_database_on_ec2_with_a_directory_of_the_instance() {
    let done = good(
        "name: mariadb
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
            "family": "mariadb",
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
    let rule = body(&done, Kind::IngressRule, "lb-instances");
    assert_eq!(rule["GroupId"], "sg-0a1b2c3d");
    assert_eq!(
        rule["IpPermissions"],
        json!([{
            "IpProtocol": "tcp",
            "FromPort": 32768,
            "ToPort": 65535,
            "UserIdGroupPairs": [{"GroupId": "${security-group/load-balancer/id}"}],
        }])
    );
    assert_eq!(rule["TagSpecifications"][0]["ResourceType"], "security-group-rule");
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
fn ports_that_an_instance_gives_away_are_refused() {
    let app = |network: &str, published: u16, target: u16| {
        app(&format!(
            "x-ecs: {{network_mode: {network}, ports: {{{target}: none}}}}\n\
             ports: ['{published}:{target}']"
        ))
    };
    for (network, published, target) in
        [("bridge", 51678, 70), ("bridge", 2376, 70), ("host", 80, 51678)]
    {
        assert_eq!(errors(&app(network, published, target)), [Code::Refused], "{published}");
    }
    let is_warned = |done: &Translation| {
        warnings(&done.diagnostics).iter().any(|said| said.contains("to whoever asks for none"))
    };
    for (network, published, target) in
        [("bridge", 32767, 70), ("bridge", 80, 51678), ("host", 9000, 9000)]
    {
        assert!(!is_warned(&good(&app(network, published, target))), "{published}");
    }
    // ECS says not to, and takes it: Jenkins's agents and WireGuard have their ports there.
    for (network, published, target) in
        [("bridge", 32768, 70), ("bridge", 50000, 50000), ("host", 40000, 40000)]
    {
        assert!(is_warned(&good(&app(network, published, target))), "{published}");
    }
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
