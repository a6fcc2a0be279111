//! Where a base image is read from.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::base_tree::BaseTree;
use super::error::AssetError;
use super::layer::Hashing;
use super::rewrite::{BaseManifest, Blob, sha256};
use super::tar_entries::{TarEntries, broken, fault};
use super::unpack::{Unpacked, unpack};
use crate::images::engine::in_background;
use crate::images::error::ImageError;
use crate::images::oci::{Index, Platform};
use crate::images::registry::{Registry, RegistryError};

/// How deep indexes may lie in indexes.
const MAX_DEPTH: usize = 3;

/// What is read into memory at once: manifests and configurations (as for [`Registry`]).
const MAX_DOCUMENT: u64 = 4 * 1024 * 1024;

/// Whatever its size: what a layer may have when it is unpacked, bytes.
const ROOM: u64 = 16 * 1024 * 1024 * 1024;

/// A layer that grows more than this beyond [`ROOM`] is there to do harm: gzip's most is 1032.
const MAX_RATIO: u64 = 100;

/// Pieces of a layer that wait to be looked at.
const WAITING: usize = 16;

/// The entries of a layer, wherever it is read from.
pub(super) type LayerEntries =
    TarEntries<io::Take<Unpacked<Hashing<io::Take<Box<dyn Read + Send>>>>>>;

/// A base image.
#[derive(Clone, Copy)]
pub enum Base<'a> {
    /// In a registry, by tag or digest.
    Registry {
        /// The registry.
        registry: &'a Registry,
        /// The repository in it.
        repository: &'a str,
        /// Tag or digest.
        reference: &'a str,
    },
    /// In a directory (OCI image specification, "Image Layout").
    Layout(&'a Path),
}

impl Base<'_> {
    /// The manifest for `platform`.
    pub(super) async fn manifest(&self, platform: &str) -> Result<BaseManifest, ImageError> {
        let (mut media_type, mut bytes) = match self {
            Self::Registry { reference, .. } => self.document(reference).await?,
            Self::Layout(directory) => {
                let index = read_file(directory.join("index.json")).await?;
                ("application/vnd.oci.image.index.v1+json".to_owned(), index)
            }
        };
        let wanted = Platform::parse(platform);
        for _ in 0..MAX_DEPTH {
            let Some(index) = index(&bytes)? else {
                return Ok(BaseManifest::read(&media_type, &bytes)?);
            };
            let chosen = index.select(&wanted).map_err(AssetError::from)?;
            (media_type, bytes) = self.document(chosen.digest.as_str()).await?;
        }
        Err(AssetError::Base("its index leads to indexes alone".to_owned()).into())
    }

    /// A manifest or an index, and its media type where the source says it.
    async fn document(&self, reference: &str) -> Result<(String, Bytes), ImageError> {
        match self {
            Self::Registry { registry, repository, .. } => {
                let found = registry.manifest(repository, reference).await?;
                let missing = || AssetError::Base(format!("{repository} has no {reference}"));
                let found = found.ok_or_else(missing)?;
                // The type's parameters, if there are any, say nothing of the image.
                let media_type = found.media_type.split(';').next().unwrap_or_default().trim();
                Ok((media_type.to_owned(), found.bytes))
            }
            Self::Layout(directory) => {
                let bytes = read_file(blob_path(directory, reference)?).await?;
                verify(reference, &sha256(&bytes))?;
                Ok((String::new(), bytes))
            }
        }
    }

    /// The configuration.
    pub(super) async fn config(&self, blob: &Blob) -> Result<Bytes, ImageError> {
        if blob.size > MAX_DOCUMENT {
            return Err(AssetError::Base("its configuration is larger than 4 MiB".into()).into());
        }
        let bytes = match self {
            Self::Registry { registry, repository, .. } => {
                let mut body = registry.open_blob(repository, &blob.digest).await?;
                let mut bytes = Vec::new();
                while let Some(chunk) = body.chunk().await? {
                    bytes.extend_from_slice(&chunk);
                    if bytes.len() as u64 > blob.size {
                        break;
                    }
                }
                bytes.into()
            }
            Self::Layout(directory) => read_file(blob_path(directory, &blob.digest)?).await?,
        };
        verify(&blob.digest, &sha256(&bytes))?;
        Ok(bytes)
    }

    /// Puts a layer on a tree; its digest is checked.
    pub(super) async fn add_layer(
        &self,
        mut tree: BaseTree,
        blob: &Blob,
    ) -> Result<BaseTree, ImageError> {
        self.read_layer(blob, move |entries| tree.add_layer(entries).map(|()| tree)).await
    }

    /// Reads a layer; its digest is checked.
    pub(super) async fn read_layer<T: Send + 'static>(
        &self,
        blob: &Blob,
        read: impl FnOnce(&mut LayerEntries) -> Result<T, AssetError> + Send + 'static,
    ) -> Result<T, ImageError> {
        match self {
            Self::Registry { registry, repository, .. } => {
                stream(registry, repository, blob, read).await
            }
            Self::Layout(directory) => {
                let path = blob_path(directory, &blob.digest)?;
                let blob = blob.clone();
                in_background(move || {
                    let file = File::open(&path)
                        .map_err(|source| AssetError::Unreadable { path, source })?;
                    Ok(read_layer(Box::new(file), &blob, read)?)
                })
                .await
            }
        }
    }
}

async fn stream<T: Send + 'static>(
    registry: &Registry,
    repository: &str,
    blob: &Blob,
    read: impl FnOnce(&mut LayerEntries) -> Result<T, AssetError> + Send + 'static,
) -> Result<T, ImageError> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let expected = blob.clone();
    let work = in_background(move || {
        let received = Received { receiver, piece: Bytes::new() };
        Ok(read_layer(Box::new(received), &expected, read)?)
    });
    let feed = async move {
        let mut body = registry.open_blob(repository, &blob.digest).await?;
        while let Some(piece) = body.chunk().await? {
            // Nobody listens where what came already is wrong.
            if sender.send(piece).await.is_err() {
                break;
            }
        }
        Ok::<_, RegistryError>(())
    };
    let (fed, read) = tokio::join!(feed, work);
    // A layer that broke off cannot be read either; why it broke off says more.
    fed?;
    read
}

/// Reads the whole of a layer, so that its digest can be checked.
fn read_layer<T>(
    input: Box<dyn Read + Send>,
    blob: &Blob,
    read: impl FnOnce(&mut LayerEntries) -> Result<T, AssetError>,
) -> Result<T, AssetError> {
    read_layer_within(input, blob, blob.size.saturating_mul(MAX_RATIO).max(ROOM), read)
}

/// The same, when it has no more than `room` bytes unpacked.
fn read_layer_within<T>(
    input: Box<dyn Read + Send>,
    blob: &Blob,
    room: u64,
    read: impl FnOnce(&mut LayerEntries) -> Result<T, AssetError>,
) -> Result<T, AssetError> {
    let input = Hashing { input: input.take(blob.size.saturating_add(1)), hash: Sha256::new() };
    let mut entries = TarEntries::new(unpack(input)?.take(room));
    let read = read(&mut entries);
    // Who has read enough leaves the rest; the digest is that of all of it.
    let unpacked = entries.into_inner();
    if unpacked.limit() == 0 {
        let size = blob.size;
        return Err(fault(&format!("its {size} bytes become more than {room} when unpacked")));
    }
    let mut input = unpacked.into_inner().into_inner();
    let drained = io::copy(&mut input, &mut io::sink());
    let actual = format!("sha256:{}", hex::encode(input.hash.finalize()));
    drained.map_err(broken)?;
    // What was damaged on its way is no fault of the image's.
    if actual != blob.digest {
        return Err(fault(&format!("it is {actual}, and should be {}", blob.digest)));
    }
    read
}

/// What another task sends.
struct Received {
    receiver: mpsc::Receiver<Bytes>,
    piece: Bytes,
}

impl Read for Received {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let length = self.piece.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.piece.split_to(length));
        Ok(length)
    }
}

fn verify(expected: &str, actual: &str) -> Result<(), RegistryError> {
    if expected == actual {
        return Ok(());
    }
    Err(RegistryError::DigestMismatch { expected: expected.into(), actual: actual.into() })
}

/// What leads to images for several machines; nothing for anything else, which is an image or will be told
/// what it is.
fn index(bytes: &[u8]) -> Result<Option<Index>, AssetError> {
    #[derive(serde::Deserialize)]
    struct Head {
        manifests: Option<serde::de::IgnoredAny>,
    }
    match serde_json::from_slice::<Head>(bytes) {
        Ok(Head { manifests: Some(_) }) => serde_json::from_slice(bytes)
            .map(Some)
            .map_err(|error| AssetError::Base(format!("its index cannot be read: {error}"))),
        _ => Ok(None),
    }
}

fn blob_path(directory: &Path, digest: &str) -> Result<PathBuf, AssetError> {
    let hash = digest.strip_prefix("sha256:").filter(|hash| hash.len() == 64);
    let hash = hash.filter(|hash| hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let hash = hash.ok_or_else(|| AssetError::Base(format!("`{digest}` is no digest")))?;
    Ok(directory.join("blobs").join("sha256").join(hash))
}

async fn read_file(path: PathBuf) -> Result<Bytes, ImageError> {
    in_background(move || {
        let read = |path: &Path| {
            let mut bytes = Vec::new();
            File::open(path)?.take(MAX_DOCUMENT).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = read(&path).map_err(|source| AssetError::Unreadable { path, source })?;
        Ok(bytes.into())
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::testing::{file, layer};
    use super::*;

    #[test]
    fn what_swells_beyond_all_measure_is_not_read_to_its_end() {
        let zeros = vec![0; 4 << 20];
        let swollen = layer(&[file("zeros", std::str::from_utf8(&zeros).expect("text"))]);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(&swollen).expect("write");
        let packed = packed.finish().expect("finish");
        let (digest, size) = (sha256(&packed), packed.len() as u64);
        let blob = Blob { media_type: String::new(), digest, size };
        let read = |room| {
            let input: Box<dyn Read + Send> = Box::new(io::Cursor::new(packed.clone()));
            let mut tree = BaseTree::new(std::iter::empty::<&[u8]>());
            read_layer_within(input, &blob, room, |entries| tree.add_layer(entries))
        };
        assert!(read(5 << 20).is_ok());
        let error = read(1 << 20).expect_err("too much").to_string();
        assert!(error.contains("become more than 1048576 when unpacked"), "{error}");
    }
}
