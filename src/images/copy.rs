//! Images that exist elsewhere, brought to a registry as they are.

use std::sync::Arc;

use super::config::ImageConfig;
use super::credentials::Credentials;
use super::error::ImageError;
use super::event::ImageEvent;
use super::oci::Platform;
use super::placeholder::Placeholder;
use super::reference::Reference;
use super::registry::{Registry, RegistryError};
use super::source::{Opened, Source};
use super::upload::{Progress, Target};
use super::{Auth, Destination, Images, Mode};

/// An image that exists elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its reference.
    pub reference: String,
    /// The platform that is wanted of it, such as `linux/arm64`.
    pub platform: String,
    /// The tag that it has at its destination.
    pub tag: String,
}

impl Images {
    /// Sees to it that the destination has a copy of an image, and returns its digest there. It goes
    /// from registry to registry, without an engine; an image that only the engine has comes from
    /// there.
    ///
    /// # Errors
    ///
    /// What reading and uploading may come to; [`ImageError::NoSuchImage`] when neither a registry
    /// nor the engine has it.
    pub async fn copy(
        &self,
        origin: &Origin,
        destination: &Destination,
        mode: Mode,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<String, ImageError> {
        let Origin { reference, platform, tag } = origin;
        if let Some(digest) = self.existing(tag, destination, mode).await? {
            return Ok(digest);
        }
        let digest = match mode {
            Mode::Placeholder => {
                let placeholder = Placeholder::new(reference, tag, platform);
                self.stand_in(&placeholder, tag, destination, on_event).await?
            }
            // What is copied is what it was.
            Mode::Build | Mode::Rebuild => {
                self.bring(reference, platform, tag, destination, on_event).await?
            }
        };
        on_event(ImageEvent::Pushed { digest: digest.clone() });
        Ok(digest)
    }

    async fn bring(
        &self,
        reference: &str,
        platform: &str,
        tag: &str,
        destination: &Destination,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<String, ImageError> {
        let wanted = Platform::parse(platform);
        let missing =
            |message: String| ImageError::NoSuchImage { reference: reference.to_owned(), message };
        let parsed = Reference::parse(reference)
            .ok_or_else(|| missing("it is no name of an image".to_owned()))?;
        let (registry, repository) = self.open(destination)?;
        let target = Target { registry: &registry, repository: &repository, tag };
        // What the engine has under this name is what its user means, where it is for the platform.
        let in_engine = self.engine().is_some() && self.is_in_engine(reference, &wanted).await;
        let found = match self.opened(&parsed, &wanted).await {
            Err(error) if in_engine && !matches!(error, ImageError::Document { .. }) => None,
            result => result?,
        };
        if let Some(opened) = found {
            let progress = Progress::new(on_event);
            return self.uploader.send(&target, &opened, &progress).await;
        }
        let asked = || missing(format!("the registry {} has no such image", parsed.registry));
        let Some(engine) = self.engine().filter(|_| in_engine) else { return Err(asked()) };
        let progress = Progress::new(on_event);
        let sent = self.uploader.send_from_engine(&target, engine, reference, &wanted, &progress);
        sent.await?.ok_or_else(asked)
    }

    async fn is_in_engine(&self, reference: &str, wanted: &Platform) -> bool {
        let Some(engine) = self.engine() else { return false };
        let found = engine.layers(reference).await;
        matches!(found, Ok(Some(local)) if local.platform.serves(wanted))
    }

    /// What an image says of itself: the engine's, or else that of its registry for a platform. Nothing
    /// when neither has it.
    ///
    /// # Errors
    ///
    /// The engine or the registry does not answer, or the registry has nothing for the platform.
    pub async fn describe(
        &self,
        reference: &str,
        platform: &str,
    ) -> Result<Option<ImageConfig>, ImageError> {
        if let Some(engine) = self.engine()
            && let Some(found) = engine.config(reference).await?
        {
            return Ok(Some(found));
        }
        let Some(parsed) = Reference::parse(reference) else { return Ok(None) };
        let wanted = Platform::parse(platform);
        let Some(cache) = self.uploader.cache() else {
            let found = self.opened(&parsed, &wanted).await?;
            return Ok(found.and_then(|opened| ImageConfig::read_stored(&opened.config)));
        };
        // What a digest leads to never changes: the registry is asked for no more than the digest.
        let digest = self.digest_of(&parsed).await;
        if let Some(digest) = &digest
            && let Some(config) = cache.described(digest, platform)
        {
            return Ok(ImageConfig::read_stored(&config));
        }
        let exact = match &digest {
            Some(digest) => Reference { tag: digest.clone(), ..parsed },
            None => parsed,
        };
        let Some(opened) = self.opened(&exact, &wanted).await? else { return Ok(None) };
        if let Some(digest) = &digest {
            cache.remember_described(digest, platform, &opened.config);
        }
        Ok(ImageConfig::read_stored(&opened.config))
    }

    /// What a registry has under a name now; nothing where it does not say so: why will be told when
    /// the image is read.
    async fn digest_of(&self, reference: &Reference) -> Option<String> {
        let registry = self.source(&reference.registry).await.ok()?;
        registry.manifest_digest(&reference.repository, &reference.tag).await.ok()?
    }

    /// The registry of an image, where docker's configuration has no login for it.
    pub async fn lacks_login(reference: &str) -> Option<String> {
        let host = Reference::parse(reference)?.registry;
        let found = Credentials::user().find(&host).await;
        matches!(found, Ok(Auth::Anonymous)).then_some(host)
    }

    /// The login that was given for the registry of an image.
    pub(super) fn given_for(&self, reference: &str) -> Option<Auth> {
        self.logins.get(&Reference::parse(reference)?.registry).cloned()
    }

    /// The login that was given for a registry, or the user's own.
    async fn login(&self, host: &str) -> Result<Auth, ImageError> {
        match self.logins.get(host) {
            Some(auth) => Ok(auth.clone()),
            None => Credentials::user().find(host).await,
        }
    }

    /// A registry to take images from.
    pub(super) async fn source(&self, host: &str) -> Result<Arc<Registry>, ImageError> {
        self.registry(host, &self.login(host).await?)
    }

    /// An image of a registry, with the login that was given for it or the user's own; nothing when there is none.
    async fn opened(
        &self,
        reference: &Reference,
        platform: &Platform,
    ) -> Result<Option<Opened>, ImageError> {
        let auth = self.login(&reference.registry).await?;
        let registry: Arc<Registry> = self.registry(&reference.registry, &auth)?;
        match Opened::remote(&registry, reference, platform).await {
            // Docker Hub says so of what does not exist.
            Err(ImageError::Registry(RegistryError::Refused { status: 401 | 403, .. }))
                if auth == Auth::Anonymous && self.engine().is_some() =>
            {
                Ok(None)
            }
            Err(ImageError::Registry(source)) => {
                let (reference, source) = (reference.to_string(), Box::new(source));
                Err(ImageError::Unavailable { reference, source })
            }
            result => result,
        }
    }

    /// Brings an image from anywhere into a repository under a tag, for a platform such as
    /// `linux/arm64`, and returns its digest there.
    ///
    /// # Errors
    ///
    /// What reading and uploading may come to.
    pub async fn send(
        &self,
        source: &Source,
        platform: &str,
        tag: &str,
        destination: &Destination,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<String, ImageError> {
        let wanted = Platform::parse(platform);
        let digest = match source {
            Source::Engine { name } => {
                let no_engine = || ImageError::NoEngine { service: name.clone() };
                let engine = self.engine().ok_or_else(no_engine)?;
                self.push_local(engine, name, &wanted, tag, destination, on_event).await?
            }
            Source::Registry { reference } => {
                self.bring(reference, platform, tag, destination, on_event).await?
            }
            Source::Layout { path, name } | Source::Archive { path, name } => {
                let (path, name) = (path.clone(), name.clone());
                let open = move || Opened::open(&path, name.as_deref(), Some(&wanted));
                let opened = super::engine::in_background(open).await?;
                let (registry, repository) = self.open(destination)?;
                let target = Target { registry: &registry, repository: &repository, tag };
                self.uploader.send(&target, &opened, &Progress::new(on_event)).await?
            }
        };
        on_event(ImageEvent::Pushed { digest: digest.clone() });
        Ok(digest)
    }
}
