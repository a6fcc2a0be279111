//! Where a volume lives of which some mounts say it, and others say nothing: Compose has one volume for
//! all of them, and who says nothing wants nothing else.

use std::collections::BTreeMap;
use std::path::Path;

use crate::compose::model::{Mount, MountKind, Service, Storage, Volume};
use crate::ecs::translate::context::Context;
use crate::ecs::translate::unit::Sharing;
use crate::source::Located;

/// What several services may mount: a volume by its name, or a directory of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shared<'a> {
    /// A named volume.
    Volume(&'a str),
    /// A directory.
    Path(&'a Path),
}

/// The one place that is said of what several mounts share.
pub(crate) type ByOthers<'a> = BTreeMap<Shared<'a>, &'a Located<Storage>>;

/// A mount, and whose it is.
type Use<'a> = (&'a Service, &'a Located<Mount>);

/// Finds what is said by some and left open by others.
pub(crate) fn by_others<'a>(cx: &Context<'a>, sharing: &Sharing<'a>) -> ByOthers<'a> {
    let mut all: BTreeMap<Shared<'a>, Vec<Use<'a>>> = BTreeMap::new();
    for service in cx.project.services.values() {
        for mount in &service.mounts {
            let shared = match &mount.value.kind {
                MountKind::Volume(name) => Shared::Volume(name),
                MountKind::Bind(path) => Shared::Path(path),
                _ => continue,
            };
            all.entry(shared).or_default().push((service, mount));
        }
    }
    let said = all.into_iter().filter(|(_, uses)| uses.len() > 1);
    said.filter_map(|(shared, uses)| Some((shared, one(cx, sharing, shared, uses)?))).collect()
}

/// The one place that the mounts of a thing name; nothing where the volume itself names one, where they
/// differ, or where not everybody can have it there.
fn one<'a>(
    cx: &Context<'a>,
    sharing: &Sharing<'a>,
    shared: Shared<'a>,
    mut uses: Vec<Use<'a>>,
) -> Option<&'a Located<Storage>> {
    // Files that are a part of an image are a copy of their own.
    uses.retain(|one| said(one).is_none_or(|said| said.value != Storage::Asset));
    let is_open = match shared {
        Shared::Volume(name) => cx.project.volumes.get(name).is_none_or(says_nothing),
        // What nobody writes to is configuration.
        Shared::Path(_) => uses.iter().any(|(_, mount)| !mount.value.read_only),
    };
    let first = uses.iter().find_map(said).filter(|_| is_open)?;
    if uses.iter().filter_map(said).any(|other| other.value != first.value) {
        return None;
    }
    let unit = |(service, _): &Use<'a>| sharing.unit(&service.name.value);
    let is_of_a_task = matches!(first.value, Storage::Ephemeral | Storage::Ebs(_));
    let in_one_task = uses.windows(2).all(|two| unit(&two[0]) == unit(&two[1]));
    (!is_of_a_task || in_one_task).then_some(first)
}

/// What a mount or its service says.
fn said<'a>((service, mount): &Use<'a>) -> Option<&'a Located<Storage>> {
    mount.value.storage.as_ref().or(service.extension.volume.as_ref())
}

/// Whether nothing at a volume says where it lives.
fn says_nothing(volume: &Volume) -> bool {
    let driver = volume.driver.as_ref().map_or("", |driver| driver.value.as_str());
    volume.storage.is_none()
        && volume.outside().is_none()
        && volume.driver_opts.is_empty()
        && matches!(driver, "" | "local")
}

#[cfg(test)]
#[path = "by_others_tests.rs"]
mod tests;
