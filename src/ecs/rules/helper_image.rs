//! The image of the containers that decklift adds to tasks: a copy of busybox in the project's own
//! registry, since tasks in private subnets may not reach a public one.

use super::repository;
use crate::ecs::desired::{Attribute, Body, Image, Kind, ResourceId, Value};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::survey::Member;

/// What is copied: a manifest for every architecture that Fargate has.
const BASE: &str = "public.ecr.aws/docker/library/busybox:1.37.0";
const TAG: &str = "1.37.0";

/// No service can be called like this.
const NAME: &str = "@busybox";

/// Its repository, which has one segment more than those of services.
pub(crate) fn repository_name(cx: &Context<'_>) -> String {
    repository::repository_name(cx, "decklift") + "/busybox"
}

/// What a container's `image` says.
pub(crate) fn reference() -> Value {
    Value::From(ResourceId::new(Kind::Image, NAME), Attribute::Uri)
}

/// Adds the image where any task uses it.
pub(crate) fn add(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    let Some(first) = members.iter().find(|member| !member.supply.files.is_empty()) else { return };
    let origin = first.service.written.secrets.first().map(|secret| secret.source.span);
    let repository = ResourceId::new(Kind::Repository, NAME);
    let repository_name = repository_name(cx);
    let body = repository::body(cx, &repository, repository_name.clone());
    out.add(repository.clone(), Body::Repository(body), None, origin);
    let image = ResourceId::new(Kind::Image, NAME);
    let body = Image {
        repository_name,
        image_tag: TAG.to_owned(),
        base: Some(BASE.to_owned()),
        assets: Vec::new(),
    };
    out.add(image.clone(), Body::Image(body), None, origin);
    out.wait(&image, repository);
}
