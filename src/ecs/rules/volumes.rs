//! `volumes` and `tmpfs`: named volumes live on EFS, memory stays memory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::file_system;
use super::known_images::{Class, KnownImage};
use super::namespaces::volumes_of;
use crate::compose::model::{Mount, MountKind, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{HostVolume, MountPoint, TaskVolume, Tmpfs};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;
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

/// A mount, and the service that it stands at.
struct Given<'a> {
    owner: &'a Member<'a>,
    mount: &'a Located<Mount>,
    read_only: bool,
}

/// What a service mounts: what it has from others through `volumes_from`, then its own.
fn given<'a>(unit: &Unit<'a>, member: &'a Member<'a>) -> Vec<Given<'a>> {
    let mut all = Vec::new();
    for from in &member.service.volumes_from {
        let Some(owner) = volumes_of(&from.value).and_then(|name| unit.member(name)) else {
            continue;
        };
        // No service has volumes from itself, at whatever distance: the loader refuses circles.
        let only_read = from.value.ends_with(":ro");
        all.extend(
            given(unit, owner)
                .into_iter()
                .map(|given| Given { read_only: given.read_only || only_read, ..given }),
        );
    }
    // Docker does not take memory along.
    all.retain(|given| !matches!(given.mount.value.kind, MountKind::Tmpfs { .. }));
    let own = member.service.mounts.iter();
    all.extend(own.map(|mount| Given { owner: member, mount, read_only: mount.value.read_only }));
    all
}

/// Translates the mounts of a service.
pub(crate) fn mounts(unit: &Unit<'_>, member: &Member<'_>, out: &mut Output) -> Mounts {
    let mut volumes: BTreeMap<String, TaskVolume> = BTreeMap::new();
    let mut points: BTreeMap<&str, MountPoint> = BTreeMap::new();
    let mut tmpfs: BTreeMap<&str, Tmpfs> = BTreeMap::new();
    outside(member, out);
    for Given { owner, mount, read_only } in given(unit, member) {
        let Mount { kind, target, read_only: _ } = &mount.value;
        let is_own = owner.name() == member.name();
        let volume = match kind {
            MountKind::Volume(name) => {
                if is_own {
                    starts_empty(member, name, mount.span, out);
                }
                Some(file_system::task_volume(name))
            }
            MountKind::Anonymous if is_shared(unit, owner) => Some(of_the_task(owner, target)),
            MountKind::Anonymous => anonymous(member, mount, out),
            MountKind::Bind(path) => {
                if is_own {
                    out.say(bind(member.service, path, target, mount.span));
                }
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
                read_only,
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

/// Whether other services of the task have the volumes of this one.
fn is_shared(unit: &Unit<'_>, owner: &Member<'_>) -> bool {
    unit.members.iter().any(|member| {
        member.service.volumes_from.iter().any(|from| volumes_of(&from.value) == Some(owner.name()))
    })
}

/// Says what `volumes_from` cannot bring: volumes of containers outside, and those that an image
/// declares, which ECS does not see.
fn outside(member: &Member<'_>, out: &mut Output) {
    for from in &member.service.volumes_from {
        let Some(name) = volumes_of(&from.value) else {
            out.say(
                Diagnostic::error(
                    Code::Refused,
                    "a container outside the project has no task here",
                )
                .at(from.span, "")
                .help("name a service, or a volume that both of them mount")
                .service(member.name()),
            );
            continue;
        };
        out.say(
            Diagnostic::note(
                Code::Approximated,
                format!("the volumes that the image of {name} declares are not shared"),
            )
            .at(from.span, "")
            .help(format!("list their paths under `volumes` of {name}, if there are any"))
            .service(member.name()),
        );
    }
}

/// A volume that lives as long as its task, and is shared by its containers.
fn of_the_task(owner: &Member<'_>, target: &str) -> TaskVolume {
    let name = format!("{}{}", owner.name(), target.replace('/', "-"));
    TaskVolume {
        name: fit(&name, Grammar::Ecs),
        host: Some(HostVolume { source_path: None }),
        efs_volume_configuration: None,
    }
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
        return Some(of_the_task(member, target));
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
