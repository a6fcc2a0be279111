//! Which bytes a base image's name means today.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::buildkit::OtherContext;
use super::context::check_directory;
use super::credentials::Credentials;
use super::dockerfile::Dockerfile;
use super::engine::{Engine, LocalImage};
use super::error::ImageError;
use super::oci::{Digest, Platform};
use super::reference::Reference;
use super::registry::{Auth, Registry};
use super::source::Opened;
use super::spec::BuildSpec;

/// A name should not wait for a registry that does not answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What is known of a base image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseDigest {
    /// The digest under which a registry has it.
    Registry(String),
    /// The id of an image that only this engine has.
    Local(String),
    /// Nothing but the reference.
    Unknown,
}

/// Base images by the reference that the Dockerfile has for them.
pub type BaseDigests = BTreeMap<String, BaseDigest>;

/// The images that `spec` builds on: what its Dockerfile takes from outside, for its target.
///
/// # Errors
///
/// The Dockerfile is missing or cannot be understood.
pub fn external_bases(spec: &BuildSpec) -> Result<Vec<String>, ImageError> {
    check_directory(spec)?;
    bases_of(&Dockerfile::read(spec)?, spec)
}

/// As [`external_bases`], of a Dockerfile that was read.
pub(super) fn bases_of(
    dockerfile: &Dockerfile,
    spec: &BuildSpec,
) -> Result<Vec<String>, ImageError> {
    let mut bases = dockerfile.bases(spec)?;
    bases.retain(|base| !replaced(spec, base));
    for (_, other) in &spec.built_contexts {
        let of_other = external_bases(other)?;
        bases.extend(of_other);
    }
    for (_, context) in &spec.contexts {
        match OtherContext::read(context) {
            OtherContext::Image(image) if !bases.contains(&image) => bases.push(image),
            other => other.spec(spec).iter().try_for_each(check_directory)?,
        }
    }
    let mut seen = BTreeSet::new();
    bases.retain(|base| seen.insert(base.clone()));
    Ok(bases)
}

/// Whether another context of the name stands in the place of the image.
pub(super) fn replaced(spec: &BuildSpec, base: &str) -> bool {
    let built = spec.built_contexts.iter().map(|(name, _)| name);
    spec.contexts.iter().map(|(name, _)| name).chain(built).any(|name| name == base)
}

/// Finds out what `base` means: the engine's own copy is what a build would use, else the
/// registry is asked. Never fails: what cannot be known is [`BaseDigest::Unknown`].
pub async fn resolve_base(engine: Option<&Engine>, base: &str) -> BaseDigest {
    resolve_with(engine, base, None).await
}

/// [`resolve_base`], with a login that was given for its registry.
async fn resolve_with(engine: Option<&Engine>, base: &str, given: Option<Auth>) -> BaseDigest {
    let Some(reference) = Reference::parse(base) else { return BaseDigest::Unknown };
    if reference.is_pinned() {
        return BaseDigest::Registry(reference.tag);
    }
    if let Some(engine) = engine
        && let Ok(Some(image)) = engine.inspect(base).await
    {
        // The engine's own copy is what a build would use: only what that is called is asked for.
        let names = digests_in(&image, &reference);
        return match known_as(&names, &image, &reference, given.as_ref()).await {
            Some(digest) => BaseDigest::Registry(digest),
            None => local(&image, &reference),
        };
    }
    of_registry(&reference, given).await
}

/// Which of several digests of an image the registry has under a name. Docker remembers the one that
/// matters; podman and buildah all that there are, and none that they pushed.
async fn known_as(
    names: &[String],
    image: &LocalImage,
    reference: &Reference,
    given: Option<&Auth>,
) -> Option<String> {
    if names.len() < 2 {
        return None;
    }
    let BaseDigest::Registry(digest) = of_registry(reference, given.cloned()).await else {
        return None;
    };
    if names.contains(&digest) {
        return Some(digest);
    }
    // It may be the same image in another form, such as packed.
    let opened = async {
        let auth = login(reference, given.cloned()).await;
        let registry = Registry::new(&reference.registry, auth).ok()?.with_timeout(TIMEOUT);
        let platform = Platform::parse(&image.platform);
        Opened::remote(&Arc::new(registry), reference, &platform).await.ok()?
    };
    let opened = tokio::time::timeout(TIMEOUT, opened).await.ok()??;
    (Digest::of(&opened.config).as_str() == image.id).then_some(digest)
}

/// The login that was given for a registry, else the user's own.
async fn login(reference: &Reference, given: Option<Auth>) -> Auth {
    if let Some(auth) = given {
        return auth;
    }
    let credentials = Credentials::user();
    let login = tokio::time::timeout(TIMEOUT, credentials.find(&reference.registry)).await;
    login.ok().and_then(Result::ok).unwrap_or_default()
}

async fn of_registry(reference: &Reference, given: Option<Auth>) -> BaseDigest {
    let auth = login(reference, given).await;
    let found = match Registry::new(&reference.registry, auth) {
        Ok(registry) => {
            let registry = registry.with_timeout(TIMEOUT);
            let head = registry.manifest_digest(&reference.repository, &reference.tag);
            // The token service has a deadline of its own; this one is for all of it.
            tokio::time::timeout(TIMEOUT, head).await.ok().and_then(Result::ok).flatten()
        }
        Err(_) => None,
    };
    found.map_or(BaseDigest::Unknown, BaseDigest::Registry)
}

/// Finds out what `base` means where it is not built on, but run: the registry's word counts more than
/// an older copy of the engine's, as ECS would ask it, too. An image that only the engine has is the
/// engine's. Never fails.
pub(super) async fn current_base(
    engine: Option<&Engine>,
    base: &str,
    given: Option<Auth>,
) -> BaseDigest {
    let here = match (engine, Reference::parse(base)) {
        (Some(engine), Some(reference)) if !reference.is_pinned() => {
            let image = engine.inspect(base).await.ok().flatten();
            image.map(|image| local(&image, &reference))
        }
        _ => None,
    };
    match here {
        Some(BaseDigest::Local(id)) => BaseDigest::Local(id),
        here => match resolve_with(None, base, given).await {
            BaseDigest::Unknown => here.unwrap_or(BaseDigest::Unknown),
            found => found,
        },
    }
}

/// The digests of an image in the registry and repository that a name says.
fn digests_in(image: &LocalImage, reference: &Reference) -> Vec<String> {
    let digests = image.repo_digests.iter().filter_map(|digest| Reference::parse(digest));
    let same = |other: &Reference| {
        other.registry == reference.registry && other.repository == reference.repository
    };
    digests.filter(same).map(|found| found.tag).collect()
}

/// The digest by which others know the image, if it came from where its name says.
pub(super) fn local(image: &LocalImage, reference: &Reference) -> BaseDigest {
    match digests_in(image, reference).into_iter().next() {
        Some(digest) => BaseDigest::Registry(digest),
        None => BaseDigest::Local(image.id.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(digests: &[&str]) -> LocalImage {
        LocalImage {
            id: "sha256:id".to_owned(),
            repo_digests: digests.iter().map(|&digest| digest.to_owned()).collect(),
            platform: "linux/amd64".to_owned(),
        }
    }

    #[test]
    fn a_digest_counts_where_it_belongs() {
        let reference = Reference::parse("alpine:3").expect("valid");
        let found = local(&image(&["my.io/alpine@sha256:1", "alpine@sha256:2"]), &reference);
        assert_eq!(found, BaseDigest::Registry("sha256:2".to_owned()));
        let found = local(&image(&["my.io/alpine@sha256:1"]), &reference);
        assert_eq!(found, BaseDigest::Local("sha256:id".to_owned()));
    }

    #[tokio::test]
    async fn what_cannot_be_asked() {
        let pinned = resolve_base(None, "alpine@sha256:abc").await;
        assert_eq!(pinned, BaseDigest::Registry("sha256:abc".to_owned()));
        assert_eq!(resolve_base(None, "not a name").await, BaseDigest::Unknown);
        // Nobody listens there.
        assert_eq!(resolve_base(None, "127.0.0.1:1/x").await, BaseDigest::Unknown);
    }
}
