//! The configuration and the manifest of an image with something on top of it.
//!
//! Everything that is not known here is kept. Keys are in the order of the alphabet: the bytes must
//! not depend on how serde_json was built.

use serde_json::{Map, Value, json};

use super::error::AssetError;

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// How many layers an engine takes (moby, `layer/layer_store.go`: `maxLayerDepth`).
const MAX_LAYERS: usize = 125;

const EPOCH: &str = "1970-01-01T00:00:00Z";

/// What of an image's settings is another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewrites {
    /// The signal that ends the container.
    pub stop_signal: Option<String>,
    /// Whether the image has no entrypoint any longer.
    pub clears_entrypoint: bool,
    /// Whether the image has no command any longer.
    pub clears_command: bool,
}

impl Rewrites {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A blob of an image, as its manifest has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// What it is.
    pub media_type: String,
    /// `sha256:` and 64 digits.
    pub digest: String,
    /// In bytes.
    pub size: u64,
}

/// An image as its manifest describes it.
#[derive(Clone, Debug)]
pub(super) struct BaseManifest {
    whole: Map<String, Value>,
    is_docker: bool,
    pub(super) config: Blob,
    pub(super) layers: Vec<Blob>,
}

/// The layer that is put on top.
#[derive(Clone, Debug)]
pub(super) struct NewLayer {
    /// Of its archive without compression.
    pub(super) diff_id: String,
    pub(super) digest: String,
    pub(super) size: u64,
}

/// What is written of an image.
#[derive(Clone, Debug)]
pub(super) struct Rewritten {
    pub(super) media_type: &'static str,
    pub(super) manifest: Vec<u8>,
    pub(super) config_media_type: &'static str,
    pub(super) config: Vec<u8>,
    /// Of the layer that is put on top.
    pub(super) layer_media_type: &'static str,
}

impl BaseManifest {
    /// Reads a manifest; the header's media type counts where the manifest names none.
    pub(super) fn read(media_type: &str, bytes: &[u8]) -> Result<Self, AssetError> {
        let no_image = || AssetError::Base("its manifest is none of an image".to_owned());
        let whole: Value = serde_json::from_slice(bytes).map_err(|_| no_image())?;
        let Value::Object(whole) = whole else { return Err(no_image()) };
        let named = whole.get("mediaType").and_then(Value::as_str).unwrap_or(media_type);
        let version = whole.get("schemaVersion").and_then(Value::as_u64);
        if version == Some(1) || named.contains("manifest.v1+") && named.contains("docker") {
            return Err(AssetError::Base(
                "its manifest is of schema 1, which no engine makes any longer; push it again with \
                 a current one"
                    .to_owned(),
            ));
        }
        let blob = |value: &Value| blob(value).ok_or_else(no_image);
        let config = blob(whole.get("config").ok_or_else(no_image)?)?;
        let is_docker = match (named, config.media_type.as_str()) {
            (DOCKER_MANIFEST, _) | ("", DOCKER_CONFIG) => true,
            (OCI_MANIFEST, _) | ("", OCI_CONFIG) => false,
            _ => return Err(no_image()),
        };
        if !matches!(config.media_type.as_str(), OCI_CONFIG | DOCKER_CONFIG) {
            return Err(AssetError::Base(format!("it is no image, but {}", config.media_type)));
        }
        let layers = whole.get("layers").and_then(Value::as_array).ok_or_else(no_image)?;
        let layers = layers.iter().map(blob).collect::<Result<Vec<_>, _>>()?;
        if let Some(foreign) = layers.iter().find(|layer| is_foreign(&layer.media_type)) {
            return Err(AssetError::Base(format!(
                "its layer {} may not be copied ({})",
                foreign.digest, foreign.media_type
            )));
        }
        Ok(Self { whole, is_docker, config, layers })
    }

    /// The image with `layer` on top of it and other settings. `config` is the base's own.
    pub(super) fn rewrite(
        &self,
        config: &[u8],
        layer: Option<&NewLayer>,
        rewrites: &Rewrites,
    ) -> Result<Rewritten, AssetError> {
        let count = self.layers.len() + usize::from(layer.is_some());
        if layer.is_some() && count > MAX_LAYERS {
            return Err(AssetError::TooManyLayers(count));
        }
        let config = self.config(config, layer, rewrites)?;
        let mut manifest = self.whole.clone();
        // It would make the image a note on another one (OCI distribution, "Listing Referrers").
        manifest.remove("subject");
        let (media_type, config_media_type, layer_media_type) = match self.is_docker {
            true => (DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER),
            false => (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER),
        };
        manifest.insert("mediaType".to_owned(), media_type.into());
        manifest.insert("schemaVersion".to_owned(), 2.into());
        let descriptor = manifest.entry("config").or_insert_with(|| json!({}));
        if let Value::Object(descriptor) = descriptor {
            // Its content, where that stands in the descriptor, is the base's.
            descriptor.remove("data");
            descriptor.insert("mediaType".to_owned(), config_media_type.into());
            descriptor.insert("digest".to_owned(), sha256(&config).into());
            descriptor.insert("size".to_owned(), config.len().into());
        }
        if let (Some(layer), Some(Value::Array(layers))) = (layer, manifest.get_mut("layers")) {
            let NewLayer { digest, size, diff_id: _ } = layer;
            layers.push(json!({ "digest": digest, "mediaType": layer_media_type, "size": size }));
        }
        let manifest = bytes(Value::Object(manifest));
        Ok(Rewritten { media_type, manifest, config_media_type, config, layer_media_type })
    }

    fn config(
        &self,
        config: &[u8],
        layer: Option<&NewLayer>,
        rewrites: &Rewrites,
    ) -> Result<Vec<u8>, AssetError> {
        let no_config = || AssetError::Base("its configuration is none of an image".to_owned());
        let whole: Value = serde_json::from_slice(config).map_err(|_| no_config())?;
        let Value::Object(mut whole) = whole else { return Err(no_config()) };
        let os = whole.get("os").and_then(Value::as_str).unwrap_or("linux");
        if os != "linux" {
            return Err(AssetError::Base(format!("it is made for {os}, not for Linux")));
        }
        let rootfs = whole.get_mut("rootfs").and_then(|rootfs| rootfs.get_mut("diff_ids"));
        let Some(Value::Array(diff_ids)) = rootfs else { return Err(no_config()) };
        if diff_ids.len() != self.layers.len() {
            return Err(AssetError::Base(format!(
                "its configuration has {} layers where its manifest has {}",
                diff_ids.len(),
                self.layers.len()
            )));
        }
        let had_layers = !diff_ids.is_empty();
        diff_ids.extend(layer.map(|layer| Value::from(layer.diff_id.clone())));
        let mut entry = json!({ "created": EPOCH, "created_by": "decklift assets" });
        if layer.is_none() {
            entry["created_by"] = "decklift settings".into();
            entry["empty_layer"] = true.into();
        }
        match whole.get_mut("history") {
            Some(Value::Array(history)) if !history.is_empty() || !had_layers => {
                history.push(entry)
            }
            // Without one, a single entry would seem to speak of the first layer.
            Some(_) => {}
            None if had_layers => {}
            None => _ = whole.insert("history".to_owned(), Value::Array(vec![entry])),
        }
        if !rewrites.is_empty() {
            let settings = whole.entry("config").or_insert(Value::Null);
            if settings.is_null() {
                *settings = json!({});
            }
            let Value::Object(settings) = settings else { return Err(no_config()) };
            let Rewrites { stop_signal, clears_entrypoint, clears_command } = rewrites;
            if let Some(signal) = stop_signal {
                settings.insert("StopSignal".to_owned(), signal.clone().into());
            }
            for (key, _) in [("Entrypoint", clears_entrypoint), ("Cmd", clears_command)]
                .into_iter()
                .filter(|(_, clears)| **clears)
            {
                settings.remove(key);
            }
        }
        Ok(bytes(Value::Object(whole)))
    }
}

/// Layers that are to be had from their makers alone: Windows has such.
fn is_foreign(media_type: &str) -> bool {
    media_type.contains("foreign") || media_type.contains("nondistributable")
}

fn blob(value: &Value) -> Option<Blob> {
    let digest = value.get("digest")?.as_str()?;
    let hash = digest.strip_prefix("sha256:")?;
    let is_hash =
        hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    is_hash.then_some(Blob {
        media_type: value.get("mediaType")?.as_str()?.to_owned(),
        digest: digest.to_owned(),
        size: value.get("size")?.as_u64()?,
    })
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    crate::images::registry::sha256(bytes)
}

fn bytes(value: Value) -> Vec<u8> {
    sorted(value).to_string().into_bytes()
}

/// The same with its keys in the order of the alphabet.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.into_iter().collect();
            pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(pairs.into_iter().map(|(key, value)| (key, sorted(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
#[path = "rewrite_tests.rs"]
mod tests;
