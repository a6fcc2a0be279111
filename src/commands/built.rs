//! What images that are still to be built will say of themselves goes into the project, where the Compose
//! file says nothing else: their Dockerfiles are here, and nobody is asked.

use std::collections::BTreeMap;

use super::configuration;
use super::inspected::{check, expose};
use crate::compose::Project;
use crate::diagnostic::Diagnostic;
use crate::ecs::facts::{CopyFacts, DockerfileFacts};
use crate::ecs::{is_proxy, listening_ports};
use crate::images::{BuildSpec, Copied, Declared, ImageError, examined};
use crate::parallel;

/// What was learned of the builds, by their services.
#[derive(Debug, Default)]
pub(super) struct Built {
    /// What their Dockerfiles say.
    pub(super) facts: BTreeMap<String, DockerfileFacts>,
    /// Why they cannot be built.
    pub(super) errors: BTreeMap<String, ImageError>,
    /// What is to be said of what was added.
    pub(super) said: Vec<Diagnostic>,
}

/// Adds the ports that the Dockerfiles expose, those of the images that they begin with, and their health
/// checks; tells what else they say, of each service. On all processors, because each reads a file.
pub(super) fn apply(project: &mut Project, builds: &[BuildSpec]) -> Built {
    let found = parallel::each(builds, examined);
    let (mut facts, mut errors, mut said) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for (spec, (declared, error)) in builds.iter().zip(found) {
        let Declared {
            mut exposed,
            base,
            from_scratch,
            user,
            lines,
            copied,
            has_program,
            health,
            copies,
        } = declared;
        errors.extend(error.map(|error| (spec.service.clone(), error)));
        let Some(service) = project.services.get_mut(&spec.service) else { continue };
        let Some(span) = service.build.as_ref().map(|build| build.span) else { continue };
        let of_base = base.iter().flat_map(|base| listening_ports(base));
        exposed.extend(of_base.map(|port| (*port, "tcp".to_owned())));
        expose(service, &exposed, span);
        if let Some(health) = health {
            said.extend(check(service, &health, ("the Dockerfile's", span)));
        }
        let nothing = from_scratch.then(|| "scratch".to_owned());
        let base = base.or(nothing).unwrap_or_default();
        let copied = match spec.address.is_none() && is_proxy(&base) {
            true => configuration::of_context(&spec.context, &copied),
            false => String::new(),
        };
        let of_copy = |Copied { from, to }| CopyFacts { from, to };
        let copies = copies.map(|all| all.into_iter().map(of_copy).collect());
        let keeps_program = !has_program;
        let says = DockerfileFacts { base, user, lines, keeps_program, copied, copies };
        facts.insert(spec.service.clone(), says);
    }
    Built { facts, errors, said }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{LoadOptions, load};
    use crate::diagnostic::Severity;

    /// The test and interval of the check that a service has in the end, and how much is said.
    fn check_of(healthcheck: &str, dockerfile: &str) -> (Option<String>, Option<u64>, usize) {
        let text = format!(
            "services: {{web: {{build: {{context: /none, dockerfile_inline: x}}, {healthcheck}}}}}\n"
        );
        let options = LoadOptions {
            files: vec!["-".into()],
            stdin: Some(text),
            cwd: "/".into(),
            project_name: Some("app".to_owned()),
            ..LoadOptions::default()
        };
        let mut project = load(&options).project.expect("a project");
        let mut spec = BuildSpec::new("web", "/none", "linux/amd64");
        spec.dockerfile_inline = Some(dockerfile.to_owned());
        let said = apply(&mut project, &[spec]).said;
        assert!(said.iter().all(|said| said.severity == Severity::Note));
        let check = project.services["web"].healthcheck.as_ref().map(|check| &check.value);
        let test = check.and_then(|check| check.test.as_ref());
        let interval = check.and_then(|check| check.interval.as_ref());
        let interval = interval.map(|interval| interval.value.as_secs());
        (test.map(|test| format!("{:?}", test.value)), interval, said.len())
    }

    #[test]
    fn the_check_of_a_dockerfile_is_the_container_s() {
        let check = "FROM a\nHEALTHCHECK --interval=7s CMD curl -f http://localhost/up";
        let (test, interval, said) = check_of("tty: true", check);
        assert_eq!(test.as_deref(), Some("Shell(\"curl -f http://localhost/up\")"));
        assert_eq!((interval, said), (Some(7), 1));
        // What the file says goes first.
        let (test, interval, said) = check_of("healthcheck: {test: ok, interval: 9s}", check);
        assert_eq!(test.as_deref(), Some("Shell(\"ok\")"));
        assert_eq!((interval, said), (Some(9), 0));
        let (test, interval, _) = check_of("healthcheck: {interval: 9s}", check);
        assert!(test.is_some() && interval == Some(9));
        assert_eq!(check_of("healthcheck: {disable: true}", check).0.as_deref(), Some("None"));
        assert_eq!(check_of("tty: true", "FROM a\nHEALTHCHECK NONE"), (None, None, 0));
    }
}
