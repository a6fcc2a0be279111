//! A container whose job the load balancer takes over: a reverse proxy before other services.

use std::collections::HashSet;

use super::discovery::share_a_network;
use super::known_images::repository;
use super::other_program::runs_a_tool;
use crate::compose::model::{Condition, Restart, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::{Context, Output};
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

/// Whether an image is one of a program that routes requests to others.
pub(crate) fn is_proxy(image: &str) -> bool {
    PROXIES.contains(&repository(image))
}

/// The image that a service runs, or that what it builds is made of.
fn image<'a>(cx: &Context<'a>, service: &'a Service) -> Option<&'a str> {
    match service.build {
        None => service.image.as_ref().map(|image| image.value.as_str()),
        Some(_) => cx.facts.dockerfiles.get(&service.name.value).map(|says| says.base.as_str()),
    }
}

/// Whether what is built on a server of pages gets pages of its own.
fn brings_pages(cx: &Context<'_>, service: &Service) -> bool {
    let says = service.build.as_ref().and(cx.facts.dockerfiles.get(&service.name.value));
    let pages = ["/usr/share/nginx", "/var/www", "/srv", "/usr/share/caddy", "/html"];
    says.is_some_and(|says| {
        says.lines.iter().any(|line| pages.iter().any(|place| line.contains(place)))
    })
}

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
pub(crate) fn behind(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    let by_name = by_name(members);
    let told: HashSet<String> = out
        .diagnostics
        .iter()
        .filter(|said| said.code == Code::NothingOffered)
        .filter_map(|said| said.service.clone())
        .collect();
    for member in members {
        let stands_before = image(cx, member.service).is_some_and(is_proxy);
        // Whom the Internet reaches calls others, more often than not.
        if !stands_before && member.public.is_empty() {
            continue;
        }
        for (name, dependency) in &member.service.depends_on {
            let Some(other) = by_name.get(name.as_str()) else { continue };
            let calls = dependency.value.condition != Condition::CompletedSuccessfully
                && other.unit != member.unit
                && other.job.is_none()
                && share_a_network(member, other);
            let is_silent = !other.ports.is_empty() || works_off(other.service);
            if !calls || is_silent || told.contains(name) {
                continue;
            }
            if !stands_before && !may_listen(member, other) {
                continue;
            }
            let does = if stands_before { "stands before" } else { "waits for" };
            let message = format!("{} {does} {name}, which offers no port", member.name());
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

/// Whether a service that another one waits for may well be a server: it has a program of its own that
/// goes on.
fn may_listen(user: &Member<'_>, other: &Member<'_>) -> bool {
    const BRIEF: [&str; 13] = [
        "agent",
        "assets",
        "backup",
        "builder",
        "compile",
        "init",
        "install",
        "migrate",
        "migration",
        "seed",
        "setup",
        "wait",
        "watch",
    ];
    let service = other.service;
    let restart = service.restart.as_ref().map(|restart| &restart.value);
    let is_same = match (&user.service.build, &service.build) {
        (Some(one), Some(two)) => {
            (&one.value.context, &one.value.dockerfile)
                == (&two.value.context, &two.value.dockerfile)
        }
        (None, None) => {
            user.service.image.as_ref().map(|i| &i.value)
                == service.image.as_ref().map(|i| &i.value)
        }
        _ => false,
    };
    let mut words = service.name.value.split(|c: char| !c.is_ascii_alphanumeric());
    !is_same
        && !matches!(restart, Some(Restart::No | Restart::OnFailure))
        && other.known.is_none()
        && !runs_a_tool(service)
        && !words.any(|word| BRIEF.contains(&word.to_ascii_lowercase().trim_end_matches('s')))
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
pub(crate) fn check(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    for member in members.iter().filter(|member| !member.public.is_empty()) {
        let build = member.service.build.as_ref().map(|build| build.span);
        let span = build.or(member.service.image.as_ref().map(|image| image.span));
        let (Some(image), Some(span)) = (image(cx, member.service), span) else { continue };
        let repository = repository(image);
        let others = members.iter().any(|other| other.unit != member.unit && other.job.is_none());
        let routes = ROUTERS.contains(&repository)
            || !member.service.depends_on.is_empty()
            || is_told(member.service, repository);
        let serves = !ROUTERS.contains(&repository) && brings_pages(cx, member.service);
        if !PROXIES.contains(&repository) || !others || !routes || serves {
            continue;
        }
        let message =
            format!("{} stands before other services, as the load balancer does", member.name());
        out.say(
            Diagnostic::note(Code::ProxyBehindBalancer, message)
                .at(span, "a reverse proxy")
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
    use crate::ecs::facts::{DockerfileFacts, Facts};
    use crate::ecs::testing::{
        built, depends, facts, find, mount, port, project, reference, run, service,
    };
    use crate::ecs::translate;

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

    #[test]
    fn what_a_public_service_waits_for_offers_a_port() {
        let said = |name: &str, edit: fn(&mut Service)| {
            let mut web = service("web", "acme/web:1");
            web.ports = vec![port(80, 80)];
            depends(&mut web, name, Condition::Started);
            let mut other = service(name, "acme/api:1");
            edit(&mut other);
            find(&run(vec![web, other]).diagnostics, Code::NothingOffered).is_some()
        };
        assert!(said("api", |_| {}));
        assert!(!said("worker", |_| {}));
        assert!(!said("assets-watch", |_| {}));
        assert!(
            !said("api", |api| api.image = crate::ecs::testing::service("web", "acme/web:1").image)
        );
        assert!(!said("api", |api| api.restart = Some(crate::ecs::testing::at(Restart::No))));
        assert!(!said("db", |db| {
            db.image = Some(crate::ecs::testing::at("postgres:16".to_owned()));
            db.command = Some(crate::ecs::testing::at(vec!["pg_dump".into()]));
        }));
    }

    /// The diagnostics of a proxy that is built like this, before a service that offers nothing.
    fn of_built(says: DockerfileFacts, code: Code) -> bool {
        let mut proxy = built("web");
        proxy.ports = vec![port(80, 80)];
        depends(&mut proxy, "app", Condition::Started);
        let project = project(vec![proxy, service("app", "acme/app:1")]);
        let dockerfiles = [("web".to_owned(), says)].into_iter().collect();
        let done = translate(&project, None, &Facts { dockerfiles, ..facts() });
        find(&done.diagnostics, code).is_some()
    }

    #[test]
    fn a_proxy_that_is_built_is_recognised() {
        let says = |base: &str, line: &str, copied: &str| DockerfileFacts {
            base: base.to_owned(),
            lines: vec![line.to_owned()],
            copied: copied.to_owned(),
            ..DockerfileFacts::default()
        };
        let code = Code::ProxyBehindBalancer;
        assert!(of_built(says("nginx:1.27", "default.conf /etc/nginx/conf.d/", ""), code));
        assert!(of_built(says("haproxy:3", "x /srv", ""), code));
        assert!(!of_built(says("nginx:1.27", "dist /usr/share/nginx/html", ""), code));
        assert!(!of_built(says("python:3", "x /app", ""), code));
        let nothing = Code::NothingOffered;
        assert!(of_built(says("nginx:1.27", "", ""), nothing));
        assert!(!of_built(says("nginx:1.27", "", "proxy_pass http://app:3000;"), nothing));
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
