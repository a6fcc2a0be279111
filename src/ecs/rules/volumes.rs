//! What a container mounts: volumes of its task, memory, and what is in its image.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::data_directories;
use super::ebs;
use super::file_system;
use super::known_images::{Class, KnownImage, own_files};
use super::managed;
use super::mounts::{Place, Stored, tmpfs as memory};
use super::namespaces::volumes_of;
use super::secret_files;
use super::writers;
use crate::compose::model::{Mount, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Asset, DockerVolume, HostVolume, MountPoint, S3FilesVolume, TaskVolume, Tmpfs,
};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::survey::{Member, by_name};
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// What to do about a file of the image that a volume hides.
const FILES_BELOW: &str = "files become a part of the image, below any volume: mount them elsewhere, or the \
    volume deeper";

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

/// Whether two tasks of a service must never run at once: a database writes to a volume that
/// outlives them. Its image says that it is one, or has one inside, or the directory that it writes to
/// says it. `kept` is what it writes to and outlives its tasks.
pub(crate) fn is_stateful(
    service: &Service,
    known: Option<&KnownImage>,
    kept: &[&Stored<'_>],
) -> bool {
    let is_database = known.is_some_and(|image| image.class == Class::Database);
    let own = own_files(service);
    let has_files = kept.iter().map(|kept| &kept.mount.value.target).any(|target| {
        data_directories::is_one(target)
            || own.iter().any(|directory| data_directories::is_in(target, directory))
    });
    !writers::may_share(service) && (has_files || is_database && !kept.is_empty())
}

/// A mount, and the service that it stands at.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) owner: &'a Member<'a>,
    pub(super) stored: &'a Stored<'a>,
    pub(super) read_only: bool,
}

/// What a service mounts: what it has from others through `volumes_from`, then its own.
pub(super) fn given<'a>(
    find: &dyn Fn(&str) -> Option<&'a Member<'a>>,
    member: &'a Member<'a>,
) -> Vec<Given<'a>> {
    lent(find, member, &mut HashMap::new())
}

/// [`given`], with what is known of others already: there may be many ways from one service to another.
pub(super) fn lent<'a>(
    find: &dyn Fn(&str) -> Option<&'a Member<'a>>,
    member: &'a Member<'a>,
    known: &mut HashMap<&'a str, Vec<Given<'a>>>,
) -> Vec<Given<'a>> {
    if let Some(all) = known.get(member.name()) {
        return all.clone();
    }
    let mut all = Vec::new();
    for from in &member.service.volumes_from {
        let Some(owner) = volumes_of(&from.value).and_then(find) else {
            continue;
        };
        // No service has volumes from itself, at whatever distance: the loader refuses circles.
        let only_read = from.value.ends_with(":ro");
        all.extend(
            lent(find, owner, known)
                .into_iter()
                .map(|given| Given { read_only: given.read_only || only_read, ..given }),
        );
    }
    // Docker does not take memory along.
    all.retain(|given| !matches!(given.stored.place, Place::Memory(..)));
    all.extend(member.stored.iter().map(|stored| Given {
        owner: member,
        stored,
        read_only: stored.mount.value.read_only,
    }));
    // A mount goes over what an earlier one has at the same place: of those that are the same, the last
    // one counts.
    let mut seen = HashSet::new();
    all.reverse();
    all.retain(|given| seen.insert((std::ptr::from_ref(given.stored), given.read_only)));
    all.reverse();
    known.insert(member.name(), all.clone());
    all
}

/// What becomes a part of each service's image: what it mounts itself, and what it has from others
/// through `volumes_from`. Sorted by target.
pub(crate) fn assets(members: &[Member<'_>]) -> Vec<Vec<Asset>> {
    let by_name = by_name(members);
    let find = |name: &str| by_name.get(name).copied();
    let mut known = HashMap::new();
    let each = members.iter().map(|member| {
        let mut found = BTreeMap::new();
        for Given { stored, .. } in lent(&find, member, &mut known) {
            match &stored.place {
                Place::Asset(asset) => _ = found.insert(asset.target.clone(), asset.clone()),
                // A mount at the same place goes over what somebody else has there.
                _ => _ = found.remove(&stored.mount.value.target),
            }
        }
        found.into_values().collect()
    });
    each.collect()
}

/// Translates the mounts of a service.
pub(crate) fn mounts(unit: &Unit<'_>, member: &Member<'_>, out: &mut Output) -> Mounts {
    let mut volumes: BTreeMap<String, TaskVolume> = BTreeMap::new();
    let mut points: BTreeMap<&str, MountPoint> = BTreeMap::new();
    let mut tmpfs: BTreeMap<&str, Tmpfs> = BTreeMap::new();
    // Whether the mount at a path may still become something else.
    let mut open: BTreeSet<&str> = BTreeSet::new();
    outside(member, out);
    let lenders = match member.service.volumes_from.is_empty() {
        true => HashMap::new(),
        false => by_name(unit.members.iter().copied()),
    };
    let find = |name: &str| lenders.get(name).copied();
    for Given { owner, stored, read_only } in given(&find, member) {
        let target = &stored.mount.value.target;
        if secret_files::is_in_the_way(member, stored) {
            out.say(secret_files::in_the_way(member, stored));
            continue;
        }
        let volume = match &stored.place {
            Place::Own(volume) => Some(file_system::task_volume(&stored.name, &volume.id)),
            Place::Other(other) => Some(file_system::other_volume(&stored.name, other)),
            Place::S3(volume) => Some(on_s3(stored.name.clone(), volume)),
            Place::Task => Some(of_the_task(stored.name.clone())),
            Place::Ebs(chosen) => Some(ebs::task_volume(unit, stored, chosen, out)),
            Place::Host(path) => Some(of_the_instance(stored.name.clone(), path)),
            Place::Docker(volume) => Some(of_docker(stored.name.clone(), volume)),
            Place::Anonymous if is_shared(unit, owner) => {
                lost(owner, member, stored.mount, out);
                Some(of_the_task(anonymous_name(owner, target)))
            }
            Place::Anonymous => anonymous(member, stored.mount, out),
            Place::Memory(..) if managed::is_managed(member.service) => {
                out.say(managed::on_disk(member, stored.mount));
                Some(of_the_task(anonymous_name(owner, target)))
            }
            Place::Memory(size, options) => {
                memory::unsized_one(member, stored.mount, *size, out);
                tmpfs.insert(target, in_memory(target, *size, options));
                None
            }
            Place::Asset(_) | Place::Nowhere => None,
        };
        if let Some(volume) = volume {
            let point = MountPoint {
                source_volume: volume.name.clone(),
                container_path: target.clone(),
                read_only,
            };
            points.insert(target, point);
            volumes.insert(volume.name.clone(), volume);
            if stored.is_open {
                open.insert(target);
            }
        }
    }
    let covers = points.keys().chain(tmpfs.keys()).map(|path| (*path, open.contains(path)));
    let secrets = (!member.supply.files.is_empty()).then_some((secret_files::DIRECTORY, false));
    hidden(member, covers.chain(secrets).collect(), out);
    // A volume whose mount another one replaced is not the task's.
    let used: BTreeSet<_> = points.values().map(|point| &point.source_volume).collect();
    let volumes = volumes.into_values().filter(|volume| used.contains(&volume.name)).collect();
    Mounts { volumes, points: points.into_values().collect(), tmpfs: tmpfs.into_values().collect() }
}

fn in_memory(target: &str, size: Option<u64>, options: &[String]) -> Tmpfs {
    let size = size.filter(|size| *size > 0).map_or(memory::DEFAULT, |size| size.div_ceil(1 << 20));
    Tmpfs {
        container_path: target.to_owned(),
        size: i32::try_from(size).unwrap_or(i32::MAX),
        mount_options: options.to_vec(),
    }
}

/// What is in the image cannot be seen where a volume is mounted over it.
fn hidden(member: &Member<'_>, covers: Vec<(&str, bool)>, out: &mut Output) {
    below_files(member, &covers, out);
    for asset in &member.assets {
        let is_over = |path: &str| {
            let rest = asset.target.strip_prefix(path.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let Some((path, is_open)) = covers.iter().find(|(path, _)| is_over(path)) else { continue };
        let mount = member.stored.iter().find(|stored| stored.mount.value.target == asset.target);
        let given = member.supply.assets.get(&asset.target).map(|(_, span)| *span);
        let span = given.or(mount.map(|stored| stored.mount.span));
        let is_of_secrets = *path == secret_files::DIRECTORY && !member.supply.files.is_empty();
        let (volume, help) = match is_of_secrets {
            true => ("volume of the secrets", secret_files::FILES_BESIDE),
            false => ("volume", FILES_BELOW),
        };
        let message = format!("the {volume} at {path} hides {}", asset.target);
        // A mount that waits for a decision may yet become a part of the image, too.
        let diagnostic = if *is_open {
            Diagnostic::warning(Code::Conflict, message)
        } else {
            Diagnostic::error(Code::Conflict, message)
        };
        let span = span.unwrap_or(member.service.span());
        out.say(diagnostic.at(span, "").help(help).service(member.name()));
    }
}

/// No volume is mounted below a file.
fn below_files(member: &Member<'_>, covers: &[(&str, bool)], out: &mut Output) {
    for asset in member.assets.iter().filter(|asset| !asset.is_directory) {
        let top = format!("{}/", asset.target);
        let is_below = |path: &str| path.trim_end_matches('/').starts_with(&top);
        let Some((path, _)) = covers.iter().find(|(path, _)| is_below(path)) else {
            continue;
        };
        let at = |target: &str| {
            let mount = member.stored.iter().find(|stored| stored.mount.value.target == target);
            mount.map(|stored| stored.mount.span)
        };
        let given = member.supply.assets.get(&asset.target).map(|(_, span)| *span);
        let own = member.service.span();
        let message = format!("{} is a file, and {path} would be below it", asset.target);
        out.say(
            Diagnostic::error(Code::Conflict, message)
                .at(at(path).unwrap_or(own), "mounted here")
                .at(given.or(at(&asset.target)).unwrap_or(own), "the file")
                .help("give one of them another path in the container")
                .service(member.name()),
        );
    }
}

/// Says that the data of a database is on its task's disk: Compose keeps the volumes of a container that
/// does nothing but hold them.
fn lost(owner: &Member<'_>, member: &Member<'_>, mount: &Located<Mount>, out: &mut Output) {
    let is_database = member.known.is_some_and(|image| image.class == Class::Database);
    if !is_database || !owner.ends || owner.name() == member.name() {
        return;
    }
    let target = &mount.value.target;
    let message = format!("what {} has at {target} is gone with each task", member.name());
    out.say(
        Diagnostic::warning(Code::Approximated, message)
            .at(mount.span, "a volume without a name")
            .help(format!("give it a name, and it lives on EFS: `data:{target}`"))
            .service(owner.name()),
    );
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
pub(super) fn of_the_task(name: String) -> TaskVolume {
    TaskVolume {
        name,
        host: Some(HostVolume { source_path: None }),
        efs_volume_configuration: None,
        s3_files_volume_configuration: None,
        docker_volume_configuration: None,
        configured_at_launch: None,
    }
}

/// A path of the instance.
fn of_the_instance(name: String, path: &str) -> TaskVolume {
    let host = Some(HostVolume { source_path: Some(path.to_owned()) });
    TaskVolume { host, ..of_the_task(name) }
}

/// A volume of the instance's engine.
fn of_docker(name: String, volume: &DockerVolume) -> TaskVolume {
    let docker_volume_configuration = Some(volume.clone());
    TaskVolume { host: None, docker_volume_configuration, ..of_the_task(name) }
}

/// A file system over a bucket.
fn on_s3(name: String, volume: &S3FilesVolume) -> TaskVolume {
    let s3_files_volume_configuration = Some(volume.clone());
    TaskVolume { host: None, s3_files_volume_configuration, ..of_the_task(name) }
}

fn anonymous_name(owner: &Member<'_>, target: &str) -> String {
    fit(&format!("{}{}", owner.name(), target.replace('/', "-")), Grammar::Ecs)
}

/// A volume without a name: the container's own layer serves, unless it cannot be written to.
fn anonymous(member: &Member<'_>, mount: &Located<Mount>, out: &mut Output) -> Option<TaskVolume> {
    let target = &mount.value.target;
    if member.service.read_only.as_ref().is_some_and(|read_only| read_only.value) {
        // The root is read-only: only a volume can be written to.
        return Some(of_the_task(anonymous_name(member, target)));
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

#[cfg(test)]
#[path = "volumes_tests.rs"]
mod tests;
