//! Mirrored images that the account's registry fetches by itself: pull-through cache.

use std::collections::BTreeMap;

use super::{App, Session};
use crate::aws::Aws;
use crate::ecs::facts::CacheRule;
use crate::images::Reference;
use crate::source::Located;

/// What the account's registry calls the images that are to be mirrored, where a rule brings them there.
/// Whoever may not read the rules copies.
pub(super) async fn look_up(session: &Session, app: &App, aws: &Aws) -> BTreeMap<String, String> {
    let services = app.project.services.values();
    let is_mirrored = |on: &Located<bool>| on.value;
    let mirrored = services.filter(|s| s.extension.mirror.as_ref().is_some_and(is_mirrored));
    let images: Vec<&str> =
        mirrored.filter_map(|s| s.image.as_ref().map(|image| image.value.as_str())).collect();
    if images.is_empty() {
        return BTreeMap::new();
    }
    let rules = match aws.cache_rules().await {
        Ok(rules) => rules,
        Err(error) => {
            if session.screen.verbose() {
                session.notify(&format!("images are mirrored by copying them: {error}"));
            }
            return BTreeMap::new();
        }
    };
    let cached = images.into_iter().filter_map(|image| {
        let Reference { registry, repository, .. } = Reference::parse(image)?;
        Some((image.to_owned(), CacheRule::repository(&rules, &registry, &repository)?))
    });
    cached.collect()
}
