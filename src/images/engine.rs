//! What builds and keeps images on this machine, by way of its command: docker and its engine, or
//! podman or buildah.

mod build;
mod containers;
mod context_tar;
mod described;
mod detect;
mod export;
mod logins;
mod place;
mod process;

pub(super) use build::in_background;
pub(super) use export::{Export, LocalLayers, export_failed};

use std::ffi::OsString;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::process::Command;
use tokio::sync::OnceCell;

use super::config::ImageConfig;
use super::error::ImageError;

/// Seconds since 1970: the time that a build is to write down in the place of its own
/// (<https://reproducible-builds.org/specs/source-date-epoch/>).
const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// What builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builder {
    /// `docker buildx build`: BuildKit.
    Buildx,
    /// `docker build` of an engine or command without buildx.
    Legacy,
    /// `podman build`; its images are podman's.
    Podman,
    /// `buildah build`, whose images are podman's, too.
    Buildah,
}

impl Builder {
    /// As messages call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Buildx | Self::Legacy => "docker",
            Self::Podman => "podman",
            Self::Buildah => "buildah",
        }
    }

    fn is_docker(self) -> bool {
        matches!(self, Self::Buildx | Self::Legacy)
    }
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

/// A Docker engine that answers, or podman or buildah in its place.
#[derive(Clone, Debug)]
pub struct Engine {
    program: OsString,
    info: EngineInfo,
    place: Arc<OnceCell<place::Place>>,
    flags: Arc<OnceCell<containers::Flags>>,
    /// Whether it was found that it cannot change the times of files.
    keeps_times: Arc<AtomicBool>,
}

impl Engine {
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

    /// Gives an image another name.
    ///
    /// # Errors
    ///
    /// The engine does not answer, or does not have the image.
    pub async fn tag(&self, name: &str, other: &str) -> Result<(), ImageError> {
        let output = match self.info.builder {
            Builder::Buildah => self.output(&["tag", "--", name, other]).await?,
            _ => self.output(&["image", "tag", "--", name, other]).await?,
        };
        if output.status.success() {
            return Ok(());
        }
        Err(self.failed(&output.stderr))
    }

    /// Removes a name; the image stays while it has another.
    ///
    /// # Errors
    ///
    /// The command cannot be started.
    pub async fn untag(&self, name: &str) -> Result<(), ImageError> {
        match self.info.builder {
            Builder::Buildah => self.output(&["rmi", "--", name]).await,
            _ => self.output(&["image", "rm", "--", name]).await,
        }
        .map(|_| ())
    }

    /// What a command that failed comes to, by what it said.
    fn failed(&self, stderr: &[u8]) -> ImageError {
        detect::not_answering(self.info.builder, &String::from_utf8_lossy(stderr))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            // A default of the user's shell must not decide what runs on ECS.
            .env_remove("DOCKER_DEFAULT_PLATFORM")
            // Builders listen to it by themselves; what it says is handed over as each takes it.
            .env_remove(EPOCH)
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
        let command = format!("{} {command}", self.info.builder.name());
        ImageError::Command { command, source }
    }
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
pub(super) mod tests;
