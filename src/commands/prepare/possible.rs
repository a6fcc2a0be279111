use super::App;
use crate::commands::Session;
use crate::compose::model::ProjectExtension;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::ecs::desired::{Desired, Kind};
use crate::error::Error;
use crate::plan::{Actual, Impossible, PlanOptions, impossible};
use crate::source::Span;

/// Refuses what no plan could bring about.
pub(in crate::commands) fn possible(
    session: &Session,
    app: &App,
    desired: &Desired,
    actual: &Actual,
    options: &PlanOptions,
) -> Result<(), Error> {
    let mut diagnostics = Diagnostics::default();
    for Impossible { resource: id, message, help } in impossible(desired, actual) {
        // A network is everybody's.
        let is_network = id.kind == Kind::SecurityGroup;
        if !is_network && !options.is_about(desired, &id) {
            continue;
        }
        let mut fault = Diagnostic::error(Code::Refused, message).help(help);
        let origin = match is_network {
            true => network(&app.project.extension),
            false => desired.resources.get(&id).and_then(|resource| resource.origin),
        };
        if let Some(origin) = origin {
            fault = fault.at(origin, "");
        }
        if !is_network {
            fault = fault.service(&id.name);
        }
        diagnostics.extend([fault]);
    }
    if !diagnostics.has_errors() {
        return Ok(());
    }
    session.print(&diagnostics, &app.sources);
    Err(Error::Compose)
}

/// Where the file says which network it is.
fn network(extension: &ProjectExtension) -> Option<Span> {
    let vpc = extension.vpc.as_ref().map(|vpc| vpc.span);
    vpc.or_else(|| extension.subnets.first().map(|subnet| subnet.span))
}
