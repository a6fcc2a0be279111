//! A container whose job the load balancer takes over: a reverse proxy before other services.

use super::known_images::repository;
use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;

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
    use crate::compose::model::{Condition, MountKind};
    use crate::ecs::testing::{depends, find, mount, port, reference, run, service};

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
