//! `subpath`: a directory below a volume's own.

use super::{Owner, of_path};
use crate::compose::model::Mount;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// The directories of a path, without what changes nothing about it.
pub(in crate::ecs::rules) fn split(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !matches!(*part, "" | ".")).collect()
}

/// The directories that lead from a volume's own to what is mounted, none where that is all of it;
/// nothing, reported, where they lead out of the volume.
pub(super) fn parts<'m>(
    owner: &Owner<'_, '_>,
    mount: &'m Located<Mount>,
    out: &mut Output,
) -> Option<Vec<&'m str>> {
    let Some(subpath) = mount.value.subpath.as_deref() else { return Some(Vec::new()) };
    let parts = split(subpath);
    if parts.is_empty() || parts.contains(&"..") {
        out.say(
            Diagnostic::error(Code::InvalidValue, format!("{subpath:?} is no path in a volume"))
                .at(mount.span, "")
                .help("name a directory below the volume's own, without `..`")
                .service(owner.name()),
        );
        return None;
    }
    Some(parts)
}

/// How deep below a volume's own directory another one may be that is mounted: the path of an access
/// point has four parts at most (EFS API reference, `RootDirectory.Path`).
pub(in crate::ecs::rules) const DEEPEST: usize = 3;

/// What to say of a directory that no access point has.
pub(super) fn too_deep(owner: &Owner<'_, '_>, mount: &Located<Mount>) -> Diagnostic {
    let message = format!("a part of a volume is at most {DEEPEST} directories deep on EFS");
    Diagnostic::error(Code::InvalidValue, message)
        .at(mount.span, "this `subpath` is deeper")
        .help("mount a directory that is higher, or use a volume for it alone")
        .service(owner.name())
}

/// Directories as the root of a volume; nothing where it is all of the file system.
pub(in crate::ecs::rules) fn root(parts: &[&str]) -> Option<String> {
    (!parts.is_empty()).then(|| format!("/{}", parts.join("/")))
}

/// What the task calls that part of a volume: the volume's own name where it is all of it.
pub(super) fn name(volume: &str, mount: &Located<Mount>) -> String {
    let parts = mount.value.subpath.as_deref().map(split).unwrap_or_default();
    match parts.last() {
        None => volume.to_owned(),
        last => of_path(volume, &format!("{volume}/{}", parts.join("/")), last),
    }
}
