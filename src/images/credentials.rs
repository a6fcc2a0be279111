//! The logins that the user has for other registries: docker's configuration and its helpers, and those
//! of podman, buildah and skopeo.
//!
//! A secret comes from a file or from a helper's output and goes into a header. It is never an
//! argument of a program, and no error quotes it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::error::ImageError;
use super::registry::Auth;

/// Helpers may ask the user for a key ring's password; one that takes longer hangs.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The most that a configuration may have, bytes.
const MAX_CONFIG: u64 = 4 * 1024 * 1024;

/// How Docker Hub is called in configurations.
const HUB: &str = "https://index.docker.io/v1/";

/// Logins by registry.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Credentials {
    auths: BTreeMap<String, Entry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
    /// Where helpers are looked for; nothing for `PATH`.
    #[serde(skip)]
    helpers: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
}

/// Where docker's configuration is.
pub(super) fn directory() -> Option<PathBuf> {
    let own = std::env::var_os("DOCKER_CONFIG").filter(|path| !path.is_empty());
    let home = || std::env::home_dir().map(|home| home.join(".docker"));
    own.map(PathBuf::from).or_else(home)
}

impl Credentials {
    /// The user's: those of docker (`$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`), and for
    /// registries that it has none for those of podman, buildah and skopeo. What cannot be read has no
    /// logins: an image may well be public.
    pub(super) fn user() -> Self {
        let variable =
            |name: &str| std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        let mut found = directory()
            .map(|directory| Self::read(&directory.join("config.json")))
            .unwrap_or_default();
        for file in containers_files(variable, std::env::home_dir().as_deref()) {
            found.add(Self::read(&file));
        }
        found
    }

    fn read(path: &Path) -> Self {
        let is_small = std::fs::metadata(path).is_ok_and(|file| file.len() <= MAX_CONFIG);
        let text = if is_small { std::fs::read(path).unwrap_or_default() } else { Vec::new() };
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Takes over what is not here.
    fn add(&mut self, others: Self) {
        for (name, entry) in others.auths {
            if !self.names(&name) {
                self.auths.insert(name, entry);
            }
        }
        for (name, helper) in others.cred_helpers {
            if !self.names(&name) {
                self.cred_helpers.insert(name, helper);
            }
        }
    }

    /// Whether it says anything of a registry.
    fn names(&self, registry: &str) -> bool {
        self.auths.keys().chain(self.cred_helpers.keys()).any(|key| is_same(key, registry))
    }

    /// The helpers that are named, by registry.
    pub(super) fn helpers(&self) -> &BTreeMap<String, String> {
        &self.cred_helpers
    }

    /// The logins that stand in the files, by registry as podman calls it.
    pub(super) fn stored(&self) -> Vec<(String, Auth)> {
        let called = |key: &str| match host_of(key) {
            "index.docker.io" | "registry-1.docker.io" => "docker.io".to_owned(),
            host => host.to_owned(),
        };
        self.auths.iter().filter_map(|(key, entry)| Some((called(key), entry.auth()?))).collect()
    }

    /// The login for a registry; [`Auth::Anonymous`] where there is none.
    ///
    /// # Errors
    ///
    /// [`ImageError::CredentialHelper`] when a helper that is named for it fails.
    pub(super) async fn find(&self, registry: &str) -> Result<Auth, ImageError> {
        let names = names(registry);
        for name in &names {
            if let Some(helper) = self.cred_helpers.get(name) {
                return self.ask(helper, name).await;
            }
        }
        let entry = self.auths.iter().find(|(key, _)| names.iter().any(|name| is_same(key, name)));
        if let Some(auth) = entry.and_then(|(_, entry)| entry.auth()) {
            return Ok(auth);
        }
        let Some(store) = self.creds_store.as_deref().filter(|store| !store.is_empty()) else {
            return Ok(Auth::Anonymous);
        };
        // The store has it under the name that stands in `auths`, if one does.
        let key = entry.map_or_else(|| names[0].clone(), |(key, _)| key.clone());
        match self.ask(store, &key).await {
            // It was not named for this registry: that it cannot help says nothing.
            Err(_) if entry.is_none() => Ok(Auth::Anonymous),
            result => result,
        }
    }

    /// `docker-credential-<helper> get`, as docker-credential-helpers has it: the address goes in, a
    /// JSON document comes out.
    async fn ask(&self, helper: &str, address: &str) -> Result<Auth, ImageError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            #[serde(default)]
            username: String,
            secret: String,
        }
        let failed = |message: String| ImageError::CredentialHelper {
            host: address.to_owned(),
            helper: helper.to_owned(),
            message,
        };
        // A name, and no way to another program.
        if !helper.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
            return Err(failed("that is no name of a helper".to_owned()));
        }
        let mut program = OsString::from(format!("docker-credential-{helper}"));
        if let Some(directory) = &self.helpers {
            program = directory.join(program).into_os_string();
        }
        let run = async {
            let mut command = Command::new(&program);
            command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
            let mut child = command.kill_on_drop(true).spawn()?;
            if let Some(mut input) = child.stdin.take() {
                input.write_all(address.as_bytes()).await?;
            }
            child.wait_with_output().await
        };
        let output = match tokio::time::timeout(TIMEOUT, run).await {
            Ok(Ok(output)) => output,
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
                return Err(failed("there is no such program in PATH".to_owned()));
            }
            Ok(Err(error)) => return Err(failed(error.to_string())),
            Err(_) => return Err(failed("it does not answer".to_owned())),
        };
        if !output.status.success() {
            // Helpers say on their output what is wrong, and this when nothing is.
            let said = String::from_utf8_lossy(&output.stdout);
            if said.contains("credentials not found") {
                return Ok(Auth::Anonymous);
            }
            return Err(failed(format!("it failed ({})", output.status)));
        }
        let answer: Answer = serde_json::from_slice(&output.stdout)
            .map_err(|_| failed("its answer cannot be read".to_owned()))?;
        Ok(match answer.username.as_str() {
            "<token>" => Auth::Identity { token: answer.secret },
            _ => Auth::Basic { user: answer.username, password: answer.secret },
        })
    }
}

impl Entry {
    fn auth(&self) -> Option<Auth> {
        if let Some(token) = self.identitytoken.clone().filter(|token| !token.is_empty()) {
            return Some(Auth::Identity { token });
        }
        if let (Some(user), Some(password)) = (&self.username, &self.password)
            && !user.is_empty()
        {
            return Some(Auth::Basic { user: user.clone(), password: password.clone() });
        }
        let encoded = self.auth.as_deref().filter(|auth| !auth.is_empty())?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (user, password) = text.split_once(':')?;
        // Some that wrote these files padded them.
        let password = password.trim_end_matches('\0');
        Some(Auth::Basic { user: user.to_owned(), password: password.to_owned() })
    }
}

/// Where podman, buildah and skopeo keep logins, in docker's format (containers-auth.json(5)): first what
/// counts most.
fn containers_files(
    variable: impl Fn(&str) -> Option<PathBuf>,
    home: Option<&Path>,
) -> Vec<PathBuf> {
    if let Some(file) = variable("REGISTRY_AUTH_FILE") {
        return vec![file];
    }
    let auth = |directory: PathBuf| directory.join("containers/auth.json");
    let run = variable("XDG_RUNTIME_DIR").map(auth);
    // Where no session made a directory for it.
    #[cfg(unix)]
    let run = run.or_else(|| {
        let user = rustix::process::getuid().as_raw();
        Some(PathBuf::from(format!("/run/containers/{user}/auth.json")))
    });
    let settings = variable("XDG_CONFIG_HOME").or_else(|| Some(home?.join(".config")));
    run.into_iter().chain(settings.map(auth)).collect()
}

/// The names under which a registry's login may stand.
fn names(registry: &str) -> Vec<String> {
    match registry {
        "registry-1.docker.io" => {
            [HUB, "docker.io", "index.docker.io", "registry-1.docker.io"].map(str::to_owned).into()
        }
        other => vec![other.to_owned()],
    }
}

/// `https://r.io/v1/` is the login for `r.io`.
fn is_same(key: &str, name: &str) -> bool {
    key == name || (!host_of(key).is_empty() && host_of(key) == host_of(name))
}

fn host_of(key: &str) -> &str {
    let rest = key.split_once("://").map_or(key, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}

#[cfg(all(test, unix))]
#[path = "credentials/tests.rs"]
mod tests;
