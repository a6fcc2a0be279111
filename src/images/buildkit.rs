//! What only BuildKit takes of a build: other contexts, secrets, and keys for SSH.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::ImageError;
use super::spec::{BuildSecret, BuildSpec, SecretSource};

/// How the variables are called that hold secrets for the builder.
const VARIABLE: &str = "DECKLIFT_BUILD_SECRET_";

/// Another context of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OtherContext {
    /// A directory of this machine.
    Directory(PathBuf),
    /// An image.
    Image(String),
    /// An OCI image layout of this machine, and which image in it.
    Layout(PathBuf),
    /// An address, whose content only the builder sees.
    Address(String),
}

impl OtherContext {
    /// Reads what a Compose file, or `docker buildx build --build-context`, says.
    pub(super) fn read(text: &str) -> Self {
        if let Some(image) = text.strip_prefix("docker-image://") {
            return Self::Image(image.to_owned());
        }
        if let Some(layout) = text.strip_prefix("oci-layout://") {
            let path = layout.split('@').next().unwrap_or(layout);
            let path = match path.rsplit_once(':') {
                Some((path, tag)) if !tag.contains(['/', '\\']) => path,
                _ => path,
            };
            return Self::Layout(PathBuf::from(path));
        }
        if text.contains("://") || text.starts_with("git@") {
            return Self::Address(text.to_owned());
        }
        Self::Directory(PathBuf::from(text))
    }

    /// What stands in the index of a layout: the digests of its images.
    pub(super) fn index(layout: &Path) -> Result<Vec<u8>, ImageError> {
        let path = layout.join("index.json");
        fs::read(&path).map_err(|source| ImageError::Unreadable { path, source })
    }

    /// A directory as a build of its own: what its `.dockerignore` leaves out is not sent.
    pub(super) fn spec(&self, of: &BuildSpec) -> Option<BuildSpec> {
        let Self::Directory(path) = self else { return None };
        let mut spec = BuildSpec::new(&of.service, path, &of.platform);
        // A Dockerfile in it is a file as others are, and so is what is called after one.
        spec.dockerfile_inline = Some(String::new());
        Some(spec)
    }
}

/// Arguments of `docker buildx build`, and the variables that hold what nobody may see.
pub(super) fn arguments(spec: &BuildSpec) -> (Vec<String>, Vec<(String, String)>) {
    let (mut arguments, mut variables) = (Vec::new(), Vec::new());
    for (name, context) in &spec.contexts {
        arguments.push(format!("--build-context={name}={context}"));
    }
    for (place, BuildSecret { id, source }) in spec.secrets.iter().enumerate() {
        let id = field("id", id);
        arguments.push(match source {
            SecretSource::File(path) => {
                format!("--secret={id},{}", field("src", &path.to_string_lossy()))
            }
            SecretSource::Value(value) => {
                let variable = format!("{VARIABLE}{place}");
                variables.push((variable.clone(), value.clone()));
                format!("--secret={id},env={variable}")
            }
        });
    }
    arguments.extend(spec.ssh.iter().map(|ssh| format!("--ssh={ssh}")));
    (arguments, variables)
}

/// A field of the comma-separated values that the builder reads.
fn field(key: &str, value: &str) -> String {
    match value.contains([',', '"', '\n']) {
        true => format!("\"{key}={}\"", value.replace('"', "\"\"")),
        false => format!("{key}={value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts() {
        let read = OtherContext::read;
        assert_eq!(read("/a/b"), OtherContext::Directory("/a/b".into()));
        assert_eq!(read("docker-image://alpine:3"), OtherContext::Image("alpine:3".into()));
        for layout in ["/l", "/l:v1", "/l:v1@sha256:00", "/l@sha256:00"] {
            let read = read(&format!("oci-layout://{layout}"));
            assert_eq!(read, OtherContext::Layout("/l".into()), "{layout}");
        }
        let address = "https://github.com/acme/web.git#main";
        assert_eq!(read(address), OtherContext::Address(address.to_owned()));
    }

    #[test]
    fn a_value_is_no_argument() {
        let mut spec = BuildSpec::new("web", "/c", "linux/amd64");
        let secret = |id: &str, source| BuildSecret { id: id.to_owned(), source };
        spec.secrets = vec![
            secret("npm", SecretSource::Value("canary".to_owned())),
            secret("key", SecretSource::File("/a,b".into())),
        ];
        spec.ssh = vec!["default".to_owned(), "git=/home/u/key".to_owned()];
        spec.contexts = vec![("base".to_owned(), "/base".to_owned())];
        let (arguments, variables) = arguments(&spec);
        assert_eq!(
            arguments,
            [
                "--build-context=base=/base",
                "--secret=id=npm,env=DECKLIFT_BUILD_SECRET_0",
                "--secret=id=key,\"src=/a,b\"",
                "--ssh=default",
                "--ssh=git=/home/u/key",
            ]
        );
        let value = ("DECKLIFT_BUILD_SECRET_0".to_owned(), "canary".to_owned());
        assert_eq!(variables, [value]);
        assert!(!format!("{spec:?}").contains("canary"));
        assert_eq!(spec.needs_buildkit(), ["additional_contexts", "secrets", "ssh"]);
    }
}
