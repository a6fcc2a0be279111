//! Networks become security groups: services that share no network cannot reach each other, as in
//! Compose.

use std::collections::BTreeSet;

use crate::compose::model::Network;
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
pub(crate) enum Source {
    /// Everybody.
    World,
    /// The members of a group.
    Group(ResourceId),
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
    let body = Body::SecurityGroup(SecurityGroup {
        description,
        vpc_id: cx.facts.network.vpc_id.clone(),
        tag_specifications: vec![TagSpecification {
            resource_type: "security-group".to_owned(),
            tags: cx.named_tags(&id, &group_name),
        }],
        group_name,
    });
    out.add(id, body, service, origin);
}

/// Adds a rule: `port`, or every port of every protocol.
pub(crate) fn add_rule(
    name: String,
    group: ResourceId,
    port: Option<u16>,
    from: Source,
    place: (Option<&str>, Option<Span>),
    out: &mut Output,
) {
    let (ip_ranges, user_id_group_pairs) = match from {
        Source::World => {
            (vec![IpRange { cidr_ip: "0.0.0.0/0".to_owned(), description: None }], Vec::new())
        }
        Source::Group(group) => {
            (Vec::new(), vec![GroupPair { group_id: id_of(group), description: None }])
        }
    };
    let permission = IpPermission {
        ip_protocol: if port.is_some() { "tcp" } else { "-1" }.to_owned(),
        from_port: port.map(i32::from),
        to_port: port.map(i32::from),
        ip_ranges,
        user_id_group_pairs,
    };
    let body = IngressRule { group_id: id_of(group), ip_permissions: vec![permission] };
    out.add(ResourceId::new(Kind::IngressRule, name), Body::IngressRule(body), place.0, place.1);
}

/// Adds the group of each network that has members.
pub(crate) fn add_networks(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    let used: BTreeSet<&str> = members.iter().flat_map(|m| m.networks.iter().copied()).collect();
    for (name, network) in &cx.project.networks {
        if !used.contains(name.as_str()) {
            continue;
        }
        describe(name, network, out);
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
    let from = Source::Group(id.clone());
    add_rule(format!("net-{name}-self"), id, None, from, (None, origin), out);
}

/// A description has at most 255 characters (EC2 API reference, `CreateSecurityGroup`).
pub(crate) fn shorten(mut description: String) -> String {
    let end = description.char_indices().nth(255).map_or(description.len(), |(at, _)| at);
    description.truncate(end);
    description
}

/// Says what of a network does not carry over.
fn describe(name: &str, network: &Network, out: &mut Output) {
    let Network { span, name: outside, internal, external, settings: _ } = network;
    if *external {
        out.say(
            Diagnostic::error(
                Code::NotSupportedYet,
                format!("the external network {name} is not supported yet"),
            )
            .at(*span, "")
            .help("take `external` away: decklift makes a security group for the network"),
        );
    } else if let Some(outside) = outside {
        out.say(
            Diagnostic::note(Code::Ignored, "a network's `name` has no effect on ECS")
                .at(outside.span, "")
                .help("the network becomes a security group that is named after its key"),
        );
    }
    if *internal {
        out.say(
            Diagnostic::warning(
                Code::Approximated,
                format!("members of the internal network {name} can reach the Internet"),
            )
            .at(*span, "")
            .help(
                "nothing can come in from the load balancer; images could not be pulled \
                without a way out",
            ),
        );
    }
}

/// The groups of a service's tasks.
pub(crate) fn of_service(unit: &Unit<'_>, balanced: bool, out: &mut Output) -> Vec<Value> {
    let mut groups: Vec<_> =
        unit.leader().networks.iter().map(|network| network_group(network)).collect();
    if balanced {
        groups.push(target_group(unit.name()));
    }
    if groups.len() > MOST {
        out.say(
            Diagnostic::error(
                Code::Refused,
                format!("{} would carry {} security groups", unit.name(), groups.len()),
            )
            .at(unit.span(), "")
            .help(format!(
                "a task takes {MOST}: one a network, and one when it has a load balancer; join networks whose members may reach each other"
            ))
            .service(unit.name()),
        );
    }
    groups.into_iter().map(id_of).collect()
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
        let done = run(vec![service("web", "acme/web")]);
        let rule = rule(&done, "net-default-self");
        assert_eq!(rule.group_id.to_string(), "${security-group/net-default/id}");
        let permission = &rule.ip_permissions[0];
        assert_eq!((permission.ip_protocol.as_str(), permission.from_port), ("-1", None));
        assert_eq!(permission.user_id_group_pairs[0].group_id, rule.group_id);
        assert_eq!(groups(&done, "web"), ["${security-group/net-default/id}"]);
    }

    #[test]
    fn only_the_load_balancer_reaches_the_target_port() {
        let mut web = service("web", "acme/web");
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
        let mut web = service("web", "acme/web");
        web.networks = networks(&["front"]);
        let mut project = project(vec![service("api", "acme/api"), web]);
        project.services.shift_remove("api");
        let done = translate(&project, None, &facts());
        assert!(has(&done, Kind::SecurityGroup, "net-front"));
        assert!(!has(&done, Kind::SecurityGroup, "net-default"));
    }

    #[test]
    fn more_than_five_groups_are_refused() {
        let mut web = service("web", "acme/web");
        web.networks = networks(&["a", "b", "c", "d", "e"]);
        assert_eq!(loud(&run(vec![web.clone()]).diagnostics), []);
        web.ports = vec![port(80, 80)];
        assert_eq!(loud(&run(vec![web]).diagnostics), [(Severity::Error, Code::Refused)]);
    }

    #[test]
    fn what_a_network_says_beyond_its_members() {
        let mut project = project(vec![service("web", "acme/web")]);
        project.networks["default"].name = Some(at("other".to_owned()));
        let said =
            |project: &crate::compose::Project| translate(project, None, &facts()).diagnostics;
        assert!(find(&said(&project), Code::Ignored).is_some());
        project.networks["default"].internal = true;
        assert_eq!(loud(&said(&project)), [(Severity::Warning, Code::Approximated)]);
        project.networks["default"].internal = false;
        project.networks["default"].external = true;
        assert_eq!(loud(&said(&project)), [(Severity::Error, Code::NotSupportedYet)]);
    }

    #[test]
    fn no_name_starts_like_an_id() {
        let mut project = project(vec![service("web", "acme/web")]);
        project.name = "sg-1".to_owned();
        let done = translate(&project, None, &facts());
        let Body::SecurityGroup(group) = &resource(&done, Kind::SecurityGroup, "net-default").body
        else {
            panic!("no group")
        };
        assert_eq!(group.group_name, "decklift-sg-1-net-default");
    }
}
