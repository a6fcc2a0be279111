//! What can be converted, and cannot be deployed: yet, or until somebody decides. `check` and
//! `convert` take it, `plan` and `deploy` refuse it rather than do it by half.

mod assets;
mod build;
mod instances;
mod motion;

use super::desired::Desired;
use super::facts::Facts;
use super::rules::bind::decide;
use super::rules::image_name;
use super::validate::quotas;
use crate::compose::Project;
use crate::diagnostic::{Code, Diagnostic, Severity};

/// Why the resources of a project cannot be deployed, in a stable order.
#[must_use]
pub fn undeployable(desired: &Desired, project: &Project, facts: &Facts) -> Vec<Diagnostic> {
    let mut found = undecided(desired);
    found.extend(project.services.values().map(|service| &**service).filter_map(image_name::fault));
    found.extend(instances::undeployable(desired, project));
    found.extend(motion::undeployable(desired));
    found.extend(quotas::undeployable(desired));
    found.extend(unpushable(desired, project, facts));
    found
}

/// Why the images of a project cannot be made, in a stable order.
#[must_use]
pub fn unpushable(desired: &Desired, project: &Project, facts: &Facts) -> Vec<Diagnostic> {
    let builds =
        project.services.values().flat_map(|service| build::undeployable(service, project));
    let mut found: Vec<Diagnostic> = builds.collect();
    found.extend(assets::undeployable(desired, project, facts));
    found
}

/// Whether a warning says no more than the error that [`undeployable`] makes of the same thing.
#[must_use]
pub fn is_repeated(warning: &Diagnostic, errors: &[Diagnostic]) -> bool {
    let place = |found: &Diagnostic| found.labels.first().map(|label| label.span);
    errors.iter().any(|error| {
        let same = matches!(
            (warning.code, error.code),
            (Code::FileNotFound, Code::FileNotFound)
                | (Code::InvalidValue, Code::InvalidValue)
                | (Code::QuotaExceeded, Code::QuotaExceeded)
                | (Code::Approximated, Code::MissingAttribute)
        );
        same && warning.severity == Severity::Warning && place(warning) == place(error)
    })
}

/// Mounts of which the file does not say where they shall live.
fn undecided(desired: &Desired) -> Vec<Diagnostic> {
    let open = desired.undecided.iter().map(|open| {
        let message = format!("where {} shall live has to be decided", open.path);
        Diagnostic::error(Code::MissingAttribute, message)
            .at(open.span, "")
            .help(decide(open.may_be_asset))
            .service(&open.service)
    });
    open.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::MountKind;
    use crate::ecs::facts::{PathFacts, PathKind};
    use crate::ecs::testing::{facts, mount, project, service, volume_mount};
    use crate::ecs::translate;

    #[test]
    fn what_waits_for_a_decision_or_is_missing_cannot_be_deployed() {
        let mut web = service("web", "nginx");
        web.mounts = vec![
            mount(MountKind::Bind("/app/nginx.conf".into()), "/etc/nginx/nginx.conf"),
            mount(MountKind::Bind("/app/pages".into()), "/usr/share/nginx/html"),
        ];
        let project = project(vec![web]);
        let mut facts = facts();
        let codes = |facts: &Facts| -> Vec<Code> {
            let done = translate(&project, None, facts);
            let found = undeployable(&done.desired, &project, facts);
            let mut warnings = done.diagnostics.iter().filter(|d| d.severity == Severity::Warning);
            assert!(warnings.any(|warning| is_repeated(warning, &found)));
            assert!(!done.diagnostics.iter().all(|warning| is_repeated(warning, &found)));
            found.iter().map(|found| found.code).collect()
        };
        assert_eq!(codes(&facts), [Code::MissingAttribute]);
        let missing = PathFacts::plain(PathKind::Missing);
        facts.paths.insert("/app/nginx.conf".into(), missing);
        assert_eq!(codes(&facts), [Code::MissingAttribute, Code::FileNotFound]);
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
