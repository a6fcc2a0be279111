//! Where an image comes from.
//!
//! An engine hands out one stream that must be taken as it comes ([`stream`]); a layout, an archive
//! and a registry let anything be read at any time ([`Opened`]). Nothing is unpacked, and nothing is
//! held in memory but documents.

mod archive;
mod documents;
mod layout;
mod legacy_id;
mod remote;
pub(super) mod stream;
pub(super) mod tar_reader;

use std::path::PathBuf;

use bytes::Bytes;

use super::oci::{Descriptor, Digest, OciError, Platform};
use super::registry::Content;

/// The most that a configuration may have: history and labels, a few kilobytes.
pub(super) const MAX_CONFIG: usize = 8 * 1024 * 1024;

/// Where an image comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// A Docker engine, or podman in its place.
    Engine {
        /// A name or an id that it knows.
        name: String,
    },
    /// A directory as the OCI image layout specification has it.
    Layout {
        /// The directory.
        path: PathBuf,
        /// `org.opencontainers.image.ref.name`, where there is more than one image.
        name: Option<String>,
    },
    /// A tar as `docker save`, `podman save` or `skopeo copy` write it.
    Archive {
        /// The file.
        path: PathBuf,
        /// One of its names, where there is more than one image.
        name: Option<String>,
    },
    /// Another registry.
    Registry {
        /// Such as `public.ecr.aws/docker/library/busybox:1`.
        reference: String,
    },
}

/// An image of which every part can be read at any time.
pub(super) struct Opened {
    /// As messages name it.
    pub(super) name: String,
    /// Its kind and bytes: these are stored where nothing has to be packed.
    pub(super) manifest: Option<(String, Bytes)>,
    /// The kind of the manifest to be made where one has to.
    pub(super) family: &'static str,
    pub(super) config: Bytes,
    pub(super) config_type: String,
    /// Lowest first.
    pub(super) layers: Vec<Layer>,
}

/// A layer that can be read at any time.
pub(super) enum Layer {
    /// Uploaded as it is.
    Packed { descriptor: Descriptor, content: Content },
    /// Packed on its way.
    Plain { diff_id: Digest, content: std::sync::Arc<std::fs::File>, offset: u64, length: u64 },
}

/// What a configuration says of its image.
#[derive(serde::Deserialize)]
pub(super) struct Config {
    #[serde(flatten)]
    pub(super) platform: Platform,
    #[serde(default)]
    rootfs: RootFs,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct RootFs {
    diff_ids: Option<Vec<Digest>>,
}

impl Config {
    /// Reads a configuration and holds it against the platform that is wanted.
    pub(super) fn read(bytes: &[u8], wanted: Option<&Platform>) -> Result<Self, OciError> {
        let config: Self = serde_json::from_slice(bytes)
            .map_err(|error| OciError::Malformed(format!("its configuration: {error}")))?;
        // Images without a word about it are from scratch, and run wherever they were meant to.
        let says = !config.platform.os.is_empty() && !config.platform.architecture.is_empty();
        match wanted {
            Some(wanted) if says && !config.platform.serves(wanted) => Err(OciError::NoPlatform {
                wanted: wanted.to_string(),
                has: vec![config.platform.to_string()],
            }),
            _ => Ok(config),
        }
    }

    pub(super) fn diff_ids(&self) -> &[Digest] {
        self.rootfs.diff_ids.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "source/tests.rs"]
mod tests;
