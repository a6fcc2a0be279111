//! What the engine of an instance does for its containers.

use serde_json::{Value as Json, json};

use super::tests::{app, body, container, errors, good, service, task, warnings};
use crate::diagnostic::Code;
use crate::ecs::desired::Kind;

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
    let text = app(lines).replace("{launch: ec2, cluster: prod}", "{cluster: prod}");
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
x-ecs: {launch: ec2, cluster: prod}
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
            "no `x-ecs.instances.security_group` is named, and no instance carries the one that is \
             made",
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
