//! Requests and answers.

use bytes::Bytes;
use hyper::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};

use super::{BlobSource, MANIFEST_TYPES, RegistryError, auth};

/// A request that can be sent more than once.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<BlobSource>,
}

impl Request {
    pub(super) fn new(method: Method, target: &str) -> Self {
        Self { method, target: target.to_owned(), headers: HeaderMap::new(), body: None }
    }

    pub(super) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    pub(super) fn accept_manifests(self) -> Self {
        self.header(ACCEPT, MANIFEST_TYPES)
    }

    pub(super) fn body(mut self, source: BlobSource) -> Self {
        self.body = Some(source);
        self
    }

    /// What a token must be good for: this repository, to read or also to write.
    pub(super) fn scope(&self) -> auth::Scope {
        let path = self.target.split_once("/v2/").map_or("", |(_, path)| path);
        let end = ["/manifests/", "/blobs/"].iter().filter_map(|part| path.find(part)).min();
        let writes = self.method != Method::GET && self.method != Method::HEAD;
        auth::Scope { repository: path[..end.unwrap_or(0)].to_owned(), writes }
    }
}

/// An answer, read to its end.
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Response {
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    }

    pub(super) fn refused(&self, host: &str, operation: &'static str, path: &str) -> RegistryError {
        RegistryError::from_answer(host, operation, path, self.status, &self.body)
    }
}
