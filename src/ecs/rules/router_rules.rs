//! Rules of routers that find their services through Docker: labels of Traefik's and of Caddy's Docker
//! module, variables of nginx-proxy. On ECS nobody reads them, and the load balancer has rules of its own.

use super::load_balancer::{is_host, is_path};
use crate::compose::model::{Service, TaskNetwork};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;
use crate::source::{Located, Span};

/// What requests must be like to be a service's; no hosts are all hosts, and no paths all paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Route {
    hosts: Vec<String>,
    paths: Vec<String>,
}

/// What a service tells a router.
struct Told {
    router: &'static str,
    place: Span,
    /// Nothing where it is more than a load balancer is told in two lines.
    route: Option<Route>,
    /// The container's port.
    port: Option<u16>,
}

/// Warns of each service that only a router would make public, and says what the load balancer is to be
/// told in its place.
pub(crate) fn check(members: &[Member<'_>], out: &mut Output) {
    for member in members {
        let http = &member.service.extension.http;
        // Where somebody took the rules over, and where the router shares the instance's Docker.
        let is_done = !http.host.is_empty() || !http.path.is_empty();
        if is_done || member.job.is_some() || member.network != TaskNetwork::AwsVpc {
            continue;
        }
        let service = member.service;
        let found = of_traefik(service).or_else(|| of_caddy(service));
        if let Some(told) = found.or_else(|| of_nginx(service)) {
            out.say(warning(member, &told));
        }
    }
}

fn warning(member: &Member<'_>, told: &Told) -> Diagnostic {
    let Told { router, place, route, port } = told;
    let name = member.name();
    let message = format!("{router} does not find {name} on ECS: it asks Docker for its services");
    let declared = member.ports.iter().map(|(port, _)| *port);
    let port = port.or_else(|| declared.min()).map_or("PORT".to_owned(), |port| port.to_string());
    let ports = match member.public.is_empty() {
        true => format!("`ports: [\"80:{port}\"]` and "),
        false => String::new(),
    };
    let help = match route {
        Some(route) => format!(
            "let the load balancer do it: write {ports}`x-ecs: {{http: {{{}}}}}` at the service, and leave \
             the router out",
            in_yaml(route)
        ),
        None => format!(
            "let the load balancer do it: write {ports}`x-ecs.http` with `host` and `path` at the service, \
             and leave the router out"
        ),
    };
    Diagnostic::warning(Code::Approximated, message)
        .at(*place, "a rule for the router")
        .help(help)
        .service(name)
}

/// The keys of `x-ecs.http` for a route.
fn in_yaml(Route { hosts, paths }: &Route) -> String {
    let text = |text: &String| match text.contains(['*', '?', ':', '#', '&', '\'', '"', '@']) {
        true => format!("'{}'", text.replace('\'', "''")),
        false => text.clone(),
    };
    let key = |key: &str, values: &[String]| match values {
        [] => None,
        [one] => Some(format!("{key}: {}", text(one))),
        several => {
            let several: Vec<_> = several.iter().map(text).collect();
            Some(format!("{key}: [{}]", several.join(", ")))
        }
    };
    let keys: Vec<_> = [key("host", hosts), key("path", paths)].into_iter().flatten().collect();
    keys.join(", ")
}

/// Labels of the container, and of the service, which Traefik reads from a swarm.
fn labels(service: &Service) -> impl Iterator<Item = (&str, &Located<String>)> {
    let all = service.labels.iter().chain(&service.deploy.labels);
    all.map(|(name, value)| (name.as_str(), value))
}

/// The one route of several rules: routers for HTTP and for HTTPS have the same.
fn one(routes: impl Iterator<Item = Option<Route>>) -> Option<Route> {
    let mut routes = routes;
    let first = routes.next()??;
    routes.all(|route| route.as_ref() == Some(&first)).then_some(first)
}

/// `traefik.http.routers.NAME.rule` (Traefik documentation, "Docker", routing configuration).
fn of_traefik(service: &Service) -> Option<Told> {
    let named = |name: &str, start: &str, end: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with(start) && name.ends_with(end)
    };
    let is_off = |(name, value): (&str, &Located<String>)| {
        name.eq_ignore_ascii_case("traefik.enable") && value.value.eq_ignore_ascii_case("false")
    };
    if labels(service).any(is_off) {
        return None;
    }
    let rules = || labels(service).filter(|(n, _)| named(n, "traefik.http.routers.", ".rule"));
    let (_, first) = rules().next()?;
    let port = labels(service)
        .find(|(name, _)| named(name, "traefik.http.services.", ".loadbalancer.server.port"));
    Some(Told {
        router: "traefik",
        place: first.span,
        route: one(rules().map(|(_, rule)| of_rule(&rule.value))),
        port: port.and_then(|(_, port)| port.value.trim().parse().ok()),
    })
}

/// A rule of Traefik's that asks for hosts and for what paths begin with, and for nothing else
/// (Traefik documentation, "HTTP Routers", rules).
fn of_rule(rule: &str) -> Option<Route> {
    let mut route = Route::default();
    for term in rule.split("&&") {
        let term = term.trim();
        let inner = term.strip_prefix('(').and_then(|term| term.strip_suffix(')')).unwrap_or(term);
        let mut kind = None;
        for call in inner.split("||") {
            let (name, arguments) = call.trim().strip_suffix(')')?.split_once('(')?;
            if *kind.get_or_insert(name) != name {
                return None;
            }
            for argument in arguments.split(',') {
                let value = argument.trim().trim_matches(['`', '"', '\'']).to_owned();
                match name {
                    "Host" if is_host(&value) && !value.contains(['*', '?']) => {
                        route.hosts.push(value);
                    }
                    "PathPrefix" if is_path(&value) => route.paths.push(value),
                    _ => return None,
                }
            }
        }
    }
    told(route)
}

/// `caddy: HOST` (caddy-docker-proxy, README, "Labels to Caddyfile conversion").
fn of_caddy(service: &Service) -> Option<Told> {
    let is_site = |name: &str| {
        let rest = name.strip_prefix("caddy");
        rest.is_some_and(|rest| {
            rest.is_empty()
                || rest.strip_prefix('_').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
        })
    };
    let (_, site) = labels(service).find(|(name, _)| is_site(name))?;
    let sites = labels(service).filter(|(name, _)| is_site(name)).count();
    // `{{upstreams 8080}}`
    let upstream = |(name, value): (&str, &Located<String>)| {
        let is_proxy = name.starts_with("caddy") && name.ends_with("reverse_proxy");
        let text = value.value.trim_end_matches(['}', ' ']);
        text.rsplit(' ').next().filter(|_| is_proxy)?.parse::<u16>().ok()
    };
    Some(Told {
        router: "caddy",
        place: site.span,
        route: of_addresses(&site.value).filter(|_| sites == 1),
        port: labels(service).find_map(upstream),
    })
}

/// `VIRTUAL_HOST` (nginx-proxy, README and "Docs").
fn of_nginx(service: &Service) -> Option<Told> {
    let environment = &service.environment;
    let hosts = environment.get("VIRTUAL_HOST").filter(|hosts| !hosts.value.trim().is_empty())?;
    let mut route = of_addresses(&hosts.value);
    if let Some(path) = environment.get("VIRTUAL_PATH") {
        let is_plain = is_path(&path.value) && !path.value.contains(['*', '?']);
        route = route.filter(|route| is_plain && route.paths.is_empty());
        if let Some(route) = route.as_mut().filter(|_| path.value != "/") {
            route.paths.push(path.value.clone());
        }
    }
    let port = environment.get("VIRTUAL_PORT").and_then(|port| port.value.trim().parse().ok());
    Some(Told { router: "nginx-proxy", place: hosts.span, route, port })
}

/// Hosts, with commas and spaces between them, and one path behind all or none: `https://a.example/api*`.
fn of_addresses(text: &str) -> Option<Route> {
    let mut route = Route::default();
    for address in text.split([',', ' ']).filter(|address| !address.is_empty()) {
        let address = address.trim_start_matches("http://").trim_start_matches("https://");
        let (host, path) = match address.find('/') {
            Some(at) => address.split_at(at),
            None => (address, ""),
        };
        let is_first = route.hosts.is_empty();
        if !is_host(host) || !is_first && route.paths.first().map_or("", String::as_str) != path {
            return None;
        }
        route.hosts.push(host.to_owned());
        if is_first && !path.is_empty() {
            route.paths.push(path.to_owned());
        }
    }
    told(route).filter(|route| route.paths.iter().all(|path| is_path(path)))
}

/// A route, if a rule of the load balancer has room for it.
fn told(mut route: Route) -> Option<Route> {
    route.paths.retain(|path| path != "/" && path != "/*");
    let values = |path: &String| if path.contains(['*', '?']) { 1 } else { 2 };
    let count = route.hosts.len() + route.paths.iter().map(values).sum::<usize>();
    (1..=super::load_balancer::MOST_VALUES).contains(&count).then_some(route)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::testing::{at, env, exposed, port, run, service};

    fn route(rule: &str) -> Option<String> {
        of_rule(rule).as_ref().map(in_yaml)
    }

    #[test]
    fn rules_that_a_load_balancer_has_too() {
        for (rule, wanted) in [
            ("Host(`a.example.com`)", "host: a.example.com"),
            ("Host(`a.example`) && PathPrefix(`/api`)", "host: a.example, path: /api"),
            ("PathPrefix(`/a`) || PathPrefix(`/b`)", "path: [/a, /b]"),
            ("(Host(`a.io`) || Host(`b.io`)) && PathPrefix(\"/\")", "host: [a.io, b.io]"),
            ("Host(`a.io`, `b.io`)", "host: [a.io, b.io]"),
        ] {
            assert_eq!(route(rule).as_deref(), Some(wanted), "{rule}");
        }
        for rule in [
            "HostRegexp(`.*`)",
            "Host(`a.io`) || PathPrefix(`/b`)",
            "Path(`/x`)",
            "!Host(`a.io`)",
            "Host(`localhost`)",
            "Host(`a.io`) && Method(`GET`)",
            "Host(`a.io`",
            "PathPrefix(`/a`, `/b`, `/c`)",
            "&& ||",
            "",
        ] {
            assert_eq!(route(rule), None, "{rule}");
        }
    }

    fn help(edit: impl FnOnce(&mut Service)) -> Option<String> {
        let mut web = service("web", "acme/web:1");
        web.expose = vec![exposed(8080)];
        edit(&mut web);
        let done = run(vec![web, service("other", "acme/other:1")]);
        let said = done.diagnostics.iter().find(|said| said.message.contains("asks Docker"));
        said.and_then(|said| said.help.clone())
    }

    fn label(service: &mut Service, name: &str, value: &str) {
        service.labels.insert(name.to_owned(), at(value.to_owned()));
    }

    #[test]
    fn each_router_s_words_become_the_load_balancer_s() {
        let starts = |help: Option<String>, start: &str| {
            let help = help.expect("a warning");
            assert!(
                help.starts_with(&format!("let the load balancer do it: write {start}")),
                "{help}"
            );
        };
        const RULE: &str = "traefik.http.routers.web.rule";
        let of_traefik = help(|web| {
            label(web, RULE, "Host(`a.example`) && PathPrefix(`/api`)");
            label(
                web,
                "traefik.http.routers.web-tls.rule",
                "Host(`a.example`) && PathPrefix(`/api`)",
            );
            label(web, "traefik.http.services.web.loadbalancer.server.port", "3000");
        });
        starts(
            of_traefik,
            "`ports: [\"80:3000\"]` and `x-ecs: {http: {host: a.example, path: /api}}`",
        );
        let public = help(|web| {
            label(web, RULE, "Host(`a.example`)");
            web.ports = vec![port(80, 8080)];
        });
        starts(public, "`x-ecs: {http: {host: a.example}}`");
        let of_swarm = help(|web| {
            web.deploy.labels.insert(RULE.to_owned(), at("HostRegexp(`x`)".to_owned()));
        });
        starts(of_swarm, "`ports: [\"80:8080\"]` and `x-ecs.http`");
        let of_caddy = help(|web| {
            label(web, "caddy", "https://c.example, *.c.example");
            label(web, "caddy.reverse_proxy", "{{upstreams 9000}}");
        });
        starts(
            of_caddy,
            "`ports: [\"80:9000\"]` and `x-ecs: {http: {host: [c.example, '*.c.example']}}`",
        );
        let of_nginx = help(|web| {
            env(web, "VIRTUAL_HOST", "d.example");
            env(web, "VIRTUAL_PATH", "/x");
        });
        starts(of_nginx, "`ports: [\"80:8080\"]` and `x-ecs: {http: {host: d.example, path: /x}}`");
    }

    #[test]
    fn what_is_no_rule_or_is_taken_over_is_left_alone() {
        assert_eq!(help(|web| label(web, "traefik.enable", "true")), None);
        assert_eq!(help(|web| label(web, "caddy.email", "a@b.example")), None);
        assert_eq!(help(|web| env(web, "VIRTUAL_HOST", "")), None);
        let off = |web: &mut Service| {
            label(web, "traefik.http.routers.web.rule", "Host(`a.example`)");
            label(web, "traefik.enable", "false");
        };
        assert_eq!(help(off), None);
        let done = |web: &mut Service| {
            label(web, "traefik.http.routers.web.rule", "Host(`a.example`)");
            web.extension.http.host = vec![at("a.example".to_owned())];
        };
        assert_eq!(help(done), None);
    }
}
