//! Bringing images into a registry: layers in parallel, each looked for before it is sent, in constant
//! memory.
//!
//! Every layer goes out in one request, as docker's do, and goes on where it stopped when that breaks
//! off. Chunks of one request each would be the other way, but ECR loses all of them but the first
//! (<https://github.com/aws/containers-roadmap/issues/2831>). One pool bounds what is under way for
//! all images of a run.

mod blob;
mod cache;
mod from_engine;
mod from_store;
mod progress;
mod refusal;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;

pub(super) use progress::Progress;

use self::blob::Arrival;
use self::cache::Cache;
use super::error::ImageError;
use super::oci::{Descriptor, Digest};
use super::registry::{Registry, RegistryCode};
use super::retry::Retry;
use super::spool;

/// Blobs under way at a time, over all images: as many as skopeo has for one.
const POOL: usize = 6;

/// Exports under way at a time: each makes its engine read a whole image.
const EXPORTS: usize = 2;

/// How often progress is told.
const TICK: Duration = Duration::from_millis(100);

/// Digests under the names of their registries.
type Placed = HashMap<(String, Digest), BTreeSet<String>>;
type Flights = HashMap<(String, Digest), Arc<tokio::sync::Mutex<()>>>;

/// Where an image goes.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) registry: &'a Registry,
    pub(super) repository: &'a str,
    pub(super) tag: &'a str,
}

/// Uploads the images of one run.
pub(super) struct Uploader {
    pool: Semaphore,
    exports: Semaphore,
    retry: Retry,
    cache: Option<Cache>,
    spool: PathBuf,
    /// In which repositories of which registry a blob was seen.
    placed: Mutex<Placed>,
    /// Blobs and layers that somebody sees to.
    flights: Mutex<Flights>,
    /// What layers became in this run.
    made: Mutex<HashMap<Digest, Descriptor>>,
}

impl std::fmt::Debug for Uploader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Uploader").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl Default for Uploader {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Uploader {
    /// With a directory for what is worth remembering, or without.
    pub(super) fn new(cache: Option<&Path>) -> Self {
        Self {
            pool: Semaphore::new(POOL),
            exports: Semaphore::new(EXPORTS),
            retry: Retry::default(),
            spool: spool::directory(cache),
            cache: cache.map(Cache::new),
            placed: Mutex::default(),
            flights: Mutex::default(),
            made: Mutex::default(),
        }
    }

    /// Asks so often, and waits so long between.
    pub(super) fn set_retry(&mut self, retry: Retry) {
        self.retry = retry;
    }

    /// What is remembered between runs.
    pub(super) fn cache(&self) -> Option<&Cache> {
        self.cache.as_ref()
    }

    /// A repository has a blob.
    fn placed(&self, target: &Target<'_>, digest: &Digest) {
        let key = (target.registry.host().to_owned(), digest.clone());
        let mut placed = self.placed.lock().unwrap_or_else(PoisonError::into_inner);
        placed.entry(key).or_default().insert(target.repository.to_owned());
    }

    /// Another repository of the registry that has a blob.
    fn elsewhere(&self, target: &Target<'_>, digest: &Digest) -> Option<String> {
        let key = (target.registry.host().to_owned(), digest.clone());
        let placed = self.placed.lock().unwrap_or_else(PoisonError::into_inner);
        placed.get(&key)?.iter().find(|repository| *repository != target.repository).cloned()
    }

    /// What a layer becomes when it is packed, where the repository has that, or can take it over.
    async fn known(
        &self,
        target: &Target<'_>,
        diff_id: &Digest,
    ) -> Result<Option<(Descriptor, Arrival)>, ImageError> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).get(diff_id).cloned();
        let hint = self.cache.as_ref().and_then(|cache| cache.hint(diff_id));
        let Some(descriptor) = made.or_else(|| hint.as_ref().map(|hint| hint.descriptor.clone()))
        else {
            return Ok(None);
        };
        let host = target.registry.host();
        for place in hint.iter().flat_map(|hint| &hint.places) {
            if let Some((registry, repository)) = place.split_once('/')
                && registry == host
            {
                let key = (host.to_owned(), descriptor.digest.clone());
                let mut placed = self.placed.lock().unwrap_or_else(PoisonError::into_inner);
                placed.entry(key).or_default().insert(repository.to_owned());
            }
        }
        let _place = self.pool.acquire().await;
        let (arrival, session) = self.present(target, &descriptor).await?;
        if let Some(session) = session {
            target.registry.cancel(&session).await;
        }
        if let Some(arrival) = arrival {
            self.remember(target, diff_id, &descriptor, true);
            return Ok(Some((descriptor, arrival)));
        }
        Ok(None)
    }

    /// Keeps in mind what a layer became, and whether the repository has it.
    fn remember(
        &self,
        target: &Target<'_>,
        diff_id: &Digest,
        descriptor: &Descriptor,
        is_there: bool,
    ) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.insert(diff_id.clone(), descriptor.clone());
        drop(made);
        if is_there {
            self.placed(target, &descriptor.digest);
        }
        if let Some(cache) = &self.cache {
            let place = format!("{}/{}", target.registry.host(), target.repository);
            cache.remember(diff_id, descriptor, is_there.then_some(place));
        }
    }

    /// Stores the manifest: the last step, after which there is an image.
    async fn manifest(
        &self,
        target: &Target<'_>,
        media_type: &str,
        bytes: Bytes,
    ) -> Result<String, ImageError> {
        let Target { registry, repository, tag } = *target;
        let error = match registry.put_manifest(repository, tag, media_type, bytes.clone()).await {
            Ok(digest) => return Ok(digest),
            Err(error) => error,
        };
        // A tag that may not move is refused when the answer was lost and it is asked for again.
        if error.code() == Some(&RegistryCode::TagInvalid) {
            let digest = Digest::of(&bytes).to_string();
            if registry.manifest_digest(repository, tag).await?.as_ref() == Some(&digest) {
                return Ok(digest);
            }
        }
        Err(error.into())
    }

    /// The system's word about a layer on its way.
    fn cannot_keep(&self, source: std::io::Error) -> ImageError {
        match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                ImageError::DiskFull(self.spool.clone())
            }
            _ => ImageError::Spool { path: self.spool.clone(), source },
        }
    }
}

#[cfg(test)]
#[path = "upload/tests.rs"]
mod tests;
