//! Requests and answers.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};

use super::content::{Activity, Content};
use super::{MANIFEST_TYPES, RegistryError, auth};

/// A request that can be sent more than once.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Outgoing>,
    /// How long the answer may take, where that is longer than usual.
    pub(super) patience: Option<Duration>,
    /// A repository that a mount reads.
    also_reads: Option<String>,
}

/// What is sent along.
pub(super) struct Outgoing {
    pub(super) content: Content,
    pub(super) offset: u64,
    pub(super) activity: Activity,
}

impl Request {
    pub(super) fn new(method: Method, target: &str) -> Self {
        Self {
            method,
            target: target.to_owned(),
            headers: HeaderMap::new(),
            body: None,
            patience: None,
            also_reads: None,
        }
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

    pub(super) fn content(mut self, content: Content, offset: u64, activity: Activity) -> Self {
        self.body = Some(Outgoing { content, offset, activity });
        self
    }

    pub(super) fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    pub(super) fn also_reads(mut self, repository: &str) -> Self {
        self.also_reads = Some(repository.to_owned());
        self
    }

    /// What a token must be good for: this repository, to read or also to write.
    pub(super) fn scope(&self) -> auth::Scope {
        let path = self.target.split_once("/v2/").map_or("", |(_, path)| path);
        let end = ["/manifests/", "/blobs/"].iter().filter_map(|part| path.find(part)).min();
        let writes = self.method != Method::GET && self.method != Method::HEAD;
        let repository = path[..end.unwrap_or(0)].to_owned();
        auth::Scope { repository, writes, also_reads: self.also_reads.clone() }
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
        RegistryError::from_answer(host, operation, path, self.status, &self.headers, &self.body)
    }
}
