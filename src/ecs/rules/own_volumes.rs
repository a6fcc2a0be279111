//! Volumes that each task has for itself, while Compose has one for all: on the task's disk, or on EBS.

use std::collections::BTreeSet;

use super::mounts::{Place, Stored};
use crate::compose::model::MountKind;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::unit::Unit;

/// Says which volumes on a task's disk services of other tasks mount, too.
pub(crate) fn check(cx: &Context<'_>, unit: &Unit<'_>, out: &mut Output) {
    let mut seen = BTreeSet::new();
    for stored in unit.members.iter().flat_map(|member| &member.stored) {
        if stored.place == Place::Task && seen.insert(stored.name.as_str()) {
            let found = apart(cx, unit, stored, "that lives as long as itself");
            found.into_iter().for_each(|found| out.say(found.service(unit.name())));
        }
    }
}

/// A volume that services of other tasks mount, too: said once, of the first of them. `what` is the
/// volume that each task has.
pub(super) fn apart(
    cx: &Context<'_>,
    unit: &Unit<'_>,
    stored: &Stored<'_>,
    what: &str,
) -> Option<Diagnostic> {
    let MountKind::Volume(name) = &stored.mount.value.kind else { return None };
    let mounts = cx.project.services.values().filter_map(|service| {
        let mount = service.mounts.iter().find(|m| m.value.kind == stored.mount.value.kind)?;
        Some((service.name.value.as_str(), mount))
    });
    let mut mounts = mounts.skip_while(|(name, _)| unit.member(name).is_none());
    let (other, mount) = mounts.find(|(name, _)| unit.member(name).is_none())?;
    let message = format!("the tasks of {} and of {other} do not share {name}", unit.name());
    let fault = Diagnostic::warning(Code::Approximated, message).at(stored.mount.span, "");
    Some(fault.at(mount.span, "").help(format!(
        "each task has a volume {what}: `efs` is shared; `x-ecs.task` puts services into one task"
    )))
}

#[cfg(test)]
mod tests {
    use crate::compose::model::{Service, Storage};
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, loud, run, service, volume_mount};

    fn pair() -> Vec<Service> {
        let one = |name: &str| {
            let mut one = service(name, "acme/one:1");
            one.mounts = vec![volume_mount("spool", "/spool")];
            one.mounts[0].value.storage = Some(at(Storage::Ephemeral));
            one
        };
        vec![one("writer"), one("reader")]
    }

    #[test]
    fn tasks_do_not_share_their_disks() {
        let warning = (Severity::Warning, Code::Approximated);
        let done = run(pair());
        assert_eq!(loud(&done.diagnostics), [warning]);
        let said = done.diagnostics.iter().find(|d| d.severity == Severity::Warning);
        let said = said.map(|d| d.message.as_str());
        assert_eq!(said, Some("the tasks of writer and of reader do not share spool"));
        // In one task they do.
        let mut services = pair();
        for one in &mut services {
            one.extension.task = Some(at("both".to_owned()));
        }
        assert_eq!(loud(&run(services).diagnostics), []);
    }
}
