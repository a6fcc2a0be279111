//! Images of an engine: one export, uploaded while it comes.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::{OnceCell, OwnedMutexGuard, Semaphore, mpsc, oneshot};

use super::blob::{Arrival, Upload, layer};
use super::from_store::of_family;
use super::{POOL, Progress, TICK, Target, Uploader};
use crate::images::engine::{Engine, LocalLayers, export_failed};
use crate::images::error::ImageError;
use crate::images::event::ImageEvent;
use crate::images::oci::media_type::{self, Packing};
use crate::images::oci::{Descriptor, Digest, ImageManifest, OciError, Platform};
use crate::images::registry::Content;
use crate::images::source::stream::{self, Arrived, Fault, Made, Outline, Part, Plan};

/// The layers that the repository has, packed, by what they are unpacked.
type Known = HashMap<Digest, Descriptor>;

impl Uploader {
    /// Brings an image of the engine into a repository, and returns its digest there. Nothing when
    /// the engine has no such image.
    pub(in crate::images) async fn send_from_engine(
        &self,
        target: &Target<'_>,
        engine: &Engine,
        name: &str,
        platform: &Platform,
        progress: &Progress<'_>,
    ) -> Result<Option<String>, ImageError> {
        let Some(local) = engine.layers(name).await? else { return Ok(None) };
        if !local.platform.serves(platform) {
            let has = vec![local.platform.to_string()];
            let source = OciError::NoPlatform { wanted: platform.to_string(), has };
            return Err(ImageError::Document { name: name.to_owned(), source });
        }
        if local.diff_ids.is_empty() {
            // docker's engine exports none such, and nothing could run in it.
            let message = "it has no files at all; COPY a program into it".to_owned();
            return Err(export_failed(name, message));
        }
        progress.event(ImageEvent::PushStarted);
        progress.expect(local.diff_ids.len());
        let (known, _claims) = self.known_layers(target, &local, progress).await?;
        let config = local.id.parse().ok().and_then(|id| self.cache.as_ref()?.config(&id));
        if let Some(config) = config
            && local.diff_ids.iter().all(|diff_id| known.contains_key(diff_id))
        {
            // Nothing of it has to leave the engine.
            let layers = local.diff_ids.into_iter().map(Arrived::Known).collect();
            let outline = Outline { config, layers, manifest: None };
            return self.finish(target, &known, outline, progress).await.map(Some);
        }
        let outline = self.export(target, engine, name, &local, &known, platform, progress).await?;
        self.finish(target, &known, outline, progress).await.map(Some)
    }

    /// Which layers need not come. Layers that other images of this run are bringing just now are
    /// waited for; the others are claimed until this image is there.
    async fn known_layers(
        &self,
        target: &Target<'_>,
        local: &LocalLayers,
        progress: &Progress<'_>,
    ) -> Result<(Known, Vec<OwnedMutexGuard<()>>), ImageError> {
        let mut known = Known::new();
        let look = |diff_id: Digest| async move {
            let found = self.known(target, &diff_id).await;
            found.map(|found| (diff_id, found))
        };
        let mut distinct = local.diff_ids.clone();
        // In one order for all images: two never wait for each other.
        distinct.sort();
        distinct.dedup();
        let mut unknown = Vec::new();
        let mut looking: FuturesUnordered<_> = distinct.into_iter().map(look).collect();
        while let Some(found) = looking.next().await {
            match found? {
                (diff_id, Some((descriptor, arrival))) => {
                    progress.layer(&descriptor.digest, arrival);
                    known.insert(diff_id, descriptor);
                }
                (diff_id, None) => unknown.push(diff_id),
            }
        }
        unknown.sort();
        let mut claims = Vec::new();
        for diff_id in unknown {
            let flight = self.flight(target.registry.host(), &diff_id);
            let claim = match flight.clone().try_lock_owned() {
                Ok(claim) => claim,
                Err(_) => {
                    let claim = flight.lock_owned().await;
                    if let Some((descriptor, arrival)) = self.known(target, &diff_id).await? {
                        progress.layer(&descriptor.digest, arrival);
                        known.insert(diff_id, descriptor);
                        continue;
                    }
                    claim
                }
            };
            claims.push(claim);
        }
        Ok((known, claims))
    }

    /// Takes the export as it comes, and sends what has to be sent.
    #[expect(clippy::too_many_arguments, reason = "one image, and everything about it")]
    async fn export(
        &self,
        target: &Target<'_>,
        engine: &Engine,
        name: &str,
        local: &LocalLayers,
        known: &Known,
        platform: &Platform,
        progress: &Progress<'_>,
    ) -> Result<Outline, ImageError> {
        let _export = self.exports.acquire().await;
        let export = engine.export(&local.id).await?;
        let plan = Plan {
            diff_ids: local.diff_ids.clone(),
            known: local.diff_ids.iter().map(|diff_id| known.contains_key(diff_id)).collect(),
            spool: self.spool.clone(),
            places: Arc::new(Semaphore::new(POOL)),
        };
        let (send, mut parts) = mpsc::unbounded_channel();
        let wanted = platform.clone();
        let read = move || stream::read(export, &plan, &wanted, &send);
        let mut reading = tokio::task::spawn_blocking(read).fuse();
        let mut outline = None;
        let mut uploads = FuturesUnordered::new();
        let mut tick = tokio::time::interval(TICK);
        progress.set_open(true);
        loop {
            tokio::select! {
                Some(part) = parts.recv() => uploads.push(self.part(target, part, progress)),
                Some(sent) = uploads.next() => match sent {
                    Ok(()) => {}
                    // The export breaking off is the reason, and that its layers end is not.
                    Err(Failed::NotMade) if outline.is_none() => {}
                    Err(Failed::NotMade) => return Err(export_failed(name, "a layer ended early".to_owned())),
                    Err(Failed::Image(error)) => return Err(error),
                },
                read = &mut reading => {
                    let read = read.map_err(|error| export_failed(name, error.to_string()))?;
                    outline = Some(read.map_err(|fault| self.fault(name, fault))?);
                    progress.set_open(false);
                }
                _ = tick.tick() => progress.tell(),
                else => break,
            }
            // What is read to its end has sent all its parts.
            if outline.is_some() && parts.is_empty() && uploads.is_empty() {
                break;
            }
        }
        progress.tell();
        outline.ok_or_else(|| export_failed(name, "it ended early".to_owned()))
    }

    fn fault(&self, name: &str, fault: Fault) -> ImageError {
        match fault {
            Fault::Io(error) => export_failed(name, error.to_string()),
            Fault::Spool(error) => self.cannot_keep(error),
            Fault::Document(source) => ImageError::Document { name: name.to_owned(), source },
        }
    }

    /// One layer of an export.
    async fn part(
        &self,
        target: &Target<'_>,
        part: Part,
        progress: &Progress<'_>,
    ) -> Result<(), Failed> {
        let Part { content, digest, made, place: _until_uploaded } = part;
        let content = Content::Growing(content);
        let activity = progress.watch(&content);
        let _place = self.pool.acquire().await;
        let mut session = None;
        // What comes unpacked has its digest when it is over.
        let what = digest.as_ref().map_or_else(|| "a layer".to_owned(), layer);
        if let Some(digest) = digest {
            // Its size and kind do not matter for the question.
            let asked = Descriptor::new("", digest.clone(), 0);
            let (arrival, begun) = self.present(target, &asked).await?;
            if let Some(arrival) = arrival {
                // The engine goes on reading: whoever waits for this layer's end is not left alone.
                let _ = made.await;
                progress.layer(&digest, arrival);
                return Ok(());
            }
            session = begun;
        }
        let made = Waiting { made: tokio::sync::Mutex::new(Some(made)), known: OnceCell::new() };
        let digest = async || match made.get().await {
            Some(made) => {
                if let Some(diff_id) = &made.diff_id {
                    self.remember(target, diff_id, &descriptor(made), false);
                }
                Ok(made.digest.clone())
            }
            None => Err(export_failed("", NOT_MADE.to_owned())),
        };
        let upload = Upload::new(target, &what, &content, &activity, session);
        let uploaded = self.upload(upload, digest).await;
        let made = made.get().await.ok_or(Failed::NotMade)?;
        uploaded?;
        match &made.diff_id {
            Some(diff_id) => self.remember(target, diff_id, &descriptor(made), true),
            None => self.placed(target, &made.digest),
        }
        progress.layer(&made.digest, Arrival::Uploaded);
        Ok(())
    }

    /// Configuration and manifest.
    async fn finish(
        &self,
        target: &Target<'_>,
        known: &Known,
        outline: Outline,
        progress: &Progress<'_>,
    ) -> Result<String, ImageError> {
        let Outline { config, layers, manifest } = outline;
        if let Some(cache) = &self.cache {
            cache.remember_config(&config);
        }
        if let Some((media_type, bytes)) = manifest {
            let kind = if media_type == media_type::DOCKER_MANIFEST {
                media_type::DOCKER_CONFIG
            } else {
                media_type::OCI_CONFIG
            };
            self.config(target, &config, kind, progress).await?;
            return self.manifest(target, &media_type, bytes).await;
        }
        let is_zstd =
            |layer: &Arrived| matches!(layer, Arrived::Made(made) if made.packing == Packing::Zstd);
        let (family, kind) = if layers.iter().any(is_zstd) {
            (media_type::OCI_MANIFEST, media_type::OCI_CONFIG)
        } else {
            (media_type::DOCKER_MANIFEST, media_type::DOCKER_CONFIG)
        };
        let missing = |diff_id: &Digest| {
            export_failed(diff_id.as_str(), "a layer is not known any more".to_owned())
        };
        let mut descriptors = Vec::new();
        for layer in &layers {
            descriptors.push(match layer {
                Arrived::Made(made) => of_family(family, descriptor(made)),
                Arrived::Known(diff_id) => {
                    let known = known.get(diff_id).ok_or_else(|| missing(diff_id))?;
                    of_family(family, known.clone())
                }
            });
        }
        let config: Bytes = config;
        let config = self.config(target, &config, kind, progress).await?;
        let bytes = ImageManifest::new(family, config, descriptors).to_bytes();
        self.manifest(target, family, bytes.into()).await
    }
}

const NOT_MADE: &str = "a layer ended early";

/// Why a layer is not there.
enum Failed {
    /// Whoever makes it gave up, and will say why.
    NotMade,
    Image(ImageError),
}

impl From<ImageError> for Failed {
    fn from(error: ImageError) -> Self {
        Self::Image(error)
    }
}

/// A layer that will be made, for more than one who asks.
struct Waiting {
    made: tokio::sync::Mutex<Option<oneshot::Receiver<Made>>>,
    known: OnceCell<Made>,
}

impl Waiting {
    async fn get(&self) -> Option<&Made> {
        let wait = async || match self.made.lock().await.take() {
            Some(made) => made.await.map_err(|_| ()),
            None => Err(()),
        };
        self.known.get_or_try_init(wait).await.ok()
    }
}

fn descriptor(made: &Made) -> Descriptor {
    let kind = media_type::layer(media_type::DOCKER_MANIFEST, made.packing);
    Descriptor::new(&kind, made.digest.clone(), made.size)
}
