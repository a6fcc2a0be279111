//! Images that exist elsewhere, brought to a registry as they are.

use super::engine::same_platform;
use super::error::ImageError;
use super::event::ImageEvent;
use super::placeholder::Placeholder;
use super::{Destination, Images, Mode};

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
    /// Sees to it that the destination has a copy of an image, and returns its digest there. An engine
    /// that has the image already is not asked to pull it.
    ///
    /// # Errors
    ///
    /// What pulling and pushing may come to.
    pub async fn copy(
        &self,
        origin: &Origin,
        destination: &Destination,
        mode: Mode,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<String, ImageError> {
        let Origin { reference, platform, tag } = origin;
        if let Some(digest) = self.tagged(tag, destination, mode).await? {
            return Ok(digest);
        }
        let digest = match mode {
            Mode::Placeholder => {
                let (registry, repository) = destination.open()?;
                on_event(ImageEvent::PushStarted);
                let placeholder = Placeholder::new(reference, tag, platform);
                placeholder.push(&registry, &repository, tag).await?
            }
            Mode::Build => {
                let no_engine = || ImageError::NoEngine { service: reference.clone() };
                let engine = self.engine().ok_or_else(no_engine)?;
                let local = engine.inspect(reference).await?;
                if !local.is_some_and(|local| same_platform(&local.platform, platform)) {
                    engine.pull(reference, platform).await?;
                }
                self.push(engine, reference, tag, destination, on_event).await?
            }
        };
        on_event(ImageEvent::Pushed { digest: digest.clone() });
        Ok(digest)
    }
}
