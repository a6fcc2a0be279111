//! Containers that run once beside others that last.

use std::collections::HashSet;

use super::ending::Ending;
use super::restart_policy::wanted;
use crate::compose::model::{Restart, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Context;
use crate::ecs::translate::unit::Sharing;

/// The services that ride along in the task of others and say that they run once: `restart: "no"`, no
/// published port, and nobody's dependency.
pub(super) fn all<'a>(
    cx: &Context<'a>,
    ending: &Ending<'a>,
    sharing: &Sharing<'a>,
) -> Vec<&'a Service> {
    let services = || cx.project.services.values().map(|service| &**service);
    let once = services().filter(|service| {
        let name = service.name.value.as_str();
        let rides = sharing.unit(name) != name && !ending.jobs.contains(name);
        let restart = wanted(service).map(|restart| restart.value);
        rides && restart == Some(Restart::No) && service.ports.is_empty()
    });
    let mut once: Vec<_> = once.collect();
    if !once.is_empty() {
        let needed: HashSet<&str> =
            services().flat_map(|service| service.depends_on.keys()).map(String::as_str).collect();
        once.retain(|service| !needed.contains(service.name.value.as_str()));
    }
    once
}

/// A container that runs once beside others.
pub(super) fn runs_on(service: &Service) -> Diagnostic {
    let name = &service.name.value;
    let restart = wanted(service).map_or(service.span(), |restart| restart.span);
    Diagnostic::note(Code::Approximated, format!("the task runs on when {name} has ended"))
        .at(restart, "it is not started again")
        .help("it runs anew with each task; without `restart: \"no\"` its end would be the task's")
        .service(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::Condition;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{at, depends, loud, port, run, service, task};

    /// Whether the task runs on when its second container has ended, and what is said aloud.
    fn ends(edit: impl FnOnce(&mut Service, &mut Service)) -> (bool, Vec<(Severity, Code)>) {
        let (mut web, mut once) = (service("web", "acme/web:1"), service("once", "acme/once:1"));
        web.ports = vec![port(80, 80)];
        once.volumes_from = vec![at("web".to_owned())];
        once.restart = Some(at(Restart::No));
        edit(&mut web, &mut once);
        let done = run(vec![web, once]);
        let containers = &task(&done, "web").container_definitions;
        let once = containers.iter().find(|container| container.name == "once").expect("it");
        assert!(containers.iter().any(|container| container.essential));
        (!once.essential, loud(&done.diagnostics))
    }

    #[test]
    fn what_runs_once_does_not_end_the_task_of_others() {
        assert_eq!(ends(|_, _| {}), (true, vec![]));
        assert!(!ends(|_, once| once.restart = None).0);
        assert!(!ends(|_, once| once.restart = Some(at(Restart::Always))).0);
        assert!(!ends(|_, once| once.ports = vec![port(81, 81)]).0);
        assert!(!ends(|web, _| depends(web, "once", Condition::Started)).0);
    }
}
