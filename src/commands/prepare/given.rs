//! Images at the prompt: `--image SERVICE=SOURCE`.

use crate::compose::Project;
use crate::ecs::desired::{Desired, Kind, ResourceId};
use crate::error::Error;
use crate::images::Source;

/// Which service gets which image.
pub(super) fn read(
    project: &Project,
    desired: &Desired,
    text: &str,
) -> Result<(String, Source), Error> {
    let wrong = |message: String, help: &str| Error::Usage { message, help: help.to_owned() };
    let Some((service, source)) = text.split_once('=') else {
        let message = format!("`--image {text}` names no service");
        return Err(wrong(message, "write it as SERVICE=SOURCE, such as web=oci:out/web"));
    };
    let known: Vec<&str> = project.services.keys().map(String::as_str).collect();
    super::check_names(&[service.to_owned()], &known)?;
    let Some(source) = Source::parse(source) else {
        let message = format!("`{source}` is no image that can be pushed for {service}");
        return Err(wrong(
            message,
            "it must be oci:DIR[:TAG], oci-archive:FILE or docker-archive:FILE, as skopeo, buildah, \
             kaniko, ko, nix and bazel write them",
        ));
    };
    if !desired.resources.contains_key(&ResourceId::new(Kind::Image, service)) {
        let message = format!("{service} has no repository that an image could be pushed to");
        return Err(wrong(
            message,
            "it runs its `image` as that is: give it a `build`, or `x-ecs: {mirror: true}`",
        ));
    }
    Ok((service.to_owned(), source))
}
