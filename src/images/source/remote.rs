//! Images in other registries.

use std::sync::Arc;

use super::{Config, Layer, MAX_CONFIG, Opened};
use crate::images::error::ImageError;
use crate::images::oci::{Document, OciError, Platform, media_type};
use crate::images::reference::Reference;
use crate::images::registry::{Content, Manifest, Registry};

impl Opened {
    /// Opens an image of another registry: its documents are read, its layers are not. Nothing when
    /// the registry has no such image.
    ///
    /// # Errors
    ///
    /// The registry cannot be reached, refuses, or has not what is asked for.
    pub(in crate::images) async fn remote(
        registry: &Arc<Registry>,
        reference: &Reference,
        platform: &Platform,
    ) -> Result<Option<Self>, ImageError> {
        let Reference { repository, tag, .. } = reference;
        let document = |source| ImageError::Document { name: reference.to_string(), source };
        let Some(found) = registry.manifest(repository, tag).await? else { return Ok(None) };
        let (found, manifest) = match read(&found).map_err(document)? {
            Document::Manifest(manifest) => (found, manifest),
            Document::Index(index) => {
                let entry = index.select(platform).map_err(document)?;
                let missing = || ImageError::NoSuchImage {
                    reference: reference.to_string(),
                    message: format!("its index names {}, which is not there", entry.digest),
                };
                let digest = entry.digest.as_str();
                let found = registry.manifest(repository, digest).await?.ok_or_else(missing)?;
                match read(&found).map_err(document)? {
                    Document::Manifest(manifest) => (found, manifest),
                    Document::Index(_) => return Err(document(OciError::NestedIndex)),
                }
            }
        };
        let config = registry.small_blob(repository, &manifest.config.digest, MAX_CONFIG).await?;
        Config::read(&config, Some(platform)).map_err(document)?;
        let layers = manifest.layers.iter().map(|descriptor| Layer::Packed {
            descriptor: descriptor.clone(),
            content: Content::Remote {
                registry: registry.clone(),
                repository: repository.clone(),
                descriptor: Box::new(descriptor.clone()),
            },
        });
        let own = manifest.media_type.clone().filter(|own| !own.is_empty());
        Ok(Some(Self {
            name: reference.to_string(),
            layers: layers.collect(),
            manifest: Some((own.unwrap_or(found.media_type), found.bytes)),
            family: media_type::OCI_MANIFEST,
            config,
            config_type: manifest.config.media_type,
        }))
    }
}

fn read(found: &Manifest) -> Result<Document, OciError> {
    Document::read(&found.bytes, &found.media_type)
}
