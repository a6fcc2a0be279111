//! What is sent is what was written, and what is read back is what was sent.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use aws_sdk_ecs::types as sdk;
use proptest::prelude::*;
use serde_json::Value as Json;

use super::generate::{ecs_service, task};
use super::{container, shape, task_definition};
use crate::aws::Aws;
use crate::aws::recorder::Recorder;
use crate::ecs::desired::*;
use crate::ecs::testing::members;
use crate::plan::{Action, Change, RolloutState};

/// As AWS would describe what was registered, with the defaults that it fills in.
fn registered(aws: &Aws, body: &TaskDefinition) -> (sdk::TaskDefinition, Vec<sdk::Tag>) {
    let sent = task_definition::request(aws.ecs().register_task_definition(), body).unwrap();
    let sent = sent.as_input().clone().build().unwrap();
    let containers = sent.container_definitions().iter().cloned().map(|mut container| {
        container.environment.get_or_insert_default().reverse();
        container.secrets.get_or_insert_default().reverse();
        container.environment_files.get_or_insert_default();
        container.mount_points.get_or_insert_default().reverse();
        container.port_mappings.get_or_insert_default().reverse();
        container.volumes_from.get_or_insert_default();
        container.system_controls.get_or_insert_default();
        container
    });
    let volumes = sent.volumes().iter().cloned().map(|mut volume| {
        if let Some(efs) = &mut volume.efs_volume_configuration {
            efs.root_directory.get_or_insert_with(|| "/".to_owned());
        }
        volume
    });
    let described = sdk::TaskDefinition::builder()
        .task_definition_arn("arn:aws:ecs:r:1:task-definition/f:1")
        .revision(1)
        .status(sdk::TaskDefinitionStatus::Active)
        .compatibilities(sdk::Compatibility::Ec2)
        .compatibilities(sdk::Compatibility::Fargate)
        .set_family(sent.family.clone())
        .set_task_role_arn(sent.task_role_arn.clone())
        .set_execution_role_arn(sent.execution_role_arn.clone())
        .set_network_mode(sent.network_mode.clone())
        .set_pid_mode(sent.pid_mode.clone())
        .set_ipc_mode(sent.ipc_mode.clone())
        .set_requires_compatibilities(sent.requires_compatibilities.clone())
        .set_cpu(sent.cpu.clone())
        .set_memory(sent.memory.clone())
        .set_runtime_platform(sent.runtime_platform.clone())
        .set_ephemeral_storage(sent.ephemeral_storage.clone())
        .set_proxy_configuration(sent.proxy_configuration.clone())
        .set_enable_fault_injection(sent.enable_fault_injection)
        .set_placement_constraints(sent.placement_constraints.clone())
        .set_volumes(Some(volumes.collect()))
        .set_container_definitions(Some(containers.collect()))
        .build();
    (described, sent.tags.unwrap_or_default())
}

/// As AWS would describe what was created.
fn created(aws: &Aws, body: &Service) -> sdk::Service {
    let sent = shape::request(aws.ecs().create_service(), body).unwrap();
    let sent = sent.as_input().clone().build().unwrap();
    let balanced = sent.load_balancers.is_some();
    let deployment = sdk::Deployment::builder()
        .id("ecs-svc/1")
        .status("PRIMARY")
        .desired_count(body.desired_count)
        .platform_version("1.4.0")
        .platform_family("Linux")
        .rollout_state(sdk::DeploymentRolloutState::Completed)
        .set_service_connect_configuration(sent.service_connect_configuration.clone())
        .set_volume_configurations(sent.volume_configurations.clone())
        .set_vpc_lattice_configurations(sent.vpc_lattice_configurations.clone())
        .build();
    sdk::Service::builder()
        .service_arn("arn:aws:ecs:r:1:service/c/s")
        .cluster_arn(format!("arn:aws:ecs:r:1:cluster/{}", body.cluster))
        .status("ACTIVE")
        .platform_family("Linux")
        .set_service_name(sent.service_name)
        .set_task_definition(sent.task_definition)
        // ECS counts a daemon's instances.
        .desired_count(sent.desired_count.unwrap_or(3))
        .set_launch_type(sent.launch_type)
        .set_placement_constraints(sent.placement_constraints)
        .set_placement_strategy(sent.placement_strategy)
        .set_capacity_provider_strategy(sent.capacity_provider_strategy)
        .set_platform_version(sent.platform_version)
        .set_scheduling_strategy(sent.scheduling_strategy)
        .set_deployment_configuration(sent.deployment_configuration)
        .set_network_configuration(sent.network_configuration)
        .set_load_balancers(Some(sent.load_balancers.unwrap_or_default()))
        .set_service_registries(sent.service_registries)
        .health_check_grace_period_seconds(if balanced {
            sent.health_check_grace_period_seconds.unwrap()
        } else {
            0
        })
        .set_availability_zone_rebalancing(sent.availability_zone_rebalancing)
        .enable_ecs_managed_tags(sent.enable_ecs_managed_tags.unwrap())
        .set_propagate_tags(sent.propagate_tags)
        .enable_execute_command(sent.enable_execute_command.unwrap())
        .set_tags(sent.tags)
        .deployments(deployment)
        .build()
}

fn sent_json(recorder: &Recorder) -> Json {
    serde_json::from_str(&recorder.sent().pop().expect("a request").1).expect("JSON")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_task_definition_comes_back_as_it_was_sent(body in task()) {
        let (described, tags) = registered(&Recorder::default().aws(), &body);
        let observed = task_definition::observed(&described, &tags).observed;
        prop_assert_eq!(observed.body, Body::TaskDefinition(Box::new(body)));
        prop_assert!(observed.tags_known);
    }

    #[test]
    fn a_service_comes_back_as_it_was_sent(body in ecs_service()) {
        let described = created(&Recorder::default().aws(), &body);
        let observed = shape::from_sdk(&described).unwrap().observed;
        prop_assert_eq!(observed.body, Body::Service(Box::new(body)));
        prop_assert_eq!(observed.live.unwrap().state, RolloutState::Completed);
    }

    #[test]
    fn what_is_registered_is_what_convert_prints(body in task()) {
        let recorder = Recorder::default();
        let aws = recorder.aws();
        runtime().block_on(aws.register(&body)).unwrap();
        prop_assert_eq!(sent_json(&recorder), serde_json::to_value(&body).unwrap());
    }

    #[test]
    fn what_is_created_is_what_convert_prints(body in ecs_service()) {
        let recorder = Recorder::default();
        let aws = recorder.aws();
        runtime().block_on(aws.create_service(&body, false)).unwrap();
        let mut sent = sent_json(&recorder);
        let token = sent.as_object_mut().unwrap().remove("clientToken");
        prop_assert!(token.is_some_and(|token| token.as_str().unwrap().len() == 32));
        let mut printed = serde_json::to_value(&body).unwrap();
        if body.tasks().is_none() {
            // As the request that `convert` prints.
            printed.as_object_mut().unwrap().remove("desiredCount");
        }
        prop_assert_eq!(sent, printed);
    }
}

#[test]
fn every_member_that_is_taken_is_sent_and_comes_back() {
    let task: TaskDefinition =
        serde_json::from_value(members::sample("RegisterTaskDefinition")).unwrap();
    let recorder = Recorder::default();
    runtime().block_on(recorder.aws().register(&task)).unwrap();
    assert_eq!(sent_json(&recorder), serde_json::to_value(&task).unwrap());
    let (described, tags) = registered(&Recorder::default().aws(), &task);
    let observed = task_definition::observed(&described, &tags).observed;
    assert_eq!(observed.body, Body::TaskDefinition(Box::new(task)));

    let mut service: Service = serde_json::from_value(members::sample("CreateService")).unwrap();
    // A strategy names no launch type.
    service.launch_type = None;
    let recorder = Recorder::default();
    runtime().block_on(recorder.aws().create_service(&service, false)).unwrap();
    let mut sent = sent_json(&recorder);
    sent.as_object_mut().unwrap().remove("clientToken");
    assert_eq!(sent, serde_json::to_value(&service).unwrap());
    let described = created(&Recorder::default().aws(), &service);
    let observed = shape::from_sdk(&described).unwrap().observed;
    assert_eq!(observed.body, Body::Service(Box::new(service)));
}

fn one<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>) -> T {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    strategy.new_tree(&mut runner).unwrap().current()
}

#[test]
fn what_aws_fills_in_is_left_out() {
    let described = sdk::ContainerDefinition::builder()
        .name("web")
        .image("i")
        .cpu(0)
        .readonly_root_filesystem(false)
        .interactive(false)
        .port_mappings(sdk::PortMapping::builder().container_port(80).build())
        .linux_parameters(sdk::LinuxParameters::builder().init_process_enabled(false).build())
        .set_environment(Some(Vec::new()))
        .set_entry_point(Some(Vec::new()))
        .build();
    let expected = ContainerDefinition {
        name: "web".to_owned(),
        image: Value::from("i"),
        essential: true,
        port_mappings: vec![PortMapping {
            name: None,
            container_port: 80,
            host_port: 80,
            protocol: "tcp".to_owned(),
            app_protocol: None,
            container_port_range: None,
        }],
        ..ContainerDefinition::default()
    };
    assert_eq!(container::from_sdk(&described, Some(&sdk::NetworkMode::Awsvpc)), expected);
}

#[test]
fn a_service_that_is_going_is_not_there() {
    let gone = sdk::Service::builder().service_name("web").status("DRAINING").build();
    assert!(shape::from_sdk(&gone).is_none());
}

#[tokio::test]
async fn an_idle_service_is_made_without_tasks() {
    let recorder = Recorder::default();
    let body = Service { desired_count: 3, ..one(ecs_service()) };
    recorder.aws().create_service(&body, true).await.unwrap();
    assert_eq!(sent_json(&recorder)["desiredCount"], 0);
}

#[tokio::test]
async fn a_creation_that_was_heard_already_takes_what_it_made() {
    let exists = r#"{"__type":"InvalidParameterException","message":"Creation of service was not idempotent."}"#;
    let described = |project: &str| {
        format!(
            r#"{{"services":[{{"serviceName":"web","serviceArn":"arn:web","status":"ACTIVE","desiredCount":0,"clusterArn":"a/c","tags":[{{"key":"decklift:project","value":"{project}"}},{{"key":"decklift:environment","value":"default"}}],"deployments":[{{"id":"ecs-svc/1","status":"PRIMARY"}}]}}]}}"#
        )
    };
    let tag = |key: &str, value: &str| Tag {
        key: format!("decklift:{key}").into(),
        value: value.to_owned(),
    };
    let body = Service {
        tags: vec![tag("environment", "default"), tag("project", "shop")],
        ..one(ecs_service())
    };
    let recorder = Recorder::new([(400, exists), (200, &*described("shop"))]);
    let changed = recorder.aws().create_service(&body, true).await.unwrap();
    assert_eq!(changed.attributes[&Attribute::Arn], "arn:web");
    assert_eq!(recorder.operations(), ["CreateService", "DescribeServices"]);

    // With tasks it is brought to what was asked for: another try may have asked for something else.
    let updated = r#"{"service":{"serviceArn":"arn:web","deployments":[{"id":"ecs-svc/2","status":"PRIMARY"}]}}"#;
    let found = described("shop");
    // The second time it is looked at because it is forced, and must not be twice.
    let recorder = Recorder::new([(400, exists), (200, &*found), (200, &*found), (200, updated)]);
    let changed = recorder.aws().create_service(&body, false).await.unwrap();
    assert_eq!(changed.deployment.as_deref(), Some("ecs-svc/2"));

    let recorder = Recorder::new([(400, exists), (200, &*described("other"))]);
    let error = recorder.aws().create_service(&body, false).await.unwrap_err();
    assert_eq!(error.kind, crate::apply::cloud::CloudErrorKind::NotOurs);
    assert!(error.message.contains("belongs to project other"));
}

#[tokio::test]
async fn a_new_deployment_is_one_call_that_says_everything() {
    let answer = r#"{"service":{"serviceArn":"arn:s","deployments":[{"id":"ecs-svc/1","status":"ACTIVE"},{"id":"ecs-svc/2","status":"PRIMARY"}]}}"#;
    let recorder = Recorder::new([(200, answer)]);
    let body = Service {
        load_balancers: Vec::new(),
        health_check_grace_period_seconds: None,
        service_connect_configuration: None,
        ..one(ecs_service())
    };
    let change = Change { path: "taskDefinition".to_owned(), from: None, to: None };
    let changed =
        recorder.aws().update_service(&body, Action::NewDeployment, &[change]).await.unwrap();
    assert_eq!(changed.deployment.as_deref(), Some("ecs-svc/2"));
    assert_eq!(recorder.operations(), ["UpdateService"]);
    let sent = sent_json(&recorder);
    assert_eq!(sent["loadBalancers"], Json::Array(Vec::new()));
    assert_eq!(sent["serviceConnectConfiguration"]["enabled"], false);
    assert!(sent.get("forceNewDeployment").is_none());
    assert!(sent.get("launchType").is_none());
}

#[tokio::test]
async fn a_change_without_a_deployment_leaves_alone_what_would_start_one() {
    let recorder = Recorder::default();
    let body = one(ecs_service());
    recorder.aws().update_service(&body, Action::Update, &[]).await.unwrap();
    let sent = sent_json(&recorder);
    for field in ["taskDefinition", "loadBalancers", "networkConfiguration", "forceNewDeployment"] {
        assert!(sent.get(field).is_none(), "{field}");
    }
    assert_eq!(sent["desiredCount"], body.desired_count);
}

#[tokio::test]
async fn a_role_that_is_not_known_yet_is_waited_for() {
    let not_yet = r#"{"__type":"ClientException","message":"Role is not valid"}"#;
    let answer = r#"{"taskDefinition":{"taskDefinitionArn":"arn:t:7"}}"#;
    let recorder = Recorder::new([(400, not_yet), (400, not_yet), (200, answer)]);
    let changed = recorder.aws().register(&one(task())).await.unwrap();
    assert_eq!(changed.detail.as_deref(), Some("revision 7"));
    assert_eq!(changed.attributes[&Attribute::Arn], "arn:t:7");
}

#[tokio::test]
async fn a_registration_whose_answer_was_lost_is_not_repeated() {
    let lost = r#"{"__type":"ServerException","message":"oops"}"#;
    let body = TaskDefinition { volumes: Vec::new(), tags: Vec::new(), ..one(task()) };
    let mut described = serde_json::to_value(&body).unwrap();
    described["taskDefinitionArn"] = Json::from("arn:aws:ecs:r:1:task-definition/f:7");
    let described = serde_json::json!({ "taskDefinition": described }).to_string();
    let recorder = Recorder::new([(500, lost), (200, &*described)]);
    let changed = recorder.aws().register(&body).await.unwrap();
    assert_eq!(changed.detail.as_deref(), Some("revision 7"));
    assert_eq!(recorder.operations(), ["RegisterTaskDefinition", "DescribeTaskDefinition"]);
}
