//! Health checks that call a program which the image is known not to have: ECS would take every
//! task for unhealthy, and stop it.

use super::http_check::commands;
use super::known_images::{repository, tag};
use crate::compose::model::{HealthTest, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;

/// Images by repository, and what their Dockerfiles do not install.
///
/// Source: the Dockerfiles of the Docker Official Images and of the vendors. Images based on
/// `debian:*-slim` have neither curl nor wget unless they install them; those based on `alpine` have
/// busybox's wget, and neither curl nor bash.
const LACKS: &[(&str, &[&str])] = &[
    ("alpine", &["bash", "curl"]),
    ("busybox", &["bash", "curl"]),
    ("debian", &["curl", "wget"]),
    ("httpd", &["curl", "wget"]),
    ("mariadb", &["curl", "wget"]),
    ("memcached", &["curl", "wget"]),
    ("postgres", &["curl", "wget"]),
    ("prom/prometheus", &["bash", "curl"]),
    ("redis", &["curl"]),
    ("traefik", &["bash", "curl"]),
    ("ubuntu", &["curl", "wget"]),
];

/// Official images of languages, whose smaller variants have what their base has.
const LANGUAGES: &[&str] = &["node", "python", "ruby"];

/// Bases without a shell (GoogleContainerTools/distroless, README).
const NO_SHELL: &str = "distroless/";

/// Warns of a health check that cannot run.
pub(crate) fn check(service: &Service, out: &mut Output) {
    // What is built may install anything.
    let (None, Some(image)) = (&service.build, &service.image) else { return };
    let check = service.healthcheck.as_ref().and_then(|check| check.value.test.as_ref());
    let Some(test) = check else { return };
    let missing = match &test.value {
        HealthTest::Shell(_) if repository(&image.value).starts_with(NO_SHELL) => Some("sh"),
        _ => {
            let called = commands(&test.value);
            lacks(&image.value).iter().copied().find(|tool| called.iter().any(|c| c == tool))
        }
    };
    let Some(tool) = missing else { return };
    let message = format!("the health check calls {tool}, which the image does not have");
    out.say(
        Diagnostic::warning(Code::MissingTool, message)
            .at(test.span, "called here")
            .at(image.span, "not in this image")
            .help("ECS would stop every task as unhealthy: call a program of the image, or build one that has it")
            .service(&service.name.value),
    );
}

/// What an image does not have.
fn lacks(reference: &str) -> &'static [&'static str] {
    let (repository, tag) = (repository(reference), tag(reference).unwrap_or_default());
    let alpine = tag.split('-').any(|part| part.starts_with("alpine"));
    if LANGUAGES.contains(&repository) {
        return match () {
            () if alpine => &["bash", "curl"],
            () if tag.split('-').any(|part| part == "slim") => &["curl", "wget"],
            () => &[],
        };
    }
    let found = LACKS.iter().find(|(name, _)| *name == repository).map_or(&[][..], |(_, l)| l);
    // The variants on alpine have a wget.
    if alpine && found.contains(&"wget") { &["curl"] } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{built, healthcheck, loud, run, service};

    fn said(image: &str, test: HealthTest) -> Vec<(Severity, Code)> {
        let mut web = service("web", image);
        web.healthcheck = Some(healthcheck(test));
        let mut found = loud(&run(vec![web]).diagnostics);
        found.retain(|(_, code)| *code == Code::MissingTool);
        found
    }

    fn shell(line: &str) -> HealthTest {
        HealthTest::Shell(line.to_owned())
    }

    const WARNED: [(Severity, Code); 1] = [(Severity::Warning, Code::MissingTool)];

    #[test]
    fn programs_that_are_not_there_are_said() {
        assert_eq!(
            said("node:22-alpine", shell("curl -f http://localhost:3000 || exit 1")),
            WARNED
        );
        assert_eq!(said("python:3.13-slim", shell("wget -q -O- localhost")), WARNED);
        assert_eq!(said("redis:7", shell("test -e /x && /usr/bin/curl localhost")), WARNED);
        let words = ["curl", "-f", "http://localhost"].map(str::to_owned).to_vec();
        assert_eq!(said("debian:13", HealthTest::Command(words)), WARNED);
        assert_eq!(said("gcr.io/distroless/static", shell("true")), WARNED);
    }

    #[test]
    fn programs_that_may_be_there_are_not() {
        assert_eq!(said("node:22", shell("curl -f http://localhost:3000")), []);
        assert_eq!(said("node:22-alpine", shell("wget -q -O- localhost")), []);
        assert_eq!(said("postgres:16-alpine", shell("wget -q -O- localhost")), []);
        assert_eq!(said("postgres:16", shell("pg_isready -U curl")), []);
        assert_eq!(said("acme/redis", shell("curl localhost")), []);
        let mut web = built("web");
        web.healthcheck = Some(healthcheck(shell("curl localhost")));
        assert_eq!(loud(&run(vec![web]).diagnostics), []);
    }
}
