//! Volumes that start empty, where Docker would copy what the image has there, or what is at home. A
//! volume is one thing, however many services mount it: it is told of once.

use indexmap::{IndexMap, IndexSet};

use super::filled::{is_filled, only_reads};
use super::{ON_EBS, Owner};
use crate::compose::model::{Mount, MountKind};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::ecs::rules::data_directories;
use crate::ecs::rules::known_images::Class;
use crate::ecs::translate::context::Output;
use crate::source::{Located, Span};

/// A service's mount of a volume that starts empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Empty {
    /// What is the same for all mounts of a volume.
    pub(crate) volume: String,
    pub(crate) service: String,
    pub(crate) span: Span,
    /// A few words beside the place.
    pub(crate) label: &'static str,
    pub(crate) message: String,
    pub(crate) help: &'static str,
    pub(crate) severity: Severity,
    /// Whether the service brings its image's content into the volume.
    pub(crate) is_seeded: bool,
}

/// A new volume of AWS's starts empty. It does not matter for images that are known to have nothing
/// there: databases make their files when they first start.
pub(super) fn named(
    owner: &Owner<'_, '_>,
    mount: &Located<Mount>,
    volume: &str,
    place: &'static str,
    out: &mut Output,
) {
    // It is filled once, and told once.
    let is_same = |other: &&Located<Mount>| {
        other.value.kind == mount.value.kind && mount.value.kind != MountKind::Anonymous
    };
    let is_first = owner.service.mounts.iter().find(is_same).is_none_or(|m| std::ptr::eq(m, mount));
    // What is in somebody else's volume, Docker would not touch either.
    let is_external = owner.cx.project.volumes.get(volume).is_some_and(|volume| volume.external);
    if mount.value.nocopy || !is_first || is_external || only_reads(owner.cx, mount) {
        return;
    }
    // Whoever asks for a volume on EBS knows that it is new with every task.
    let is_expected = place == ON_EBS
        || data_directories::is_one(&mount.value.target)
        || is_filled(owner.service, &mount.value.target)
        || owner.known.is_some_and(|image| {
            matches!(image.class, Class::Database | Class::Backend | Class::Base)
        });
    out.empty.push(Empty {
        volume: volume.to_owned(),
        service: owner.name().to_owned(),
        span: mount.span,
        label: place,
        message: format!("the volume {volume} starts empty"),
        help: if mount.value.read_only {
            "no service writes to it: `x-ecs: {efs: fs-…}` at the volume names a file system that is \
             there"
        } else {
            "Docker would copy what the image has there: `x-ecs: {seed: true}` at the service does, or \
             let the container write it when it is missing"
        },
        severity: if is_expected { Severity::Note } else { Severity::Warning },
        is_seeded: owner.seeds(),
    });
}

/// Says it, once a volume: of those who mount it, those that it matters most to.
pub(crate) fn say(out: &mut Output) {
    let mut volumes: IndexMap<String, Vec<Empty>> = IndexMap::new();
    for empty in std::mem::take(&mut out.empty) {
        volumes.entry(empty.volume.clone()).or_default().push(empty);
    }
    for mut mounts in volumes.into_values() {
        if mounts.iter().any(|mount| mount.is_seeded) {
            continue;
        }
        let worst = mounts.iter().map(|mount| mount.severity).min();
        mounts.retain(|mount| Some(mount.severity) == worst);
        let Some(first) = mounts.first() else { continue };
        let mut services: Vec<&str> = mounts.iter().map(|mount| &*mount.service).collect();
        services.dedup();
        let message = match services.len() {
            1 => first.message.clone(),
            _ => format!("{} (mounted by {})", first.message, listed(&services)),
        };
        let diagnostic = match first.severity {
            Severity::Note => Diagnostic::note(Code::VolumeStartsEmpty, message),
            _ => Diagnostic::warning(Code::VolumeStartsEmpty, message),
        };
        let diagnostic = diagnostic.help(first.help).service(&first.service);
        // Services that share an anchor have one place.
        let labels: IndexSet<_> = mounts.iter().map(|mount| (mount.span, mount.label)).collect();
        let labels = labels.into_iter();
        out.say(labels.fold(diagnostic, |said, (span, label)| said.at(span, label)));
    }
}

/// `a, b and c`; of many the first few.
fn listed(services: &[&str]) -> String {
    const FEW: usize = 8;
    let (first, rest) = services.split_at(services.len().min(FEW));
    match (first.split_last(), rest.len()) {
        (Some((last, others)), 0) => format!("{} and {last}", others.join(", ")),
        (_, more) => format!("{} and {more} more", first.join(", ")),
    }
}
