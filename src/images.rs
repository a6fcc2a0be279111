//! Images: what must be built, what it is called, building it, and bringing it to a registry.
//!
//! An image is named by what makes it ([`content_name`]): when the registry has the name, nothing
//! is built or pushed. This module promises that one name means one content; it does not promise
//! that two builds of one content give one digest, which is why the name is asked for first and
//! the digest is the registry's.

mod archive;
mod assets;
mod bases;
mod building;
mod buildkit;
mod compress;
mod config;
mod context;
mod copy;
mod credentials;
mod dockerfile;
mod engine;
mod error;
mod event;
mod extended;
mod git;
mod given;
mod ignore;
mod kept;
mod line_ends;
mod mirror;
mod name;
mod oci;
mod options;
mod pin;
mod placeholder;
mod reference;
mod registry;
mod retry;
mod source;
mod spec;
mod spool;
mod tags;
mod tar;
mod upload;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub use assets::{
    Asset, AssetError, AssetSource, Base, Blob, Extended, Extension, ImageSource, Prepared,
    Rewrites, TemporaryFile, link_stays,
};
pub use bases::{BaseDigest, BaseDigests, external_bases, resolve_base};
pub use config::{ImageConfig, ImageHealth};
pub use copy::Origin;
pub use dockerfile::{Copied, Declared, declared, examined};
pub use engine::{Builder, Engine, EngineInfo, LocalImage};
pub use error::{ImageError, to_find_a_stage};
pub use event::{ImageEvent, LayerArrival};
pub use extended::{BaseImage, ExtendedName};
pub use given::GivenName;
pub use ignore::{Ignore, IgnoreError};
pub use name::{ContentName, content_name};
pub use oci::OciError;
pub use options::BuildOptions;
pub use pin::Pin;
pub use placeholder::Placeholder;
pub use reference::Reference;
pub use registry::{
    Auth, BlobBody, BlobSource, Manifest, Registry, RegistryCode, RegistryError, Renewal,
};
pub use retry::Retry;
pub use source::Source;
pub use spec::{BuildSecret, BuildSpec, SecretSource, epoch};

use archive::Fetched;
use bases::current_base;
use oci::Platform;
use tokio::sync::OnceCell;
use upload::{Progress, Target, Uploader};

/// What to do about an image that the registry does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Build it. A placeholder of that name is replaced.
    Build,
    /// Build it, whether the registry has it or not: the tag is moved to what comes of it.
    Rebuild,
    /// Push a placeholder: for a sandbox without an engine, and nowhere else.
    Placeholder,
}

/// A repository in a registry.
#[derive(Clone, Debug)]
pub struct Destination {
    /// `<registry>/<repository>`
    pub address: String,
    /// Who pushes.
    pub auth: Auth,
}

/// Names images and brings them to registries.
#[derive(Debug, Default)]
pub struct Images {
    engine: Option<Engine>,
    /// Each base is asked for once, so that all images of a run agree on it; those that are to be
    /// pulled apart from the others.
    bases: Mutex<BTreeMap<(String, bool), BaseDigest>>,
    /// What was built in this run, by its tag: what the engine calls it.
    made: Mutex<BTreeMap<String, Arc<OnceCell<String>>>>,
    /// The directories of contexts that were fetched in this run, by their addresses.
    fetched: Mutex<BTreeMap<String, Arc<OnceCell<Fetched>>>>,
    cache: Option<PathBuf>,
    uploader: Uploader,
    retry: Retry,
    /// One client for each registry and login, so that all images share its connections.
    registries: Registries,
    /// Logins to take images from, by registry, ahead of those in docker's configuration.
    logins: BTreeMap<String, Auth>,
}

/// Clients of registries.
#[derive(Default)]
struct Registries(Mutex<Vec<(String, Auth, Arc<Registry>)>>);

impl std::fmt::Debug for Registries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Registries")
    }
}

impl Images {
    /// With an engine, or without one where only names and placeholders are needed.
    #[must_use]
    pub fn new(engine: Option<Engine>) -> Self {
        Self { engine, ..Self::default() }
    }

    /// Remembers in `directory` what layers became when they were packed, so that an image that was
    /// pushed before is neither packed nor sent again. It may be removed at any time.
    #[must_use]
    pub fn with_cache(mut self, directory: &Path) -> Self {
        self.uploader = Uploader::new(Some(directory));
        self.uploader.set_retry(self.retry);
        self.cache = Some(directory.to_owned());
        self
    }

    /// Asks registries so often, and waits so long between.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self.uploader.set_retry(retry);
        self
    }

    /// Takes images from the registry at `host` with this login, whatever docker's configuration has.
    #[must_use]
    pub fn with_login(mut self, host: &str, auth: Auth) -> Self {
        self.logins.insert(host.to_owned(), auth);
        self
    }

    /// The client of a registry.
    fn registry(&self, host: &str, auth: &Auth) -> Result<Arc<Registry>, ImageError> {
        let mut known = self.registries.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = known.iter().find(|(name, who, _)| name == host && who == auth);
        if let Some((_, _, registry)) = same {
            return Ok(registry.clone());
        }
        let registry = Arc::new(Registry::new(host, auth.clone())?.with_retry(self.retry));
        known.push((host.to_owned(), auth.clone(), registry.clone()));
        Ok(registry)
    }

    fn open(&self, destination: &Destination) -> Result<(Arc<Registry>, String), ImageError> {
        let (host, repository) = Reference::address(&destination.address)
            .ok_or_else(|| ImageError::BadAddress(destination.address.clone()))?;
        Ok((self.registry(&host, &destination.auth)?, repository))
    }

    /// The engine in use.
    #[must_use]
    pub fn engine(&self) -> Option<&Engine> {
        self.engine.as_ref()
    }

    /// Names what `spec` builds. [`ContentName::unresolved_bases`] deserves a warning.
    ///
    /// # Errors
    ///
    /// As for [`content_name`].
    pub async fn name(&self, spec: &BuildSpec) -> Result<ContentName, ImageError> {
        let mut digests = BaseDigests::new();
        for base in external_bases(spec)? {
            let key = (base.clone(), spec.options.pull);
            let known =
                self.bases.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
            let digest = match known {
                Some(digest) => digest,
                None => {
                    let engine = self.engine.as_ref();
                    let digest = match spec.options.pull {
                        true => current_base(engine, &base, self.given_for(&base)).await,
                        false => resolve_base(engine, &base).await,
                    };
                    let mut bases = self.bases.lock().unwrap_or_else(PoisonError::into_inner);
                    bases.entry(key).or_insert(digest).clone()
                }
            };
            digests.insert(base, digest);
        }
        name_in_background(spec, digests).await
    }

    /// The digest that a tag has at a destination; nothing when there is no such tag. One round trip.
    ///
    /// # Errors
    ///
    /// The registry cannot be reached, or refuses.
    pub async fn has(
        &self,
        destination: &Destination,
        tag: &str,
    ) -> Result<Option<String>, ImageError> {
        let (registry, repository) = self.open(destination)?;
        Ok(registry.manifest_digest(&repository, tag).await?)
    }

    /// The digest of the image that has a tag, which names what makes it; `None` when there is work to
    /// do. A placeholder does not count as an image that could have been made.
    ///
    /// # Errors
    ///
    /// The registry cannot be reached, or refuses.
    pub async fn existing(
        &self,
        tag: &str,
        destination: &Destination,
        mode: Mode,
    ) -> Result<Option<String>, ImageError> {
        let (registry, repository) = self.open(destination)?;
        let found = registry.manifest(&repository, tag).await?;
        let counts = |manifest: &Manifest| {
            mode == Mode::Placeholder || !Placeholder::is_placeholder(&manifest.bytes)
        };
        Ok(found.filter(counts).map(|manifest| manifest.digest))
    }

    /// Sees to it that the destination has the image, and returns its digest there. Dropping the
    /// future stops what runs; running it again goes on from what is done.
    ///
    /// # Errors
    ///
    /// What building and pushing may come to; [`ImageError::ContextChanged`] when the files are
    /// no longer those that were named.
    pub async fn ensure(
        &self,
        spec: &BuildSpec,
        name: &ContentName,
        destination: &Destination,
        mode: Mode,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<String, ImageError> {
        let tag = name.tag();
        if mode != Mode::Rebuild
            && let Some(digest) = self.existing(&tag, destination, mode).await?
        {
            return Ok(digest);
        }
        let digest = match mode {
            Mode::Placeholder => {
                let placeholder = Placeholder::new(&spec.service, &tag, &spec.platform);
                self.stand_in(&placeholder, &tag, destination, on_event).await?
            }
            Mode::Build | Mode::Rebuild => {
                let Some(engine) = &self.engine else {
                    return Err(ImageError::NoEngine { service: spec.service.clone() });
                };
                let local = self.built(engine, spec, name, mode, on_event).await?;
                let platform = Platform::parse(&spec.platform);
                self.push_local(engine, &local, &platform, &tag, destination, on_event).await?
            }
        };
        on_event(ImageEvent::Pushed { digest: digest.clone() });
        Ok(digest)
    }

    /// Pushes what stands for an image, and returns its digest.
    async fn stand_in(
        &self,
        placeholder: &Placeholder,
        tag: &str,
        destination: &Destination,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<String, ImageError> {
        let (registry, repository) = self.open(destination)?;
        on_event(ImageEvent::PushStarted);
        Ok(placeholder.push(&registry, &repository, tag).await?)
    }

    /// Pushes what the engine has as `local`, and returns its digest.
    async fn push_local(
        &self,
        engine: &Engine,
        local: &str,
        platform: &Platform,
        tag: &str,
        destination: &Destination,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<String, ImageError> {
        let (registry, repository) = self.open(destination)?;
        let target = Target { registry: &registry, repository: &repository, tag };
        let progress = Progress::new(on_event);
        let sent =
            self.uploader.send_from_engine(&target, engine, local, platform, &progress).await?;
        sent.ok_or_else(|| ImageError::NoSuchImage {
            reference: local.to_owned(),
            message: "the engine has no such image".to_owned(),
        })
    }
}

async fn name_in_background(
    spec: &BuildSpec,
    bases: BaseDigests,
) -> Result<ContentName, ImageError> {
    let spec = spec.clone();
    engine::in_background(move || content_name(&spec, &bases)).await
}
