//! Images without a tag, or with `latest`: another deployment may run another version.

use super::known_images::{Class, KnownImage, tag};
use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;

/// Warns of it: what is tested and what is deployed next may differ, and the files of a data store may
/// not open under another version.
pub(crate) fn check(service: &Service, known: Option<&KnownImage>, out: &mut Output) {
    let (None, Some(image)) = (&service.build, &service.image) else { return };
    if image.value.contains('@') || !matches!(tag(&image.value), None | Some("latest")) {
        return;
    }
    let keeps_data = known.is_some_and(|image| image.class == Class::Database);
    let message = format!("{} names no version", image.value);
    let help = match keeps_data {
        true => {
            "write the version as the tag: data that one version wrote may not open under the next"
        }
        false => "write the version as the tag, to deploy the same program next time",
    };
    let diagnostic = Diagnostic::warning(Code::UnpinnedImage, message);
    out.say(diagnostic.at(image.span, "").help(help).service(&service.name.value));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{built, find, run, service};

    fn said(image: &str) -> Option<Severity> {
        let done = run(vec![service("web", image)]);
        find(&done.diagnostics, Code::UnpinnedImage).map(|found| found.severity)
    }

    #[test]
    fn an_image_without_a_version_is_said() {
        assert_eq!(said("acme/web"), Some(Severity::Warning));
        assert_eq!(said("registry.example.com:5000/acme/web:latest"), Some(Severity::Warning));
        assert_eq!(said("postgres:latest"), Some(Severity::Warning));
        assert_eq!(said("postgres:16"), None);
        assert_eq!(said("acme/web@sha256:00"), None);
        let done = run(vec![built("web")]);
        assert!(find(&done.diagnostics, Code::UnpinnedImage).is_none());
    }
}
