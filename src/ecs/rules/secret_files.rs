//! Secrets as files: a container that runs first writes them into a volume of the task, since ECS
//! hands values over as variables alone.

use super::helper_image;
use crate::ecs::desired::{
    ContainerDefinition, ContainerDependency, ContainerSecret, HostVolume, MountPoint, TaskVolume,
    Value,
};
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::survey::Member;

/// Where secrets stand in a container (Compose Specification, `secrets`).
pub(crate) const DIRECTORY: &str = "/run/secrets";

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
