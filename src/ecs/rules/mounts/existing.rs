//! `x-ecs: {efs: fs-…}`: a file system that somebody else made.

use super::{OtherVolume, Owner, Place, TWO_DIRECTORIES, refused, subpath};
use crate::compose::model::{Mount, Storage};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// What the file says.
pub(super) struct Chosen<'a> {
    /// `fs-…`
    pub(super) file_system: &'a str,
    /// `fsap-…`
    pub(super) access_point: Option<&'a str>,
    /// Whether tasks mount it as their role.
    pub(super) iam: bool,
    /// Where it stands.
    pub(super) chosen: &'a Located<Storage>,
}

/// A volume on a file system, behind an access point or not.
pub(super) fn place<'a>(
    owner: &Owner<'a, '_>,
    mount: &Located<Mount>,
    given: &Chosen<'_>,
    out: &mut Output,
) -> Place<'a> {
    let Chosen { file_system, access_point, iam, chosen } = *given;
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
        iam,
        root: subpath::root(&parts),
    })
}
