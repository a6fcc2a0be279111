//! The content of another image.

use super::{Owner, Place, fresh};
use crate::compose::model::Mount;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Asset, AssetSource};
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// The content of an image becomes a part of the service's own.
pub(super) fn place<'a>(
    owner: &Owner<'a, '_>,
    mount: &Located<Mount>,
    reference: &str,
    out: &mut Output,
) -> Place<'a> {
    let Mount { kind: _, target, read_only, subpath, .. } = &mount.value;
    if let Some((service, span)) = builder(owner, reference) {
        let message = format!("{reference} is built in this project, by {service}");
        let help = format!(
            "`COPY --from={service}` in a Dockerfile does it, with `build: {{additional_contexts: \
            {{{service}: 'service:{service}'}}}}`"
        );
        out.say(
            Diagnostic::error(Code::Refused, message)
                .at(mount.span, "what is mounted has to be in a registry")
                .at(span, "")
                .help(help)
                .service(owner.name()),
        );
        return Place::Nowhere;
    }
    if *read_only {
        let message = format!("the content of {reference} becomes a part of the image");
        let help = "as it is at the time of the push; its files may be written to in the container, \
            and are fresh with each task";
        out.say(
            Diagnostic::note(Code::Approximated, message)
                .at(mount.span, "")
                .help(help)
                .service(owner.name()),
        );
    } else {
        out.say(fresh(owner, mount, &format!("what the container writes to {target} is lost")));
    }
    let source = AssetSource::Image { reference: reference.to_owned(), subpath: subpath.clone() };
    Place::Asset(Asset::of_root(target.clone(), source, true))
}

/// The service that builds the image: under the name that it has, or the one that Compose gives it.
fn builder<'a>(owner: &Owner<'a, '_>, reference: &str) -> Option<(&'a str, crate::source::Span)> {
    let project = owner.cx.project;
    let plain = |name: &str| name.strip_suffix(":latest").unwrap_or(name).to_owned();
    let wanted = plain(reference);
    project.services.values().find_map(|service| {
        let build = service.build.as_ref()?;
        let name = service.name.value.as_str();
        let is_it = match &service.image {
            Some(image) => plain(&image.value) == wanted,
            None => format!("{}-{name}", project.name) == wanted,
        };
        is_it.then_some((name, build.span))
    })
}
