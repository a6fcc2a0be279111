//! Which published ports the Internet reaches (mapping.md, "Ports and load balancing").

mod by_scheme;
mod console_ports;
mod protocol;
mod raw_ports;

pub(crate) use self::by_scheme::Schemes;
use self::protocol::{backend, how_to_open, needs_certificate, on_port, without_certificate};
use self::raw_ports::{Spoken, by_image};
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
    /// The VPC, through a Network Load Balancer without public addresses.
    NetworkInternal,
}

impl Face {
    /// Whether it is a Network Load Balancer's, which knows nothing of HTTP.
    pub(crate) fn is_network(self) -> bool {
        matches!(self, Self::Network | Self::NetworkInternal)
    }

    /// Whether the load balancer has no public address.
    pub(crate) fn is_internal(self) -> bool {
        matches!(self, Self::Internal | Self::NetworkInternal)
    }
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

/// What is known of the program behind a service's ports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program<'a> {
    /// The image that has it.
    pub(crate) image: Option<&'a str>,
    /// What is known of its image.
    pub(crate) known: Option<&'a KnownImage>,
    /// Of an image that is not known: where a database's files live in it.
    pub(crate) data: Option<&'a str>,
}

/// The ports of a service that go public, each target and listener once.
pub(crate) fn public_ports(
    service: &Service,
    program: Program<'_>,
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
        match verdict(service, program, internal, tls, &port.value) {
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
    let mut said: Vec<Diagnostic> = Vec::new();
    for found in kept.into_iter().map(|kept| private(service, kept)) {
        // A port that is published over tcp and over udp is told of once.
        let is_same = |other: &&mut Diagnostic| {
            (&other.message, &other.help, other.severity)
                == (&found.message, &found.help, found.severity)
        };
        match said.iter_mut().find(is_same) {
            Some(other) => other.labels.extend(found.labels),
            None => said.push(found),
        }
    }
    out.diagnostics.extend(said);
    undefined(service, out);
    public
}

/// Says which ports `x-ecs.ports` names that are none.
fn undefined(service: &Service, out: &mut Output) {
    for (target, exposure) in &service.extension.ports {
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
    program: Program<'_>,
    internal: bool,
    certificate: bool,
    port: &Port,
) -> Verdict {
    let Port { target, published, protocol, host_ip, app_protocol, .. } = port;
    let asked = service.extension.ports.get(target).map(|exposure| exposure.value);
    if asked == Some(PortExposure::None) {
        return Verdict::AsAsked;
    }
    if internal {
        let help = "take the service to a network that is not `internal`, to open it";
        return Verdict::Private("all networks of the service are internal".into(), help.into());
    }
    let app = app_protocol.as_deref().map(str::to_ascii_lowercase);
    let app = app.as_deref();
    let image = program.image;
    let spoken = match protocol {
        Protocol::Udp => Spoken::Other,
        Protocol::Tcp => on_port(image, *target, app),
    };
    let open = how_to_open(*target, spoken);
    let private = |reason: &str| Verdict::Private(reason.to_owned(), open.clone());
    if spoken != Spoken::Http
        && let Some(asked) = asked
    {
        return network(service, *target, *protocol, asked);
    }
    if *protocol == Protocol::Udp {
        return match is_beside_tcp(service, *target) {
            true => beside_tcp(),
            false => private(ONLY_HTTP),
        };
    }
    let listener = published.unwrap_or(*target);
    let wants_tls = spoken == Spoken::Http && needs_certificate(listener, *target, app);
    if wants_tls && !certificate {
        let (reason, help) = without_certificate(*target, app);
        return Verdict::Private(reason, help);
    }
    if let Some(asked) = asked {
        let face = match asked {
            PortExposure::Internal => Face::Internal,
            _ => Face::Public,
        };
        return Verdict::Open(face, backend(*target, app));
    }
    match host_ip.as_deref().filter(|ip| !is_everywhere(ip)) {
        Some(ip) => private(&format!("Compose publishes it on {ip} only")),
        None => published_for_all(program, image, port, app, spoken),
    }
}

/// What becomes of a port that is published on every address, and that nobody says more of.
fn published_for_all(
    program: Program<'_>,
    image: Option<&str>,
    port: &Port,
    app: Option<&str>,
    spoken: Spoken,
) -> Verdict {
    let target = port.target;
    let open = how_to_open(target, spoken);
    let private = |reason: &str| Verdict::Private(reason.to_owned(), open.clone());
    match app {
        None => {}
        Some(_) if spoken == Spoken::Http => {
            return Verdict::Open(Face::Public, backend(target, app));
        }
        Some(other) => return private(&format!("its `app_protocol` is {other}, not http")),
    }
    if let Some(reason) = not_for_all(program, image, target, port.published.unwrap_or(target)) {
        return private(&reason);
    }
    match spoken {
        Spoken::Http => Verdict::Open(Face::Public, backend(target, app)),
        Spoken::Grpc => private("it speaks gRPC, and no `app_protocol` says so"),
        Spoken::Other if is_guessed(image, target) => {
            let help = format!("{open}; if it speaks HTTP, write `app_protocol: http` at the port");
            Verdict::Private(ONLY_HTTP.into(), help)
        }
        Spoken::Other => private(ONLY_HTTP),
    }
}

/// Whether a number alone says what is spoken on a port, and could err: nothing else than what
/// IANA's registry has for them is spoken on ports below 1024, the system's.
fn is_guessed(image: Option<&str>, target: u16) -> bool {
    target >= 1024 && image.is_none_or(|image| by_image(image, target).is_none())
}

/// Why a port that does not speak HTTP stays private.
const ONLY_HTTP: &str = "an application load balancer speaks HTTP";

/// Why a port is for the application and its administrators alone (mapping.md, "Ports and load
/// balancing", rule 3).
fn not_for_all(
    program: Program<'_>,
    image: Option<&str>,
    target: u16,
    listener: u16,
) -> Option<String> {
    if let Some(image) = program.known.filter(|image| image.is_private()) {
        return Some(format!("{} is not for the public", image.name));
    }
    if let Some(data) = program.data {
        return Some(format!("a database's files live at {data}"));
    }
    if image.is_some_and(|image| console_ports::is_one(image, target)) {
        return Some("it is the image's port for administrators".to_owned());
    }
    [target, listener]
        .iter()
        .any(|port| PRIVATE_PORTS.contains(port))
        .then(|| "it is a port of data stores, brokers or administration".to_owned())
}

/// What becomes of a port that does not speak HTTP when somebody asks for it to be open.
fn network(service: &Service, target: u16, protocol: Protocol, asked: PortExposure) -> Verdict {
    let face = match asked {
        PortExposure::Internal => Face::NetworkInternal,
        PortExposure::Public | PortExposure::None => Face::Network,
    };
    if protocol == Protocol::Tcp {
        return Verdict::Open(face, Backend { protocol: "TCP", version: None });
    }
    if is_beside_tcp(service, target) {
        return beside_tcp();
    }
    if checked_by_tcp(service).is_none() {
        let help = "a load balancer asks its targets over tcp how they are: name a tcp port on \
                    which the container answers under `expose`";
        return Verdict::Private(
            "nothing could tell whether its tasks are well".into(),
            help.into(),
        );
    }
    Verdict::Open(face, Backend { protocol: "UDP", version: None })
}

/// Whether a port that speaks udp speaks tcp, too.
fn is_beside_tcp(service: &Service, target: u16) -> bool {
    let mut ports = service.ports.iter().chain(&service.expose).map(|port| &port.value);
    ports.any(|port| port.target == target && port.protocol == Protocol::Tcp)
}

/// What becomes of udp beside tcp on one port of the container.
fn beside_tcp() -> Verdict {
    let help = "let the container speak udp on a port of its own, and open that one with \
                `x-ecs: {ports: {PORT: public}}` at the service";
    Verdict::Private(
        "of tcp and udp on one port a load balancer takes tcp alone".into(),
        help.into(),
    )
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
#[path = "exposure_tests.rs"]
mod tests;
