//! `ports` and `expose` become named port mappings.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::known_images::{KnownImage, listening_ports};
use crate::compose::model::{Port, Protocol, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::PortMapping;
use crate::ecs::translate::context::Output;
use crate::ecs::translate::names::{Grammar, fit};

/// Container ports with their protocol: one mapping each.
pub(crate) type Ports = BTreeMap<u16, Protocol>;

/// The ports that a service declares, and those that its image is known to listen on.
pub(crate) fn declared(service: &Service, known: Option<&KnownImage>, out: &mut Output) -> Ports {
    let mut ports = Ports::new();
    for port in service.ports.iter().chain(&service.expose) {
        // Who may reach it is exposure.rs's business.
        let Port {
            name,
            target,
            published: _,
            protocol,
            host_ip: _,
            app_protocol: _,
            host_mode,
            assumed: _, // port_clash.rs
        } = &port.value;
        if let Some(name) = name {
            out.say(
                Diagnostic::note(Code::Ignored, format!("the port's name {name:?} has no effect"))
                    .at(port.span, "")
                    .help("decklift names each port mapping after the service and the port")
                    .service(&service.name.value),
            );
        }
        if *host_mode {
            out.say(
                Diagnostic::note(Code::Ignored, "`mode: host` has no effect on ECS")
                    .at(port.span, "")
                    .help("the network of the task says whether a port is one of the instance's")
                    .service(&service.name.value),
            );
        }
        match ports.entry(*target) {
            Entry::Vacant(entry) => {
                entry.insert(*protocol);
            }
            Entry::Occupied(mut entry) if entry.get() != protocol => {
                entry.insert(Protocol::Tcp);
                out.say(
                    Diagnostic::warning(
                        Code::Approximated,
                        format!("port {target} is mapped as tcp only"),
                    )
                    .at(port.span, "also wanted as udp")
                    .help("a task maps each container port once; move one of the two")
                    .service(&service.name.value),
                );
            }
            Entry::Occupied(_) => {}
        }
    }
    let image = service.image.as_ref().map_or("", |image| &image.value);
    // What is built exposes what its Dockerfile says.
    let own = known.map_or_else(|| listening_ports(image), |known| known.ports_of(image));
    for &port in own.iter().filter(|_| known.is_some() || service.build.is_none()) {
        ports.entry(port).or_insert(Protocol::Tcp);
    }
    ports
}

/// Whether a service itself says that it has a port.
pub(crate) fn is_declared(service: &Service, port: u16) -> bool {
    let mut ports = service.ports.iter().chain(&service.expose);
    ports.any(|given| given.value.target == port && !given.value.assumed)
}

/// Whether a service says of any port that it has it.
pub(crate) fn declares(service: &Service) -> bool {
    service.ports.iter().chain(&service.expose).any(|port| !port.value.assumed)
}

/// The name of a port mapping, which Service Connect refers to.
pub(crate) fn port_name(service: &str, port: u16) -> String {
    fit(&format!("{service}-{port}"), Grammar::Port)
}

/// The port mappings of a service's container.
pub(crate) fn mappings(service: &str, ports: &Ports) -> Vec<PortMapping> {
    ports
        .iter()
        .map(|(&port, protocol)| PortMapping {
            name: Some(port_name(service, port)),
            container_port: i32::from(port),
            host_port: i32::from(port),
            protocol: protocol.as_str().to_owned(),
            app_protocol: None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{container, exposed, find, loud, port, run, service};

    #[test]
    fn ports_and_expose_are_mapped_once_and_in_order() {
        let mut web = service("web", "acme/web:1");
        web.ports = vec![port(8080, 80), port(8081, 80)];
        web.expose = vec![exposed(9000), exposed(80), exposed(70)];
        let done = run(vec![web]);
        let names: Vec<_> =
            container(&done, "web").port_mappings.iter().map(|p| p.name.as_deref()).collect();
        assert_eq!(names, [Some("web-70"), Some("web-80"), Some("web-9000")]);
    }

    #[test]
    fn one_port_as_tcp_and_udp_stays_tcp() {
        let mut dns = service("dns", "acme/dns:1");
        let mut udp = exposed(53);
        udp.value.protocol = Protocol::Udp;
        dns.expose = vec![udp, exposed(53)];
        let done = run(vec![dns, service("web", "acme/web:1")]);
        assert_eq!(container(&done, "dns").port_mappings[0].protocol, "tcp");
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    }

    #[test]
    fn names_stay_within_the_pattern() {
        assert_eq!(port_name("web", 80), "web-80");
        assert!(port_name("Web.App", 80).starts_with("web-app-80-"));
    }

    #[test]
    fn host_mode_and_names_are_noted() {
        let mut web = service("web", "acme/web:1");
        web.expose = vec![exposed(80)];
        web.expose[0].value.host_mode = true;
        web.expose[0].value.name = Some("main".to_owned());
        let done = run(vec![web, service("other", "acme/other:1")]);
        assert!(find(&done.diagnostics, Code::Ignored).is_some());
        assert_eq!(done.diagnostics.len(), 2);
    }
}
