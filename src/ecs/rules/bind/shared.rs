//! Directories of this machine that several mounts share: what one service writes another one reads,
//! and a directory below another one is a part of it.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Bind, Stored, place, slashes};
use crate::compose::model::{Mount, MountKind, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::facts::{PathKind, is_configuration};
use crate::ecs::rules::mounts::subpath::DEEPEST;
use crate::ecs::rules::mounts::{OwnVolume, Owner, Place};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::survey::known;
use crate::ecs::translate::unit::Sharing;
use crate::source::Located;

/// The directories that services write to and that become volumes on EFS.
pub(crate) type Written<'a> = BTreeMap<&'a Path, Writer<'a>>;

/// The volume of such a directory, and the first mount of it.
#[derive(Clone, Debug)]
pub(crate) struct Writer<'a> {
    volume: OwnVolume<'a>,
    service: &'a Service,
    mount: &'a Located<Mount>,
}

/// Finds those of a project.
pub(crate) fn written<'a>(cx: &Context<'a>, sharing: &Sharing<'a>) -> Written<'a> {
    let mut found = Written::new();
    for service in cx.project.services.values() {
        let owner = Owner { cx, sharing, service, known: known(cx, service), is_job: false };
        for mount in service.mounts.iter().filter(|mount| !mount.value.read_only) {
            let MountKind::Bind(path) = &mount.value.kind else { continue };
            if found.contains_key(path.as_path()) {
                continue;
            }
            // What is to be said of it is said when its place is looked for in earnest.
            let stored = place(&owner, mount, path, &mut Output::default());
            if let Place::Own(volume) = stored.place {
                found.insert(path, Writer { volume, service, mount });
            }
        }
    }
    found
}

impl<'a> Bind<'a, '_> {
    /// The topmost directory that is written to and has this one in it, and the way from there.
    fn top(&self) -> Option<(&'a Path, &Writer<'a>, &'a Path)> {
        let written = &self.owner.sharing.written;
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
        let (top, writer, way) = self.top()?;
        // Whoever mounts all of a project's directory mounts its configuration with it.
        let is_project = self.owner.cx.project.directory.starts_with(top);
        if !way.as_os_str().is_empty() && (is_project || is_configuration(self.target())) {
            return None;
        }
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
        Some(self.volume(out))
    }
}

#[cfg(test)]
#[path = "shared_tests.rs"]
mod tests;
