//! Settings of `x-ecs` that are the task's, at whichever of its services they stand.

use crate::compose::model::ServiceExtension;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// The one value that the services of a unit give; two different ones are refused.
pub(crate) fn agreed<'a, T>(
    unit: &Unit<'a>,
    name: &str,
    read: impl Fn(&'a ServiceExtension) -> Option<&'a Located<T>>,
    same: impl Fn(&T, &T) -> bool,
    out: &mut Output,
) -> Option<&'a Located<T>> {
    let mut first: Option<&Located<T>> = None;
    for service in unit.members.iter().map(|member| member.service) {
        let Some(given) = read(&service.extension) else { continue };
        let Some(other) = first else {
            first = Some(given);
            continue;
        };
        if !same(&given.value, &other.value) {
            let message =
                format!("`x-ecs.{name}` is the task's, which {} shares", service.name.value);
            out.say(
                Diagnostic::error(Code::Conflict, message)
                    .at(given.span, "another value than here")
                    .at(other.span, "the first one")
                    .help("write it once, at one of the services of the task")
                    .service(&service.name.value),
            );
        }
    }
    first
}
