//! A VPC of the project's own.

use super::*;
use crate::compose::model::Service;
use crate::diagnostic::Severity;
use crate::ecs::testing::{at, ecs_service, facts, has, loud, port, project, resource, service};
use crate::ecs::{Translation, translate, validate};

fn web() -> Service {
    let mut web = service("web", "acme/web:1");
    web.ports = vec![port(80, 8000)];
    web
}

fn made(nat: Nat, endpoints: Endpoints) -> Translation {
    let mut project = project(vec![web(), service("worker", "acme/worker:1")]);
    project.extension.vpc = Some(at(Choice::Create(NewVpc { cidr: None, nat, endpoints })));
    translate(&project, None, &Facts::offline(Some("eu-west-1")))
}

fn count(done: &Translation, kind: Kind) -> usize {
    done.desired.resources.keys().filter(|id| id.kind == kind).count()
}

fn subnets(done: &Translation) -> Vec<String> {
    let network = &ecs_service(done, "web").network_configuration.awsvpc_configuration;
    network.subnets.iter().map(ToString::to_string).collect()
}

fn public_ip(done: &Translation) -> &str {
    &ecs_service(done, "web").network_configuration.awsvpc_configuration.assign_public_ip
}

#[test]
fn ids_that_the_file_names_are_written() {
    let mut project = project(vec![web()]);
    project.extension.vpc = Some(at(Choice::Id("vpc-0a".to_owned())));
    project.extension.subnets = vec![at("subnet-0a".to_owned())];
    let done = translate(&project, None, &Facts::offline(Some("eu-west-1")));
    assert_eq!((loud(&done.diagnostics), validate(&done.desired)), (vec![], vec![]));
    assert_eq!(subnets(&done), ["subnet-0a"]);
    let group = serde_json::to_string(&resource(&done, Kind::TargetGroup, "web-8000").body);
    assert!(group.expect("JSON").contains("\"vpc-0a\""));
    // What AWS has said goes before it.
    let known = translate(&project, None, &facts());
    assert_ne!(subnets(&known), ["subnet-0a"]);
    project.extension.vpc = None;
    project.extension.subnets.clear();
    let none = translate(&project, None, &Facts::offline(Some("eu-west-1")));
    assert_eq!(subnets(&none), ["${vpc.task_subnets}"]);
}

#[test]
fn without_more_words_tasks_stand_in_public_subnets() {
    let done = made(Nat::None, Endpoints::None);
    assert_eq!((loud(&done.diagnostics), validate(&done.desired)), (vec![], vec![]));
    assert_eq!(subnets(&done), ["${subnet/public-1/id}", "${subnet/public-2/id}"]);
    assert_eq!(public_ip(&done), "ENABLED");
    let kinds = [Kind::Vpc, Kind::Subnet, Kind::InternetGateway, Kind::RouteTable];
    assert_eq!(kinds.map(|kind| count(&done, kind)), [1, 4, 1, 3]);
    let none = [Kind::Address, Kind::NatGateway, Kind::VpcEndpoint];
    assert_eq!(none.map(|kind| count(&done, kind)), [0, 0, 0]);
    let Body::Subnet(subnet) = &resource(&done, Kind::Subnet, "private-2").body else {
        panic!("no subnet")
    };
    assert_eq!(
        (&*subnet.cidr_block, &*subnet.availability_zone),
        ("10.0.144.0/20", "${vpc.zone_2}")
    );
}

#[test]
fn a_nat_gateway_leads_out_of_private_subnets() {
    for (nat, gateways, second) in [(Nat::One, 1, "1"), (Nat::EachZone, 2, "2")] {
        let done = made(nat, Endpoints::None);
        assert_eq!((loud(&done.diagnostics), validate(&done.desired)), (vec![], vec![]));
        assert_eq!(subnets(&done)[0], "${subnet/private-1/id}");
        assert_eq!(public_ip(&done), "DISABLED");
        assert_eq!(count(&done, Kind::NatGateway), gateways);
        assert_eq!(count(&done, Kind::Address), gateways);
        let Body::RouteTable(table) = &resource(&done, Kind::RouteTable, "private-2").body else {
            panic!("no table")
        };
        let gateway = table.routes[0].nat_gateway_id.as_ref().map(ToString::to_string);
        assert_eq!(gateway, Some(format!("${{nat-gateway/{second}/id}}")));
        assert_eq!(table.routes[0].gateway_id, None);
    }
}

#[test]
fn endpoints_are_reached_by_the_tasks_alone() {
    let done = made(Nat::None, Endpoints::Usual);
    assert_eq!(validate(&done.desired), []);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    assert_eq!(count(&done, Kind::VpcEndpoint), 5);
    assert!(has(&done, Kind::IngressRule, "endpoints-default"));
    let body = |name| match &resource(&done, Kind::VpcEndpoint, name).body {
        Body::VpcEndpoint(endpoint) => endpoint.clone(),
        body => panic!("{body:?}"),
    };
    assert_eq!(body("ecr.api").service_name, "com.amazonaws.eu-west-1.ecr.api");
    assert_eq!(body("ecr.api").subnet_ids.len(), 2);
    assert_eq!(
        (body("s3").vpc_endpoint_type.as_str(), body("s3").route_table_ids.len()),
        ("Gateway", 2)
    );
    // With a way to the Internet there is nothing to warn of.
    assert_eq!(loud(&made(Nat::One, Endpoints::Usual).diagnostics), []);
    let some = made(Nat::One, Endpoints::Of(vec!["s3".to_owned()]));
    assert!(!has(&some, Kind::SecurityGroup, "endpoints"), "a gateway needs none");
}

#[test]
fn the_usual_endpoints_are_those_that_the_file_uses() {
    let mut web = web();
    web.extension.exec = Some(at(true));
    web.extension.secret_env.insert("TOKEN".to_owned(), at("/shop/token".to_owned()));
    let names = services(&Endpoints::Usual, &project(vec![web]));
    assert!(names.contains(&"ssmmessages".to_owned()) && names.contains(&"ssm".to_owned()));
    assert!(
        !services(&Endpoints::Usual, &project(vec![service("a", "b")])).contains(&"ssm".into())
    );
}

#[test]
fn what_is_known_of_another_network_is_kept() {
    let mut project = project(vec![web()]);
    project.extension.vpc = Some(at(Choice::Create(NewVpc::default())));
    let done = translate(&project, None, &facts());
    assert_eq!(count(&done, Kind::Vpc), 0, "AWS was asked, and said otherwise");
}

#[test]
fn subnets_of_others_and_a_new_vpc_exclude_each_other() {
    let mut project = project(vec![web()]);
    project.extension.vpc = Some(at(Choice::Create(NewVpc::default())));
    project.extension.subnets = vec![at("subnet-1".to_owned())];
    let done = translate(&project, None, &Facts::offline(None));
    assert!(loud(&done.diagnostics).contains(&(Severity::Error, Code::Conflict)));
}
