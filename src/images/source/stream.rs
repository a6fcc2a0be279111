//! An engine's export, taken as it comes: in the shape of engines before version 25 (`<id>/layer.tar`),
//! of those since then (an OCI layout), and of podman (`<digest>.tar`).

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::archive::target_of;
use super::documents::{Documents, blob_path};
use super::tar_reader::{Entry, Input, Kind, TarReader};
use super::{Config, MAX_CONFIG, legacy_id};
use crate::images::compress::compress;
use crate::images::engine::Export;
use crate::images::oci::media_type::Packing;
use crate::images::oci::{Digest, Hasher, OciError, Platform};
use crate::images::spool::{PIECE, Spool, spool};

impl Input for Export {}

/// What is to be done with an export.
pub(in crate::images) struct Plan {
    /// The layers, lowest first.
    pub(in crate::images) diff_ids: Vec<Digest>,
    /// Those that need not be uploaded.
    pub(in crate::images) known: Vec<bool>,
    /// Where layers lie on their way.
    pub(in crate::images) spool: PathBuf,
    /// As many layers may be on their way.
    pub(in crate::images) places: Arc<Semaphore>,
}

/// A layer that is being made.
pub(in crate::images) struct Part {
    pub(in crate::images) content: Spool,
    /// Where its digest is its name.
    pub(in crate::images) digest: Option<Digest>,
    pub(in crate::images) made: oneshot::Receiver<Made>,
    /// Given back when it is uploaded.
    pub(in crate::images) place: OwnedSemaphorePermit,
}

/// A layer that was made.
#[derive(Clone, Debug)]
pub(in crate::images) struct Made {
    /// Nothing where it came packed.
    pub(in crate::images) diff_id: Option<Digest>,
    pub(in crate::images) digest: Digest,
    /// Bytes.
    pub(in crate::images) size: u64,
    pub(in crate::images) packing: Packing,
}

/// A layer of the image, when all has come.
#[derive(Clone, Debug)]
pub(in crate::images) enum Arrived {
    /// Known before, and passed over.
    Known(Digest),
    /// Made, and on its way.
    Made(Made),
}

/// What an export had.
pub(in crate::images) struct Outline {
    pub(in crate::images) config: Bytes,
    /// Lowest first.
    pub(in crate::images) layers: Vec<Arrived>,
    /// The manifest that the image was pulled with, where its layers came as they are there.
    pub(in crate::images) manifest: Option<(String, Bytes)>,
}

/// Why an export led to nothing.
#[derive(Debug)]
pub(in crate::images) enum Fault {
    /// The engine, or the system.
    Io(io::Error),
    /// Layers cannot be kept.
    Spool(io::Error),
    /// What came is no image.
    Document(OciError),
}

impl From<OciError> for Fault {
    fn from(error: OciError) -> Self {
        Self::Document(error)
    }
}

/// Reads an export to its end. For a thread that may block, while a runtime runs elsewhere.
pub(in crate::images) fn read(
    export: Export,
    plan: &Plan,
    wanted: &Platform,
    parts: &mpsc::UnboundedSender<Part>,
) -> Result<Outline, Fault> {
    let mut reading = Reading {
        plan,
        parts,
        chain: legacy_id::chain(&plan.diff_ids),
        documents: Documents::default(),
        layers: HashMap::new(),
        links: HashMap::new(),
    };
    let mut tar = TarReader::new(export);
    while let Some(entry) = tar.next().map_err(Fault::Io)? {
        match &entry.kind {
            Kind::Link { target, is_hard } => {
                let target = target_of(&entry.path, target, *is_hard);
                reading.links.insert(entry.path.clone(), target);
            }
            Kind::File if entry.size > 0 => reading.file(&mut tar, &entry)?,
            Kind::File | Kind::Directory | Kind::Other => {}
        }
    }
    reading.outline(wanted)
}

struct Reading<'a> {
    plan: &'a Plan,
    parts: &'a mpsc::UnboundedSender<Part>,
    chain: Vec<Digest>,
    documents: Documents,
    layers: HashMap<String, Arrived>,
    links: HashMap<String, String>,
}

/// A reader, and what was read from it to see what it is.
struct Peeked<'a, R> {
    first: &'a [u8],
    rest: &'a mut R,
}

impl<R: Read> Read for Peeked<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.first.is_empty() { self.rest.read(buffer) } else { self.first.read(buffer) }
    }
}

impl Reading<'_> {
    fn file(&mut self, tar: &mut TarReader<Export>, entry: &Entry) -> Result<(), Fault> {
        let mut first = Vec::new();
        tar.take(4).read_to_end(&mut first).map_err(Fault::Io)?;
        let is_layer = entry.path.ends_with("/layer.tar") || entry.path.ends_with(".tar");
        // A tar begins with a name, which may begin with anything, but layers are blobs or `.tar`.
        let is_document =
            !is_layer && matches!(first[0], b'{' | b'[') && entry.size <= MAX_CONFIG as u64;
        if is_document || (!is_layer && !entry.path.starts_with("blobs/")) {
            let limit = super::documents::MAX_DOCUMENTS as u64;
            let mut bytes = Vec::new();
            let mut input = Peeked { first: &first, rest: tar };
            input.by_ref().take(limit).read_to_end(&mut bytes).map_err(Fault::Io)?;
            return Ok(self.documents.insert(entry.path.clone(), bytes.into())?);
        }
        let number = self.number_of(&entry.path);
        if let Some(number) = number.filter(|&number| self.plan.known[number]) {
            let known = Arrived::Known(self.plan.diff_ids[number].clone());
            self.layers.insert(entry.path.clone(), known);
            return Ok(());
        }
        let made = self.make(&first, tar, &entry.path)?;
        self.layers.insert(entry.path.clone(), Arrived::Made(made));
        Ok(())
    }

    /// Which layer a path is of, where that can be told.
    fn number_of(&self, path: &str) -> Option<usize> {
        let plan = &self.plan.diff_ids;
        if let Some(id) = path.strip_suffix("/layer.tar") {
            let settings = self.documents.get(&format!("{id}/json"))?;
            return legacy_id::layer_of(id, settings, &self.chain);
        }
        plan.iter().position(|diff_id| {
            path == blob_path(diff_id) || path.strip_suffix(".tar") == Some(diff_id.hex())
        })
    }

    /// Packs a layer into a file that is uploaded meanwhile.
    fn make(&self, first: &[u8], tar: &mut TarReader<Export>, path: &str) -> Result<Made, Fault> {
        let packing = Packing::of(first);
        let name = path.strip_prefix("blobs/sha256/").filter(|_| packing != Packing::Plain);
        let digest = name.and_then(|hex| format!("sha256:{hex}").parse().ok());
        let runtime = tokio::runtime::Handle::current();
        let place = runtime
            .block_on(self.plan.places.clone().acquire_owned())
            .map_err(|error| Fault::Io(io::Error::other(error)))?;
        let (mut writer, content) = spool(&self.plan.spool).map_err(Fault::Spool)?;
        let (send, made) = oneshot::channel();
        self.parts
            .send(Part { content, digest, made, place })
            .map_err(|_| Fault::Io(io::Error::other("nobody listens any more")))?;
        let mut input = Peeked { first, rest: tar };
        let mut full = None;
        let mut write = |bytes: &[u8]| {
            writer.write(bytes).map_err(|error| {
                let again = io::Error::from(error.kind());
                full = Some(error);
                again
            })
        };
        let result = match packing {
            Packing::Plain => compress(&mut input, &mut write).map(|done| Made {
                diff_id: Some(done.diff_id),
                digest: done.digest,
                size: done.size,
                packing: Packing::Gzip,
            }),
            _ => pass(&mut input, &mut write).map(|(digest, size)| Made {
                diff_id: None,
                digest,
                size,
                packing,
            }),
        };
        let made = match (result, full) {
            (Ok(made), _) => made,
            (Err(_), Some(error)) => return Err(Fault::Spool(error)),
            (Err(error), None) => return Err(Fault::Io(error)),
        };
        // Known before the file is: whoever has read the file to its end finds it.
        let _ = send.send(made.clone());
        writer.finish();
        Ok(made)
    }

    fn layer(&self, path: &str) -> Option<&Arrived> {
        let target = self.links.get(path).map_or(path, String::as_str);
        self.layers.get(target)
    }

    fn outline(&self, wanted: &Platform) -> Result<Outline, Fault> {
        let missing =
            || Fault::Document(OciError::Malformed("a layer of it did not come".to_owned()));
        // Where the layers came packed, the image keeps its manifest, and with it its digest.
        if let Ok(Some(laid)) = self.documents.laid(None, Some(wanted)) {
            let came = |descriptor: &&crate::images::oci::Descriptor| {
                matches!(self.layer(&blob_path(&descriptor.digest)),
                    Some(Arrived::Made(made)) if made.digest == descriptor.digest)
            };
            let layers = &laid.manifest.layers;
            if layers.iter().filter(came).count() == layers.len()
                && let Ok(config) = self.documents.blob(&laid.manifest.config.digest)
            {
                Config::read(&config, Some(wanted))?;
                let arrived = layers.iter().filter_map(|d| self.layer(&blob_path(&d.digest)));
                let layers = arrived.cloned().collect();
                return Ok(Outline {
                    config,
                    layers,
                    manifest: Some((laid.media_type, laid.bytes)),
                });
            }
        }
        let saved = self.documents.saved(None)?.ok_or_else(missing)?;
        let config = self.documents.get(&saved.config).ok_or_else(missing)?.clone();
        let read = Config::read(&config, Some(wanted))?;
        let layers: Option<Vec<Arrived>> =
            saved.layers.iter().map(|path| self.layer(path).cloned()).collect();
        let layers = layers.ok_or_else(missing)?;
        if layers.len() != read.diff_ids().len() {
            let message = "its configuration has another number of layers";
            return Err(OciError::Malformed(message.to_owned()).into());
        }
        for (layer, expected) in layers.iter().zip(read.diff_ids()) {
            let actual = match layer {
                Arrived::Known(diff_id) | Arrived::Made(Made { diff_id: Some(diff_id), .. }) => {
                    diff_id
                }
                Arrived::Made(Made { diff_id: None, .. }) => continue,
            };
            if actual != expected {
                let message = format!("its layer {expected} has other bytes: {actual}");
                return Err(OciError::Malformed(message).into());
            }
        }
        Ok(Outline { config, layers, manifest: None })
    }
}

/// Hands a packed layer on as it is.
fn pass(
    input: &mut dyn Read,
    write: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<(Digest, u64)> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; PIECE];
    let mut size = 0;
    loop {
        let read = input.read(&mut buffer)?;
        if read == 0 {
            return Ok((hasher.finish(), size));
        }
        hasher.update(&buffer[..read]);
        write(&buffer[..read])?;
        size += read as u64;
    }
}
