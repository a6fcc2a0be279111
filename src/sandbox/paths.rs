use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::SandboxError;

/// Where the sandbox keeps its things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    root: PathBuf,
    instance: String,
}

impl Paths {
    /// The folders under the user's cache folder: `DECKLIFT_CACHE_DIR`, else `XDG_CACHE_HOME`, else
    /// the place that the operating system has for caches. `DECKLIFT_SANDBOX_INSTANCE` names one of
    /// several sandboxes.
    ///
    /// # Errors
    ///
    /// When there is no such folder, or the instance's name is none.
    pub fn from_env(var: impl Fn(&str) -> Option<OsString>) -> Result<Self, SandboxError> {
        let set = |name: &str| var(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let cache = if let Some(given) = set("DECKLIFT_CACHE_DIR") {
            given
        } else if let Some(xdg) = set("XDG_CACHE_HOME").filter(|path| path.is_absolute()) {
            xdg.join("decklift")
        } else if let Some(local) = set("LOCALAPPDATA").filter(|_| cfg!(windows)) {
            local.join("decklift").join("cache")
        } else {
            let home = set("HOME").ok_or(SandboxError::NoCache)?;
            let caches = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
            home.join(caches).join("decklift")
        };
        // A relative folder would move with the working directory.
        let root = std::path::absolute(cache.join("sandbox"))
            .map_err(SandboxError::file("use", cache.join("sandbox")))?;
        let instance = var("DECKLIFT_SANDBOX_INSTANCE")
            .and_then(|name| name.into_string().ok())
            .filter(|name| is_instance_name(name))
            .unwrap_or_else(|| "default".to_owned());
        Ok(Self { root, instance })
    }

    /// The instance's name.
    #[must_use]
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// The folder of everything.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What is remembered of images: beside the sandbox, in the same cache.
    #[must_use]
    pub fn images(&self) -> Option<PathBuf> {
        Some(self.root.parent()?.join("images"))
    }

    /// The virtual environment of this set of pinned packages.
    #[must_use]
    pub fn venv(&self, pins: &str) -> PathBuf {
        self.root.join(format!("venv-{pins}"))
    }

    /// The adapter of this version.
    #[must_use]
    pub fn adapter(&self, version: &str) -> PathBuf {
        self.root.join(format!("adapter-{version}"))
    }

    /// The folder of the instance.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.root.join("instances").join(&self.instance)
    }

    /// What is known of the running instance.
    #[must_use]
    pub fn record(&self) -> PathBuf {
        self.home().join("instance.json")
    }

    /// What the instance prints.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.home().join("sandbox.log")
    }

    /// The folder that the adapter may write in.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.home().join("state")
    }
}

/// A name that can be part of a path, of a container's name and of a label.
fn is_instance_name(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(env: &[(&str, &str)]) -> Paths {
        Paths::from_env(|name| {
            env.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        })
        .expect("paths")
    }

    #[test]
    fn the_given_folder_wins() {
        let paths = paths(&[("DECKLIFT_CACHE_DIR", "/c"), ("HOME", "/h")]);
        assert_eq!(paths.record(), Path::new("/c/sandbox/instances/default/instance.json"));
    }

    #[test]
    fn an_instance_is_a_plain_name() {
        let env = [("HOME", "/h"), ("DECKLIFT_SANDBOX_INSTANCE", "../x")];
        assert_eq!(paths(&env).instance(), "default");
        let env = [("HOME", "/h"), ("DECKLIFT_SANDBOX_INSTANCE", "ci-1")];
        assert_eq!(paths(&env).instance(), "ci-1");
    }
}
