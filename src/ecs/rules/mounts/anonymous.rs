//! A volume without a name.

use super::{Owner, Place, Stored, chosen_place, of_path, own};
use crate::compose::model::{Mount, Storage};
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// The container's own layer serves, unless `x-ecs` at the mount says where the data lives. It is then
/// named after the service and the place in it, so that every deployment finds it again.
pub(super) fn place<'a>(
    owner: &Owner<'a, '_>,
    mount: &'a Located<Mount>,
    out: &mut Output,
) -> Stored<'a> {
    let Some(chosen) = &mount.value.storage else {
        return Stored::at(mount, "", Place::Anonymous);
    };
    let target = &mount.value.target;
    let service = owner.name();
    let last = target.rsplit('/').find(|part| !part.is_empty());
    let name = of_path(service, &format!("{service}:{target}"), last.as_ref());
    let place = match &chosen.value {
        Storage::Efs => own(owner, mount, &name, None, out),
        storage => chosen_place(owner, mount, storage, chosen, out),
    };
    Stored::at(mount, &name, place)
}
