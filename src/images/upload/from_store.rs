//! Images of which every part can be read at any time: layouts, archives, other registries.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::OnceCell;

use super::blob::{Arrival, Upload, layer};
use super::{Progress, TICK, Target, Uploader};
use crate::images::compress::{Compressed, compress};
use crate::images::error::ImageError;
use crate::images::event::ImageEvent;
use crate::images::oci::media_type::{self, Packing};
use crate::images::oci::{Descriptor, Digest, ImageManifest};
use crate::images::registry::Content;
use crate::images::source::{Layer, Opened};
use crate::images::spool::{read_at, spool};

/// Layers of one image that are looked at together. What is uploaded of them is the pool's affair.
const AT_ONCE: usize = 16;

impl Uploader {
    /// Brings an opened image into a repository, and returns its digest there.
    pub(in crate::images) async fn send(
        &self,
        target: &Target<'_>,
        image: &Opened,
        progress: &Progress<'_>,
    ) -> Result<String, ImageError> {
        progress.event(ImageEvent::PushStarted);
        progress.expect(image.layers.len());
        progress.set_open(true);
        let mut layers: Vec<Option<Descriptor>> = vec![None; image.layers.len()];
        let mut waiting = image.layers.iter().enumerate();
        let mut running = FuturesUnordered::new();
        let mut tick = tokio::time::interval(TICK);
        loop {
            while running.len() < AT_ONCE
                && let Some((number, layer)) = waiting.next()
            {
                running.push(
                    async move { (number, self.layer(target, image, layer, progress).await) },
                );
            }
            progress.set_open(running.len() == AT_ONCE);
            tokio::select! {
                done = running.next() => match done {
                    Some((number, layer)) => layers[number] = Some(layer?),
                    None => break,
                },
                _ = tick.tick() => progress.tell(),
            }
        }
        let config = self.config(target, &image.config, &image.config_type, progress).await?;
        progress.tell();
        match &image.manifest {
            Some((media_type, bytes)) => self.manifest(target, media_type, bytes.clone()).await,
            None => {
                let layers = layers.into_iter().flatten().collect();
                let manifest = ImageManifest::new(image.family, config, layers);
                self.manifest(target, image.family, manifest.to_bytes().into()).await
            }
        }
    }

    /// The configuration is a blob, too.
    pub(super) async fn config(
        &self,
        target: &Target<'_>,
        config: &Bytes,
        media_type: &str,
        progress: &Progress<'_>,
    ) -> Result<Descriptor, ImageError> {
        let descriptor = Descriptor::new(media_type, Digest::of(config), config.len() as u64);
        let content = Content::from(config.clone());
        let activity = progress.watch(&content);
        self.blob(target, &descriptor, &content, &activity).await?;
        Ok(descriptor)
    }

    async fn layer(
        &self,
        target: &Target<'_>,
        image: &Opened,
        layer: &Layer,
        progress: &Progress<'_>,
    ) -> Result<Descriptor, ImageError> {
        match layer {
            Layer::Packed { descriptor, .. } if media_type::is_foreign(&descriptor.media_type) => {
                Ok(descriptor.clone())
            }
            Layer::Packed { descriptor, content } => {
                let activity = progress.watch(content);
                let arrival = self.blob(target, descriptor, content, &activity).await?;
                progress.layer(&descriptor.digest, arrival);
                Ok(descriptor.clone())
            }
            Layer::Plain { diff_id, content, offset, length } => {
                let section = Section { file: content.clone(), at: *offset, left: *length };
                self.plain(target, image, diff_id, section, progress).await
            }
        }
    }

    /// Packs a layer on its way, unless the registry is known to have it.
    async fn plain(
        &self,
        target: &Target<'_>,
        image: &Opened,
        diff_id: &Digest,
        section: Section,
        progress: &Progress<'_>,
    ) -> Result<Descriptor, ImageError> {
        let flight = self.flight(target.registry.host(), diff_id);
        let _flight = flight.lock().await;
        if let Some((descriptor, arrival)) = self.known(target, diff_id).await? {
            let descriptor = of_family(image.family, descriptor);
            progress.layer(&descriptor.digest, arrival);
            return Ok(descriptor);
        }
        // A layer at a time: packing one uses all processors.
        let _packing = self.exports.acquire().await;
        let (mut writer, reader) = spool(&self.spool).map_err(|error| self.cannot_keep(error))?;
        let content = Content::Growing(reader);
        let activity = progress.watch(&content);
        let packing = tokio::task::spawn_blocking(move || {
            let mut section = section;
            let packed = compress(&mut section, |bytes| writer.write(bytes));
            if packed.is_ok() {
                writer.finish();
            }
            packed
        });
        let packing = tokio::sync::Mutex::new(Some(packing));
        let packed = OnceCell::new();
        // Asked once the last byte has been sent, and again when that has to be done again.
        let digest = async || -> Result<Digest, ImageError> {
            let pack = async || match packing.lock().await.take() {
                Some(packing) => packing.await.unwrap_or_else(|error| Err(io::Error::other(error))),
                None => Err(io::Error::other("the layer was not made")),
            };
            let made: &Compressed = packed
                .get_or_try_init(async || pack().await.map_err(|error| self.cannot_keep(error)))
                .await?;
            if made.diff_id == *diff_id {
                // Whoever is stopped once it is stored need not store it again.
                self.remember(target, diff_id, &descriptor(image, made), false);
                return Ok(made.digest.clone());
            }
            Err(ImageError::Corrupt {
                name: image.name.clone(),
                expected: diff_id.to_string(),
                actual: made.diff_id.to_string(),
            })
        };
        let place = self.pool.acquire().await;
        let what = layer(diff_id);
        self.upload(Upload::new(target, &what, &content, &activity, None), digest).await?;
        drop(place);
        let made = packed.get().ok_or_else(|| {
            self.cannot_keep(io::Error::other("a layer was uploaded before it was made"))
        })?;
        let descriptor = descriptor(image, made);
        self.remember(target, diff_id, &descriptor, true);
        progress.layer(&descriptor.digest, Arrival::Uploaded);
        Ok(descriptor)
    }
}

fn descriptor(image: &Opened, made: &Compressed) -> Descriptor {
    let kind = media_type::layer(image.family, Packing::Gzip);
    Descriptor::new(&kind, made.digest.clone(), made.size)
}

/// What was learned in the words of one family, in those of another.
pub(super) fn of_family(family: &str, descriptor: Descriptor) -> Descriptor {
    let packing = match descriptor.media_type.as_str() {
        kind if kind.ends_with("zstd") => Packing::Zstd,
        kind if kind.ends_with("gzip") => Packing::Gzip,
        _ => return descriptor,
    };
    Descriptor { media_type: media_type::layer(family, packing), ..descriptor }
}

/// A part of a file, to be read once.
struct Section {
    file: Arc<File>,
    at: u64,
    left: u64,
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if room == 0 {
            return Ok(0);
        }
        let count = read_at(&self.file, &mut buffer[..room], self.at)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}
