//! Blobs on their way here.

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_RANGE, LOCATION, RANGE};
use hyper::{Method, StatusCode, Uri};

use super::content::Activity;
use super::message::{Request, Response};
use super::transport::Transport;
use super::{Registry, RegistryError};
use crate::images::oci::Digest;

/// Registries send to where their blobs lie: once, seldom twice.
const MAX_REDIRECTIONS: usize = 5;

impl Registry {
    /// The bytes of a blob from `from` on, after so many that come once more. Whoever reads them checks
    /// the digest.
    pub(super) async fn blob(
        &self,
        repository: &str,
        digest: &Digest,
        from: u64,
    ) -> Result<(Incoming, u64), RegistryError> {
        let path = format!("/v2/{repository}/blobs/{digest}");
        let mut request = Request::new(Method::GET, &path);
        if from > 0 {
            request = request.header(RANGE, &format!("bytes={from}-"));
        }
        let mut answer = self.converse(&request).await?;
        for _ in 0..MAX_REDIRECTIONS {
            if !answer.status().is_redirection() {
                break;
            }
            let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let target = location.and_then(|text| text.parse::<Uri>().ok());
            let target = target.ok_or_else(|| self.protocol("a redirection leads nowhere"))?;
            answer = self.elsewhere(&request, target).await?;
        }
        match answer.status() {
            // Not every registry sends parts.
            StatusCode::OK => return Ok((answer.into_body(), from)),
            StatusCode::PARTIAL_CONTENT if from > 0 => {
                let range = answer.headers().get(CONTENT_RANGE);
                let range = range.and_then(|value| value.to_str().ok()).unwrap_or_default();
                let start = range.trim_start_matches("bytes ").split('-').next();
                if start.and_then(|start| start.parse().ok()) != Some(from) {
                    return Err(
                        self.protocol("it sends another part of a layer than was asked for")
                    );
                }
                return Ok((answer.into_body(), 0));
            }
            status if status.is_success() => {
                return Err(self.protocol(&format!("it sends a layer with the status {status}")));
            }
            _ => {}
        }
        Err(self.read(answer).await?.refused(&self.host, "get", &path))
    }

    /// Where a redirection leads: without our password, and with TLS unless it is this machine.
    async fn elsewhere(
        &self,
        request: &Request,
        target: Uri,
    ) -> Result<hyper::Response<Incoming>, RegistryError> {
        let Some(authority) = target.authority().map(ToString::to_string) else {
            let target = self.uri(&target.to_string())?;
            return self.exchange(request, target, None).await;
        };
        if authority == self.host {
            return self.exchange(request, target, None).await;
        }
        let transport = self.other_transport(&authority)?;
        if target.scheme_str() != Some(transport.scheme()) {
            return Err(self.protocol("a redirection does not lead to TLS"));
        }
        let mut outgoing = hyper::Request::new(super::transport::empty());
        *outgoing.uri_mut() = target;
        *outgoing.headers_mut() = request.headers.clone();
        transport.send(outgoing, self.timeout, &Activity::default()).await
    }

    fn other_transport(&self, host: &str) -> Result<std::sync::Arc<Transport>, RegistryError> {
        let mut others = self.others.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = others.get(host) {
            return Ok(known.clone());
        }
        let transport = std::sync::Arc::new(Transport::new(host)?);
        others.insert(host.to_owned(), transport.clone());
        Ok(transport)
    }

    /// Reads an answer to its end.
    pub(super) async fn read(
        &self,
        answer: hyper::Response<Incoming>,
    ) -> Result<Response, RegistryError> {
        let (parts, body) = answer.into_parts();
        let limited = Limited::new(body, super::MAX_MANIFEST);
        let collected = tokio::time::timeout(self.timeout, limited.collect())
            .await
            .map_err(|_| RegistryError::Timeout { host: self.host.clone() })?
            .map_err(|error| self.broke_off(&*error))?;
        Ok(Response { status: parts.status, headers: parts.headers, body: collected.to_bytes() })
    }

    pub(super) fn broke_off(
        &self,
        error: &(dyn std::error::Error + Send + Sync + 'static),
    ) -> RegistryError {
        if error.is::<http_body_util::LengthLimitError>() {
            return self.protocol("its answer is larger than anything that was asked for");
        }
        RegistryError::BrokeOff {
            host: self.host.clone(),
            message: format!("its answer broke off: {error}"),
        }
    }
}
