//! A container whose job the load balancer takes over: a reverse proxy before other services.

use std::collections::HashSet;

use super::discovery::share_a_network;
use super::known_images::repository;
use crate::compose::model::{Condition, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::{Member, by_name};

/// Programs that route requests to others.
const PROXIES: &[&str] = &[
    "caddy",
    "envoyproxy/envoy",
    "haproxy",
    "jwilder/nginx-proxy",
    "nginx",
    "nginxinc/nginx-unprivileged",
    "nginxproxy/nginx-proxy",
    "traefik",
];

/// Those of them that serve nothing themselves.
const ROUTERS: &[&str] =
    &["envoyproxy/envoy", "haproxy", "jwilder/nginx-proxy", "nginxproxy/nginx-proxy", "traefik"];

/// Whether a server of pages gets its configuration from the project, and no pages: what it answers
/// comes from others then.
fn is_told(service: &Service, repository: &str) -> bool {
    let (config, pages) = match repository {
        "caddy" => (["/etc/caddy", "/etc/caddy"], ["/srv", "/usr/share/caddy"]),
        _ => (["/etc/nginx", "/opt/bitnami/nginx/conf"], ["/usr/share/nginx", "/var/www"]),
    };
    let below = |places: &[&str]| {
        let mounts = service.mounts.iter().map(|mount| mount.value.target.as_str());
        let configs = service.written.configs.iter().filter_map(|c| c.settings.text("target"));
        mounts.chain(configs).any(|target| places.iter().any(|at| target.starts_with(at)))
    };
    below(&config) && !below(&pages)
}

/// Warns of a proxy that waits for a service that offers no port: what else than a port would it want
/// there? Those that find their services through Docker wait for none, and programs that take their
/// work from somewhere listen nowhere.
pub(crate) fn behind(members: &[Member<'_>], out: &mut Output) {
    let by_name = by_name(members);
    let told: HashSet<String> = out
        .diagnostics
        .iter()
        .filter(|said| said.code == Code::NothingOffered)
        .filter_map(|said| said.service.clone())
        .collect();
    for member in members {
        let image = member.service.image.as_ref().filter(|_| member.service.build.is_none());
        if !image.is_some_and(|image| PROXIES.contains(&repository(&image.value))) {
            continue;
        }
        for (name, dependency) in &member.service.depends_on {
            let Some(other) = by_name.get(name.as_str()) else { continue };
            let calls = dependency.value.condition != Condition::CompletedSuccessfully
                && other.unit != member.unit
                && other.job.is_none()
                && share_a_network(member, other);
            if !calls || !other.ports.is_empty() || works_off(other.service) || told.contains(name)
            {
                continue;
            }
            let message = format!("{} stands before {name}, which offers no port", member.name());
            out.say(
                Diagnostic::warning(Code::NothingOffered, message)
                    .at(other.service.span(), "no known port")
                    .at(dependency.span, "depended on here")
                    .help(
                        "list the port under `expose`; on ECS a name only works for ports that are \
                         known",
                    )
                    .service(name),
            );
        }
    }
}

/// Whether a service says by its name or its command that it works off what others leave for it.
fn works_off(service: &Service) -> bool {
    const WORDS: [&str; 8] =
        ["beat", "consumer", "cron", "queue", "schedule", "scheduler", "sidekiq", "worker"];
    let command = service.command.iter().flat_map(|words| &words.value).map(String::as_str);
    let mut words = command.chain([service.name.value.as_str()]).flat_map(|text| {
        text.split(|c: char| !c.is_ascii_alphanumeric()).map(|word| word.trim_end_matches('s'))
    });
    words.any(|word| WORDS.contains(&word))
}

/// Notes each public service that only stands before others: it depends on them, or is one of the
/// images that find them through Docker.
pub(crate) fn check(members: &[Member<'_>], out: &mut Output) {
    for member in members.iter().filter(|member| !member.public.is_empty()) {
        // What is built on such an image serves pages of its own, as often as not.
        let (None, Some(image)) = (&member.service.build, &member.service.image) else { continue };
        let repository = repository(&image.value);
        let others = members.iter().any(|other| other.unit != member.unit && other.job.is_none());
        let routes = ROUTERS.contains(&repository)
            || !member.service.depends_on.is_empty()
            || is_told(member.service, repository);
        if !PROXIES.contains(&repository) || !others || !routes {
            continue;
        }
        let message =
            format!("{} stands before other services, as the load balancer does", member.name());
        out.say(
            Diagnostic::note(Code::ProxyBehindBalancer, message)
                .at(image.span, "a reverse proxy")
                .help(
                    "keep it, and requests pass both; or publish the ports of the services behind \
                    it, and let the load balancer reach them itself",
                )
                .service(member.name()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::MountKind;
    use crate::ecs::testing::{depends, find, mount, port, reference, run, service};

    /// What is said of a service that a proxy waits for.
    fn said(name: &str, condition: Condition, edit: impl FnOnce(&mut Service)) -> bool {
        let mut proxy = service("proxy", "nginx:1");
        proxy.ports = vec![port(80, 80)];
        depends(&mut proxy, name, condition);
        let mut other = service(name, "acme/app:1");
        edit(&mut other);
        let done = run(vec![proxy, other]);
        find(&done.diagnostics, Code::NothingOffered).is_some()
    }

    #[test]
    fn what_a_proxy_waits_for_offers_a_port() {
        let started = Condition::Started;
        assert!(said("app", started, |_| {}));
        assert!(!said("app", started, |app| app.expose = vec![port(80, 80)]));
        assert!(!said("app", started, |app| app.image =
            Some(crate::ecs::testing::at("php:8-fpm".to_owned()))));
        assert!(!said("mail-worker", started, |_| {}));
        assert!(!said("app", Condition::CompletedSuccessfully, |_| {}));
        assert!(!said("app", started, |app| {
            app.command = Some(crate::ecs::testing::at(vec!["celery".into(), "worker".into()]));
        }));
    }

    fn noted(image: &str, edit: impl FnOnce(&mut Service)) -> bool {
        let mut proxy = service("proxy", image);
        proxy.ports = vec![port(80, 80)];
        edit(&mut proxy);
        let done = run(vec![proxy, service("app", "acme/app:1")]);
        find(&done.diagnostics, Code::ProxyBehindBalancer).is_some()
    }

    #[test]
    fn what_routes_to_others_is_recognised() {
        assert!(noted("nginx:1.27", |proxy| depends(proxy, "app", Condition::Started)));
        assert!(noted("traefik:3", |_| {}));
        assert!(noted("haproxy:3.0", |_| {}));
        let told = |targets: &'static [&str]| {
            move |proxy: &mut Service| {
                let bind = |target: &&str| mount(MountKind::Bind("/app/x".into()), target);
                proxy.mounts = targets.iter().map(bind).collect();
            }
        };
        assert!(noted("nginx:1.27", told(&["/etc/nginx/conf.d/default.conf"])));
        assert!(!noted("nginx:1.27", told(&["/etc/nginx/nginx.conf", "/usr/share/nginx/html"])));
        let configured = |target: &'static str| {
            move |proxy: &mut Service| {
                proxy.written.configs = vec![reference("conf", &[("target", target)])];
            }
        };
        assert!(noted("nginx:1.27", configured("/etc/nginx/conf.d/default.conf")));
        assert!(noted("caddy:2", configured("/etc/caddy/Caddyfile")));
        assert!(!noted("nginx:1.27", configured("/app/settings.json")));
        assert!(!noted("nginx:1.27", |_| {}), "it may serve pages");
        assert!(!noted("acme/app", |proxy| depends(proxy, "app", Condition::Started)));
        assert!(!noted("traefik:3", |proxy| proxy.ports.clear()));
    }
}
