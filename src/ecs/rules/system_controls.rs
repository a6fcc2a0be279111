//! `sysctls` become system controls.

use std::collections::HashMap;

use super::launch;
use super::outcome::Outcomes;
use crate::compose::model::{Service, TaskNetwork};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::SystemControl;
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// Parameters of the containers' own IPC namespace (ECS API reference, `SystemControl.value`).
const IPC: [&str; 8] = [
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shm_rmid_forced",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
];

/// Whether a parameter belongs to the network, which the containers of a task share.
pub(crate) fn is_network(name: &str) -> bool {
    name.starts_with("net.")
}

/// Whether ECS sets the parameter (ECS API reference, `SystemControl.value`, which says that Fargate
/// takes them all).
pub(crate) fn is_namespaced(name: &str) -> bool {
    is_network(name) || name.starts_with("fs.mqueue.") || IPC.contains(&name)
}

/// The parameters of a service's container, sorted by name.
pub(crate) fn system_controls(service: &Service, out: &mut Output) -> Vec<SystemControl> {
    let mut outcomes = Outcomes::new(service, out);
    let mut controls = Vec::new();
    for (name, value) in sysctls(service) {
        if let Some(of) = of_the_instance(service, name) {
            let message = format!("`{name}` is the instance's, whose {of} the service shares");
            let help = "set it on the instances, in their user data; or take the mode `host` away";
            outcomes.refused(value.span, message, help);
            continue;
        }
        if is_namespaced(name) {
            let (namespace, value) = (name.clone(), value.value.clone());
            controls.push(SystemControl { namespace, value });
            continue;
        }
        let message = format!("`{name}` is no parameter of a container's own");
        let help = "Docker and ECS set `net.*`, `fs.mqueue.*`, `kernel.msg*`, `kernel.sem` and \
            `kernel.shm*`; what belongs to the whole machine cannot be set on Fargate";
        outcomes.refused(value.span, message, help);
    }
    controls.sort_by(|a, b| a.namespace.cmp(&b.namespace));
    controls
}

/// What of the instance's a service shares that a parameter belongs to: neither ECS nor Docker sets
/// it then (ECS API reference, `SystemControl`).
fn of_the_instance(service: &Service, name: &str) -> Option<&'static str> {
    let ipc = service.namespaces.as_ref().and_then(|namespaces| namespaces.ipc.as_ref());
    if is_network(name) {
        (launch::network(service) == TaskNetwork::Host).then_some("network")
    } else {
        let shares = service.on_instances() && ipc.is_some_and(|mode| mode.value == "host");
        (shares && is_namespaced(name)).then_some("IPC namespace")
    }
}

fn sysctls(service: &Service) -> impl Iterator<Item = (&String, &Located<String>)> {
    service.kernel.iter().flat_map(|kernel| &kernel.sysctls)
}

/// Refuses one task whose services set a parameter of their common network in two ways: the
/// container that starts last would decide (ECS API reference, `SystemControl`).
pub(crate) fn check(unit: &Unit<'_>, out: &mut Output) {
    if unit.members.len() == 1 {
        return;
    }
    let mut first: HashMap<&str, &Located<String>> = HashMap::new();
    for member in &unit.members {
        for (name, value) in sysctls(member.service).filter(|(name, _)| is_network(name)) {
            let known = *first.entry(name).or_insert(value);
            if known.value == value.value {
                continue;
            }
            let message = format!("the services of one task set `{name}` to different values");
            out.say(
                Diagnostic::error(Code::Conflict, message)
                    .at(value.span, "this one")
                    .at(known.span, "and this one")
                    .help("write one value: the containers of a task share one network")
                    .service(member.name()),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::KernelSettings;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{at, container, loud, run, service};

    fn with(name: &str, sysctls: &[(&str, &str)]) -> Service {
        let sysctls =
            sysctls.iter().map(|(name, v)| ((*name).to_owned(), at((*v).to_owned()))).collect();
        let mut web = service(name, "acme/web");
        web.kernel = Some(Box::new(KernelSettings { sysctls, ..KernelSettings::default() }));
        web
    }

    #[test]
    fn parameters_of_namespaces_are_mapped_in_order() {
        let sysctls =
            [("net.core.somaxconn", "1024"), ("kernel.shmmax", "1"), ("fs.mqueue.msg_max", "9")];
        let done = run(vec![with("web", &sysctls)]);
        assert_eq!(loud(&done.diagnostics), []);
        let found: Vec<_> = container(&done, "web")
            .system_controls
            .iter()
            .map(|control| (control.namespace.as_str(), control.value.as_str()))
            .collect();
        assert_eq!(found[0], ("fs.mqueue.msg_max", "9"));
        assert_eq!(found[1..], [("kernel.shmmax", "1"), ("net.core.somaxconn", "1024")]);
    }

    #[test]
    fn parameters_of_the_machine_are_refused() {
        let done = run(vec![with("web", &[("vm.max_map_count", "262144")])]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::Refused)]);
    }

    #[test]
    fn one_task_has_one_value() {
        let pair = |value| {
            let mut services = vec![
                with("web", &[("net.core.somaxconn", "1"), ("kernel.sem", "1")]),
                with("log", &[("net.core.somaxconn", value), ("kernel.sem", "2")]),
            ];
            services.iter_mut().for_each(|s| s.extension.task = Some(at("t".to_owned())));
            loud(&run(services).diagnostics)
        };
        assert_eq!(pair("1"), []);
        assert_eq!(pair("2"), [(Severity::Error, Code::Conflict)]);
    }
}
