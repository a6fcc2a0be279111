//! `restart` and `deploy.restart_policy`: ECS keeps services running; a container that may end
//! while its task runs on gets a restart policy.

use super::outcome::Outcomes;
use crate::compose::model::{Restart, RestartPolicy, Service};
use crate::ecs::desired::ContainerRestartPolicy;
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;
use crate::source::Located;

/// Seconds that a container must have run for before it is started again: the least that ECS takes
/// (ECS API reference, `ContainerRestartPolicy.restartAttemptPeriod`).
const PERIOD: i32 = 60;

/// What the service asks for. As in docker compose, `deploy` goes before `restart`.
pub(crate) fn wanted(service: &Service) -> Option<Located<Restart>> {
    let Some(policy) = &service.deploy.restart_policy else { return service.restart.clone() };
    let any = || Located::new(Restart::Always, policy.span);
    Some(policy.value.condition.clone().unwrap_or_else(any))
}

/// The restart policy of a member's container, and what differs.
pub(crate) fn restart_policy(
    member: &Member<'_>,
    out: &mut Output,
) -> Option<ContainerRestartPolicy> {
    let mut outcomes = Outcomes::new(member.service, out);
    if let Some(policy) = &member.service.deploy.restart_policy {
        let RestartPolicy { condition: _, delay, max_attempts, window } = &policy.value;
        for (name, place) in [("delay", delay), ("max_attempts", max_attempts), ("window", window)]
        {
            if let Some(place) = *place {
                let help = "ECS starts tasks again as it sees fit, with growing pauses";
                outcomes.ignored(place, format!("`{name}` has no effect on ECS"), help);
            }
        }
        if let Some(restart) = &member.service.restart {
            let help = "write one of the two, as docker compose heeds only the latter";
            let message = "`restart` has no effect beside `deploy.restart_policy`";
            outcomes.ignored(restart.span, message, help);
        }
    }
    let restart = wanted(member.service)?;
    if member.ends {
        return ending(restart, &mut outcomes);
    }
    // What a job gets is job.rs's business.
    if member.job.is_none() {
        lasting(restart, &mut outcomes);
    }
    None
}

/// A container of a task that runs on without it: what waits for its end waits for a good one, so
/// that a good end is never followed by a new start.
fn ending(
    restart: Located<Restart>,
    outcomes: &mut Outcomes<'_>,
) -> Option<ContainerRestartPolicy> {
    match restart.value {
        Restart::No => return None,
        Restart::OnFailure => {
            let message = format!("the container is started again only once it ran for {PERIOD} s");
            let help = "what fails earlier ends the task, and ECS starts a new one";
            outcomes.near(restart.span, message, help);
        }
        Restart::Always | Restart::UnlessStopped => {
            let message = "the container is not started again once it ended well";
            let help = "others wait for its end: write `on-failure` to say so";
            outcomes.differs(restart.span, message, help);
        }
    }
    Some(ContainerRestartPolicy {
        enabled: true,
        ignored_exit_codes: vec![0],
        restart_attempt_period: Some(PERIOD),
    })
}

/// ECS always starts a service's tasks again.
fn lasting(restart: Located<Restart>, outcomes: &mut Outcomes<'_>) {
    match restart.value {
        Restart::Always | Restart::UnlessStopped => {}
        Restart::No => outcomes.differs(
            restart.span,
            "ECS starts the service again when it stops",
            "services run forever on ECS; `x-ecs: {job: true}` makes it a task that runs once a \
                deployment",
        ),
        Restart::OnFailure => outcomes.near(
            restart.span,
            "ECS starts the service again when it ends well, too",
            "services run forever on ECS",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::Condition;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, depends, find, loud, run, service, span, task};

    fn policy(condition: Option<Restart>) -> Option<Located<RestartPolicy>> {
        Some(at(RestartPolicy { condition: condition.map(at), ..RestartPolicy::default() }))
    }

    #[test]
    fn the_policy_of_deploy_goes_before_restart() {
        let mut web = service("web", "acme/web:1");
        web.restart = Some(at(Restart::No));
        web.deploy.restart_policy = policy(Some(Restart::OnFailure));
        assert_eq!(wanted(&web).map(|r| r.value), Some(Restart::OnFailure));
        web.deploy.restart_policy = policy(None);
        assert_eq!(wanted(&web).map(|r| r.value), Some(Restart::Always));
        let done = run(vec![web]);
        assert_eq!(loud(&done.diagnostics), []);
        assert!(find(&done.diagnostics, Code::Ignored).is_some());
    }

    #[test]
    fn services_run_forever() {
        for (restart, wanted) in [
            (Restart::No, vec![(Severity::Warning, Code::Approximated)]),
            (Restart::OnFailure, vec![]),
            (Restart::Always, vec![]),
        ] {
            let mut web = service("web", "acme/web:1");
            web.deploy.restart_policy = policy(Some(restart));
            let done = run(vec![web]);
            assert_eq!(loud(&done.diagnostics), wanted, "{restart:?}");
            assert_eq!(task(&done, "web").container_definitions[0].restart_policy, None);
        }
    }

    #[test]
    fn a_container_that_may_end_gets_a_restart_policy() {
        for (restart, wanted, said) in [
            (Restart::OnFailure, true, vec![]),
            (Restart::Always, true, vec![(Severity::Warning, Code::Approximated)]),
            (Restart::No, false, vec![]),
        ] {
            let (mut web, mut seed) =
                (service("web", "acme/web:1"), service("seed", "acme/seed:1"));
            for service in [&mut web, &mut seed] {
                service.extension.task = Some(at("both".to_owned()));
            }
            depends(&mut web, "seed", Condition::CompletedSuccessfully);
            seed.restart = Some(at(restart));
            let done = run(vec![web, seed]);
            let containers = &task(&done, "web").container_definitions;
            let given = containers.iter().find(|c| c.name == "seed").expect("the container");
            assert!(!given.essential);
            assert_eq!(given.restart_policy.is_some(), wanted, "{restart:?}");
            let codes = given.restart_policy.as_ref().map(|p| p.ignored_exit_codes.clone());
            assert_eq!(codes, wanted.then(|| vec![0]));
            assert_eq!(loud(&done.diagnostics), said, "{restart:?}");
        }
    }

    #[test]
    fn pauses_and_attempts_have_no_effect() {
        let mut web = service("web", "acme/web:1");
        let policy = RestartPolicy {
            condition: None,
            delay: Some(span()),
            max_attempts: Some(span()),
            window: Some(span()),
        };
        web.deploy.restart_policy = Some(at(policy));
        let done = run(vec![web]);
        assert_eq!((loud(&done.diagnostics), done.diagnostics.len()), (vec![], 3));
    }
}
