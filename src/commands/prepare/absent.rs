//! Secrets and configs whose content is not there at home.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::compose::Project;
use crate::compose::model::FileObject;
use crate::diagnostic::{Code, Diagnostic};

/// How large the value of a secret may be, in bytes (Secrets Manager API reference,
/// `CreateSecret.SecretString`).
const MOST_BYTES: u64 = 65_536;

/// What is missing of the project's secrets and configs: an error for whoever sends it, or builds
/// with it, a warning for the others. Their content is not read.
pub(super) fn absent(
    project: &Project,
    variables: &BTreeMap<&str, &str>,
    sends: bool,
    builds_now: bool,
) -> Vec<Diagnostic> {
    let used = project.delivered_secrets();
    let builds = project.services.values().flat_map(|service| &service.written.build_secrets);
    let built: BTreeSet<&str> = builds.map(|reference| reference.source.value.as_str()).collect();
    let is_used = |name: &str| used.contains(name) || built.contains(name);
    let secrets = project.secrets.iter().filter(|(name, _)| is_used(name));
    let all = secrets
        .map(|(name, object)| ("secret", name, object))
        .chain(project.configs.iter().map(|(name, object)| ("config", name, object)));
    let mut found = Vec::new();
    for (kind, name, object) in all.filter(|(_, _, object)| is_sent(object)) {
        let what = format!("the {kind} {name}");
        let Some((code, message, help)) = fault(&what, kind == "secret", object, variables) else {
            continue;
        };
        // Configs become a part of images.
        let is_made = kind == "config" || built.contains(name.as_str());
        let is_needed = sends || builds_now && is_made;
        let diagnostic = match is_needed || code == Code::Refused {
            true => Diagnostic::error(code, message),
            false => Diagnostic::warning(code, message),
        };
        found.push(diagnostic.at(object.span, "").help(help));
    }
    found
}

/// Whether its content comes from this machine.
fn is_sent(object: &FileObject) -> bool {
    !object.external && object.extension.arn.is_none()
}

fn fault(
    what: &str,
    is_secret: bool,
    object: &FileObject,
    variables: &BTreeMap<&str, &str>,
) -> Option<(Code, String, &'static str)> {
    if let Some(name) = object.settings.text("environment") {
        return (!variables.contains_key(name)).then(|| {
            let message = format!("the variable {name}, which holds {what}, is not set");
            (Code::RequiredVariable, message, "set it before `deploy`, or write it into `.env`")
        });
    }
    let file = object.settings.text("file")?;
    match Path::new(file).metadata() {
        Ok(found) if found.is_dir() && is_secret => {
            let message = format!("{what} is a directory: {file}");
            Some((Code::Refused, message, "name a file: Secrets Manager keeps one value a secret"))
        }
        Ok(found) if found.len() > MOST_BYTES && is_secret => {
            let message = format!("{what} has {} bytes", found.len());
            Some((Code::Refused, message, "Secrets Manager takes 65536 bytes"))
        }
        Ok(_) => None,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let message = format!("the file of {what} does not exist: {file}");
            Some((Code::FileNotFound, message, "correct the path, or make it before `deploy`"))
        }
        Err(error) => {
            let message = format!("the file of {what} cannot be looked at: {error}");
            Some((Code::FileUnreadable, message, "name a file that you may read"))
        }
    }
}
