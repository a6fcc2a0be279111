//! What is put on an image, read once: its name comes of it, and later its layer.

use super::asset::{Asset, AssetSource, ImageSource};
use super::base::Base;
use super::content::Wanted;
use super::error::AssetError;
use super::gathered::Gathered;
use super::git_index::GitModes;
use super::rewrite::Rewrites;
use crate::images::engine::in_background;
use crate::images::error::ImageError;

/// What is put on an image.
#[derive(Clone, Debug, Default)]
pub struct Extension {
    /// The Compose service, for messages.
    pub service: String,
    /// The platform that is wanted of the base, such as `linux/arm64`.
    pub platform: String,
    /// Files and directories.
    pub assets: Vec<Asset>,
    /// Where the container mounts something else: what lies there could not be seen.
    pub mounts: Vec<String>,
    /// Other settings.
    pub rewrites: Rewrites,
}

/// An [`Extension`] whose files were read.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) extension: Extension,
    pub(super) files: Vec<(Asset, Gathered)>,
}

impl Extension {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// What is missing, cannot be read, or must not become a part of an image.
    pub async fn prepare(self) -> Result<Prepared, ImageError> {
        in_background(move || Ok(self.read()?)).await
    }

    pub(super) fn read(self) -> Result<Prepared, AssetError> {
        let mut git = GitModes::default();
        let read = |asset: &Asset| Ok((asset.clone(), Gathered::read(asset, &mut git)?));
        let files = self.assets.iter().map(read).collect::<Result<_, AssetError>>()?;
        Ok(Prepared { extension: self, files })
    }
}

impl Prepared {
    /// The parts of other images that are put on this one, each with where it is mounted.
    pub(in crate::images) fn images(&self) -> impl Iterator<Item = (&str, &ImageSource)> {
        self.files.iter().filter_map(|(asset, _)| match &asset.source {
            AssetSource::Image(source) => Some((asset.target.as_str(), source)),
            _ => None,
        })
    }

    /// Reads what is mounted at `target` from the image that it is a part of.
    ///
    /// # Errors
    ///
    /// The image cannot be read, or what is wanted of it must not become a part of another.
    pub(in crate::images) async fn read_image(
        &mut self,
        target: &str,
        image: Base<'_>,
    ) -> Result<(), ImageError> {
        let platform = &self.extension.platform;
        let found = self.files.iter_mut().find(|(asset, _)| asset.target == target);
        let Some((Asset { source: AssetSource::Image(source), .. }, gathered)) = found else {
            return Ok(());
        };
        let ImageSource { reference, subpath, identity: _ } = source;
        let wanted = Wanted { reference, subpath: subpath.as_deref(), target, platform };
        *gathered = wanted.read(image).await?;
        Ok(())
    }

    /// What was prepared.
    #[must_use]
    pub fn extension(&self) -> &Extension {
        &self.extension
    }
}
