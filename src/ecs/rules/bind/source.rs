//! Source code that is mounted over what the image was built from: mounts for development.

use std::path::Path;

use super::names::CODE;
use super::{Bind, decide, slashes};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::facts::is_configuration;

/// A directory with source code of a service that is built.
pub(super) struct Source {
    /// Its path from the directory that the image is built from; empty for all of that.
    below: String,
    /// Whether the image has it in the place where it is mounted, as far as that is known.
    is_copied: Option<bool>,
}

impl Bind<'_, '_> {
    /// The source code that the image is built from, if it is that.
    pub(super) fn source(&self, path: &Path) -> Option<Source> {
        let build = self.owner.service.build.as_ref()?;
        let below = slashes(path.strip_prefix(&build.value.context.value).ok()?);
        if !self.is_code(&below) {
            return None;
        }
        let dockerfile = self.owner.cx.facts.dockerfiles.get(self.owner.name());
        let is_copied = dockerfile.and_then(|dockerfile| dockerfile.has(&below, self.target()));
        Some(Source { below, is_copied })
    }

    fn is_code(&self, below: &str) -> bool {
        if below.is_empty() {
            return !self.is_file();
        }
        if self.is_file() || self.mount.value.read_only {
            // As an asset it is what it would be, whether the image has it or not.
            return false;
        }
        let target = self.target();
        let workdir = self.owner.service.working_dir.as_ref().map(|dir| dir.value.as_str());
        let is_copied =
            target.strip_suffix(below).is_some_and(|rest| rest.len() > 1 && rest.ends_with('/'));
        let is_code = CODE.contains(&target) || workdir == Some(target);
        !is_configuration(target) && (is_copied || is_code) && !self.is_data_by_name()
    }

    /// What is said where it is not mounted: the image has it, or may have it.
    pub(super) fn dropped(&self, source: &Source) -> Option<Diagnostic> {
        let shown = &self.shown;
        let (diagnostic, help) = match source.is_copied {
            Some(false) => return None,
            Some(true) => (
                Diagnostic::note(
                    Code::Ignored,
                    format!("{shown} is not mounted: the image was built from it"),
                ),
                "mounts of source code are for development; on ECS the image's own files serve",
            ),
            None => (
                Diagnostic::warning(
                    Code::Ignored,
                    format!("{shown} is not mounted: it is taken for what the image is built from"),
                ),
                "the Dockerfile is not here, or does not say what it copies: see that it does, or say at \
                 the mount where it shall live, with `x-ecs`",
            ),
        };
        Some(self.diagnostic(diagnostic, help))
    }

    /// What the image lacks would be missing on ECS, where nothing is mounted from home.
    pub(super) fn not_copied(&self, source: &Source) -> Diagnostic {
        let (shown, target) = (&self.shown, self.target());
        let message = format!(
            "{shown} is not in the image at {target}, and becomes an empty volume on EFS there"
        );
        let below = if source.below.is_empty() { "." } else { &source.below };
        let help = format!(
            "write `COPY {below} {target}` into the Dockerfile, which copies no code there; or {}",
            decide(self.inside.is_some())
        );
        self.diagnostic(Diagnostic::warning(Code::Approximated, message), &help)
    }
}
