//! The content of another image.

use super::{Owner, Place, fresh};
use crate::compose::model::Mount;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Asset, AssetSource};
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// The way out, as long as no push can do it.
pub(crate) const COPY_FROM: &str =
    "`COPY --from=IMAGE` in a Dockerfile does it: `build` that in the place of `image`";

/// The content of an image becomes a part of the service's own.
pub(super) fn place<'a>(
    owner: &Owner<'a, '_>,
    mount: &Located<Mount>,
    reference: &str,
    out: &mut Output,
) -> Place<'a> {
    let Mount { kind: _, target, read_only, subpath, .. } = &mount.value;
    if !read_only {
        out.say(fresh(owner, mount, &format!("what the container writes to {target} is lost")));
    }
    out.say(
        Diagnostic::warning(
            Code::NotSupportedYet,
            format!("`push` and `deploy` cannot put the content of {reference} into an image yet"),
        )
        .at(mount.span, "")
        .help(COPY_FROM)
        .service(owner.name()),
    );
    let source = AssetSource::Image { reference: reference.to_owned(), subpath: subpath.clone() };
    Place::Asset(Asset::of_root(target.clone(), source, true))
}
