//! Blobs, read piece by piece.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::LOCATION;
use hyper::{Method, Request, StatusCode, Uri};

use super::auth::Scope;
use super::transport::{Transport, authorize, empty};
use super::{Registry, RegistryError};

/// How often a registry may say that a blob lies elsewhere. ECR and Docker Hub say it once.
const MAX_REDIRECTS: usize = 5;

/// A blob on its way. Nobody has looked at its digest yet.
#[derive(Debug)]
pub struct BlobBody {
    host: String,
    body: Incoming,
    timeout: Duration,
}

impl BlobBody {
    /// The next piece; nothing at the end.
    ///
    /// # Errors
    ///
    /// The connection broke, or nothing comes any longer.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, RegistryError> {
        loop {
            let frame = tokio::time::timeout(self.timeout, self.body.frame()).await;
            let frame = frame.map_err(|_| RegistryError::Timeout { host: self.host.clone() })?;
            match frame {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
                Some(Err(error)) => {
                    return Err(RegistryError::Unreachable {
                        host: self.host.clone(),
                        message: format!("a blob broke off: {error}"),
                    });
                }
            }
        }
    }
}

impl Registry {
    /// Begins to read a blob, wherever the registry says that it lies.
    ///
    /// # Errors
    ///
    /// The registry cannot be reached, refuses, or does not have it.
    pub async fn blob(&self, repository: &str, digest: &str) -> Result<BlobBody, RegistryError> {
        let path = format!("/v2/{repository}/blobs/{digest}");
        let refused = |status| RegistryError::from_answer(&self.host, "get", &path, status, b"");
        // Asked for ahead of it, so that the login is done.
        if !self.has_blob(repository, digest).await? {
            return Err(refused(StatusCode::NOT_FOUND));
        }
        let scope = Scope { repository: repository.to_owned(), writes: false };
        let authorization = self.tokens.known(&self.auth, &scope);
        let mut uri = self.uri(&path)?;
        for _ in 0..=MAX_REDIRECTS {
            let mut request = Request::new(empty());
            *request.method_mut() = Method::GET;
            *request.uri_mut() = uri.clone();
            let host = uri.authority().map(ToString::to_string).unwrap_or_default();
            let is_own = host == self.host;
            let elsewhere = if is_own { None } else { Some(Transport::new(&host)?) };
            let transport = elsewhere.as_ref().unwrap_or(&self.transport);
            if uri.scheme_str() != Some(transport.scheme()) {
                return Err(self.strange("a blob lies where there is no TLS"));
            }
            // What lies elsewhere has its own key in the address.
            if let Some(value) = authorization.as_deref().filter(|_| is_own) {
                authorize(&mut request, value);
            }
            let response = transport.send(request, self.timeout).await?;
            let status = response.status();
            if status.is_redirection() {
                let location = response.headers().get(LOCATION).and_then(|v| v.to_str().ok());
                let location = location.ok_or_else(|| self.strange("a blob is nowhere"))?;
                uri = next(&uri, location).ok_or_else(|| self.strange("a blob is nowhere"))?;
                continue;
            }
            if status != StatusCode::OK {
                return Err(refused(status));
            }
            return Ok(BlobBody { host, body: response.into_body(), timeout: self.timeout });
        }
        Err(self.strange("a blob is always elsewhere"))
    }

    fn strange(&self, message: &str) -> RegistryError {
        RegistryError::Protocol { host: self.host.clone(), message: message.to_owned() }
    }
}

/// Where a redirection leads: to an address, or to a path of the same host.
fn next(uri: &Uri, location: &str) -> Option<Uri> {
    if !location.starts_with('/') {
        return location.parse().ok();
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(location.parse().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirections() {
        let uri: Uri = "http://127.0.0.1:5000/v2/a/blobs/sha256:1".parse().expect("an address");
        let to = |location: &str| next(&uri, location).map(|uri| uri.to_string());
        assert_eq!(to("/x?y=1").as_deref(), Some("http://127.0.0.1:5000/x?y=1"));
        assert_eq!(to("https://s3.example/x").as_deref(), Some("https://s3.example/x"));
        assert_eq!(to("https:// no"), None);
    }
}
