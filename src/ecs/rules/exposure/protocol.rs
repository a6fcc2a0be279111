//! What is spoken on a port, as far as its number and the Compose file tell.

use super::Backend;
use super::raw_ports::{Spoken, by_image, by_number};

/// What the container speaks, as a target group has it.
pub(super) fn backend(target: u16, spoken: Option<&str>) -> Backend {
    let tls = matches!(spoken, Some("https" | "wss")) || TLS.contains(&target);
    Backend {
        protocol: if tls && spoken != Some("http") { "HTTPS" } else { "HTTP" },
        version: Some(match spoken {
            Some("http2") => "HTTP2",
            Some("grpc") => "GRPC",
            _ => "HTTP1",
        }),
    }
}

/// Ports on which clients and servers speak TLS.
const TLS: [u16; 2] = [443, 8443];

/// What is spoken on a port, as far as one can tell: what the file says goes before what the image
/// says, and that before what the number says.
pub(super) fn on_port(image: Option<&str>, target: u16, spoken: Option<&str>) -> Spoken {
    match spoken {
        Some("http" | "ws" | "https" | "wss" | "http2" | "grpc") => Spoken::Http,
        Some(_) => Spoken::Other,
        None => {
            image.and_then(|image| by_image(image, target)).unwrap_or_else(|| by_number(target))
        }
    }
}

/// How a port gets a listener that really answers.
pub(super) fn how_to_open(target: u16, spoken: Spoken) -> String {
    let open = format!("to open it, write `x-ecs: {{ports: {{{target}: public}}}}` at the service");
    match spoken {
        Spoken::Http => open,
        Spoken::Other => format!("{open}: a network load balancer takes it"),
        Spoken::Grpc => format!(
            "{open}: a network load balancer takes it; with `app_protocol: grpc` at the port and a \
             certificate (`x-ecs: {{certificate: ARN}}` at the top level), the application load \
             balancer does"
        ),
    }
}

/// Why a port that needs a certificate stays private without one, and the ways out.
pub(super) fn without_certificate(target: u16, protocol: Option<&str>) -> (String, String) {
    let name = "name a certificate at the top level: `x-ecs: {certificate: ARN}`";
    let spoken = match protocol {
        Some("grpc") => "gRPC",
        Some("http2") => "HTTP/2",
        _ => {
            return (
                "it speaks TLS, and there is no certificate".to_owned(),
                format!("{name}; or publish a port of the container that speaks plain HTTP"),
            );
        }
    };
    (
        format!(
            "an application load balancer takes {spoken} on HTTPS listeners alone, and there is no \
             certificate"
        ),
        format!(
            "{name}; or let a network load balancer take it, with `app_protocol: tcp` at the port and \
             `x-ecs: {{ports: {{{target}: public}}}}` at the service"
        ),
    )
}

/// Whether a listener for this port would have to be HTTPS: clients expect TLS on 443 and 8443,
/// containers speak it there, and an Application Load Balancer takes HTTP/2 and gRPC over HTTPS
/// listeners only (Elastic Load Balancing documentation, "Target groups", protocol version).
pub(super) fn needs_certificate(listener: u16, target: u16, protocol: Option<&str>) -> bool {
    match protocol {
        Some("https" | "wss" | "http2" | "grpc") => true,
        Some(_) => TLS.contains(&listener),
        None => TLS.contains(&listener) || TLS.contains(&target),
    }
}
