use std::process::Command;

use super::*;
use crate::compose::model::Service;
use crate::ecs::desired::{Attribute, Kind, ResourceId, TaskDefinition, Value};
use crate::ecs::testing::{at, env, exposed, facts, has, loud, project, run, service, task};
use crate::ecs::{Translation, translate, validate};

fn services() -> Vec<Service> {
    let mut api = service("api", "acme/api:1");
    api.expose = vec![exposed(8000)];
    let mut job = service("migrate", "acme/migrate:1");
    job.extension.job = Some(at(true));
    env(&mut job, "API", "http://api:8000");
    vec![api, job]
}

fn names(task: &TaskDefinition) -> Vec<&str> {
    task.container_definitions.iter().map(|container| container.name.as_str()).collect()
}

fn clean(done: &Translation) {
    assert_eq!((loud(&done.diagnostics), validate(&done.desired)), (vec![], vec![]));
}

#[test]
fn a_job_finds_services_by_their_bare_names() {
    let done = run(services());
    clean(&done);
    let job = task(&done, "migrate");
    assert_eq!(names(job), ["migrate", NAME]);
    let [migrate, first] = job.container_definitions.as_slice() else { panic!("{job:?}") };
    assert_eq!(migrate.depends_on[0].container_name, NAME);
    assert_eq!(migrate.depends_on[0].condition, "SUCCESS");
    assert!(!first.essential && first.log_configuration.is_some());
    let image = ResourceId::new(Kind::Image, "@busybox");
    assert_eq!(first.image, Value::From(image, Attribute::Uri));
    assert!(first.command.as_ref().expect("a script")[0].contains("shop.internal"));
    // Service Connect serves the others.
    assert_eq!(names(task(&done, "api")), ["api"]);
}

#[test]
fn on_arm_the_image_is_another() {
    let mut services = services();
    services[1].platform = Some(at("linux/arm64".to_owned()));
    let done = run(services);
    clean(&done);
    assert!(has(&done, Kind::Image, "@busybox-arm64") && !has(&done, Kind::Image, "@busybox"));
    assert!(has(&done, Kind::Repository, "@busybox"));
    let image = &task(&done, "migrate").container_definitions[1].image;
    assert_eq!(image.to_string(), "${image/@busybox-arm64/uri}");
}

#[test]
fn a_service_of_that_name_keeps_it() {
    let mut services = services();
    let other = NAME.to_owned();
    services[1].name = at(other.clone());
    let done = run(services);
    let numbered = format!("{NAME}-2");
    assert_eq!(names(task(&done, &other)), [&*other, &*numbered]);
}

#[test]
fn with_dns_alone_every_task_needs_it() {
    let mut services = services();
    services[1].extension.job = None;
    let mut project = project(services);
    project.extension.discovery = Some(at(crate::compose::model::NameService::Dns));
    let done = translate(&project, None, &facts());
    clean(&done);
    assert_eq!(names(task(&done, "api")), ["api", NAME]);
    assert_eq!(names(task(&done, "migrate")), ["migrate", NAME]);
}

#[test]
fn without_company_nobody_does() {
    let mut services = services();
    services.remove(0);
    services[0].environment.clear();
    assert_eq!(names(task(&run(services), "migrate")), ["migrate"]);
}

/// The script is run by a shell, on a file of its own.
#[test]
fn the_search_list_begins_with_the_zone_and_keeps_what_there_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("resolv.conf");
    let path = file.to_str().expect("text");
    let cases = [
        ("nameserver 10.0.0.2\n", "search shop.internal\nnameserver 10.0.0.2\n"),
        (
            "search ec2.internal a.example\nnameserver 10.0.0.2\noptions ndots:0\n",
            "search shop.internal ec2.internal a.example\nnameserver 10.0.0.2\noptions ndots:0\n",
        ),
        ("", "search shop.internal\n\n"),
    ];
    for (before, after) in cases {
        std::fs::write(&file, before).expect("written");
        let output = Command::new("/bin/sh").arg("-c").arg(script(path, "shop.internal")).output();
        let output = output.expect("a shell");
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        assert_eq!(std::fs::read_to_string(&file).expect("a file"), after);
    }
}
