//! `x-ecs.pull_credentials`, where decklift itself reads the image: what is copied, or extended.

use std::collections::BTreeSet;

use super::{App, Session};
use crate::aws::Aws;
use crate::ecs::desired::{Body, Kind, ResourceId};
use crate::images::{Auth, Images};

/// Adds the logins that docker's configuration lacks. Whoever may not read a secret goes without, and is
/// told: the image may be public even so.
pub(super) async fn add(session: &Session, app: &App, aws: &Aws, mut images: Images) -> Images {
    let mut known = BTreeSet::new();
    for (service, (reference, secret)) in wanted(app) {
        let Some(host) = Images::lacks_login(reference).await else { continue };
        if !known.insert(host.clone()) {
            continue;
        }
        match aws.pull_credentials(secret).await {
            Ok((user, password)) => {
                images = images.with_login(&host, Auth::Basic { user, password });
            }
            Err(error) => session.screen.warning(&format!(
                "{service}: docker's configuration has no login for {host}, and its \
                 `pull_credentials` could not be read ({error})"
            )),
        }
    }
    images
}

/// The secrets that are read for it.
pub(in crate::commands) fn secrets(app: &App) -> Vec<String> {
    wanted(app).map(|(_, (_, secret))| secret.to_owned()).collect()
}

/// Services whose images are read here, each with its image and the secret.
fn wanted(app: &App) -> impl Iterator<Item = (&str, (&str, &str))> {
    app.project.services.iter().filter_map(|(name, service)| {
        let secret = service.extension.pull_credentials.as_ref()?;
        let image = app.desired.resources.get(&ResourceId::new(Kind::Image, name.as_str()))?;
        let Body::Image(image) = &image.body else { return None };
        Some((name.as_str(), (image.base.as_deref()?, secret.value.as_str())))
    })
}
