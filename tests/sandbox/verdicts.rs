//! How deploys end, with real containers: what is said, what AWS is left with, and the exit code.

use serde_json::json;

use crate::emulator::{Emulator, get};
use crate::support::{Project, Sandbox, engine};

/// A page over HTTP; `extra` are further lines of the service.
fn page(name: &str, extra: &str) -> String {
    format!(
        "  {name}:\n    image: busybox:1.37\n    stop_grace_period: 2s\n    command: sh -c \
         'mkdir /www; echo this is {name} > /www/index.html; exec httpd -f -p 80 -h /www'\n{extra}"
    )
}

/// A service that only stays.
fn stays(name: &str) -> String {
    format!(
        "  {name}:\n    image: busybox:1.37\n    command: sleep 1000\n    stop_grace_period: 2s\n"
    )
}

fn project(services: &[String]) -> Project {
    Project::of(&format!("name: app\nservices:\n{}", services.concat()))
}

#[test]
fn a_revision_that_crashes_is_rolled_back() {
    if !engine("a_revision_that_crashes_is_rolled_back") {
        return;
    }
    let sandbox = Sandbox::new("rollback");
    let project = project(&[page("web", "    ports: [\"8080:80\"]\n")]);
    let url = sandbox.run(&project.arguments("deploy --yes")).exits(0).url("web");
    let tasks = Emulator::of(&sandbox).tasks("app", "app-web");
    project.edit("compose.yaml", "exec httpd", "echo out of order; exit 3; exec httpd");
    let ran = sandbox.run(&project.arguments("deploy --yes")).exits(4);
    let ran = ran.says("exited with 3").says("| out of order");
    let ran = ran.says("rolled back: app-web:1 is running again").says("compose.yaml:3:3");
    let ran = ran.says("why    ECS deployment circuit breaker: tasks failed to start.");
    let ran = ran.says("next: `decklift logs --previous web`");
    assert!(ran.stdout.is_empty(), "{ran}");
    // Nobody noticed.
    assert!(get(&url).expect("a page").1.contains("this is web"));
    let aws = Emulator::of(&sandbox);
    assert_eq!(aws.tasks("app", "app-web"), tasks);
    assert_eq!(aws.service("app", "app-web"), ("app-web:1".to_owned(), 1));

    // It stays to be looked at, where that was asked for.
    let ran = sandbox.run(&project.arguments("deploy --yes --no-rollback")).exits(5);
    ran.says("not rolled back: the failed revision stays in place");
}

#[test]
fn a_target_that_answers_wrongly() {
    if !engine("a_target_that_answers_wrongly") {
        return;
    }
    let sandbox = Sandbox::new("target").variable("DECKLIFT_SANDBOX_GRACE_SECONDS", "3");
    let http = "    ports: [\"8080:80\"]\n    x-ecs: {http: {health_check: /none}}\n    \
                healthcheck: {test: [CMD, \"true\"], start_period: 1s, interval: 5s}\n";
    let project = project(&[page("web", http), stays("fine")]);
    let ran = sandbox.run(&project.arguments("deploy --yes")).exits(5);
    // ECS's own words, and what the load balancer held against the task.
    let ran = ran.says("Task failed ELB health checks").says("is unhealthy");
    let ran = ran.says("Health checks failed with these codes: [404]");
    ran.says("not rolled back").says("compose.yaml:3:3");
    assert_eq!(Emulator::of(&sandbox).tasks("app", "app-fine").len(), 1);
}

#[test]
fn a_first_deploy_that_never_gets_there() {
    if !engine("a_first_deploy_that_never_gets_there") {
        return;
    }
    let sandbox = Sandbox::new("never");
    // Unhealthy only after minutes, and healthy never.
    let sick = "    healthcheck: {test: [CMD, \"false\"], interval: 60s, retries: 10}\n";
    let project = project(&[page("web", sick), stays("fine")]);
    let ran = sandbox.run(&project.arguments("deploy --yes --timeout 6s")).exits(6);
    let ran = ran.says("still in progress").says("service/web").says("--timeout");
    ran.says("ECS goes on with the rollout by itself");
    // The same deploy goes on watching the same deployment.
    let before = Emulator::of(&sandbox).tasks("app", "app-web");
    sandbox.run(&project.arguments("deploy --yes --timeout 3s")).exits(6);
    assert_eq!(Emulator::of(&sandbox).tasks("app", "app-web"), before);
}

#[test]
fn one_bad_service_of_four() {
    if !engine("one_bad_service_of_four") {
        return;
    }
    let sandbox = Sandbox::new("four");
    let bad = stays("bad").replace("sleep 1000", "sh -c 'echo no; exit 1'");
    let after = stays("after") + "    depends_on: [bad]\n";
    let waits = stays("waits") + "    depends_on: {bad: {condition: service_healthy}}\n";
    let project = project(&[bad, after, waits, stays("alone")]);
    let ran = sandbox.run(&project.arguments("deploy --yes")).exits(5);
    let ran = ran.says("not done: create service/waits").says("bad exited with 1");
    ran.does_not_say("service/alone:").does_not_say("failed   create");
    let aws = Emulator::of(&sandbox);
    for (service, tasks) in [("app-alone", 1), ("app-after", 1), ("app-bad", 0)] {
        assert_eq!(aws.tasks("app", service).len(), tasks, "{service}");
    }
    let services = aws.ecs("ListServices", &json!({"cluster": "app"}));
    assert_eq!(services["serviceArns"].as_array().map(Vec::len), Some(3));
}
