//! `x-ecs: {efs: fs-…}`: a file system that somebody else made.

use super::{OtherVolume, Owner, Place, TWO_DIRECTORIES, refused, subpath};
use crate::compose::model::{Mount, Storage};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// A volume on a file system, behind an access point or not.
pub(super) fn place<'a>(
    owner: &Owner<'a, '_>,
    mount: &Located<Mount>,
    (file_system, access_point): (&str, Option<&str>),
    chosen: &Located<Storage>,
    out: &mut Output,
) -> Place<'a> {
    if access_point.is_some() && mount.value.subpath.is_some() {
        return refused(owner, mount, chosen, TWO_DIRECTORIES, out);
    }
    let Some(parts) = subpath::parts(owner, mount, out) else { return Place::Nowhere };
    out.say(
        Diagnostic::note(Code::Approximated, format!("{file_system} has to let the tasks in"))
            .at(chosen.span, "")
            .help("the groups of its mount targets must let the project's groups in on port 2049")
            .service(owner.name()),
    );
    Place::Other(OtherVolume {
        file_system: file_system.to_owned(),
        access_point: access_point.map(str::to_owned),
        root: subpath::root(&parts),
    })
}
