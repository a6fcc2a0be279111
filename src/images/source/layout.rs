//! Layouts and archives, opened.

use std::io;
use std::path::Path;

use super::archive::{Section, Store};
use super::documents::{Documents, Laid, Saved, blob_path};
use super::{Config, Layer, MAX_CONFIG, Opened};
use crate::images::error::ImageError;
use crate::images::oci::media_type::{self, Packing};
use crate::images::oci::{Descriptor, Digest, MAX_MANIFEST, OciError, Platform};
use crate::images::registry::Content;

impl Opened {
    /// Opens a layout or an archive. For a thread that may block.
    ///
    /// # Errors
    ///
    /// It cannot be read, or has not the image that is asked for.
    pub(in crate::images) fn open(
        path: &Path,
        name: Option<&str>,
        platform: Option<&Platform>,
    ) -> Result<Self, ImageError> {
        let bad = |message: String| ImageError::BadSource { path: path.to_owned(), message };
        let unreadable = |error: io::Error| bad(error.to_string());
        let document = |source| ImageError::Document { name: path.display().to_string(), source };
        let store = Store::open(path).map_err(unreadable)?;
        let documents = documents(&store).map_err(unreadable)?;
        if let Some(laid) = documents.laid(name, platform).map_err(document)? {
            return from_layout(path, &store, laid, platform);
        }
        match documents.saved(name).map_err(document)? {
            Some(saved) => from_saved(path, &store, &saved, platform),
            None => Err(bad("there is neither an index.json nor a manifest.json".to_owned())),
        }
    }
}

/// The documents that lead to others, and those they lead to: not the configurations.
fn documents(store: &Store) -> io::Result<Documents> {
    let mut documents = Documents::default();
    let too_many = |error: OciError| io::Error::new(io::ErrorKind::InvalidData, error.to_string());
    for path in ["index.json", "manifest.json"] {
        if let Some(bytes) = store.small(path, MAX_MANIFEST)? {
            documents.insert(path.to_owned(), bytes).map_err(too_many)?;
        }
    }
    let mut open: Vec<Digest> = documents.get("index.json").map(|b| entries(b)).unwrap_or_default();
    // Two levels: `index.json`, and an index that it may name.
    for _ in 0..2 {
        let mut next = Vec::new();
        for digest in open {
            let path = blob_path(&digest);
            if documents.get(&path).is_none()
                && let Some(bytes) = store.small(&path, MAX_MANIFEST)?
            {
                next.extend(entries(&bytes));
                documents.insert(path, bytes).map_err(too_many)?;
            }
        }
        open = next;
    }
    Ok(documents)
}

fn entries(bytes: &[u8]) -> Vec<Digest> {
    let index = serde_json::from_slice::<crate::images::oci::Index>(bytes);
    index.map(|index| index.manifests.into_iter().map(|d| d.digest).collect()).unwrap_or_default()
}

fn from_layout(
    path: &Path,
    store: &Store,
    laid: Laid,
    platform: Option<&Platform>,
) -> Result<Opened, ImageError> {
    let Laid { media_type, bytes, manifest } = laid;
    let at = Place { path, store };
    let config = at.config(&blob_path(&manifest.config.digest), Some(&manifest.config.digest))?;
    let read = Config::read(&config, platform).map_err(|source| at.document(source))?;
    let mut layers = Vec::new();
    let mut is_changed = false;
    for (number, descriptor) in manifest.layers.iter().enumerate() {
        if media_type::is_foreign(&descriptor.media_type) {
            layers.push(Layer::Packed {
                descriptor: descriptor.clone(),
                content: bytes.clone().into(),
            });
            continue;
        }
        let section = at.section(&blob_path(&descriptor.digest))?;
        if section.length != descriptor.size {
            return Err(at.bad(format!("the layer {} is cut short", descriptor.digest)));
        }
        let is_plain = media_type::is_plain_layer(&descriptor.media_type);
        layers.push(match read.diff_ids().get(number).filter(|_| is_plain) {
            Some(diff_id) => {
                is_changed = true;
                section.plain(diff_id.clone())
            }
            None => section.packed(descriptor.clone()),
        });
    }
    let family = if media_type == media_type::DOCKER_MANIFEST {
        media_type::DOCKER_MANIFEST
    } else {
        media_type::OCI_MANIFEST
    };
    Ok(Opened {
        name: path.display().to_string(),
        manifest: (!is_changed).then_some((media_type, bytes)),
        family,
        config_type: manifest.config.media_type,
        config,
        layers,
    })
}

fn from_saved(
    path: &Path,
    store: &Store,
    saved: &Saved,
    platform: Option<&Platform>,
) -> Result<Opened, ImageError> {
    let at = Place { path, store };
    let config = at.config(&saved.config, None)?;
    let read = Config::read(&config, platform).map_err(|source| at.document(source))?;
    if read.diff_ids().len() != saved.layers.len() {
        return Err(at.bad("its configuration has another number of layers".to_owned()));
    }
    let mut layers = Vec::new();
    for (path, diff_id) in saved.layers.iter().zip(read.diff_ids()) {
        let section = at.section(path)?;
        let packing = section.first().map(|first| Packing::of(&first));
        match packing.map_err(|error| at.bad(error.to_string()))? {
            Packing::Plain => layers.push(section.plain(diff_id.clone())),
            packing => {
                let digest = section.digest().map_err(|error| at.bad(error.to_string()))?;
                let kind = media_type::layer(media_type::DOCKER_MANIFEST, packing);
                let descriptor = Descriptor::new(&kind, digest, section.length);
                layers.push(section.packed(descriptor));
            }
        }
    }
    Ok(Opened {
        name: path.display().to_string(),
        manifest: None,
        family: media_type::DOCKER_MANIFEST,
        config,
        config_type: media_type::DOCKER_CONFIG.to_owned(),
        layers,
    })
}

struct Place<'a> {
    path: &'a Path,
    store: &'a Store,
}

impl Place<'_> {
    fn bad(&self, message: String) -> ImageError {
        ImageError::BadSource { path: self.path.to_owned(), message }
    }

    fn document(&self, source: OciError) -> ImageError {
        ImageError::Document { name: self.path.display().to_string(), source }
    }

    fn section(&self, path: &str) -> Result<Section, ImageError> {
        let found = self.store.section(path).map_err(|error| self.bad(error.to_string()))?;
        found.ok_or_else(|| self.bad("it names a layer and does not have it".to_owned()))
    }

    fn config(&self, path: &str, digest: Option<&Digest>) -> Result<bytes::Bytes, ImageError> {
        let found =
            self.store.small(path, MAX_CONFIG).map_err(|error| self.bad(error.to_string()))?;
        let bytes = found
            .ok_or_else(|| self.bad("it names a configuration and does not have it".to_owned()))?;
        let actual = Digest::of(&bytes);
        match digest {
            Some(expected) if *expected != actual => Err(ImageError::Corrupt {
                name: self.path.display().to_string(),
                expected: expected.to_string(),
                actual: actual.to_string(),
            }),
            _ => Ok(bytes),
        }
    }
}

impl Section {
    fn packed(self, descriptor: Descriptor) -> Layer {
        let Self { file, offset, length } = self;
        Layer::Packed { descriptor, content: Content::Section { file, offset, length } }
    }

    fn plain(self, diff_id: Digest) -> Layer {
        let Self { file, offset, length } = self;
        Layer::Plain { diff_id, content: file, offset, length }
    }

    fn digest(&self) -> io::Result<Digest> {
        let mut hasher = crate::images::oci::Hasher::new();
        let mut buffer = vec![0; crate::images::spool::PIECE];
        let mut at = 0;
        while at < self.length {
            let room = (self.length - at).min(buffer.len() as u64) as usize;
            let read =
                crate::images::spool::read_at(&self.file, &mut buffer[..room], self.offset + at)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            hasher.update(&buffer[..read]);
            at += read as u64;
        }
        Ok(hasher.finish())
    }
}
