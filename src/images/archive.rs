//! Build contexts that are archives at an address: fetched and unpacked here, so that they have a name like
//! any other, and any builder takes them.
//!
//! What an address means is in Docker's documentation ("Build context", "Remote tarballs", "Remote
//! Dockerfile"): a tar, as it is or packed, or else the text of a Dockerfile without a context.

mod files;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Uri;
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use self::files::{Contents, Limits, Pieces};
use super::engine::in_background;
use super::error::ImageError;
use super::kept;
use super::oci::{Digest, Hasher};
use super::registry::{Got, RegistryError, get};
use super::retry::Retry;

/// Between two pieces of an archive.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pieces that may wait to be unpacked.
const QUEUE: usize = 16;

/// The file that says which archive an address had last.
const LATEST: &str = "latest.json";

/// An archive, or a Dockerfile, at an address.
pub(super) struct ArchiveContext {
    address: Uri,
    /// What messages call it: nothing secret.
    label: String,
    /// What follows `Basic `.
    login: Option<String>,
}

/// What was found at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fetched {
    pub(super) directory: PathBuf,
    /// Whether it was a Dockerfile alone, which lies in the directory as `Dockerfile`.
    pub(super) is_dockerfile: bool,
}

/// What is remembered of an address.
#[derive(Deserialize, Serialize)]
struct Latest {
    /// What the server called it.
    etag: String,
    digest: Digest,
    is_dockerfile: bool,
}

/// Why there is no archive.
enum Failed {
    Web(RegistryError),
    Context(ImageError),
}

impl From<ImageError> for Failed {
    fn from(error: ImageError) -> Self {
        Self::Context(error)
    }
}

impl ArchiveContext {
    /// Nothing for an address of another kind.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split('#').next()?.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https") {
            return None;
        }
        let (host, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
        let (login, host) = match host.rsplit_once('@') {
            Some((login, host)) => (Some(login), host),
            None => (None, host),
        };
        let address: Uri = format!("{scheme}://{host}{path}").parse().ok()?;
        let encode = |login: &str| {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            let login = [decoded(user), b":".to_vec(), decoded(password)].concat();
            base64::engine::general_purpose::STANDARD.encode(login)
        };
        // A query often holds a key, as those of S3's signed addresses do.
        let path = path.split('?').next().unwrap_or_default();
        let label = format!("{scheme}://{host}{path}");
        Some(Self { address, label, login: login.map(encode) })
    }

    /// Fetches and unpacks it below `cache`, unless it is there and the server says that it is the same.
    ///
    /// # Errors
    ///
    /// [`ImageError::ArchiveFailed`], with what is wrong with the server or the archive.
    pub(super) async fn fetch(&self, cache: &Path, retry: Retry) -> Result<Fetched, ImageError> {
        // The whole address, with its query, has the archive.
        let name = Digest::of(self.address.to_string().as_bytes());
        let home = cache.join("archives").join(&name.hex()[..24]);
        for failures in 1.. {
            match self.attempt(&home).await {
                Ok(fetched) => return Ok(fetched),
                Err(Failed::Context(error)) => return Err(error),
                Err(Failed::Web(error)) if !error.is_transient() || failures >= retry.attempts => {
                    return Err(self.failed(words(error)));
                }
                Err(Failed::Web(error)) => {
                    tokio::time::sleep(retry.pause(failures, &error)).await;
                }
            }
        }
        Err(self.failed("it was asked for too often".to_owned()))
    }

    async fn attempt(&self, home: &Path) -> Result<Fetched, Failed> {
        let known = tokio::fs::read(home.join(LATEST)).await.ok();
        let known = known.and_then(|bytes| serde_json::from_slice::<Latest>(&bytes).ok());
        let known = known.filter(|known| home.join(known.digest.hex()).is_dir());
        let etag = known.as_ref().map(|known| known.etag.as_str());
        let got = get(&self.address, self.login.as_deref(), etag).await.map_err(Failed::Web)?;
        let (body, etag) = match (got, known) {
            (Got::New(body, etag), _) => (body, etag),
            (Got::Unchanged, Some(Latest { digest, is_dockerfile, .. })) => {
                return Ok(Fetched { directory: home.join(digest.hex()), is_dockerfile });
            }
            (Got::Unchanged, None) => {
                return Err(self.failed("the server has nothing new".to_owned()).into());
            }
        };
        let partial = kept::partial(home, "archive").await?;
        let unpacked = self.unpack(body, &partial).await;
        let (digest, is_dockerfile) = match unpacked {
            Ok(found) => found,
            Err(error) => {
                let _ = kept::remove(&partial).await;
                return Err(error);
            }
        };
        let directory = home.join(digest.hex());
        kept::settle(&partial, &directory).await?;
        if let Some(etag) = etag {
            let latest = Latest { etag, digest, is_dockerfile };
            // Without it, the archive comes again.
            if let Ok(json) = serde_json::to_vec(&latest) {
                let passing = home.join(format!("{LATEST}.{}", std::process::id()));
                if tokio::fs::write(&passing, json).await.is_ok() {
                    let _ = tokio::fs::rename(&passing, home.join(LATEST)).await;
                }
            }
        }
        Ok(Fetched { directory, is_dockerfile })
    }

    /// Unpacks what comes while it comes.
    async fn unpack(&self, mut body: Incoming, place: &Path) -> Result<(Digest, bool), Failed> {
        let (send, pieces) = mpsc::channel::<Bytes>(QUEUE);
        let (root, limits) = (place.to_owned(), Limits::default());
        let unpacking = tokio::spawn(in_background(move || {
            Ok(files::store(Pieces::new(pieces), &root, limits))
        }));
        let host = self.address.host().unwrap_or_default();
        let broke_off = |message: String| {
            Failed::Web(RegistryError::BrokeOff { host: host.to_owned(), message })
        };
        let (mut hasher, mut size) = (Hasher::new(), 0);
        let mut send = Some(send);
        loop {
            let frame = tokio::time::timeout(PATIENCE, body.frame()).await;
            let frame = frame.map_err(|_| broke_off("nothing comes any more".to_owned()))?;
            let Some(frame) = frame else { break };
            let frame = frame.map_err(|error| broke_off(format!("it broke off: {error}")))?;
            let Ok(bytes) = frame.into_data() else { continue };
            size += bytes.len() as u64;
            if size > limits.packed {
                let limit = limits.packed >> 30;
                return Err(self.failed(format!("it is larger than {limit} GiB")).into());
            }
            hasher.update(&bytes);
            if let Some(open) = &send
                && open.send(bytes).await.is_err()
            {
                // What follows the end of an archive counts for its digest; what is wrong is said at once.
                send = None;
                if unpacking.is_finished() {
                    break;
                }
            }
        }
        drop(send);
        let unpacked = unpacking.await.map_err(|error| self.failed(error.to_string()))??;
        match unpacked {
            Ok(contents) => Ok((hasher.finish(), contents == Contents::Dockerfile)),
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                Err(ImageError::DiskFull(place.to_owned()).into())
            }
            Err(error) => Err(self.failed(error.to_string()).into()),
        }
    }

    fn failed(&self, message: String) -> ImageError {
        ImageError::ArchiveFailed { address: self.label.clone(), message }
    }
}

/// A registry's error in the words of a server that is none.
fn words(error: RegistryError) -> String {
    match error {
        RegistryError::Unreachable { host, message } => {
            format!("there is no connection to {host}: {message}")
        }
        RegistryError::BrokeOff { message, .. } | RegistryError::Protocol { message, .. } => {
            message
        }
        RegistryError::Timeout { host } => format!("{host} does not answer in time"),
        RegistryError::Refused { host, status, .. } => match status {
            401 | 403 => format!("{host} wants a login (status {status})"),
            404 | 410 => format!("{host} has nothing there (status {status})"),
            _ => format!("{host} answered with the status {status}"),
        },
        other => other.to_string(),
    }
}

/// A part of an address, with its escapes undone.
fn decoded(text: &str) -> Vec<u8> {
    percent_decode_str(text).collect()
}

#[cfg(all(test, unix))]
#[path = "archive/tests.rs"]
mod tests;
