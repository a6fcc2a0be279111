//! Secrets as files: a container that runs first writes them into a volume of the task, since ECS
//! hands values over as variables alone.

use super::helper_image;
use super::mounts::{Place, Stored};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    ContainerDefinition, ContainerDependency, ContainerSecret, HostVolume, MountPoint, TaskVolume,
    Value,
};
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::survey::Member;

/// Where secrets stand in a container (Compose Specification, `secrets`).
pub(crate) const DIRECTORY: &str = "/run/secrets";

/// What to do about files of the image where the secrets are.
pub(super) const FILES_BESIDE: &str = "the secrets get a volume of the task there, over what is in the image: \
    mount the file elsewhere, or make it a secret, too";

/// Where the directory is as well: most images have a link from `/var/run` to `/run`, as the Filesystem
/// Hierarchy Standard 3.0 allows, which the runtime follows.
const OTHER: &str = "/var/run/secrets";

/// Whether a mount is where a service's secrets are, or below: their volume is read-only there, so that
/// nothing can make a place for another one. Above, such as a tmpfs at `/run`, it may be.
pub(super) fn is_in_the_way(member: &Member<'_>, stored: &Stored<'_>) -> bool {
    let target = stored.mount.value.target.trim_end_matches('/');
    let is_mounted = match stored.place {
        // Of the image; `volumes::hidden` says of those.
        Place::Asset(_) | Place::Nowhere => false,
        // The container's own disk serves in its place, unless that is read-only.
        Place::Anonymous => member.service.read_only.as_ref().is_some_and(|on| on.value),
        _ => true,
    };
    let is_there = |place: &str| {
        target.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    is_mounted && !member.supply.files.is_empty() && (is_there(DIRECTORY) || is_there(OTHER))
}

/// What is to be said of such a mount.
pub(super) fn in_the_way(member: &Member<'_>, stored: &Stored<'_>) -> Diagnostic {
    let mount = stored.mount;
    let target = &mount.value.target;
    let message =
        format!("{} has its secrets where it mounts something else, {target}", member.name());
    let said = Diagnostic::error(Code::Conflict, message).at(mount.span, "");
    let said = match member.service.written.secrets.first() {
        Some(secret) => said.at(secret.source.span, "the secrets"),
        None => said,
    };
    said.help(
        "take the mount away: on ECS the secrets get a volume of the task there, which is read-only; what the \
         container writes itself needs another path",
    )
    .service(member.name())
}

/// A secret that becomes a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SecretFile {
    /// Absolute, below [`DIRECTORY`].
    pub(crate) path: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mode: u32,
    /// What ECS fetches.
    pub(crate) value_from: Value,
}

/// What a service's files need: the volume, and the container that writes them.
pub(crate) struct Writer {
    pub(crate) volume: TaskVolume,
    pub(crate) container: ContainerDefinition,
}

/// Makes a service's container wait for its secrets, and see them; nothing when it has none.
pub(crate) fn deliver(
    member: &Member<'_>,
    architecture: &str,
    container: &mut ContainerDefinition,
) -> Option<Writer> {
    let files = &member.supply.files;
    if files.is_empty() {
        return None;
    }
    let name = fit(&format!("{}-decklift-secrets", member.name()), Grammar::Ecs);
    let point = |read_only| MountPoint {
        source_volume: name.clone(),
        container_path: DIRECTORY.to_owned(),
        read_only,
    };
    container.mount_points.push(point(true));
    container.mount_points.sort_by(|a, b| a.container_path.cmp(&b.container_path));
    let condition = "SUCCESS".to_owned();
    container.depends_on.push(ContainerDependency { container_name: name.clone(), condition });
    container.depends_on.sort_by(|a, b| a.container_name.cmp(&b.container_name));
    let secrets = files.iter().enumerate().map(|(number, file)| ContainerSecret {
        name: variable(number),
        value_from: file.value_from.clone(),
    });
    let mut secrets: Vec<_> = secrets.collect();
    secrets.sort();
    let writer = ContainerDefinition {
        name: name.clone(),
        image: helper_image::reference(architecture),
        essential: false,
        entry_point: Some(vec!["/bin/sh".to_owned(), "-c".to_owned()]),
        command: Some(vec![script(files)]),
        user: Some("0".to_owned()),
        secrets,
        mount_points: vec![point(false)],
        log_configuration: container.log_configuration.clone(),
        ..ContainerDefinition::default()
    };
    let volume = TaskVolume {
        docker_volume_configuration: None,
        configured_at_launch: None,
        name,
        host: Some(HostVolume { source_path: None }),
        efs_volume_configuration: None,
        s3_files_volume_configuration: None,
    };
    Some(Writer { volume, container: writer })
}

fn variable(number: usize) -> String {
    format!("SECRET_{number}")
}

/// `put` is a function of the shell, so that no value becomes the argument of a process.
///
/// A value that is no text, or empty, which Secrets Manager does not take, is kept as base64 with a
/// word before it; so is a text that starts with that word, and nothing is taken for what it is not.
const PUT: &str = r#"set -eu
put() {
  umask 022; mkdir -p "${2%/*}"
  umask 077
  case $1 in
    decklift:base64:*) printf %s "${1#decklift:base64:}" | base64 -d > "$2" ;;
    *) printf %s "$1" > "$2" ;;
  esac
  chown "$3" "$2"; chmod "$4" "$2"
}
"#;

/// What the container runs.
fn script(files: &[SecretFile]) -> String {
    let mut script = PUT.to_owned();
    for (number, SecretFile { path, uid, gid, mode, value_from: _ }) in files.iter().enumerate() {
        let (variable, path) = (variable(number), quoted(path));
        script.push_str(&format!("put \"${variable}\" {path} {uid}:{gid} {mode:04o}\n"));
    }
    script
}

/// A word of the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
#[path = "secret_files_tests.rs"]
mod tests;
