//! Directories of this machine that several mounts share: what one service writes another one reads,
//! and a directory below another one is a part of it.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Bind, Stored, place, slashes};
use crate::compose::model::{Mount, MountKind, Service, Storage};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::facts::{PathKind, is_configuration};
use crate::ecs::rules::mounts::by_others::Shared;
use crate::ecs::rules::mounts::subpath::DEEPEST;
use crate::ecs::rules::mounts::{OwnVolume, Owner, Place};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::survey::known;
use crate::ecs::translate::unit::Sharing;
use crate::source::Located;

/// The directories that services write to and that become volumes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written<'a> {
    /// On the project's file system: the first mount of each.
    own: BTreeMap<&'a Path, Writer<'a, OwnVolume<'a>>>,
    /// Where `x-ecs` says: all mounts of each.
    chosen: BTreeMap<&'a Path, Vec<Writer<'a, Place<'a>>>>,
}

/// The volume of such a directory, and a mount of it.
#[derive(Clone, Debug)]
struct Writer<'a, V> {
    volume: V,
    service: &'a Service,
    mount: &'a Located<Mount>,
}

/// Finds those of a project.
pub(crate) fn written<'a>(cx: &Context<'a>, sharing: &Sharing<'a>) -> Written<'a> {
    let Written { mut own, mut chosen } = Written::default();
    for service in cx.project.services.values() {
        let owner = Owner { cx, sharing, service, known: known(cx, service), is_job: false };
        for mount in service.mounts.iter().filter(|mount| !mount.value.read_only) {
            let MountKind::Bind(path) = &mount.value.kind else { continue };
            let path = path.as_path();
            let says = mount.value.storage.is_some() || service.extension.volume.is_some();
            if !says && own.contains_key(path) {
                continue;
            }
            // What is to be said of it is said when its place is looked for in earnest.
            let stored = place(&owner, mount, path, &mut Output::default());
            match stored.place {
                Place::Own(volume) => {
                    own.entry(path).or_insert(Writer { volume, service, mount });
                }
                volume @ (Place::Task | Place::Ebs(_) | Place::Other(_) | Place::S3(_)) => {
                    chosen.entry(path).or_default().push(Writer { volume, service, mount });
                }
                _ => {}
            }
        }
    }
    Written { own, chosen }
}

impl<'a> Bind<'a, '_> {
    /// The topmost directory that is written to and has this one in it, and the way from there.
    fn top(&self) -> Option<(&'a Path, &Writer<'a, OwnVolume<'a>>, &'a Path)> {
        let written = &self.owner.sharing.written.own;
        let tops = self.path.ancestors().filter_map(|top| Some((top, written.get(top)?)));
        let (top, writer) = tops.last()?;
        Some((top, writer, self.path.strip_prefix(top).ok()?))
    }

    /// The volume of a directory that another one holds: a directory of that one's volume, so that each
    /// sees what the other writes.
    pub(super) fn within(&self, volume: OwnVolume<'a>, out: &mut Output) -> OwnVolume<'a> {
        let way = self.top().filter(|(_, _, way)| !way.as_os_str().is_empty());
        let Some((_, writer, way)) = way else { return volume };
        if way.components().count() > DEEPEST {
            let message = format!("{} shares nothing with the directory that holds it", self.shown);
            let help = "EFS mounts what is at most four directories deep: mount one that is higher, or \
                choose where each lives with `x-ecs` at its mount";
            let said = self.diagnostic(Diagnostic::warning(Code::Approximated, message), help);
            out.say(said.at(writer.mount.span, "which is mounted here"));
            return volume;
        }
        let way = slashes(way);
        let way: String =
            way.split('/').map(|part| format!("/{}", fit(part, Grammar::Directory))).collect();
        OwnVolume { directory: format!("{}{way}", writer.volume.directory), ..volume }
    }

    /// A directory that is read here and written to elsewhere: both mount one volume.
    pub(super) fn read_back(&self, out: &mut Output) -> Option<Stored<'a>> {
        if !self.mount.value.read_only || self.is_file() {
            return None;
        }
        if let Some(stored) = self.read_where_chosen(out) {
            return Some(stored);
        }
        let Some((top, writer, way)) = self.top() else {
            self.torn_apart(out);
            return None;
        };
        if self.is_for_itself(top, way) {
            return None;
        }
        self.starts_empty_there(writer, out);
        Some(self.volume(out))
    }

    /// Whether what is at this way below a directory that is written to is no part of what is written:
    /// whoever mounts all of a project's directory mounts its configuration with it.
    fn is_for_itself(&self, top: &Path, way: &Path) -> bool {
        let is_project = self.owner.cx.project.directory.starts_with(top);
        !way.as_os_str().is_empty() && (is_project || is_configuration(self.target()))
    }

    /// The volume of a writer that `x-ecs` gave one: of its own task, or one that all tasks reach.
    fn read_where_chosen(&self, out: &mut Output) -> Option<Stored<'a>> {
        let writers = self.owner.sharing.written.chosen.get(self.path)?;
        let unit = |service: &'a Service| self.owner.sharing.unit(&service.name.value);
        let own = unit(self.owner.service);
        let near = writers.iter().find(|writer| unit(writer.service) == own);
        let reached = |place: &Place<'_>| matches!(place, Place::Other(_) | Place::S3(_));
        let writer = near.or_else(|| writers.iter().find(|writer| reached(&writer.volume)))?;
        if !reached(&writer.volume) {
            self.starts_empty_there(writer, out);
        }
        Some(Stored::at(self.mount, &self.volume_name(), writer.volume.clone()))
    }

    /// Says that a directory is read as it is at home, and written to in the volume of another task.
    fn torn_apart(&self, out: &mut Output) {
        let chosen = &self.owner.sharing.written.chosen;
        let mut tops = self.path.ancestors().filter_map(|top| Some((top, chosen.get(top)?)));
        let found = tops.find(|(top, _)| {
            let way = self.path.strip_prefix(top).unwrap_or(self.path);
            !self.is_for_itself(top, way)
        });
        let Some(writer) = found.and_then(|(_, writers)| writers.first()) else { return };
        let (name, other) = (self.owner.name(), &writer.service.name.value);
        let message = format!("{name} does not see what {other} writes to {}", self.shown);
        let help = format!(
            "it reads what is at home; to share what {other} writes, use `x-ecs: {{efs}}` at the mount \
             of {other}, or mount the one directory in one task (`x-ecs: {{task: NAME}}` at both)"
        );
        let said = Diagnostic::warning(Code::Approximated, message);
        out.say(self.diagnostic(said, &help).at(writer.mount.span, "in a volume of its own"));
    }

    /// Says that what is read is what another service wrote.
    fn starts_empty_there<V>(&self, writer: &Writer<'a, V>, out: &mut Output) {
        let message = format!(
            "{} reads {} from the volume that {} writes to, which starts empty",
            self.owner.name(),
            self.shown,
            writer.service.name.value
        );
        let kind = self.facts.map(|facts| facts.kind);
        let diagnostic = match kind {
            Some(PathKind::Directory { empty: false }) => Diagnostic::warning,
            _ => Diagnostic::note,
        };
        let help = "what is in the directory at home stays there; `x-ecs: {asset}` at a mount puts it \
            into the image instead";
        let said = self.diagnostic(diagnostic(Code::VolumeStartsEmpty, message), help);
        out.say(said.at(writer.mount.span, "written here"));
    }

    /// What another mount of the directory says of its place, where this one says nothing and is to be
    /// written to as well.
    pub(super) fn by_others(&self) -> Option<&'a Located<Storage>> {
        let said = self.owner.sharing.by_others.get(&Shared::Path(self.path)).copied();
        said.filter(|_| !self.wants_asset())
    }
}

#[cfg(test)]
#[path = "shared_tests.rs"]
mod tests;
