//! Paths that are the machine's own, where tasks see none of it.

use std::path::Path;

use crate::compose::model::Launch;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::rules::outcome::ON_INSTANCES;

/// Whether a path of the instance is the system's own, and no place for an app's data.
pub(crate) fn is_of_the_machine(path: &str) -> bool {
    path.ends_with(".sock") || of_the_machine(Path::new(path), Launch::Fargate).is_some()
}

/// What to say of a path that is the machine's own, where tasks see none.
pub(super) fn of_the_machine(path: &Path, launch: Launch) -> Option<Diagnostic> {
    let managed = launch == Launch::ManagedInstances;
    let text = path.to_string_lossy();
    let text = text.trim_end_matches('/');
    let is_below =
        |top: &str| text.strip_prefix(top).is_some_and(|r| r.is_empty() || r.starts_with('/'));
    let shown = path.display();
    if ["/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo"].into_iter().any(is_below) {
        return Some(
            Diagnostic::note(Code::Ignored, format!("{shown} of this machine is not mounted"))
                .help("set the variable TZ to have a time zone in the container"),
        );
    }
    if ["/dev/shm", "/dev/random", "/dev/urandom", "/dev/null"].into_iter().any(is_below) {
        return Some(
            Diagnostic::note(Code::Ignored, format!("{shown} of this machine is not mounted"))
                .help("every container has its own"),
        );
    }
    if text.ends_with("/docker.sock") {
        let message = match managed {
            true => "managed instances hand no Docker socket to a task",
            false => "Fargate has no Docker socket",
        };
        return Some(
            Diagnostic::error(Code::Refused, message)
                .help(format!("leave the service out on ECS (with `profiles`), or let it use the AWS API{ON_INSTANCES}")),
        );
    }
    const MACHINE: [&str; 9] = [
        "/boot",
        "/dev",
        "/lib/modules",
        "/proc",
        "/run",
        "/sys",
        "/usr/src",
        "/var/lib/docker",
        "/var/run",
    ];
    (text.is_empty() || MACHINE.into_iter().any(is_below)).then(|| {
        let message = match managed {
            true => format!("managed instances hand no {shown} of theirs to a task"),
            false => format!("Fargate has no machine whose {shown} could be mounted"),
        };
        Diagnostic::error(Code::Refused, message)
            .help(format!("leave the service out on ECS (with `profiles`){ON_INSTANCES}"))
    })
}
