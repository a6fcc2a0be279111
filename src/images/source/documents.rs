//! The documents of a layout or an archive, by their paths, and what they lead to.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;

use crate::images::oci::{
    Descriptor, Digest, Document, ImageManifest, Index, OciError, Platform, media_type,
};

/// The most that the documents of one image may have, bytes.
pub(super) const MAX_DOCUMENTS: usize = 32 * 1024 * 1024;

/// The note under which a layout has an image's name, and containerd's.
const NAMES: [&str; 2] = ["org.opencontainers.image.ref.name", "io.containerd.image.name"];

/// JSON files by their paths.
#[derive(Default)]
pub(super) struct Documents {
    files: BTreeMap<String, Bytes>,
    size: usize,
}

/// An image in the shape of `docker save`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Saved {
    pub(super) config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    pub(super) layers: Vec<String>,
}

/// An image in the shape of an OCI layout.
pub(super) struct Laid {
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
    pub(super) manifest: ImageManifest,
}

impl Documents {
    pub(super) fn insert(&mut self, path: String, bytes: Bytes) -> Result<(), OciError> {
        self.size += bytes.len();
        if self.size > MAX_DOCUMENTS {
            let (size, limit) = (self.size as u64, MAX_DOCUMENTS as u64);
            return Err(OciError::TooLarge { size, limit });
        }
        self.files.insert(path, bytes);
        Ok(())
    }

    pub(super) fn get(&self, path: &str) -> Option<&Bytes> {
        self.files.get(path)
    }

    /// The image of a name in `manifest.json`; nothing when there is no such file.
    pub(super) fn saved(&self, name: Option<&str>) -> Result<Option<Saved>, OciError> {
        let Some(bytes) = self.get("manifest.json") else { return Ok(None) };
        let all: Vec<Saved> = serde_json::from_slice(bytes)
            .map_err(|error| OciError::Malformed(format!("manifest.json: {error}")))?;
        let is_named = |saved: &&Saved| {
            let tags = saved.repo_tags.as_deref().unwrap_or_default();
            name.is_none_or(|name| tags.iter().any(|tag| is_name(tag, name)))
        };
        let mut fitting = all.iter().filter(is_named);
        match (fitting.next(), fitting.next()) {
            (Some(one), None) => Ok(Some(one.clone())),
            (None, _) => Err(OciError::Malformed("it has no image of that name".to_owned())),
            _ => Err(OciError::Malformed("it has several images, say which".to_owned())),
        }
    }

    /// The image of a name and a platform from `index.json` on; nothing when there is no such file.
    pub(super) fn laid(
        &self,
        name: Option<&str>,
        platform: Option<&Platform>,
    ) -> Result<Option<Laid>, OciError> {
        let Some(bytes) = self.get("index.json") else { return Ok(None) };
        let index: Index = serde_json::from_slice(bytes)
            .map_err(|error| OciError::Malformed(format!("index.json: {error}")))?;
        let is_named = |entry: &&Descriptor| {
            let own = NAMES.iter().filter_map(|note| entry.annotation(note));
            name.is_none_or(|name| own.into_iter().any(|own| is_name(own, name)))
        };
        let named: Vec<&Descriptor> = index.images().filter(is_named).collect();
        let entry = match (named.as_slice(), platform) {
            ([], _) => {
                return Err(OciError::Malformed("it has no image of that name".to_owned()));
            }
            ([one], _) => one,
            (several, Some(platform)) => {
                let index = Index { manifests: several.iter().map(|&one| one.clone()).collect() };
                return self.described(index.select(platform)?, Some(platform)).map(Some);
            }
            _ => {
                return Err(OciError::Malformed("it has several images, say which".to_owned()));
            }
        };
        self.described(entry, platform).map(Some)
    }

    fn described(&self, entry: &Descriptor, platform: Option<&Platform>) -> Result<Laid, OciError> {
        let bytes = self.blob(&entry.digest)?;
        match Document::read(&bytes, &entry.media_type)? {
            Document::Manifest(manifest) => Ok(laid(entry, bytes, *manifest)),
            Document::Index(index) => {
                let entry = match platform {
                    Some(platform) => index.select(platform)?,
                    None => index.images().next().ok_or(OciError::NestedIndex)?,
                };
                let bytes = self.blob(&entry.digest)?;
                match Document::read(&bytes, &entry.media_type)? {
                    Document::Manifest(manifest) => Ok(laid(entry, bytes, *manifest)),
                    Document::Index(_) => Err(OciError::NestedIndex),
                }
            }
        }
    }

    /// A document by its digest, checked.
    pub(super) fn blob(&self, digest: &Digest) -> Result<Bytes, OciError> {
        let bytes = self.get(&blob_path(digest)).ok_or_else(|| {
            OciError::Malformed(format!("it names the document {digest} and does not have it"))
        })?;
        if Digest::of(bytes) != *digest {
            return Err(OciError::Malformed(format!("the document {digest} has other bytes")));
        }
        Ok(bytes.clone())
    }
}

fn laid(entry: &Descriptor, bytes: Bytes, manifest: ImageManifest) -> Laid {
    let own = manifest.media_type.clone().filter(|own| !own.is_empty());
    let sent = Some(entry.media_type.clone()).filter(|sent| !sent.is_empty());
    let media_type = own.or(sent).unwrap_or_else(|| media_type::OCI_MANIFEST.to_owned());
    Laid { media_type, bytes, manifest }
}

/// Where a layout has a blob.
pub(super) fn blob_path(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

/// `v1` is the name of `example.org/web:v1`, too: skopeo writes tags alone into layouts. Into archives it
/// writes what goes without saying, and so does podman.
fn is_name(own: &str, wanted: &str) -> bool {
    fn plain(name: &str) -> &str {
        let name = name.strip_prefix("localhost/").unwrap_or(name);
        let name = name.strip_prefix("docker.io/").unwrap_or(name);
        name.strip_prefix("library/").unwrap_or(name)
    }
    own == wanted
        || wanted.rsplit_once(':').is_some_and(|(_, tag)| tag == own)
        || plain(own) == plain(wanted)
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn what_goes_without_saying_in_a_name() {
        for (own, wanted, is_it) in [
            ("docker.io/acme/web:1", "acme/web:1", true),
            ("docker.io/library/web:1", "web:1", true),
            ("localhost/web:1", "web:1", true),
            ("v1", "example.org/web:v1", true),
            ("example.org/web:1", "web:1", false),
            ("docker.io/acme/web:1", "acme/web:2", false),
        ] {
            assert_eq!(is_name(own, wanted), is_it, "{own} {wanted}");
        }
    }
}
