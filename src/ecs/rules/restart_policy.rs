//! `restart` and `deploy.restart_policy`: ECS keeps services running; a container that may end
//! while its task runs on gets a restart policy.

use super::outcome::Outcomes;
use crate::compose::model::{Restart, RestartPolicy, Service};
use crate::ecs::desired::ContainerRestartPolicy;
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;
use crate::source::Located;

/// Seconds that a container must have run for before it is started again: the least, which it is
/// unless told, and the most that ECS takes (ECS API reference,
/// `ContainerRestartPolicy.restartAttemptPeriod`).
const PERIOD: i32 = 60;
const LONGEST_PERIOD: i32 = 1800;

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
        let restarts = has_policy(member);
        let window = window.as_ref().filter(|_| !restarts).map(|window| window.span);
        for (name, place) in
            [("delay", *delay), ("max_attempts", *max_attempts), ("window", window)]
        {
            if let Some(place) = place {
                let message = format!("`{name}` has no effect on ECS");
                outcomes.ignored(place, message, otherwise(member, restarts));
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
        return has_policy(member).then(|| ending(member, restart, &mut outcomes));
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
    member: &Member<'_>,
    restart: Located<Restart>,
    outcomes: &mut Outcomes<'_>,
) -> ContainerRestartPolicy {
    let period = period(member.service, outcomes);
    match restart.value {
        Restart::No => {}
        Restart::OnFailure => {
            let message = format!("the container is started again only once it ran for {period} s");
            let help = "what fails earlier ends the task, and ECS starts a new one";
            outcomes.near(restart.span, message, help);
        }
        Restart::Always | Restart::UnlessStopped => {
            let message = "the container is not started again once it ended well";
            let help = "others wait for its end: write `on-failure` to say so";
            outcomes.differs(restart.span, message, help);
        }
    }
    ContainerRestartPolicy {
        enabled: true,
        ignored_exit_codes: vec![0],
        restart_attempt_period: Some(period),
    }
}

/// Whether the container of a member has a restart policy: it may end while its task runs on.
fn has_policy(member: &Member<'_>) -> bool {
    member.ends && wanted(member.service).is_some_and(|restart| restart.value != Restart::No)
}

/// What becomes of pauses and attempts.
fn otherwise(member: &Member<'_>, restarts: bool) -> &'static str {
    if restarts {
        "ECS starts the container again whenever it ran for a while before it failed: `window`"
    } else if member.ends {
        "the container is not started again by itself, but with its task"
    } else if member.service.extension.schedule.is_some() {
        "a run that fails is over: the clock starts the next one"
    } else if member.job.is_some() {
        "a job is run once, and not started again when it fails"
    } else {
        "ECS starts tasks again as it sees fit, with growing pauses"
    }
}

/// `window` in whole seconds, as far as ECS takes it: how long a start has to last to be a good one.
fn period(service: &Service, outcomes: &mut Outcomes<'_>) -> i32 {
    let policy = service.deploy.restart_policy.as_ref();
    let Some(window) = policy.and_then(|policy| policy.value.window.as_ref()) else {
        return PERIOD;
    };
    let part = u64::from(window.value.subsec_nanos() > 0);
    let seconds = window.value.as_secs().saturating_add(part);
    let seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
    let period = seconds.clamp(PERIOD, LONGEST_PERIOD);
    if period != seconds {
        let help = format!("ECS takes {PERIOD} to {LONGEST_PERIOD} s");
        outcomes.clamped(window.span, format!("`window` becomes {period} s"), &help);
    }
    period
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
    use std::time::Duration;

    use super::*;
    use crate::compose::model::Condition;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, depends, find, loud, run, seconds, service, span, task};

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
    fn the_window_is_how_long_a_start_has_to_last() {
        let clamped = vec![(Severity::Warning, Code::Clamped)];
        for (window, wanted, said) in [
            (Duration::from_secs(120), 120, vec![]),
            (Duration::from_millis(119_001), 120, vec![]),
            (Duration::from_secs(60), 60, vec![]),
            (Duration::from_secs(1800), 1800, vec![]),
            (Duration::from_secs(30), 60, clamped.clone()),
            (Duration::from_secs(10_800), 1800, clamped.clone()),
            (Duration::MAX, 1800, clamped),
        ] {
            let (mut web, mut seed) =
                (service("web", "acme/web:1"), service("seed", "acme/seed:1"));
            for service in [&mut web, &mut seed] {
                service.extension.task = Some(at("both".to_owned()));
            }
            depends(&mut web, "seed", Condition::CompletedSuccessfully);
            let condition = Some(at(Restart::OnFailure));
            let window = Some(at(window));
            seed.deploy.restart_policy =
                Some(at(RestartPolicy { condition, window, ..RestartPolicy::default() }));
            let done = run(vec![web, seed]);
            let containers = &task(&done, "web").container_definitions;
            let given = containers.iter().find(|c| c.name == "seed").expect("the container");
            let period = given.restart_policy.as_ref().and_then(|p| p.restart_attempt_period);
            assert_eq!(period, Some(wanted));
            assert_eq!(loud(&done.diagnostics), said);
            assert!(find(&done.diagnostics, Code::Ignored).is_none());
        }
    }

    #[test]
    fn a_job_is_not_said_to_be_started_again() {
        let mut job = service("job", "acme/job:1");
        job.extension.job = Some(at(true));
        let condition = Some(at(Restart::No));
        let max_attempts = Some(span());
        job.deploy.restart_policy =
            Some(at(RestartPolicy { condition, max_attempts, ..RestartPolicy::default() }));
        let done = run(vec![job]);
        let help = find(&done.diagnostics, Code::Ignored).and_then(|found| found.help.clone());
        assert_eq!(help.as_deref(), Some("a job is run once, and not started again when it fails"));
    }

    #[test]
    fn pauses_and_attempts_have_no_effect() {
        let mut web = service("web", "acme/web:1");
        let policy = RestartPolicy {
            condition: None,
            delay: Some(span()),
            max_attempts: Some(span()),
            window: Some(seconds(90)),
        };
        web.deploy.restart_policy = Some(at(policy));
        let done = run(vec![web]);
        assert_eq!((loud(&done.diagnostics), done.diagnostics.len()), (vec![], 3));
    }
}
