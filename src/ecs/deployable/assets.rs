//! Files that are put on top of an image: where they are missing.

use crate::compose::Project;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Asset, AssetSource, Body, Desired, Resource};
use crate::ecs::facts::{Facts, PathKind};
use crate::source::Span;

pub(super) fn undeployable(desired: &Desired, project: &Project, facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for resource in desired.resources.values() {
        let (Body::Image(image), Some(service)) = (&resource.body, &resource.service) else {
            continue;
        };
        for asset in image.assets.iter().filter(|asset| is_missing(asset, project, facts)) {
            let AssetSource::Path(path) = &asset.source else { continue };
            let message = format!("./{path}, which is mounted at {}, does not exist", asset.target);
            let fault = Diagnostic::error(Code::FileNotFound, message)
                .help("it becomes a part of the image; make it, or take the mount away")
                .service(service);
            found.push(placed(fault, asset, resource, project));
        }
    }
    found
}

fn is_missing(asset: &Asset, project: &Project, facts: &Facts) -> bool {
    let AssetSource::Path(path) = &asset.source else { return false };
    let path = if path == "." { project.directory.clone() } else { project.directory.join(path) };
    facts.paths.get(&path).is_some_and(|facts| facts.kind == PathKind::Missing)
}

/// The fault at the mount that the asset comes from, else at what makes the image.
fn placed(fault: Diagnostic, asset: &Asset, resource: &Resource, project: &Project) -> Diagnostic {
    match mounted_at(asset, resource, project).or(resource.origin) {
        Some(span) => fault.at(span, ""),
        None => fault,
    }
}

/// Where the asset is mounted, if a mount says it.
fn mounted_at(asset: &Asset, resource: &Resource, project: &Project) -> Option<Span> {
    let service = project.services.get(resource.service.as_ref()?)?;
    service.mounts.iter().find(|mount| mount.value.target == asset.target).map(|mount| mount.span)
}
