//! Names in the DNS.

use crate::compose::model::{PortExposure, Service};
use crate::diagnostic::{Code, Severity};
use crate::ecs::desired::{AliasRecord, Body, Kind};
use crate::ecs::testing::{at, facts, find, has, loud, port, project, resource, service};
use crate::ecs::{Translation, translate, validate};

fn web() -> Service {
    let mut web = service("web", "acme/web:1");
    web.ports = vec![port(80, 8000)];
    web
}

fn internal(mut service: Service) -> Service {
    service.extension.ports.insert(8000, at(PortExposure::Internal));
    service
}

fn with(domains: &[&str], services: Vec<Service>) -> Translation {
    let mut project = project(services);
    project.extension.domains = domains.iter().map(|name| at((*name).to_owned())).collect();
    let mut facts = facts();
    facts.zones.insert("shop.example.com".to_owned(), "Z1".to_owned());
    translate(&project, None, &facts)
}

fn record<'a>(done: &'a Translation, name: &str) -> &'a AliasRecord {
    match &resource(done, Kind::AliasRecord, name).body {
        Body::AliasRecord(record) => record,
        body => panic!("{body:?}"),
    }
}

fn target(record: &AliasRecord) -> String {
    record.records().next().expect("a record").alias_target.dns_name.to_string()
}

#[test]
fn a_domain_leads_to_the_load_balancer_and_is_what_is_printed() {
    let done = with(&["shop.example.com"], vec![web()]);
    assert_eq!((loud(&done.diagnostics), validate(&done.desired)), (vec![], vec![]));
    let record = record(&done, "shop.example.com");
    assert_eq!(record.change.hosted_zone_id, "Z1");
    assert_eq!(target(record), "${load-balancer/alb/dns-name}");
    let note = &record.note.as_ref().expect("a note").tags[0];
    assert_eq!(note.value, "Z1 shop.example.com");
    let hosts: Vec<_> = done.desired.endpoints.iter().map(|e| e.host.as_deref()).collect();
    assert_eq!(hosts, [Some("shop.example.com")]);
    let hint = find(&done.diagnostics, Code::Approximated).expect("a note");
    assert_eq!(hint.severity, Severity::Note);
}

#[test]
fn an_alias_leads_to_the_load_balancer_of_its_service() {
    let mut admin = internal(service("admin", "acme/admin:1"));
    admin.ports = vec![port(81, 8000)];
    admin.extension.http.aliases = vec![at("admin.example.com".to_owned())];
    let done = with(&["shop.example.com"], vec![web(), admin]);
    assert_eq!(
        target(record(&done, "admin.example.com")),
        "${load-balancer/alb-internal/dns-name}"
    );
    let hosts: Vec<_> = done.desired.endpoints.iter().map(|e| e.host.as_deref()).collect();
    assert_eq!(hosts, [Some("shop.example.com"), Some("admin.example.com")]);
}

#[test]
fn one_name_leads_to_one_load_balancer() {
    let mut admin = internal(service("admin", "acme/admin:1"));
    admin.ports = vec![port(81, 8000)];
    admin.extension.http.aliases = vec![at("shop.example.com".to_owned())];
    let done = with(&["shop.example.com"], vec![web(), admin]);
    assert!(loud(&done.diagnostics).contains(&(Severity::Error, Code::Conflict)));
    let mut twice = web();
    twice.extension.http.aliases = vec![at("shop.example.com".to_owned())];
    assert_eq!(loud(&with(&["shop.example.com"], vec![twice]).diagnostics), []);
}

#[test]
fn a_domain_without_a_port_has_no_effect() {
    let done = with(&["shop.example.com"], vec![service("worker", "acme/worker:1")]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
    assert!(!has(&done, Kind::AliasRecord, "shop.example.com"));
}

#[test]
fn a_wildcard_is_a_record_and_no_address() {
    let done = with(&["*.example.com"], vec![web()]);
    assert_eq!(validate(&done.desired), []);
    assert_eq!(record(&done, "_any.example.com").name(), "*.example.com");
    assert_eq!(done.desired.endpoints[0].host, None);
}
