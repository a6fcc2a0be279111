//! Images that somebody else made: files at the prompt, in the place of a build.

use std::path::{Path, PathBuf};

use super::error::ImageError;
use super::event::ImageEvent;
use super::oci::{Digest, Platform};
use super::source::{Opened, Source};
use super::{Destination, Images, Mode};

/// An image of a layout or an archive, named by its content.
#[derive(Clone, Debug)]
pub struct GivenName {
    source: Source,
    platform: String,
    tag: String,
}

impl GivenName {
    /// The tag in its repository: the same for the same image, wherever it lies.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }
}

impl Source {
    /// Reads `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` or `docker-archive:FILE[:NAME]`, as skopeo calls
    /// them (containers-transports(5)). Nothing for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (transport, place) = text.split_once(':')?;
        if place.is_empty() {
            return None;
        }
        let (path, name) = match transport {
            "oci" | "oci-archive" => named(place, place.rsplit_once(':')),
            // A name has a colon of its own.
            "docker-archive" => named(place, place.split_once(':')),
            _ => return None,
        };
        match transport {
            "oci" => Some(Self::Layout { path, name }),
            _ => Some(Self::Archive { path, name }),
        }
    }
}

/// A path that exists as it is written has no name behind it.
fn named(place: &str, split: Option<(&str, &str)>) -> (PathBuf, Option<String>) {
    match split {
        Some((path, name))
            if !path.is_empty() && !name.is_empty() && !Path::new(place).exists() =>
        {
            (path.into(), Some(name.to_owned()))
        }
        _ => (place.into(), None),
    }
}

impl Images {
    /// Names an image of a layout or an archive, of which the one for the platform is meant. Reads its
    /// documents, and none of its layers.
    ///
    /// # Errors
    ///
    /// It cannot be read, or has nothing for the platform.
    pub async fn name_given(
        &self,
        source: &Source,
        platform: &str,
    ) -> Result<GivenName, ImageError> {
        let (Source::Layout { path, name } | Source::Archive { path, name }) = source else {
            return Err(ImageError::BadSource {
                path: PathBuf::new(),
                message: "it is neither a layout nor an archive".to_owned(),
            });
        };
        let (path, name, wanted) = (path.clone(), name.clone(), Platform::parse(platform));
        let open = move || Opened::open(&path, name.as_deref(), Some(&wanted));
        let opened = super::engine::in_background(open).await?;
        // Where the layers are packed on their way, the configuration names them as they are.
        let content = opened.manifest.as_ref().map_or(&opened.config, |(_, manifest)| manifest);
        let digest = Digest::of(content);
        let tag = format!("decklift-image-{}", &digest.hex()[..24]);
        Ok(GivenName { source: source.clone(), platform: platform.to_owned(), tag })
    }

    /// Sees to it that the destination has the image, and returns its digest there.
    ///
    /// # Errors
    ///
    /// What reading and uploading may come to.
    pub async fn ensure_given(
        &self,
        name: &GivenName,
        destination: &Destination,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<String, ImageError> {
        // It is there without an engine, too: nothing has to stand in for it.
        if let Some(digest) = self.existing(&name.tag, destination, Mode::Build).await? {
            return Ok(digest);
        }
        self.send(&name.source, &name.platform, &name.tag, destination, on_event).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_called_as_skopeo_calls_them() {
        let name = |name: &str| Some(name.to_owned());
        let layout = |path: &str, name| Some(Source::Layout { path: path.into(), name });
        let archive = |path: &str, name| Some(Source::Archive { path: path.into(), name });
        assert_eq!(Source::parse("oci:out/web"), layout("out/web", None));
        assert_eq!(Source::parse("oci:out/web:v1"), layout("out/web", name("v1")));
        assert_eq!(Source::parse("oci-archive:web.tar"), archive("web.tar", None));
        assert_eq!(
            Source::parse("docker-archive:web.tar:acme/web:1"),
            archive("web.tar", name("acme/web:1"))
        );
        for other in ["", "oci", "oci:", "docker://nginx", "docker-daemon:web", "web.tar"] {
            assert_eq!(Source::parse(other), None, "{other}");
        }
        // What is there is what is meant.
        let directory = tempfile::tempdir().expect("directory");
        let odd = directory.path().join("odd:name");
        std::fs::create_dir(&odd).expect("create");
        let text = odd.display().to_string();
        assert_eq!(Source::parse(&format!("oci:{text}")), layout(&text, None));
    }
}
