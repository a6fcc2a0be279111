//! `ports` and `expose` become named port mappings.

use std::collections::BTreeSet;

use super::known_images::{KnownImage, listening_ports};
use crate::compose::model::{Port, Protocol, Service, TaskNetwork};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::PortMapping;
use crate::ecs::translate::context::Output;
use crate::ecs::translate::names::{Grammar, fit};
use crate::source::Located;

/// Container ports with their protocol: one mapping each.
pub(crate) type Ports = BTreeSet<(u16, Protocol)>;

/// Whether a container has a port, over whichever protocol.
pub(crate) fn has(ports: &Ports, port: u16) -> bool {
    [Protocol::Tcp, Protocol::Udp].iter().any(|protocol| ports.contains(&(port, *protocol)))
}

/// The ports that a service declares, and those that its image is known to listen on.
pub(crate) fn declared(
    service: &Service,
    (image, known): (Option<&str>, Option<&KnownImage>),
    network: TaskNetwork,
    out: &mut Output,
) -> Ports {
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
                    .part("name")
                    .help("decklift names each port mapping after the service and the port")
                    .service(&service.name.value),
            );
        }
        if *host_mode {
            out.say(
                Diagnostic::note(Code::Ignored, "`mode: host` has no effect on ECS")
                    .at(port.span, "")
                    .part("mode")
                    .help("the network of the task says whether a port is one of the instance's")
                    .service(&service.name.value),
            );
        }
        ports.insert((*target, *protocol));
    }
    // Ports of an instance are one protocol's each; a task of its own has the one interface, and names
    // for tcp (mapping.md, "Ports and load balancing").
    if !network.is_of_the_instance() {
        once(service, &mut ports, out);
    }
    let image = image.unwrap_or_default();
    // What is built exposes what its Dockerfile says.
    let own = known.map_or_else(|| listening_ports(image), |known| known.ports_of(image));
    for &port in own.iter().filter(|_| known.is_some() || service.build.is_none()) {
        if !has(&ports, port) {
            ports.insert((port, Protocol::Tcp));
        }
    }
    ports
}

/// Leaves tcp of what is wanted over both protocols.
fn once(service: &Service, ports: &mut Ports, out: &mut Output) {
    let both = |port: u16| ports.contains(&(port, Protocol::Tcp));
    let doubled: Vec<u16> = ports
        .iter()
        .filter(|(port, protocol)| *protocol == Protocol::Udp && both(*port))
        .map(|(port, _)| *port)
        .collect();
    for target in doubled {
        ports.remove(&(target, Protocol::Udp));
        let mut declared = service.ports.iter().chain(&service.expose);
        let is_udp =
            |p: &&Located<Port>| p.value.target == target && p.value.protocol == Protocol::Udp;
        let place = declared.find(is_udp).map_or(service.span(), |port| port.span);
        out.say(
            Diagnostic::warning(Code::Approximated, format!("port {target} is mapped as tcp only"))
                .at(place, "also wanted as udp")
                .help("on `awsvpc` a task maps each container port once; move one of the two")
                .service(&service.name.value),
        );
    }
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

/// The name of the mapping of udp beside tcp on one port.
fn second_name(service: &str, port: u16) -> String {
    fit(&format!("{service}-{port}-udp"), Grammar::Port)
}

/// The port mappings of a service's container.
pub(crate) fn mappings(service: &str, ports: &Ports) -> Vec<PortMapping> {
    let is_second =
        |port, protocol| protocol == Protocol::Udp && ports.contains(&(port, Protocol::Tcp));
    ports
        .iter()
        .map(|&(port, protocol)| PortMapping {
            name: Some(match is_second(port, protocol) {
                true => second_name(service, port),
                false => port_name(service, port),
            }),
            container_port: i32::from(port),
            host_port: i32::from(port),
            protocol: protocol.as_str().to_owned(),
            app_protocol: None,
            container_port_range: None,
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
