//! The rows of a deploy: its services and jobs, and what each waits for.

use std::collections::BTreeSet;

use crate::compose::Project;
use crate::ecs::desired::{Desired, Gate, Kind, ResourceId};
use crate::event::{RowKind, ServiceRow, Until};
use crate::plan::{Action, Plan};

/// One row a service or job, in the order of the file.
pub(super) fn of(project: &Project, desired: &Desired, plan: &Plan) -> Vec<ServiceRow> {
    of_those(project, desired, plan, &|_| true)
}

/// As [`of`], of some services alone.
pub(super) fn of_those(
    project: &Project,
    desired: &Desired,
    plan: &Plan,
    takes: &dyn Fn(&str) -> bool,
) -> Vec<ServiceRow> {
    let touched: BTreeSet<&ResourceId> = plan.steps.iter().map(|step| &step.resource).collect();
    let rolled = [(Kind::Service, RowKind::Service), (Kind::Job, RowKind::Job)];
    let row = |name: &String| {
        let found = rolled.iter().find_map(|(kind, row)| {
            let resource = desired.resources.get(&ResourceId::new(*kind, name.as_str()))?;
            Some((resource, *row))
        });
        let (resource, kind) = found?;
        let waits = resource
            .waits
            .iter()
            .filter(|(other, _)| rolled.iter().any(|(kind, _)| other.kind == *kind))
            .map(|(other, gate)| {
                let until = match gate {
                    Gate::Started => Until::Started,
                    Gate::Healthy => Until::Healthy,
                    Gate::Completed => Until::Completed,
                };
                (other.name.clone(), until)
            })
            .collect();
        let unchanged = !touched.contains(&resource.id);
        Some(ServiceRow { service: name.clone(), kind, unchanged, waits })
    };
    project.services.keys().filter(|name| takes(name)).filter_map(row).collect()
}

/// The services whose images the plan builds or pushes.
pub(super) fn images(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .filter(|step| step.resource.kind == Kind::Image && step.action == Action::Create)
        .map(|step| step.resource.name.clone())
        .collect()
}
