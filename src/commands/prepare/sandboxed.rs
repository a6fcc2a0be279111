//! What the sandbox needs of this machine before a project is deployed into it, and what it lacks.

use super::{App, Purpose, Session};
use crate::ecs::desired::Body;
use crate::error::Error;
use crate::images::{Engine, ImageError, Images, external_bases};
use crate::sandbox::{Sandbox, base_image};

/// Says what the sandbox cannot do, and sees to the base image that offline machines lack.
pub(super) async fn prepare_sandbox(
    session: &Session,
    app: &App,
    sandbox: &Sandbox,
    purpose: Purpose,
) -> Result<Result<Images, ImageError>, Error> {
    // Its emulator has no Application Auto Scaling.
    let unscaled = app.desired.clone().without_scaling();
    if matches!(purpose, Purpose::Plan | Purpose::Deploy) && !unscaled.is_empty() {
        session.screen.warning(&format!(
            "the sandbox scales nothing: {} runs as many tasks as it starts with there",
            unscaled.join(", ")
        ));
    }
    if !sandbox.has_engine() {
        if purpose.names_images() {
            let why = sandbox.status.engine.why.as_deref().unwrap_or("no reason given");
            session.notify(&format!("no Docker engine ({why}): tasks are simulated"));
            if !app.builds.is_empty() {
                session
                    .notify("no Docker engine: placeholder images stand for what would be built");
            }
        }
        return Ok(Ok(Images::new(None)));
    }
    if purpose.names_images() {
        let mut wanted = Vec::new();
        // What lies elsewhere is not here yet.
        for spec in app.builds.iter().filter(|spec| spec.is_here()) {
            wanted.extend(external_bases(spec)?);
        }
        let plain = app.project.services.values().filter(|service| service.build.is_none());
        wanted.extend(plain.filter_map(|s| s.image.as_ref().map(|image| image.value.clone())));
        wanted.extend(app.desired.resources.values().filter_map(|r| copied(&r.body)));
        wanted.sort();
        wanted.dedup();
        for reference in wanted.iter().filter(|name| base_image::is_busybox(name)) {
            match base_image::ensure(reference).await {
                base_image::BaseImage::Present => {}
                base_image::BaseImage::StandIn(path) => session.notify(&format!(
                    "the engine cannot pull {reference}: this machine's {} stands in for it",
                    path.display()
                )),
                base_image::BaseImage::Missing(why) => session.screen.warning(&format!(
                    "the engine has no {reference} and cannot pull it ({why}); a statically linked \
                     /bin/busybox (Debian: busybox-static) could stand in for it"
                )),
            }
        }
    }
    Ok(Engine::detect().await.map(|engine| Images::new(Some(engine))))
}

/// The image that another is a copy of.
fn copied(body: &Body) -> Option<String> {
    match body {
        Body::Image(image) => image.base.clone(),
        _ => None,
    }
}
