//! What stands for an image where nothing can build one: the sandbox without a Docker engine.
//!
//! A valid image that says so in a text file. Its bytes depend on nothing but the service, the
//! name it stands for and the platform.

use bytes::Bytes;
use serde_json::{Value, json};

use super::registry::{BlobSource, Registry, RegistryError, sha256};
use super::tar::{self, Header, Kind};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// On the manifest: a placeholder must never pass for the image that it stands for.
const MARK: &str = "dev.decklift.placeholder";

/// An image of one layer.
#[derive(Clone, Debug)]
pub struct Placeholder {
    layer: Bytes,
    config: Bytes,
    manifest: Bytes,
}

impl Placeholder {
    /// The placeholder of `tag` for `service`, on a platform such as `linux/arm64`.
    #[must_use]
    pub fn new(service: &str, tag: &str, platform: &str) -> Self {
        let text = format!(
            "This is a placeholder, made by `decklift` where no Docker engine was at hand.\n\
             It stands for the image {tag} of the service {service}.\n"
        );
        let mut layer = Vec::new();
        let kind = Kind::File(text.len() as u64);
        Header { path: b"decklift-placeholder.txt", kind, mode: 0o644, mtime: 0 }.write(&mut layer);
        layer.extend(text.as_bytes());
        tar::pad(&mut layer, text.len() as u64);
        tar::finish(&mut layer);

        let mut parts = platform.splitn(3, '/');
        let os = parts.next().filter(|os| !os.is_empty()).unwrap_or("linux");
        // Keys in the order of the alphabet: serde_json sorts them, unless some other crate asks
        // it to keep the order, and the bytes must not depend on that.
        let mut config = json!({
            "architecture": parts.next().unwrap_or("amd64"),
            "config": { "Labels": { MARK: tag } },
            "created": "1970-01-01T00:00:00Z",
            "history": [{ "created": "1970-01-01T00:00:00Z", "created_by": "decklift placeholder" }],
            "os": os,
            "rootfs": { "diff_ids": [sha256(&layer)], "type": "layers" },
        });
        if let Some(variant) = parts.next() {
            config["variant"] = Value::from(variant);
        }
        let config = Bytes::from(config.to_string());
        let descriptor = |media_type: &str, bytes: &[u8]| json!({ "digest": sha256(bytes), "mediaType": media_type, "size": bytes.len() });
        let manifest = json!({
            "annotations": { MARK: tag },
            "config": descriptor(CONFIG, &config),
            "layers": [descriptor(LAYER, &layer)],
            "mediaType": MANIFEST,
            "schemaVersion": 2,
        });
        Self { layer: layer.into(), config, manifest: Bytes::from(manifest.to_string()) }
    }

    /// The digest that a registry will have it under.
    #[must_use]
    pub fn digest(&self) -> String {
        sha256(&self.manifest)
    }

    /// Stores it as `tag` and returns its digest.
    ///
    /// # Errors
    ///
    /// The registry cannot be reached, or refuses.
    pub async fn push(
        &self,
        registry: &Registry,
        repository: &str,
        tag: &str,
    ) -> Result<String, RegistryError> {
        for blob in [&self.layer, &self.config] {
            registry.upload(repository, &sha256(blob), &BlobSource::Bytes(blob.clone())).await?;
        }
        registry.put_manifest(repository, tag, MANIFEST, self.manifest.clone()).await
    }

    /// Whether a manifest is one of ours.
    #[must_use]
    pub fn is_placeholder(manifest: &[u8]) -> bool {
        serde_json::from_slice::<Value>(manifest)
            .is_ok_and(|manifest| manifest["annotations"].get(MARK).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_every_time() {
        let one = Placeholder::new("web", "decklift-1", "linux/amd64");
        // A constant on purpose: a sandbox that is used again should not roll.
        assert_eq!(
            one.digest(),
            "sha256:4a01bee07ff6a3f8662bad818535b055bed1699ee50599f73d8e280805919a7e"
        );
        assert_eq!(one.digest(), Placeholder::new("web", "decklift-1", "linux/amd64").digest());
        for other in [
            Placeholder::new("api", "decklift-1", "linux/amd64"),
            Placeholder::new("web", "decklift-2", "linux/amd64"),
            Placeholder::new("web", "decklift-1", "linux/arm64/v8"),
        ] {
            assert_ne!(one.digest(), other.digest());
        }
        assert!(Placeholder::is_placeholder(&one.manifest));
        assert!(!Placeholder::is_placeholder(b"{}"));
        assert!(!Placeholder::is_placeholder(b"no"));
    }
}
