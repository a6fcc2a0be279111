//! Blobs, read piece by piece.

use std::ops::Deref;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::{Registry, RegistryError};
use crate::images::oci::Digest;

/// However often a blob gets a little further, it is not asked for more often than this.
const MAX_ROUNDS: u32 = 100;

/// A blob on its way. Where its connection breaks, it goes on from there. Nobody has looked at its
/// digest yet.
pub struct BlobBody<R> {
    registry: R,
    repository: String,
    digest: Digest,
    body: Option<Incoming>,
    /// How far whoever reads is.
    position: u64,
    /// What comes once more, and is passed over.
    again: u64,
    failures: u32,
    rounds: u32,
}

impl<R> std::fmt::Debug for BlobBody<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlobBody").field("digest", &self.digest).finish_non_exhaustive()
    }
}

impl<R: Deref<Target = Registry>> BlobBody<R> {
    /// From the byte `from` on.
    pub(super) fn new(registry: R, repository: &str, digest: Digest, from: u64) -> Self {
        let repository = repository.to_owned();
        let (body, position) = (None, from);
        Self { registry, repository, digest, body, position, again: 0, failures: 0, rounds: 0 }
    }

    /// Waits until the registry begins to send.
    pub(super) async fn open(&mut self) -> Result<(), RegistryError> {
        while let Err(error) = self.connect().await {
            self.failed(error).await?;
        }
        Ok(())
    }

    /// The next piece; nothing at the end.
    ///
    /// # Errors
    ///
    /// The registry does not have it, or nothing more comes, however often it is asked.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, RegistryError> {
        loop {
            match self.piece().await {
                Ok(piece) => {
                    self.position += piece.as_ref().map_or(0, Bytes::len) as u64;
                    self.failures = 0;
                    return Ok(piece);
                }
                Err(error) => self.failed(error).await?,
            }
        }
    }

    async fn failed(&mut self, error: RegistryError) -> Result<(), RegistryError> {
        self.body = None;
        self.failures += 1;
        self.rounds += 1;
        if self.rounds >= MAX_ROUNDS {
            return Err(error);
        }
        self.registry.bear(self.failures, error).await
    }

    async fn connect(&mut self) -> Result<(), RegistryError> {
        if self.body.is_none() {
            let asked = self.registry.blob(&self.repository, &self.digest, self.position).await;
            let (body, again) = asked?;
            (self.body, self.again) = (Some(body), again);
        }
        Ok(())
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, RegistryError> {
        self.connect().await?;
        let host = || self.registry.host.clone();
        loop {
            let Some(body) = &mut self.body else { return Ok(None) };
            let frame = tokio::time::timeout(self.registry.timeout, body.frame()).await;
            let frame = match frame.map_err(|_| RegistryError::Timeout { host: host() })? {
                None => return Ok(None),
                Some(frame) => frame.map_err(|error| self.registry.broke_off(&error))?,
            };
            let Ok(mut data) = frame.into_data() else { continue };
            let passed = self.again.min(data.len() as u64);
            self.again -= passed;
            let rest = data.split_off(passed as usize);
            if !rest.is_empty() {
                return Ok(Some(rest));
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
    pub async fn open_blob(
        &self,
        repository: &str,
        digest: &str,
    ) -> Result<BlobBody<&Self>, RegistryError> {
        let digest: Digest =
            digest.parse().map_err(|error| self.protocol(&format!("a manifest: {error}")))?;
        let mut body = BlobBody::new(self, repository, digest, 0);
        body.open().await?;
        Ok(body)
    }

    /// A blob that fits into memory, checked.
    pub(in crate::images) async fn small_blob(
        &self,
        repository: &str,
        digest: &Digest,
        limit: usize,
    ) -> Result<Bytes, RegistryError> {
        let mut body = BlobBody::new(self, repository, digest.clone(), 0);
        let mut bytes = Vec::new();
        while let Some(piece) = body.chunk().await? {
            if bytes.len() + piece.len() > limit {
                return Err(self.protocol("its answer is larger than anything that was asked for"));
            }
            bytes.extend_from_slice(&piece);
        }
        super::verify(Some(digest.as_str()), Digest::of(&bytes).as_str())?;
        Ok(bytes.into())
    }
}
