use super::*;
use crate::compose::model::{HealthTest, Launch, Service};
use crate::diagnostic::Severity;
use crate::ecs::Translation;
use crate::ecs::desired::{Body, Endpoint, TargetGroup};
use crate::ecs::testing::{
    at, ecs_service, exposed, facts, find, has, healthcheck, loud, port, project, resource, run,
    service,
};
use crate::ecs::translate;

fn web() -> Service {
    let mut web = service("web", "acme/web:1");
    web.ports = vec![port(8080, 80)];
    web
}

fn target(done: &Translation, name: &str) -> TargetGroup {
    match &resource(done, Kind::TargetGroup, name).body {
        Body::TargetGroup(group) => (**group).clone(),
        body => panic!("{body:?}"),
    }
}

#[test]
fn a_published_port_has_a_listener_a_target_group_and_an_endpoint() {
    let done = run(vec![web()]);
    let Body::Listener(listener) = &resource(&done, Kind::Listener, "8080").body else {
        panic!("no listener")
    };
    assert_eq!((listener.protocol.as_str(), listener.port), ("HTTP", 8080));
    assert_eq!(
        listener.default_actions[0].target_group_arn.as_ref().map(ToString::to_string),
        Some("${target-group/web-80/arn}".to_owned())
    );
    let balanced = &ecs_service(&done, "web").load_balancers;
    assert_eq!((balanced.len(), balanced[0].container_port), (1, 80));
    assert_eq!(balanced[0].container_name, "web");
    assert_eq!(
        done.desired.endpoints,
        [Endpoint {
            service: "web".into(),
            listener: Value::From(ResourceId::new(Kind::Listener, "8080"), Attribute::Arn),
            rule: None,
            scheme: "http".into(),
            port: 8080,
            address: Value::From(ResourceId::new(Kind::LoadBalancer, "alb"), Attribute::DnsName),
            host: None,
            public: true,
        }]
    );
    let note = find(&done.diagnostics, Code::PortPublic).map(|d| d.severity);
    assert_eq!(note, Some(Severity::Note));
}

#[test]
fn the_target_group_asks_quickly_and_lets_go_soon() {
    let group = target(&run(vec![web()]), "web-80");
    assert_eq!(group.create.health_check_path.as_deref(), Some("/"));
    let matcher = group.create.matcher.expect("a matcher");
    assert_eq!(matcher.http_code.as_deref(), Some("200-399"));
    assert_eq!(group.create.target_type, "ip");
    assert_eq!(
        (
            group.create.health_check_interval_seconds,
            group.create.health_check_timeout_seconds,
            group.create.healthy_threshold_count,
            group.create.unhealthy_threshold_count,
        ),
        (10, 5, 2, 3)
    );
    assert_eq!(group.attributes.attributes[0].key, "deregistration_delay.timeout_seconds");
    assert_eq!(group.attributes.attributes[0].value, "30");
}

#[test]
fn the_path_is_the_extension_s_else_the_health_check_s() {
    let mut web = web();
    let test = HealthTest::Shell("curl -f http://localhost/up".to_owned());
    web.healthcheck = Some(healthcheck(test));
    assert_eq!(
        target(&run(vec![web.clone()]), "web-80").create.health_check_path.as_deref(),
        Some("/up")
    );
    web.extension.http.health_check = Some(at("/ready".to_owned()));
    web.extension.http.deregistration_delay = Some(at(5));
    let group = target(&run(vec![web]), "web-80");
    assert_eq!(group.create.health_check_path.as_deref(), Some("/ready"));
    assert_eq!(group.attributes.attributes[0].value, "5");
}

#[test]
fn stickiness_is_a_cookie_of_the_load_balancer() {
    let mut web = web();
    web.extension.http.stickiness = Some(at(3600));
    let group = target(&run(vec![web.clone()]), "web-80");
    let sticky: Vec<_> = group.attributes.attributes[1..]
        .iter()
        .map(|attribute| (&*attribute.key, attribute.value.as_str()))
        .collect();
    let want = [
        ("stickiness.enabled", "true"),
        ("stickiness.lb_cookie.duration_seconds", "3600"),
        ("stickiness.type", "lb_cookie"),
    ];
    assert_eq!(sticky, want);
    web.ports.clear();
    web.extension.http.span = Some(at(()).span);
    assert_eq!(loud(&run(vec![web]).diagnostics), [(Severity::Warning, Code::Ignored)]);
}

#[test]
fn the_extension_s_faults_are_said() {
    let mut web = web();
    web.extension.http.health_check = Some(at("ready".to_owned()));
    web.extension.http.deregistration_delay = Some(at(9999));
    let done = run(vec![web.clone()]);
    assert_eq!(
        loud(&done.diagnostics),
        [(Severity::Error, Code::InvalidValue), (Severity::Warning, Code::Clamped)]
    );
    web.ports.clear();
    web.extension.http.span = Some(at(()).span);
    assert_eq!(loud(&run(vec![web]).diagnostics), [(Severity::Warning, Code::Ignored)]);
}

#[test]
fn one_target_may_have_two_listeners_and_one_service_two_targets() {
    let mut web = web();
    web.ports = vec![port(8080, 80), port(8081, 80), port(9000, 90)];
    let done = run(vec![web]);
    assert_eq!(ecs_service(&done, "web").load_balancers.len(), 2);
    assert_eq!(done.desired.endpoints.len(), 3);
}

#[test]
fn two_services_on_one_published_port_are_an_error() {
    let mut api = service("api", "acme/api:1");
    api.ports = vec![port(8080, 9000)];
    let done = run(vec![web(), api]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::PortConflict)]);
    let said = find(&done.diagnostics, Code::PortConflict).expect("said");
    assert_eq!((said.labels.len(), said.service.as_deref()), (2, Some("api")));
}

#[test]
fn a_port_without_a_published_one_takes_its_own_number_if_free() {
    let mut api = service("api", "acme/api:1");
    api.ports = vec![exposed(8080)];
    let done = run(vec![api.clone()]);
    assert!(has(&done, Kind::Listener, "8080"));
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    let done = run(vec![api, web()]);
    assert_eq!(done.desired.endpoints.len(), 1);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::PortNotPublic)]);
}

#[test]
fn names_fit_and_carry_what_cannot_change() {
    let mut project = project(vec![web()]);
    project.name = "a_rather_long_project_name_indeed".to_owned();
    let done = translate(&project, Some("prod"), &facts());
    let name = target(&done, "web-80").create.name;
    assert!(name.len() <= 32 && name.starts_with("a-rather-long-project-n-"), "{name}");
    let mut other = facts();
    other.network.vpc_id = "vpc-2".into();
    assert_ne!(target(&translate(&project, Some("prod"), &other), "web-80").create.name, name);
    let Body::LoadBalancer(balancer) = &resource(&done, Kind::LoadBalancer, "alb").body else {
        panic!("no load balancer")
    };
    assert_eq!(balancer.name.len(), 32);
    project.name = "internal-x".to_owned();
    let done = translate(&project, None, &facts());
    let Body::LoadBalancer(balancer) = &resource(&done, Kind::LoadBalancer, "alb").body else {
        panic!("no load balancer")
    };
    assert_eq!(balancer.name, "lb-internal-x");
}

#[test]
fn without_public_ports_there_is_no_load_balancer() {
    let done = run(vec![service("web", "acme/web:1")]);
    assert!(!has(&done, Kind::LoadBalancer, "alb"));
    assert!(ecs_service(&done, "web").load_balancers.is_empty());
    assert_eq!(ecs_service(&done, "web").health_check_grace_period_seconds, None);
}

#[test]
fn a_service_has_five_target_groups_at_most() {
    let mut web = web();
    web.ports = (1..=7).map(|n| port(8000 + n, 9000 + n)).collect();
    let done = run(vec![web]);
    assert_eq!(ecs_service(&done, "web").load_balancers.len(), 5);
    assert_eq!(done.desired.endpoints.len(), 5);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::PortNotPublic)]);
    let told = find(&done.diagnostics, Code::PortNotPublic).map(|d| d.message.as_str());
    assert_eq!(told, Some("2 ports, 8006 to 8007, are too many for a load balancer"));
}

#[test]
fn the_container_s_own_check_says_where_and_how() {
    let mut web = service("web", "acme/web:1");
    web.ports = vec![port(80, 8080)];
    let check = |line: &str| Some(healthcheck(HealthTest::Shell(line.to_owned())));
    web.healthcheck = check("curl -f http://localhost:8081/actuator/health");
    let done = run(vec![web.clone()]);
    let group = target(&done, "web-8080").create;
    assert_eq!(group.health_check_path.as_deref(), Some("/actuator/health"));
    assert_eq!((&*group.health_check_port, &*group.protocol), ("8081", "HTTP"));
    // The load balancer must get there.
    assert!(has(&done, Kind::IngressRule, "lb-web-8081"));
    web.healthcheck = check("curl -kf https://localhost:8080/health");
    let done = run(vec![web.clone()]);
    let group = target(&done, "web-8080").create;
    assert_eq!((&*group.protocol, &*group.health_check_protocol), ("HTTPS", "HTTPS"));
    assert_eq!(group.health_check_path.as_deref(), Some("/health"));
    // Where ports of the instance are chosen anew for each task, no other one can be named.
    web.healthcheck = check("curl -f http://localhost:8081/health");
    web.extension.launch = Some(at(Launch::Ec2));
    web.extension.network_mode = Some(at(TaskNetwork::Bridge));
    let group = target(&run(vec![web]), "web-8080").create;
    assert_eq!(
        (group.health_check_path.as_deref(), &*group.health_check_port),
        (Some("/"), "traffic-port")
    );
}

#[test]
fn one_published_port_leads_to_one_port() {
    let mut web = service("web", "acme/web:1");
    web.ports = vec![port(80, 3000), port(80, 4000)];
    let done = run(vec![web.clone()]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::PortConflict)]);
    web.ports = vec![port(80, 3000), port(443, 4000)];
    let mut project = project(vec![web]);
    project.extension.certificate = Some(at("arn:of:a:certificate".to_owned()));
    let done = translate(&project, None, &facts());
    assert_eq!(loud(&done.diagnostics), []);
    let lost = done.diagnostics.iter().filter(|found| found.code == Code::PortNotPublic);
    assert_eq!(lost.count(), 1);
}
