//! What is uploaded, and how far it is.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{Stream, TryStreamExt};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;

use super::transport::{Body, OtherRegistry, empty, full};
use super::{BlobBody, BlobSource, Registry, RegistryError};
use crate::images::oci::Descriptor;
use crate::images::spool::{self, Spool};

/// The bytes of a blob. All of them can be read again, from any byte on.
#[derive(Clone)]
pub(in crate::images) enum Content {
    /// Memory.
    Bytes(Bytes),
    /// A part of a file.
    Section { file: Arc<File>, offset: u64, length: u64 },
    /// A file that is still being written.
    Growing(Spool),
    /// A blob of another registry.
    Remote { registry: Arc<Registry>, repository: String, descriptor: Box<Descriptor> },
}

/// How much of a body has gone out, counted over all attempts of one blob, and whether it waits for
/// whoever makes it.
#[derive(Clone, Default)]
pub(in crate::images) struct Activity(Arc<Counters>);

#[derive(Default)]
struct Counters {
    /// Everything that was handed out, for noticing that nothing moves.
    moved: AtomicU64,
    is_waiting: AtomicBool,
    /// Where the upload is, for progress.
    position: AtomicU64,
}

impl Activity {
    pub(in crate::images) fn position(&self) -> u64 {
        self.0.position.load(Ordering::Relaxed)
    }

    /// The upload goes on from here. Whoever was waited for was the last attempt's.
    pub(in crate::images) fn set_position(&self, position: u64) {
        self.waits(false);
        self.0.position.store(position, Ordering::Relaxed);
    }

    fn moved(&self, bytes: usize) {
        self.0.moved.fetch_add(bytes as u64, Ordering::Relaxed);
        self.0.position.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn waits(&self, waits: bool) {
        self.0.is_waiting.store(waits, Ordering::Relaxed);
    }

    /// Waits for `future` as long as anything moves. Nothing, when nothing did for `timeout`.
    pub(super) async fn patient<F: Future>(
        &self,
        future: F,
        timeout: std::time::Duration,
    ) -> Option<F::Output> {
        let mut future = std::pin::pin!(future);
        let mut seen = self.0.moved.load(Ordering::Relaxed);
        loop {
            if let Ok(output) = tokio::time::timeout(timeout, &mut future).await {
                return Some(output);
            }
            let now = self.0.moved.load(Ordering::Relaxed);
            if now == seen && !self.0.is_waiting.load(Ordering::Relaxed) {
                return None;
            }
            seen = now;
        }
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl Content {
    /// Opens what a caller of the library has.
    pub(super) fn open(source: &BlobSource) -> Result<Self, RegistryError> {
        match source {
            BlobSource::Bytes(bytes) => Ok(Self::Bytes(bytes.clone())),
            BlobSource::File(path) => File::open(path)
                .and_then(|file| Ok((file.metadata()?.len(), Arc::new(file))))
                .map(|(length, file)| Self::Section { file, offset: 0, length })
                .map_err(|source| RegistryError::File { path: path.clone(), source }),
        }
    }

    /// Bytes, once that is known.
    pub(in crate::images) fn length(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Section { length, .. } => Some(*length),
            Self::Growing(spool) => spool.length(),
            Self::Remote { descriptor, .. } => Some(descriptor.size),
        }
    }

    /// The bytes from `from` on as a request's body, and how many they are, where that is known.
    pub(super) async fn body(
        &self,
        from: u64,
        activity: &Activity,
    ) -> Result<(Body, Option<u64>), RegistryError> {
        let left = self.length().map(|length| length.saturating_sub(from));
        if left == Some(0) {
            return Ok((empty(), left));
        }
        let body = match self {
            Self::Bytes(bytes) => {
                let rest = bytes.slice(usize::try_from(from).unwrap_or(usize::MAX)..);
                activity.moved(rest.len());
                full(rest)
            }
            Self::Section { file, offset, length } => {
                streamed(section(file.clone(), offset + from, offset + length), activity)
            }
            Self::Growing(spool) => streamed(growing(spool.clone(), from, activity), activity),
            Self::Remote { registry, repository, descriptor } => {
                let digest = descriptor.digest.clone();
                let mut blob = BlobBody::new(registry.clone(), repository, digest, from);
                let opened = open(&mut blob).await;
                opened.map_err(|error| RegistryError::Origin(Box::new(error)))?;
                streamed(remote(blob, activity), activity)
            }
        };
        Ok((body, left))
    }
}

fn streamed(
    pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    activity: &Activity,
) -> Body {
    let activity = activity.clone();
    let frames = pieces.map_ok(move |bytes| {
        activity.moved(bytes.len());
        Frame::data(bytes)
    });
    StreamBody::new(frames).boxed_unsync()
}

fn section(file: Arc<File>, from: u64, end: u64) -> impl Stream<Item = io::Result<Bytes>> + Send {
    futures_util::stream::try_unfold((file, from), move |(file, at)| async move {
        if at >= end {
            return Ok(None);
        }
        let bytes = spool::piece(file.clone(), at, end - at).await?;
        let next = at + bytes.len() as u64;
        Ok(Some((bytes, (file, next))))
    })
}

/// Boxed, as is what follows: the other registry is one of the same kind, and opens no bodies of its
/// own.
fn open(blob: &mut BlobBody<Arc<Registry>>) -> BoxFuture<'_, Result<(), RegistryError>> {
    Box::pin(blob.open())
}

fn next(blob: &mut BlobBody<Arc<Registry>>) -> BoxFuture<'_, Result<Option<Bytes>, RegistryError>> {
    Box::pin(blob.chunk())
}

fn remote(
    blob: BlobBody<Arc<Registry>>,
    activity: &Activity,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let state = (blob, activity.clone());
    futures_util::stream::try_unfold(state, |(mut blob, activity)| async move {
        // The other registry has a patience of its own.
        activity.waits(true);
        let read = next(&mut blob).await;
        activity.waits(false);
        let read = read.map_err(OtherRegistry::broke)?;
        Ok(read.map(|bytes| (bytes, (blob, activity))))
    })
}

fn growing(
    spool: Spool,
    from: u64,
    activity: &Activity,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let state = (spool, from, activity.clone());
    futures_util::stream::try_unfold(state, |(mut spool, at, activity)| async move {
        activity.waits(spool.is_behind(at));
        let read = spool.read(at).await;
        activity.waits(false);
        Ok(read?.map(|bytes| {
            let next = at + bytes.len() as u64;
            (bytes, (spool, next, activity))
        }))
    })
}
