//! `--ecs-params`: what the retired ecs-cli read beside a Compose file.

use std::fs;

use decklift::compose::{LoadOptions, Loaded, load};
use decklift::diagnostic::{Code, Severity};
use decklift::ecs::{Translation, validate};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{self, request};

const COMPOSE: &str = "services:
  web: {image: acme/web:1, expose: [\"80\"], volumes: [shared:/shared, files:/files]}
  log: {image: acme/log:1}
volumes: {shared: {}, files: {}}
";

fn read(params: &str) -> (Loaded, Translation) {
    support::read(COMPOSE, &[("ecs-params.yml", params)])
}

/// What is said of a file, without its severity below a warning.
fn said(params: &str) -> Vec<(Severity, Code)> {
    let (loaded, _) = read(params);
    let loud = loaded.outcomes.iter().filter(|d| d.severity != Severity::Note);
    loud.map(|d| (d.severity, d.code)).collect()
}

#[test]
fn every_field_finds_its_place() {
    let (loaded, done) = read(
        "version: 1
task_definition:
  ecs_network_mode: awsvpc
  task_role_arn: arn:aws:iam::123456789012:role/app
  task_execution_role: ecsTaskExecutionRole
  task_size: {cpu_limit: 512, mem_limit: 2GB}
  services:
    web:
      essential: true
      cpu_shares: 128
      mem_limit: 512m
      mem_reservation: 256m
      init_process_enabled: true
      repository_credentials:
        credentials_parameter: arn:aws:secretsmanager:eu-west-1:123456789012:secret:hub-AbCdEf
      depends_on: [{container_name: log, condition: START}]
      healthcheck: {test: [CMD, \"true\"], interval: 10s, timeout: 5s, retries: 2}
      secrets:
        - value_from: /shop/key
          name: KEY
    log:
      essential: false
  docker_volumes:
    - {name: shared, scope: task, driver: local}
  efs_volumes:
    - name: files
      filesystem_id: fs-0123456789abcdef0
      access_point: fsap-0123456789abcdef0
      transit_encryption: ENABLED
      iam: ENABLED
run_params:
  network_configuration:
    awsvpc_configuration:
      subnets: [subnet-0a0a0a0a, subnet-0b0b0b0b]
      security_groups: [sg-0123456789abcdef0]
      assign_public_ip: ENABLED
",
    );
    let loud = |d: &&decklift::diagnostic::Diagnostic| d.severity == Severity::Error;
    let errors: Vec<_> =
        loaded.outcomes.iter().chain(done.diagnostics.iter()).filter(loud).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(validate(&done.desired), []);
    let project = loaded.project.as_ref().expect("a project");
    assert_eq!(project.extension.subnets.len(), 2);
    let group = project.networks["default"].security_group.as_ref().expect("a group");
    assert_eq!(group.value, "sg-0123456789abcdef0");
    let task = request(&done, "ecs/register-task-definition/web.json");
    assert_eq!((&task["cpu"], &task["memory"]), (&json!("512"), &json!("2048")));
    assert_eq!(task["taskRoleArn"], "arn:aws:iam::123456789012:role/app");
    assert!(task["executionRoleArn"].to_string().contains("role/ecsTaskExecutionRole"));
    let web = &task["containerDefinitions"][0];
    assert_eq!((&web["cpu"], &web["memory"]), (&json!(128), &json!(512)));
    assert_eq!(web["memoryReservation"], 256);
    assert_eq!(web["dependsOn"], json!([{"containerName": "log", "condition": "START"}]));
    assert_eq!(web["healthCheck"]["retries"], 2);
    assert_eq!(web["secrets"], json!([{"name": "KEY", "valueFrom": "/shop/key"}]));
    assert_eq!(web["linuxParameters"]["initProcessEnabled"], true);
    assert!(web["repositoryCredentials"]["credentialsParameter"].to_string().contains("hub-"));
    assert_eq!(task["containerDefinitions"][1]["essential"], false);
    let volumes = task["volumes"].to_string();
    assert!(volumes.contains("fs-0123456789abcdef0"), "{volumes}");
    assert!(volumes.contains("\"iam\":\"ENABLED\""), "{volumes}");
    assert!(volumes.contains("\"host\":{}"), "{volumes}");
}

#[test]
fn namespaces_of_a_task_on_instances_find_their_place() {
    let compose = COMPOSE.to_owned() + "x-ecs: {launch: ec2, cluster: c}\n";
    for (pid, ipc) in [("host", "host"), ("task", "task"), ("host", "none")] {
        let params = format!("version: 1\ntask_definition: {{pid_mode: {pid}, ipc_mode: {ipc}}}\n");
        let (loaded, done) = support::read(&compose, &[("ecs-params.yml", &params)]);
        assert!(!loaded.outcomes.has_errors(), "{:?}", loaded.outcomes);
        assert!(!done.diagnostics.has_errors(), "{:?}", done.diagnostics);
        let task = request(&done, "ecs/register-task-definition/web.json");
        assert_eq!((&task["pidMode"], &task["ipcMode"]), (&json!(pid), &json!(ipc)));
    }
}

#[test]
fn what_has_no_place_on_fargate_is_said() {
    let refused = [(Severity::Error, Code::Refused)];
    for text in [
        "pid_mode: host",
        "ipc_mode: host",
        "services: {web: {gpu: 1}}",
        "docker_volumes: [{name: shared, scope: shared}]",
    ] {
        let params = format!("version: 1\ntask_definition:\n  {text}\n");
        assert_eq!(said(&params), refused, "{text}");
    }
    let params = "version: 1\ntask_definition: {ecs_network_mode: bridge}\n";
    assert_eq!(said(params), [(Severity::Warning, Code::Approximated)]);
    let params = "version: 1\nrun_params: {task_placement: {}, service_discovery: {}}\n";
    assert_eq!(said(params), []);
    assert_eq!(read(params).0.outcomes.len(), 2);
}

#[test]
fn a_directory_of_a_file_system_is_mounted_instead_of_the_whole() {
    let (_, done) = read(
        "version: 1
task_definition:
  efs_volumes: [{name: files, filesystem_id: fs-0123456789abcdef0, root_directory: /a/b}]
",
    );
    let task = request(&done, "ecs/register-task-definition/web.json");
    let volumes = task["volumes"].to_string();
    assert!(volumes.contains("\"rootDirectory\":\"/a/b\""), "{volumes}");
    assert!(validate(&done.desired).is_empty());
}

#[test]
fn on_instances_everything_finds_its_place() {
    let compose = format!("x-ecs: {{launch: ec2}}\n{COMPOSE}");
    let params = "version: 1
task_definition:
  ecs_network_mode: bridge
  services: {web: {mem_limit: 256m, gpu: '1'}, log: {mem_reservation: 64m}}
  docker_volumes:
    - {name: shared, scope: shared, autoprovision: true, driver: rexray, driver_opts: {size: '5'}, labels: {a: b}}
  placement_constraints: [{type: memberOf, expression: 'attribute:ecs.instance-type =~ t2.*'}]
run_params:
  task_placement:
    strategy: [{type: spread, field: 'attribute:ecs.availability-zone'}, {type: binpack, field: memory}, {type: random}]
    constraints: [{type: distinctInstance}]
";
    let (loaded, done) = support::read(&compose, &[("ecs-params.yml", params)]);
    let faults = loaded.outcomes.iter().filter(|d| d.severity == Severity::Error);
    assert_eq!(faults.map(|d| d.message.clone()).collect::<Vec<_>>(), [] as [&str; 0]);
    let task = request(&done, "ecs/register-task-definition/web.json");
    assert_eq!(task["networkMode"], "bridge");
    let gpu = &task["containerDefinitions"][0]["resourceRequirements"];
    assert_eq!(*gpu, json!([{"type": "GPU", "value": "1"}]));
    let volumes = task["volumes"].to_string();
    for part in ["\"driver\":\"rexray\"", "\"size\":\"5\"", "\"a\":\"b\""] {
        assert!(volumes.contains(part), "{part}: {volumes}");
    }
    let service = request(&done, "ecs/create-service/web.json");
    assert_eq!(
        service["placementStrategy"],
        json!([
            {"type": "spread", "field": "attribute:ecs.availability-zone"},
            {"type": "binpack", "field": "memory"},
            {"type": "random"},
        ])
    );
    let both =
        task["placementConstraints"].to_string() + &service["placementConstraints"].to_string();
    assert!(both.contains("t2.*") && both.contains("distinctInstance"), "{both}");
}

#[test]
fn slips_are_shown_their_name_and_place() {
    let (loaded, _) = read(
        "version: 1\ntask_definition:\n  task_role: a\n  services: {wep: {essential: true}}\n",
    );
    let found: Vec<_> = loaded.outcomes.iter().filter(|d| d.severity == Severity::Error).collect();
    let codes: Vec<_> = found.iter().map(|d| d.code).collect();
    assert_eq!(codes, [Code::UnknownAttribute, Code::UndefinedReference]);
    assert!(found[1].help.as_deref().is_some_and(|help| help.contains("`web`")));
    for fault in found {
        let source = fault.labels[0].span.source;
        assert_eq!(loaded.sources.get(source).name, "ecs-params.yml");
    }
}

#[test]
fn what_a_container_is_told_here_counts() {
    let compose = "services:
  web:
    image: acme/web:1
    mem_limit: 1g
    healthcheck: {test: [CMD, old], interval: 9s, retries: 7}
    deploy: {resources: {reservations: {memory: 900m}}}
";
    let params = "version: 1
task_definition:
  task_size: {cpu_limit: .5 vCPU, mem_limit: 1.0GB}
  services:
    web:
      mem_limit: 524288000
      mem_reservation: 128
      healthcheck: {command: curl -f http://localhost, interval: 15, timeout: 1m, start_period: '30'}
";
    let (loaded, done) = support::read(compose, &[("ecs-params.yml", params)]);
    let faults = loaded.outcomes.iter().filter(|d| d.severity == Severity::Error);
    assert_eq!(faults.map(|d| d.message.clone()).collect::<Vec<_>>(), [] as [&str; 0]);
    let task = request(&done, "ecs/register-task-definition/web.json");
    assert_eq!((&task["cpu"], &task["memory"]), (&json!("512"), &json!("1024")));
    let web = &task["containerDefinitions"][0];
    assert_eq!((&web["memory"], &web["memoryReservation"]), (&json!(500), &json!(128)));
    assert_eq!(
        web["healthCheck"],
        json!({
            "command": ["CMD-SHELL", "curl -f http://localhost"],
            "interval": 15, "timeout": 60, "retries": 7, "startPeriod": 30,
        })
    );
    let said = |text: &str| loaded.outcomes.iter().filter(|d| d.message.contains(text)).count();
    assert_eq!(said("what ecs-params.yml says"), 4);
    assert_eq!(said("read as 128 MiB"), 1);
    let both = "version: 1
task_definition: {services: {web: {healthcheck: {command: a, test: b}}}}
";
    let (loaded, _) = support::read(compose, &[("ecs-params.yml", both)]);
    assert!(loaded.outcomes.iter().any(|d| d.code == Code::Conflict));
    let list = "version: 1
task_definition: {services: {web: {healthcheck: {test: ['true && true']}}}}
";
    let (_, done) = support::read(compose, &[("ecs-params.yml", list)]);
    let task = request(&done, "ecs/register-task-definition/web.json");
    let command = &task["containerDefinitions"][0]["healthCheck"]["command"];
    assert_eq!(*command, json!(["CMD-SHELL", "true && true"]));
}

#[test]
fn variables_are_replaced() {
    let directory = TempDir::new().expect("a directory");
    let compose = "services: {web: {image: a}}\n";
    fs::write(directory.path().join("compose.yaml"), compose).expect("the file");
    let params = "version: 1
task_definition:
  task_execution_role: $ROLE
  task_role_arn: ${OTHER}
  services: {web: {mem_limit: '${LIMIT}'}}
";
    fs::write(directory.path().join("p.yml"), params).expect("the file");
    let variables = [("ROLE", "ecsTaskExecutionRole"), ("LIMIT", "512m")];
    let loaded = load(&LoadOptions {
        cwd: directory.path().to_path_buf(),
        ecs_params: Some("p.yml".into()),
        variables: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..LoadOptions::default()
    });
    assert!(!loaded.outcomes.has_errors() && !loaded.diagnostics.has_errors());
    let web = &loaded.project.as_ref().expect("a project").services["web"];
    let role = web.extension.execution_role.as_ref().expect("a role");
    assert_eq!(role.value, "ecsTaskExecutionRole");
    assert_eq!(web.mem_limit.as_ref().map(|limit| limit.value), Some(512 << 20));
    let unset: Vec<_> = loaded.diagnostics.iter().map(|d| (d.code, d.message.clone())).collect();
    assert_eq!(unset, [(Code::UnsetVariable, "the variable `OTHER` is not set".to_owned())]);
}

#[test]
fn what_decklift_is_told_and_the_parameters_must_agree() {
    let directory = TempDir::new().expect("a directory");
    let compose = "services: {web: {image: a, x-ecs: {role: one}}}\n";
    fs::write(directory.path().join("compose.yaml"), compose).expect("the file");
    let params = "version: 1\ntask_definition: {task_role_arn: two}\n";
    fs::write(directory.path().join("p.yml"), params).expect("the file");
    let options = |file: &str| LoadOptions {
        cwd: directory.path().to_path_buf(),
        ecs_params: Some(file.into()),
        ..LoadOptions::default()
    };
    let loaded = load(&options("p.yml"));
    assert!(loaded.outcomes.iter().any(|d| d.code == Code::Conflict));
    assert!(load(&options("none.yml")).diagnostics.has_errors());
}
