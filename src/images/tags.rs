//! More names for an image that stands in its repository.

use super::error::ImageError;
use super::{Destination, Images};

impl Images {
    /// Gives the image of a digest another tag in its repository.
    ///
    /// # Errors
    ///
    /// The registry cannot be reached, does not have the image, or refuses: tags that may not change
    /// may not go to another image (ECR user guide, "Preventing image tags from being overwritten").
    pub async fn tag(
        &self,
        destination: &Destination,
        digest: &str,
        tag: &str,
    ) -> Result<(), ImageError> {
        let (registry, repository) = self.open(destination)?;
        if registry.manifest_digest(&repository, tag).await?.as_deref() == Some(digest) {
            return Ok(());
        }
        let missing = || ImageError::NoSuchImage {
            reference: format!("{}@{digest}", destination.address),
            message: "the repository does not have it".to_owned(),
        };
        let manifest = registry.manifest(&repository, digest).await?.ok_or_else(missing)?;
        registry.put_manifest(&repository, tag, &manifest.media_type, manifest.bytes).await?;
        Ok(())
    }
}
