//! Rules of tasks on instances.

use super::*;
use crate::compose::model::{Launch, TaskNetwork};
use crate::ecs::desired::{
    CapacityProviderStrategyItem, Device, DockerVolume, HostEntry, Job, PlacementConstraint,
    PlacementStrategy, ResourceRequirement, S3FilesVolume, TaskVolume,
};
use crate::ecs::testing::{at, port, project, service as compose_service};

/// A service `web` on EC2, behind a load balancer where its network allows.
fn on_ec2(network: TaskNetwork) -> Desired {
    let mut web = compose_service("web", "acme/web:1");
    web.ports = vec![port(80, 80)];
    web.extension.launch = Some(at(Launch::Ec2));
    web.extension.network_mode = Some(at(network));
    let done = translate(&project(vec![web]), None, &facts());
    assert_eq!(validate(&done.desired), []);
    done.desired
}

fn edited(mut desired: Desired, kind: Kind, edit: impl FnOnce(&mut Body)) -> Vec<String> {
    let resource = desired.resources.get_mut(&ResourceId::new(kind, "web")).expect("a resource");
    edit(&mut resource.body);
    validate(&desired).into_iter().map(|d| d.message).collect()
}

#[track_caller]
fn task_on(network: TaskNetwork, wanted: &str, edit: impl FnOnce(&mut TaskDefinition)) {
    let found = edited(on_ec2(network), Kind::TaskDefinition, |body| match body {
        Body::TaskDefinition(task) => edit(task),
        body => panic!("{body:?}"),
    });
    assert!(found.len() == 1 && found[0].contains(wanted), "{found:?}");
}

#[track_caller]
fn bridged(wanted: &str, edit: impl FnOnce(&mut ContainerDefinition)) {
    task_on(TaskNetwork::Bridge, wanted, |task| edit(&mut task.container_definitions[0]));
}

#[track_caller]
fn service_on(network: TaskNetwork, wanted: &str, edit: impl FnOnce(&mut Service)) {
    let found = edited(on_ec2(network), Kind::Service, |body| match body {
        Body::Service(service) => edit(service),
        body => panic!("{body:?}"),
    });
    assert!(found.len() == 1 && found[0].contains(wanted), "{found:?}");
}

#[test]
fn sizes() {
    task_on(TaskNetwork::Bridge, "CPU units", |t| t.cpu = "64".to_owned());
    task_on(TaskNetwork::Bridge, "\"x\" MiB", |t| t.memory = "x".to_owned());
    task_on(TaskNetwork::Bridge, "keep more memory", |t| t.memory = "100".to_owned());
    task_on(TaskNetwork::Bridge, "ephemeral storage", |t| {
        t.ephemeral_storage = Some(EphemeralStorage { size_in_gib: 30 });
    });
    bridged("no memory for", |c| c.memory_reservation = None);
}

#[test]
fn kinds_and_namespaces() {
    task_on(TaskNetwork::Bridge, "is for 0 launch types", |t| t.requires_compatibilities.clear());
    task_on(TaskNetwork::Bridge, "pidMode", |t| t.pid_mode = Some("all".to_owned()));
    task_on(TaskNetwork::Bridge, "ipcMode", |t| t.ipc_mode = Some("all".to_owned()));
    task("pidMode", |t| t.pid_mode = Some("host".to_owned()));
    task("ipcMode", |t| t.ipc_mode = Some("task".to_owned()));
}

#[test]
fn ports_of_the_instance() {
    bridged("host port 22", |c| c.port_mappings[0].host_port = 22);
    bridged("host port 8000 twice", |c| {
        c.port_mappings[0].host_port = 8000;
        let more = c.port_mappings[0].clone();
        c.port_mappings.push(PortMapping { name: None, container_port: 81, ..more });
    });
    for network in [TaskNetwork::AwsVpc, TaskNetwork::Host] {
        task_on(network, "container port 80", |t| {
            t.container_definitions[0].port_mappings[0].host_port = 81;
        });
    }
    task_on(TaskNetwork::None, "a port without a network", |t| {
        t.container_definitions[0].port_mappings = vec![PortMapping {
            name: None,
            container_port: 80,
            host_port: 80,
            protocol: "tcp".to_owned(),
            app_protocol: None,
            container_port_range: None,
        }];
    });
}

#[test]
fn settings_of_the_engine() {
    container("instances alone", |c| c.instance.privileged = Some(true));
    container("instances alone", |c| {
        c.linux_parameters = Some(LinuxParameters { max_swap: Some(1), ..Default::default() });
    });
    task_on(TaskNetwork::AwsVpc, "host name", |t| {
        t.container_definitions[0].instance.hostname = Some("one".to_owned());
    });
    task_on(TaskNetwork::AwsVpc, "extra hosts", |t| {
        let host = HostEntry { hostname: "db".to_owned(), ip_address: "10.0.0.1".to_owned() };
        t.container_definitions[0].instance.extra_hosts = vec![host];
    });
    task_on(TaskNetwork::Host, "has links", |t| {
        t.container_definitions
            .push(ContainerDefinition { memory_reservation: Some(64), ..helper() });
        t.container_definitions[0].instance.links = vec!["helper:h".to_owned()];
    });
    bridged("links to", |c| c.instance.links = vec!["nobody".to_owned()]);
    bridged("no security option", |c| {
        c.instance.docker_security_options = vec!["seccomp:x".to_owned()];
    });
    bridged("\"0\" of \"GPU\"", |c| {
        let gpus = ResourceRequirement {
            kind: "GPU".to_owned(),
            value: "0".to_owned(),
            sharing_strategy: None,
        };
        c.instance.resource_requirements = vec![gpus];
    });
    let linux = |linux| move |c: &mut ContainerDefinition| c.linux_parameters = Some(linux);
    let device =
        Device { host_path: "x".to_owned(), container_path: None, permissions: Vec::new() };
    bridged("the device", linux(LinuxParameters { devices: vec![device], ..Default::default() }));
    bridged("swappiness", linux(LinuxParameters { swappiness: Some(5), ..Default::default() }));
    let shared = LinuxParameters { shared_memory_size: Some(0), ..Default::default() };
    bridged("below nothing", linux(shared));
    bridged("no log driver on EC2", |c| {
        let log = LogConfiguration { log_driver: "loki".to_owned(), ..Default::default() };
        c.log_configuration = Some(log);
    });
}

#[test]
fn volumes_of_the_engine() {
    let volume = |scope: &str| TaskVolume {
        name: "data".to_owned(),
        host: None,
        efs_volume_configuration: None,
        s3_files_volume_configuration: None,
        docker_volume_configuration: Some(DockerVolume {
            scope: scope.to_owned(),
            autoprovision: Some(true),
            driver: "local".to_owned(),
            driver_opts: Default::default(),
            labels: Default::default(),
        }),
        configured_at_launch: None,
    };
    task_on(TaskNetwork::Bridge, "of the scope", |t| t.volumes = vec![volume("task")]);
    task("is Docker's", |t| t.volumes = vec![volume("shared")]);
    task_on(TaskNetwork::Bridge, "is on S3 Files", |t| {
        let on_s3 = S3FilesVolume {
            file_system_arn: "arn:aws:s3files:eu-west-1:123456789012:file-system/fs-0".to_owned(),
            root_directory: None,
            transit_encryption_port: None,
            access_point_arn: None,
        };
        t.task_role_arn = Some("arn:aws:iam::123456789012:role/r".into());
        t.volumes = vec![TaskVolume {
            docker_volume_configuration: None,
            s3_files_volume_configuration: Some(on_s3),
            ..volume("shared")
        }];
    });
}

#[test]
fn placement() {
    let bridge = TaskNetwork::Bridge;
    let constraint = |kind: &str, expression: Option<&str>| PlacementConstraint {
        kind: kind.to_owned(),
        expression: expression.map(str::to_owned),
    };
    let step = |kind: &str, field: Option<&str>| PlacementStrategy {
        kind: kind.to_owned(),
        field: field.map(str::to_owned),
    };
    for bad in [
        constraint("distinctInstance", Some("x")),
        constraint("memberOf", None),
        constraint("memberOf", Some(&"x".repeat(2001))),
        constraint("near", None),
    ] {
        service_on(bridge, "the constraint", |s| s.placement_constraints = vec![bad]);
    }
    for bad in [step("random", Some("cpu")), step("binpack", Some("disk")), step("spread", None)] {
        service_on(bridge, "the strategy", |s| {
            s.availability_zone_rebalancing = "DISABLED".to_owned();
            s.placement_strategy = vec![bad];
        });
    }
    service_on(bridge, "11 constraints", |s| {
        s.placement_constraints = vec![constraint("distinctInstance", None); 11];
    });
    service_on(bridge, "6 strategies", |s| {
        s.placement_strategy = vec![step("spread", Some("attribute:ecs.availability-zone")); 6];
    });
    service_on(bridge, "rebalancing", |s| s.placement_strategy = vec![step("random", None)]);
    service("placement", |s| s.placement_constraints = vec![constraint("distinctInstance", None)]);
}

#[test]
fn what_services_run_on() {
    let bridge = TaskNetwork::Bridge;
    service_on(bridge, "the launch type", |s| s.launch_type = Some("FARGATE".to_owned()));
    service_on(bridge, "capacity provider strategy", |s| s.launch_type = None);
    service_on(bridge, "a platform version", |s| s.platform_version = "LATEST".to_owned());
    service_on(TaskNetwork::AwsVpc, "a public address", |s| {
        s.network_configuration.awsvpc_configuration.assign_public_ip = "ENABLED".to_owned();
    });
    service_on(bridge, "a network of its own", |s| {
        s.network_configuration.awsvpc_configuration.subnets = vec![SUBNETS[0].into()];
    });
    service("the launch type", |s| s.launch_type = Some("EC2".to_owned()));
}

#[test]
fn daemons() {
    let daemon = |s: &mut Service| {
        s.scheduling_strategy = Service::DAEMON.to_owned();
        s.availability_zone_rebalancing = "DISABLED".to_owned();
        s.desired_count = 0;
        s.deployment_configuration.maximum_percent = 100;
        s.deployment_configuration.minimum_healthy_percent = 0;
    };
    service_on(TaskNetwork::Bridge, "schedules nothing", |s| {
        s.scheduling_strategy = "CRON".to_owned();
    });
    service_on(TaskNetwork::Bridge, "a daemon with a number", |s| {
        daemon(s);
        s.desired_count = 1;
    });
    service_on(TaskNetwork::Bridge, "a daemon with a capacity provider strategy", |s| {
        daemon(s);
        s.launch_type = None;
        s.capacity_provider_strategy = vec![CapacityProviderStrategyItem {
            capacity_provider: "FARGATE".to_owned(),
            weight: 1,
            base: 0,
        }];
    });
    service("a daemon on Fargate", daemon);
}

#[test]
fn the_kind_of_a_target() {
    let mut desired = on_ec2(TaskNetwork::Bridge);
    let id = ResourceId::new(Kind::TargetGroup, "web-80");
    let Some(Body::TargetGroup(group)) = desired.resources.get_mut(&id).map(|r| &mut r.body) else {
        panic!("no target group")
    };
    group.create.target_type = "ip".to_owned();
    let found = validate(&desired);
    assert!(found.len() == 1 && found[0].message.contains("not of type instance"), "{found:?}");
}

#[test]
fn jobs_run_somewhere_too() {
    let mut seed = compose_service("web", "acme/seed:1");
    seed.extension.job = Some(at(true));
    seed.extension.launch = Some(at(Launch::Ec2));
    let desired = translate(&project(vec![seed]), None, &facts()).desired;
    assert_eq!(validate(&desired), []);
    let found = edited(desired, Kind::Job, |body| match body {
        Body::Job(job) => **job = Job { launch_type: None, ..(**job).clone() },
        body => panic!("{body:?}"),
    });
    assert!(found.len() == 1 && found[0].contains("strategy is not taken"), "{found:?}");
}
