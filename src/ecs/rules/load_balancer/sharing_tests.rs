//! Certificates, shared listeners, and load balancers of other kinds.

use crate::compose::model::{PortExposure, Protocol, Service};
use crate::diagnostic::{Code, Severity};
use crate::ecs::desired::{Body, Kind, Listener, ListenerRule, LoadBalancer, TargetGroup};
use crate::ecs::testing::{
    SUBNETS, at, ecs_service, exposed, facts, find, has, loud, port, project, resource, run,
    service,
};
use crate::ecs::{Translation, translate, validate};

const ARN: &str = "arn:aws:acm:eu-west-1:123456789012:certificate/0123";

/// A service that publishes 80, for these names and paths.
fn shared(name: &str, host: &[&str], path: &[&str]) -> Service {
    let mut web = service(name, "acme/web:1");
    web.ports = vec![port(80, 8000)];
    let list = |texts: &[&str]| texts.iter().map(|text| at((*text).to_owned())).collect();
    web.extension.http.host = list(host);
    web.extension.http.path = list(path);
    web
}

fn with_certificate(services: Vec<Service>) -> Translation {
    let mut project = project(services);
    project.extension.certificate = Some(at(ARN.to_owned()));
    translate(&project, None, &facts())
}

fn listener(done: &Translation, name: &str) -> Listener {
    match &resource(done, Kind::Listener, name).body {
        Body::Listener(listener) => (**listener).clone(),
        body => panic!("{body:?}"),
    }
}

fn rule(done: &Translation, name: &str) -> ListenerRule {
    match &resource(done, Kind::ListenerRule, name).body {
        Body::ListenerRule(rule) => (**rule).clone(),
        body => panic!("{body:?}"),
    }
}

fn group(done: &Translation, name: &str) -> TargetGroup {
    match &resource(done, Kind::TargetGroup, name).body {
        Body::TargetGroup(group) => (**group).clone(),
        body => panic!("{body:?}"),
    }
}

fn balancer(done: &Translation, name: &str) -> LoadBalancer {
    match &resource(done, Kind::LoadBalancer, name).body {
        Body::LoadBalancer(balancer) => (**balancer).clone(),
        body => panic!("{body:?}"),
    }
}

fn is_good(done: &Translation) {
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(validate(&done.desired), []);
}

#[test]
fn services_share_a_listener_by_names_and_paths() {
    let done = run(vec![
        shared("web", &[], &[]),
        shared("api", &[], &["/api"]),
        shared("docs", &["Docs.Example.com"], &[]),
    ]);
    is_good(&done);
    let action = &listener(&done, "80").default_actions[0];
    let to = action.target_group_arn.as_ref().map(ToString::to_string);
    assert_eq!(to.as_deref(), Some("${target-group/web-8000/arn}"));
    let (api, docs) = (rule(&done, "80-api"), rule(&done, "80-docs"));
    let values = &api.conditions[0].path_pattern_config.as_ref().expect("a path").values;
    assert_eq!(values, &["/api", "/api/*"]);
    let values = &docs.conditions[0].host_header_config.as_ref().expect("a name").values;
    assert_eq!(values, &["docs.example.com"]);
    assert!(docs.priority < api.priority, "names before paths");
    assert!(!has(&done, Kind::ListenerRule, "80-web"));
    let waits = &resource(&done, Kind::Service, "api").waits;
    assert!(waits.iter().any(|(id, _)| id.kind == Kind::ListenerRule));
    let hosts: Vec<_> = done.desired.endpoints.iter().map(|e| e.host.as_deref()).collect();
    assert_eq!(hosts, [None, None, Some("docs.example.com")]);
}

#[test]
fn without_a_service_for_all_the_rest_is_not_found() {
    let done = run(vec![shared("api", &[], &["/api"]), shared("v1", &[], &["/api/v1/*"])]);
    is_good(&done);
    let action = &listener(&done, "80").default_actions[0];
    assert_eq!(action.fixed_response_config.as_ref().expect("one").status_code, "404");
    assert!(rule(&done, "80-v1").priority < rule(&done, "80-api").priority, "longer paths first");
}

#[test]
fn one_more_rule_moves_no_other() {
    let names = ["a", "b", "c", "d"].map(|name| format!("{name}.example.com"));
    let all: Vec<_> = names.iter().map(|name| shared(&name[..1], &[name], &[])).collect();
    let few = run(all[1..].to_vec());
    let many = run(all);
    for name in ["80-b", "80-c", "80-d"] {
        assert_eq!(rule(&few, name).priority, rule(&many, name).priority);
    }
}

#[test]
fn equal_rules_are_a_conflict_that_names_both() {
    let done = run(vec![shared("one", &[], &["/api"]), shared("two", &[], &["/api/"])]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::Conflict)]);
    assert_eq!(find(&done.diagnostics, Code::Conflict).map(|d| d.labels.len()), Some(2));
}

#[test]
fn what_no_rule_can_ask_for_is_said() {
    let said =
        |host: &[&str], path: &[&str]| loud(&run(vec![shared("web", host, path)]).diagnostics);
    let fault = [(Severity::Error, Code::InvalidValue)];
    assert_eq!(said(&["localhost"], &[]), fault);
    assert_eq!(said(&["a_b.example.com"], &[]), fault);
    assert_eq!(said(&[], &["api"]), fault);
    assert_eq!(said(&["a.example.com"], &["/a", "/b", "/c"]), fault);
    assert_eq!(said(&["*.example.com"], &["/a", "/b"]), []);
    assert_eq!(said(&[], &["/"]), [], "everything: no rule");
}

#[test]
fn a_certificate_makes_https_and_a_redirect() {
    let mut web = service("web", "acme/web:1");
    web.ports = vec![port(80, 8000)];
    let done = with_certificate(vec![web]);
    is_good(&done);
    let secure = listener(&done, "443");
    assert_eq!((secure.protocol.as_str(), secure.port), ("HTTPS", 443));
    assert_eq!(secure.certificates[0].certificate_arn, ARN);
    assert!(secure.ssl_policy.is_some_and(|policy| policy.contains("TLS13-1-2")));
    let plain = listener(&done, "80");
    let redirect = plain.default_actions[0].redirect_config.as_ref().expect("a redirect");
    assert_eq!((redirect.protocol.as_str(), redirect.port.as_str()), ("HTTPS", "443"));
    assert_eq!(group(&done, "web-8000").create.protocol, "HTTP");
    let open: Vec<_> = done.desired.endpoints.iter().map(|e| (&*e.scheme, e.port)).collect();
    assert_eq!(open, [("http", 80), ("https", 443)]);
}

#[test]
fn of_80_and_443_the_one_that_speaks_tls_is_behind_443() {
    let mut web = service("web", "acme/web:1");
    web.ports = vec![port(80, 80), port(443, 443), port(9443, 8080)];
    let done = with_certificate(vec![web]);
    is_good(&done);
    let create = group(&done, "web-443").create;
    assert_eq!((&*create.protocol, &*create.health_check_protocol), ("HTTPS", "HTTPS"));
    assert!(!has(&done, Kind::TargetGroup, "web-80"));
    assert_eq!(listener(&done, "9443").protocol, "HTTPS");
}

#[test]
fn a_domain_stays_open_until_somebody_looks_it_up() {
    let mut web = service("web", "acme/web:1");
    web.ports = vec![port(443, 80)];
    let mut project = project(vec![web]);
    project.extension.certificate = Some(at("shop.example.com".to_owned()));
    let done = translate(&project, None, &facts());
    is_good(&done);
    let arn = &listener(&done, "443").certificates[0].certificate_arn;
    assert_eq!(arn, "${certificate.shop.example.com}");
    let mut facts = facts();
    facts.certificates.insert("shop.example.com".to_owned(), ARN.to_owned());
    let done = translate(&project, None, &facts);
    assert_eq!(listener(&done, "443").certificates[0].certificate_arn, ARN);
}

#[test]
fn grpc_and_http2_have_groups_of_their_own() {
    let mut api = service("api", "acme/api:1");
    api.ports = vec![port(50051, 50051), port(9000, 9000)];
    api.ports[0].value.app_protocol = Some("grpc".to_owned());
    api.ports[1].value.app_protocol = Some("http2".to_owned());
    let without = run(vec![api.clone()]);
    assert_eq!(loud(&without.diagnostics), [(Severity::Warning, Code::PortNotPublic); 2]);
    let told = find(&without.diagnostics, Code::PortNotPublic).map(|d| d.message.clone());
    assert!(told.is_some_and(|told| told.contains("takes gRPC on HTTPS listeners alone")));
    let help = find(&without.diagnostics, Code::PortNotPublic).and_then(|d| d.help.clone());
    assert!(help.is_some_and(|help| help.contains("certificate: ARN")));
    let done = with_certificate(vec![api]);
    is_good(&done);
    let grpc = group(&done, "api-50051").create;
    assert_eq!(grpc.protocol_version.as_deref(), Some("GRPC"));
    assert_eq!(grpc.health_check_path.as_deref(), Some("/AWS.ALB/healthcheck"));
    assert_eq!(grpc.matcher.expect("codes").grpc_code.as_deref(), Some("0-99"));
    let http2 = group(&done, "api-9000").create;
    assert_eq!(http2.protocol_version.as_deref(), Some("HTTP2"));
    assert_eq!(http2.matcher.expect("codes").http_code.as_deref(), Some("200-399"));
}

#[test]
fn an_internal_port_has_a_load_balancer_inside() {
    let mut web = service("web", "acme/web:1");
    web.ports = vec![port(80, 8000), port(9090, 9090)];
    web.extension.ports.insert(9090, at(PortExposure::Internal));
    let done = run(vec![web]);
    is_good(&done);
    let inside = balancer(&done, "alb-internal");
    assert_eq!((&*inside.scheme, &*inside.kind), ("internal", "application"));
    assert_eq!((inside.name.as_str(), inside.subnets.len()), ("shop-internal", SUBNETS.len()));
    assert_eq!(balancer(&done, "alb").scheme, "internet-facing");
    assert_eq!(listener(&done, "internal-9090").port, 9090);
    let public: Vec<_> = done.desired.endpoints.iter().map(|e| (e.port, e.public)).collect();
    assert_eq!(public, [(80, true), (9090, false)]);
    assert!(has(&done, Kind::IngressRule, "load-balancer-internal-9090"));
    assert_eq!(ecs_service(&done, "web").load_balancers.len(), 2);
}

#[test]
fn an_internal_port_that_does_not_speak_http_has_one_inside_too() {
    let mut db = service("db", "postgres:16");
    db.ports = vec![port(5432, 5432)];
    db.extension.ports.insert(5432, at(PortExposure::Internal));
    let done = run(vec![db]);
    is_good(&done);
    let inside = balancer(&done, "nlb-internal");
    assert_eq!((&*inside.scheme, &*inside.kind), ("internal", "network"));
    assert!(!has(&done, Kind::LoadBalancer, "nlb") && !has(&done, Kind::LoadBalancer, "alb"));
    assert_eq!(listener(&done, "network-internal-5432").protocol, "TCP");
    assert!(has(&done, Kind::IngressRule, "lb-db-5432-tcp"));
    let ends: Vec<_> = done.desired.endpoints.iter().map(|e| (e.port, e.public)).collect();
    assert_eq!(ends, [(5432, false)]);
    assert_eq!(loud(&done.diagnostics), []);
}

#[test]
fn what_does_not_speak_http_has_a_network_load_balancer_when_asked() {
    let mut dns = service("dns", "acme/dns:1");
    dns.ports = vec![port(53, 5353), port(5432, 5432)];
    dns.ports[0].value.protocol = Protocol::Udp;
    dns.expose = vec![exposed(8053)];
    let kept = run(vec![dns.clone()]);
    assert_eq!(loud(&kept.diagnostics), [(Severity::Warning, Code::PortNotPublic); 2]);
    dns.extension.ports.insert(5353, at(PortExposure::Public));
    dns.extension.ports.insert(5432, at(PortExposure::Public));
    let done = run(vec![dns.clone()]);
    is_good(&done);
    assert_eq!(balancer(&done, "nlb").kind, "network");
    assert!(!has(&done, Kind::LoadBalancer, "alb"));
    assert_eq!(listener(&done, "network-53").protocol, "UDP");
    assert_eq!(listener(&done, "network-5432").protocol, "TCP");
    let udp = group(&done, "dns-5353").create;
    assert_eq!((&*udp.protocol, &*udp.health_check_protocol), ("UDP", "TCP"));
    assert_eq!((&*udp.health_check_port, udp.matcher, udp.health_check_path), ("5432", None, None));
    for rule in ["lb-dns-5353-udp", "lb-dns-5432-tcp", "load-balancer-network-53"] {
        assert!(has(&done, Kind::IngressRule, rule), "{rule}");
    }
    dns.ports.pop();
    dns.expose.clear();
    dns.extension.ports.shift_remove(&5432);
    let unchecked = run(vec![dns]);
    assert_eq!(loud(&unchecked.diagnostics), [(Severity::Warning, Code::PortNotPublic)]);
}

/// The one fault after an edit of a resource.
#[track_caller]
fn fault(done: &Translation, kind: Kind, name: &str, edit: impl FnOnce(&mut Body)) -> String {
    let mut desired = done.desired.clone();
    let id = crate::ecs::desired::ResourceId::new(kind, name);
    edit(&mut desired.resources.get_mut(&id).expect("a resource").body);
    let found = validate(&desired);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].message.clone()
}

#[test]
fn what_aws_would_refuse_is_found() {
    let mut dns = service("dns", "acme/dns:1");
    dns.ports = vec![port(5432, 5432)];
    dns.extension.ports.insert(5432, at(PortExposure::Public));
    let mut secure = shared("docs", &[], &["/docs"]);
    secure.ports[0].value.app_protocol = Some("grpc".to_owned());
    let done = with_certificate(vec![shared("api", &["a.example.com"], &[]), secure, dns]);
    is_good(&done);
    let rule = |edit: fn(&mut ListenerRule)| {
        fault(&done, Kind::ListenerRule, "443-api", |body| match body {
            Body::ListenerRule(rule) => edit(rule),
            body => panic!("{body:?}"),
        })
    };
    assert!(rule(|rule| rule.priority = 0).contains("a priority of 0"));
    assert!(rule(|rule| rule.conditions.clear()).contains("0 values"));
    assert!(rule(|rule| rule.actions.push(rule.actions[0].clone())).contains("one action"));
    let long = rule(|rule| {
        if let Some(hosts) = &mut rule.conditions[0].host_header_config {
            hosts.values = vec![format!("{}.com", "a".repeat(128))];
        }
    });
    assert!(long.contains("a rule for"), "{long}");
    let listener = |name: &str, edit: fn(&mut Listener)| {
        fault(&done, Kind::Listener, name, |body| match body {
            Body::Listener(listener) => edit(listener),
            body => panic!("{body:?}"),
        })
    };
    assert!(listener("443", |l| l.certificates.clear()).contains("without a certificate"));
    let arn = listener("443", |l| l.certificates[0].certificate_arn = "shop.example.com".into());
    assert!(arn.contains("is no certificate"), "{arn}");
    assert!(listener("80", |l| l.ssl_policy = Some("x".into())).contains("without HTTPS"));
    let http = listener("network-5432", |l| l.protocol = "HTTP".into());
    assert!(http.contains("no protocol of a listener"), "{http}");
    let group = |name: &str, edit: fn(&mut TargetGroup)| {
        fault(&done, Kind::TargetGroup, name, |body| match body {
            Body::TargetGroup(group) => edit(group),
            body => panic!("{body:?}"),
        })
    };
    assert!(group("dns-5432", |g| g.create.health_check_path = Some("/".into())).contains("fit"));
    assert!(group("api-8000", |g| g.create.matcher = None).contains("does not fit"));
    let codes = group("docs-8000", |g| {
        if let Some(matcher) = &mut g.create.matcher {
            matcher.grpc_code = Some("0-100".into());
        }
    });
    assert!(codes.contains("its codes"), "{codes}");
}

#[test]
fn many_rules_have_priorities_of_their_own_in_their_band() {
    let rules =
        (0..90).map(|n| super::rule::conditions(&shared("s", &[], &[&format!("/p{n:02}")])));
    let all = super::rule::priorities(rules, &[]);
    let distinct: std::collections::BTreeSet<_> = all.values().collect();
    assert_eq!((all.len(), distinct.len()), (90, 90));
    let narrow = super::rule::conditions(&shared("s", &[], &["/p00/deeper"]));
    let wide = super::rule::conditions(&shared("s", &["a.example.com"], &[]));
    let both = super::rule::conditions(&shared("s", &["a.example.com"], &["/p"]));
    let stars = super::rule::conditions(&shared("s", &["*.example.com"], &["/p"]));
    let order = [both, wide, stars, narrow];
    let priorities = super::rule::priorities(order.iter().cloned(), &[]);
    let order: Vec<_> = order.iter().map(|rule| priorities[rule]).collect();
    assert!(order.is_sorted() && order[3] < *all.values().min().expect("one"), "{order:?}");
    assert!(priorities.values().chain(all.values()).all(|p| (1..=50_000).contains(p)));
}
