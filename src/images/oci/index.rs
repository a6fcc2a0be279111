use serde::Deserialize;

use super::{Descriptor, OciError, Platform};

/// As many platforms as an error message names.
const MAX_NAMED: usize = 20;

/// One image for several platforms.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::images) struct Index {
    /// In the order of preference.
    pub(in crate::images) manifests: Vec<Descriptor>,
}

impl Index {
    /// The images that can be run: what BuildKit adds about how they came to be is none.
    pub(in crate::images) fn images(&self) -> impl Iterator<Item = &Descriptor> {
        self.manifests.iter().filter(|entry| {
            let unknown = |platform: &Platform| {
                platform.os == "unknown" && platform.architecture == "unknown"
            };
            entry.annotation("vnd.docker.reference.type").is_none()
                && !entry.platform.as_ref().is_some_and(unknown)
        })
    }

    /// The image for a platform.
    ///
    /// # Errors
    ///
    /// [`OciError::NoPlatform`] names those that there are.
    pub(in crate::images) fn select(&self, wanted: &Platform) -> Result<&Descriptor, OciError> {
        let of = |entry: &&Descriptor, fits: &dyn Fn(&Platform) -> bool| {
            entry.platform.as_ref().is_some_and(fits)
        };
        let exact = self.images().find(|entry| of(entry, &|platform| platform.is_same(wanted)));
        if let Some(found) = exact
            .or_else(|| self.images().find(|entry| of(entry, &|platform| platform.serves(wanted))))
        {
            return Ok(found);
        }
        // An index of one image need not say what it is for; the image's own configuration does.
        let mut all = self.images();
        if let (Some(only), None) = (all.next(), all.next())
            && only.platform.is_none()
        {
            return Ok(only);
        }
        let mut has: Vec<String> = self
            .images()
            .filter_map(|entry| entry.platform.as_ref().map(ToString::to_string))
            .take(MAX_NAMED)
            .collect();
        has.sort();
        has.dedup();
        Err(OciError::NoPlatform { wanted: wanted.to_string(), has })
    }
}
