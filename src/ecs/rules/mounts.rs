//! Where each mount of a service lives on ECS: a volume on EFS, the task's disk, memory, or the
//! image itself.
//!
//! What is mounted from the machine that runs Compose is judged by [`Facts::paths`] where they are
//! known, and otherwise by its name, its place in the container, and whether it may be written to.
//!
//! [`Facts::paths`]: crate::ecs::facts::Facts::paths

mod anonymous;
pub(crate) mod by_others;
mod driver;
pub(crate) mod empty;
mod existing;
mod fault;
mod filled;
mod image;
mod s3_files;
pub(in crate::ecs::rules) mod subpath;
pub(in crate::ecs::rules) mod tmpfs;

use self::by_others::Shared;
use super::bind;
use super::known_images::KnownImage;
use crate::compose::model::{Ebs, Mount, MountKind, Service, Storage, Volume};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Asset, DockerVolume, S3FilesVolume};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::{Grammar, fit, with_hash};
use crate::ecs::translate::unit::Sharing;
use crate::source::Located;

/// Where a volume of EBS's is, in words.
const ON_EBS: &str = "on EBS";

/// The longest name of a volume that is made of a path.
const LONGEST: usize = 60;

/// A volume on the project's file system.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OwnVolume<'a> {
    /// The logical name of its access point.
    pub(crate) id: String,
    /// Its directory on the file system.
    pub(crate) directory: String,
    /// The volume of the Compose file, where it is one.
    pub(crate) volume: Option<(&'a str, &'a Volume)>,
}

/// A file system that somebody else made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherVolume {
    /// `fs-…`
    pub(crate) file_system: String,
    /// `fsap-…`
    pub(crate) access_point: Option<String>,
    /// Whether tasks mount it as their role.
    pub(crate) iam: bool,
    /// The directory that is mounted; without an access point alone.
    pub(crate) root: Option<String>,
}

/// Where the data of a mount lives.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place<'a> {
    /// On the project's file system.
    Own(OwnVolume<'a>),
    /// On somebody else's file system.
    Other(OtherVolume),
    /// On a file system of S3 Files.
    S3(S3FilesVolume),
    /// At this path of the instance.
    Host(String),
    /// In a volume of the instance's engine.
    Docker(DockerVolume),
    /// On the task's disk, for as long as the task lives.
    Task,
    /// On a volume of EBS's that is made for each task.
    Ebs(Box<Ebs>),
    /// In memory: bytes when given, and options.
    Memory(Option<u64>, Vec<String>),
    /// In the image.
    Asset(Asset),
    /// A volume without a name: in the container, unless something needs it to be a volume.
    Anonymous,
    /// It is not mounted, and that was said.
    Nowhere,
}

/// A mount, and where it lives.
#[derive(Clone, Debug)]
pub(crate) struct Stored<'a> {
    /// The mount.
    pub(crate) mount: &'a Located<Mount>,
    /// The name of the task's volume, where it becomes one.
    pub(crate) name: String,
    /// Where it lives.
    pub(crate) place: Place<'a>,
    /// Whether somebody has to decide that first.
    pub(crate) is_open: bool,
}

impl<'a> Stored<'a> {
    /// A mount that lives at a place that is certain.
    pub(crate) fn at(mount: &'a Located<Mount>, name: &str, place: Place<'a>) -> Self {
        Self { mount, name: fit(name, Grammar::Ecs), place, is_open: false }
    }

    /// Whether it outlives its task and may be written to.
    pub(crate) fn is_kept(&self) -> bool {
        let is_kept = match &self.place {
            Place::Own(_) | Place::Other(_) | Place::S3(_) | Place::Docker(_) => true,
            Place::Host(path) => !bind::is_of_the_machine(path),
            _ => false,
        };
        is_kept && !self.mount.value.read_only
    }
}

/// A service whose mounts are looked at.
pub(crate) struct Owner<'a, 'b> {
    pub(crate) cx: &'b Context<'a>,
    pub(crate) sharing: &'b Sharing<'a>,
    pub(crate) service: &'a Service,
    pub(crate) known: Option<&'static KnownImage>,
    /// Whether its tasks run to completion.
    pub(crate) is_job: bool,
}

impl Owner<'_, '_> {
    /// The service's name.
    pub(crate) fn name(&self) -> &str {
        &self.service.name.value
    }

    /// Whether `x-ecs.seed` brings the image's content into new volumes.
    pub(crate) fn seeds(&self) -> bool {
        self.service.extension.seed.as_ref().is_some_and(|seed| seed.value)
    }
}

/// Finds a place for every mount of a service, of which its known image is told and whether its tasks
/// run to completion.
pub(crate) fn resolve<'a>(
    cx: &Context<'a>,
    service: &'a Service,
    sharing: &Sharing<'a>,
    (known, is_job): (Option<&'static KnownImage>, bool),
    out: &mut Output,
) -> Vec<Stored<'a>> {
    let owner = Owner { cx, sharing, service, known, is_job };
    service.mounts.iter().map(|mount| place(&owner, mount, out)).collect()
}

fn place<'a>(owner: &Owner<'a, '_>, mount: &'a Located<Mount>, out: &mut Output) -> Stored<'a> {
    // A pipe's target is no path: what is wrong with it is its type.
    let fault = match &mount.value.kind {
        MountKind::Other(_) => None,
        _ => fault::fault(mount),
    };
    if let Some(fault) = fault {
        out.say(fault.service(owner.name()));
        return Stored::at(mount, "", Place::Nowhere);
    }
    match &mount.value.kind {
        MountKind::Volume(name) => named(owner, mount, name, out),
        MountKind::Anonymous => anonymous::place(owner, mount, out),
        MountKind::Bind(path) => bind::place(owner, mount, path, out),
        MountKind::Tmpfs { size, options } => {
            Stored::at(mount, "", Place::Memory(*size, options.clone()))
        }
        MountKind::Image(reference) => {
            Stored::at(mount, "", image::place(owner, mount, reference, out))
        }
        MountKind::Other(kind) => {
            let help = match kind.as_str() {
                "npipe" => "leave the service out on ECS (with `profiles`): pipes are Windows's",
                _ => "use `type: volume`: it lives on EFS, which every task can reach",
            };
            let message = format!("ECS has no mounts of the type {kind}");
            out.say(
                Diagnostic::error(Code::Refused, message)
                    .at(mount.span, "")
                    .help(help)
                    .service(owner.name()),
            );
            Stored::at(mount, "", Place::Nowhere)
        }
    }
}

/// Files that are a part of the image are fresh with each task.
pub(crate) fn fresh(owner: &Owner<'_, '_>, mount: &Located<Mount>, message: &str) -> Diagnostic {
    Diagnostic::warning(Code::Approximated, message)
        .at(mount.span, "")
        .help("it becomes a part of the image, fresh with each task; `:ro` says that nothing writes to it")
        .service(owner.name())
}

/// A named volume.
fn named<'a>(
    owner: &Owner<'a, '_>,
    mount: &'a Located<Mount>,
    name: &'a str,
    out: &mut Output,
) -> Stored<'a> {
    let volume = owner.cx.project.volumes.get(name);
    let outside = volume.and_then(Volume::outside);
    let by_others = owner.sharing.by_others.get(&Shared::Volume(name)).copied();
    let chosen = chosen(owner.service, mount, volume, outside.as_ref()).or(by_others);
    let own_volume = volume.map(|volume| (name, volume));
    let place = match chosen.map(|chosen| (&chosen.value, chosen)) {
        None => driver::by_options(owner, mount, name, volume, out),
        Some((Storage::Efs, _)) => own(owner, mount, name, own_volume, out),
        Some((storage, chosen)) => chosen_place(owner, mount, storage, chosen, out),
    };
    // What is mounted nowhere has its fault already.
    let has_parts =
        matches!(place, Place::Own(_) | Place::Other(_) | Place::S3(_) | Place::Nowhere);
    let by_the_clock = owner.service.extension.schedule.is_some();
    if matches!(&place, Place::Ebs(ebs) if ebs.snapshot.is_none() && !by_the_clock) {
        empty::named(owner, mount, name, ON_EBS, out);
    }
    if mount.value.subpath.is_some() && !has_parts {
        let message = format!("only a part of the volume {name} cannot be mounted");
        out.say(
            Diagnostic::error(Code::Refused, message)
                .at(mount.span, "")
                .help("`subpath` needs a volume on EFS; use a volume for each part")
                .service(owner.name()),
        );
    }
    let name = match &place {
        Place::Own(volume) => volume.id.clone(),
        // Volumes of Docker's have one namespace an instance.
        Place::Docker(_) => owner.cx.name(name, Grammar::Ecs),
        // Each directory of it is a volume of the task's own.
        Place::Other(_) | Place::S3(_) => subpath::name(name, mount),
        _ => name.to_owned(),
    };
    Stored::at(mount, &name, place)
}

/// What the file says of where a named volume lives: the mount goes before the volume, and the volume
/// before the service.
pub(crate) fn chosen<'a>(
    service: &'a Service,
    mount: &'a Located<Mount>,
    volume: Option<&'a Volume>,
    outside: Option<&'a Located<Storage>>,
) -> Option<&'a Located<Storage>> {
    let given = volume.and_then(|volume| volume.storage.as_ref()).or(outside);
    mount.value.storage.as_ref().or(given).or(service.extension.volume.as_ref())
}

/// Why an access point and a subpath do not go together, and the way out.
const TWO_DIRECTORIES: (&str, &str) = (
    "an access point has a directory of its own",
    "name an access point of that directory, and take `subpath` away",
);

/// Says why a mount cannot live where `x-ecs` wants it, and the way out.
fn refused<'a>(
    owner: &Owner<'a, '_>,
    mount: &Located<Mount>,
    chosen: &Located<Storage>,
    (message, help): (&str, &str),
    out: &mut Output,
) -> Place<'a> {
    out.say(
        Diagnostic::error(Code::Refused, message)
            .at(chosen.span, "")
            .at(mount.span, "")
            .help(help)
            .service(owner.name()),
    );
    Place::Nowhere
}

/// What `x-ecs` says, where it is not the project's own file system.
pub(crate) fn chosen_place<'a>(
    owner: &Owner<'a, '_>,
    mount: &Located<Mount>,
    storage: &Storage,
    chosen: &Located<Storage>,
    out: &mut Output,
) -> Place<'a> {
    let mut refuse = |message, help| refused(owner, mount, chosen, (message, help), out);
    match storage {
        Storage::Existing { file_system, access_point, iam } => existing::place(
            owner,
            mount,
            &existing::Chosen {
                file_system,
                access_point: access_point.as_deref(),
                iam: *iam,
                chosen,
            },
            out,
        ),
        Storage::S3Files { file_system, access_point } => s3_files::place(
            owner,
            mount,
            &s3_files::Chosen { file_system, access_point: access_point.as_deref(), chosen },
            out,
        ),
        Storage::Ephemeral => Place::Task,
        Storage::Ebs(ebs) if ebs.ephemeral || owner.is_job => Place::Ebs(ebs.clone()),
        Storage::Ebs(_) => refuse(
            "an EBS volume is new and empty with every task of a service",
            "use `efs` for data that is to stay; `x-ecs: {ebs, ephemeral: true}` says that it may go",
        ),
        Storage::Asset | Storage::Efs => refuse(
            "a volume cannot be a part of the image",
            "`asset` is for files of the project: mount their directory, or choose `efs`",
        ),
    }
}

/// A volume on the project's file system.
fn own<'a>(
    owner: &Owner<'a, '_>,
    mount: &Located<Mount>,
    name: &str,
    volume: Option<(&'a str, &'a Volume)>,
    out: &mut Output,
) -> Place<'a> {
    let directory = format!("/{}", fit(name, Grammar::Directory));
    empty::named(owner, mount, name, "on EFS", out);
    let Some(parts) = subpath::parts(owner, mount, out) else { return Place::Nowhere };
    if parts.is_empty() {
        return Place::Own(OwnVolume { id: name.to_owned(), directory, volume });
    }
    if parts.len() > subpath::DEEPEST {
        out.say(subpath::too_deep(owner, mount));
        return Place::Nowhere;
    }
    let path: String = parts.iter().map(|p| format!("/{}", fit(p, Grammar::Directory))).collect();
    let id = subpath::name(name, mount);
    Place::Own(OwnVolume { id, directory: format!("{directory}{path}"), volume })
}

/// A name made of a prefix and the end of a path, with a hash of the whole.
fn of_path(prefix: &str, whole: &str, last: Option<&&str>) -> String {
    let last = last.copied().unwrap_or_default();
    let plain: String =
        last.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = format!("{prefix}-{}", plain.trim_matches('-'));
    with_hash(&name, whole, LONGEST)
}

/// The volume that a directory becomes: its name is made of `key`, which is the same on every
/// machine.
pub(crate) fn of_directory<'a>(key: &str) -> OwnVolume<'a> {
    let last = key.rsplit(['/', '\\']).find(|part| !part.is_empty());
    let id = of_path("bind", key, last.as_ref());
    OwnVolume { directory: format!("/{id}"), id, volume: None }
}

#[cfg(test)]
#[path = "mounts_tests.rs"]
mod tests;
