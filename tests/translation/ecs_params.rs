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
      mem_reservation: 256
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
    assert!(volumes.contains("\"host\":{}"), "{volumes}");
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
  services: {web: {mem_limit: 256m}, log: {mem_reservation: 64m}}
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
fn the_compose_file_and_the_parameters_must_agree() {
    let directory = TempDir::new().expect("a directory");
    let compose = "services: {web: {image: a, mem_limit: 1g}}\n";
    fs::write(directory.path().join("compose.yaml"), compose).expect("the file");
    let params = "version: 1\ntask_definition: {services: {web: {mem_limit: 512m}}}\n";
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
