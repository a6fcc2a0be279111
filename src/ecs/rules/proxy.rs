//! A container whose job the load balancer takes over: a reverse proxy before other services.

use super::known_images::repository;
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

/// Notes each public service that only stands before others: it depends on them, or is one of the
/// images that find them through Docker.
pub(crate) fn check(members: &[Member<'_>], out: &mut Output) {
    for member in members.iter().filter(|member| !member.public.is_empty()) {
        // What is built on such an image serves pages of its own, as often as not.
        let (None, Some(image)) = (&member.service.build, &member.service.image) else { continue };
        let repository = repository(&image.value);
        let finds = repository == "traefik" || repository.ends_with("nginx-proxy");
        let stands_before = finds || !member.service.depends_on.is_empty();
        if !PROXIES.contains(&repository) || !stands_before {
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
    use crate::compose::model::{Condition, Service};
    use crate::ecs::testing::{depends, find, port, run, service};

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
        assert!(!noted("nginx:1.27", |_| {}), "it may serve pages");
        assert!(!noted("acme/app", |proxy| depends(proxy, "app", Condition::Started)));
        assert!(!noted("traefik:3", |proxy| proxy.ports.clear()));
    }
}
