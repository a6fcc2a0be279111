use super::*;
use crate::compose::Project;
use crate::compose::model::{Autoscaling, PortExposure, Protocol, Service};
use crate::diagnostic::Severity;
use crate::ecs::desired::{Attribute, Body, IngressRule, Kind, ListenerRule, ResourceId, Value};
use crate::ecs::facts::{Facts, OpenPorts};
use crate::ecs::testing::{
    at, ecs_service, facts as known_facts, find, has, loud, port, project, resource, service,
};
use crate::ecs::{Translation, translate, validate};

const HEAD: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:";
const SHARED: &str = "loadbalancer/app/shared/50dc6c495c0c9188";
const LISTENER: &str = "listener/app/shared/50dc6c495c0c9188/f2f7dc8efc522ab2";
const TCP: &str = "loadbalancer/net/tcp/50dc6c495c0c9188";

fn web() -> Service {
    let mut web = service("web", "acme/web:1");
    web.ports = vec![port(80, 8000)];
    web
}

/// A service that shares a listener.
fn shared(name: &str, host: &[&str], path: &[&str]) -> Service {
    let mut web = Service { name: at(name.to_owned()), ..web() };
    let list = |texts: &[&str]| texts.iter().map(|text| at((*text).to_owned())).collect();
    web.extension.http.host = list(host);
    web.extension.http.path = list(path);
    web
}

/// A project behind these load balancers.
fn behind(resources: &[&str], services: Vec<Service>) -> Project {
    let mut project = project(services);
    let one = |resource: &&str| ExistingBalancer::parse(&format!("{HEAD}{resource}")).map(at);
    let all: Result<_, _> = resources.iter().map(one).collect();
    project.extension.load_balancers = all.expect("ARNs");
    project
}

/// Facts of a load balancer that anybody reaches on ports 80 and 443, from the VPC or from everywhere.
fn facts(resource: &str, internal: bool) -> Facts {
    let open =
        [80, 443].map(|port| OpenPorts { protocol: "tcp".into(), ports: Some((port, port)) });
    let balancer = BalancerFacts {
        arn: format!("{HEAD}{resource}"),
        zone_id: "Z32O12XQLNTSW2".into(),
        ip_address_type: "dualstack".into(),
        vpc_id: "vpc-0123456789abcdef0".into(),
        zones: vec!["eu-west-1a".into(), "eu-west-1b".into()],
        internal,
        state: "active".into(),
        dns_name: "shared-1.eu-west-1.elb.amazonaws.com".into(),
        security_groups: vec!["sg-0a".into(), "sg-0b".into()],
        open: open.to_vec(),
        listener: None,
    };
    let mut facts = known_facts();
    facts.balancers.insert(format!("{HEAD}{resource}"), balancer);
    facts
}

/// The facts of [`facts`], of a listener of it.
fn listener_facts(
    protocol: &str,
    rules: &[(Vec<crate::ecs::desired::RuleCondition>, i32)],
) -> Facts {
    let mut facts = facts(SHARED, false);
    let listener = ListenerFacts { protocol: protocol.into(), port: 443, rules: rules.to_vec() };
    for balancer in facts.balancers.values_mut() {
        balancer.listener = Some(listener.clone());
    }
    facts
}

fn run(project: &Project, facts: &Facts) -> Translation {
    translate(project, None, facts)
}

#[track_caller]
fn is_good(done: &Translation) {
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(validate(&done.desired), []);
}

fn ingress(done: &Translation, name: &str) -> IngressRule {
    match &resource(done, Kind::IngressRule, name).body {
        Body::IngressRule(rule) => rule.clone(),
        body => panic!("{body:?}"),
    }
}

fn source(done: &Translation, name: &str) -> String {
    ingress(done, name).ip_permissions[0].user_id_group_pairs[0].group_id.to_string()
}

fn rule(done: &Translation, name: &str) -> ListenerRule {
    match &resource(done, Kind::ListenerRule, name).body {
        Body::ListenerRule(rule) => (**rule).clone(),
        body => panic!("{body:?}"),
    }
}

/// The public ports, and all.
fn endpoints(done: &Translation) -> Vec<(u16, bool)> {
    done.desired.endpoints.iter().map(|e| (e.port, e.public)).collect()
}

#[test]
fn what_is_known_by_its_name_has_the_arn_that_was_found() {
    let mut project = behind(&[SHARED], vec![web()]);
    let named = ExistingBalancer::named("shared").expect("a name");
    let mut facts = facts(SHARED, false);
    let found = facts.balancers.pop_first().expect("it").1;
    facts.balancers.insert(named.arn.clone(), found);
    project.extension.load_balancers = vec![at(named)];
    let done = run(&project, &facts);
    let listeners = done.desired.resources.values().filter_map(|found| match &found.body {
        Body::Listener(listener) => Some(listener.load_balancer_arn.to_string()),
        _ => None,
    });
    assert_eq!(listeners.collect::<Vec<_>>(), [format!("{HEAD}{SHARED}")]);
    for no_name in ["", "a b", "-a", "a-", "a/b", &"x".repeat(33)] {
        assert_eq!(ExistingBalancer::named(no_name), None, "{no_name}");
    }
}

#[test]
fn listeners_are_made_on_it_and_it_is_not_made() {
    let project = behind(&[SHARED], vec![web()]);
    let done = run(&project, &Facts::offline(Some("eu-west-1")));
    is_good(&done);
    let kinds: Vec<Kind> = done.desired.resources.keys().map(|id| id.kind).collect();
    assert!(!kinds.contains(&Kind::LoadBalancer));
    assert!(!has(&done, Kind::SecurityGroup, "load-balancer"));
    assert!(!has(&done, Kind::IngressRule, "load-balancer-80"), "its groups are not ours");
    let Body::Listener(listener) = &resource(&done, Kind::Listener, "80").body else {
        panic!("no listener")
    };
    assert_eq!(listener.load_balancer_arn, Value::Known(format!("{HEAD}{SHARED}")));
    assert_eq!(source(&done, "lb-web-8000"), "${load-balancer.shared.security_group}");
    assert_eq!(endpoints(&done), [(80, true)], "as long as nobody knows better");
    assert_eq!(ecs_service(&done, "web").load_balancers.len(), 1);
}

#[test]
fn what_was_looked_up_is_filled_in() {
    let project = behind(&[SHARED], vec![web()]);
    let done = run(&project, &facts(SHARED, false));
    is_good(&done);
    assert_eq!(source(&done, "lb-web-8000"), "sg-0a", "one of its groups is enough");
    let endpoint = &done.desired.endpoints[0];
    let name = "shared-1.eu-west-1.elb.amazonaws.com";
    assert_eq!((&endpoint.address, endpoint.public), (&Value::from(name), true));
    let inside = run(&project, &facts(SHARED, true));
    assert_eq!(endpoints(&inside), [(80, false)]);
}

#[test]
fn another_load_balancer_has_another_target_group() {
    let name = |project: &Project| {
        let done = run(project, &known_facts());
        match &resource(&done, Kind::TargetGroup, "web-8000").body {
            Body::TargetGroup(group) => group.create.name.clone(),
            body => panic!("{body:?}"),
        }
    };
    let other = SHARED.replace("50dc", "60dc");
    let names = [&[][..], &[SHARED], &[&*other]].map(|list| name(&behind(list, vec![web()])));
    assert!(names[0] != names[1] && names[1] != names[2], "{names:?}");
    let listener = name(&behind(&[LISTENER], vec![shared("web", &[], &["/web"])]));
    assert_eq!(listener, names[1], "it hangs off the same load balancer");
}

#[test]
fn the_group_that_is_named_is_let_in() {
    let mut project = behind(&[SHARED], vec![web()]);
    let named = |group: &str| Some(at(group.to_owned()));
    project.extension.load_balancers[0].value.security_group = named("sg-0b");
    for facts in [facts(SHARED, false), known_facts()] {
        let done = run(&project, &facts);
        is_good(&done);
        assert_eq!(source(&done, "lb-web-8000"), "sg-0b");
    }
    project.extension.load_balancers[0].value.security_group = named("sg-0c");
    let done = run(&project, &facts(SHARED, false));
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::InvalidValue)]);
}

#[test]
fn internal_ports_go_where_the_internet_does_not_reach_them() {
    let mut web = web();
    web.ports.push(port(9090, 9090));
    web.extension.ports.insert(9090, at(PortExposure::Internal));
    let both = behind(&[SHARED], vec![web.clone()]);
    let own = |done: &Translation| has(done, Kind::LoadBalancer, "alb-internal");
    // It faces the Internet, or may.
    for facts in [facts(SHARED, false), known_facts()] {
        let done = run(&both, &facts);
        assert!(own(&done) && !has(&done, Kind::Listener, "9090"));
        assert_eq!(endpoints(&done), [(80, true), (9090, false)]);
    }
    let inside = run(&both, &facts(SHARED, true));
    assert!(!own(&inside) && has(&inside, Kind::Listener, "9090"));
    assert_eq!(endpoints(&inside), [(80, false), (9090, false)]);
    // With nothing else to do, it must be for this.
    web.ports.remove(0);
    let one = behind(&[SHARED], vec![web]);
    assert!(!own(&run(&one, &known_facts())));
    let facing = run(&one, &facts(SHARED, false));
    assert!(own(&facing), "never on one that faces the Internet");
    assert_eq!(find(&facing.diagnostics, Code::Ignored).map(|d| d.severity), Some(Severity::Note));
}

#[test]
fn a_network_load_balancer_takes_what_does_not_speak_http() {
    let mut dns = service("dns", "acme/dns:1");
    dns.ports = vec![port(53, 5353), port(5432, 5432)];
    dns.ports[0].value.protocol = Protocol::Udp;
    dns.extension.ports.insert(5353, at(PortExposure::Public));
    dns.extension.ports.insert(5432, at(PortExposure::Public));
    let project = behind(&[TCP], vec![dns, web()]);
    let done = run(&project, &known_facts());
    assert_eq!(validate(&done.desired), []);
    assert!(has(&done, Kind::LoadBalancer, "alb") && !has(&done, Kind::LoadBalancer, "nlb"));
    for name in ["lb-dns-5353-udp", "lb-dns-5432-tcp"] {
        assert_eq!(source(&done, name), "${load-balancer.tcp.security_group}");
    }
    assert!(!has(&done, Kind::IngressRule, "load-balancer-network-53"));
    let both = behind(&[TCP, SHARED], project.services.into_values().map(|s| *s).collect());
    let done = run(&both, &known_facts());
    assert_eq!(validate(&done.desired), []);
    assert!(done.desired.resources.keys().all(|id| id.kind != Kind::LoadBalancer));
}

#[test]
fn what_cannot_lead_to_the_tasks_is_refused() {
    let project = behind(&[SHARED], vec![web()]);
    let said = |edit: fn(&mut BalancerFacts)| {
        let mut facts = facts(SHARED, false);
        facts.balancers.values_mut().for_each(edit);
        let done = run(&project, &facts);
        assert!(done.diagnostics.iter().all(|d| d.help.is_some() && !d.labels.is_empty()));
        loud(&done.diagnostics)
    };
    let error = |code| vec![(Severity::Error, code)];
    assert_eq!(said(|facts| facts.vpc_id = "vpc-1".into()), error(Code::Conflict));
    assert_eq!(said(|facts| facts.zones.truncate(1)), error(Code::Conflict));
    assert_eq!(said(|facts| facts.zones = vec!["eu-west-1c".into()]), error(Code::Conflict));
    assert_eq!(said(|facts| facts.state = "failed".into()), error(Code::Refused));
    assert_eq!(said(|facts| facts.security_groups.clear()), error(Code::Refused));
    assert_eq!(said(|facts| facts.open.clear()), [(Severity::Warning, Code::PortNotPublic)]);
    assert_eq!(said(|facts| facts.open[1].protocol = "-1".into()), []);
    let elsewhere = |edit: fn(&mut Facts)| {
        let mut facts = known_facts();
        edit(&mut facts);
        loud(&run(&project, &facts).diagnostics)
    };
    assert_eq!(elsewhere(|facts| facts.region = "us-east-1".into()), error(Code::InvalidValue));
    assert_eq!(elsewhere(|facts| facts.account = "999999999999".into()), error(Code::InvalidValue));
}

#[test]
fn a_redirect_is_made_after_what_it_leads_to() {
    let mut project = behind(&[SHARED], vec![web()]);
    let arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1";
    project.extension.certificate = Some(at(arn.to_owned()));
    let done = run(&project, &facts(SHARED, false));
    is_good(&done);
    let waits = &resource(&done, Kind::Listener, "80").waits;
    assert_eq!(waits[0].0, ResourceId::new(Kind::Listener, "443"));
    assert_eq!(endpoints(&done), [(80, true), (443, true)]);
}

#[test]
fn on_a_listener_only_rules_are_made() {
    let services = vec![shared("api", &["api.example.com"], &[]), shared("web", &[], &["/"])];
    let project = behind(&[LISTENER], services);
    let done = run(&project, &listener_facts("HTTPS", &[]));
    is_good(&done);
    assert!(done.desired.resources.keys().all(|id| id.kind != Kind::Listener));
    let api = rule(&done, "listener-api");
    assert_eq!(api.listener_arn, Value::Known(format!("{HEAD}{LISTENER}")));
    let all = rule(&done, "listener-web");
    let path = all.conditions[0].path_pattern_config.as_ref().expect("a path");
    assert_eq!(path.values, ["/*"], "what is for nobody else, and asked for");
    assert!(api.priority < all.priority);
    let shown: Vec<_> = done.desired.endpoints.iter().map(|e| (&*e.scheme, e.port)).collect();
    assert_eq!(shown, [("https", 443), ("https", 443)]);
    let waits = &resource(&done, Kind::Service, "api").waits;
    assert!(waits.iter().any(|(id, _)| id.name == "listener-api"));
    is_good(&run(&project, &Facts::offline(None)));
    let mut project = project;
    project.extension.certificate = Some(at("shop.example.com".to_owned()));
    let done = run(&project, &known_facts());
    assert!(find(&done.diagnostics, Code::Ignored).is_some(), "it has its own");
}

#[test]
fn a_service_says_which_requests_of_a_listener_are_for_it() {
    let done = run(&behind(&[LISTENER], vec![web()]), &known_facts());
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::MissingAttribute)]);
    let mut two = shared("web", &["www.example.com"], &[]);
    two.ports.push(port(9000, 9000));
    let done = run(&behind(&[LISTENER], vec![two]), &known_facts());
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::PortNotPublic)]);
    assert!(
        has(&done, Kind::TargetGroup, "web-8000") && !has(&done, Kind::TargetGroup, "web-9000")
    );
}

#[test]
fn a_listener_speaks_tls_for_the_project() {
    let mut api = shared("api", &["api.example.com"], &[]);
    api.ports = vec![port(443, 50051)];
    api.ports[0].value.app_protocol = Some("grpc".to_owned());
    let project = behind(&[LISTENER], vec![api]);
    is_good(&run(&project, &known_facts()));
    is_good(&run(&project, &listener_facts("HTTPS", &[])));
    let plain = run(&project, &listener_facts("HTTP", &[]));
    assert_eq!(loud(&plain.diagnostics), [(Severity::Error, Code::Refused)]);
}

#[test]
fn rules_of_others_keep_their_priorities_and_rules_that_stand_theirs() {
    let services =
        || vec![shared("api", &["api.example.com"], &[]), shared("web", &["www.example.com"], &[])];
    let project = behind(&[LISTENER], services());
    let free = run(&project, &listener_facts("HTTPS", &[]));
    let (api, web) = (rule(&free, "listener-api"), rule(&free, "listener-web"));
    let theirs = super::super::rule::conditions(&shared("x", &["other.example.com"], &[]));
    let met = run(&project, &listener_facts("HTTPS", &[(theirs.clone(), api.priority)]));
    is_good(&met);
    let moved = rule(&met, "listener-api");
    assert_eq!(
        (moved.priority, rule(&met, "listener-web").priority),
        (api.priority + 1, web.priority)
    );
    // Read back, it is where it was put, whether the other one is there or not.
    let stand = [(theirs, api.priority), (moved.conditions.clone(), moved.priority)];
    for standing in [&stand[..], &stand[1..]] {
        let again = run(&project, &listener_facts("HTTPS", standing));
        assert_eq!(rule(&again, "listener-api").priority, moved.priority);
    }
    // Where it would be obeyed too late, it does not stay.
    let late = [(moved.conditions.clone(), 49_000)];
    let back = run(&project, &listener_facts("HTTPS", &late));
    assert_eq!(rule(&back, "listener-api").priority, api.priority);
}

#[test]
fn requests_are_counted_at_it() {
    let mut web = web();
    web.extension.autoscaling = Some(at(Autoscaling {
        max: Some(at(4)),
        requests: Some(at(100.0)),
        ..Autoscaling::default()
    }));
    let done = run(&behind(&[SHARED], vec![web]), &known_facts());
    is_good(&done);
    let Body::ScalingPolicy(policy) = &resource(&done, Kind::ScalingPolicy, "web+requests").body
    else {
        panic!("no policy")
    };
    let tracking = policy.target_tracking_scaling_policy_configuration.as_ref();
    let metric = &tracking.expect("a metric").predefined_metric_specification;
    let label = metric.as_ref().expect("a metric").resource_label.as_ref().expect("a label");
    assert_eq!(label.load_balancer, Value::from("app/shared/50dc6c495c0c9188"));
    let group = ResourceId::new(Kind::TargetGroup, "web-8000");
    assert_eq!(label.target_group, Value::From(group, Attribute::Label));
}

#[test]
fn one_that_nothing_needs_is_noted() {
    let done = run(&behind(&[TCP], vec![web()]), &known_facts());
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(find(&done.diagnostics, Code::Ignored).map(|d| d.severity), Some(Severity::Note));
}
