//! The image of the containers that decklift adds to tasks: a copy of busybox in the project's own
//! registry, since tasks in private subnets may not reach a public one.

use super::{platform, repository};
use crate::ecs::desired::{Attribute, Body, Image, Kind, ResourceId, Value};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::unit::Unit;
use crate::source::Span;

/// What is copied, for each architecture that tasks run on.
const BASE: &str = "public.ecr.aws/docker/library/busybox:1.37.0";
const VERSION: &str = "1.37.0";

/// The architectures of ECS, and what the copies are called: no service can be called like this.
const COPIES: [(&str, &str); 2] = [("X86_64", "@busybox"), ("ARM64", "@busybox-arm64")];

/// Its repository, which has one segment more than those of services.
pub(crate) fn repository_name(cx: &Context<'_>) -> String {
    let name = repository::repository_name(cx, "decklift");
    if repository::is_shared(cx) { name } else { name + "/busybox" }
}

/// What a container's `image` says in a task of this architecture.
pub(crate) fn reference(architecture: &str) -> Value {
    let copy = COPIES.iter().find(|(one, _)| *one == architecture).unwrap_or(&COPIES[0]);
    Value::From(ResourceId::new(Kind::Image, copy.1), Attribute::Uri)
}

/// Whether a task has a container of this image.
pub(crate) fn is_used_by(unit: &Unit<'_>) -> bool {
    unit.members.iter().any(|member| !member.supply.files.is_empty() || member.needs_search_domain)
}

/// Adds the copies that tasks use.
pub(crate) fn add(cx: &Context<'_>, out: &mut Output) {
    for (architecture, name) in COPIES {
        let Some(origin) = first_use(&reference(architecture), out) else { continue };
        let has_own = !repository::is_shared(cx);
        let repository = ResourceId::new(Kind::Repository, COPIES[0].1);
        let repository_name = repository_name(cx);
        if has_own && !out.desired.resources.contains_key(&repository) {
            let body = repository::body(cx, &repository, repository_name.clone());
            out.add(repository.clone(), Body::Repository(Box::new(body)), None, origin);
        }
        let image = ResourceId::new(Kind::Image, name);
        let platform = platform::of_architecture(architecture).to_owned();
        let machine = platform.trim_start_matches("linux/");
        let body = Image {
            repository_name,
            registry: repository::registry(cx),
            shared: repository::is_shared(cx),
            image_tag: match has_own {
                true => format!("{VERSION}-{machine}"),
                // Others stand beside it.
                false => format!("decklift-busybox-{VERSION}-{machine}"),
            },
            platform,
            base: Some(BASE.to_owned()),
            assets: Vec::new(),
            stop_signal: None,
            cleared: Vec::new(),
        };
        out.add(image.clone(), Body::Image(Box::new(body)), None, origin);
        if has_own {
            out.wait(&image, repository);
        }
    }
}

/// Where the first task stands that has a container of an image.
fn first_use(image: &Value, out: &Output) -> Option<Option<Span>> {
    out.desired.resources.values().find_map(|resource| match &resource.body {
        Body::TaskDefinition(task) => {
            let mut containers = task.container_definitions.iter();
            containers.any(|container| container.image == *image).then_some(resource.origin)
        }
        _ => None,
    })
}
