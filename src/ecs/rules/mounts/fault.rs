//! What no mount can be, whatever is mounted.

use crate::compose::model::{Mount, MountKind, Storage};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;

/// Why a mount cannot be, and the way out.
pub(super) fn fault(mount: &Located<Mount>) -> Option<Diagnostic> {
    let fault =
        drive(&mount.value).or_else(|| target(&mount.value.target).filter(|_| !dropped(mount)));
    let fault = fault.map(|fault| fault.at(mount.span, ""));
    fault.or_else(|| storage(mount))
}

/// A name alone is a volume without one, at that path: it is left out, as its like is.
fn dropped(mount: &Located<Mount>) -> bool {
    let Mount { kind, target, storage, .. } = &mount.value;
    *kind == MountKind::Anonymous && storage.is_none() && target != "/"
}

/// Compose reads `d:/data` as a path on a drive of Windows, which no container of Linux has: Docker
/// refuses to start it, and whoever wrote it meant a volume of one letter, whose data would be lost.
fn drive(mount: &Mount) -> Option<Diagnostic> {
    let is_drive = |drive: &str| drive.len() == 1 && drive.bytes().all(|b| b.is_ascii_alphabetic());
    let (drive, path) = mount
        .target
        .split_once(':')
        .filter(|(drive, path)| is_drive(drive) && path.starts_with('/'))
        .filter(|_| mount.kind == MountKind::Anonymous)?;
    let message = format!("Compose takes `{drive}:` for a drive of Windows, and not for a volume");
    let help = format!(
        "give the volume a longer name, or write `{{type: volume, source: {drive}, target: {path}}}`"
    );
    Some(Diagnostic::error(Code::Refused, message).help(help))
}

/// The engine refuses both: `mount path must be absolute`, and `destination can't be '/'` (moby,
/// `volume/mounts/linux_parser.go`).
fn target(target: &str) -> Option<Diagnostic> {
    let message = match target {
        "/" => "nothing can be mounted over the root of a container".to_owned(),
        _ if target.starts_with('/') => return None,
        _ => format!("{target:?} is no absolute path in a container"),
    };
    let help = "write a path that begins with `/`, and a directory or file below it";
    Some(Diagnostic::error(Code::InvalidValue, message).help(help))
}

/// `x-ecs` at what lives in one place alone.
fn storage(mount: &Located<Mount>) -> Option<Diagnostic> {
    let storage = mount.value.storage.as_ref()?;
    let (message, help) = match (&mount.value.kind, &storage.value) {
        (MountKind::Tmpfs { .. }, _) => (
            "a tmpfs is memory, and lives nowhere else",
            "take `x-ecs` away, or write `type: volume` for what shall live there",
        ),
        (MountKind::Image(_), Storage::Asset) => return None,
        (MountKind::Image(_), _) => (
            "what is mounted of an image becomes a part of the service's own, and lives nowhere else",
            "take `x-ecs` away, or write `type: volume` for what the container keeps",
        ),
        _ => return None,
    };
    let fault = Diagnostic::error(Code::InvalidValue, message).at(storage.span, "");
    Some(fault.at(mount.span, "").help(help))
}
