use super::*;
use crate::ecs::desired::{RepositoryCredentials, S3FilesVolume, TaskVolume};

#[test]
fn fargate_sizes() {
    task("no Fargate size", |t| t.memory = "513".into());
    task("no Fargate size", |t| t.cpu = "300".into());
    task("no numbers", |t| t.cpu = ".25 vCPU".into());
    container("need more than their task", |c| c.memory = Some(4096));
    container("need more than their task", |c| c.cpu = 4096);
}

#[test]
fn network_mode() {
    task("network mode", |t| t.network_mode = "bridge".into());
}

#[test]
fn families() {
    task("no family name", |t| t.family = "a.b".into());
    task("also the name of", |t| t.family = "shop-api".into());
}

#[test]
fn ephemeral_storage() {
    task("ephemeral storage", |t| t.ephemeral_storage = Some(EphemeralStorage { size_in_gib: 5 }));
}

#[test]
fn execution_roles() {
    task("no execution role", |t| t.execution_role_arn = None);
    task("no execution role", |t| {
        t.execution_role_arn = None;
        t.container_definitions[0].log_configuration = None;
    });
}

#[test]
fn credentials_of_a_registry_need_an_execution_role() {
    task("no execution role", |t| {
        t.execution_role_arn = None;
        let container = &mut t.container_definitions[0];
        container.log_configuration = None;
        container.image = Value::from("registry.acme.com/web");
        container.repository_credentials =
            Some(RepositoryCredentials { credentials_parameter: "registry".into() });
    });
}

#[test]
fn numbers_of_containers() {
    task("11 containers", |t| {
        t.container_definitions.extend((0..10).map(|n| {
            let name = format!("helper{n}");
            ContainerDefinition { name, ..helper() }
        }));
    });
    task("no essential container", |t| t.container_definitions[0].essential = false);
    task("two containers are called", |t| {
        t.container_definitions.push(ContainerDefinition { name: "web".into(), ..helper() });
    });
}

#[test]
fn container_names_and_images() {
    task("no container name", |t| {
        t.container_definitions.push(ContainerDefinition { name: "a.b".into(), ..helper() });
    });
    container("has no image", |c| c.image = Value::from(""));
}

#[test]
fn ports_of_a_task() {
    container("is host port", |c| c.port_mappings[0].host_port = 8080);
    container("no port", |c| {
        let mut extra = c.port_mappings[0].clone();
        (extra.container_port, extra.host_port, extra.name) = (70000, 70000, None);
        c.port_mappings.push(extra);
    });
    container("no port name", |c| {
        let mut extra = c.port_mappings[0].clone();
        (extra.container_port, extra.host_port, extra.name) = (81, 81, Some("Web".into()));
        c.port_mappings.push(extra);
    });
    container("two ports are called", |c| {
        let mut extra = c.port_mappings[0].clone();
        (extra.container_port, extra.host_port) = (81, 81);
        c.port_mappings.push(extra);
    });
    task("is taken twice", |t| {
        let mut mapping = t.container_definitions[0].port_mappings[0].clone();
        mapping.name = None;
        let port_mappings = vec![mapping];
        t.container_definitions.push(ContainerDefinition { port_mappings, ..helper() });
    });
}

#[test]
fn sixty_four_kibibytes() {
    container(" bytes", |c| {
        let value = "x".repeat(64 * 1024);
        c.environment.push(KeyValuePair { name: "LONG".into(), value });
    });
    // So many small things have room only without the blanks between them.
    container(" bytes", |c| {
        let variable = |i| KeyValuePair { name: format!("K{i:04}"), value: "v".into() };
        c.environment.extend((0..2050).map(variable));
    });
}

#[test]
fn dependencies_of_containers() {
    let with = |condition: &'static str, helper: ContainerDefinition| {
        move |t: &mut TaskDefinition| {
            t.container_definitions[0].depends_on = depends("helper", condition);
            t.container_definitions.push(helper);
        }
    };
    container("not in the task", |c| c.depends_on = depends("gone", "START"));
    task("waits until", with("HEALTHY", helper()));
    let essential = ContainerDefinition { essential: true, ..helper() };
    task("essential container", with("SUCCESS", essential));
    task("no condition", with("RUNNING", helper()));
    let circle = ContainerDefinition { depends_on: depends("web", "START"), ..helper() };
    task("in a circle", with("START", circle));
    task("in a circle", |t| t.container_definitions[0].depends_on = depends("web", "START"));
}

#[test]
fn good_dependencies_of_containers() {
    let healthy = ContainerDefinition { health_check: Some(check()), ..helper() };
    for (condition, helper) in [("START", helper()), ("HEALTHY", healthy), ("SUCCESS", helper())] {
        let found = faults(Kind::TaskDefinition, "web", |body| {
            let Body::TaskDefinition(t) = body else { panic!("no task") };
            t.container_definitions[0].depends_on = depends("helper", condition);
            t.container_definitions.push(helper);
        });
        assert_eq!(found, [""; 0], "{condition}");
    }
}

#[test]
fn volumes_of_a_task() {
    stored("which the task does not have", |t| {
        t.container_definitions[0].mount_points.push(MountPoint {
            source_volume: "gone".into(),
            container_path: "/gone".into(),
            read_only: false,
        });
    });
    stored("cannot be mounted over", |t| {
        let point = t.container_definitions[0].mount_points[0].clone();
        t.container_definitions[0].mount_points.push(point);
    });
    stored("cannot be mounted over", |t| {
        t.container_definitions[0].mount_points[0].container_path = "data".into();
    });
    stored("no name of a volume", |t| {
        let volume = t.volumes[0].clone();
        t.volumes.push(volume);
    });
    stored("path of the host", |t| {
        t.volumes[0].host = Some(HostVolume { source_path: Some("/x".into()) });
        t.volumes[0].efs_volume_configuration = None;
    });
    stored("of no kind, or of two", |t| t.volumes[0].host = Some(HostVolume::default()));
    stored("of no kind, or of two", |t| t.volumes[0].efs_volume_configuration = None);
    let efs = |edit: fn(&mut EfsVolumeConfiguration)| {
        move |t: &mut TaskDefinition| {
            t.volumes[0].efs_volume_configuration.iter_mut().for_each(edit);
        }
    };
    stored("no file system", efs(|efs| efs.file_system_id = "data".into()));
    stored("beside its access point", efs(|efs| efs.root_directory = Some("/x".into())));
    stored(
        "no access point",
        efs(|efs| {
            let point = efs.authorization_config.as_mut().expect("an access point");
            point.access_point_id = Some("fs-1".into());
        }),
    );
    stored(
        "no directory",
        efs(|efs| {
            (efs.authorization_config, efs.root_directory) = (None, Some("x".into()));
        }),
    );
    stored("not encrypted in transit", |t| {
        if let Some(efs) = &mut t.volumes[0].efs_volume_configuration {
            efs.transit_encryption = "DISABLED".into();
        }
    });
    container("tmpfs", |c| {
        let tmpfs =
            vec![Tmpfs { container_path: "/tmp".into(), size: 0, mount_options: Vec::new() }];
        c.linux_parameters = Some(LinuxParameters { tmpfs, ..LinuxParameters::default() });
    });
}

#[test]
fn health_checks() {
    let with = |edit: fn(&mut HealthCheck)| {
        move |c: &mut ContainerDefinition| {
            let mut check = check();
            edit(&mut check);
            c.health_check = Some(check);
        }
    };
    container("healthCheck.interval", with(|h| h.interval = 4));
    container("healthCheck.timeout", with(|h| h.timeout = 61));
    container("healthCheck.retries", with(|h| h.retries = 0));
    container("healthCheck.startPeriod", with(|h| h.start_period = 301));
    container("has no command", with(|h| h.command = vec!["true".into()]));
    container("has no command", with(|h| h.command = vec!["CMD".into()]));
    container("has no command", with(|h| h.command.clear()));
}

#[test]
fn stop_timeouts() {
    container("stopTimeout", |c| c.stop_timeout = Some(1));
    container("stopTimeout", |c| c.stop_timeout = Some(121));
}

#[test]
fn variables() {
    container("stands twice", |c| {
        c.environment = vec![KeyValuePair { name: "A".into(), value: "1".into() }];
        c.secrets = vec![secret("A", "/a")];
    });
    container("stands twice", |c| c.secrets = vec![secret("A", "/a"), secret("A", "/b")]);
    container("stands twice", |c| {
        let first = c.environment[0].clone();
        c.environment.push(first);
    });
}

#[test]
fn memory_of_a_container() {
    container("are reserved", |c| {
        (c.memory, c.memory_reservation) = (Some(100), Some(100));
    });
    container("too little memory", |c| c.memory = Some(4));
}

#[test]
fn capabilities() {
    let with = |add: &'static [&str], drop: &'static [&str]| {
        move |c: &mut ContainerDefinition| {
            let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            let capabilities = Some(KernelCapabilities { add: list(add), drop: list(drop) });
            c.linux_parameters =
                Some(LinuxParameters { capabilities, ..LinuxParameters::default() });
        }
    };
    container("adds the capability NET_ADMIN", with(&["SYS_PTRACE", "NET_ADMIN"], &["ALL"]));
    container("drops the capability \"CAP_KILL\"", with(&[], &["KILL", "CAP_KILL"]));
}

#[test]
fn limits_of_processes() {
    let with = |name: &'static str, soft_limit, hard_limit| {
        move |c: &mut ContainerDefinition| {
            c.ulimits.push(Ulimit { name: name.to_owned(), soft_limit, hard_limit });
        }
    };
    container("no limit \"as\"", with("as", 1, 1));
    container("the soft limit 2 of nofile", with("nofile", 2, 1));
    container("the soft limit -1 of nofile", with("nofile", -1, 1));
    container("has it twice", |c| {
        let limit = Ulimit { name: "nofile".to_owned(), soft_limit: 1, hard_limit: -1 };
        c.ulimits = vec![limit.clone(), limit];
    });
}

#[test]
fn system_controls() {
    fn control(value: &str, namespace: &str) -> SystemControl {
        SystemControl { namespace: namespace.to_owned(), value: value.to_owned() }
    }
    container("cannot set \"vm.swappiness\"", |c| {
        c.system_controls = vec![control("1", "net.core.somaxconn"), control("1", "vm.swappiness")];
    });
    container("sets it twice", |c| c.system_controls = vec![control("1", "kernel.sem"); 2]);
    task("to different values", |t| {
        let mut other = helper();
        other.system_controls = vec![control("2", "net.core.somaxconn")];
        t.container_definitions[0].system_controls = vec![control("1", "net.core.somaxconn")];
        t.container_definitions.push(other);
    });
}

#[test]
fn restart_policies() {
    let policy = |period, codes: i32| ContainerRestartPolicy {
        enabled: true,
        ignored_exit_codes: (0..codes).collect(),
        restart_attempt_period: Some(period),
    };
    container("restartAttemptPeriod 59", |c| c.restart_policy = Some(policy(59, 1)));
    container("restartAttemptPeriod 1801", |c| c.restart_policy = Some(policy(1801, 1)));
    container("ignores 51 exit codes", |c| c.restart_policy = Some(policy(60, 51)));
}

fn secret(name: &str, from: &str) -> ContainerSecret {
    ContainerSecret { name: name.into(), value_from: Value::from(from) }
}

#[test]
fn what_ecs_fetches() {
    container("comes from", |c| c.secrets = vec![secret("A", "db")]);
    let file = |value: &str, kind: &str| EnvironmentFile { value: value.into(), kind: kind.into() };
    let good = "arn:aws:s3:::conf/a.env";
    container("no file of variables", |c| c.environment_files = vec![file(good, "http")]);
    container("no file of variables", |c| {
        c.environment_files = vec![file("s3://conf/a.env", "s3")]
    });
    container("no file of variables", |c| {
        c.environment_files = vec![file("arn:aws:s3:::conf/a.txt", "s3")];
    });
    container("11 files of variables", |c| c.environment_files = vec![file(good, "s3"); 11]);
    // Nobody may fetch anything without a role.
    task("no execution role", |t| {
        t.container_definitions[0].log_configuration = None;
        t.container_definitions[0].image = Value::from("busybox");
        t.container_definitions[0].secrets = vec![secret("A", "/a")];
        t.execution_role_arn = None;
    });
    task("no execution role", |t| {
        t.container_definitions[0].log_configuration = None;
        t.container_definitions[0].image = Value::from("busybox");
        t.container_definitions[0].environment_files = vec![file(good, "s3")];
        t.execution_role_arn = None;
    });
}

#[test]
fn volumes_on_s3_files() {
    fn s3(edit: fn(&mut S3FilesVolume)) -> impl Fn(&mut TaskDefinition) {
        move |t| {
            let mut volume = S3FilesVolume {
                file_system_arn: "arn:aws:s3files:eu-west-1:123456789012:file-system/fs-0".into(),
                root_directory: None,
                transit_encryption_port: None,
                access_point_arn: None,
            };
            edit(&mut volume);
            t.task_role_arn = Some("arn:aws:iam::123456789012:role/r".into());
            t.volumes = vec![TaskVolume {
                name: "data".to_owned(),
                host: None,
                efs_volume_configuration: None,
                s3_files_volume_configuration: Some(volume),
                docker_volume_configuration: None,
                configured_at_launch: None,
            }];
            t.container_definitions[0].mount_points.clear();
        }
    }
    task("no file system of S3 Files", s3(|s3| s3.file_system_arn = "fs-0".to_owned()));
    task("no access point of S3", s3(|s3| s3.access_point_arn = Some("fsap-0".to_owned())));
    task("has no directory", s3(|s3| s3.root_directory = Some("x".to_owned())));
    task(
        "beside its access point",
        s3(|s3| {
            s3.access_point_arn = Some(format!("{}/access-point/fsap-0", s3.file_system_arn));
            s3.root_directory = Some("/x".to_owned());
        }),
    );
    task("the task has no role", |t| {
        s3(|_| {})(t);
        t.task_role_arn = None;
    });
}
