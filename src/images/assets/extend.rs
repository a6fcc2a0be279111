//! An image with something on top of it, from what a registry or a directory has: no engine is
//! asked. The layers below stay where they are; of them only the headers are looked at.

use std::io::{self, BufWriter, Write};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::base::Base;
use super::base_tree::BaseTree;
use super::error::AssetError;
use super::layer::Layer;
use super::prepared::Prepared;
use super::rewrite::{Blob, NewLayer, Rewritten, sha256};
use super::temporary::TemporaryFile;
use crate::images::compress::Packing;
use crate::images::engine::in_background;
use crate::images::error::ImageError;

/// An image that has only to be uploaded: the layers of the base, then these blobs, then the
/// manifest.
#[derive(Debug)]
pub struct Extended {
    /// Of the manifest.
    pub media_type: String,
    /// The manifest.
    pub manifest: Bytes,
    /// The configuration, and how the manifest names it.
    pub config: (Blob, Bytes),
    /// The layer that is put on top; none where only settings are others.
    pub layer: Option<(Blob, TemporaryFile)>,
    /// The layers of the base, from the lowest to the highest.
    pub base_layers: Vec<Blob>,
}

impl Extended {
    /// The digest of the manifest.
    #[must_use]
    pub fn digest(&self) -> String {
        sha256(&self.manifest)
    }
}

impl Prepared {
    /// Puts what was prepared on a base.
    ///
    /// # Errors
    ///
    /// The base cannot be read, is none that files can be put on, or has something else where they
    /// are to be; the files changed since they were read.
    pub async fn extend(&self, base: Base<'_>) -> Result<Extended, ImageError> {
        let platform = &self.extension.platform;
        let manifest = base.manifest(platform).await?;
        let config = base.config(&manifest.config).await?;
        let rewrites = &self.extension.rewrites;
        // What cannot be rewritten need not be read.
        let probe = NewLayer { diff_id: String::new(), digest: String::new(), size: 0 };
        let probe = Some(&probe).filter(|_| !self.files.is_empty());
        manifest.rewrite(&config, probe, rewrites)?;
        let layer = match self.files.is_empty() {
            true => None,
            false => Some(self.layer(base, &manifest.layers).await?),
        };
        let rewritten = manifest.rewrite(&config, layer.as_ref().map(|(new, _)| new), rewrites)?;
        let Rewritten { media_type, manifest: bytes, config_media_type, config, layer_media_type } =
            rewritten;
        let config_blob = Blob {
            media_type: config_media_type.to_owned(),
            digest: sha256(&config),
            size: config.len() as u64,
        };
        let layer = layer.map(|(NewLayer { digest, size, diff_id: _ }, file)| {
            let media_type = layer_media_type.to_owned();
            (Blob { media_type, digest, size }, file)
        });
        Ok(Extended {
            media_type: media_type.to_owned(),
            manifest: bytes.into(),
            config: (config_blob, config.into()),
            layer,
            base_layers: manifest.layers,
        })
    }

    async fn layer(
        &self,
        base: Base<'_>,
        layers: &[Blob],
    ) -> Result<(NewLayer, TemporaryFile), ImageError> {
        let targets = self.files.iter().map(|(asset, _)| asset.target.as_bytes());
        let mounts = self.extension.mounts.iter().map(String::as_bytes);
        let mut tree = BaseTree::new(targets.chain(mounts));
        for blob in layers {
            tree = base.add_layer(tree, blob).await?;
        }
        let prepared = self.clone();
        in_background(move || Ok(prepared.write(&tree)?)).await
    }

    fn write(&self, tree: &BaseTree) -> Result<(NewLayer, TemporaryFile), AssetError> {
        let layer = Layer::new(tree, &self.files, &self.extension.mounts)?;
        let (kept, file) = TemporaryFile::create().map_err(AssetError::Temporary)?;
        let out = Counted { out: BufWriter::new(file), hash: Sha256::new(), size: 0 };
        let (packed, diff_id) = layer.write(Packing::new(out))?;
        let Counted { mut out, hash, size } = packed.finish().map_err(AssetError::Temporary)?;
        out.flush().map_err(AssetError::Temporary)?;
        let digest = format!("sha256:{}", hex::encode(hash.finalize()));
        let diff_id = format!("sha256:{}", hex::encode(diff_id));
        Ok((NewLayer { diff_id, digest, size }, kept))
    }
}

struct Counted<W> {
    out: W,
    hash: Sha256,
    size: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(all(test, unix))]
#[path = "extend_tests.rs"]
mod tests;
