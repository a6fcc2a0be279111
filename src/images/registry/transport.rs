//! How bytes get to a registry and back: the one place that knows of connections and TLS.

use std::io;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HeaderValue, USER_AGENT};
use hyper::{Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioExecutor;

use super::content::Activity;
use super::error::RegistryError;
use super::forward::Forward;
use crate::trust;

/// A request's body.
pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections to one registry, kept open between requests.
pub(super) enum Transport {
    Plain(Client<HttpConnector, Body>),
    Tls(Client<HttpsConnector<HttpConnector>, Body>),
    /// Without TLS, through a proxy.
    Forwarded(Forward),
    /// Through a proxy, which sees nothing of it.
    Proxied(Client<HttpsConnector<Tunnel<HttpConnector>>, Body>),
}

impl Transport {
    /// To a registry: without TLS on this machine, and nowhere else.
    pub(super) fn new(host: &str) -> Result<Self, RegistryError> {
        if is_loopback(host) { Ok(Self::plain()) } else { Self::secure(host) }
    }

    /// Without TLS, through a proxy where there is one for this host. This machine needs none.
    pub(super) fn open(host: &str) -> Self {
        match Forward::to(&Matcher::from_env(), host) {
            Some(forward) if !is_loopback(host) => Self::Forwarded(forward),
            _ => Self::plain(),
        }
    }

    fn plain() -> Self {
        Self::Plain(Client::builder(TokioExecutor::new()).build(connector()))
    }

    /// With TLS, through a proxy where there is one.
    pub(super) fn secure(host: &str) -> Result<Self, RegistryError> {
        let mut connector = connector();
        connector.enforce_http(false);
        let tls = trust::bundle().and_then(trust::client_config);
        let tls = tls.map_err(|error| RegistryError::Tls(error.to_string()))?;
        let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1();
        match proxy(&Matcher::from_env(), host, connector.clone()) {
            Some(tunnel) => {
                let client = Client::builder(TokioExecutor::new());
                Ok(Self::Proxied(client.build(https.wrap_connector(tunnel))))
            }
            None => {
                let client = Client::builder(TokioExecutor::new());
                Ok(Self::Tls(client.build(https.wrap_connector(connector))))
            }
        }
    }

    pub(super) fn scheme(&self) -> &'static str {
        match self {
            Self::Plain(_) | Self::Forwarded(_) => "http",
            Self::Tls(_) | Self::Proxied(_) => "https",
        }
    }

    pub(super) async fn send(
        &self,
        mut request: Request<Body>,
        timeout: Duration,
        activity: &Activity,
    ) -> Result<Response<Incoming>, RegistryError> {
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let agent = concat!("decklift/", env!("CARGO_PKG_VERSION"));
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(agent));
        let answer = async {
            let answer = match self {
                Self::Plain(client) => client.request(request).await,
                Self::Tls(client) => client.request(request).await,
                Self::Proxied(client) => client.request(request).await,
                Self::Forwarded(forward) => return forward.send(request).await,
            };
            answer.map_err(|error| failed(host.clone(), &error))
        };
        let answer = activity.patient(answer, timeout).await;
        answer.ok_or_else(|| RegistryError::Timeout { host: host.clone() })?
    }
}

fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector.set_nodelay(true);
    connector
}

/// The way through the proxy that HTTPS_PROXY or ALL_PROXY names, and NO_PROXY does not exempt this
/// host from.
fn proxy(matcher: &Matcher, host: &str, connector: HttpConnector) -> Option<Tunnel<HttpConnector>> {
    let found = matcher.intercept(&format!("https://{host}/").parse().ok()?)?;
    let tunnel = Tunnel::new(found.uri().clone(), connector);
    Some(match found.basic_auth() {
        Some(login) => tunnel.with_auth(login.clone()),
        None => tunnel,
    })
}

fn failed(host: String, error: &hyper_util::client::legacy::Error) -> RegistryError {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(found) = cause {
        let inner = found.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(error) = inner.and_then(|e| e.downcast_ref::<OtherRegistry>()?.take()) {
            return RegistryError::Origin(Box::new(error));
        }
        cause = found.source();
    }
    let message = root_cause(error);
    if error.is_connect() {
        RegistryError::Unreachable { host, message }
    } else {
        RegistryError::BrokeOff { host, message }
    }
}

/// What broke is the registry that a body comes from, on its way through hyper.
#[derive(Debug, thiserror::Error)]
#[error("the registry that it comes from broke off")]
pub(super) struct OtherRegistry(Mutex<Option<RegistryError>>);

impl OtherRegistry {
    pub(super) fn broke(error: RegistryError) -> io::Error {
        io::Error::other(Self(Mutex::new(Some(error))))
    }

    fn take(&self) -> Option<RegistryError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// hyper's own words are layers of "client error"; the last one says what happened.
pub(super) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

pub(super) fn authorize(request: &mut Request<Body>, value: &str) {
    if let Ok(mut value) = HeaderValue::from_str(value) {
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
}

pub(super) fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

pub(super) fn full(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// Whether docker, too, would speak to this host without TLS.
pub(super) fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_stands_before_what_it_is_not_exempt_from() {
        let matcher =
            Matcher::builder().https("http://proxy.corp:3128").no("ghcr.io,.internal").build();
        let is_proxied = |host: &str| proxy(&matcher, host, HttpConnector::new()).is_some();
        assert!(is_proxied("registry-1.docker.io") && is_proxied("example.org:5000"));
        assert!(!is_proxied("ghcr.io") && !is_proxied("a.internal:5000"));
        let none = Matcher::builder().build();
        assert!(proxy(&none, "example.org", HttpConnector::new()).is_none());
    }

    #[test]
    fn loopback() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:80", "127.8.8.8", "[::1]:5000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["127.example.org", "localhost.org", "10.0.0.1:5000", "[::2]", "", "["] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
