//! A client of the OCI distribution protocol: manifests and blobs of one registry.
//!
//! Own, because the uploads to come (shared pools, mounts, resumed chunks) need every step in
//! hand, and because hyper and rustls are here anyway for the AWS SDK.

mod auth;
mod blob;
mod error;
mod message;
mod transport;

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{Method, StatusCode, Uri};
use sha2::{Digest, Sha256};

pub use blob::BlobBody;
pub use error::{RegistryCode, RegistryError};

use auth::Tokens;
use message::{Request, Response};
use transport::{Body, Transport, empty, full};

/// What a registry may send where it is asked for a manifest. The specification has 4 MiB.
const MAX_MANIFEST: usize = 4 * 1024 * 1024;

/// Bytes a second. An upload that is slower than this is taken for a dead one.
const SLOWEST_UPLOAD: u64 = 32 * 1024;

/// Everything that names an image, newest first.
const MANIFEST_TYPES: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// Who asks.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Auth {
    /// Nobody in particular.
    #[default]
    Anonymous,
    /// A user name and a password; for ECR `AWS` and a token.
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Anonymous => f.write_str("Anonymous"),
            Self::Basic { user, .. } => write!(f, "Basic {{ user: {user:?}, .. }}"),
        }
    }
}

impl Auth {
    /// What follows `Basic ` in a header, and what a docker configuration has as `auth`.
    pub(super) fn encoded(&self) -> Option<String> {
        match self {
            Self::Anonymous => None,
            Self::Basic { user, password } => {
                Some(base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
            }
        }
    }
}

/// One registry.
pub struct Registry {
    host: String,
    transport: Transport,
    auth: Auth,
    tokens: Tokens,
    timeout: Duration,
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
        })
    }

    /// Gives up on an answer after `timeout` instead of a minute.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
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
        let response = self.send(&Request::new(Method::HEAD, &path).accept_manifests()).await?;
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
        let response = self.send(&Request::new(Method::GET, &path).accept_manifests()).await?;
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
        let request = Request::new(Method::PUT, &path)
            .header(CONTENT_TYPE, media_type)
            .body(BlobSource::Bytes(bytes));
        let response = self.send(&request).await?;
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
        let response = self.send(&Request::new(Method::HEAD, &path)).await?;
        match response.status {
            StatusCode::NOT_FOUND => Ok(false),
            // A redirection says where to read it from.
            status if status.is_success() || status.is_redirection() => Ok(true),
            _ => Err(response.refused(&self.host, "ask for", &path)),
        }
    }

    /// Uploads a blob in one piece, unless the repository has it. Says whether it was uploaded.
    ///
    /// # Errors
    ///
    /// The registry cannot be reached, refuses, or the bytes are not those of `digest`.
    pub async fn upload(
        &self,
        repository: &str,
        digest: &str,
        source: &BlobSource,
    ) -> Result<bool, RegistryError> {
        if self.has_blob(repository, digest).await? {
            return Ok(false);
        }
        let path = format!("/v2/{repository}/blobs/uploads/");
        let response = self.send(&Request::new(Method::POST, &path)).await?;
        if response.status != StatusCode::ACCEPTED {
            return Err(response.refused(&self.host, "upload to", &path));
        }
        let location =
            response.header(LOCATION.as_str()).ok_or_else(|| RegistryError::Protocol {
                host: self.host.clone(),
                message: "an upload has no location".into(),
            })?;
        // ECR takes no body in the closing PUT, so the bytes go ahead of it.
        let patch = Request::new(Method::PATCH, &location)
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(source.clone());
        let response = self.send(&patch).await?;
        if response.status != StatusCode::ACCEPTED && response.status != StatusCode::NO_CONTENT {
            return Err(response.refused(&self.host, "upload to", &path));
        }
        let location = response.header(LOCATION.as_str()).unwrap_or(location);
        let separator = if location.contains('?') { '&' } else { '?' };
        let close = format!("{location}{separator}digest={digest}");
        let response = self.send(&Request::new(Method::PUT, &close)).await?;
        if response.status != StatusCode::CREATED {
            return Err(response.refused(&self.host, "finish the upload to", &path));
        }
        verify(response.header("docker-content-digest").as_deref(), digest)?;
        Ok(true)
    }

    /// Sends a request; when the registry asks who it is, answers and sends it again.
    async fn send(&self, request: &Request) -> Result<Response, RegistryError> {
        let uri = self.uri(&request.target)?;
        let scope = request.scope();
        let authorization = self.tokens.known(&self.auth, &scope);
        let response = self.exchange(request, uri.clone(), authorization.as_deref()).await?;
        if response.status != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let Some(challenge) = response.header("www-authenticate") else { return Ok(response) };
        let answer = auth::answer(&self.auth, &challenge, &scope, self.timeout);
        match answer.await? {
            // The same words would get the same answer.
            Some(header) if Some(&header) != authorization.as_ref() => {
                self.tokens.remember(scope, header.clone());
                self.exchange(request, uri, Some(&header)).await
            }
            _ => Ok(response),
        }
    }

    async fn exchange(
        &self,
        request: &Request,
        uri: Uri,
        authorization: Option<&str>,
    ) -> Result<Response, RegistryError> {
        let (body, length) = open(&request.body).await?;
        let mut outgoing = hyper::Request::new(body);
        *outgoing.method_mut() = request.method.clone();
        let same_host = uri.authority().is_some_and(|authority| authority.as_str() == self.host);
        *outgoing.uri_mut() = uri;
        *outgoing.headers_mut() = request.headers.clone();
        if request.method != Method::GET && request.method != Method::HEAD {
            outgoing.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        // Uploads may be sent elsewhere; what lies there has its own key in the address.
        if let Some(value) = authorization.filter(|_| same_host) {
            transport::authorize(&mut outgoing, value);
        }
        let timeout = self.timeout + Duration::from_secs(length / SLOWEST_UPLOAD);
        let response = self.transport.send(outgoing, timeout).await?;
        let (parts, body) = response.into_parts();
        let limited = http_body_util::Limited::new(body, MAX_MANIFEST);
        let collected = tokio::time::timeout(self.timeout, limited.collect())
            .await
            .map_err(|_| RegistryError::Timeout { host: self.host.clone() })?
            .map_err(|error| RegistryError::Protocol {
                host: self.host.clone(),
                message: format!("the answer broke off: {error}"),
            })?;
        Ok(Response { status: parts.status, headers: parts.headers, body: collected.to_bytes() })
    }

    /// A path of this registry, or an address that it gave.
    fn uri(&self, target: &str) -> Result<Uri, RegistryError> {
        let scheme = self.transport.scheme();
        let text = if target.starts_with('/') {
            format!("{scheme}://{}{target}", self.host)
        } else {
            target.to_owned()
        };
        text.parse().map_err(|_| RegistryError::Protocol {
            host: self.host.clone(),
            message: format!("`{text}` is no address"),
        })
    }
}

async fn open(source: &Option<BlobSource>) -> Result<(Body, u64), RegistryError> {
    match source {
        None => Ok((empty(), 0)),
        Some(BlobSource::Bytes(bytes)) => Ok((full(bytes.clone()), bytes.len() as u64)),
        Some(BlobSource::File(path)) => transport::file(path)
            .await
            .map_err(|source| RegistryError::File { path: path.clone(), source }),
    }
}

/// `sha256:` and the digest of `bytes`.
pub(super) fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
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
