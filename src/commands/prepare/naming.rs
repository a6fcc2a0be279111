//! What is made for a project, by the names that it will have.

use std::collections::BTreeMap;

use futures_util::future::{join_all, try_join_all};

use super::{App, Session, builds, extensions};
use crate::commands::world::Making;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::ecs::desired::{Body, Image, Kind, ResourceId};
use crate::error::Error;
use crate::images::{BaseImage, BuildSpec, ContentName, ExtendedName, ImageError, Images};

/// What is built, with every context on this machine.
async fn contexts(session: &Session, app: &App, images: &Images) -> Result<Vec<BuildSpec>, Error> {
    let mut diagnostics = Diagnostics::default();
    let mut local = Vec::new();
    for (spec, found) in
        app.builds.iter().zip(join_all(app.builds.iter().map(|s| images.local(s))).await)
    {
        match found {
            Ok(found) => local.push(found),
            Err(error) => {
                diagnostics.extend([builds::unusable(&app.project, &spec.service, &error)])
            }
        }
    }
    if diagnostics.has_errors() {
        session.print(&diagnostics, &app.sources);
        return Err(Error::Compose);
    }
    Ok(local)
}

/// Names what is built, and what something is put on.
pub(super) async fn name_images(
    session: &Session,
    app: &App,
    images: &Images,
    placeholders: bool,
) -> Result<BTreeMap<ResourceId, Making>, Error> {
    // A placeholder is built on nothing.
    let warn = |service: &str, base: &str| {
        if !placeholders {
            session.screen.warning(&format!(
                "{service}: the digest of the image {base} is not known, so a new {base} alone \
                 will not be noticed"
            ));
        }
    };
    let mut made = BTreeMap::new();
    let builds = contexts(session, app, images).await?;
    // Bases are asked for while files are read.
    let names: Vec<ContentName> = try_join_all(builds.iter().map(|spec| images.name(spec))).await?;
    for (spec, name) in builds.into_iter().zip(names) {
        name.unresolved_bases().iter().for_each(|base| warn(&spec.service, base));
        let id = ResourceId::new(Kind::Image, &spec.service);
        made.insert(id, Making::Build { spec: Box::new(spec), name });
    }
    for (service, source) in &app.given {
        let id = ResourceId::new(Kind::Image, service);
        if let Some(Body::Image(image)) = app.desired.resources.get(&id).map(|r| &r.body) {
            let name = images.name_given(source, &image.platform).await?;
            made.insert(id, Making::Given(Box::new(name)));
        }
    }
    for extensions::Extended { id, base, extension } in &app.extended {
        let base = match (made.remove(id), base) {
            (Some(Making::Build { spec, name }), _) => BaseImage::Built(spec, name),
            (Some(Making::Given(name)), _) => BaseImage::Given(name),
            (_, Some(reference)) => BaseImage::Existing(reference.clone()),
            // A build of something that is not here was refused.
            (_, None) => continue,
        };
        let name: ExtendedName = match images.name_extended(base, extension.clone()).await {
            Ok(name) => name,
            Err(error) => return Err(refused(session, app, &extension.service, error)),
        };
        name.unresolved_images().for_each(|base| warn(&extension.service, base));
        made.insert(id.clone(), Making::Extend(Box::new(name)));
    }
    for (id, resource) in &app.desired.resources {
        // What decklift adds itself belongs to no service, and is copied by its tag.
        let (Body::Image(image), Some(service)) = (&resource.body, &resource.service) else {
            continue;
        };
        let Image { base: Some(base), platform, .. } = &**image else { continue };
        if !image.is_extended() && !made.contains_key(id) {
            let (origin, is_known) = images.name_copy(base, platform).await;
            if !is_known {
                warn(service, base);
            }
            made.insert(id.clone(), Making::Copy(origin));
        }
    }
    Ok(made)
}

/// A fault of what is mounted, at its place in the Compose file where it has one.
fn refused(session: &Session, app: &App, service: &str, error: ImageError) -> Error {
    let subject = error.subject().filter(|_| error.is_users_fault());
    let place = subject.and_then(|subject| extensions::place(&app.project, service, subject));
    let Some(place) = place else { return error.into() };
    let mut fault = Diagnostic::error(Code::Refused, format!("failed to {error}"));
    fault.help = error.help();
    let mut diagnostics = Diagnostics::default();
    diagnostics.extend([fault.at(place, "").service(service)]);
    session.print(&diagnostics, &app.sources);
    Error::Compose
}
