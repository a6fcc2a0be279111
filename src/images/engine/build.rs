//! `docker build` and `docker buildx build`, and what podman and buildah share with them.

use std::process::Stdio;
use std::sync::atomic::Ordering;

use tokio::io::AsyncWriteExt;
use tokio::process::{ChildStdin, Command};

use super::context_tar::ContextTar;
use super::logins::Logins;
use super::process::{Ended, no_input, stream};
use super::{Builder, EPOCH, Engine, same_platform};
use crate::images::buildkit;
use crate::images::credentials::{self, Credentials};
use crate::images::error::ImageError;
use crate::images::event::ImageEvent;
use crate::images::spec::BuildSpec;

/// What makes BuildKit write down the same time for every file.
const REWRITE: &str = "rewrite-timestamp";

/// Variables that the builder's command itself listens to: a build argument of such a name goes on
/// the command line, for everyone on the machine to see, rather than change what the command does.
const HEARD: [&str; 29] = [
    "BUILDAH_",
    "BUILDKIT_",
    "BUILDX_",
    "COMPOSE_",
    "CONTAINER",
    "DOCKER",
    "DYLD_",
    "GODEBUG",
    "GOMAXPROCS",
    "GOGC",
    "GOTRACEBACK",
    "GRPC_",
    "HOME",
    "KUBE",
    "LANG",
    "LC_",
    "LD_",
    "NO_COLOR",
    "OTEL_",
    "PATH",
    "PODMAN_",
    "PROGRESS_",
    "REGISTR",
    EPOCH,
    "SSH_",
    "SSL_CERT_",
    "STORAGE_",
    "TMPDIR",
    "XDG_",
];

impl Engine {
    /// Builds `spec` and names the image `tag`. Dropping the future ends the build.
    ///
    /// # Errors
    ///
    /// [`ImageError::BuildFailed`] has the builder's last lines.
    pub async fn build(
        &self,
        spec: &BuildSpec,
        tag: &str,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<(), ImageError> {
        let needed = spec.needs_buildkit();
        if self.info.builder == Builder::Legacy && !needed.is_empty() {
            return Err(ImageError::NoBuildKit { service: spec.service.clone(), needed });
        }
        on_event(ImageEvent::BuildStarted);
        let mut ended = self.build_once(spec, tag, on_event).await?;
        // A store of containerd's takes files with the times that they have.
        let refused = |line: &String| line.contains(REWRITE) && line.contains("conflicts");
        if !ended.status.success() && ended.tail.iter().any(refused) {
            self.keeps_times.store(true, Ordering::Relaxed);
            ended = self.build_once(spec, tag, on_event).await?;
        }
        if !ended.status.success() {
            return Err(self.build_failed(spec, ended.tail));
        }
        self.check_platform(spec, tag).await?;
        on_event(ImageEvent::Built);
        Ok(())
    }

    /// Runs the builder to its end.
    async fn build_once(
        &self,
        spec: &BuildSpec,
        tag: &str,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<Ended, ImageError> {
        let mut command = self.command();
        let logins = match self.info.builder.is_docker() {
            true => Logins::new(credentials::directory(), &spec.options.logins),
            false if spec.options.logins.is_empty() => Ok(None),
            false => Logins::for_containers(&Credentials::user(), &spec.options.logins),
        };
        let logins = logins.map_err(|source| self.cannot_run("build", source))?;
        if let Some(logins) = &logins {
            logins.give(&mut command);
        }
        let (mut archive, mut _ignore_file) = (None, None);
        match self.info.builder {
            Builder::Buildx => {
                command.args(["buildx", "build"]);
                match spec.epoch()? {
                    Some(epoch) => {
                        command.env(EPOCH, epoch.to_string());
                        // The same as `--load`, and what does not know the rest does without.
                        command.arg(match self.keeps_times.load(Ordering::Relaxed) {
                            true => "--load".to_owned(),
                            false => format!("--output=type=docker,{REWRITE}=true"),
                        })
                    }
                    None => command.arg("--load"),
                };
                command.arg("--progress=plain");
            }
            Builder::Legacy => {
                let spec = spec.clone();
                let tar = in_background(move || ContextTar::read(&spec)).await?;
                command.args(["build", "--force-rm", "--file", tar.dockerfile()]);
                command.stdin(Stdio::piped());
                archive = Some(tar);
            }
            Builder::Podman | Builder::Buildah => {
                let (arguments, file) = self.container_arguments(spec, on_event).await?;
                command.arg(self.builds()).args(arguments);
                _ignore_file = Some(file);
            }
        }
        if archive.is_none() {
            match &spec.dockerfile_inline {
                Some(_) => command.args(["--file", "-"]).stdin(Stdio::piped()),
                None => command.arg("--file").arg(spec.dockerfile_path()),
            };
        }
        self.add_options(&mut command, spec, tag)?;
        match archive {
            Some(_) => command.arg("-"),
            None => command.arg("--").arg(&spec.context),
        };
        let mut on_line = |line: &str| on_event(ImageEvent::BuildLine(line.to_owned()));
        let ended = match (&archive, &spec.dockerfile_inline) {
            (Some(archive), _) => {
                let feed = |input: ChildStdin| archive.write(input);
                stream(&mut command, feed, &mut on_line).await
            }
            (None, Some(text)) => {
                let feed = |mut input: ChildStdin| async move {
                    input.write_all(text.as_bytes()).await?;
                    input.shutdown().await
                };
                stream(&mut command, feed, &mut on_line).await
            }
            (None, None) => stream(&mut command, no_input, &mut on_line).await,
        };
        ended.map_err(|source| self.cannot_run("build", source))
    }

    fn add_options(
        &self,
        command: &mut Command,
        spec: &BuildSpec,
        tag: &str,
    ) -> Result<(), ImageError> {
        command.arg(format!("--tag={tag}"));
        // The legacy builder of old engines refuses the flag, even with the platform it has.
        if !same_platform(&spec.platform, &self.info.platform) {
            command.arg(format!("--platform={}", spec.platform));
        }
        if let Some(target) = &spec.target {
            command.arg(format!("--target={target}"));
        }
        for (name, value) in &spec.args {
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                return Err(ImageError::BadArgument(name.clone()));
            }
            if is_heard(name) {
                command.arg(format!("--build-arg={name}={value}"));
            } else {
                command.arg(format!("--build-arg={name}")).env(name, value);
            }
        }
        if self.info.builder.is_docker() {
            command.args(spec.options.arguments(self.info.builder == Builder::Buildx));
        }
        let (arguments, variables) = buildkit::arguments(spec);
        command.args(arguments).envs(variables);
        for (name, value) in spec.provenance.iter().chain(&spec.labels) {
            command.arg(format!("--label={name}={value}"));
        }
        Ok(())
    }

    fn build_failed(&self, spec: &BuildSpec, lines: Vec<String>) -> ImageError {
        let service = spec.service.clone();
        let refused = |line: &String| line.contains("--platform") && line.contains("experimental");
        if lines.iter().any(refused) {
            let (platform, engine) = (spec.platform.clone(), self.info.platform.clone());
            return ImageError::PlatformUnsupported { service, platform, engine };
        }
        ImageError::BuildFailed { service, lines }
    }

    /// A base image that the engine has for another platform is taken without a word.
    async fn check_platform(&self, spec: &BuildSpec, tag: &str) -> Result<(), ImageError> {
        let Some(image) = self.inspect(tag).await? else {
            let lines =
                vec![format!("the builder said nothing wrong, but there is no image {tag}")];
            return Err(ImageError::BuildFailed { service: spec.service.clone(), lines });
        };
        // Variants are told apart by few base images, and by no task definition.
        let plain = |platform: &str| platform.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
        if plain(&image.platform) == plain(&spec.platform) {
            return Ok(());
        }
        Err(ImageError::WrongPlatform {
            service: spec.service.clone(),
            wanted: spec.platform.clone(),
            built: image.platform,
        })
    }
}

fn is_heard(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    upper.ends_with("_PROXY") || HEARD.iter().any(|heard| upper.starts_with(heard))
}

/// Runs what waits for the disk on a thread that may wait.
pub(in crate::images) async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ImageError> + Send + 'static,
) -> Result<T, ImageError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only a runtime that is being torn down cancels such a task.
            Err(error) => Err(ImageError::Command {
                command: "docker build".into(),
                source: std::io::Error::other(error),
            }),
        },
    }
}
