use std::path::{Path, PathBuf};

/// What an image is built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildSpec {
    /// The Compose service, for messages and for the name of the local image.
    pub service: String,
    /// The absolute path of the context directory.
    pub context: PathBuf,
    /// Relative to the context; `Dockerfile` when absent.
    pub dockerfile: Option<String>,
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
            dockerfile: None,
            args: Vec::new(),
            target: None,
            platform: platform.into(),
            labels: Vec::new(),
            provenance: Vec::new(),
        }
    }

    /// The path of the Dockerfile.
    #[must_use]
    pub fn dockerfile_path(&self) -> PathBuf {
        self.context.join(self.dockerfile.as_deref().unwrap_or("Dockerfile"))
    }

    /// The `.dockerignore` that counts: `<Dockerfile>.dockerignore` wins over the context's own.
    pub(super) fn ignore_path(&self) -> Option<PathBuf> {
        let mut own = self.dockerfile_path().into_os_string();
        own.push(".dockerignore");
        [PathBuf::from(own), self.context.join(".dockerignore")]
            .into_iter()
            .find(|path| is_file(path))
    }
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}
