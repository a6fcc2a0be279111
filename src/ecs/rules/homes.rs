//! What lives at several places, and what does not live apart: a volume has one home in a task, and no
//! two volumes are the same directory unless somebody means it.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

use super::data_directories;
use super::known_images::Class;
use super::mounts::{Place, Stored, chosen, subpath};
use super::outcome::place_of;
use crate::compose::model::{Ebs, MountKind, Volume};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::DockerVolume;
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;

/// Where all of a volume lives, whichever part of it is mounted.
#[derive(PartialEq)]
enum Home<'a> {
    Project,
    Existing { file_system: &'a str, access_point: Option<&'a str>, root: &'a str },
    Host(&'a str),
    Docker(&'a DockerVolume),
    Task,
    Ebs(&'a Ebs),
    Memory,
}

/// Where a volume lives; nothing where the mount becomes none.
fn home<'a>(stored: &'a Stored<'_>) -> Option<Home<'a>> {
    let existing = |file_system, access_point, root: &'a Option<String>| Home::Existing {
        file_system,
        access_point,
        root: whole(root.as_deref().unwrap_or_default(), stored),
    };
    Some(match &stored.place {
        Place::Own(_) => Home::Project,
        Place::Other(other) => {
            existing(&other.file_system, other.access_point.as_deref(), &other.root)
        }
        Place::S3(volume) => existing(
            &volume.file_system_arn,
            volume.access_point_arn.as_deref(),
            &volume.root_directory,
        ),
        Place::Host(path) => Home::Host(path),
        Place::Docker(volume) => Home::Docker(volume),
        Place::Task => Home::Task,
        Place::Ebs(ebs) => Home::Ebs(ebs),
        Place::Memory(..) => Home::Memory,
        Place::Asset(_) | Place::Anonymous | Place::Nowhere => return None,
    })
}

/// The directory that is a volume's own, of the one that is mounted.
fn whole<'a>(root: &'a str, stored: &Stored<'_>) -> &'a str {
    let parts = stored.mount.value.subpath.as_deref().map(subpath::split).unwrap_or_default();
    let below = subpath::root(&parts).unwrap_or_default();
    root.strip_suffix(&below).unwrap_or(root)
}

/// Refuses a volume that the mounts of one task want at two places: whoever reads at the one would
/// not see what is written at the other, and Docker has one place for both.
pub(crate) fn in_one_task(unit: &Unit<'_>, out: &mut Output) {
    let mut all: BTreeMap<(bool, Cow<'_, str>), (&Stored<'_>, Home<'_>)> = BTreeMap::new();
    for member in &unit.members {
        for stored in &member.stored {
            let source = match &stored.mount.value.kind {
                MountKind::Volume(name) => (false, name.into()),
                MountKind::Bind(path) => (true, path.to_string_lossy()),
                _ => continue,
            };
            let Some(home) = home(stored) else { continue };
            let (first, its) = match all.entry(source) {
                Entry::Vacant(entry) => {
                    entry.insert((stored, home));
                    continue;
                }
                Entry::Occupied(entry) => entry.into_mut(),
            };
            if *its == home {
                continue;
            }
            let message = format!("the mounts of one task want {} at two places", shown(stored));
            out.say(
                Diagnostic::error(Code::Conflict, message)
                    .at(stored.mount.span, "another place than here")
                    .at(first.mount.span, "the first one")
                    .help(
                        "write one `x-ecs` at the volume and none at its mounts, or the same at \
                        each; what shall live apart needs a volume of its own",
                    )
                    .service(member.name()),
            );
        }
    }
}

/// A mount of a directory of somebody else's file system.
struct Use<'a> {
    member: &'a Member<'a>,
    stored: &'a Stored<'a>,
    /// What Docker would tell from other volumes.
    volume: String,
}

/// Says which volumes are the same directory of a file system, though Docker keeps them apart.
pub(crate) fn on_existing(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    let mut found: BTreeMap<(&str, &str, &str), Vec<Use<'_>>> = BTreeMap::new();
    for member in members {
        for stored in &member.stored {
            let (file_system, access_point, root) = match &stored.place {
                Place::Other(other) => (&other.file_system, &other.access_point, &other.root),
                Place::S3(s3) => (&s3.file_system_arn, &s3.access_point_arn, &s3.root_directory),
                _ => continue,
            };
            let key = (
                file_system.as_str(),
                access_point.as_deref().unwrap_or_default(),
                root.as_deref().unwrap_or_default(),
            );
            let volume = identity(cx, member, stored);
            found.entry(key).or_default().push(Use { member, stored, volume });
        }
    }
    for ((file_system, ..), uses) in found {
        same_directory(file_system, &uses, out);
    }
}

fn same_directory(file_system: &str, uses: &[Use<'_>], out: &mut Output) {
    let Some(first) = uses.first() else { return };
    let Some(second) = uses.iter().find(|other| other.volume != first.volume) else { return };
    let is_database = |u: &Use<'_>| {
        u.member.known.is_some_and(|image| image.class == Class::Database)
            || data_directories::is_one(&u.stored.mount.value.target)
    };
    // The mounts of a container stand together.
    let in_one_container = uses
        .windows(2)
        .any(|two| two[0].member.name() == two[1].member.name() && two[0].volume != two[1].volume);
    let message = format!(
        "{} and {} are one directory of {file_system}",
        shown(second.stored),
        shown(first.stored)
    );
    let fault = if in_one_container || uses.iter().any(is_database) {
        Diagnostic::error(Code::Conflict, message)
    } else {
        Diagnostic::warning(Code::Conflict, message)
    };
    out.say(
        fault
            .at(second.stored.mount.span, "")
            .at(first.stored.mount.span, "the same files as here")
            .help(
                "give each volume an access point, `x-ecs: {efs: fs-…, access_point: fsap-…}`, or each \
                mount a `subpath` that is there; what shall be the same is one volume",
            )
            .service(second.member.name()),
    );
}

/// What Docker tells from other volumes. Volumes over NFS are what they name, and external ones too.
fn identity(cx: &Context<'_>, member: &Member<'_>, stored: &Stored<'_>) -> String {
    let mount = &stored.mount.value;
    match &mount.kind {
        MountKind::Volume(name) => {
            let volume = cx.project.volumes.get(name);
            let outside = volume.and_then(Volume::outside);
            let names_it = volume.is_some_and(|volume| !volume.driver_opts.is_empty());
            if names_it && chosen(member.service, stored.mount, volume, outside.as_ref()).is_none()
            {
                return "nfs".to_owned();
            }
            let external = volume.filter(|volume| volume.external);
            let named = external.and_then(|volume| volume.name.as_ref());
            match (external, named) {
                (None, _) => format!("volume {name}"),
                (_, Some(name)) => format!("external {}", name.value),
                (_, None) => format!("external {name}"),
            }
        }
        MountKind::Bind(path) => format!("path {}", path.display()),
        _ => format!("anonymous {}:{}", member.name(), mount.target),
    }
}

/// How messages call what is mounted.
fn shown(stored: &Stored<'_>) -> String {
    let mount = &stored.mount.value;
    match &mount.kind {
        MountKind::Volume(name) => format!("the volume {name}"),
        MountKind::Bind(path) => {
            mount.written.clone().unwrap_or_else(|| path.display().to_string())
        }
        _ => format!("the volume at {}", mount.target),
    }
}

/// Says that labels have no effect where the project makes nothing for a volume that carries tags.
pub(crate) fn labels(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    let stored = members.iter().flat_map(|member| &member.stored);
    let carry = stored.filter_map(|stored| match (&stored.place, &stored.mount.value.kind) {
        (Place::Own(own), _) => own.volume.map(|(name, _)| name),
        (Place::Docker(_), MountKind::Volume(name)) => Some(name.as_str()),
        _ => None,
    });
    let carry: HashSet<&str> = carry.collect();
    for (name, volume) in &cx.project.volumes {
        let Some(place) = place_of(volume.labels.values()) else { continue };
        if !carry.contains(name.as_str()) {
            let message = format!("the labels of the volume {name} have no effect");
            let help = "volumes on the project's own file system carry them, as tags of their access \
                points: tag what was made elsewhere there";
            out.say(Diagnostic::note(Code::Ignored, message).at(place, "").help(help));
        }
    }
}

#[cfg(test)]
#[path = "homes_tests.rs"]
mod tests;
