//! A client of the OCI distribution protocol: manifests and blobs of one registry.
//!
//! Own, because the uploads to come (shared pools, mounts, resumed chunks) need every step in
//! hand, and because hyper and rustls are here anyway for the AWS SDK.

mod auth;
mod blob;
mod content;
mod download;
mod error;
mod forward;
mod login;
mod message;
mod transport;
mod upload;
mod web;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{Method, StatusCode, Uri};

pub use blob::BlobBody;
pub(super) use content::{Activity, Content};
pub use error::{RegistryCode, RegistryError};
pub use login::{Auth, Renewal};
pub(super) use upload::{Mounted, Session};
pub(super) use web::{Got, get};

use super::oci::{Digest, MAX_MANIFEST};
use super::retry::Retry;
use auth::Tokens;
use message::{Request, Response};
use transport::{Transport, empty};

/// Everything that names an image, newest first.
const MANIFEST_TYPES: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// One registry.
pub struct Registry {
    host: String,
    transport: Transport,
    auth: Auth,
    tokens: Tokens,
    timeout: Duration,
    retry: Retry,
    /// Whether it has ever answered.
    is_known: AtomicBool,
    /// Where redirections led, by host.
    others: Mutex<HashMap<String, Arc<Transport>>>,
}

/// A manifest as the registry has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// `Content-Type`.
    pub media_type: String,
    /// The SHA-256 of the bytes.
    pub digest: String,
    /// As sent.
    pub bytes: Bytes,
}

/// Where the bytes of a blob come from. Each can be read again when an upload is tried again.
#[derive(Clone, Debug)]
pub enum BlobSource {
    /// Memory.
    Bytes(Bytes),
    /// A file, streamed.
    File(PathBuf),
}

impl Registry {
    /// A client of the registry at `host`, such as `127.0.0.1:5000`: plain HTTP on the loopback
    /// interface, as docker does, TLS elsewhere.
    ///
    /// # Errors
    ///
    /// The system has no certificates to trust.
    pub fn new(host: &str, auth: Auth) -> Result<Self, RegistryError> {
        Ok(Self {
            host: host.to_owned(),
            transport: Transport::new(host)?,
            auth,
            tokens: Tokens::default(),
            timeout: Duration::from_secs(60),
            retry: Retry::default(),
            is_known: AtomicBool::new(false),
            others: Mutex::default(),
        })
    }

    /// Host, and port where one is written.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Gives up on an answer after `timeout` instead of a minute.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Asks so often, and waits so long between.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// The digest of a manifest, by tag or digest; `None` when there is no such manifest, or no
    /// such repository.
    ///
    /// # Errors
    ///
    /// The registry cannot be reached, or refuses.
    pub async fn manifest_digest(
        &self,
        repository: &str,
        reference: &str,
    ) -> Result<Option<String>, RegistryError> {
        let path = format!("/v2/{repository}/manifests/{reference}");
        let request = Request::new(Method::HEAD, &path).accept_manifests();
        let response = self.ask(&request, "ask for", &path).await?;
        match response.status {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::OK => match response.header("docker-content-digest") {
                Some(digest) => Ok(Some(digest)),
                // The header is optional for a registry, the digest is not for us.
                None => Ok(self.manifest(repository, reference).await?.map(|found| found.digest)),
            },
            _ => Err(response.refused(&self.host, "ask for", &path)),
        }
    }

    /// A manifest, by tag or digest; `None` when there is none.
    ///
    /// # Errors
    ///
    /// The registry cannot be reached, refuses, or sends something of another digest.
    pub async fn manifest(
        &self,
        repository: &str,
        reference: &str,
    ) -> Result<Option<Manifest>, RegistryError> {
        let path = format!("/v2/{repository}/manifests/{reference}");
        let request = Request::new(Method::GET, &path).accept_manifests();
        let response = self.ask(&request, "get", &path).await?;
        match response.status {
            StatusCode::NOT_FOUND => return Ok(None),
            StatusCode::OK => {}
            _ => return Err(response.refused(&self.host, "get", &path)),
        }
        let digest = sha256(&response.body);
        let promised = response.header("docker-content-digest");
        let promised = if reference.contains(':') { Some(reference.to_owned()) } else { promised };
        verify(promised.as_deref(), &digest)?;
        let media_type = response.header("content-type").unwrap_or_default();
        Ok(Some(Manifest { media_type, digest, bytes: response.body }))
    }

    /// Stores a manifest under a tag or its digest, and returns its digest.
    ///
    /// # Errors
    ///
    /// The registry cannot be reached, refuses, or has understood another digest.
    pub async fn put_manifest(
        &self,
        repository: &str,
        reference: &str,
        media_type: &str,
        bytes: Bytes,
    ) -> Result<String, RegistryError> {
        let path = format!("/v2/{repository}/manifests/{reference}");
        let digest = sha256(&bytes);
        let request = Request::new(Method::PUT, &path).header(CONTENT_TYPE, media_type).content(
            bytes.into(),
            0,
            Activity::default(),
        );
        let response = self.ask(&request, "store", &path).await?;
        if response.status != StatusCode::CREATED {
            return Err(response.refused(&self.host, "store", &path));
        }
        verify(response.header("docker-content-digest").as_deref(), &digest)?;
        Ok(digest)
    }

    /// Whether the repository has a blob.
    ///
    /// # Errors
    ///
    /// The registry cannot be reached, or refuses.
    pub async fn has_blob(&self, repository: &str, digest: &str) -> Result<bool, RegistryError> {
        let path = format!("/v2/{repository}/blobs/{digest}");
        let response = self.ask(&Request::new(Method::HEAD, &path), "ask for", &path).await?;
        match response.status {
            StatusCode::NOT_FOUND => Ok(false),
            // A redirection says where to read it from.
            status if status.is_success() || status.is_redirection() => Ok(true),
            _ => Err(response.refused(&self.host, "ask for", &path)),
        }
    }

    /// Sends a request that may be sent again, until there is an answer that will not change.
    async fn ask(
        &self,
        request: &Request,
        operation: &'static str,
        path: &str,
    ) -> Result<Response, RegistryError> {
        let mut failures = 0;
        loop {
            let error = match self.send(request).await {
                Ok(response) if !error::is_passing(response.status.as_u16()) => {
                    return Ok(response);
                }
                Ok(response) => response.refused(&self.host, operation, path),
                Err(error) => error,
            };
            failures += 1;
            self.bear(failures, error).await?;
        }
    }

    /// Waits before the next attempt; the error, when there is to be none.
    async fn bear(&self, failures: u32, error: RegistryError) -> Result<(), RegistryError> {
        // Where nobody ever answered, a name is wrong or a network is missing: that does not pass.
        let is_absent = error.is_about_connecting() && !self.is_known.load(Ordering::Relaxed);
        if !error.is_transient() || is_absent || failures >= self.retry.attempts {
            return Err(error);
        }
        tokio::time::sleep(self.retry.pause(failures, &error)).await;
        Ok(())
    }

    /// Sends a request and reads the answer.
    async fn send(&self, request: &Request) -> Result<Response, RegistryError> {
        let answer = self.converse(request).await?;
        self.read(answer).await
    }

    /// Sends a request; when the registry asks who it is, answers and sends it again.
    async fn converse(
        &self,
        request: &Request,
    ) -> Result<hyper::Response<Incoming>, RegistryError> {
        let uri = self.uri(&request.target)?;
        let scope = request.scope();
        let authorization = self.tokens.known(&self.auth, &scope);
        let answer = self.exchange(request, uri.clone(), authorization.as_deref()).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let challenge = answer.headers().get("www-authenticate");
        let Some(challenge) = challenge.and_then(|value| value.to_str().ok()) else {
            return Ok(answer);
        };
        match self.login(challenge, &scope, authorization.as_deref()).await? {
            Some(header) => {
                self.tokens.remember(scope, header.clone());
                self.exchange(request, uri, Some(&header)).await
            }
            None => Ok(answer),
        }
    }

    /// Another header than the one that was refused; nothing when there is nothing new to say.
    async fn login(
        &self,
        challenge: &str,
        scope: &auth::Scope,
        refused: Option<&str>,
    ) -> Result<Option<String>, RegistryError> {
        let password = self.auth.encoded();
        let answered = auth::answer(&self.auth, challenge, scope, self.timeout).await;
        match answered {
            // The same words would get the same answer.
            Ok(Some(header)) if Some(header.as_str()) != refused => return Ok(Some(header)),
            Err(error) if error.status() != Some(401) => return Err(error),
            _ if self.auth.renew(password).await => {}
            other => return other.map(|_| None),
        }
        let header = auth::answer(&self.auth, challenge, scope, self.timeout).await?;
        Ok(header.filter(|header| Some(header.as_str()) != refused))
    }

    async fn exchange(
        &self,
        request: &Request,
        uri: Uri,
        authorization: Option<&str>,
    ) -> Result<hyper::Response<Incoming>, RegistryError> {
        let (body, length, activity) = match &request.body {
            None => (empty(), Some(0), Activity::default()),
            Some(body) => {
                body.activity.set_position(body.offset);
                let (stream, length) = body.content.body(body.offset, &body.activity).await?;
                (stream, length, body.activity.clone())
            }
        };
        let mut outgoing = hyper::Request::new(body);
        *outgoing.method_mut() = request.method.clone();
        let same_host = uri.authority().is_some_and(|authority| authority.as_str() == self.host);
        *outgoing.uri_mut() = uri;
        *outgoing.headers_mut() = request.headers.clone();
        if request.method != Method::GET
            && request.method != Method::HEAD
            && let Some(length) = length
        {
            outgoing.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        // Uploads may be sent elsewhere; what lies there has its own key in the address.
        if let Some(value) = authorization.filter(|_| same_host) {
            transport::authorize(&mut outgoing, value);
        }
        let timeout = request.patience.unwrap_or(self.timeout).max(self.timeout);
        let answer = self.transport.send(outgoing, timeout, &activity).await?;
        self.is_known.store(true, Ordering::Relaxed);
        Ok(answer)
    }

    /// A path of this registry, or an address that it gave.
    fn uri(&self, target: &str) -> Result<Uri, RegistryError> {
        let scheme = self.transport.scheme();
        let text = if target.starts_with('/') {
            format!("{scheme}://{}{target}", self.host)
        } else {
            target.to_owned()
        };
        // Not quoted: an upload's location may hold a key.
        text.parse().map_err(|_| self.protocol("it gave an address that is none"))
    }

    fn protocol(&self, message: &str) -> RegistryError {
        RegistryError::Protocol { host: self.host.clone(), message: message.to_owned() }
    }
}

/// `sha256:` and the digest of `bytes`.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Digest::of(bytes).as_str().to_owned()
}

fn verify(promised: Option<&str>, actual: &str) -> Result<(), RegistryError> {
    match promised {
        // Only SHA-256 can be compared.
        Some(promised) if promised.starts_with("sha256:") && promised != actual => {
            Err(RegistryError::DigestMismatch { expected: promised.into(), actual: actual.into() })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "registry/tests.rs"]
mod tests;
