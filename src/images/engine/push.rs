//! `docker push`, with credentials of its own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;

use super::Engine;
use super::process::{no_input, stream};
use crate::images::error::ImageError;
use crate::images::event::ImageEvent;
use crate::images::reference::Reference;
use crate::images::registry::Auth;

const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Words of a registry or engine that will say the same again.
const FINAL: [&str; 10] = [
    "access denied",
    "authentication required",
    "authorization",
    "does not exist",
    "immutable",
    "invalid reference",
    "name unknown",
    "no basic auth",
    "not found",
    "unauthorized",
];

impl Engine {
    /// Pushes the image `local` as `remote` (registry, repository and tag). Tries again when the
    /// network fails. The user's own docker configuration is neither used nor changed, except
    /// that the engine of the context in use is the one that pushes.
    ///
    /// # Errors
    ///
    /// [`ImageError::PushFailed`] has docker's last lines.
    pub async fn push(
        &self,
        local: &str,
        remote: &str,
        auth: &Auth,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<(), ImageError> {
        let bad_address = || ImageError::BadAddress(remote.to_owned());
        let host = Reference::parse(remote).ok_or_else(bad_address)?.registry;
        let failed = |lines| ImageError::PushFailed { address: remote.to_owned(), lines };
        self.tag(local, remote).await?;
        let result = async {
            let cannot_write = |source| ImageError::Command { command: "push".into(), source };
            let config = ConfigDirectory::new(&host, auth).map_err(cannot_write)?;
            let place = self.engine_place().await;
            on_event(ImageEvent::PushStarted);
            let mut pause = FIRST_PAUSE;
            for attempt in 1.. {
                let mut command = self.command();
                command.args(["image", "push", "--", remote]).env("DOCKER_CONFIG", config.path());
                place.apply(&mut command);
                let mut layers = Layers::default();
                let mut on_line = |line: &str| {
                    if let Some(event) = layers.read(line) {
                        on_event(event);
                    }
                };
                let ended = stream(&mut command, no_input, &mut on_line).await;
                let ended = ended.map_err(|source| self.cannot_run("push", source))?;
                if ended.status.success() {
                    break;
                }
                if attempt == ATTEMPTS || is_final(&ended.tail) {
                    return Err(failed(ended.tail));
                }
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            Ok(())
        };
        let result = result.await;
        // The name was for the push alone. That it goes matters less than how the push went.
        let _ = self.untag(remote).await;
        result
    }

    /// Another configuration directory has none of the user's contexts.
    async fn engine_place(&self) -> Place {
        if std::env::var_os("DOCKER_HOST").is_some_and(|host| !host.is_empty()) {
            return Place::default();
        }
        match self.output(&["context", "inspect", "--format", "{{json .}}"]).await {
            Ok(output) if output.status.success() => Place::read(&output.stdout),
            // Commands that only look like docker have no contexts.
            _ => Place::default(),
        }
    }
}

fn is_final(lines: &[String]) -> bool {
    let text = lines.join("\n").to_lowercase();
    FINAL.iter().any(|word| text.contains(word))
}

/// Where the engine of the user's context is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Place {
    host: Option<String>,
    certificates: Option<PathBuf>,
    verifies: bool,
}

impl Place {
    fn read(json: &[u8]) -> Self {
        let Ok(context) = serde_json::from_slice::<Value>(json) else { return Self::default() };
        let endpoint = &context["Endpoints"]["docker"];
        let host = endpoint["Host"].as_str().filter(|host| !host.is_empty()).map(str::to_owned);
        let has_tls =
            context["TLSMaterial"]["docker"].as_array().is_some_and(|list| !list.is_empty());
        let stored = context["Storage"]["TLSPath"].as_str().filter(|_| has_tls);
        Self {
            host,
            certificates: stored.map(|path| Path::new(path).join("docker")),
            verifies: has_tls && endpoint["SkipTLSVerify"].as_bool() != Some(true),
        }
    }

    fn apply(&self, command: &mut Command) {
        let Some(host) = &self.host else { return };
        command.env("DOCKER_HOST", host).env_remove("DOCKER_CONTEXT");
        if let Some(certificates) = &self.certificates {
            command.env("DOCKER_CERT_PATH", certificates);
            command.env(if self.verifies { "DOCKER_TLS_VERIFY" } else { "DOCKER_TLS" }, "1");
        }
    }
}

/// Layers by what docker said of them last.
#[derive(Default)]
struct Layers(BTreeMap<String, bool>);

impl Layers {
    /// `2a3b4c5d6e7f: Pushed`
    fn read(&mut self, line: &str) -> Option<ImageEvent> {
        let (id, state) = line.split_once(": ")?;
        if id.len() != 12 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let is_done = ["Pushed", "Layer already exists", "Mounted from"]
            .iter()
            .any(|done| state.starts_with(done));
        let before = self.0.insert(id.to_owned(), is_done);
        (before != Some(is_done)).then(|| ImageEvent::PushProgress {
            done: self.0.values().filter(|&&done| done).count(),
            total: self.0.len(),
        })
    }
}

/// A docker configuration that holds one login, readable by this user alone, for as long as it is
/// needed. Written by hand: `docker login` would put the password into the user's keychain where
/// there is one.
struct ConfigDirectory(PathBuf);

impl ConfigDirectory {
    fn new(host: &str, auth: &Auth) -> io::Result<Self> {
        let directory = Self::create()?;
        let auths = match auth.encoded() {
            Some(encoded) => json!({ host: { "auth": encoded } }),
            None => json!({}),
        };
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(directory.0.join("config.json"))?;
        file.write_all(json!({ "auths": auths }).to_string().as_bytes())?;
        Ok(directory)
    }

    fn create() -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // Creating fails where something is already, so a name that is taken does no harm.
        for attempt in 0..1000 {
            let name = format!("decklift-docker-{}-{attempt}", std::process::id());
            let path = std::env::temp_dir().join(name);
            match builder.create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other(
            "too many directories named decklift-docker-* among the temporary files",
        ))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ConfigDirectory {
    fn drop(&mut self) {
        // Nothing can be done about a failure here, and the token in it expires.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(all(test, unix))]
#[path = "push/tests.rs"]
mod tests;
