//! `volumes` and `tmpfs`: named volumes live on EFS, memory stays memory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::file_system;
use super::known_images::{Class, KnownImage};
use crate::compose::model::{Mount, MountKind, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{HostVolume, MountPoint, TaskVolume, Tmpfs};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::survey::Member;
use crate::source::{Located, Span};

/// The size of a `tmpfs` that names none, MiB (mapping.md, "Volumes").
const TMPFS: u64 = 64;

/// What a container mounts.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Mounts {
    /// Volumes of the task, sorted by name.
    pub(crate) volumes: Vec<TaskVolume>,
    /// Where they are mounted, sorted by path.
    pub(crate) points: Vec<MountPoint>,
    /// Memory file systems, sorted by path.
    pub(crate) tmpfs: Vec<Tmpfs>,
}

/// Whether two tasks of a service must never run at once: a database writes to a named volume.
pub(crate) fn is_stateful(service: &Service, known: Option<&KnownImage>) -> bool {
    known.is_some_and(|image| image.class == Class::Database)
        && service.mounts.iter().any(|mount| {
            let Mount { kind, target: _, read_only } = &mount.value;
            matches!(kind, MountKind::Volume(_)) && !read_only
        })
}

/// Translates the mounts of a service.
pub(crate) fn mounts(member: &Member<'_>, out: &mut Output) -> Mounts {
    let mut volumes: BTreeMap<String, TaskVolume> = BTreeMap::new();
    let mut points: BTreeMap<&str, MountPoint> = BTreeMap::new();
    let mut tmpfs: BTreeMap<&str, Tmpfs> = BTreeMap::new();
    for mount in &member.service.mounts {
        let Mount { kind, target, read_only } = &mount.value;
        let volume = match kind {
            MountKind::Volume(name) => {
                starts_empty(member, name, mount.span, out);
                Some(file_system::task_volume(name))
            }
            MountKind::Anonymous => anonymous(member, mount, out),
            MountKind::Bind(path) => {
                out.say(bind(member.service, path, target, mount.span));
                None
            }
            // Refused with the file.
            MountKind::Other(_) => None,
            MountKind::Tmpfs { size } => {
                let size =
                    size.filter(|size| *size > 0).map_or(TMPFS, |size| size.div_ceil(1 << 20));
                let size = i32::try_from(size).unwrap_or(i32::MAX);
                tmpfs.insert(target, Tmpfs { container_path: target.clone(), size });
                None
            }
        };
        if let Some(volume) = volume {
            let point = MountPoint {
                source_volume: volume.name.clone(),
                container_path: target.clone(),
                read_only: *read_only,
            };
            points.insert(target, point);
            volumes.insert(volume.name.clone(), volume);
        }
    }
    // A volume whose mount another one replaced is not the task's.
    let used: BTreeSet<_> = points.values().map(|point| &point.source_volume).collect();
    let volumes = volumes.into_values().filter(|volume| used.contains(&volume.name)).collect();
    Mounts { volumes, points: points.into_values().collect(), tmpfs: tmpfs.into_values().collect() }
}

/// Docker copies the image's content into a new volume; EFS starts empty. It does not matter for
/// images that are known to have nothing there: databases make their files when they first start.
fn starts_empty(member: &Member<'_>, volume: &str, span: Span, out: &mut Output) {
    let message = format!("the volume {volume} starts empty");
    let empty = member
        .known
        .is_some_and(|image| matches!(image.class, Class::Database | Class::Backend | Class::Base));
    let diagnostic = if empty {
        Diagnostic::note(Code::VolumeStartsEmpty, message)
    } else {
        Diagnostic::warning(Code::VolumeStartsEmpty, message)
    };
    out.say(
        diagnostic
            .at(span, "on EFS")
            .help(
                "Docker would copy what the image has there; let the container write it \
                when it is missing",
            )
            .service(member.name()),
    );
}

/// A volume without a name: the container's own layer serves, unless it cannot be written to.
fn anonymous(member: &Member<'_>, mount: &Located<Mount>, out: &mut Output) -> Option<TaskVolume> {
    let target = &mount.value.target;
    if member.service.read_only.as_ref().is_some_and(|read_only| read_only.value) {
        // The root is read-only: only a volume can be written to.
        return Some(TaskVolume {
            name: fit(&format!("anonymous{}", target.replace('/', "-")), Grammar::Ecs),
            host: Some(HostVolume { source_path: None }),
            efs_volume_configuration: None,
        });
    }
    out.say(
        Diagnostic::note(Code::Ignored, format!("the anonymous volume at {target} is dropped"))
            .at(mount.span, "")
            .help(
                "the container's own disk serves: it lives as long as the task, as the \
                volume would",
            )
            .service(member.name()),
    );
    None
}

/// What to say of a path of the machine that runs Compose.
fn bind(service: &Service, path: &Path, target: &str, span: Span) -> Diagnostic {
    let shown = path.display();
    let text = path.to_string_lossy();
    let diagnostic = match text.trim_end_matches('/') {
        "/etc/localtime" | "/etc/timezone" | "/usr/share/zoneinfo" => {
            Diagnostic::note(Code::Ignored, format!("{shown} of this machine is not mounted"))
                .help("set the variable TZ to have a time zone in the container")
        }
        "/var/run/docker.sock" | "/run/docker.sock" => {
            Diagnostic::error(Code::Refused, "Fargate has no Docker socket")
                .help("leave the service out on ECS (with `profiles`), or let it use the AWS API")
        }
        "" | "/proc" | "/sys" | "/dev" => Diagnostic::error(
            Code::Refused,
            format!("Fargate has no machine whose {shown} could be mounted"),
        )
        .help("leave the service out on ECS (with `profiles`)"),
        _ => Diagnostic::error(
            Code::NotSupportedYet,
            format!("the path {shown} of this machine cannot be mounted at {target} yet"),
        )
        .help("COPY it into the image, or use a named volume for data that the container writes"),
    };
    diagnostic.at(span, "").service(&service.name.value)
}

#[cfg(test)]
#[path = "volumes_tests.rs"]
mod tests;
