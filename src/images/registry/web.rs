//! What is at an address that is no registry's: asked for over the same kinds of connection, with the same
//! certificates and proxies.

use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, LOCATION};
use hyper::{Request, Response, StatusCode, Uri};

use super::RegistryError;
use super::content::Activity;
use super::transport::{Transport, authorize, empty, is_loopback};

/// As many as browsers and curl allow would be 20 and more; release pages send on once or twice.
const MAX_REDIRECTIONS: usize = 10;

/// Until the answer begins.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What came of a question.
pub(in crate::images) enum Got {
    /// What was there before is there still.
    Unchanged,
    /// The answer, and what it is called by its server, for the next time.
    New(Incoming, Option<String>),
}

/// Asks for `address`. `login` is what follows `Basic `; it is sent to the host of the address alone.
/// `etag` is what the server called what is known of it.
pub(in crate::images) async fn get(
    address: &Uri,
    login: Option<&str>,
    etag: Option<&str>,
) -> Result<Got, RegistryError> {
    let first = place(address)?;
    let mut at = address.clone();
    for _ in 0..=MAX_REDIRECTIONS {
        let here = place(&at)?;
        let is_own = here == first;
        if at.scheme_str() != Some("https") && first.0 == "https" {
            return Err(wrong(&here.1, "it leads from an address with TLS to one without"));
        }
        let answer = ask(&at, &here, login.filter(|_| is_own), etag).await?;
        let status = answer.status();
        if status == StatusCode::NOT_MODIFIED && etag.is_some() {
            return Ok(Got::Unchanged);
        }
        if status == StatusCode::OK {
            let etag = answer.headers().get(ETAG).and_then(|value| value.to_str().ok());
            let etag = etag.map(str::to_owned);
            return Ok(Got::New(answer.into_body(), etag));
        }
        if !status.is_redirection() {
            let (host, path) = (&here.1, at.path());
            let headers = answer.headers();
            return Err(RegistryError::from_answer(host, "get", path, status, headers, b""));
        }
        at = target(answer.headers(), &here)
            .ok_or_else(|| wrong(&here.1, "a redirection leads nowhere"))?;
    }
    Err(wrong(&first.1, "it sends on without an end"))
}

async fn ask(
    at: &Uri,
    (scheme, host): &(String, String),
    login: Option<&str>,
    etag: Option<&str>,
) -> Result<Response<Incoming>, RegistryError> {
    let transport = match scheme.as_str() {
        "https" => Transport::secure(host)?,
        _ => Transport::open(host),
    };
    let path = at.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::new(empty());
    // Without a login that may stand before the host.
    *request.uri_mut() =
        format!("{scheme}://{host}{path}").parse().map_err(|_| wrong(host, "it is no address"))?;
    if let Some(login) = login {
        if scheme != "https" && !is_loopback(host) {
            return Err(wrong(host, "the address has a password and no TLS"));
        }
        authorize(&mut request, &format!("Basic {login}"));
    }
    if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
        request.headers_mut().insert(IF_NONE_MATCH, etag);
    }
    transport.send(request, TIMEOUT, &Activity::default()).await
}

/// Scheme, and host with its port.
fn place(address: &Uri) -> Result<(String, String), RegistryError> {
    let host = address.authority().map(|authority| match authority.port() {
        Some(port) => format!("{}:{port}", authority.host()),
        None => authority.host().to_owned(),
    });
    match (address.scheme_str(), host) {
        (Some(scheme @ ("http" | "https")), Some(host)) => Ok((scheme.to_owned(), host)),
        (_, host) => Err(wrong(&host.unwrap_or_default(), "it is at no address of the web")),
    }
}

/// Where a redirection leads: a whole address, or a path of the same host.
fn target(headers: &HeaderMap, (scheme, host): &(String, String)) -> Option<Uri> {
    let location = headers.get(LOCATION)?.to_str().ok()?;
    // A fragment is for whoever reads the answer.
    let location = location.split('#').next()?;
    match location.strip_prefix("//") {
        Some(rest) => format!("{scheme}://{rest}").parse().ok(),
        None if location.starts_with('/') => format!("{scheme}://{host}{location}").parse().ok(),
        None => location.parse().ok(),
    }
}

fn wrong(host: &str, message: &str) -> RegistryError {
    RegistryError::Protocol { host: host.to_owned(), message: message.to_owned() }
}
