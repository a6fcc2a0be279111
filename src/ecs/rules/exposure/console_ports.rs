//! Ports for administrators of programs whose other ports are for everybody.
//!
//! Source: the vendors' documentation of default ports: the dashboard of Traefik's entry point
//! `traefik`, the Admin APIs of Kong, Caddy and Apache APISIX, Envoy's administration interface, the
//! statistics of HAProxy's examples, the interface of Nginx Proxy Manager, the consoles of MinIO-like
//! stores being known as data stores already.

use super::super::known_images::repository;

/// Sorted by name.
const PORTS: &[(&str, &[u16])] = &[
    ("apache/apisix", &[9180]),
    ("caddy", &[2019]),
    ("envoyproxy/envoy", &[9901]),
    ("haproxy", &[8404]),
    ("jc21/nginx-proxy-manager", &[81]),
    ("kong", &[8001, 8002, 8444, 8445]),
    ("kong/kong", &[8001, 8002, 8444, 8445]),
    ("kong/kong-gateway", &[8001, 8002, 8444, 8445]),
    ("traefik", &[8080]),
];

/// Whether an image has its surface for administrators on a port.
pub(super) fn is_one(reference: &str, port: u16) -> bool {
    let name = repository(reference);
    PORTS.iter().any(|(image, ports)| *image == name && ports.contains(&port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_port_for_administrators() {
        assert!(is_one("docker.io/jc21/nginx-proxy-manager:2", 81));
        assert!(!is_one("jc21/nginx-proxy-manager:2", 80));
        assert!(!is_one("acme/web:1", 81));
    }

    #[test]
    fn images_stand_in_order() {
        assert!(PORTS.is_sorted_by_key(|(name, _)| *name));
    }
}
