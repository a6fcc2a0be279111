//! Images that are run as they are, by the digests that their tags have today.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::{Session, registries};
use crate::compose::Project;
use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::ecs::desired::{Desired, Kind, ResourceId};
use crate::ecs::docker_platform;
use crate::error::Error;
use crate::images::{Images, Pin};
use crate::source::Sources;

/// References, and what they are called by their digests.
pub(super) type Pinned = BTreeMap<String, String>;

/// What was learned, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) pinned: Pinned,
    /// Images that exist, and not for the machine that runs them.
    pub(super) faults: Diagnostics,
    /// Images that their registries do not have.
    pub(super) absent: Vec<String>,
}

/// Asks registries for all images at once; those that nothing can be learned of keep their tags, and ECS
/// finds out what they are when it deploys them.
pub(super) async fn ask(
    images: &Images,
    project: &Project,
    desired: &Desired,
    cached: &BTreeMap<String, String>,
) -> Found {
    // What is pushed has a digest of its own; what the account's registry fetches has the other's.
    let is_cached = |service: &Service| image(service).is_some_and(|i| cached.contains_key(i));
    let is_pushed = |service: &Service| {
        !is_cached(service)
            && desired.resources.contains_key(&ResourceId::new(Kind::Image, &service.name.value))
    };
    let services = project.services.values().filter(|service| !is_pushed(service));
    let services = services.filter_map(|service| Some((service, image(service)?)));
    let mut wanted: BTreeMap<(&str, &str), &Service> = BTreeMap::new();
    for (service, name) in services {
        wanted.entry((name, docker_platform(service))).or_insert(service);
    }
    let asked = wanted.iter().map(|((name, platform), service)| async {
        (*name, *service, images.pin(name, platform).await)
    });
    let mut found = Found::default();
    for (name, service, pin) in join_all(asked).await {
        match pin {
            Ok(Pin::Digest(pinned)) => {
                found.pinned.insert(name.to_owned(), pinned);
            }
            Ok(Pin::Absent) => found.absent.push(name.to_owned()),
            Ok(Pin::Unknown) => {}
            Err(error) => {
                let message = format!("{name} cannot run here: {error}");
                let mut fault =
                    Diagnostic::error(Code::WrongMachine, message).service(&service.name.value);
                fault.help = error.help();
                let place = service.image.as_ref().map_or(service.span(), |image| image.span);
                found.faults.extend([fault.at(place, "")]);
            }
        }
    }
    found
}

/// The image that is run as it is, or that something is put on.
fn image(service: &Service) -> Option<&str> {
    let image = service.image.as_ref().filter(|_| service.build.is_none())?;
    Some(&image.value)
}

/// [`ask`], where nothing is awaited: for `convert`.
///
/// # Errors
///
/// There is no thread or runtime to ask with.
pub(super) fn look(project: &Project, desired: &Desired) -> Result<Found, Error> {
    registries::ask("--resolve-digests", async |images: Images| {
        let images = &images;
        ask(images, project, desired, &BTreeMap::new()).await
    })
}

/// Says what is wrong, and gives back what was learned.
///
/// # Errors
///
/// An image that cannot run here.
pub(super) fn told(session: &Session, sources: &Sources, found: Found) -> Result<Pinned, Error> {
    for name in &found.absent {
        session.screen.warning(&format!(
            "there is no image {name} in its registry, or it is not for everybody: ECS will not find it"
        ));
    }
    if found.faults.has_errors() {
        session.print(&found.faults, sources);
        return Err(Error::Compose);
    }
    Ok(found.pinned)
}
