//! Secrets and configs whose content is not there at home.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::commands::vault;
use crate::compose::Project;
use crate::compose::model::FileObject;
use crate::diagnostic::{Code, Diagnostic};

/// How large the value of a secret may be, in bytes (Secrets Manager API reference,
/// `CreateSecret.SecretString`).
const MOST_BYTES: u64 = 65_536;

/// What is missing of the project's secrets and configs: an error for whoever sends it, or builds
/// with it, a warning for the others. Of their content only the size counts that it has where it is kept.
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
        let Some((code, message, help)) = fault(&what, kind == "secret", object, variables)
            .or_else(|| {
                let kept = kind == "secret" && used.contains(name.as_str());
                kept.then(|| too_large(name, object, variables)).flatten()
            })
        else {
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

/// Why Secrets Manager does not take the value of a secret, which is kept in another form than it has
/// here where it is no text.
fn too_large(name: &str, object: &FileObject, variables: &BTreeMap<&str, &str>) -> Option<Fault> {
    let of_variable = object.settings.text("environment");
    let bytes = match of_variable {
        Some(variable) => variables.get(variable)?.as_bytes().to_vec(),
        None => {
            let file = object.settings.text("file")?;
            // A pipe or a device may have no end, or only one reader.
            let found = Path::new(file).metadata().ok().filter(std::fs::Metadata::is_file)?;
            // Base64 makes four bytes of three: below that nothing is too large, and none is read.
            (found.len() > MOST_BYTES / 2).then_some(())?;
            vault::contents(file).ok()?
        }
    };
    let (message, help) = vault::too_large(name, &bytes)?;
    Some((Code::Refused, message, help))
}

/// What is at fault, and the way out.
type Fault = (Code, String, &'static str);

fn fault(
    what: &str,
    is_secret: bool,
    object: &FileObject,
    variables: &BTreeMap<&str, &str>,
) -> Option<Fault> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::secret_value::encode;
    use crate::ecs::testing::object;

    #[test]
    fn the_size_of_a_secret_is_that_of_what_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secret");
        let said = |bytes: &[u8]| {
            std::fs::write(&file, bytes).expect("a file");
            let object = object(&[("file", file.to_str().expect("text"))]);
            let found = too_large("s", &object, &BTreeMap::new());
            assert_eq!(found.is_some(), encode(bytes).len() > 65_536);
            found.is_some()
        };
        assert!(!said(&[b'a'; 65_536]));
        assert!(said(&[b'a'; 65_537]));
        assert!(!said(&[0; 49_000]));
        assert!(said(&[0; 49_200]));
    }
}
