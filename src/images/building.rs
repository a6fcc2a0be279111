//! Building what is to be pushed: contexts brought here, what images are built on, and names for them.

use std::sync::PoisonError;

use super::archive::{ArchiveContext, Fetched};
use super::bases::BaseDigest;
use super::engine::Engine;
use super::error::ImageError;
use super::event::ImageEvent;
use super::git::GitContext;
use super::name::ContentName;
use super::spec::BuildSpec;
use super::{Images, Mode, name_in_background};

impl Images {
    /// Builds what the engine does not have, and returns what it is called there. Services that build
    /// the same have it built once a run, by whoever comes first.
    pub(super) async fn built(
        &self,
        engine: &Engine,
        spec: &BuildSpec,
        name: &ContentName,
        mode: Mode,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<String, ImageError> {
        let tag = name.tag();
        let cell = {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            made.entry(tag.clone()).or_default().clone()
        };
        let make = async || {
            let local = local_name(&spec.service, &tag);
            if mode == Mode::Rebuild || engine.inspect(&local).await?.is_none() {
                let images = self.built_contexts(engine, spec, name, mode, on_event).await?;
                build(engine, spec, &images, name, &local, on_event).await?;
            }
            Ok::<_, ImageError>(local)
        };
        cell.get_or_try_init(make).await.cloned()
    }

    /// Builds the images that another one is built on, and says what the builder calls them.
    async fn built_contexts(
        &self,
        engine: &Engine,
        spec: &BuildSpec,
        name: &ContentName,
        mode: Mode,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<Vec<(String, String)>, ImageError> {
        let mut images = Vec::new();
        for (context, other) in &spec.built_contexts {
            let other_name = name_in_background(other, name.bases().clone()).await?;
            // A context may be built on others in turn.
            let built = Box::pin(self.built(engine, other, &other_name, mode, on_event)).await?;
            images.push((context.clone(), format!("docker-image://{built}")));
        }
        Ok(images)
    }

    /// The build with its context on this machine: one that is in a git repository is checked out, at
    /// the commit that its branch or tag is now, and an archive is unpacked. Once a run for each address.
    ///
    /// # Errors
    ///
    /// It cannot be fetched, or the address is of something else.
    pub async fn local(&self, spec: &BuildSpec) -> Result<BuildSpec, ImageError> {
        let mut spec = spec.clone();
        if let Some(address) = spec.address.take() {
            let fetched = self.fetched(&spec, &address).await?;
            spec.context = fetched.directory;
            if fetched.is_dockerfile {
                // It takes the place of the one that would be in the context, whatever that is called.
                spec.dockerfile = None;
            }
        }
        for (_, other) in &mut spec.built_contexts {
            *other = Box::pin(self.local(other)).await?;
        }
        Ok(spec)
    }

    async fn fetched(&self, spec: &BuildSpec, address: &str) -> Result<Fetched, ImageError> {
        let remote = Remote::parse(address)?;
        let Some(cache) = &self.cache else {
            let message = "there is no cache directory; set HOME or XDG_CACHE_HOME".to_owned();
            return Err(ImageError::ArchiveFailed { address: without_login(address), message });
        };
        let cell = {
            let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
            fetched.entry(address.to_owned()).or_default().clone()
        };
        let fetch = async || match remote {
            Remote::Git(git) => {
                let directory = git.fetch(spec, cache).await?;
                Ok(Fetched { directory, is_dockerfile: false })
            }
            Remote::Archive(archive) => archive.fetch(cache, self.retry).await,
        };
        cell.get_or_try_init(fetch).await.cloned()
    }
}

/// A context that is somewhere else.
enum Remote {
    Git(GitContext),
    Archive(ArchiveContext),
}

impl Remote {
    fn parse(address: &str) -> Result<Self, ImageError> {
        let git = GitContext::parse(address).map(Self::Git);
        git.or_else(|| ArchiveContext::parse(address).map(Self::Archive))
            .ok_or_else(|| ImageError::RemoteContext { address: without_login(address) })
    }
}

impl BuildSpec {
    /// Whether its context, and those that it is built on, are at addresses that can be fetched, or here.
    ///
    /// # Errors
    ///
    /// [`ImageError::RemoteContext`]
    pub fn check_address(&self) -> Result<(), ImageError> {
        if let Some(address) = &self.address {
            Remote::parse(address)?;
        }
        self.built_contexts.iter().try_for_each(|(_, other)| other.check_address())
    }
}

/// An address without what logs in.
fn without_login(address: &str) -> String {
    match address.split_once("://").map(|(scheme, rest)| (scheme, rest.rsplit_once('@'))) {
        Some((scheme, Some((_, rest)))) => format!("{scheme}://{rest}"),
        _ => address.to_owned(),
    }
}

/// Builds under a passing name: the image only gets its own when its files are still those that
/// the name was made of.
async fn build(
    engine: &Engine,
    spec: &BuildSpec,
    images: &[(String, String)],
    name: &ContentName,
    local: &str,
    on_event: &mut dyn FnMut(ImageEvent),
) -> Result<(), ImageError> {
    let unchecked = format!("{local}-unchecked");
    let mut told = spec.clone();
    told.contexts.extend_from_slice(images);
    // The builder would look for it in a registry that has never heard of it.
    let is_local = |base: &BaseDigest| matches!(base, BaseDigest::Local(_));
    told.options.pull &= images.is_empty() && !name.bases().values().any(is_local);
    engine.build(&told, &unchecked, on_event).await?;
    let after = name_in_background(spec, name.bases().clone()).await;
    let result = match after {
        Ok(after) if after == *name => engine.tag(&unchecked, local).await,
        Ok(_) => Err(ImageError::ContextChanged { service: spec.service.clone() }),
        Err(error) => Err(error),
    };
    // Failing to remove a passing name changes nothing for the image.
    let _ = engine.untag(&unchecked).await;
    result
}

/// The image's name in the engine, for people who look. Services are called more freely than
/// docker allows.
fn local_name(service: &str, tag: &str) -> String {
    let plain = |c: char| {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' }
    };
    let service: String = service.chars().map(plain).collect();
    let parts: Vec<&str> = service.split('-').filter(|part| !part.is_empty()).collect();
    let service = if parts.is_empty() { "service".to_owned() } else { parts.join("-") };
    format!("decklift/{service}:{tag}")
}

#[cfg(test)]
mod tests {
    use super::local_name;

    #[test]
    fn local_names_are_ones_that_docker_takes() {
        assert_eq!(local_name("web", "t"), "decklift/web:t");
        assert_eq!(local_name("-My__Web.1-", "t"), "decklift/my-web-1:t");
        assert_eq!(local_name("_", "t"), "decklift/service:t");
    }
}
