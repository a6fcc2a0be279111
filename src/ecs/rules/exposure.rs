//! Which published ports the Internet reaches (mapping.md, "Ports and load balancing").

mod protocol;

use self::protocol::{backend, needs_certificate, speaks_http};
use super::known_images::{KnownImage, PRIVATE_PORTS};
use crate::compose::model::{Port, PortExposure, Protocol, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::source::{Located, Span};

/// Who reaches a port through a load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Face {
    /// The Internet, through the Application Load Balancer.
    Public,
    /// The VPC, through an Application Load Balancer without public addresses.
    Internal,
    /// The Internet, through the Network Load Balancer: what does not speak HTTP.
    Network,
}

/// What a container speaks on a port, in the words of a target group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backend {
    /// `HTTP`, `HTTPS`, `TCP` or `UDP`
    pub(crate) protocol: &'static str,
    /// `HTTP1`, `HTTP2` or `GRPC`; nothing for what does not speak HTTP.
    pub(crate) version: Option<&'static str>,
}

/// A port that is to be reached through a load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicPort {
    /// The container's port.
    pub(crate) target: u16,
    /// The listener's port.
    pub(crate) published: u16,
    /// Docker would have picked a free port: any other port may have this one's listener.
    pub(crate) guessed: bool,
    /// Where the port stands.
    pub(crate) span: Span,
    /// Who reaches it.
    pub(crate) face: Face,
    /// What the container speaks there.
    pub(crate) backend: Backend,
}

/// What becomes of a published port.
enum Verdict {
    /// A listener.
    Open(Face, Backend),
    /// No listener, and nothing to say about it.
    AsAsked,
    /// No listener, for this reason; and how to get one.
    Private(String, String),
}

/// The ports of a service that go public, each target and listener once.
pub(crate) fn public_ports(
    service: &Service,
    known: Option<&KnownImage>,
    internal: bool,
    certificate: bool,
    listener: bool,
    out: &mut Output,
) -> Vec<PublicPort> {
    let mut public: Vec<PublicPort> = Vec::new();
    let asked = &service.extension.ports;
    let opened = service
        .expose
        .iter()
        .filter(|port| asked.get(&port.value.target).is_some_and(|e| e.value != PortExposure::None))
        .filter(|port| service.ports.iter().all(|p| p.value.target != port.value.target));
    let mut kept: Vec<Kept<'_>> = Vec::new();
    for port in service.ports.iter().chain(opened) {
        // A listener that is there already may speak TLS.
        let inside = asked.get(&port.value.target).map(|asked| asked.value);
        let inside = inside == Some(PortExposure::Internal);
        let tls = certificate || listener && !inside;
        match verdict(service, known, internal, tls, &port.value) {
            Verdict::Private(reason, help) => match kept.last_mut() {
                // The ports of a range stand at one place, and are told of together.
                Some(k) if k.first.span == port.span && k.reason == reason => k.last = port,
                _ => kept.push(Kept { first: port, last: port, reason, help }),
            },
            Verdict::AsAsked => {}
            Verdict::Open(face, backend) => {
                let Port { target, published, .. } = port.value;
                let wanted = PublicPort {
                    target,
                    published: published.unwrap_or(target),
                    guessed: published.is_none() && !asked.contains_key(&target),
                    span: port.span,
                    face,
                    backend,
                };
                if !public.iter().any(|p| (p.target, p.published) == (target, wanted.published)) {
                    public.push(wanted);
                }
            }
        }
    }
    out.diagnostics.extend(kept.into_iter().map(|kept| private(service, kept)));
    for (target, exposure) in asked {
        if !service.ports.iter().chain(&service.expose).any(|port| port.value.target == *target) {
            out.say(
                Diagnostic::error(
                    Code::UndefinedReference,
                    format!("`x-ecs.ports` names port {target}, which the service does not have"),
                )
                .at(exposure.span, "")
                .help("name a container port that stands under `ports` or `expose`")
                .service(&service.name.value),
            );
        }
    }
    public
}

/// Ports of one place that stay private for one reason, and how to open the first.
struct Kept<'a> {
    first: &'a Located<Port>,
    last: &'a Located<Port>,
    reason: String,
    help: String,
}

fn private(service: &Service, kept: Kept<'_>) -> Diagnostic {
    let Kept { first: port, last, reason, help } = kept;
    let shown = |port: &Located<Port>| port.value.published.unwrap_or(port.value.target);
    let (first, last) = (shown(port), shown(last));
    let message = match first == last {
        true => format!("port {first} is not reachable from the Internet: {reason}"),
        false => format!("ports {first} to {last} are not reachable from the Internet: {reason}"),
    };
    let loopback = port.value.host_ip.as_deref().is_some_and(is_loopback);
    let asked = service.extension.ports.get(&port.value.target).is_some();
    // Compose would not open a port of the loopback address either: nothing is lost.
    let diagnostic = if loopback && !asked {
        Diagnostic::note(Code::PortNotPublic, message)
    } else {
        Diagnostic::warning(Code::PortNotPublic, message)
    };
    diagnostic.at(port.span, "published here").help(help).service(&service.name.value)
}

fn verdict(
    service: &Service,
    known: Option<&KnownImage>,
    internal: bool,
    certificate: bool,
    port: &Port,
) -> Verdict {
    let Port { target, published, protocol, host_ip, app_protocol, .. } = port;
    let open = format!("to open it, write `x-ecs: {{ports: {{{target}: public}}}}` at the service");
    let private = |reason: &str| Verdict::Private(reason.to_owned(), open.clone());
    let asked = service.extension.ports.get(target).map(|exposure| exposure.value);
    if asked == Some(PortExposure::None) {
        return Verdict::AsAsked;
    }
    if internal {
        let help = "take the service to a network that is not `internal`, to open it";
        return Verdict::Private("all networks of the service are internal".into(), help.into());
    }
    let spoken = app_protocol.as_deref().map(str::to_ascii_lowercase);
    let spoken = spoken.as_deref();
    if *protocol == Protocol::Udp || !speaks_http(*target, spoken) {
        if let Some(asked) = asked {
            return network(service, *target, *protocol, asked);
        }
        if *protocol == Protocol::Udp {
            let help = format!("{open}: a network load balancer takes it");
            return Verdict::Private("an application load balancer speaks HTTP".into(), help);
        }
    }
    let listener = published.unwrap_or(*target);
    if needs_certificate(listener, *target, spoken) && !certificate {
        let help = "name a certificate at the top level: `x-ecs: {certificate: ARN}`; or publish a \
                    port of the container that speaks plain HTTP";
        return Verdict::Private("it speaks TLS, and there is no certificate".into(), help.into());
    }
    match asked {
        Some(PortExposure::Internal) => {
            return Verdict::Open(Face::Internal, backend(*target, spoken));
        }
        Some(_) => return Verdict::Open(Face::Public, backend(*target, spoken)),
        None => {}
    }
    if let Some(ip) = host_ip.as_deref().filter(|ip| !is_everywhere(ip)) {
        return private(&format!("Compose publishes it on {ip} only"));
    }
    match spoken {
        None => {}
        Some(_) if speaks_http(*target, spoken) => {
            return Verdict::Open(Face::Public, backend(*target, spoken));
        }
        Some(other) => return private(&format!("its `app_protocol` is {other}, not http")),
    }
    if let Some(image) = known.filter(|image| image.is_private()) {
        return private(&format!("{} is not for the public", image.name));
    }
    if [*target, listener].iter().any(|port| PRIVATE_PORTS.contains(port)) {
        return private("it is a port of data stores, brokers or administration");
    }
    if !speaks_http(*target, spoken) {
        let help = format!("{open}: a network load balancer takes it");
        return Verdict::Private("an application load balancer speaks HTTP".into(), help);
    }
    Verdict::Open(Face::Public, backend(*target, spoken))
}

/// What becomes of a port that does not speak HTTP when somebody asks for it to be open.
fn network(service: &Service, target: u16, protocol: Protocol, asked: PortExposure) -> Verdict {
    let declared = || service.ports.iter().chain(&service.expose).map(|port| &port.value);
    if asked == PortExposure::Internal {
        let help = "services of the project reach it by name; what is elsewhere in the VPC needs \
                    `public`, or a port that speaks HTTP";
        return Verdict::Private(
            "only what speaks HTTP has a load balancer inside the VPC".into(),
            help.into(),
        );
    }
    if protocol == Protocol::Tcp {
        return Verdict::Open(Face::Network, Backend { protocol: "TCP", version: None });
    }
    if declared().any(|port| port.target == target && port.protocol == Protocol::Tcp) {
        let help = "a task maps each container port once; move one of the two";
        return Verdict::Private("it is mapped as tcp only".into(), help.into());
    }
    if checked_by_tcp(service).is_none() {
        let help = "a load balancer asks its targets over tcp how they are: name a tcp port on \
                    which the container answers under `expose`";
        return Verdict::Private(
            "nothing could tell whether its tasks are well".into(),
            help.into(),
        );
    }
    Verdict::Open(Face::Network, Backend { protocol: "UDP", version: None })
}

/// The port over which a Network Load Balancer asks a service that speaks udp: it knows no checks
/// over udp (elbv2 API reference, `CreateTargetGroup.HealthCheckProtocol`).
pub(crate) fn checked_by_tcp(service: &Service) -> Option<u16> {
    let ports = service.ports.iter().chain(&service.expose);
    ports.filter(|port| port.value.protocol == Protocol::Tcp).map(|port| port.value.target).min()
}

fn is_everywhere(ip: &str) -> bool {
    matches!(ip.trim_matches(['[', ']']), "" | "0.0.0.0" | "::")
}

fn is_loopback(ip: &str) -> bool {
    let ip = ip.trim_matches(['[', ']']);
    ip == "localhost" || ip.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::desired::Kind;
    use crate::ecs::testing::{at, exposed, has, loud, port, project, run, service};

    /// The severities of `port-not-public`, and whether there is a listener.
    fn outcome(image: &str, edit: impl FnOnce(&mut Service)) -> (Vec<(Severity, Code)>, bool) {
        let mut web = service("web", image);
        web.ports = vec![port(8080, 80)];
        edit(&mut web);
        let done = run(vec![web]);
        (loud(&done.diagnostics), !done.desired.endpoints.is_empty())
    }

    const KEPT: (Severity, Code) = (Severity::Warning, Code::PortNotPublic);

    #[test]
    fn tcp_goes_public() {
        assert_eq!(outcome("acme/web", |_| {}), (vec![], true));
    }

    #[test]
    fn data_store_ports_stay_private() {
        assert_eq!(outcome("acme/db", |s| s.ports = vec![port(15432, 5432)]), (vec![KEPT], false));
        assert_eq!(outcome("acme/db", |s| s.ports = vec![port(6379, 80)]), (vec![KEPT], false));
    }

    #[test]
    fn images_of_data_stores_and_consoles_stay_private() {
        assert_eq!(outcome("postgres:16", |_| {}), (vec![KEPT], false));
        assert_eq!(outcome("adminer:1", |_| {}), (vec![KEPT], false));
        assert_eq!(outcome("nginx:1", |_| {}), (vec![], true));
    }

    #[test]
    fn the_user_has_the_last_word() {
        let ask = |exposure| {
            move |s: &mut Service| {
                s.ports = vec![port(5432, 5432)];
                s.extension.ports.insert(5432, at(exposure));
            }
        };
        assert_eq!(outcome("postgres:1", ask(PortExposure::Public)), (vec![], true));
        assert_eq!(outcome("postgres:1", ask(PortExposure::None)), (vec![], false));
    }

    #[test]
    fn an_exposed_port_can_be_opened() {
        let (said, open) = outcome("acme/web", |s| {
            s.ports.clear();
            s.expose = vec![exposed(3000)];
            s.extension.ports.insert(3000, at(PortExposure::Public));
        });
        assert_eq!((said, open), (vec![], true));
    }

    #[test]
    fn an_unknown_port_cannot_be_opened() {
        let (said, _) = outcome("acme/web", |s| {
            s.extension.ports.insert(3000, at(PortExposure::Public));
        });
        assert_eq!(said, [(Severity::Error, Code::UndefinedReference)]);
    }

    #[test]
    fn udp_stays_private() {
        let udp = |s: &mut Service| s.ports[0].value.protocol = Protocol::Udp;
        assert_eq!(outcome("acme/web", udp), (vec![KEPT], false));
    }

    #[test]
    fn loopback_is_not_public_and_not_worth_a_warning() {
        let bind = |ip: &'static str| {
            move |s: &mut Service| s.ports[0].value.host_ip = Some(ip.to_owned())
        };
        assert_eq!(outcome("acme/web", bind("127.0.0.1")), (vec![], false));
        assert_eq!(outcome("acme/web", bind("::1")), (vec![], false));
        assert_eq!(outcome("acme/web", bind("0.0.0.0")), (vec![], true));
        assert_eq!(outcome("acme/web", bind("10.0.0.5")), (vec![KEPT], false));
    }

    #[test]
    fn tls_needs_a_certificate() {
        assert_eq!(outcome("acme/web", |s| s.ports = vec![port(443, 80)]), (vec![KEPT], false));
        assert_eq!(outcome("acme/web", |s| s.ports = vec![port(80, 8443)]), (vec![KEPT], false));
        for protocol in ["https", "http2", "grpc", "GRPC"] {
            let set = |s: &mut Service| s.ports[0].value.app_protocol = Some(protocol.to_owned());
            assert_eq!(outcome("acme/web", set), (vec![KEPT], false), "{protocol}");
        }
    }

    #[test]
    fn the_application_protocol_decides_before_the_port_number() {
        let set = |protocol: &'static str| {
            move |s: &mut Service| {
                s.ports = vec![port(9200, 9200)];
                s.ports[0].value.app_protocol = Some(protocol.to_owned());
            }
        };
        assert_eq!(outcome("acme/web", set("http")), (vec![], true));
        assert_eq!(outcome("acme/web", set("redis")), (vec![KEPT], false));
    }

    #[test]
    fn internal_networks_have_no_load_balancer() {
        let mut web = service("web", "acme/web:1");
        web.ports = vec![port(8080, 80)];
        let mut project = project(vec![web]);
        project.networks["default"].internal = true;
        let done = crate::ecs::translate(&project, None, &crate::ecs::testing::facts());
        assert!(!has(&done, Kind::LoadBalancer, "alb"));
        assert!(loud(&done.diagnostics).contains(&KEPT));
    }
}
