//! The Docker engine, by way of the docker command.

mod build;
mod context_tar;
mod export;
mod logins;
mod place;
mod process;

pub(super) use build::in_background;
pub(super) use export::{Export, LocalLayers, export_failed};

use std::ffi::OsString;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::OnceCell;

use super::config::ImageConfig;
use super::error::ImageError;

/// An engine that does not say its version by then is taken for dead.
const DETECT_TIMEOUT: Duration = Duration::from_secs(20);

/// What builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builder {
    /// `docker buildx build`: BuildKit.
    Buildx,
    /// `docker build` of an engine or command without buildx.
    Legacy,
}

/// What is known of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineInfo {
    /// Of the engine, not of the command.
    pub version: String,
    /// Such as `linux/amd64`: what it builds when not told.
    pub platform: String,
    /// What builds.
    pub builder: Builder,
}

/// An image that the engine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalImage {
    /// `sha256:…`
    pub id: String,
    /// `repository@sha256:…`, for each registry that it was pulled from or pushed to.
    pub repo_digests: Vec<String>,
    /// Such as `linux/arm64/v8`.
    pub platform: String,
}

/// A Docker engine that answers.
#[derive(Clone, Debug)]
pub struct Engine {
    program: OsString,
    info: EngineInfo,
    place: Arc<OnceCell<place::Place>>,
}

impl Engine {
    /// Looks for the docker command (`DOCKER` names another) and for its engine.
    ///
    /// # Errors
    ///
    /// [`ImageError::CliMissing`], [`ImageError::EngineNotAnswering`] and
    /// [`ImageError::PermissionDenied`] each say what to do.
    pub async fn detect() -> Result<Self, ImageError> {
        let program = std::env::var_os("DOCKER").filter(|program| !program.is_empty());
        Self::detect_program(program.unwrap_or_else(|| OsString::from("docker"))).await
    }

    async fn detect_program(program: OsString) -> Result<Self, ImageError> {
        let mut engine = Self {
            program,
            info: EngineInfo {
                version: String::new(),
                platform: String::new(),
                builder: Builder::Legacy,
            },
            place: Arc::default(),
        };
        let answer = engine.output(&["version", "--format", "{{json .}}"]);
        let output = tokio::time::timeout(DETECT_TIMEOUT, answer).await.map_err(|_| {
            ImageError::EngineNotAnswering(format!(
                "no answer in {} seconds",
                DETECT_TIMEOUT.as_secs()
            ))
        })??;
        let (version, platform) = server(&output.stdout)
            .ok_or_else(|| not_answering(&String::from_utf8_lossy(&output.stderr)))?;
        engine.info.version = version;
        engine.info.platform = platform;
        if engine.output(&["buildx", "version"]).await?.status.success() {
            engine.info.builder = Builder::Buildx;
        }
        Ok(engine)
    }

    /// What was found.
    #[must_use]
    pub fn info(&self) -> &EngineInfo {
        &self.info
    }

    /// An image that the engine has under a name; `None` when it has none.
    ///
    /// # Errors
    ///
    /// The engine no longer answers.
    pub async fn inspect(&self, name: &str) -> Result<Option<LocalImage>, ImageError> {
        Ok(self.described(name).await?.and_then(|json| local_image(&json)))
    }

    /// What an image says of itself; `None` when the engine has none of that name.
    ///
    /// # Errors
    ///
    /// The engine no longer answers.
    pub async fn config(&self, name: &str) -> Result<Option<ImageConfig>, ImageError> {
        Ok(self.described(name).await?.and_then(|json| ImageConfig::read(&json)))
    }

    async fn described(&self, name: &str) -> Result<Option<Vec<u8>>, ImageError> {
        let output =
            self.output(&["image", "inspect", "--format", "{{json .}}", "--", name]).await?;
        if output.status.success() {
            return Ok(Some(output.stdout));
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        let lower = stderr.to_lowercase();
        // Odd names are refused before anything is looked up: no image has them.
        if ["no such", "not found", "invalid reference"].iter().any(|text| lower.contains(text)) {
            return Ok(None);
        }
        Err(not_answering(&stderr))
    }

    /// Gives an image another name.
    ///
    /// # Errors
    ///
    /// The engine does not answer, or does not have the image.
    pub async fn tag(&self, name: &str, other: &str) -> Result<(), ImageError> {
        let output = self.output(&["image", "tag", "--", name, other]).await?;
        if output.status.success() {
            return Ok(());
        }
        Err(not_answering(&String::from_utf8_lossy(&output.stderr)))
    }

    /// Removes a name; the image stays while it has another.
    ///
    /// # Errors
    ///
    /// The docker command cannot be started.
    pub async fn untag(&self, name: &str) -> Result<(), ImageError> {
        self.output(&["image", "rm", "--", name]).await.map(|_| ())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            // A default of the user's shell must not decide what runs on ECS.
            .env_remove("DOCKER_DEFAULT_PLATFORM")
            .env("DOCKER_CLI_HINTS", "false")
            // Attestations would make an index of each image, with a digest of its own each time.
            .env("BUILDX_NO_DEFAULT_ATTESTATIONS", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A Ctrl-C at the prompt is for decklift, which finishes what has started.
        #[cfg(unix)]
        command.process_group(0);
        command
    }

    async fn output(&self, arguments: &[&str]) -> Result<std::process::Output, ImageError> {
        let result = self.command().args(arguments).output().await;
        result.map_err(|source| self.cannot_run(arguments.first().unwrap_or(&""), source))
    }

    fn cannot_run(&self, command: &str, source: std::io::Error) -> ImageError {
        if source.kind() == std::io::ErrorKind::NotFound {
            return ImageError::CliMissing(self.program.to_string_lossy().into_owned());
        }
        ImageError::Command { command: command.to_owned(), source }
    }
}

/// Version and platform, out of `docker version`; the server is null when it does not answer.
fn server(json: &[u8]) -> Option<(String, String)> {
    let answer: serde_json::Value = serde_json::from_slice(json).ok()?;
    let server = answer.get("Server")?.as_object()?;
    let text = |name: &str| server.get(name).and_then(serde_json::Value::as_str);
    let platform = format!("{}/{}", text("Os").unwrap_or("linux"), text("Arch")?);
    Some((text("Version").unwrap_or_default().to_owned(), platform))
}

fn local_image(json: &[u8]) -> Option<LocalImage> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Image {
        id: String,
        #[serde(default)]
        repo_digests: Option<Vec<String>>,
        #[serde(default)]
        os: String,
        #[serde(default)]
        architecture: String,
        #[serde(default)]
        variant: Option<String>,
    }
    let image: Image = serde_json::from_slice(json).ok()?;
    let mut platform = format!("{}/{}", image.os, image.architecture);
    if let Some(variant) = image.variant.filter(|variant| !variant.is_empty()) {
        platform = format!("{platform}/{variant}");
    }
    Some(LocalImage {
        id: image.id,
        repo_digests: image.repo_digests.unwrap_or_default(),
        platform,
    })
}

fn not_answering(stderr: &str) -> ImageError {
    if stderr.to_lowercase().contains("permission denied") {
        return ImageError::PermissionDenied;
    }
    let line = stderr.lines().map(str::trim).rfind(|line| !line.is_empty());
    ImageError::EngineNotAnswering(line.unwrap_or("it says nothing").to_owned())
}

/// Whether two platforms are one: `linux/arm64` is `linux/arm64/v8`.
pub(super) fn same_platform(one: &str, other: &str) -> bool {
    let plain = |platform: &str| match platform.strip_suffix("/v8") {
        Some(arm @ "linux/arm64") => arm.to_owned(),
        _ => platform.to_owned(),
    };
    plain(one) == plain(other)
}

#[cfg(all(test, unix))]
#[path = "engine/tests.rs"]
mod tests;
