use std::collections::BTreeMap;
use std::time::Instant;

use super::*;
use crate::compose::model::{Condition, HealthTest, Service};
use crate::ecs::desired::{Kind, Request};
use crate::ecs::testing::{
    at, built, depends, ecs_service, env, exposed, facts, healthcheck, port, project, seconds,
    service, task, volume_mount,
};
use crate::ecs::validate;

/// An application like `examples/shop`.
pub(crate) fn shop() -> Project {
    let mut web = built("web");
    web.ports = vec![port(8080, 80)];
    env(&mut web, "API", "http://api:8000");
    depends(&mut web, "api", Condition::Healthy);

    let mut api = built("api");
    api.expose = vec![exposed(8000)];
    env(&mut api, "STORE", "store:7000");
    env(&mut api, "GREETING", "hello");
    api.healthcheck = Some(healthcheck(HealthTest::Command(
        ["wget", "-q", "-O", "-", "http://localhost:8000/health"].map(str::to_owned).to_vec(),
    )));
    api.deploy.limits.cpus = Some(at(0.5));
    api.deploy.limits.memory = Some(at(256 << 20));
    depends(&mut api, "store", Condition::Healthy);

    let mut store = service("store", "busybox:1.37");
    store.command = Some(at(vec!["sh".to_owned(), "/data/serve.sh".to_owned()]));
    store.mounts = vec![volume_mount("data", "/data")];
    let mut check = healthcheck(HealthTest::Shell("test -d /data".to_owned()));
    check.value.interval = Some(seconds(5));
    check.value.start_period = Some(seconds(2));
    store.healthcheck = Some(check);
    store.stop_grace_period = Some(seconds(1));

    let mut worker = built("worker");
    worker.deploy.replicas = Some(at(2));
    env(&mut worker, "STORE", "store:7000");
    depends(&mut worker, "store", Condition::Started);
    project(vec![web, api, store, worker])
}

fn requests(translation: &Translation) -> Vec<Request> {
    translation.desired.resources.values().flat_map(|resource| resource.requests()).collect()
}

fn by_path(translation: &Translation) -> BTreeMap<String, serde_json::Value> {
    requests(translation)
        .into_iter()
        .map(|r| (format!("{}/{}/{}", r.service, r.operation, r.name), r.body))
        .collect()
}

/// Severity, code and message of each diagnostic.
fn said(translation: &Translation) -> Vec<String> {
    let line = |d: &crate::diagnostic::Diagnostic| {
        format!(
            "{:?} {} [{}] {}",
            d.severity,
            d.code,
            d.service.as_deref().unwrap_or("-"),
            d.message
        )
    };
    translation.diagnostics.iter().map(line).collect()
}

#[test]
fn the_shop_s_requests() {
    let done = translate(&shop(), None, &facts());
    insta::assert_json_snapshot!("shop_requests", by_path(&done));
}

#[test]
fn the_shop_s_diagnostics() {
    let done = translate(&shop(), None, &facts());
    insta::assert_json_snapshot!("shop_diagnostics", said(&done));
}

#[test]
fn the_shop_s_order() {
    let done = translate(&shop(), Some("prod"), &facts());
    let line = |resource: &crate::ecs::desired::Resource| {
        let waits: Vec<_> =
            resource.waits.iter().map(|(id, gate)| format!("{gate:?} {id}")).collect();
        let peers: Vec<_> = resource.peers.iter().map(ToString::to_string).collect();
        serde_json::json!({
            "id": resource.id,
            "service": resource.service,
            "references": resource.body.references(),
            "waits": waits,
            "peers": peers,
            "stateful": resource.stateful,
        })
    };
    let lines: Vec<_> = done.desired.resources.values().map(line).collect();
    insta::assert_json_snapshot!("shop_order", lines);
}

#[test]
fn the_shop_offline() {
    let done = translate(&shop(), None, &Facts::offline(None));
    assert_eq!(validate(&done.desired), []);
    let text = serde_json::to_string(&by_path(&done)).expect("json");
    for placeholder in ["${aws.account}", "${aws.region}", "${vpc.id}", "${vpc.public_subnets}"] {
        assert!(text.contains(placeholder), "{placeholder}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let bytes = || {
        let done = translate(&shop(), None, &facts());
        (serde_json::to_string(&by_path(&done)).expect("json"), said(&done))
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn aws_takes_the_shop() {
    let done = translate(&shop(), Some("prod"), &facts());
    assert!(!done.diagnostics.has_errors());
    assert_eq!(validate(&done.desired), []);
}

#[test]
fn every_name_starts_with_the_stack() {
    let done = translate(&shop(), Some("prod"), &facts());
    let names = [
        "clusterName",
        "Name",
        "RoleName",
        "repositoryName",
        "GroupName",
        "CreationToken",
        "ClientToken",
        "family",
        "serviceName",
    ];
    for (path, body) in by_path(&done) {
        for name in names {
            if let Some(name) = body.get(name).and_then(serde_json::Value::as_str) {
                assert!(name.starts_with("shop-prod"), "{path}: {name}");
            }
        }
    }
}

#[test]
fn environments_have_names_of_their_own() {
    assert_eq!(stack_name("shop", None), "shop");
    assert_eq!(stack_name("shop", Some("default")), "shop");
    assert_eq!(stack_name("shop", Some("prod")), "shop-prod");
    assert!(stack_name("shop", Some("pré prod")).starts_with("shop-pr--prod-"));
}

#[test]
fn resources_stand_by_kind_and_then_as_in_the_file() {
    let done = translate(&shop(), None, &facts());
    let kinds: Vec<_> = done.desired.resources.keys().map(|id| id.kind).collect();
    assert!(kinds.is_sorted());
    let services: Vec<_> = done
        .desired
        .resources
        .keys()
        .filter(|id| id.kind == Kind::Service)
        .map(|id| id.name.as_str())
        .collect();
    assert_eq!(services, ["web", "api", "store", "worker"]);
}

#[test]
fn what_is_not_of_the_user_s_making_has_no_place_and_the_rest_has() {
    let done = translate(&shop(), None, &facts());
    for resource in done.desired.resources.values() {
        let once = matches!(resource.id.kind, Kind::Cluster | Kind::Namespace);
        assert_eq!(resource.origin.is_none(), once, "{}", resource.id);
    }
}

/// A service that calls the one before it.
fn link(index: usize) -> Service {
    let mut service = service(&format!("s{index}"), "acme/service");
    service.expose = vec![exposed(8000)];
    let before = index.saturating_sub(1);
    env(&mut service, "BEFORE", &format!("http://s{before}:8000"));
    service
}

#[test]
fn the_work_grows_with_the_services_and_not_with_their_square() {
    let time = |count: usize| {
        let project = project((0..count).map(link).collect());
        let start = Instant::now();
        let done = translate(&project, None, &facts());
        assert_eq!(validate(&done.desired), []);
        assert_eq!(requests(&done).len(), count * 6 + 4);
        start.elapsed()
    };
    // The best of a few: the machine may be busy with something else.
    let best = |count: usize| (0..3).map(|_| time(count)).min();
    let (small, large) = (best(200), best(2000));
    // Ten times the services; a square would be a hundred times the work.
    assert!(large < small.map(|time| time * 50), "{small:?} {large:?}");
}

/// Writes what `tools/validate_requests.py` reads, for a look by hand:
/// `DECKLIFT_REQUESTS=DIR cargo test writes_requests`.
#[test]
fn writes_requests() {
    let Some(directory) = std::env::var_os("DECKLIFT_REQUESTS") else { return };
    for (stack, facts) in [("known", facts()), ("offline", Facts::offline(None))] {
        let done = translate(&shop(), Some(stack), &facts);
        for (path, body) in by_path(&done) {
            let (folder, name) = path.rsplit_once('/').expect("a path");
            let folder = std::path::Path::new(&directory).join(stack).join(folder);
            std::fs::create_dir_all(&folder).expect("a folder");
            let text = serde_json::to_string_pretty(&body).expect("json");
            std::fs::write(folder.join(format!("{name}.json")), text).expect("a file");
        }
    }
}

#[test]
fn the_service_that_the_project_is_named_after_has_its_name() {
    let named = project(vec![service("shop", "acme/shop:1"), service("web", "acme/web:1")]);
    let names = |environment| {
        let done = translate(&named, environment, &facts());
        ["shop", "web"].map(|name| {
            let service = ecs_service(&done, name).service_name.clone();
            assert_eq!(task(&done, name).family, service);
            service
        })
    };
    assert_eq!(names(None), ["shop", "shop-web"]);
    assert_eq!(names(Some("prod")), ["shop-prod", "shop-prod-web"]);
}
