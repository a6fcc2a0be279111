//! The images of a world: made, brought to their repositories, and given names there.

use std::collections::BTreeMap;

use super::World;
use crate::apply::cloud::Changed;
use crate::apply::{Applied, CloudError, CloudErrorKind};
use crate::aws::RegistryAuth;
use crate::commands::commit::{self, commit};
use crate::ecs::desired::{
    Attribute, Body, Desired, Image, ImageRegistry, RELEASE_TAG, ResourceId,
};
use crate::event::{Event, ImageProgress};
use crate::images::{
    Auth, BuildSpec, ContentName, Destination, ExtendedName, GivenName, ImageError, ImageEvent,
    Mode, Origin, Renewal, epoch,
};
use crate::plan::{Actual, Observed};
use crate::release::Commit;

/// How many digits of a commit make the tag of an image.
const COMMIT: usize = 12;

/// An image that may have to be made, by its name.
#[derive(Debug)]
pub(in crate::commands) enum Making {
    /// It is built.
    Build { spec: Box<BuildSpec>, name: ContentName },
    /// Something is put on another one.
    Extend(Box<ExtendedName>),
    /// It is copied as it is.
    Copy(Origin),
    /// It was made by somebody else, and lies here.
    Given(Box<GivenName>),
}

impl Making {
    pub(in crate::commands) fn tag(&self) -> String {
        match self {
            Self::Build { name, .. } => name.tag(),
            Self::Extend(name) => name.tag().to_owned(),
            Self::Copy(origin) => origin.tag.clone(),
            Self::Given(name) => name.tag().to_owned(),
        }
    }
}

impl World<'_> {
    /// The commit that the project's files are, where they are just that.
    async fn clean_commit(&self) -> Option<&Commit> {
        let variable = |name: &str| std::env::var(name).ok();
        let found = self.commit.get_or_init(|| commit(&self.directory, variable)).await;
        found.as_ref().filter(|commit| !commit.dirty)
    }

    /// Where an image comes from, as labels of the OCI image specification (annotations.md,
    /// "Pre-Defined Annotation Keys").
    async fn provenance(&self, service: &str) -> Vec<(String, String)> {
        let label =
            |key: &str, value: &str| (format!("org.opencontainers.image.{key}"), value.to_owned());
        let commit = self.clean_commit().await.map(|commit| label("revision", &commit.id));
        [label("title", service)].into_iter().chain(commit).collect()
    }

    /// The time that builders are to write down, so that the same files give the same image: the
    /// environment's, or that of the commit which the files are.
    async fn made_at(&self) -> Result<Option<i64>, ImageError> {
        let asked = std::env::var("SOURCE_DATE_EPOCH").unwrap_or_default();
        match epoch(&asked)? {
            Some(time) => Ok(Some(time)),
            None if self.clean_commit().await.is_some() => Ok(commit::time(&self.directory).await),
            None => Ok(None),
        }
    }

    /// What is known of where a build comes from, and is no part of its name.
    async fn add_origin(&self, spec: &mut BuildSpec) -> Result<(), CloudError> {
        spec.provenance = self.provenance(&spec.service).await;
        let time = self.made_at().await;
        spec.made_at = time.map_err(|error| image_error(&error))?;
        Ok(())
    }

    /// Gives an image that stands in its repository more tags, for people.
    pub(in crate::commands) async fn tag(
        &self,
        id: &ResourceId,
        image: &Image,
        digest: &str,
        tags: &[String],
    ) -> Result<(), CloudError> {
        let destination = self.destination(image).await?;
        for tag in tags {
            let tag = peoples_tag(id, image, tag);
            match self.images.tag(&destination, digest, &tag).await {
                Err(error) if error.is_tag_taken() => {
                    return Err(tag_taken(&tag, image, "choose another tag"));
                }
                tagged => tagged.map_err(|error| image_error(&error))?,
            }
        }
        Ok(())
    }

    /// Marks the images that a release needs, where old ones are deleted, and takes the marks of
    /// releases that are no longer kept.
    pub(in crate::commands) async fn keep_images(
        &self,
        desired: &Desired,
        applied: &Applied,
        release: u64,
        over: &[u64],
    ) -> Result<(), CloudError> {
        let expires = |name: &str| {
            desired.resources.values().any(|resource| match &resource.body {
                Body::Repository(repository) => {
                    repository.repository_name == name && repository.lifecycle_policy_text.is_some()
                }
                _ => false,
            })
        };
        let tag = |number: &u64| format!("{RELEASE_TAG}{number}");
        let over: Vec<String> = over.iter().map(tag).collect();
        let images = desired.resources.iter().filter_map(|(id, resource)| match &resource.body {
            Body::Image(image) if expires(&image.repository_name) => Some((id, image)),
            _ => None,
        });
        for (id, image) in images {
            let uri = applied.attributes.get(id).and_then(|known| known.get(&Attribute::Uri));
            let Some((_, digest)) = uri.and_then(|uri| uri.rsplit_once('@')) else { continue };
            self.permit().await?;
            self.tag(id, image, digest, &[tag(&release)]).await?;
            self.aws.forget_tags(&image.repository_name, &over).await?;
        }
        Ok(())
    }

    /// [`Cloud::observe`] for images and their repositories alone.
    pub(in crate::commands) async fn observe_images(
        &self,
        desired: &Desired,
    ) -> Result<Actual, CloudError> {
        let mut actual = self.aws.observe_images(desired).await?;
        self.drop_placeholders(&mut actual).await?;
        Ok(actual)
    }

    async fn destination(&self, image: &Image) -> Result<Destination, CloudError> {
        let log_in = async || -> Result<(String, Auth), CloudError> {
            // All images stand in the project's own registry, or all in one that is given.
            let first = self.aws.registry_auth(image.registry.as_ref()).await?;
            let again = self.aws.registry_login(image.registry.as_ref());
            let ask = move || {
                let login = again();
                async move { Some(basic(login.await?)) }
            };
            let address = first.address.clone();
            Ok((address, Auth::Renewed(Renewal::new(basic(first), ask))))
        };
        let (address, auth) = self.registry.get_or_try_init(log_in).await?;
        Ok(Destination {
            address: format!("{address}/{}", image.repository_name),
            auth: auth.clone(),
        })
    }

    pub(super) async fn push(&self, id: &ResourceId, image: &Image) -> Result<Changed, CloudError> {
        let destination = self.destination(image).await?;
        // Never closed, so that a place is always given in the end.
        let place = self.builders.acquire().await;
        let mut on_event = |event: ImageEvent| {
            if let Some(progress) = progress(event) {
                self.events.emit(Event::Image { service: id.name.clone(), progress });
            }
        };
        let (images, mode) = (&self.images, self.mode());
        let result = match (self.made.get(id), &image.base) {
            (Some(Making::Build { spec, name }), _) => {
                let mut spec = spec.clone();
                self.add_origin(&mut spec).await?;
                spec.options.logins = self.cache_logins(&spec, &destination).await;
                images.ensure(&spec, name, &destination, mode, &mut on_event).await
            }
            (Some(Making::Extend(name)), _) => {
                let mut name = name.clone();
                if let Some(spec) = name.build_mut() {
                    self.add_origin(spec).await?;
                    spec.options.logins = self.cache_logins(spec, &destination).await;
                }
                images.ensure_extended(&name, &destination, mode, &mut on_event).await
            }
            (Some(Making::Copy(origin)), _) => {
                images.copy(origin, &destination, mode, &mut on_event).await
            }
            (Some(Making::Given(name)), _) => {
                images.ensure_given(name, &destination, &mut on_event).await
            }
            (None, Some(base)) => {
                let origin = Origin {
                    reference: base.clone(),
                    platform: image.platform.clone(),
                    tag: image.image_tag.clone(),
                };
                images.copy(&origin, &destination, mode, &mut on_event).await
            }
            (None, None) => {
                let message = "nothing says how it is built";
                return Err(CloudError::new(CloudErrorKind::Image, "push", message));
            }
        };
        let result = match result {
            // Somebody else was faster: the name of what makes an image has one image.
            Err(error) if error.is_tag_taken() && mode == Mode::Rebuild => {
                let help = "what is there stays; set `immutable: false`, or change what is built";
                return Err(tag_taken(&image.image_tag, image, help));
            }
            Err(error) if error.is_tag_taken() => {
                match images.existing(&image.image_tag, &destination, mode).await {
                    Ok(Some(digest)) => Ok(digest),
                    _ => Err(error),
                }
            }
            result => result,
        };
        let digest = match (result, &self.no_engine) {
            (Ok(digest), _) => digest,
            // Why there is no engine says more than that there is none.
            (Err(ImageError::NoEngine { .. }), Some(why)) => {
                return Err(image_error(why));
            }
            (Err(error), _) => return Err(image_error(&error)),
        };
        let is_of_files =
            matches!(self.made.get(id), Some(Making::Build { .. } | Making::Extend(_)));
        if is_of_files && let Some(commit) = self.clean_commit().await {
            // For people: an image without it is the same image.
            let short: String = commit.id.chars().take(COMMIT).collect();
            let _ = images.tag(&destination, &digest, &peoples_tag(id, image, &short)).await;
        }
        drop(place);
        self.pass(id, image, &digest).await?;
        let registry = destination.address.split('/').next().unwrap_or_default();
        let uri = self.aws.image_uri(registry, &image.repository_name, &digest);
        Ok(Changed {
            attributes: BTreeMap::from([(Attribute::Uri, uri)]),
            deployment: None,
            detail: Some(digest),
        })
    }

    /// The builder's logins for the registries of ECR that it finds steps in, or leaves them in.
    async fn cache_logins(
        &self,
        spec: &BuildSpec,
        destination: &Destination,
    ) -> Vec<(String, Auth)> {
        let own = destination.address.split('/').next().unwrap_or_default();
        let mut logins = Vec::new();
        for host in spec.options.cache_registries() {
            if host == own {
                logins.push((host, destination.auth.clone()));
            } else if let Some(registry) = ImageRegistry::of_host(&host) {
                // Whoever may not log in may well have a login in docker's configuration.
                let found = self.aws.registry_auth(Some(&registry)).await.ok();
                logins.extend(found.map(|auth| (host, basic(auth))));
            }
        }
        logins
    }

    /// A placeholder that stands for an image counts as none once there is an engine to build it.
    pub(super) async fn drop_placeholders(&self, actual: &mut Actual) -> Result<(), CloudError> {
        if self.sandbox.is_none() || self.mode() == Mode::Placeholder {
            return Ok(());
        }
        for (id, making) in &self.made {
            let Some(Observed { body: Body::Image(image), .. }) = actual.resources.get(id) else {
                continue;
            };
            let destination = self.destination(image).await?;
            let found = self.images.existing(&making.tag(), &destination, Mode::Build).await;
            let found = found.map_err(|error| image_error(&error))?;
            if found.is_none() {
                actual.resources.remove(id);
            }
        }
        Ok(())
    }
}

/// A tag for people: behind the service's name where several services share a repository.
fn peoples_tag(id: &ResourceId, image: &Image, tag: &str) -> String {
    if image.shared { shared_tag(&id.name, tag) } else { tag.to_owned() }
}

/// `SERVICE-TAG`, in characters and in a length that tags have (OCI distribution specification,
/// "Pulling manifests").
fn shared_tag(service: &str, tag: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let service: String = service.chars().map(plain).collect();
    let room = 127usize.saturating_sub(tag.len());
    let service: String = service.trim_start_matches(['.', '-']).chars().take(room).collect();
    if service.is_empty() { tag.to_owned() } else { format!("{service}-{tag}") }
}

fn basic(auth: RegistryAuth) -> Auth {
    Auth::Basic { user: auth.username, password: auth.password }
}

fn progress(event: ImageEvent) -> Option<ImageProgress> {
    Some(match event {
        ImageEvent::BuildStarted => ImageProgress::Building,
        ImageEvent::BuildLine(line) => ImageProgress::Line { line },
        ImageEvent::Built => return None,
        ImageEvent::PushStarted => ImageProgress::Pushing,
        ImageEvent::PushProgress { done, total } => {
            ImageProgress::Layers { done: done as u64, total: total as u64 }
        }
        ImageEvent::Bytes { done, total } => ImageProgress::Uploaded { done, total },
        // The count of layers says it, too.
        ImageEvent::Layer { .. } => return None,
        ImageEvent::Pushed { digest } => ImageProgress::Pushed { digest },
    })
}

/// A tag of another image, in a repository whose tags are immutable.
fn tag_taken(tag: &str, image: &Image, help: &str) -> CloudError {
    let name = &image.repository_name;
    let message = format!("the tag {tag} names another image in {name}, where tags never move");
    CloudError::new(CloudErrorKind::Image, "push", message).help(help)
}

fn image_error(error: &ImageError) -> CloudError {
    CloudError {
        help: error.help(),
        subject: error.subject().map(str::to_owned),
        ..CloudError::new(CloudErrorKind::Image, "push", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::shared_tag;

    #[test]
    fn tags_beside_those_of_other_services() {
        assert_eq!(shared_tag("web", "v1"), "web-v1");
        assert_eq!(shared_tag("@busybox", "v1"), "busybox-v1");
        assert_eq!(shared_tag("_", "v1"), "_-v1");
        assert_eq!(shared_tag("--", "v1"), "v1");
        let long = shared_tag(&"x".repeat(200), &"1".repeat(100));
        assert_eq!(long.len(), 128);
        assert!(long.ends_with(&"1".repeat(100)));
    }
}
