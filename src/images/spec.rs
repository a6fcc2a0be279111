use std::fmt;
use std::path::{Path, PathBuf};

use super::error::ImageError;
use super::options::BuildOptions;

/// What an image is built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildSpec {
    /// The Compose service, for messages and for the name of the local image.
    pub service: String,
    /// The absolute path of the context directory; without a meaning where it is at an address.
    pub context: PathBuf,
    /// The address of the context, where it is no directory of this machine:
    /// [`Images::local`](super::Images::local) makes it one.
    pub address: Option<String>,
    /// Relative to the context; `Dockerfile` when absent.
    pub dockerfile: Option<String>,
    /// The text of the Dockerfile, in the place of a file.
    pub dockerfile_inline: Option<String>,
    /// Build arguments.
    pub args: Vec<(String, String)>,
    /// The stage to build; the last one when absent.
    pub target: Option<String>,
    /// Such as `linux/amd64`.
    pub platform: String,
    /// Labels that the user asks for. They are part of the image, and so of its name.
    pub labels: Vec<(String, String)>,
    /// Labels that say where the image came from, such as `org.opencontainers.image.revision`.
    /// They are no part of its name: a new commit alone must not roll a service.
    pub provenance: Vec<(String, String)>,
    /// Seconds since 1970 that the image says it was made at, and its files, where the builder can
    /// (`SOURCE_DATE_EPOCH`). No part of the name, either.
    pub made_at: Option<i64>,
    /// Other contexts that the Dockerfile names, and what each is: a directory, `docker-image://…`,
    /// `oci-layout://…` or an address. BuildKit alone has them, and the next two.
    pub contexts: Vec<(String, String)>,
    /// Other contexts that are images, and are built before: what the Dockerfile calls them.
    pub built_contexts: Vec<(String, BuildSpec)>,
    /// What steps may read and the image does not keep. They are no part of its name.
    pub secrets: Vec<BuildSecret>,
    /// Agents and keys that steps may use: `default`, or `id=path`. They are no part of its name.
    pub ssh: Vec<String>,
    /// How it is built.
    pub options: BuildOptions,
}

/// A secret for the steps of a build.
#[derive(Clone, PartialEq, Eq)]
pub struct BuildSecret {
    /// What the Dockerfile calls it.
    pub id: String,
    /// Where its value is.
    pub source: SecretSource,
}

/// Where the value of a [`BuildSecret`] is.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In a file: its absolute path.
    File(PathBuf),
    /// The value itself. It reaches the builder through its environment.
    Value(String),
}

impl fmt::Debug for BuildSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuildSecret").field("id", &self.id).finish_non_exhaustive()
    }
}

impl BuildSpec {
    /// A build of `context` for `platform`, everything else at its default.
    pub fn new(
        service: impl Into<String>,
        context: impl Into<PathBuf>,
        platform: impl Into<String>,
    ) -> Self {
        Self {
            service: service.into(),
            context: context.into(),
            address: None,
            dockerfile: None,
            dockerfile_inline: None,
            args: Vec::new(),
            target: None,
            platform: platform.into(),
            labels: Vec::new(),
            provenance: Vec::new(),
            made_at: None,
            contexts: Vec::new(),
            built_contexts: Vec::new(),
            secrets: Vec::new(),
            ssh: Vec::new(),
            options: BuildOptions::default(),
        }
    }

    /// Whether everything that it is built of is on this machine.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.address.is_none() && self.built_contexts.iter().all(|(_, other)| other.is_here())
    }

    /// What only BuildKit can do of it: the attributes of `build`.
    pub(super) fn needs_buildkit(&self) -> Vec<&'static str> {
        let needed = [
            ("additional_contexts", !self.contexts.is_empty() || !self.built_contexts.is_empty()),
            ("entitlements", !self.options.allow.is_empty()),
            ("secrets", !self.secrets.is_empty()),
            ("ssh", !self.ssh.is_empty()),
        ];
        needed.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect()
    }

    /// [`BuildSpec::made_at`], unless a build argument says otherwise: BuildKit takes it for just
    /// that.
    ///
    /// # Errors
    ///
    /// The argument is no whole number.
    pub(super) fn epoch(&self) -> Result<Option<i64>, ImageError> {
        match self.args.iter().find(|(name, _)| name == "SOURCE_DATE_EPOCH") {
            Some((_, value)) => epoch(value),
            None => Ok(self.made_at),
        }
    }

    /// The path of the Dockerfile; of a text in the Compose file, what messages call it.
    #[must_use]
    pub fn dockerfile_path(&self) -> PathBuf {
        if self.dockerfile_inline.is_some() {
            return PathBuf::from("dockerfile_inline");
        }
        self.context.join(self.dockerfile.as_deref().unwrap_or("Dockerfile"))
    }

    /// The `.dockerignore` that counts: `<Dockerfile>.dockerignore` wins over the context's own.
    pub(super) fn ignore_path(&self) -> Option<PathBuf> {
        let mut own = self.dockerfile_path().into_os_string();
        own.push(".dockerignore");
        // A text has no file beside it.
        let own = Some(PathBuf::from(own)).filter(|_| self.dockerfile_inline.is_none());
        own.into_iter().chain([self.context.join(".dockerignore")]).find(|path| is_file(path))
    }
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}

/// Reads `SOURCE_DATE_EPOCH` as BuildKit does: nothing where it is empty, else whole seconds since
/// 1970.
///
/// # Errors
///
/// It is something else.
pub fn epoch(text: &str) -> Result<Option<i64>, ImageError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| ImageError::BadEpoch(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::epoch;

    #[test]
    fn times_are_whole_seconds() {
        assert_eq!(epoch("").expect("nothing"), None);
        assert_eq!(epoch("1700000000").expect("a time"), Some(1_700_000_000));
        assert_eq!(epoch("-5").expect("a time"), Some(-5));
        for bad in [" 1", "1.5", "today", "99999999999999999999"] {
            let message = epoch(bad).expect_err(bad).to_string();
            assert!(message.contains(bad), "{message}");
        }
    }
}
