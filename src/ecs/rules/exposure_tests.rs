//! Tests of which published ports the Internet reaches.

use super::*;
use crate::diagnostic::Severity;
use crate::ecs::desired::Kind;
use crate::ecs::testing::{at, exposed, has, loud, port, project, run, service, volume_mount};

/// The severities of `port-not-public`, and whether there is a listener.
fn outcome(image: &str, edit: impl FnOnce(&mut Service)) -> (Vec<(Severity, Code)>, bool) {
    let mut web = service("web", image);
    web.ports = vec![port(8080, 80)];
    edit(&mut web);
    let done = run(vec![web]);
    (loud(&done.diagnostics), !done.desired.endpoints.is_empty())
}

const KEPT: (Severity, Code) = (Severity::Warning, Code::PortNotPublic);

#[test]
fn tcp_goes_public() {
    assert_eq!(outcome("acme/web", |_| {}), (vec![], true));
}

#[test]
fn data_store_ports_stay_private() {
    assert_eq!(outcome("acme/db", |s| s.ports = vec![port(15432, 5432)]), (vec![KEPT], false));
    assert_eq!(outcome("acme/db", |s| s.ports = vec![port(6379, 80)]), (vec![KEPT], false));
}

#[test]
fn images_of_data_stores_and_consoles_stay_private() {
    assert_eq!(outcome("postgres:16", |_| {}), (vec![KEPT], false));
    assert_eq!(outcome("adminer:1", |_| {}), (vec![KEPT], false));
    assert_eq!(outcome("nginx:1", |_| {}), (vec![], true));
}

#[test]
fn the_user_has_the_last_word() {
    let ask = |exposure| {
        move |s: &mut Service| {
            s.ports = vec![port(5432, 5432)];
            s.extension.ports.insert(5432, at(exposure));
        }
    };
    assert_eq!(outcome("postgres:1", ask(PortExposure::Public)), (vec![], true));
    assert_eq!(outcome("postgres:1", ask(PortExposure::None)), (vec![], false));
}

#[test]
fn an_exposed_port_can_be_opened() {
    let (said, open) = outcome("acme/web", |s| {
        s.ports.clear();
        s.expose = vec![exposed(3000)];
        s.extension.ports.insert(3000, at(PortExposure::Public));
    });
    assert_eq!((said, open), (vec![], true));
}

#[test]
fn an_unknown_port_cannot_be_opened() {
    let (said, _) = outcome("acme/web", |s| {
        s.extension.ports.insert(3000, at(PortExposure::Public));
    });
    assert_eq!(said, [(Severity::Error, Code::UndefinedReference)]);
}

#[test]
fn udp_stays_private() {
    let udp = |s: &mut Service| s.ports[0].value.protocol = Protocol::Udp;
    assert_eq!(outcome("acme/web", udp), (vec![KEPT], false));
}

#[test]
fn loopback_is_not_public_and_not_worth_a_warning() {
    let bind =
        |ip: &'static str| move |s: &mut Service| s.ports[0].value.host_ip = Some(ip.to_owned());
    assert_eq!(outcome("acme/web", bind("127.0.0.1")), (vec![], false));
    assert_eq!(outcome("acme/web", bind("::1")), (vec![], false));
    assert_eq!(outcome("acme/web", bind("0.0.0.0")), (vec![], true));
    assert_eq!(outcome("acme/web", bind("10.0.0.5")), (vec![KEPT], false));
}

#[test]
fn tls_needs_a_certificate() {
    assert_eq!(outcome("acme/web", |s| s.ports = vec![port(443, 80)]), (vec![KEPT], false));
    assert_eq!(outcome("acme/web", |s| s.ports = vec![port(80, 8443)]), (vec![KEPT], false));
    for protocol in ["https", "http2", "grpc", "GRPC"] {
        let set = |s: &mut Service| s.ports[0].value.app_protocol = Some(protocol.to_owned());
        assert_eq!(outcome("acme/web", set), (vec![KEPT], false), "{protocol}");
    }
}

#[test]
fn the_application_protocol_decides_before_the_port_number() {
    let set = |protocol: &'static str| {
        move |s: &mut Service| {
            s.ports = vec![port(9200, 9200)];
            s.ports[0].value.app_protocol = Some(protocol.to_owned());
        }
    };
    assert_eq!(outcome("acme/web", set("http")), (vec![], true));
    assert_eq!(outcome("acme/web", set("redis")), (vec![KEPT], false));
}

#[test]
fn internal_networks_have_no_load_balancer() {
    let mut web = service("web", "acme/web:1");
    web.ports = vec![port(8080, 80)];
    let mut project = project(vec![web]);
    project.networks["default"].internal = true;
    let done = crate::ecs::translate(&project, None, &crate::ecs::testing::facts());
    assert!(!has(&done, Kind::LoadBalancer, "alb"));
    assert!(loud(&done.diagnostics).contains(&KEPT));
}

/// The text of `port-not-public`, and who reaches the listener where there is one.
fn kept(image: &str, target: u16, edit: impl FnOnce(&mut Service)) -> (String, Vec<&'static str>) {
    let mut web = service("web", image);
    web.ports = vec![port(target, target)];
    edit(&mut web);
    let done = run(vec![web]);
    let said = done.diagnostics.iter().find(|said| said.code == Code::PortNotPublic);
    let kinds = [(Kind::LoadBalancer, "alb"), (Kind::LoadBalancer, "nlb")];
    let made = kinds.into_iter().filter(|(kind, name)| has(&done, *kind, name));
    (said.map(|said| format!("{said:?}")).unwrap_or_default(), made.map(|(_, n)| n).collect())
}

#[test]
fn ports_that_do_not_speak_http_stay_private_and_open_over_tcp() {
    for (image, target) in [
        ("logstash:8.15.0", 5044),
        ("fluent/fluentd:v1", 24224),
        ("selenium/hub:4", 4442),
        ("temporalio/auto-setup:1", 7233),
        ("otel/opentelemetry-collector:0.100.0", 4317),
        ("php:8.3-fpm", 9000),
        ("bitnami/spark:3", 7077),
        ("hazelcast/hazelcast:5", 5701),
        ("clickhouse/clickhouse-server:24", 9000),
        ("axllent/mailpit:v1", 1025),
        ("acme/app:1", 50051),
        ("acme/app:1", 2222),
    ] {
        let (said, made) = kept(image, target, |_| {});
        assert!(made.is_empty(), "{image}");
        assert!(said.contains("a network load balancer takes it"), "{image}: {said}");
        let grpc = matches!(target, 4317 | 7233 | 50051);
        assert_eq!(said.contains("app_protocol: grpc"), grpc, "{image}: {said}");
        let open = |s: &mut Service| {
            s.extension.ports.insert(target, at(PortExposure::Public));
        };
        assert_eq!(kept(image, target, open), (String::new(), vec!["nlb"]), "{image}");
    }
}

#[test]
fn a_number_alone_gives_way_to_what_the_file_says() {
    let (said, _) = kept("acme/app:1", 5005, |_| {});
    assert!(said.contains("app_protocol: http"), "{said}");
    let http = |s: &mut Service| s.ports[0].value.app_protocol = Some("http".to_owned());
    assert_eq!(kept("acme/app:1", 5005, http), (String::new(), vec!["alb"]));
    assert_eq!(kept("rasa/rasa:3", 5005, |_| {}), (String::new(), vec!["alb"]));
}

#[test]
fn grpc_opens_as_the_help_says() {
    let mut collector = service("otel", "otel/opentelemetry-collector:0.100.0");
    collector.ports = vec![port(4317, 4317)];
    collector.ports[0].value.app_protocol = Some("grpc".to_owned());
    let mut project = project(vec![collector]);
    project.extension.certificate = Some(at("arn:aws:acm:us-east-1:1:certificate/a".to_owned()));
    let done = crate::ecs::translate(&project, None, &crate::ecs::testing::facts());
    assert!(has(&done, Kind::LoadBalancer, "alb"));
    assert!(!done.diagnostics.iter().any(|said| said.code == Code::PortNotPublic));
}

#[test]
fn consoles_stay_private() {
    for (image, target) in [
        ("sosedoff/pgweb:1", 8081),
        ("mher/flower:2", 5555),
        ("gcr.io/cadvisor/cadvisor:v0.49.1", 8080),
        ("openzipkin/zipkin:3", 9411),
        ("jc21/nginx-proxy-manager:2", 81),
        ("traefik:v3", 8080),
    ] {
        assert!(kept(image, target, |_| {}).1.is_empty(), "{image}");
    }
    assert_eq!(kept("jc21/nginx-proxy-manager:2", 80, |_| {}), (String::new(), vec!["alb"]));
    assert_eq!(kept("traefik:v3", 80, |_| {}).1, ["alb"]);
}

#[test]
fn what_keeps_a_databases_files_stays_private() {
    let store = |s: &mut Service| s.mounts = vec![volume_mount("data", "/qdrant/storage")];
    let (said, made) = kept("acme/vectors:1", 6333, store);
    assert!(said.contains("a database's files live at /qdrant/storage"), "{said}");
    assert!(made.is_empty());
    let files = |s: &mut Service| s.mounts = vec![volume_mount("data", "/data")];
    assert_eq!(kept("acme/web:1", 6333, files).1, ["alb"]);
}
