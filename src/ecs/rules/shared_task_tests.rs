//! Compose in, tasks of several containers out.

use serde_json::Value as Json;

use super::launch::tests::{all, body, errors, good, service, task, warnings};
use crate::diagnostic::{Code, Severity};
use crate::ecs::Translation;
use crate::ecs::desired::Kind;
use crate::ecs::testing::has;

fn services(lines: &str) -> String {
    format!("name: shop\nservices:\n{lines}")
}

fn containers(done: &Translation, name: &str) -> Vec<Json> {
    task(done, name)["containerDefinitions"].as_array().cloned().unwrap_or_default()
}

fn essential(done: &Translation, name: &str) -> Vec<bool> {
    containers(done, name).iter().map(|c| c["essential"] == true).collect()
}

#[test]
fn a_container_that_only_lends_its_volumes_may_end() {
    for command in ["command: \"true\", ", "command: sh -c 'echo data', ", ""] {
        let done = good(&services(&format!(
            "  data: {{image: busybox:1.36, {command}volumes: [/data]}}\n  \
             web: {{image: acme/web:1, volumes_from: [data]}}\n"
        )));
        // What lasts names the task.
        assert_eq!(essential(&done, "web"), [true, false], "{command}");
        assert_eq!(warnings(&done.diagnostics), [""; 0]);
        assert!(
            done.diagnostics.iter().any(|d| d.message == "the task runs on when data has ended")
        );
    }
    let done = good(&services(
        "  data: {image: busybox:1.36, command: sleep infinity, volumes: [/data]}\n  \
         web: {image: acme/web:1, volumes_from: [data]}\n",
    ));
    assert_eq!(essential(&done, "data"), [true, true]);
}

#[test]
fn a_job_with_the_volumes_of_another_is_a_job() {
    let done = good(&services(
        "  data: {image: busybox:1.36, command: \"true\", volumes: [/data]}\n  \
         load: {image: acme/load:1, volumes_from: [data], x-ecs: {job: true}}\n",
    ));
    assert!(has(&done, Kind::Job, "load") && !has(&done, Kind::Service, "data"));
    assert_eq!(essential(&done, "load"), [true, false]);
}

#[test]
fn a_database_on_the_volumes_of_another_is_no_less_one() {
    let db = |volume: &str, more: &str| {
        services(&format!(
            "  data: {{image: busybox:1.36, volumes: [\"{volume}\"], command: /bin/true}}\n  \
             db: {{image: mysql:8, volumes_from: [data], environment: {{X: y}}{more}}}\n\
             volumes: {{files: }}\n"
        ))
    };
    let done = good(&db("files:/var/lib/mysql", ""));
    let id = crate::ecs::desired::ResourceId::new(Kind::Service, "db");
    assert!(done.desired.resources[&id].stateful);
    assert_eq!(errors(&db("files:/var/lib/mysql", ", scale: 2")), [Code::Refused]);
    let done = good(&db("/var/lib/mysql", ""));
    assert!(!done.desired.resources[&id].stateful);
    let lost = "what db has at /var/lib/mysql is gone with each task";
    assert!(warnings(&done.diagnostics).contains(&lost), "{:?}", warnings(&done.diagnostics));
}

#[test]
fn a_log_router_starts_first() {
    let with = |router: &str, app: &str| {
        let done = good(&services(&format!(
            "  app: {{image: acme/app:1, logging: {{driver: awsfirelens}}{app}}}\n  \
             router: {{image: fluent/fluent-bit:3, {router}}}\n"
        )));
        let waits: Vec<_> =
            containers(&done, "app").iter().map(|c| c["dependsOn"].clone()).collect();
        let loud = warnings(&done.diagnostics).into_iter().map(str::to_owned).collect::<Vec<_>>();
        (waits, loud)
    };
    let none = vec![Json::Null, Json::Null];
    for router in ["network_mode: \"service:app\"", "volumes_from: [app]", "pid: \"service:app\""] {
        assert_eq!(with(router, ""), (none.clone(), vec![]), "{router}");
    }
    let said = "router starts before app, whose log it routes".to_owned();
    let written = "network_mode: \"service:app\", depends_on: [app]";
    assert_eq!(with(written, ""), (none, vec![said]));
    // The other way round it is the order that ECS has anyway.
    let (waits, loud) = with("x-ecs: {task: app}", ", depends_on: [router], x-ecs: {task: app}");
    assert_eq!((&waits[0][0]["containerName"], loud), (&Json::from("router"), vec![]));
}

#[test]
fn a_volume_in_memory_is_shared_on_the_disk_of_the_task() {
    let of = |other: &str| {
        good(&services(&format!(
            "  app: {{image: acme/app:1, volumes: [\"logs:/logs\"], x-ecs: {{task: t}}}}\n  \
             other: {{image: acme/tail:1, {other}}}\n\
             volumes: {{logs: {{driver: local, driver_opts: {{type: tmpfs, device: tmpfs}}}}}}\n"
        )))
    };
    let points = |done: &Translation| -> Vec<Json> {
        let points = containers(done, "app").into_iter();
        points.map(|c| c["mountPoints"][0]["sourceVolume"].clone()).collect()
    };
    for other in
        ["volumes: [\"logs:/in:ro\"], x-ecs: {task: t}", "volumes_from: [app], x-ecs: {task: t}"]
    {
        let done = of(other);
        assert_eq!(points(&done), ["logs", "logs"], "{other}");
        assert_eq!(
            task(&done, "app")["volumes"],
            serde_json::json!([{"name": "logs", "host": {}}])
        );
        assert_eq!(warnings(&done.diagnostics), ["logs is on the task's disk, and not in memory"]);
    }
    let done = of("volumes: [\"logs:/in\"]");
    assert_eq!(
        containers(&done, "app")[0]["linuxParameters"]["tmpfs"][0]["containerPath"],
        "/logs"
    );
    assert_eq!(
        containers(&done, "other")[0]["linuxParameters"]["tmpfs"][0]["containerPath"],
        "/in"
    );
    assert_eq!(
        warnings(&done.diagnostics),
        ["no other service is in the task \"t\"", "app and other each have a logs of their own"]
    );
}

#[test]
fn the_clock_starts_tasks_and_not_containers() {
    let text = |schedule: &str| {
        services(&format!(
            "  web: {{image: acme/web:1, x-ecs: {{task: web}}}}\n  \
             rotate: {{image: acme/rotate:1, x-ecs: {{task: web, schedule: \"{schedule}\"}}}}\n"
        ))
    };
    for schedule in ["rate(1 day)", "nonsense"] {
        let done = all(&text(schedule));
        let found = done.diagnostics.iter().find(|d| d.severity == Severity::Error).expect("one");
        assert_eq!((found.code, found.service.as_deref()), (Code::Refused, Some("rotate")));
        assert!(found.help.as_ref().is_some_and(|help| help.contains("a task of its own")));
    }
}

#[test]
fn a_job_in_a_task_that_runs_on_runs_with_each_of_them() {
    let with = |job: &str, web: &str| {
        let done = good(&services(&format!(
            "  web: {{image: acme/web:1, x-ecs: {{task: web}}{web}}}\n  \
             load: {{image: acme/load:1, {job}}}\n"
        )));
        assert_eq!(essential(&done, "web"), [true, false]);
        warnings(&done.diagnostics).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let said = ["load runs with each task of web, not once a deployment"];
    assert_eq!(with("x-ecs: {task: web, job: true}", ""), said);
    assert_eq!(with("x-ecs: {task: web}, deploy: {mode: replicated-job}", ""), said);
    let waits = ", depends_on: {load: {condition: service_completed_successfully}}";
    assert_eq!(with("x-ecs: {task: web, job: true}", waits), [""; 0]);
}

#[test]
fn a_job_in_a_task_publishes_nothing_and_names_nothing() {
    let done = good(&services(
        "  migrate: {image: acme/migrate:1, network_mode: \"service:app\", \
         deploy: {mode: replicated-job}, ports: [\"9:9\"]}\n  \
         app: {image: acme/app:1}\n",
    ));
    assert!(has(&done, Kind::Service, "app") && !has(&done, Kind::LoadBalancer, "alb"));
    let public = done.diagnostics.iter().filter(|d| d.code == Code::PortPublic).count();
    let private = done.diagnostics.iter().filter(|d| d.code == Code::PortNotPublic).count();
    assert_eq!((public, private), (0, 1));
}

#[test]
fn containers_in_the_network_of_another_answer_to_its_names() {
    let done = good(&services(
        "  vpn: {image: acme/vpn:1}\n  \
         app: {image: acme/app:1, network_mode: \"service:vpn\", expose: [\"8080\"]}\n  \
         user: {image: acme/user:1, environment: {APP: \"http://vpn:8080\"}}\n",
    ));
    let offered = service(&done, "vpn")["serviceConnectConfiguration"]["services"].clone();
    assert_eq!(offered[0]["portName"], "app-8080");
    let alias = serde_json::json!([{"port": 8080, "dnsName": "vpn"}]);
    assert_eq!((&offered[0]["clientAliases"], &offered[1]), (&alias, &Json::Null));
    assert!(body(&done, Kind::Service, "user")["serviceConnectConfiguration"]["enabled"] == true);
}

#[test]
fn without_a_network_there_are_no_ports() {
    let done = good(
        "name: shop\nx-ecs: {launch: ec2, cluster: prod}\nservices:\n  app: {image: acme/app:1, network_mode: none, \
         ports: [\"80:80\"], expose: [\"81\"]}\n",
    );
    assert_eq!(containers(&done, "app")[0]["portMappings"], Json::Null);
    let missed =
        ["ports", "expose"].map(|name| format!("`{name}` has no effect: app has no network"));
    assert_eq!(warnings(&done.diagnostics), missed);
}
