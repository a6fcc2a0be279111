//! The answer to `WWW-Authenticate`: Basic, or a Bearer token from the place it names.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Uri};

use super::content::Activity;
use super::transport::{Transport, authorize, empty, full};
use super::{Auth, RegistryError};

/// What a token is good for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Scope {
    pub(super) repository: String,
    pub(super) writes: bool,
    /// Another repository, from which a blob is mounted.
    pub(super) also_reads: Option<String>,
}

impl Scope {
    /// One or two values of `scope`.
    fn texts(&self) -> Vec<String> {
        let actions = if self.writes { "pull,push" } else { "pull" };
        let mut texts = vec![format!("repository:{}:{actions}", self.repository)];
        texts.extend(self.also_reads.iter().map(|other| format!("repository:{other}:pull")));
        texts
    }
}

/// `Authorization` headers that worked.
#[derive(Default)]
pub(super) struct Tokens(Mutex<HashMap<Scope, String>>);

impl Tokens {
    /// What to send unasked: a body that is streamed should not be sent twice.
    pub(super) fn known(&self, auth: &Auth, scope: &Scope) -> Option<String> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wider = Scope { writes: true, ..scope.clone() };
        let known = tokens.get(scope).or_else(|| tokens.get(&wider)).cloned();
        known.or_else(|| auth.encoded().map(|encoded| format!("Basic {encoded}")))
    }

    pub(super) fn remember(&self, scope: Scope, header: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(scope, header);
    }
}

/// The header that answers a challenge; `None` when there is nothing to say.
pub(super) async fn answer(
    auth: &Auth,
    challenge: &str,
    scope: &Scope,
    timeout: Duration,
) -> Result<Option<String>, RegistryError> {
    let (scheme, parameters) = challenge.split_once(' ').unwrap_or((challenge, ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Ok(auth.encoded().map(|encoded| format!("Basic {encoded}")));
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    let parameters = parse(parameters);
    let Some(realm) = parameters.get("realm") else { return Ok(None) };
    let identity = auth.identity();
    let mut query: Vec<_> = scope.texts().into_iter().map(|text| ("scope", text)).collect();
    if identity.is_some() {
        // OAuth takes all scopes as one list of words.
        query = vec![("scope", scope.texts().join(" "))];
    }
    query.extend(parameters.get("service").map(|service| ("service", service.clone())));
    let query: Vec<_> =
        query.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    let separator = if realm.contains('?') { '&' } else { '?' };
    let wrong = |message: String| RegistryError::Protocol { host: realm.clone(), message };
    let address = match &identity {
        Some(_) => realm.clone(),
        None => format!("{realm}{separator}{}", query.join("&")),
    };
    let uri: Uri =
        address.parse().map_err(|_| wrong("its token service has no address".to_owned()))?;
    let host = uri.authority().map(ToString::to_string).unwrap_or_default();
    // A token service in the clear would be sent the password in the clear.
    let transport = Transport::new(&host)?;
    if uri.scheme_str() != Some(transport.scheme()) {
        return Err(wrong("its token service does not use TLS".to_owned()));
    }
    let mut request = match &identity {
        Some(token) => {
            // The token goes into the body: addresses are written into logs.
            let refresh = format!(
                "grant_type=refresh_token&client_id=decklift&refresh_token={}",
                escape(token)
            );
            let mut request = Request::new(full(format!("{refresh}&{}", query.join("&")).into()));
            *request.method_mut() = hyper::Method::POST;
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(CONTENT_TYPE, form);
            request
        }
        None => Request::new(empty()),
    };
    *request.uri_mut() = uri;
    if let Some(encoded) = auth.encoded() {
        authorize(&mut request, &format!("Basic {encoded}"));
    }
    let response = transport.send(request, timeout, &Activity::default()).await?;
    let status = response.status();
    let headers = response.headers().clone();
    let body =
        tokio::time::timeout(timeout, Limited::new(response.into_body(), 1024 * 1024).collect())
            .await
            .map_err(|_| RegistryError::Timeout { host: host.clone() })?
            .map_err(|error| wrong(error.to_string()))?
            .to_bytes();
    if !status.is_success() {
        let operation = "get a token for";
        return Err(RegistryError::from_answer(
            &host,
            operation,
            &scope.repository,
            status,
            &headers,
            &body,
        ));
    }
    token(&body)
        .map(|token| Some(format!("Bearer {token}")))
        .ok_or_else(|| wrong("no token came".into()))
}

fn token(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Answer {
        token: Option<String>,
        access_token: Option<String>,
    }
    let answer: Answer = serde_json::from_slice(body).ok()?;
    answer.token.or(answer.access_token).filter(|token| !token.is_empty())
}

/// `realm="…",service="…"`
fn parse(parameters: &str) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let mut rest = parameters;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        let name = name.trim_matches([' ', ',']).to_ascii_lowercase();
        found.insert(name, value.to_owned());
        rest = next;
    }
    found
}

fn escape(value: &str) -> String {
    let mut escaped = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges() {
        let found = parse(r#"realm="https://auth.docker.io/token",service="a,b" , scope=x"#);
        assert_eq!(found["realm"], "https://auth.docker.io/token");
        assert_eq!(found["service"], "a,b");
        assert_eq!(found["scope"], "x");
        assert!(parse("").is_empty());
        assert_eq!(parse("realm=\"open")["realm"], "open");
    }

    #[test]
    fn escaping() {
        assert_eq!(escape("repository:a/b:pull,push"), "repository%3Aa%2Fb%3Apull%2Cpush");
    }

    #[test]
    fn tokens() {
        assert_eq!(token(br#"{"access_token":"x"}"#).as_deref(), Some("x"));
        assert_eq!(token(br#"{"token":""}"#), None);
        assert_eq!(token(b"no"), None);
    }
}
