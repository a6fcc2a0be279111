//! Health checks that call a program which the image is known not to have: ECS would take every
//! task for unhealthy, and stop it.

mod table;

use self::table::{has_no_shell, lacks};
use super::http_check::commands;
use crate::compose::model::{HealthTest, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::facts::DockerfileFacts;
use crate::ecs::translate::context::{Context, Output};

/// Warns of a health check that cannot run.
pub(crate) fn check(cx: &Context<'_>, service: &Service, out: &mut Output) {
    let check = service.healthcheck.as_ref().and_then(|check| check.value.test.as_ref());
    let Some(test) = check else { return };
    // Of what is built, the Dockerfile says what it installs.
    let dockerfile = service.build.as_ref().and(cx.facts.dockerfiles.get(&service.name.value));
    let (image, place) = match (&service.build, dockerfile, &service.image) {
        (Some(build), Some(dockerfile), _) => (dockerfile.base.as_str(), build.span),
        (None, _, Some(image)) => (image.value.as_str(), image.span),
        _ => return,
    };
    let called = match &test.value {
        HealthTest::Shell(_) if has_no_shell(image) => vec!["sh".to_owned()],
        _ => commands(&test.value),
    };
    let is_missing =
        |tool: &&String| lacks(image, tool) && !dockerfile.is_some_and(|file| brings(file, tool));
    let Some(tool) = called.iter().find(is_missing) else { return };
    let message = match dockerfile {
        None => format!("the health check calls {tool}, which the image does not have"),
        Some(_) => format!(
            "the health check calls {tool}, which {image} does not have and the Dockerfile does not \
             install"
        ),
    };
    out.say(
        Diagnostic::warning(Code::MissingTool, message)
            .at(test.span, "called here")
            .at(place, "not in this image")
            .help("ECS would stop every task as unhealthy: call a program of the image, or build one that has it")
            .service(&service.name.value),
    );
}

/// The image of a service, or the one that it is built on, where that has no shell.
pub(super) fn shell_less<'a>(cx: &Context<'a>, service: &'a Service) -> Option<&'a str> {
    let dockerfile = service.build.as_ref().and(cx.facts.dockerfiles.get(&service.name.value));
    let image = match (&service.build, dockerfile, &service.image) {
        (Some(_), Some(dockerfile), _) => dockerfile.base.as_str(),
        (None, _, Some(image)) => image.value.as_str(),
        _ => return None,
    };
    let is_brought = dockerfile.is_some_and(|file| brings(file, "sh"));
    (has_no_shell(image) && !is_brought).then_some(image)
}

/// Whether a Dockerfile may bring a program: a line names it, or busybox, which is many at once; or a
/// line brings nobody knows here what.
fn brings(dockerfile: &DockerfileFacts, tool: &str) -> bool {
    let names = |line: &str, name: &str| {
        let mut words = line.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        words.any(|word| word == name)
    };
    dockerfile.lines.iter().any(|line| {
        let is_open = ["$(", "<<", "`", "xargs", ".sh", "playwright", " / /"];
        names(line, tool)
            || names(line, "busybox")
            || is_open.iter().any(|mark| line.contains(mark))
            || line.ends_with(" /")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::facts::Facts;
    use crate::ecs::testing::{built, facts, healthcheck, loud, project, run, service};
    use crate::ecs::translate;

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

    #[test]
    fn a_dockerfile_says_what_it_installs() {
        let of = |base: &str, lines: &[&str], test: HealthTest| {
            let mut web = built("web");
            web.healthcheck = Some(healthcheck(test));
            let lines = lines.iter().map(|line| (*line).to_owned()).collect();
            let says = DockerfileFacts { base: base.to_owned(), lines, ..Default::default() };
            let dockerfiles = [("web".to_owned(), says)].into_iter().collect();
            let facts = Facts { dockerfiles, ..facts() };
            let mut found = loud(&translate(&project(vec![web]), None, &facts).diagnostics);
            found.retain(|(_, code)| *code == Code::MissingTool);
            found
        };
        let check = || shell("curl -f http://localhost:8000/up");
        assert_eq!(of("python:3.12-slim", &[". ."], check()), WARNED);
        assert_eq!(of("python:3.12-slim", &["apt-get install -y curl", ". ."], check()), []);
        assert_eq!(of("python:3.12-slim", &["apt-get install -y libcurl4"], check()), WARNED);
        assert_eq!(of("python:3.12-slim", &["./install.sh"], check()), []);
        assert_eq!(of("python:3.12", &[], check()), []);
        assert_eq!(of("scratch", &["--from=build /app /app"], shell("/app ok")), WARNED);
        assert_eq!(of("scratch", &["--from=busybox /bin/busybox /bin/sh"], shell("true")), []);
        assert_eq!(of("scratch", &["--from=root / /"], shell("true")), []);
        assert_eq!(of("acme/base", &[], check()), []);
    }
}
