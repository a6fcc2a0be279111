#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use serde_json::{Value as Json, json};

use super::*;
use crate::aws::recorder::Recorder;
use crate::ecs::desired::{NetworkConfiguration, Value};

const REVISION: &str = "arn:aws:ecs:eu-west-1:1:task-definition/shop-migrate:2";

fn run(release: u64) -> JobRun {
    let body = Job {
        cluster: "shop".to_owned(),
        task_definition: Value::from(REVISION),
        count: 1,
        launch_type: None,
        placement_constraints: Vec::new(),
        placement_strategy: Vec::new(),
        capacity_provider_strategy: Vec::new(),
        platform_version: "LATEST".to_owned(),
        network_configuration: NetworkConfiguration {
            awsvpc_configuration: crate::ecs::desired::AwsVpcConfiguration {
                subnets: vec!["subnet-1".into()],
                security_groups: vec![Value::from("sg-1")],
                assign_public_ip: "ENABLED".to_owned(),
            },
        },
        volume_configurations: Vec::new(),
        started_by: format!("shop-migrate/{}", Job::RELEASE),
        client_token: Job::TOKEN.to_owned(),
        enable_ecs_managed_tags: true,
        tags: Vec::new(),
    };
    let log = Some(("/decklift/shop/migrate".to_owned(), "migrate".to_owned()));
    JobRun { body, release, container: "migrate".to_owned(), log }
}

fn task(revision: &str, started_by: &str, exit_code: Option<i32>) -> Json {
    let status = if exit_code.is_some() { "STOPPED" } else { "RUNNING" };
    json!({
        "taskArn": "arn:task/shop/old",
        "taskDefinitionArn": revision,
        "startedBy": started_by,
        "lastStatus": status,
        "createdAt": 1,
        "containers": [{"name": "migrate", "exitCode": exit_code}],
    })
}

const LISTED: &str = r#"{"taskArns": ["arn:task/shop/old"]}"#;
const NONE: &str = "{}";
const STARTED: &str = r#"{"tasks": [{"taskArn": "arn:task/shop/new"}]}"#;

/// Whose ARN `run_job` gives, and what was called, when these tasks run and these have stopped.
fn start(release: u64, running: Option<Json>, stopped: Option<Json>) -> (String, Recorder) {
    let described = |task: &Json| json!({"tasks": [task]}).to_string();
    let tasks: Vec<String> = running.iter().chain(&stopped).map(described).collect();
    let lists = [&running, &stopped].map(|task| if task.is_some() { LISTED } else { NONE });
    let answers = lists.into_iter().chain(tasks.iter().map(String::as_str)).chain([STARTED]);
    let recorder = Recorder::new(answers.map(|answer| (200, answer)));
    let aws = recorder.aws();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let arns = runtime.block_on(aws.run_tasks(&run(release)));
    (arns.map_or_else(|error| error.to_string(), |arns| arns.concat()), recorder)
}

fn request(recorder: &Recorder) -> Json {
    let sent = recorder.sent();
    let (_, body) = sent.iter().find(|(operation, _)| operation == "RunTask").unwrap();
    serde_json::from_str(body).unwrap()
}

#[test]
fn a_job_is_started_in_the_name_of_its_release() {
    let (arn, recorder) = start(7, None, None);
    assert_eq!(arn, "arn:task/shop/new");
    let sent = request(&recorder);
    assert_eq!(sent["startedBy"], "shop-migrate/7");
    assert_eq!(sent["taskDefinition"], REVISION);
    let token = sent["clientToken"].as_str().unwrap();
    assert!((1..=64).contains(&token.len()) && token.is_ascii(), "{token}");
    // The same run has the same token, another release has another.
    assert_eq!(request(&start(7, None, None).1)["clientToken"], token);
    assert_ne!(request(&start(8, None, None).1)["clientToken"], token);
}

#[test]
fn one_that_runs_is_not_started_again() {
    for by in ["shop-migrate/7", "shop-migrate/6"] {
        let (arn, recorder) = start(7, Some(task(REVISION, by, None)), None);
        assert_eq!(arn, "arn:task/shop/old", "{by}");
        assert!(!recorder.operations().contains(&"RunTask".to_owned()));
    }
}

#[test]
fn one_that_succeeded_counts_in_its_own_release_alone() {
    let succeeded = task(REVISION, "shop-migrate/7", Some(0));
    assert_eq!(start(7, None, Some(succeeded.clone())).0, "arn:task/shop/old");
    assert_eq!(start(8, None, Some(succeeded)).0, "arn:task/shop/new");
}

#[test]
fn one_that_failed_is_tried_again_under_another_token() {
    let first = request(&start(7, None, None).1);
    let (arn, recorder) = start(7, None, Some(task(REVISION, "shop-migrate/7", Some(1))));
    assert_eq!(arn, "arn:task/shop/new");
    assert_ne!(request(&recorder)["clientToken"], first["clientToken"]);
}

#[test]
fn an_older_revision_that_still_runs_is_in_the_way() {
    let older = REVISION.replace(":2", ":1");
    let (error, recorder) = start(7, Some(task(&older, "shop-migrate/6", None)), None);
    assert!(error.contains("task old still runs the job as shop-migrate:1"), "{error}");
    assert!(!recorder.operations().contains(&"RunTask".to_owned()));
}

#[test]
fn what_somebody_else_runs_of_the_family_is_no_job() {
    let other = task(&REVISION.replace(":2", ":1"), "someone", None);
    assert_eq!(start(7, Some(other), None).0, "arn:task/shop/new");
}

#[test]
fn the_exit_code_is_that_of_the_jobs_container() {
    let built = |code: Option<i32>, status: &str| {
        let container = |name: &str, code: Option<i32>| {
            sdk::Container::builder().name(name).set_exit_code(code).build()
        };
        let containers = vec![container("proxy", Some(137)), container("migrate", code)];
        sdk::Task::builder().last_status(status).set_containers(Some(containers)).build()
    };
    assert_eq!(exit_code(&built(Some(0), "STOPPED"), "migrate"), Some(0));
    assert_eq!(exit_code(&built(None, "STOPPED"), "migrate"), None);
    // It may have ended while the task still stops.
    assert_eq!(exit_code(&built(Some(0), "DEPROVISIONING"), "migrate"), None);
}
