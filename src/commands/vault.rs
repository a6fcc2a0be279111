//! The values of the project's secrets, on their way from this machine to Secrets Manager.
//!
//! They are read for `plan` and `deploy` alone, compared and sent, and nothing else: nothing that
//! prints, plans or records can reach them. Whoever else asks only learns whether one is too large.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::compose::Project;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::ecs::desired::{Body, Desired, Kind, ResourceId};
use crate::ecs::secret_value::{MOST_BYTES, encode, is_plain};

/// Values by the secrets that hold them.
#[derive(Clone, Default)]
pub(super) struct Vault(BTreeMap<ResourceId, String>);

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Vault").field(&self.0.len()).finish()
    }
}

impl Vault {
    /// Reads what the secrets of `desired` are to hold; says of each at fault why.
    pub(super) fn read(
        project: &Project,
        desired: &Desired,
        variables: &BTreeMap<&str, &str>,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let made = desired.resources.values().filter(|r| matches!(r.body, Body::Secret(_)));
        let mut values = BTreeMap::new();
        for resource in made {
            let Some(object) = project.secrets.get(&resource.id.name) else { continue };
            let name = &resource.id.name;
            let is_told = object.settings.text("file").is_none_or(|file| Path::new(file).is_file());
            let found = match object.settings.text("environment") {
                Some(variable) => Ok(variables.get(variable).map(|v| v.as_bytes().to_vec())),
                None => object.settings.text("file").map(contents).transpose(),
            };
            let fault = match found {
                // So is what is too large, where it can be read twice.
                Ok(Some(bytes)) if is_told && too_large(name, &bytes).is_some() => continue,
                Ok(Some(bytes)) => match refuse(project, name, &bytes) {
                    None => {
                        values.insert(ResourceId::new(Kind::Secret, name), encode(&bytes));
                        continue;
                    }
                    Some(fault) => fault,
                },
                // What is missing, or no file, is told with everything else that is.
                Ok(None) => continue,
                Err(error) if is_missing(error.kind()) => continue,
                Err(error) => Diagnostic::error(
                    Code::FileUnreadable,
                    format!("the file of the secret {name} cannot be read: {error}"),
                )
                .help("name a file that you may read"),
            };
            diagnostics.extend([fault.at(object.span, "")]);
        }
        Self(values)
    }

    pub(super) fn get(&self, secret: &ResourceId) -> Option<&str> {
        self.0.get(secret).map(String::as_str)
    }
}

fn is_missing(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::IsADirectory)
}

/// No more than one byte over what Secrets Manager takes: the file may have no end.
pub(super) fn contents(path: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Refuses a value that is larger than Secrets Manager takes, in the form in which it is kept.
pub(super) fn too_large(name: &str, bytes: &[u8]) -> Option<(String, &'static str)> {
    (encode(bytes).len() > MOST_BYTES).then(|| {
        let message = format!("the secret {name} is too large for Secrets Manager");
        (message, "it takes 65536 bytes; of what is no text, 49 000, since it is kept as base64")
    })
}

fn refuse(project: &Project, name: &str, bytes: &[u8]) -> Option<Diagnostic> {
    if let Some((message, help)) = too_large(name, bytes) {
        return Some(Diagnostic::error(Code::Refused, message).help(help));
    }
    if is_plain(bytes) {
        return None;
    }
    let variable = project.services.values().find_map(|service| {
        let mut all = service.extension.secret_env.iter();
        all.find(|(_, source)| source.value == name)
    });
    let (variable, source) = variable?;
    let what = if bytes.is_empty() { "empty" } else { "no text" };
    let message = format!("the secret {name} is {what}, and {variable} cannot hold it");
    Some(
        Diagnostic::error(Code::Refused, message)
            .at(source.span, "")
            .help("take it as a file, with `secrets`: a variable holds text"),
    )
}
