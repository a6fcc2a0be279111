//! Certificates that nobody looks up yet.

use crate::compose::Project;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::rules::load_balancer::certificate_domain;

/// A certificate that was given by its domain.
pub(super) fn undeployable(project: &Project) -> Option<Diagnostic> {
    let domain = certificate_domain(&project.extension)?;
    let message = format!("the certificate of {domain} is not looked up in ACM yet");
    let fault = Diagnostic::error(Code::NotSupportedYet, message)
        .help("give its ARN: `aws acm list-certificates` says it");
    Some(match &project.extension.certificate {
        Some(given) => fault.at(given.span, ""),
        None => fault,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::testing::{at, project, service};

    #[test]
    fn a_domain_is_no_arn() {
        let mut project = project(vec![service("web", "acme/web")]);
        assert!(undeployable(&project).is_none());
        project.extension.certificate = Some(at("shop.example.com".to_owned()));
        assert_eq!(undeployable(&project).map(|d| d.code), Some(Code::NotSupportedYet));
        let arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1";
        project.extension.certificate = Some(at(arn.to_owned()));
        assert!(undeployable(&project).is_none());
    }
}
