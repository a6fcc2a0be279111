//! Settings that are the task's, at whichever of its services they stand.

use crate::compose::model::{Service, ServiceExtension};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;
use crate::source::{Located, Span};

/// What a service of a unit says for the whole task.
#[derive(Debug)]
pub(crate) struct Said<'a, T> {
    /// Who says it.
    pub(crate) by: &'a Service,
    /// What it says.
    pub(crate) given: &'a Located<T>,
}

/// A fault of a setting of the task's, with the service that the task is named after where the setting
/// stands at another one.
pub(crate) fn told_of(unit: &Unit<'_>, setting: Span, mut fault: Diagnostic) -> Diagnostic {
    let stands_at = |service: &Service| {
        let ServiceExtension { autoscaling, schedule, capacity, .. } = &*service.extension;
        let places = [
            autoscaling.as_ref().map(|given| given.span),
            schedule.as_ref().map(|given| given.span),
            capacity.as_ref().map(|given| given.span),
        ];
        places.contains(&Some(setting))
    };
    let mut others = unit.members.iter().filter(|member| member.name() != unit.name());
    if let Some(other) = others.find(|member| stands_at(member.service)) {
        let help = fault.help.get_or_insert_default();
        help.push_str(&format!(
            "; what {} says is for the task that it shares, the one of {}",
            other.name(),
            unit.name()
        ));
    }
    fault.service(unit.name())
}

/// The one value of a setting of `x-ecs` that the services of a unit give; two different ones are
/// refused.
pub(crate) fn agreed<'a, T>(
    unit: &Unit<'a>,
    name: &str,
    read: impl Fn(&'a ServiceExtension) -> Option<&'a Located<T>>,
    same: impl Fn(&T, &T) -> bool,
    out: &mut Output,
) -> Option<&'a Located<T>> {
    let what = format!("x-ecs.{name}");
    said(unit, &what, |service| read(&service.extension), same, out).map(|said| said.given)
}

/// The one value of an attribute that the services of a unit give, and the first of them; two
/// different ones are refused.
pub(crate) fn said<'a, T>(
    unit: &Unit<'a>,
    attribute: &str,
    read: impl Fn(&'a Service) -> Option<&'a Located<T>>,
    same: impl Fn(&T, &T) -> bool,
    out: &mut Output,
) -> Option<Said<'a, T>> {
    let mut first: Option<Said<'_, T>> = None;
    for service in unit.members.iter().map(|member| member.service) {
        let Some(given) = read(service) else { continue };
        let Some(other) = &first else {
            first = Some(Said { by: service, given });
            continue;
        };
        if !same(&given.value, &other.given.value) {
            let message = format!(
                "`{attribute}` is the task's, which {} shares with {}",
                service.name.value, other.by.name.value
            );
            let help = format!(
                "write it once, at {}: the task and its ECS service are named after it",
                unit.name()
            );
            out.say(
                Diagnostic::error(Code::Conflict, message)
                    .at(given.span, "another value than here")
                    .at(other.given.span, "the first one")
                    .help(help)
                    .service(&service.name.value),
            );
        }
    }
    first
}
