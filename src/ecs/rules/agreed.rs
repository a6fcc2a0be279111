//! Settings that are the task's, at whichever of its services they stand.

use crate::compose::model::{Service, ServiceExtension};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// What a service of a unit says for the whole task.
#[derive(Debug)]
pub(crate) struct Said<'a, T> {
    /// Who says it.
    pub(crate) by: &'a Service,
    /// What it says.
    pub(crate) given: &'a Located<T>,
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
            let message =
                format!("`{attribute}` is the task's, which {} shares", service.name.value);
            out.say(
                Diagnostic::error(Code::Conflict, message)
                    .at(given.span, "another value than here")
                    .at(other.given.span, "the first one")
                    .help("write it once, at one of the services of the task")
                    .service(&service.name.value),
            );
        }
    }
    first
}
