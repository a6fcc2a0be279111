//! The documents of an image: what the OCI image specification and docker's "schema 2" have in
//! common.
//!
//! Read from strangers: everything is checked for its form here, nothing for its truth. A manifest
//! that is only passed on is passed on as it came, since its digest is that of its bytes.

mod descriptor;
mod digest;
mod error;
mod index;
mod manifest;
pub(super) mod media_type;
mod platform;

pub(super) use descriptor::Descriptor;
pub(super) use digest::{Digest, Hasher};
pub use error::OciError;
pub(super) use index::Index;
pub(super) use manifest::ImageManifest;
pub(super) use platform::Platform;

/// The most that a manifest or index may have (OCI distribution specification; ECR's `PutImage` has
/// the same).
pub(super) const MAX_MANIFEST: usize = 4 * 1024 * 1024;

/// What a name of an image leads to.
#[derive(Clone, Debug)]
pub(super) enum Document {
    /// One image.
    Manifest(Box<ImageManifest>),
    /// The same image for several platforms.
    Index(Index),
}

impl Document {
    /// Reads a manifest or an index. `media_type` is what came along with it; the document's own
    /// word counts for more.
    ///
    /// # Errors
    ///
    /// [`OciError`] says which form it has instead.
    pub(super) fn read(bytes: &[u8], media_type: &str) -> Result<Self, OciError> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Head {
            #[serde(default)]
            schema_version: u32,
            #[serde(default)]
            media_type: Option<String>,
            #[serde(default)]
            manifests: Option<serde::de::IgnoredAny>,
        }
        if bytes.len() > MAX_MANIFEST {
            return Err(OciError::TooLarge {
                size: bytes.len() as u64,
                limit: MAX_MANIFEST as u64,
            });
        }
        let head: Head = serde_json::from_slice(bytes).map_err(OciError::malformed)?;
        if head.schema_version == 1 {
            return Err(OciError::Schema1);
        }
        // Parameters such as `; charset=utf-8` say nothing about the kind.
        let sent = media_type.split(';').next().unwrap_or_default().trim();
        let own = head.media_type.as_deref().filter(|own| !own.is_empty()).unwrap_or(sent);
        let is_index = match own {
            media_type::OCI_INDEX | media_type::DOCKER_INDEX => true,
            media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST => false,
            // Where nothing names the kind, or something that says only "JSON".
            "" | "application/json" | "text/plain" | "application/octet-stream" => {
                head.manifests.is_some()
            }
            kind if media_type::SCHEMA_1.contains(&kind) => return Err(OciError::Schema1),
            other => return Err(OciError::UnknownMediaType(other.to_owned())),
        };
        if is_index {
            serde_json::from_slice(bytes).map(Self::Index).map_err(OciError::malformed)
        } else {
            let manifest: ImageManifest =
                serde_json::from_slice(bytes).map_err(OciError::malformed)?;
            manifest.check()?;
            Ok(Self::Manifest(Box::new(manifest)))
        }
    }
}

#[cfg(test)]
#[path = "oci/tests.rs"]
mod tests;
