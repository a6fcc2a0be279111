//! Namespaces that are a task's, at whichever of its containers they are asked for: its network, and on
//! instances those of the instance's processes and shared memory (ECS API reference,
//! `RegisterTaskDefinition.networkMode`, `.pidMode`, `.ipcMode`).

use super::SHARED;
use crate::compose::model::{Namespaces, Service, TaskNetwork};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::rules::launch;
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;
use crate::source::{Located, Span};

/// Whether a service lives in the network of another one, and says nothing else to ECS.
pub(crate) fn follows(cx: &Context<'_>, service: &Service) -> bool {
    service.network_mode().is_some_and(|mode| mode.value.starts_with(SHARED))
        && own_mode(cx, service).is_none()
}

/// `x-ecs.network_mode` that stands at the service itself, not at the project.
fn own_mode<'a>(cx: &Context<'_>, service: &'a Service) -> Option<&'a Located<TaskNetwork>> {
    let project = cx.project.extension.network_mode.as_ref().map(|mode| mode.span);
    service.extension.network_mode.as_ref().filter(|mode| Some(mode.span) != project)
}

/// What a service wants of a namespace of its task, and where it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wish {
    mode: &'static str,
    place: Span,
}

/// Refuses containers in one task that want different networks, or of which some alone want to see what is
/// the instance's: a task has one of each.
pub(crate) fn check(cx: &Context<'_>, unit: &Unit<'_>, out: &mut Output) {
    for member in &unit.members {
        contradiction(cx, member.service, out);
    }
    if unit.members.len() == 1 {
        return;
    }
    differ(unit, "network", |service| network(cx, service), out);
    differ(unit, "processes", |service| of_the_instance(service, |n| n.pid.as_ref()), out);
    differ(unit, "shared memory", |service| of_the_instance(service, |n| n.ipc.as_ref()), out);
}

/// The network that a service wants for its task; nothing where it takes that of another service.
fn network(cx: &Context<'_>, service: &Service) -> Option<Wish> {
    (!follows(cx, service)).then(|| Wish {
        mode: launch::network(service).as_str(),
        place: launch::network_span(service),
    })
}

/// Whether a service wants the instance's own of a namespace; nothing where it takes that of another
/// service.
fn of_the_instance(
    service: &Service,
    read: impl Fn(&Namespaces) -> Option<&Located<String>>,
) -> Option<Wish> {
    let given = service.namespaces.as_deref().and_then(read);
    if given.is_some_and(|mode| mode.value.starts_with(SHARED)) {
        return None;
    }
    let mode = if given.is_some_and(|mode| mode.value == "host") { "host" } else { "private" };
    Some(Wish { mode, place: given.map_or(service.span(), |mode| mode.span) })
}

fn differ(unit: &Unit<'_>, what: &str, wish: impl Fn(&Service) -> Option<Wish>, out: &mut Output) {
    let mut first: Option<(&Member<'_>, Wish)> = None;
    for member in &unit.members {
        let Some(wish) = wish(member.service) else { continue };
        let Some((other, wanted)) = first else {
            first = Some((member, wish));
            continue;
        };
        if wish.mode != wanted.mode {
            out.say(conflict(what, (other, wanted), (member, wish)));
        }
    }
}

fn conflict(
    what: &str,
    (first, wanted): (&Member<'_>, Wish),
    (member, wish): (&Member<'_>, Wish),
) -> Diagnostic {
    let message = format!(
        "{} and {} share a task, and want `{}` and `{}` for its {what}",
        member.name(),
        first.name(),
        wish.mode,
        wanted.mode,
    );
    let help = match what {
        "network" => {
            "write one network at both, `x-ecs.network_mode` say: it is the task's; or give \
            one of them a task of its own"
        }
        "processes" => {
            "write `pid: host` at both, or at none: it is the task's; or give one of them \
            a task of its own"
        }
        _ => {
            "write `ipc: host` at both, or at none: it is the task's; or give one of them a task of \
            its own"
        }
    };
    Diagnostic::error(Code::Conflict, message)
        .at(wish.place, format!("`{}` for {}", wish.mode, member.name()))
        .at(wanted.place, format!("`{}` for {}", wanted.mode, first.name()))
        .help(help)
        .service(member.name())
}

/// One service that says two things: `x-ecs` is for ECS, and goes first.
fn contradiction(cx: &Context<'_>, service: &Service, out: &mut Output) {
    let (Some(own), Some(words)) = (own_mode(cx, service), service.network_mode()) else { return };
    let mode = own.value.as_str();
    let said = words.value.as_str();
    if !matches!(said, "bridge" | "host" | "none") || said == mode {
        return;
    }
    let message =
        format!("`network_mode: {said}` has no effect beside `x-ecs.network_mode: {mode}`");
    let found = match own.value {
        // As on Fargate, where every task has an interface of its own.
        TaskNetwork::AwsVpc if said == "bridge" => Diagnostic::note(Code::Approximated, message),
        _ => Diagnostic::warning(Code::Approximated, message),
    };
    out.say(
        found
            .at(words.span, "")
            .at(own.span, "this one is for ECS")
            .help("take one of the two away, or write the same")
            .service(&service.name.value),
    );
}

#[cfg(test)]
#[path = "task_tests.rs"]
mod tests;
