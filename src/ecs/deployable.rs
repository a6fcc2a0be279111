//! What can be converted and cannot be deployed: yet, or until somebody decides.

use super::desired::{Asset, AssetSource, Body, Desired, Resource};
use super::facts::{Facts, PathKind};
use super::rules::bind::decide;
use crate::compose::Project;
use crate::diagnostic::{Code, Diagnostic};

/// Why the resources cannot be deployed, in their order.
#[must_use]
pub fn undeployable(desired: &Desired, project: &Project, facts: &Facts) -> Vec<Diagnostic> {
    let mut found: Vec<_> = desired
        .undecided
        .iter()
        .map(|open| {
            Diagnostic::error(
                Code::MissingAttribute,
                format!("where {} shall live has to be decided", open.path),
            )
            .at(open.span, "")
            .help(decide(open.may_be_asset))
            .service(&open.service)
        })
        .collect();
    for resource in desired.resources.values() {
        let (Body::Image(image), Some(service)) = (&resource.body, &resource.service) else {
            continue;
        };
        if image.assets.is_empty() {
            continue;
        }
        for asset in image.assets.iter().filter(|asset| is_missing(asset, project, facts)) {
            let AssetSource::Path(path) = &asset.source else { continue };
            let message = format!("./{path}, which is mounted at {}, does not exist", asset.target);
            let fault = Diagnostic::error(Code::FileNotFound, message)
                .help("it becomes a part of the image; make it, or take the mount away")
                .service(service);
            found.push(placed(fault, asset, resource, project));
        }
        let Some(asset) = image.assets.first() else { continue };
        let message = "files that are mounted cannot be put into an image yet";
        let fault = Diagnostic::error(Code::NotSupportedYet, message)
            .help("COPY them in the Dockerfile, or use a volume: `x-ecs: {efs}` at the mount")
            .service(service);
        found.push(placed(fault, asset, resource, project));
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
    let service = resource.service.as_ref().and_then(|name| project.services.get(name));
    let mounts = service.iter().flat_map(|service| &service.mounts);
    let mount = mounts.filter(|mount| mount.value.target == asset.target).map(|m| m.span).next();
    match mount.or(resource.origin) {
        Some(span) => fault.at(span, ""),
        None => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::MountKind;
    use crate::ecs::facts::PathFacts;
    use crate::ecs::testing::{facts, mount, project, service, volume_mount};
    use crate::ecs::translate;

    #[test]
    fn what_waits_for_a_decision_or_for_the_push_cannot_be_deployed() {
        let mut web = service("web", "nginx");
        web.mounts = vec![
            mount(MountKind::Bind("/app/nginx.conf".into()), "/etc/nginx/nginx.conf"),
            mount(MountKind::Bind("/app/pages".into()), "/usr/share/nginx/html"),
        ];
        let project = project(vec![web]);
        let mut facts = facts();
        let codes = |facts: &Facts| -> Vec<Code> {
            let desired = translate(&project, None, facts).desired;
            undeployable(&desired, &project, facts).iter().map(|found| found.code).collect()
        };
        assert_eq!(codes(&facts), [Code::MissingAttribute, Code::NotSupportedYet]);
        let missing = PathFacts::plain(PathKind::Missing);
        facts.paths.insert("/app/nginx.conf".into(), missing);
        assert_eq!(
            codes(&facts),
            [Code::MissingAttribute, Code::FileNotFound, Code::NotSupportedYet]
        );
    }

    #[test]
    fn named_volumes_can_be_deployed() {
        let mut web = service("web", "nginx");
        web.mounts = vec![volume_mount("data", "/data")];
        let project = project(vec![web]);
        let desired = translate(&project, None, &facts()).desired;
        assert_eq!(undeployable(&desired, &project, &facts()), []);
    }
}
