//! How a container finds others: `links` become names in Service Connect; servers, domains and fixed
//! addresses have no place on awsvpc.

use std::collections::HashMap;

use super::cloud_map;
use super::outcome::{Outcomes, place_of};
use crate::compose::Project;
use crate::compose::model::{Addressing, Service};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::survey::Member;
use crate::source::{Located, Span};

/// Further names of services that others link to, with their places, by service.
pub(crate) type Links<'a> = HashMap<&'a str, Vec<(&'a str, Span)>>;

/// `TARGET` and `ALIAS` of a link; the alias is absent where the target's own name is meant.
pub(crate) fn parts(link: &str) -> (&str, Option<&str>) {
    match link.split_once(':') {
        // With more than one colon the reference takes the whole text for a name.
        Some((target, alias)) if !alias.contains(':') => (target, Some(alias)),
        _ => (link, None),
    }
}

/// The service that a container's name belongs to.
fn owner<'a>(project: &'a Project, container: &str) -> Option<&'a str> {
    let named = |service: &&Service| {
        service.name.value == container
            || service.container_name.as_ref().is_some_and(|name| name.value == container)
    };
    let mut services = project.services.values().map(|service| &**service);
    Some(&services.find(named)?.name.value)
}

/// The aliases of all links, in the order of the files.
pub(crate) fn links(project: &Project) -> Links<'_> {
    let mut links = Links::new();
    for addressing in project.services.values().filter_map(|s| s.addressing.as_ref()) {
        for link in &addressing.links {
            if let (target, Some(alias)) = parts(&link.value) {
                links.entry(target).or_default().push((alias, link.span));
            }
        }
        for link in &addressing.external_links {
            let (container, alias) = parts(&link.value);
            if let (Some(owner), Some(alias)) = (owner(project, container), alias) {
                links.entry(owner).or_default().push((alias, link.span));
            }
        }
    }
    links
}

/// Says what of a service's addressing differs on Fargate (ECS developer guide, "Fargate
/// considerations for Amazon ECS": `dnsServers`, `dnsSearchDomains`, `extraHosts` and `links` are
/// not valid there).
pub(crate) fn check(cx: &Context<'_>, member: &Member<'_>, out: &mut Output) {
    let service = member.service;
    let Some(addressing) = &service.addressing else { return };
    let Addressing {
        dns,
        dns_opt,
        dns_search,
        domainname,
        extra_hosts,
        external_links,
        links,
        mac_address,
    } = &**addressing;
    let mut outcomes = Outcomes::new(service, out);
    if service.on_instances() {
        super::instance::addressing(member, addressing, &mut outcomes);
        linked(cx, links, external_links, &mut outcomes);
        return;
    }
    let own = "tasks on Fargate ask the name servers of their VPC";
    if let Some(place) = place_of(dns) {
        let help = format!("{own}; a Route 53 Resolver rule forwards names to others");
        outcomes.missed(place, "`dns` has no effect on Fargate", &help);
    }
    if let Some(place) = place_of(dns_search) {
        let help = format!("{own}; write the names of others in full");
        outcomes.missed(place, "`dns_search` has no effect on Fargate", &help);
    }
    if let Some(place) = place_of(dns_opt) {
        outcomes.ignored(place, "`dns_opt` has no effect on Fargate", own);
    }
    if let Some(name) = domainname {
        let help = "other services reach it under its names in Compose";
        outcomes.ignored(name.span, "`domainname` has no effect on Fargate", help);
    }
    if let Some(address) = mac_address {
        let help = "every task gets a network interface with an address of its own";
        outcomes.ignored(address.span, "`mac_address` has no effect on Fargate", help);
    }
    if let Some(place) = place_of(extra_hosts) {
        let gateway = extra_hosts
            .iter()
            .any(|host| host.value.addresses.iter().any(|address| address == "host-gateway"));
        let help = if gateway {
            "there is no machine beside a task: let the app call a service, or a name in DNS"
        } else {
            "tasks have no hosts file of their own: let the app call a name in DNS, in a private \
                hosted zone of Route 53, say"
        };
        outcomes.missed(place, "`extra_hosts` has no effect on Fargate", help);
    }
    linked(cx, links, external_links, &mut outcomes);
}

/// `links` and `external_links`.
fn linked(
    cx: &Context<'_>,
    links: &[Located<String>],
    external_links: &[Located<String>],
    outcomes: &mut Outcomes<'_>,
) {
    for link in links {
        if let (target, Some(alias)) = parts(&link.value)
            && alias != target
        {
            alias_of(cx, target, alias, link, outcomes);
        }
    }
    for link in external_links {
        let (container, alias) = parts(&link.value);
        match owner(cx.project, container) {
            Some(target) => {
                alias_of(cx, target, alias.unwrap_or(container), link, outcomes);
            }
            None => {
                let message = format!("nothing on ECS answers to {container:?}");
                let help = "the container is not part of the project: deploy it with the project, \
                    or give the app its address in a variable";
                outcomes.missed(link.span, message, help);
            }
        }
    }
}

/// Why nobody reaches a service under another name than its own; nothing where others do.
pub(super) fn no_further_names(cx: &Context<'_>, service: &str) -> Option<&'static str> {
    if cx.jobs.contains(service) {
        return Some("nothing reaches a job by name: it runs, and is gone");
    }
    cloud_map::is_alone(cx).then_some(
        "under `discovery: dns` others reach the service by its own name alone, and by that of its \
         task in the project's zone",
    )
}

fn alias_of(
    cx: &Context<'_>,
    target: &str,
    alias: &str,
    link: &Located<String>,
    outcomes: &mut Outcomes<'_>,
) {
    if let Some(help) = no_further_names(cx, target) {
        outcomes.missed(link.span, format!("{target} does not answer to {alias:?} on ECS"), help);
        return;
    }
    let message =
        format!("{target} answers to {alias:?} for every service, not for this one alone");
    outcomes.near(link.span, message, "write the name under `networks`, as one of its aliases");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::ExtraHost;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::Translation;
    use crate::ecs::testing::{at, ecs_service, exposed, find, loud, run, service};

    fn pair(addressing: Addressing) -> Translation {
        let mut web = service("web", "acme/web:1");
        web.addressing = Some(Box::new(addressing));
        let mut db = service("db", "acme/db:1");
        db.expose = vec![exposed(1234)];
        db.container_name = Some(at("shop_db".to_owned()));
        run(vec![web, db])
    }

    fn texts(list: &[&str]) -> Vec<Located<String>> {
        list.iter().map(|text| at((*text).to_owned())).collect()
    }

    fn names(done: &Translation) -> Vec<String> {
        let connect = ecs_service(done, "db").service_connect_configuration.as_ref();
        let services = &connect.expect("it is connected").services;
        services.iter().map(|s| s.client_aliases[0].dns_name.clone()).collect()
    }

    #[test]
    fn aliases_of_links_are_names_of_the_target() {
        let links = texts(&["db:database", "db"]);
        let done = pair(Addressing { links, ..Addressing::default() });
        assert_eq!(names(&done), ["database", "db", "shop_db"]);
        assert_eq!(loud(&done.diagnostics), []);
        let external_links = texts(&["shop_db:store"]);
        let done = pair(Addressing { external_links, ..Addressing::default() });
        assert_eq!(names(&done), ["db", "shop_db", "store"]);
        assert_eq!(loud(&done.diagnostics), []);
    }

    #[test]
    fn what_is_not_part_of_the_project_is_missed() {
        let external_links = texts(&["legacy_redis:redis"]);
        let done = pair(Addressing { external_links, ..Addressing::default() });
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
    }

    #[test]
    fn servers_and_hosts_are_missed() {
        let host = ExtraHost {
            name: "host.docker.internal".to_owned(),
            addresses: vec!["host-gateway".to_owned()],
        };
        for addressing in [
            Addressing { dns: texts(&["8.8.8.8", "1.1.1.1"]), ..Addressing::default() },
            Addressing { dns_search: texts(&["example.com"]), ..Addressing::default() },
            Addressing { extra_hosts: vec![at(host)], ..Addressing::default() },
        ] {
            let done = pair(addressing);
            assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
        }
    }

    #[test]
    fn fixed_names_and_addresses_are_noted() {
        let text = || Some(at("x".to_owned()));
        for addressing in [
            Addressing { dns_opt: texts(&["ndots:1"]), ..Addressing::default() },
            Addressing { domainname: text(), ..Addressing::default() },
            Addressing { mac_address: text(), ..Addressing::default() },
        ] {
            let done = pair(addressing);
            assert_eq!(loud(&done.diagnostics), []);
            assert!(find(&done.diagnostics, Code::Ignored).is_some());
        }
    }
}
