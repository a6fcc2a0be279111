//! Images with files or settings on top of them, brought to a registry.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::assets::{Base, Blob, Extended, Extension, Prepared};
use super::bases::{BaseDigest, current_base};
use super::error::ImageError;
use super::event::ImageEvent;
use super::given::GivenName;
use super::name::ContentName;
use super::oci::{Descriptor, media_type};
use super::placeholder::Placeholder;
use super::reference::Reference;
use super::registry::{Content, Registry, RegistryCode, RegistryError};
use super::source::{Layer, Opened};
use super::spec::BuildSpec;
use super::upload::{Progress, Target};
use super::{AssetError, AssetSource, Destination, Images, Mode, Origin};

/// What files are put on.
#[derive(Clone, Debug)]
pub enum BaseImage {
    /// An image that is built first.
    Built(Box<BuildSpec>, ContentName),
    /// An image that exists elsewhere, by its reference.
    Existing(String),
    /// An image of a layout or an archive.
    Given(Box<GivenName>),
}

/// An image with something on top of it, named before anything of it is there.
#[derive(Clone, Debug)]
pub struct ExtendedName {
    base: BaseImage,
    /// Of a base that exists elsewhere.
    digest: BaseDigest,
    /// Of the images of which a part is put on it, by their references.
    sources: BTreeMap<String, BaseDigest>,
    prepared: Prepared,
    tag: String,
}

impl ExtendedName {
    /// The tag in its repository; see [`Prepared::tag`].
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The images of which only the reference is known: the name will not change when they do.
    pub fn unresolved_images(&self) -> impl Iterator<Item = &str> {
        let base = match (&self.base, &self.digest) {
            (BaseImage::Existing(reference), BaseDigest::Unknown) => Some(reference),
            _ => None,
        };
        let unknown = |(_, digest): &(&String, &BaseDigest)| **digest == BaseDigest::Unknown;
        let sources = self.sources.iter().filter(unknown).map(|(reference, _)| reference);
        base.into_iter().chain(sources).map(String::as_str)
    }

    /// What the base is built from, where it is built.
    pub fn build_mut(&mut self) -> Option<&mut BuildSpec> {
        match &mut self.base {
            BaseImage::Built(spec, _) => Some(spec),
            BaseImage::Existing(_) | BaseImage::Given(_) => None,
        }
    }

    /// The tag that a copy of another image has beside this one.
    fn copy_tag(&self, reference: &str, digest: &BaseDigest) -> String {
        let platform = &self.prepared.extension().platform;
        let digest = match digest {
            BaseDigest::Registry(digest) | BaseDigest::Local(digest) => digest.as_str(),
            // Nobody knows whether it still is what it was for another image.
            BaseDigest::Unknown => &self.tag,
        };
        let whole = Sha256::digest(format!("{reference}\n{digest}\n{platform}"));
        format!("decklift-base-{}", hex::encode(&whole[..12]))
    }
}

impl Images {
    /// Names what comes of putting `extension` on `base`. Reads the files, and nothing of the base.
    ///
    /// # Errors
    ///
    /// Files that are missing, cannot be read, or must not become a part of an image.
    pub async fn name_extended(
        &self,
        base: BaseImage,
        mut extension: Extension,
    ) -> Result<ExtendedName, ImageError> {
        let sources = self.identify(&mut extension).await;
        let prepared = extension.prepare().await?;
        let digest = match &base {
            BaseImage::Built(_, name) => BaseDigest::Local(name.tag()),
            BaseImage::Given(name) => BaseDigest::Local(name.tag().to_owned()),
            BaseImage::Existing(reference) => {
                current_base(self.engine(), reference, self.given_for(reference)).await
            }
        };
        let identity = match (&base, &digest) {
            (_, BaseDigest::Registry(digest) | BaseDigest::Local(digest)) => digest,
            (BaseImage::Existing(reference), BaseDigest::Unknown) => reference,
            (BaseImage::Built(spec, _), BaseDigest::Unknown) => &spec.service,
            (BaseImage::Given(name), BaseDigest::Unknown) => name.tag(),
        };
        let tag = prepared.tag(identity);
        Ok(ExtendedName { base, digest, sources, prepared, tag })
    }

    /// Finds out what the images are today of which a part is put on another.
    async fn identify(&self, extension: &mut Extension) -> BTreeMap<String, BaseDigest> {
        let mut sources = BTreeMap::new();
        for asset in &mut extension.assets {
            let AssetSource::Image(source) = &mut asset.source else { continue };
            let reference = &source.reference;
            let digest = match sources.get(reference) {
                Some(digest) => digest,
                None => {
                    let given = self.given_for(reference);
                    let digest = current_base(self.engine(), reference, given).await;
                    sources.entry(reference.clone()).or_insert(digest)
                }
            };
            source.identity = match digest {
                BaseDigest::Registry(digest) | BaseDigest::Local(digest) => digest.clone(),
                BaseDigest::Unknown => reference.clone(),
            };
        }
        sources
    }

    /// Sees to it that the destination has the image, and returns its digest there. An engine is
    /// asked only for what it builds, and for a base that no registry gives to everybody.
    ///
    /// # Errors
    ///
    /// What building, reading and pushing may come to.
    pub async fn ensure_extended(
        &self,
        name: &ExtendedName,
        destination: &Destination,
        mode: Mode,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<String, ImageError> {
        let builds = matches!(name.base, BaseImage::Built(..));
        if !(builds && mode == Mode::Rebuild)
            && let Some(digest) = self.existing(&name.tag, destination, mode).await?
        {
            return Ok(digest);
        }
        let digest = match mode {
            Mode::Placeholder => {
                let Extension { service, platform, .. } = name.prepared.extension();
                let placeholder = Placeholder::new(service, &name.tag, platform);
                self.stand_in(&placeholder, &name.tag, destination, on_event).await?
            }
            Mode::Build | Mode::Rebuild => self.extend(name, destination, mode, on_event).await?,
        };
        on_event(ImageEvent::Pushed { digest: digest.clone() });
        Ok(digest)
    }

    async fn extend(
        &self,
        name: &ExtendedName,
        destination: &Destination,
        mode: Mode,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<String, ImageError> {
        let (registry, repository) = self.open(destination)?;
        let prepared = self.with_sources(name, destination, on_event).await?;
        let to = &Target { registry: &registry, repository: &repository, tag: &name.tag };
        if let (BaseImage::Existing(reference), BaseDigest::Registry(digest)) =
            (&name.base, &name.digest)
            && let Some(place) = Reference::parse(reference)
        {
            let source = self.source(&place.registry).await?;
            let base = Base::Registry {
                registry: &source,
                repository: &place.repository,
                reference: digest,
            };
            match prepared.extend(base).await {
                Ok(extended) => {
                    return self
                        .upload(&extended, (&source, &place.repository), to, on_event)
                        .await;
                }
                // An engine may have the image already, or a login for it.
                Err(error) if self.engine().is_some() && is_closed(&error) => {}
                Err(ImageError::Registry(source)) => {
                    let (reference, source) = (reference.clone(), Box::new(source));
                    return Err(ImageError::Unavailable { reference, source });
                }
                Err(error) => return Err(error),
            }
        }
        // The base is brought to the destination as it is, and read there.
        let mut quiet = |event| match event {
            // Only the base is there.
            ImageEvent::Pushed { .. } => {}
            event => on_event(event),
        };
        let digest = match &name.base {
            BaseImage::Built(spec, built) => {
                self.ensure(spec, built, destination, mode, &mut quiet).await?
            }
            BaseImage::Given(given) => self.ensure_given(given, destination, &mut quiet).await?,
            BaseImage::Existing(reference) => {
                self.copy_beside(name, reference, &name.digest, destination, &mut quiet).await?
            }
        };
        let base =
            Base::Registry { registry: to.registry, repository: to.repository, reference: &digest };
        let extended = prepared.extend(base).await?;
        self.upload(&extended, (&registry, &repository), to, on_event).await
    }

    /// Brings another image to the destination as it is, and returns its digest there.
    async fn copy_beside(
        &self,
        name: &ExtendedName,
        reference: &str,
        digest: &BaseDigest,
        destination: &Destination,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<String, ImageError> {
        let platform = name.prepared.extension().platform.clone();
        let tag = name.copy_tag(reference, digest);
        let origin = Origin { reference: reference.to_owned(), platform, tag };
        self.copy(&origin, destination, Mode::Build, on_event).await
    }

    /// What was prepared, with the parts of other images: read where they are, or, where no registry
    /// gives them to everybody, at the destination.
    async fn with_sources(
        &self,
        name: &ExtendedName,
        destination: &Destination,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<Prepared, ImageError> {
        let mut prepared = name.prepared.clone();
        let wanted = name.prepared.images();
        let wanted = wanted.map(|(target, source)| (target.to_owned(), source.reference.clone()));
        for (target, reference) in wanted.collect::<Vec<_>>() {
            let digest = name.sources.get(&reference).unwrap_or(&BaseDigest::Unknown);
            if let (BaseDigest::Registry(digest), Some(place)) =
                (digest, Reference::parse(&reference))
            {
                let registry = self.source(&place.registry).await?;
                let repository = &place.repository;
                let image = Base::Registry { registry: &registry, repository, reference: digest };
                match prepared.read_image(&target, image).await {
                    Ok(()) => continue,
                    Err(error) if self.engine().is_some() && is_closed(&error) => {}
                    Err(ImageError::Registry(source)) => {
                        return Err(ImageError::Unavailable {
                            reference,
                            source: Box::new(source),
                        });
                    }
                    Err(error) => return Err(error),
                }
            }
            let mut quiet = |event| match event {
                // Only the other image is there.
                ImageEvent::Pushed { .. } => {}
                event => on_event(event),
            };
            let digest =
                self.copy_beside(name, &reference, digest, destination, &mut quiet).await?;
            let (registry, repository) = self.open(destination)?;
            let (registry, repository) = (&*registry, repository.as_str());
            let image = Base::Registry { registry, repository, reference: &digest };
            prepared.read_image(&target, image).await?;
        }
        Ok(prepared)
    }

    /// Uploads what is not there yet; `from` has the layers of the base.
    async fn upload(
        &self,
        extended: &Extended,
        (registry, repository): (&Arc<Registry>, &str),
        to: &Target<'_>,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<String, ImageError> {
        let name = format!("{repository}:{}", to.tag);
        let descriptor = |blob: &Blob| {
            let digest = blob.digest.parse();
            let digest =
                digest.map_err(|source| ImageError::Document { name: name.clone(), source })?;
            Ok::<_, ImageError>(Descriptor::new(&blob.media_type, digest, blob.size))
        };
        let mut layers = Vec::new();
        for blob in &extended.base_layers {
            let descriptor = descriptor(blob)?;
            let content = Content::Remote {
                registry: registry.clone(),
                repository: repository.to_owned(),
                descriptor: Box::new(descriptor.clone()),
            };
            layers.push(Layer::Packed { descriptor, content });
        }
        if let Some((blob, file)) = &extended.layer {
            let open = std::fs::File::open(file.path()).map_err(AssetError::Temporary)?;
            let content = Content::Section { file: Arc::new(open), offset: 0, length: blob.size };
            layers.push(Layer::Packed { descriptor: descriptor(blob)?, content });
        }
        let (config, bytes) = &extended.config;
        let opened = Opened {
            name: name.clone(),
            manifest: Some((extended.media_type.clone(), extended.manifest.clone())),
            family: media_type::OCI_MANIFEST,
            config: bytes.clone(),
            config_type: config.media_type.clone(),
            layers,
        };
        self.uploader.send(to, &opened, &Progress::new(on_event)).await
    }
}

/// Whether the registry keeps the image from those who do not log in, or cannot be reached from
/// here.
fn is_closed(error: &ImageError) -> bool {
    let ImageError::Registry(error) = error else { return false };
    match error {
        RegistryError::Unreachable { .. }
        | RegistryError::BrokeOff { .. }
        | RegistryError::Timeout { .. } => true,
        RegistryError::Refused { code, .. } => matches!(
            code,
            RegistryCode::Unauthorized | RegistryCode::Denied | RegistryCode::TooManyRequests
        ),
        _ => false,
    }
}
