//! Which bytes the tag of an image that is run as it is means today.

use std::path::PathBuf;
use std::time::Duration;

use super::Images;
use super::bases::{BaseDigest, local};
use super::error::ImageError;
use super::oci::{OciError, Platform};
use super::reference::Reference;
use super::source::Opened;

/// Nobody waits longer for a registry, whose answer is only worth having.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What a registry has under a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pin {
    /// The same image by its digest, and without the tag: ECS takes one or the other
    /// (Amazon ECS API reference, `ContainerDefinition.image`).
    Digest(String),
    /// Nothing.
    Absent,
    /// Nobody could say, or this machine alone has it.
    Unknown,
}

impl Images {
    /// Finds out what an image is today, for a platform such as `linux/arm64`.
    ///
    /// # Errors
    ///
    /// The image exists, and not for the platform. Whatever else goes wrong is [`Pin::Unknown`].
    pub async fn pin(&self, reference: &str, platform: &str) -> Result<Pin, ImageError> {
        let Some(parsed) = Reference::parse(reference) else { return Ok(Pin::Unknown) };
        if parsed.is_pinned() {
            return Ok(Pin::Unknown);
        }
        let mut here = None;
        if let Some(engine) = self.engine()
            && let Ok(Some(image)) = engine.inspect(reference).await
        {
            match local(&image, &parsed) {
                BaseDigest::Registry(digest) => here = Some(digest),
                BaseDigest::Local(_) | BaseDigest::Unknown => return Ok(Pin::Unknown),
            }
        }
        let asked = tokio::time::timeout(TIMEOUT, async {
            let registry = self.source(&parsed.registry).await?;
            Ok::<_, ImageError>(registry.manifest_digest(&parsed.repository, &parsed.tag).await?)
        });
        let digest = match (asked.await, here) {
            (Ok(Ok(Some(digest))), _) | (_, Some(digest)) => digest,
            (Ok(Ok(None)), None) => return Ok(Pin::Absent),
            (Ok(Err(_)) | Err(_), None) => return Ok(Pin::Unknown),
        };
        self.check_platform(&parsed, &digest, platform).await?;
        Ok(Pin::Digest(format!("{}@{digest}", Reference::without_tag(reference))))
    }

    /// Reads the image as far as it takes to know whether it is for the platform: registries count
    /// that as a pull, so what was found is remembered.
    async fn check_platform(
        &self,
        reference: &Reference,
        digest: &str,
        platform: &str,
    ) -> Result<(), ImageError> {
        let known = self.known_platform(digest, platform);
        if known.as_ref().is_some_and(|path| path.exists()) {
            return Ok(());
        }
        let wanted = Platform::parse(platform);
        let by_digest = Reference { tag: digest.to_owned(), ..reference.clone() };
        let read = async {
            let registry = self.source(&reference.registry).await?;
            Opened::remote(&registry, &by_digest, &wanted).await
        };
        match tokio::time::timeout(TIMEOUT, read).await {
            Ok(Ok(Some(_))) => {
                if let Some(path) = known {
                    // Without it, the registry is asked again.
                    let _ = path.parent().map(std::fs::create_dir_all);
                    let _ = std::fs::write(path, "");
                }
                Ok(())
            }
            Ok(Err(ImageError::Document {
                source: source @ OciError::NoPlatform { .. }, ..
            })) => Err(ImageError::Document { name: reference.to_string(), source }),
            _ => Ok(()),
        }
    }

    fn known_platform(&self, digest: &str, platform: &str) -> Option<PathBuf> {
        let plain = |text: &str| text.replace([':', '/'], "-");
        let name = format!("{}-{}", plain(digest), plain(platform));
        let is_name =
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let cache = self.cache.as_ref().filter(|_| is_name)?;
        Some(cache.join("platforms").join(name))
    }
}
