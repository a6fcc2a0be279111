//! Blobs, read piece by piece.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::{Registry, RegistryError};
use crate::images::oci::Digest;

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
    pub async fn open_blob(
        &self,
        repository: &str,
        digest: &str,
    ) -> Result<BlobBody, RegistryError> {
        let digest: Digest =
            digest.parse().map_err(|error| self.protocol(&format!("a manifest: {error}")))?;
        let body = self.blob(repository, &digest, 0).await?;
        Ok(BlobBody { host: self.host.clone(), body, timeout: self.timeout })
    }
}
