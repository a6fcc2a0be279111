//! `x-ecs.seed`: a new volume gets what the image has in its place, as Docker does it.

use super::container::{container_name, image_label};
use super::image;
use super::missing_tool;
use super::mounts::Place;
use super::volumes::Mounts;
use crate::compose::model::MountKind;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{ContainerDefinition, ContainerDependency, MountPoint};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::survey::Member;

/// Where the volumes are mounted in the container that fills them.
const ROOT: &str = "/.decklift-seed";

/// A file in a volume that is being filled: a copy that was cut short begins anew.
const MARK: &str = ".decklift-seeding";

/// The container that fills the new volumes of a service before it starts; it is the service's own
/// image, and needs a shell, `ls` and `cp` there.
pub(crate) fn container(
    cx: &Context<'_>,
    member: &Member<'_>,
    mounts: &Mounts,
    out: &mut Output,
) -> Option<ContainerDefinition> {
    let seed = member.service.extension.seed.as_ref().filter(|seed| seed.value)?;
    let mut points: Vec<MountPoint> = Vec::new();
    let mut script = String::from("set -e\n");
    for point in &mounts.points {
        let is_new = member.stored.iter().any(|stored| {
            let mount = &stored.mount.value;
            // Docker fills volumes alone, and no directories of the machine.
            let is_named = match &stored.place {
                Place::Own(_) => !matches!(mount.kind, MountKind::Bind(_)),
                Place::Ebs(ebs) => {
                    ebs.snapshot.is_none() && matches!(mount.kind, MountKind::Volume(_))
                }
                _ => false,
            };
            is_named && mount.target == point.container_path && !mount.nocopy && !point.read_only
        });
        if !is_new {
            continue;
        }
        let to = format!("{ROOT}/{}", points.len());
        let from = quoted(&point.container_path);
        // A new file system of the kinds ext3 and ext4 is not empty.
        let on_ebs = member.stored.iter().any(|stored| {
            stored.mount.value.target == point.container_path
                && matches!(stored.place, Place::Ebs(_))
        });
        let is_empty = if on_ebs {
            format!("case \"$(ls -A {to})\" in ''|lost+found) true;; *) false;; esac")
        } else {
            format!("[ -z \"$(ls -A {to})\" ]")
        };
        script.push_str(&format!(
            "if [ -d {from} ] && {{ {is_empty} || [ -e {to}/{MARK} ]; }}; then\n\
             : > {to}/{MARK}\ncp -a {from}/. {to}/\nrm {to}/{MARK}\nfi\n"
        ));
        points.push(MountPoint {
            source_volume: point.source_volume.clone(),
            container_path: to,
            read_only: false,
        });
    }
    if points.is_empty() {
        out.say(
            Diagnostic::warning(Code::Ignored, "there is no volume to seed")
                .at(seed.span, "")
                .help(
                    "`seed` fills the service's new volumes on EFS and EBS that may be written to",
                )
                .service(member.name()),
        );
        return None;
    }
    if let Some(image) = missing_tool::shell_less(cx, member.service) {
        let message = format!("{image} has no shell, which `seed` needs to copy its files");
        out.say(
            Diagnostic::error(Code::Refused, message)
                .at(seed.span, "")
                .help(
                    "use a variant of the image with `sh`, `ls` and `cp`, or fill the volume with a job \
                     of an image that has them",
                )
                .service(member.name()),
        );
        return None;
    }
    out.say(
        Diagnostic::note(
            Code::Approximated,
            "a container of the service's image fills its new volumes first",
        )
        .at(seed.span, "")
        .help("the image needs `sh`, `ls` and `cp`; without them the service does not start")
        .service(member.name()),
    );
    Some(ContainerDefinition {
        name: name(member),
        image: image::reference(cx, member),
        docker_labels: image_label(image::tagged(cx, member)).into_iter().collect(),
        essential: false,
        // Only root may write to a new volume.
        user: Some("0".to_owned()),
        entry_point: Some(vec!["sh".to_owned(), "-c".to_owned()]),
        command: Some(vec![script]),
        mount_points: points,
        ..ContainerDefinition::default()
    })
}

/// What the service's container waits for.
pub(crate) fn dependency(seed: &ContainerDefinition) -> ContainerDependency {
    ContainerDependency { container_name: seed.name.clone(), condition: "SUCCESS".to_owned() }
}

fn name(member: &Member<'_>) -> String {
    fit(&format!("{}-decklift-seed", container_name(member.name())), Grammar::Ecs)
}

/// A path as one word of the shell.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', r"'\''"))
}

#[cfg(test)]
#[path = "seed_tests.rs"]
mod tests;
