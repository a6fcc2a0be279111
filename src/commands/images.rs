use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::json;

use super::prepare::{self, Purpose};
use super::world::World;
use super::{Session, signals};
use crate::cli::{GivenArgs, ImagesArgs};
use crate::compose::Project;
use crate::ecs::desired::{Body, Desired, Image, Kind, ResourceId};
use crate::error::Error;
use crate::inspect::{Moment, ServiceImage, StoredImage};
use crate::report::images::{ImagesOptions, text};

/// How many repositories are asked for at once.
const IN_FLIGHT: usize = 10;

/// `decklift images`
pub(super) async fn run(session: &Session, arguments: &ImagesArgs) -> Result<(), Error> {
    // An image is named by what makes it, so all of that must be there.
    let app = prepare::read_to_push(session, false, &GivenArgs::default())?;
    let known: Vec<&str> = app.project.services.keys().map(String::as_str).collect();
    prepare::check_names(&arguments.services, &known)?;
    let stop = signals::listen(session);
    let connect = prepare::connect(session, &app, Purpose::Push, &|_| {});
    let world = stop.or_interrupted(session, connect).await?;
    let desired = prepare::desired(session, &app, &world)?;
    let wanted =
        |service: &&String| arguments.services.is_empty() || arguments.services.contains(service);
    let services: Vec<&String> = app.project.services.keys().filter(wanted).collect();
    let stored = stop.or_interrupted(session, stored(&world, &desired, &services)).await?;
    let images: Vec<ServiceImage> = services
        .into_iter()
        .filter_map(|service| image(&app.project, &desired, service, &stored))
        .collect();
    if session.json() {
        let document = json!({"stack": desired.stack, "region": world.region(), "images": images});
        session.screen.data(&serde_json::to_string_pretty(&document).unwrap_or_default());
        return Ok(());
    }
    let width = session.screen.data_width();
    let options = ImagesOptions { width, now: Moment::now(), all: arguments.all };
    session.screen.data(&text(&images, options));
    Ok(())
}

/// The image of a service that stands in a repository of the project.
fn own<'a>(desired: &'a Desired, service: &str) -> Option<&'a Image> {
    match &desired.resources.get(&ResourceId::new(Kind::Image, service))?.body {
        Body::Image(image) => Some(image),
        _ => None,
    }
}

/// What the repositories hold, by their names.
async fn stored(
    world: &World<'_>,
    desired: &Desired,
    services: &[&String],
) -> Result<BTreeMap<String, Vec<StoredImage>>, Error> {
    let names = services.iter().filter_map(|service| own(desired, service));
    let found = stream::iter(names.map(|image| (image.repository_name.clone(), image)))
        .map(|(name, image)| async move {
            let images = world.aws().stored_images(image).await?;
            Ok::<_, Error>((name, images))
        })
        .buffered(IN_FLIGHT)
        .try_collect::<Vec<_>>()
        .await?;
    Ok(found.into_iter().collect())
}

/// The image of a service; nothing where it has none.
fn image(
    project: &Project,
    desired: &Desired,
    service: &str,
    stored: &BTreeMap<String, Vec<StoredImage>>,
) -> Option<ServiceImage> {
    let Some(image) = own(desired, service) else {
        let reference = &project.services.get(service)?.image.as_ref()?.value;
        let (repository, tag) = split(reference);
        return Some(ServiceImage {
            service: service.to_owned(),
            repository: repository.to_owned(),
            tag: tag.to_owned(),
            stored: None,
            own: false,
            others: Vec::new(),
        });
    };
    let all = stored.get(&image.repository_name).map_or(&[][..], Vec::as_slice);
    let (this, others): (Vec<&StoredImage>, Vec<&StoredImage>) =
        all.iter().partition(|stored| stored.tags.contains(&image.image_tag));
    Some(ServiceImage {
        service: service.to_owned(),
        repository: image.repository_name.clone(),
        tag: image.image_tag.clone(),
        stored: this.first().map(|&stored| stored.clone()),
        own: true,
        others: others.into_iter().cloned().collect(),
    })
}

/// The repository of a reference, and its tag or digest.
fn split(reference: &str) -> (&str, &str) {
    if let Some((repository, digest)) = reference.split_once('@') {
        return (repository, digest);
    }
    match reference.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (reference, "latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn references() {
        assert_eq!(split("redis"), ("redis", "latest"));
        assert_eq!(split("redis:7"), ("redis", "7"));
        assert_eq!(split("host:5000/a/b"), ("host:5000/a/b", "latest"));
        assert_eq!(split("host:5000/a/b:1"), ("host:5000/a/b", "1"));
        assert_eq!(split("a:1@sha256:00"), ("a:1", "sha256:00"));
    }
}
