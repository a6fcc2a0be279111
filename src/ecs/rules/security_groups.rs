//! Networks become security groups: services that share no network cannot reach each other, as in
//! Compose.

use std::collections::BTreeSet;

use super::networks::{Reach, describe};
use crate::compose::model::{Network, Service, TaskNetwork, is_security_group_id};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Attribute, Body, GroupPair, IngressRule, IpPermission, IpRange, Kind, ResourceId,
    SecurityGroup, TagSpecification, Value,
};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;
use crate::source::Span;

/// How many groups a task may carry (ECS API reference, `AwsVpcConfiguration`).
pub(crate) const MOST: usize = 5;

/// The network of services that name none.
pub(crate) const DEFAULT: &str = "default";

/// The group that the members of a network carry.
pub(crate) fn network_group(network: &str) -> ResourceId {
    ResourceId::new(Kind::SecurityGroup, format!("net-{network}"))
}

/// The existing group that stands for a network: `x-ecs.security_group`, or the name of an external
/// network that is the id of a group.
pub(crate) fn existing_group(network: &Network) -> Option<&str> {
    let named = network.name.as_ref().filter(|_| network.external);
    let named = named.filter(|name| is_security_group_id(&name.value));
    network.security_group.as_ref().or(named).map(|group| group.value.as_str())
}

/// The id of the group that the members of a network carry.
pub(crate) fn group_of(cx: &Context<'_>, network: &str) -> Value {
    match cx.project.networks.get(network).and_then(existing_group) {
        Some(group) => Value::Known(group.to_owned()),
        None => id_of(network_group(network)),
    }
}

/// The group that lets the load balancer reach a service.
pub(crate) fn target_group(service: &str) -> ResourceId {
    ResourceId::new(Kind::SecurityGroup, format!("lb-{service}"))
}

/// The load balancer's group.
pub(crate) fn load_balancer_group() -> ResourceId {
    ResourceId::new(Kind::SecurityGroup, "load-balancer")
}

/// The file system's group.
pub(crate) fn file_system_group() -> ResourceId {
    ResourceId::new(Kind::SecurityGroup, "efs")
}

/// The group's id, once it exists.
pub(crate) fn id_of(group: ResourceId) -> Value {
    Value::From(group, Attribute::Id)
}

/// Who may come in through a rule.
#[derive(Clone)]
pub(crate) enum Source {
    /// Everybody.
    World,
    /// The members of the group of this id.
    Group(Value),
}

/// Adds a group. Its description cannot be changed later, so it holds nothing that may change.
pub(crate) fn add_group(
    cx: &Context<'_>,
    id: ResourceId,
    description: String,
    service: Option<&str>,
    origin: Option<Span>,
    out: &mut Output,
) {
    let name = cx.name(&id.name, Grammar::SecurityGroup);
    // EC2 API reference, CreateSecurityGroup: a name cannot start with `sg-`.
    let group_name = match name.strip_prefix("sg-") {
        Some(_) => fit(&format!("decklift-{name}"), Grammar::SecurityGroup),
        None => name,
    };
    let body = Body::SecurityGroup(Box::new(SecurityGroup {
        description,
        vpc_id: cx.facts.network.vpc_id.clone(),
        tag_specifications: vec![TagSpecification {
            resource_type: "security-group".to_owned(),
            tags: cx.named_tags(&id, &group_name),
        }],
        group_name,
    }));
    out.add(id, body, service, origin);
}

/// Gives every rule its tags: rules are made in many places.
pub(crate) fn tag_rules(cx: &Context<'_>, out: &mut Output) {
    for (id, resource) in &mut out.desired.resources {
        if let Body::IngressRule(rule) = &mut resource.body {
            rule.tag_specifications = vec![TagSpecification {
                resource_type: "security-group-rule".to_owned(),
                tags: cx.upper_tags(id),
            }];
        }
    }
}

/// Adds a rule: `port` over tcp, or every port of every protocol.
pub(crate) fn add_rule(
    name: String,
    group: ResourceId,
    port: Option<u16>,
    from: Source,
    place: (Option<&str>, Option<Span>),
    out: &mut Output,
) {
    add_rule_of(name, group, port.map(|port| ("tcp", port)), from, place, out);
}

/// As [`add_rule`], of a port of a protocol.
pub(crate) fn add_rule_of(
    name: String,
    group: ResourceId,
    port: Option<(&str, u16)>,
    from: Source,
    place: (Option<&str>, Option<Span>),
    out: &mut Output,
) {
    let (ip_ranges, user_id_group_pairs) = match from {
        Source::World => {
            (vec![IpRange { cidr_ip: "0.0.0.0/0".to_owned(), description: None }], Vec::new())
        }
        Source::Group(group) => {
            (Vec::new(), vec![GroupPair { group_id: group, description: None }])
        }
    };
    let permission = IpPermission {
        ip_protocol: port.map_or("-1", |(protocol, _)| protocol).to_owned(),
        from_port: port.map(|(_, port)| i32::from(port)),
        to_port: port.map(|(_, port)| i32::from(port)),
        ip_ranges,
        user_id_group_pairs,
    };
    let body = IngressRule {
        group_id: id_of(group),
        ip_permissions: vec![permission],
        tag_specifications: Vec::new(),
    };
    out.add(ResourceId::new(Kind::IngressRule, name), Body::IngressRule(body), place.0, place.1);
}

/// Adds the group of each network that has members.
pub(crate) fn add_networks(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    // Tasks in the network of their instance carry no group.
    let own = members.iter().filter(|member| member.network == TaskNetwork::AwsVpc);
    let used: BTreeSet<&str> = own.flat_map(|m| m.networks.iter().copied()).collect();
    for (name, network) in &cx.project.networks {
        if !used.contains(name.as_str()) {
            continue;
        }
        describe(name, network, Reach::Group, out);
        if existing_group(network).is_some() {
            continue;
        }
        add_network(cx, name, Some(network.span), out);
    }
    // Services without a network of Compose's stand on the default one, which nobody may define.
    if used.contains(DEFAULT) && !cx.project.networks.contains_key(DEFAULT) {
        let first = members.iter().find(|member| member.networks.contains(&DEFAULT));
        add_network(cx, DEFAULT, first.map(|member| member.service.span()), out);
    }
}

fn add_network(cx: &Context<'_>, name: &str, origin: Option<Span>, out: &mut Output) {
    let id = network_group(name);
    let description =
        format!("Members of the Compose network {}", fit(name, Grammar::SecurityGroup));
    add_group(cx, id.clone(), shorten(description), None, origin, out);
    let from = Source::Group(id_of(id.clone()));
    add_rule(format!("net-{name}-self"), id, None, from, (None, origin), out);
}

/// A description has at most 255 characters (EC2 API reference, `CreateSecurityGroup`).
pub(crate) fn shorten(mut description: String) -> String {
    let end = description.char_indices().nth(255).map_or(description.len(), |(at, _)| at);
    description.truncate(end);
    description
}

/// The groups of a service's tasks.
pub(crate) fn of_service(
    cx: &Context<'_>,
    unit: &Unit<'_>,
    balanced: bool,
    out: &mut Output,
) -> Vec<Value> {
    let mut groups: Vec<Value> = Vec::new();
    for network in &unit.leader().networks {
        let group = group_of(cx, network);
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    if balanced {
        groups.push(id_of(target_group(unit.name())));
    }
    if groups.len() > MOST {
        out.say(
            Diagnostic::error(
                Code::Refused,
                format!("{} would carry {} security groups", unit.name(), groups.len()),
            )
            .at(place_of_networks(unit.leader().service), "")
            .help(format!(
                "a task takes {MOST}: one a network, and one when it has a load balancer; join networks whose members may reach each other"
            ))
            .service(unit.name()),
        );
    }
    groups
}

/// Where a service names its networks.
fn place_of_networks(service: &Service) -> Span {
    let mut places = service.networks.values().map(|attachment| attachment.span);
    let first = places.next().unwrap_or(service.span());
    places.filter(|place| place.source == first.source).fold(first, |whole, place| Span {
        start: whole.start.min(place.start),
        end: whole.end.max(place.end),
        ..whole
    })
}

/// The networks of these services, for rules that name the networks' groups.
pub(crate) fn networks_of<'a>(members: &[&Member<'a>]) -> BTreeSet<&'a str> {
    members.iter().flat_map(|member| member.networks.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{
        at, ecs_service, facts, find, has, loud, networks, port, project, resource, run, service,
    };
    use crate::ecs::translate;

    fn rule(done: &crate::ecs::Translation, name: &str) -> IngressRule {
        match &resource(done, Kind::IngressRule, name).body {
            Body::IngressRule(rule) => rule.clone(),
            body => panic!("{body:?}"),
        }
    }

    fn groups(done: &crate::ecs::Translation, name: &str) -> Vec<String> {
        let network = &ecs_service(done, name).network_configuration.awsvpc_configuration;
        network.security_groups.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn members_of_a_network_reach_each_other_on_every_port() {
        let done = run(vec![service("web", "acme/web:1")]);
        let rule = rule(&done, "net-default-self");
        assert_eq!(rule.group_id.to_string(), "${security-group/net-default/id}");
        let permission = &rule.ip_permissions[0];
        assert_eq!((permission.ip_protocol.as_str(), permission.from_port), ("-1", None));
        assert_eq!(permission.user_id_group_pairs[0].group_id, rule.group_id);
        assert_eq!(groups(&done, "web"), ["${security-group/net-default/id}"]);
    }

    #[test]
    fn only_the_load_balancer_reaches_the_target_port() {
        let mut web = service("web", "acme/web:1");
        web.ports = vec![port(8080, 80)];
        let done = run(vec![web]);
        let inner = rule(&done, "lb-web-80");
        assert_eq!(inner.group_id.to_string(), "${security-group/lb-web/id}");
        let permission = &inner.ip_permissions[0];
        assert_eq!((permission.from_port, permission.to_port), (Some(80), Some(80)));
        assert_eq!(
            permission.user_id_group_pairs[0].group_id.to_string(),
            "${security-group/load-balancer/id}"
        );
        let outer = rule(&done, "load-balancer-8080");
        assert_eq!(outer.ip_permissions[0].ip_ranges[0].cidr_ip, "0.0.0.0/0");
        assert_eq!(outer.ip_permissions[0].from_port, Some(8080));
        assert_eq!(groups(&done, "web").len(), 2);
    }

    #[test]
    fn networks_without_members_have_no_group() {
        let mut web = service("web", "acme/web:1");
        web.networks = networks(&["front"]);
        let mut project = project(vec![service("api", "acme/api:1"), web]);
        project.services.shift_remove("api");
        let done = translate(&project, None, &facts());
        assert!(has(&done, Kind::SecurityGroup, "net-front"));
        assert!(!has(&done, Kind::SecurityGroup, "net-default"));
    }

    #[test]
    fn more_than_five_groups_are_refused() {
        let mut web = service("web", "acme/web:1");
        web.networks = networks(&["a", "b", "c", "d", "e"]);
        assert_eq!(loud(&run(vec![web.clone()]).diagnostics), []);
        web.ports = vec![port(80, 80)];
        assert_eq!(loud(&run(vec![web]).diagnostics), [(Severity::Error, Code::Refused)]);
    }

    #[test]
    fn what_a_network_says_beyond_its_members() {
        let mut project = project(vec![service("web", "acme/web:1")]);
        project.networks["default"].name = Some(at("other".to_owned()));
        let said =
            |project: &crate::compose::Project| translate(project, None, &facts()).diagnostics;
        assert!(find(&said(&project), Code::Ignored).is_some());
        project.networks["default"].internal = true;
        assert_eq!(loud(&said(&project)), [(Severity::Warning, Code::Approximated)]);
        project.networks["default"].internal = false;
        project.networks["default"].external = true;
        assert_eq!(loud(&said(&project)), [(Severity::Warning, Code::Approximated)]);
    }

    #[test]
    fn an_existing_group_is_carried_and_not_made() {
        let mut web = service("web", "acme/web:1");
        web.mounts = vec![crate::ecs::testing::volume_mount("data", "/data")];
        web.networks = networks(&["default", "back", "same"]);
        let mut project = project(vec![web]);
        let id = "sg-0123456789abcdef0";
        let back = &mut project.networks["back"];
        (back.external, back.name) = (true, Some(at(id.to_owned())));
        project.networks["same"].security_group = Some(at(id.to_owned()));
        let done = translate(&project, None, &facts());
        assert_eq!(groups(&done, "web"), ["${security-group/net-default/id}", id]);
        assert!(!has(&done, Kind::SecurityGroup, "net-back"));
        assert!(!has(&done, Kind::IngressRule, "net-back-self"));
        let pair = &rule(&done, "efs-back").ip_permissions[0].user_id_group_pairs[0];
        assert_eq!(pair.group_id.to_string(), id);
        assert!(!has(&done, Kind::IngressRule, "efs-same"), "AWS takes a rule once");
        assert!(crate::ecs::validate(&done.desired).is_empty());
    }

    #[test]
    fn what_looks_like_the_id_of_a_group() {
        let id = |text: &str| is_security_group_id(text);
        assert!(id("sg-0123456789abcdef0") && id("sg-1a2b3c4d"));
        assert!(!id("sg-web") && !id("sg-0123456789ABCDEF0") && !id("0123456789abcdef0"));
    }

    #[test]
    fn no_name_starts_like_an_id() {
        let mut project = project(vec![service("web", "acme/web:1")]);
        project.name = "sg-1".to_owned();
        let done = translate(&project, None, &facts());
        let Body::SecurityGroup(group) = &resource(&done, Kind::SecurityGroup, "net-default").body
        else {
            panic!("no group")
        };
        assert_eq!(group.group_name, "decklift-sg-1-net-default");
    }
}
