use super::*;
use crate::compose::Project;
use crate::compose::model::{Condition, Service};
use crate::diagnostic::Severity;
use crate::ecs::Translation;
use crate::ecs::testing::{
    at, attachment, depends, ecs_service, env, exposed, facts, has, loud, networks, project,
    resource, run, service, task,
};
use crate::ecs::{translate, validate};

const WARNING: (Severity, Code) = (Severity::Warning, Code::Approximated);

fn api() -> Service {
    let mut api = service("api", "acme/api:1");
    api.expose = vec![exposed(8000)];
    api
}

fn job(url: &str) -> Service {
    let mut job = service("migrate", "acme/migrate:1");
    job.extension.job = Some(at(true));
    env(&mut job, "API", url);
    job
}

fn udp() -> Service {
    let mut dns = service("dns", "acme/dns:1");
    dns.expose = vec![exposed(53)];
    dns.expose[0].value.protocol = Protocol::Udp;
    dns
}

fn by_dns(services: Vec<Service>) -> Project {
    let mut project = project(services);
    project.extension.discovery = Some(at(NameService::Dns));
    project
}

fn registries(done: &Translation, name: &str) -> Vec<String> {
    let list = &ecs_service(done, name).service_registries;
    list.iter().map(|registry| registry.registry_arn.to_string()).collect()
}

fn helps(done: &Translation) -> Vec<String> {
    done.diagnostics.iter().flat_map(|d| d.help.clone()).collect()
}

#[test]
fn whom_a_job_calls_has_a_name_in_the_zone() {
    let mut other = service("other", "acme/other:1");
    other.networks = networks(&["apart"]);
    let web = service("web", "acme/web:1");
    let services = vec![api(), other, web, job("http://api:8000")];
    let done = translate(&project(services), None, &facts());
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(registries(&done, "api"), ["${dns-name/api/arn}"]);
    assert_eq!(registries(&done, "other"), Vec::<String>::new());
    let Body::PrivateNamespace(zone) = &resource(&done, Kind::PrivateNamespace, "main").body else {
        panic!("a zone")
    };
    assert_eq!((&*zone.name, &zone.vpc), ("shop.internal", &facts().network.vpc_id));
    assert_eq!(validate(&done.desired), []);
    // Others still use Service Connect.
    assert!(has(&done, Kind::Namespace, "main"));
}

/// The address may stand in a secret.
#[test]
fn whoever_a_job_meets_has_a_name_in_the_zone() {
    let mut silent = service("migrate", "acme/migrate:1");
    silent.extension.job = Some(at(true));
    for by_the_clock in [false, true] {
        if by_the_clock {
            silent.extension.job = None;
            silent.extension.schedule = Some(at("rate(1 day)".to_owned()));
        }
        let done = run(vec![service("db", "postgres:16"), api(), silent.clone()]);
        assert_eq!(loud(&done.diagnostics), []);
        for name in ["db", "api"] {
            assert_eq!(registries(&done, name), [format!("${{dns-name/{name}/arn}}")]);
        }
        let containers = &task(&done, "migrate").container_definitions;
        assert!(containers.iter().any(|one| one.name == "decklift-search-domain"));
        assert_eq!(validate(&done.desired), []);
    }
    // Without a job nobody needs it; nor for one that never runs.
    let done = run(vec![service("db", "postgres:16"), api()]);
    assert!(!has(&done, Kind::PrivateNamespace, "main"));
    silent.scale = Some(at(0));
    let done = run(vec![service("db", "postgres:16"), silent]);
    assert!(!has(&done, Kind::PrivateNamespace, "main"));
}

#[test]
fn every_name_that_does_not_resolve_is_told() {
    for names in [["api", "backend"], ["backend", "api"]] {
        let mut api = api();
        api.networks["default"] = attachment(&["backend", "rear"]);
        let mut job = job(&format!("http://{}:8000", names[0]));
        env(&mut job, "OTHER", &format!("http://{}:8000", names[1]));
        env(&mut job, "REAR", "http://rear:8000");
        let done = run(vec![api, job]);
        assert_eq!(loud(&done.diagnostics), [WARNING; 2], "{names:?}");
    }
}

#[test]
fn a_job_that_says_the_whole_name_is_not_warned() {
    let done = run(vec![api(), job("http://api.shop.internal:8000")]);
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(registries(&done, "api").len(), 1);
    // Compose needs an alias for it.
    let mut api = api();
    api.networks["default"] = attachment(&["api.shop.internal"]);
    let done = run(vec![api, job("http://api.shop.internal:8000"), service("web", "acme/web:1")]);
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(validate(&done.desired), []);
}

#[test]
fn whom_a_job_waits_for_has_a_name_too() {
    let mut job = service("migrate", "acme/migrate:1");
    job.extension.job = Some(at(true));
    depends(&mut job, "api", Condition::Started);
    let done = run(vec![api(), job]);
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(registries(&done, "api").len(), 1);
}

#[test]
fn an_alias_is_no_name_in_the_zone() {
    let mut api = api();
    api.networks["default"] = attachment(&["backend"]);
    let done = run(vec![api, job("http://backend:8000")]);
    assert_eq!(loud(&done.diagnostics), [WARNING]);
    assert!(helps(&done)[0].contains("`api.shop.internal`"), "{:?}", helps(&done));
}

#[test]
fn udp_has_a_name_where_there_is_somebody_to_use_it() {
    assert!(!has(&run(vec![udp()]), Kind::DnsName, "dns"));
    let done = run(vec![udp(), service("web", "acme/web:1")]);
    assert_eq!(loud(&done.diagnostics), [WARNING]);
    assert_eq!(registries(&done, "dns").len(), 1);
    assert!(ecs_service(&done, "dns").service_connect_configuration.is_none());
    // Who calls it finds it, when it has nothing else.
    let mut web = service("web", "acme/web:1");
    env(&mut web, "RESOLVER", "dns:53");
    let done = run(vec![udp(), web.clone()]);
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(task(&done, "web").container_definitions.len(), 2);
    let mut both = udp();
    both.expose.push(exposed(54));
    let done = run(vec![both, web]);
    assert_eq!(loud(&done.diagnostics), [WARNING]);
    assert_eq!(task(&done, "web").container_definitions.len(), 1);
    let mut web = service("web", "acme/web:1");
    env(&mut web, "RESOLVER", "dns.shop.internal");
    let done = run(vec![udp(), web]);
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(validate(&done.desired), []);
}

#[test]
fn with_dns_alone_there_is_no_service_connect() {
    let mut web = service("web", "acme/web:1");
    env(&mut web, "API", "http://api:8000");
    let done = translate(&by_dns(vec![api(), web]), None, &facts());
    assert_eq!(loud(&done.diagnostics), []);
    for name in ["api", "web"] {
        assert_eq!(ecs_service(&done, name).service_connect_configuration, None);
        assert_eq!(registries(&done, name), [format!("${{dns-name/{name}/arn}}")]);
        assert!(resource(&done, Kind::Service, name).peers.is_empty());
    }
    assert!(!has(&done, Kind::Namespace, "main"));
    assert_eq!(validate(&done.desired), []);
}

#[test]
fn with_dns_alone_a_service_by_itself_has_no_zone() {
    let done = translate(&by_dns(vec![api()]), None, &facts());
    assert!(!has(&done, Kind::PrivateNamespace, "main"));
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::PortNotPublic)]);
}

#[test]
fn an_unknown_port_does_not_matter_to_dns() {
    let mut web = service("web", "acme/web:1");
    env(&mut web, "API_HOST", "other.shop.internal");
    let services = || vec![service("other", "acme/other:1"), web.clone()];
    let done = translate(&by_dns(services()), None, &facts());
    assert_eq!(loud(&done.diagnostics), []);
}

#[test]
fn on_the_network_of_an_instance_there_are_no_addresses() {
    for mode in [TaskNetwork::Bridge, TaskNetwork::Host] {
        let mut api = api();
        api.extension.launch = Some(at(crate::compose::model::Launch::Ec2));
        api.extension.network_mode = Some(at(mode));
        let done = translate(&by_dns(vec![api, service("web", "acme/web:1")]), None, &facts());
        assert!(!has(&done, Kind::DnsName, "api"));
        let said: Vec<_> = done.diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert!(said.contains(&"api has no name in DNS"), "{said:?}");
        assert!(ecs_service(&done, "api").service_registries.is_empty());
    }
}

#[test]
fn what_a_label_is() {
    for good in ["a", "a-b", "a_b", "api.v2", "_x", "9"] {
        assert!(is_label(good), "{good}");
    }
    let long = "x".repeat(64);
    for bad in ["", "-a", "a-", "a..b", "a b", "_", &long] {
        assert!(!is_label(bad), "{bad}");
    }
}
