//! Addresses of the container itself.

use super::client::{Need, needs_of_header};
use crate::compose::model::Service;

/// A place that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) port: u16,
    pub(super) tls: bool,
    pub(super) path: String,
    /// A call of gRPC's health service.
    pub(super) grpc: bool,
}

/// An address, and whether a user and a password stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) place: Place,
    pub(super) credentials: bool,
}

/// Whether a host is the container that asks.
pub(super) fn is_own(service: &Service, host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let names = [Some(&service.name), service.container_name.as_ref(), service.hostname.as_ref()];
    matches!(&*host, "" | "localhost" | "localhost.localdomain" | "0.0.0.0" | "::1" | "::")
        || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || names.into_iter().flatten().any(|name| name.value.eq_ignore_ascii_case(&host))
}

/// The place of an address of the container. Without a scheme it is one where `bare` says so.
pub(super) fn parse(service: &Service, text: &str, bare: bool) -> Option<Address> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    // What a shell would still change is not an address that can be read.
    if text.contains(['`', '<', '>', '"', '\'', '\\', '{', '}']) {
        return None;
    }
    let (tls, rest) = match text.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
        Some(_) => return None,
        None if bare => (false, text),
        None => return None,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, authority) = match authority.rsplit_once('@') {
        Some((_, host)) => (true, host),
        None => (false, authority),
    };
    let (host, written) = match authority.strip_prefix('[') {
        Some(v6) => {
            let (host, after) = v6.split_once(']')?;
            (host, after.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, written)) => (host, Some(written)),
            None => (authority, None),
        },
    };
    if host.is_empty() || !is_own(service, host) {
        return None;
    }
    let usual = if tls { 443 } else { 80 };
    let port = match written.filter(|written| !written.is_empty()) {
        Some(written) => written.parse::<u16>().ok().filter(|port| *port > 0)?,
        None => usual,
    };
    Some(Address { place: place(port, tls, path)?, credentials: user || has_secret(path) })
}

/// Whether a query has a key or a token in it, which is nothing to put into a target group.
fn has_secret(path: &str) -> bool {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let mut names = query.split('&').map(|pair| pair.split('=').next().unwrap_or(pair));
    names.any(|name| needs_of_header(name) == Some(Need::Credentials))
}

/// The place of this path, or none where a load balancer cannot ask for it.
pub(super) fn place(port: u16, tls: bool, path: &str) -> Option<Place> {
    let path = path.split('#').next().unwrap_or_default();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    // elbv2 CreateTargetGroup: HealthCheckPath has at most 1024 characters.
    (path.len() <= 1024).then_some(Place { port, tls, path, grpc: false })
}
