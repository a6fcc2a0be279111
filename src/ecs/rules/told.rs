//! What stands in the files that a service is given, in which it may name others: the configuration of a
//! proxy says whom it stands before.

use std::path::Path;

use super::calls::Text;
use crate::compose::model::{MountKind, Service};
use crate::ecs::translate::context::Context;

/// The files that a service mounts, its configs, and what its Dockerfile copies where that is known.
pub(super) fn texts<'a>(
    cx: &Context<'a>,
    service: &'a Service,
) -> impl Iterator<Item = Text<'a>> + use<'a> {
    let (project, facts) = (cx.project, cx.facts);
    let of_path = move |path: &Path| facts.paths.get(path).map(|facts| facts.text.as_str());
    let mounts = service.mounts.iter().filter_map(move |mount| {
        let MountKind::Bind(path) = &mount.value.kind else { return None };
        Some(Text::alone(of_path(path)?, mount.span))
    });
    let configs = service.written.configs.iter().filter_map(move |reference| {
        let settings = &project.configs.get(&reference.source.value)?.settings;
        let of_file = || of_path(Path::new(settings.text("file")?));
        let text = settings.text("content").or_else(of_file)?;
        Some(Text::alone(text, reference.source.span))
    });
    let copied = service.build.iter().filter_map(move |build| {
        let says = facts.dockerfiles.get(&service.name.value)?;
        Some(Text::alone(&says.copied, build.span))
    });
    mounts.chain(configs).chain(copied).filter(|text| !text.text.is_empty())
}
