//! A volume without a name.

use super::{Owner, Place};
use crate::compose::model::Mount;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// Compose reads `d:/data` as a path on a drive of Windows, which no container of Linux has: Docker
/// refuses to start it, and whoever wrote it meant a volume of one letter, whose data would be lost.
pub(super) fn place<'a>(
    owner: &Owner<'_, '_>,
    mount: &Located<Mount>,
    out: &mut Output,
) -> Place<'a> {
    let target = mount.value.target.as_str();
    let Some((drive, path)) = target.split_once(':').filter(|(drive, path)| {
        drive.len() == 1 && drive.bytes().all(|b| b.is_ascii_alphabetic()) && path.starts_with('/')
    }) else {
        return Place::Anonymous;
    };
    let message = format!("Compose takes `{drive}:` for a drive of Windows, and not for a volume");
    let help = format!(
        "give the volume a longer name, or write `{{type: volume, source: {drive}, target: {path}}}`"
    );
    out.say(
        Diagnostic::error(Code::Refused, message)
            .at(mount.span, "")
            .help(help)
            .service(owner.name()),
    );
    Place::Nowhere
}
