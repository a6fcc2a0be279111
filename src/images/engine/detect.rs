//! What this machine has to build with.

use std::ffi::OsString;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::{Builder, Engine, EngineInfo};
use crate::images::error::ImageError;

/// An engine that does not say its version by then is taken for dead.
const DETECT_TIMEOUT: Duration = Duration::from_secs(20);

/// In the order in which they are looked for.
const PROGRAMS: [&str; 3] = ["docker", "podman", "buildah"];

impl Engine {
    /// Looks for docker and its engine, then for podman, then for buildah. `DOCKER` names the one to
    /// take.
    ///
    /// # Errors
    ///
    /// [`ImageError::CliMissing`], [`ImageError::EngineNotAnswering`],
    /// [`ImageError::ContainersFailed`] and [`ImageError::PermissionDenied`] each say what to do.
    pub async fn detect() -> Result<Self, ImageError> {
        match std::env::var_os("DOCKER").filter(|program| !program.is_empty()) {
            Some(program) => Self::detect_program(program).await,
            None => Self::detect_first(PROGRAMS.map(OsString::from)).await,
        }
    }

    /// The first that works. When none does, what is wrong with the first that is installed.
    pub(super) async fn detect_first(
        programs: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, ImageError> {
        let mut reason: Option<ImageError> = None;
        for program in programs {
            match (Self::detect_program(program).await, &reason) {
                (Ok(engine), _) => return Ok(engine),
                (Err(ImageError::CliMissing(_)), Some(_)) => {}
                (Err(error), None | Some(ImageError::CliMissing(_))) => reason = Some(error),
                (Err(_), Some(_)) => {}
            }
        }
        Err(reason.unwrap_or_else(|| ImageError::CliMissing(PROGRAMS[0].to_owned())))
    }

    /// As [`Engine::detect`], where `DOCKER` names `program`: any of the three, whatever it is called.
    ///
    /// # Errors
    ///
    /// As for [`Engine::detect`].
    pub async fn detect_program(program: OsString) -> Result<Self, ImageError> {
        let mut engine = Self {
            program,
            info: EngineInfo {
                version: String::new(),
                platform: String::new(),
                builder: Builder::Legacy,
            },
            place: Arc::default(),
            flags: Arc::default(),
            keeps_times: Arc::default(),
        };
        // podman may go by the name of docker.
        let named = engine.answer(&["--version"]).await?;
        let named = String::from_utf8_lossy(&named.stdout).into_owned();
        engine.info.builder = match named.split(' ').next() {
            Some("podman") => Builder::Podman,
            Some("buildah") => Builder::Buildah,
            _ => return engine.docker().await,
        };
        let what: &[&str] = match engine.info.builder {
            Builder::Podman => &["info", "--format", "{{json .}}"],
            // It says everything as JSON anyway.
            _ => &["info"],
        };
        let output = engine.answer(what).await?;
        engine.info.platform = host(&output.stdout).ok_or_else(|| engine.failed(&output.stderr))?;
        // `podman version 5.4.2`, `buildah version 1.39.3 (image-spec 1.1.0, …)`
        engine.info.version = named.split_whitespace().nth(2).unwrap_or_default().to_owned();
        Ok(engine)
    }

    async fn docker(mut self) -> Result<Self, ImageError> {
        // Side by side: each starts the command anew, and an unchanged image is pushed in the time of a few.
        let (output, buildx, _) = tokio::join!(
            self.answer(&["version", "--format", "{{json .}}"]),
            self.answer(&["buildx", "version"]),
            self.place(),
        );
        let output = output?;
        (self.info.version, self.info.platform) =
            server(&output.stdout).ok_or_else(|| self.failed(&output.stderr))?;
        if buildx?.status.success() {
            self.info.builder = Builder::Buildx;
        }
        Ok(self)
    }

    async fn answer(&self, arguments: &[&str]) -> Result<Output, ImageError> {
        let answer = tokio::time::timeout(DETECT_TIMEOUT, self.output(arguments)).await;
        answer.unwrap_or_else(|_| {
            let why = format!("no answer in {} seconds", DETECT_TIMEOUT.as_secs());
            Err(not_answering(self.info.builder, &why))
        })
    }
}

/// Version and platform, out of `docker version`; the server is null when it does not answer.
fn server(json: &[u8]) -> Option<(String, String)> {
    let answer: Value = serde_json::from_slice(json).ok()?;
    let server = answer.get("Server")?.as_object()?;
    let text = |name: &str| server.get(name).and_then(Value::as_str);
    let platform = format!("{}/{}", text("Os").unwrap_or("linux"), text("Arch")?);
    Some((text("Version").unwrap_or_default().to_owned(), platform))
}

/// The platform, out of `podman info` or `buildah info`. Both look into their storage for it.
fn host(json: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(json).ok()?;
    let host = answer.get("host")?;
    let text = |name: &str| host.get(name).and_then(Value::as_str);
    Some(format!("{}/{}", text("os").unwrap_or("linux"), text("arch")?))
}

/// Why what was asked gave no answer.
pub(super) fn not_answering(builder: Builder, stderr: &str) -> ImageError {
    let line = stderr.lines().map(str::trim).rfind(|line| !line.is_empty());
    let message = line.unwrap_or("it says nothing").to_owned();
    if !builder.is_docker() {
        return ImageError::ContainersFailed { program: builder.name(), message };
    }
    if stderr.to_lowercase().contains("permission denied") {
        return ImageError::PermissionDenied;
    }
    ImageError::EngineNotAnswering(message)
}
