//! `depends_on` orders the rollouts of services.

use std::collections::HashMap;

use crate::compose::model::{Condition, Dependency, HealthTest, Mode, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Gate, Kind, ResourceId};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;

/// Says what cannot hold: jobs, and `service_healthy` without a health check.
pub(crate) fn check(members: &[Member<'_>], out: &mut Output) {
    let by_name: HashMap<&str, &Member<'_>> = members.iter().map(|m| (m.name(), m)).collect();
    for member in members {
        is_job(member.service, out);
        for (name, dependency) in &member.service.depends_on {
            let Some(other) = by_name.get(name.as_str()) else { continue };
            // An absent dependency was the loader's business: `required` has done its work.
            let Dependency { condition, restart, required: _ } = &dependency.value;
            match condition {
                Condition::Started => {}
                Condition::Healthy if has_check(other.service) => {}
                Condition::Healthy => out.say(
                    Diagnostic::warning(
                        Code::HealthyWithoutCheck,
                        format!(
                            "{} waits until {name} is healthy, which has no health \
                            check",
                            member.name()
                        ),
                    )
                    .at(dependency.span, "")
                    .at(other.service.span(), "no `healthcheck` here")
                    .help(
                        "ECS takes a running task for healthy; give the service a \
                        `healthcheck`, since ECS does not see the image's own",
                    )
                    .service(member.name()),
                ),
                Condition::CompletedSuccessfully => out.say(
                    Diagnostic::error(
                        Code::NotSupportedYet,
                        format!("{name} runs to completion, and jobs are not supported yet"),
                    )
                    .at(dependency.span, "")
                    .help("run it by hand for now, and depend on what it prepares")
                    .service(member.name()),
                ),
            }
            if *restart {
                out.say(
                    Diagnostic::warning(
                        Code::Approximated,
                        format!("{} is not deployed again when {name} is", member.name()),
                    )
                    .at(dependency.span, "`restart: true`")
                    .help("its tasks keep running and reach the new tasks under the same name")
                    .service(member.name()),
                );
            }
        }
    }
}

fn is_job(service: &Service, out: &mut Output) {
    let Some(mode) = &service.deploy.mode else { return };
    let (code, message, help) = match mode.value {
        Mode::Replicated => return,
        Mode::Global => (
            Code::Refused,
            "`mode: global` runs one task on each instance, and Fargate has no instances",
            "use `mode: replicated` with `replicas`",
        ),
        Mode::ReplicatedJob | Mode::GlobalJob => (
            Code::NotSupportedYet,
            "jobs are not supported yet",
            "run it by hand for now, and take it out of the file with `profiles`",
        ),
    };
    let diagnostic = Diagnostic::error(code, message).at(mode.span, "");
    out.say(diagnostic.help(help).service(&service.name.value));
}

fn has_check(service: &Service) -> bool {
    let test = service.healthcheck.as_ref().and_then(|check| check.value.test.as_ref());
    test.is_some_and(|test| test.value != HealthTest::None)
}

/// What a service's rollout waits for.
pub(crate) fn gates(
    service: &Service,
    exists: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (ResourceId, Gate)> {
    service.depends_on.iter().filter(move |(name, _)| exists(name)).map(|(name, dependency)| {
        let gate = match dependency.value.condition {
            Condition::Started => Gate::Started,
            Condition::Healthy => Gate::Healthy,
            Condition::CompletedSuccessfully => Gate::Completed,
        };
        (ResourceId::new(Kind::Service, name), gate)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{at, depends, healthcheck, loud, resource, run, service};

    fn pair(condition: Condition) -> Vec<Service> {
        let mut web = service("web", "acme/web");
        depends(&mut web, "db", condition);
        let mut db = service("db", "acme/db");
        db.healthcheck = Some(healthcheck(HealthTest::Shell("true".to_owned())));
        vec![web, db]
    }

    #[test]
    fn conditions_become_gates() {
        for (condition, gate) in
            [(Condition::Started, Gate::Started), (Condition::Healthy, Gate::Healthy)]
        {
            let done = run(pair(condition));
            let wait = (ResourceId::new(Kind::Service, "db"), gate);
            assert!(resource(&done, Kind::Service, "web").waits.contains(&wait));
            assert_eq!(loud(&done.diagnostics), []);
        }
    }

    #[test]
    fn completion_is_a_job_and_not_supported_yet() {
        let done = run(pair(Condition::CompletedSuccessfully));
        assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::NotSupportedYet)]);
    }

    #[test]
    fn healthy_without_a_check_is_a_warning() {
        let mut services = pair(Condition::Healthy);
        services[1].healthcheck = None;
        assert_eq!(
            loud(&run(services.clone()).diagnostics),
            [(Severity::Warning, Code::HealthyWithoutCheck)]
        );
        services[1].healthcheck = Some(healthcheck(HealthTest::None));
        assert_eq!(loud(&run(services).diagnostics).len(), 1);
    }

    #[test]
    fn restart_with_the_dependency_is_said() {
        let mut services = pair(Condition::Started);
        services[0].depends_on["db"].value.restart = true;
        let done = run(services);
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    }

    #[test]
    fn an_absent_dependency_is_no_gate() {
        let mut web = service("web", "acme/web");
        depends(&mut web, "gone", Condition::Started);
        let done = run(vec![web]);
        let waits = &resource(&done, Kind::Service, "web").waits;
        assert!(waits.iter().all(|(id, _)| id.kind != Kind::Service));
    }

    #[test]
    fn modes_that_fargate_does_not_have() {
        for (mode, code) in [
            (Mode::Global, Code::Refused),
            (Mode::ReplicatedJob, Code::NotSupportedYet),
            (Mode::GlobalJob, Code::NotSupportedYet),
        ] {
            let mut web = service("web", "acme/web");
            web.deploy.mode = Some(at(mode));
            assert_eq!(loud(&run(vec![web]).diagnostics), [(Severity::Error, code)]);
        }
    }
}
