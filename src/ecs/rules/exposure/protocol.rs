//! What is spoken on a port, as far as its number and the Compose file tell.

use super::super::known_images::PRIVATE_PORTS;
use super::Backend;

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

/// Ports of [`PRIVATE_PORTS`] on which HTTP is spoken all the same.
const PRIVATE_HTTP: [u16; 11] = [2375, 2376, 2379, 5984, 6443, 7474, 8086, 8500, 8529, 9200, 15672];

/// Ports that anybody may call, in other words than HTTP: mail, names, time-honoured chat, telephony,
/// video, tunnels, games (IANA's registry of service names; the last is Minecraft's).
const OTHER: [u16; 21] = [
    25, 53, 110, 143, 465, 587, 853, 993, 995, 1080, 1194, 1935, 3478, 5060, 5061, 5222, 5269,
    5349, 6667, 8554, 25565,
];

/// Whether a port speaks HTTP, as far as one can tell.
pub(super) fn speaks_http(target: u16, spoken: Option<&str>) -> bool {
    match spoken {
        Some(spoken) => {
            matches!(spoken, "http" | "ws" | "https" | "wss" | "http2" | "grpc")
        }
        None => {
            !(PRIVATE_PORTS.contains(&target) || OTHER.contains(&target))
                || PRIVATE_HTTP.contains(&target)
        }
    }
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
