//! `cap_add` and `cap_drop` become capabilities dropped from Docker's default set.

use std::collections::BTreeSet;

use super::outcome::Outcomes;
use crate::compose::model::{Privileges, Service};
use crate::ecs::desired::KernelCapabilities;
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// What Docker leaves to a container that says nothing (Docker documentation, "Running containers",
/// "Runtime privilege and Linux capabilities").
const DEFAULT: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The one that Fargate adds (ECS API reference, `KernelCapabilities.add`).
pub(crate) const ADDED: &str = "SYS_PTRACE";

/// The rest of what ECS knows (ECS API reference, `KernelCapabilities`).
const OTHERS: [&str; 23] = [
    "AUDIT_CONTROL",
    "BLOCK_SUSPEND",
    "DAC_READ_SEARCH",
    "IPC_LOCK",
    "IPC_OWNER",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "NET_ADMIN",
    "NET_BROADCAST",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

/// What the kernel knows and ECS does not (capabilities(7), since Linux 3.16).
const NEWER: [&str; 4] = ["AUDIT_READ", "BPF", "CHECKPOINT_RESTORE", "PERFMON"];

/// Whether ECS takes the name.
pub(crate) fn is_known(name: &str) -> bool {
    name == "ALL" || DEFAULT.contains(&name) || OTHERS.contains(&name)
}

/// The capabilities of a service's container; nothing where Docker's default set is meant.
pub(crate) fn capabilities(service: &Service, out: &mut Output) -> Option<KernelCapabilities> {
    let privileges = service.privileges.as_deref()?;
    let Privileges {
        cap_add,
        cap_drop,
        privileged: _,          // privileges.rs
        security_opt: _,        // privileges.rs
        group_add: _,           // privileges.rs
        credential_spec: _,     // privileges.rs
        device_cgroup_rules: _, // devices.rs
        devices: _,             // devices.rs
        gpus: _,                // devices.rs
        runtime: _,             // devices.rs
        use_api_socket: _,      // privileges.rs
    } = privileges;
    let mut outcomes = Outcomes::new(service, out);
    let mut known = |list: &[Located<String>]| -> BTreeSet<String> {
        list.iter().filter_map(|item| name(item, &mut outcomes)).collect()
    };
    let (added, dropped) = (known(cap_add), known(cap_drop));
    // As in Docker: `ALL` means no other of its list, and what is both added and dropped is added.
    let mut wanted: BTreeSet<&str> = match dropped.contains("ALL") {
        true => BTreeSet::new(),
        false => DEFAULT.into_iter().filter(|name| !dropped.contains(*name)).collect(),
    };
    wanted.extend(added.iter().map(String::as_str).filter(|name| DEFAULT.contains(name)));
    let on_instances = service.on_instances();
    for item in cap_add {
        beyond(item, on_instances, &mut outcomes);
    }
    let missing: Vec<_> =
        DEFAULT.iter().filter(|name| !wanted.contains(*name)).map(|name| (*name).into()).collect();
    let drop = if missing.len() == DEFAULT.len() { vec!["ALL".to_owned()] } else { missing };
    let takes = |name: &&String| match on_instances {
        true => is_known(name) && !DEFAULT.contains(&name.as_str()),
        false => *name == ADDED,
    };
    let add = added.iter().filter(takes).cloned().collect();
    let capabilities = KernelCapabilities { add, drop };
    (capabilities != KernelCapabilities::default()).then_some(capabilities)
}

/// A name as ECS writes it; `CAP_` in front means nothing.
fn bare(text: &str) -> String {
    let upper = text.to_ascii_uppercase();
    upper.strip_prefix("CAP_").map(str::to_owned).unwrap_or(upper)
}

fn name(item: &Located<String>, outcomes: &mut Outcomes<'_>) -> Option<String> {
    let name = bare(&item.value);
    if is_known(&name) || NEWER.contains(&name.as_str()) {
        return Some(name);
    }
    let message = format!("{:?} is no capability", item.value);
    outcomes.invalid(item.span, message, "capabilities(7) lists them: `NET_BIND_SERVICE`, say");
    None
}

/// Refuses what Fargate does not add, or what ECS does not know.
fn beyond(item: &Located<String>, on_instances: bool, outcomes: &mut Outcomes<'_>) {
    let name = bare(&item.value);
    let name = name.as_str();
    let known = is_known(name) || NEWER.contains(&name);
    if !known || name == ADDED || DEFAULT.contains(&name) {
        return;
    }
    if on_instances {
        if !is_known(name) {
            let help = "`SYS_ADMIN` holds what newer capabilities hold, and more";
            let message = format!("ECS does not know the capability {name}");
            outcomes.refused(item.span, message, help);
        }
        return;
    }
    let help = match name {
        "ALL" => "name those that the app uses: Fargate adds `SYS_PTRACE` to Docker's default set",
        "NET_ADMIN" => {
            "a Fargate task cannot change its network: leave tunnels and firewalls to the VPC, \
                and take the service out with `profiles`"
        }
        "IPC_LOCK" => {
            "let the app keep its memory unlocked, `disable_mlock` say, and take the capability \
                away"
        }
        "SYS_NICE" | "SYS_RESOURCE" => {
            "take it away: most apps go on without it, at the priority and limits they have"
        }
        _ => {
            "Fargate adds `SYS_PTRACE` to Docker's default set, and nothing else; take it away, or \
                leave the service out with `profiles`"
        }
    };
    let message = format!("Fargate does not add the capability {name}");
    outcomes.refused_on_fargate(item.span, message, help);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, container, loud, run, service};

    fn with(add: &[&str], drop: &[&str]) -> Service {
        let list = |names: &[&str]| names.iter().map(|name| at((*name).to_owned())).collect();
        let mut web = service("web", "acme/web:1");
        let privileges =
            Privileges { cap_add: list(add), cap_drop: list(drop), ..Privileges::default() };
        web.privileges = Some(Box::new(privileges));
        web
    }

    fn of(add: &[&str], drop: &[&str]) -> (Vec<String>, Vec<String>) {
        let done = run(vec![with(add, drop)]);
        assert_eq!(loud(&done.diagnostics), [], "{add:?} {drop:?}");
        let linux = container(&done, "web").linux_parameters.clone();
        let found = linux.and_then(|linux| linux.capabilities).unwrap_or_default();
        (found.add, found.drop)
    }

    #[test]
    fn hardening_leaves_what_is_added_of_the_default_set() {
        let (add, drop) = of(&["CHOWN", "cap_setuid", "NET_BIND_SERVICE"], &["ALL"]);
        assert_eq!(add, [""; 0]);
        assert_eq!(
            drop,
            [
                "AUDIT_WRITE",
                "DAC_OVERRIDE",
                "FOWNER",
                "FSETID",
                "KILL",
                "MKNOD",
                "NET_RAW",
                "SETFCAP",
                "SETGID",
                "SETPCAP",
                "SYS_CHROOT"
            ]
        );
        assert_eq!(of(&[], &["all"]), (vec![], vec!["ALL".to_owned()]));
        let traced = (vec!["SYS_PTRACE".to_owned()], vec!["ALL".to_owned()]);
        assert_eq!(of(&["SYS_PTRACE"], &["ALL"]), traced);
    }

    #[test]
    fn what_the_default_set_says_already_is_not_sent() {
        assert_eq!(of(&["CHOWN"], &[]), (vec![], vec![]));
        assert_eq!(of(&[], &["NET_ADMIN", "CAP_BPF"]), (vec![], vec![]));
        assert_eq!(of(&["KILL"], &["KILL", "MKNOD"]), (vec![], vec!["MKNOD".to_owned()]));
    }

    #[test]
    fn fargate_adds_nothing_but_tracing() {
        for name in ["NET_ADMIN", "CAP_SYS_ADMIN", "ALL", "BPF", "IPC_LOCK"] {
            let done = run(vec![with(&[name], &[])]);
            assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::Refused)], "{name}");
        }
        let done = run(vec![with(&["NET_ADMN"], &[])]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::InvalidValue)]);
    }
}
