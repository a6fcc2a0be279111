//! What can be converted, and cannot be deployed yet: `check` and `convert` take it, `plan` and
//! `deploy` refuse it rather than do it by half.

mod build;

use crate::compose::Project;
use crate::diagnostic::Diagnostic;

/// Everything of a project that cannot be deployed yet, in the order of the files.
#[must_use]
pub fn undeployable(project: &Project) -> Vec<Diagnostic> {
    project.services.values().flat_map(|service| build::undeployable(service)).collect()
}
