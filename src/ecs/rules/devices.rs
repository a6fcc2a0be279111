//! Devices of the machine, and what else runs containers there: refused on Fargate, which shows a
//! task no machine.

use super::outcome::{Outcomes, place_of};
use crate::compose::model::{Device, Privileges, Resources, Service};
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// Devices that every container has (Docker documentation, "Runtime privilege and Linux
/// capabilities"; OCI runtime specification, "Default devices").
const OWN: [&str; 9] = [
    "/dev/console",
    "/dev/full",
    "/dev/null",
    "/dev/ptmx",
    "/dev/random",
    "/dev/shm",
    "/dev/tty",
    "/dev/urandom",
    "/dev/zero",
];

/// Says what becomes of a service's devices (ECS API reference, `LinuxParameters.devices`; ECS
/// developer guide, "Fargate considerations for Amazon ECS": `gpu`).
pub(crate) fn check(service: &Service, out: &mut Output) {
    if service.on_instances() {
        // gpu.rs, instance.rs
        return;
    }
    let mut outcomes = Outcomes::new(service, out);
    reservations(&service.deploy.limits, &mut outcomes);
    reservations(&service.deploy.reservations, &mut outcomes);
    let Some(privileges) = &service.privileges else { return };
    let Privileges {
        privileged: _,      // privileges.rs
        cap_add: _,         // capabilities.rs
        cap_drop: _,        // capabilities.rs
        security_opt: _,    // privileges.rs
        group_add: _,       // privileges.rs
        credential_spec: _, // privileges.rs
        device_cgroup_rules,
        devices,
        gpus,
        runtime,
        use_api_socket: _, // privileges.rs
    } = &**privileges;
    for device in devices {
        mapped(device, &mut outcomes);
    }
    if let Some(place) = place_of(device_cgroup_rules) {
        let help = "take the rules away: a Fargate task has no devices that they could let in";
        outcomes.refused(place, "Fargate has no rules for devices", help);
    }
    if let Some(place) = place_of(gpus) {
        gpu(place, &mut outcomes);
    }
    if let Some(runtime) = runtime {
        runs(runtime, &mut outcomes);
    }
}

fn reservations(resources: &Resources, outcomes: &mut Outcomes<'_>) {
    // The rest is size.rs's.
    let Resources { cpus: _, memory: _, pids: _, devices, generic, requests: _ } = resources;
    if let Some(place) = *devices {
        gpu(place, outcomes);
    }
    if let Some(place) = *generic {
        let help = "it names what a machine of a swarm has: take it away, or leave the service out \
            with `profiles`";
        outcomes.refused_on_fargate(place, "Fargate has no generic resources", help);
    }
}

fn gpu(place: crate::source::Span, outcomes: &mut Outcomes<'_>) {
    let help = "run it on processors alone if the app can, or leave the service out with \
        `profiles` and call a hosted model or an instance with a GPU";
    outcomes.refused_on_fargate(place, "Fargate has no GPUs or other devices", help);
}

fn mapped(device: &Located<Device>, outcomes: &mut Outcomes<'_>) {
    let Device { source, target, permissions: _, extensions: _ } = &device.value;
    if source == target && OWN.contains(&source.as_str()) {
        let message = format!("`{source}` needs no mapping");
        outcomes.ignored(device.span, message, "every container has it");
        return;
    }
    let help = match source.as_str() {
        "/dev/net/tun" => {
            "tunnels need `NET_ADMIN`, too, which Fargate does not add: leave VPNs to the VPC"
        }
        "/dev/fuse" => "mount a file system of EFS in place of one of FUSE: use a named volume",
        "/dev/kmsg" => "take it away: the kernel's log is not shown to a task",
        path if path.starts_with("/dev/dri") || path.starts_with("/dev/nvidia") => {
            "let the app draw and encode in software, and take the device away"
        }
        _ => {
            "take the device away if the app runs without, or leave the service out with `profiles`"
        }
    };
    let message = format!("a Fargate task cannot see the device {source:?}");
    outcomes.refused_on_fargate(device.span, message, help);
}

fn runs(runtime: &Located<String>, outcomes: &mut Outcomes<'_>) {
    let own = "every task on Fargate runs on a machine of its own";
    match runtime.value.as_str() {
        "runc" | "io.containerd.runc.v2" | "crun" => {
            outcomes.ignored(runtime.span, "`runtime` has no effect on Fargate", own);
        }
        "runsc" | "kata" | "kata-runtime" | "io.containerd.runsc.v1" | "io.containerd.kata.v2" => {
            let message = "`runtime` has no effect: Fargate isolates tasks itself";
            outcomes.ignored(runtime.span, message, own);
        }
        "nvidia" => gpu(runtime.span, outcomes),
        other => {
            let help = "take it away if the image runs without, or leave the service out with \
                `profiles`";
            outcomes.refused(runtime.span, format!("Fargate has no runtime {other:?}"), help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::Gpu;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, loud, run, service, span};

    const REFUSED: [(Severity, Code); 1] = [(Severity::Error, Code::Refused)];

    fn said(privileges: Privileges) -> (Vec<(Severity, Code)>, usize) {
        let mut web = service("web", "acme/web:1");
        web.privileges = Some(Box::new(privileges));
        let done = run(vec![web]).diagnostics;
        (loud(&done), done.len())
    }

    fn device(source: &str, target: &str) -> Privileges {
        let device =
            Device { source: source.to_owned(), target: target.to_owned(), ..Device::default() };
        Privileges { devices: vec![at(device)], ..Privileges::default() }
    }

    #[test]
    fn devices_of_the_machine_are_refused() {
        for path in ["/dev/fuse", "/dev/net/tun", "/dev/dri", "/dev/kmsg", "/dev/ttyUSB0"] {
            assert_eq!(said(device(path, path)).0, REFUSED, "{path}");
        }
        assert_eq!(said(device("/dev/zero", "/dev/x")).0, REFUSED);
        assert_eq!(said(device("/dev/null", "/dev/null")), (vec![], 1));
        let rules = vec![at("c 1:3 mr".to_owned())];
        let rules = Privileges { device_cgroup_rules: rules, ..Privileges::default() };
        assert_eq!(said(rules).0, REFUSED);
    }

    #[test]
    fn gpus_are_refused_wherever_they_are_asked_for() {
        let gpus = Privileges { gpus: vec![at(Gpu::default())], ..Privileges::default() };
        assert_eq!(said(gpus).0, REFUSED);
        for limits in [true, false] {
            let mut web = service("web", "acme/web:1");
            let resources = match limits {
                true => &mut web.deploy.limits,
                false => &mut web.deploy.reservations,
            };
            resources.devices = Some(span());
            assert_eq!(loud(&run(vec![web]).diagnostics), REFUSED);
        }
        let mut web = service("web", "acme/web:1");
        web.deploy.reservations.generic = Some(span());
        assert_eq!(loud(&run(vec![web]).diagnostics), REFUSED);
    }

    #[test]
    fn runtimes() {
        let runtime =
            |name: &str| Privileges { runtime: Some(at(name.to_owned())), ..Privileges::default() };
        assert_eq!(said(runtime("runc")), (vec![], 1));
        assert_eq!(said(runtime("runsc")), (vec![], 1));
        assert_eq!(said(runtime("nvidia")).0, REFUSED);
        assert_eq!(said(runtime("sysbox-runc")).0, REFUSED);
    }
}
