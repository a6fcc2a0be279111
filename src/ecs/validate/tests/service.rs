use super::*;
use crate::ecs::desired::{UpperTag, Value};

#[test]
fn names_of_services_and_clusters() {
    service("no service name", |s| s.service_name = "a.b".into());
    service("no cluster name", |s| s.cluster = "a.b".into());
    service("also the name of", |s| s.service_name = "shop-api".into());
    cluster("no cluster name", |c| c.cluster_name = "a.b".into());
}

#[test]
fn capacity_providers() {
    service("strategy is not taken", |s| s.capacity_provider_strategy.clear());
    service("strategy is not taken", |s| s.capacity_provider_strategy[0].weight = 1001);
    service("no capacity provider", |s| {
        s.capacity_provider_strategy[0].capacity_provider = "OTHER".into();
    });
}

#[test]
fn rollouts_that_never_move() {
    service("no room to roll", |s| {
        s.deployment_configuration.minimum_healthy_percent = 100;
        s.deployment_configuration.maximum_percent = 100;
        s.availability_zone_rebalancing = "DISABLED".into();
    });
    service("no room to roll", |s| {
        s.deployment_configuration.minimum_healthy_percent = 1;
        s.deployment_configuration.maximum_percent = 199;
    });
    service("rebalancing", |s| {
        s.deployment_configuration.minimum_healthy_percent = 0;
        s.deployment_configuration.maximum_percent = 100;
    });
    service("-1 tasks", |s| s.desired_count = -1);
}

#[test]
fn databases_run_once() {
    let mut desired = good();
    let id = ResourceId::new(Kind::Service, "worker");
    desired.resources.get_mut(&id).expect("worker").stateful = true;
    let found = validate(&desired);
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("two tasks may write"));
}

#[test]
fn grace_periods() {
    offering("grace period", |s| s.health_check_grace_period_seconds = Some(60));
}

#[test]
fn networks_of_a_service() {
    service("0 subnets", |s| s.network_configuration.awsvpc_configuration.subnets.clear());
    service("6 security groups", |s| {
        let group = Value::from("sg-1");
        s.network_configuration.awsvpc_configuration.security_groups = vec![group; 6];
    });
}

#[test]
fn load_balancers_of_a_service() {
    service("wants port 81", |s| s.load_balancers[0].container_port = 81);
    service("wants port 80 of container \"other\"", |s| {
        s.load_balancers[0].container_name = "other".into();
    });
    service("6 target groups", |s| {
        let first = s.load_balancers[0].clone();
        s.load_balancers = vec![first; 6];
    });
    targets("not of type ip", |t| t.create.target_type = "instance".into());
    listener("no listener leads to", |l| {
        l.default_actions[0].target_group_arn = Some(Value::from("arn:other"));
    });
}

#[test]
fn names_that_a_service_offers() {
    let edit = |edit: fn(&mut crate::ecs::desired::ServiceConnectService)| {
        move |s: &mut Service| {
            if let Some(connect) = &mut s.service_connect_configuration {
                edit(&mut connect.services[0]);
            }
        }
    };
    offering("no port of its task", edit(|e| e.port_name = "gone".into()));
    offering("no discovery name", edit(|e| e.discovery_name = "A".into()));
    offering("0 aliases", edit(|e| e.client_aliases.clear()));
    offering("no alias", edit(|e| e.client_aliases[0].dns_name = "-a".into()));
    offering("no alias", edit(|e| e.client_aliases[0].port = 0));
    // The later of the two resources is the one that is said.
    offering(
        "also the name of",
        edit(|e| {
            e.discovery_name = "store-7000".into();
        }),
    );
}

#[test]
fn load_balancers() {
    balancer("no load balancer name", |b| b.name = "a_b".into());
    balancer("no load balancer name", |b| b.name = "internal-a".into());
    balancer("no load balancer name", |b| b.name = "x".repeat(33));
    balancer("1 subnets", |b| b.subnets = vec!["subnet-a".into(), "subnet-a".into()]);
    balancer("0 security groups", |b| b.security_groups.clear());
}

#[test]
fn target_groups() {
    targets("no target group name", |t| t.create.name = "-a".into());
    targets("is no port", |t| t.create.port = 0);
    targets("is no path", |t| t.create.health_check_path = Some("health".into()));
    targets("a health check every", |t| t.create.health_check_timeout_seconds = 10);
    targets("thresholds", |t| t.create.healthy_threshold_count = 1);
    targets("no HTTP code", |t| {
        if let Some(codes) = &mut t.create.matcher {
            codes.http_code = Some("200-599".into());
        }
    });
    let sticky = |seconds: &str| {
        let attribute = |(key, value): (&str, &str)| UpperTag {
            key: format!("stickiness.{key}").into(),
            value: value.to_owned(),
        };
        [("lb_cookie.duration_seconds", seconds), ("type", "lb_cookie")].map(attribute)
    };
    targets("stickiness of 604801 s", |t| t.attributes.attributes.extend(sticky("604801")));
    targets("a cookie over TCP", |t| {
        t.attributes.attributes.extend(sticky("60"));
        (t.create.protocol, t.create.protocol_version) = ("TCP".into(), None);
    });
    targets("deregistration delay", |t| t.attributes.attributes[0].value = "3601".into());
}

#[test]
fn listeners_of_a_load_balancer() {
    listener("without a certificate", |l| l.protocol = "HTTPS".into());
    listener("no protocol", |l| l.protocol = "TCP".into());
    listener("is no port", |l| l.port = 0);
    listener("exactly one action", |l| {
        let first = l.default_actions[0].clone();
        l.default_actions.push(first);
    });
    let mut desired = good();
    let mut second = desired.resources[&ResourceId::new(Kind::Listener, "8080")].clone();
    second.id.name = "again".into();
    desired.insert(second);
    let found = validate(&desired);
    assert!(found.len() == 1 && found[0].message.contains("also the name of"), "{found:?}");
}

#[test]
fn names_in_dns() {
    use crate::ecs::desired::ServiceRegistry;
    let registry = |kind, name: &str| {
        ServiceRegistry::of(Value::From(ResourceId::new(kind, name), Attribute::Arn))
    };
    let mut desired = {
        let mut shop = shop();
        shop.extension.discovery =
            Some(crate::ecs::testing::at(crate::compose::model::NameService::Dns));
        translate(&shop, None, &facts()).desired
    };
    assert_eq!(validate(&desired), []);
    let mut found = |kind, name: &str, edit: &dyn Fn(&mut Body)| {
        let id = ResourceId::new(kind, name);
        let good = desired.resources[&id].body.clone();
        edit(&mut desired.resources[&id].body);
        let found: Vec<_> = validate(&desired).into_iter().map(|d| d.message).collect();
        desired.resources[&id].body = good;
        found.join("\n")
    };
    let mut name = |wanted: &str, edit: &dyn Fn(&mut crate::ecs::desired::DnsName)| {
        let said = found(Kind::DnsName, "api", &|body| match body {
            Body::DnsName(name) => edit(name),
            body => panic!("{body:?}"),
        });
        assert!(said.contains(wanted), "{said}");
    };
    name("no name in DNS", &|n| n.name = "-api".to_owned());
    name("also the name of", &|n| n.name = "WEB".to_owned());
    name("no routing policy", &|n| n.dns_config.routing_policy = "ANY".to_owned());
    name("a record \"MX\"", &|n| n.dns_config.dns_records[0].kind = "MX".to_owned());
    name("its TTL is -1", &|n| n.dns_config.dns_records[0].ttl = -1);
    name("in no private zone", &|n| {
        n.namespace_id = Value::From(ResourceId::new(Kind::Cluster, "main"), Attribute::Arn);
    });
    name("threshold", &|n| {
        n.health_check_custom_config.as_mut().expect("a check").failure_threshold = 2;
    });
    let said = found(Kind::PrivateNamespace, "main", &|body| {
        let Body::PrivateNamespace(zone) = body else { panic!("{body:?}") };
        zone.name = "shop..internal".to_owned();
        zone.vpc = Value::from("");
    });
    assert!(said.contains("no DNS zone") && said.contains("no VPC"), "{said}");
    let said = found(Kind::Service, "api", &|body| {
        let Body::Service(service) = body else { panic!("{body:?}") };
        service.service_registries =
            vec![registry(Kind::DnsName, "api"), registry(Kind::Cluster, "main")];
    });
    assert!(said.contains("several registries"), "{said}");
    assert!(said.contains("cluster/main is no name in DNS"), "{said}");
    let said = found(Kind::TaskDefinition, "api", &|body| {
        let Body::TaskDefinition(task) = body else { panic!("{body:?}") };
        task.network_mode = "bridge".to_owned();
    });
    assert!(said.contains("no addresses of their own"), "{said}");
}
