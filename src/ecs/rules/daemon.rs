//! `deploy.mode: global` on instances: a service with one task on each of them (ECS API reference,
//! `CreateService.schedulingStrategy`).

use super::outcome::Outcomes;
use crate::compose::model::{Launch, Mode, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;
use crate::source::Span;

/// Where a service asks for a task on each instance, and there are any.
pub(crate) fn global(service: &Service) -> Option<Span> {
    let mode = service.deploy.mode.as_ref().filter(|mode| mode.value == Mode::Global);
    mode.filter(|_| service.on_instances()).map(|mode| mode.span)
}

/// Where a member makes a daemon of its task. What comes to an end has no say in how many there are.
pub(crate) fn asked(member: &Member<'_>) -> Option<Span> {
    global(member.service).filter(|_| member.job.is_none() && !member.ends)
}

/// The service that makes a daemon of a unit, and where it does.
pub(crate) fn daemon<'a>(unit: &Unit<'a>) -> Option<(&'a Service, Span)> {
    unit.members.iter().find_map(|member| Some((member.service, asked(member)?)))
}

/// Whether a unit has one task on each instance.
pub(crate) fn is_daemon(unit: &Unit<'_>) -> bool {
    daemon(unit).is_some()
}

/// Refuses a member that shares its task with a daemon, and does not ask for one: Compose runs it a number
/// of times, once where it says nothing.
pub(crate) fn differs(daemon: &Member<'_>, member: &Member<'_>, out: &mut Output) {
    let (Some(place), None) = (asked(daemon), asked(member)) else { return };
    // What ends before the others start says nothing of their number.
    if member.ends {
        return;
    }
    let mode = member.service.deploy.mode.as_ref().map(|mode| mode.span);
    let own = mode.or(number(member.service)).unwrap_or(member.service.span());
    let message = format!(
        "{} and {} share a task, and only one of them wants it on each instance",
        member.name(),
        daemon.name()
    );
    out.say(
        Diagnostic::error(Code::Conflict, message)
            .at(own, "")
            .at(place, "")
            .help(
                "write `mode: global` at both, or at none: a task runs all its containers, or none",
            )
            .service(member.name()),
    );
}

/// Where a service says how many tasks it wants.
pub(crate) fn number(service: &Service) -> Option<Span> {
    service.scale.as_ref().or(service.deploy.replicas.as_ref()).map(|number| number.span)
}

/// Says what a daemon cannot have.
pub(crate) fn check(unit: &Unit<'_>, out: &mut Output) {
    for member in &unit.members {
        let mut outcomes = Outcomes::new(member.service, out);
        if let Some(place) = asked(member)
            && member.service.launch() == Launch::ManagedInstances
        {
            // ECS developer guide, "Amazon ECS Managed Daemons"
            let help = "use `mode: replicated` with `replicas`, or `x-ecs: {launch: ec2}`";
            let message =
                "managed instances run one task each of daemons alone, which are no services";
            outcomes.refused(place, message, help);
        }
        let numbers = [
            ("scale", member.service.scale.as_ref()),
            ("replicas", member.service.deploy.replicas.as_ref()),
        ];
        // Another number than that of its task was refused before.
        for (name, given) in numbers.into_iter().filter(|_| asked(member).is_some()) {
            if let Some(given) = given {
                let message = format!("`{name}` says nothing of `mode: global`");
                let help = "a daemon has one task on every instance that its constraints allow";
                outcomes.missed(given.span, message, help);
            }
        }
    }
}

#[cfg(test)]
#[path = "daemon_tests.rs"]
mod tests;
