use std::io;
use std::path::PathBuf;

use super::assets::AssetError;
use super::ignore::IgnoreError;
use super::registry::RegistryError;

/// Why an image could not be named, built or pushed. The first group is the user's file at fault,
/// for the caller to point at the line of the Compose file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// `build.context` leads nowhere.
    #[error("find the build context {}: there is no such directory", .0.display())]
    ContextMissing(PathBuf),
    /// `build.context` is a file.
    #[error("use the build context {}: it is not a directory", .0.display())]
    ContextNotDirectory(PathBuf),
    /// `build.dockerfile` leads nowhere.
    #[error("find the Dockerfile {}: create it, or name another one with `build.dockerfile`", .0.display())]
    DockerfileMissing(PathBuf),
    /// The Dockerfile cannot be understood.
    #[error("read the Dockerfile {}, line {line}: {message}", path.display())]
    Dockerfile {
        /// The file.
        path: PathBuf,
        /// Counted from one.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// `build.target` names no stage.
    #[error("find the stage `{target}` in {}: it has {stages}", path.display())]
    TargetMissing {
        /// The Dockerfile.
        path: PathBuf,
        /// As the Compose file has it.
        target: String,
        /// The stages that there are.
        stages: String,
    },
    /// A pattern that no builder accepts.
    #[error("read {}, {source}", path.display())]
    Ignore {
        /// The `.dockerignore`.
        path: PathBuf,
        /// Line and reason.
        source: IgnoreError,
    },
    /// A device in the context.
    #[error("send {} to the builder: it is a device; name it in .dockerignore", .0.display())]
    SpecialFile(PathBuf),
    /// A file or directory of the context that this user may not read, or that vanished.
    #[error("read {}: {source}; make it readable, or name it in .dockerignore", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// An argument that cannot be passed to a builder.
    #[error("pass the build argument `{0}`: its name must not be empty, nor hold `=` or a NUL")]
    BadArgument(String),

    /// There is no docker command.
    #[error(
        "find `{0}`: install Docker (https://docs.docker.com/get-docker/), or say where it is with DOCKER=/path/to/docker"
    )]
    CliMissing(String),
    /// The command is there, the engine is not.
    #[error(
        "reach the Docker engine: {0}; start it (`systemctl start docker`, Docker Desktop), or check DOCKER_HOST and `docker context ls`"
    )]
    EngineNotAnswering(String),
    /// The engine's socket is closed to this user.
    #[error(
        "use the Docker engine: its socket is closed to this user; join the group (`sudo usermod -aG docker $USER`, then log in again), or run a rootless engine"
    )]
    PermissionDenied,
    /// Nothing was asked to build.
    #[error("build the image of `{service}`: no Docker engine is in use")]
    NoEngine {
        /// The Compose service.
        service: String,
    },
    /// A docker command could not be run to its end.
    #[error("run `docker {command}`: {source}")]
    Command {
        /// Its first words.
        command: String,
        /// The system's word.
        source: io::Error,
    },
    /// The builder said no.
    #[error("build the image of `{service}`; the builder's last lines:\n{}", lines.join("\n"))]
    BuildFailed {
        /// The Compose service.
        service: String,
        /// At most twenty.
        lines: Vec<String>,
    },
    /// Without BuildKit there is no way to build it.
    #[error("build the image of `{service}` without BuildKit: docker has no buildx, and the build has {}", needed.join(", "))]
    NoBuildKit {
        /// The Compose service.
        service: String,
        /// The attributes of `build` that need it.
        needed: Vec<&'static str>,
    },
    /// Legacy builders build for their own platform only.
    #[error(
        "build the image of `{service}` for {platform}: the engine builds for {engine} only; install docker buildx"
    )]
    PlatformUnsupported {
        /// The Compose service.
        service: String,
        /// What was wanted.
        platform: String,
        /// What the engine is.
        engine: String,
    },
    /// A base image that exists for another platform only.
    #[error(
        "build the image of `{service}` for {wanted}: it came out as {built}; a base image in the engine is of that platform, pull it with --platform {wanted}"
    )]
    WrongPlatform {
        /// The Compose service.
        service: String,
        /// What was wanted.
        wanted: String,
        /// What came out.
        built: String,
    },
    /// Someone edited the files while they were being built.
    #[error(
        "name the image of `{service}`: its files changed while it was being built; run the command again"
    )]
    ContextChanged {
        /// The Compose service.
        service: String,
    },
    /// The engine could not push.
    #[error("push to {address}: {}", lines.join("\n"))]
    PushFailed {
        /// Registry, repository and tag.
        address: String,
        /// What docker said last.
        lines: Vec<String>,
    },
    /// The engine could not pull.
    #[error("pull {reference} for {platform}: {}", lines.join("\n"))]
    PullFailed {
        /// The image.
        reference: String,
        /// What was wanted of it.
        platform: String,
        /// What docker said last.
        lines: Vec<String>,
    },
    /// Not a name of an image, or not one with a registry in it.
    #[error("use `{0}` as an image's address: it must be <registry>/<repository>")]
    BadAddress(String),
    /// The registry could not be used.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Files could not be put on top of an image.
    #[error(transparent)]
    Asset(#[from] AssetError),
}

impl ImageError {
    /// Whether the user's own files are at fault: the build context, the Dockerfile, or what the
    /// builder says of them.
    #[must_use]
    pub fn is_users_fault(&self) -> bool {
        if let Self::Asset(error) = self {
            return error.is_users_fault();
        }
        matches!(
            self,
            Self::ContextMissing(_)
                | Self::ContextNotDirectory(_)
                | Self::DockerfileMissing(_)
                | Self::Dockerfile { .. }
                | Self::TargetMissing { .. }
                | Self::Ignore { .. }
                | Self::SpecialFile(_)
                | Self::Unreadable { .. }
                | Self::BadArgument(_)
        )
    }

    /// Whether it is only that something is not on this machine, where it may well be on another.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::ContextMissing(_) | Self::DockerfileMissing(_))
    }

    /// Whether `build.dockerfile` is the place to look at, and not the context.
    #[must_use]
    pub fn is_about_dockerfile(&self) -> bool {
        matches!(
            self,
            Self::DockerfileMissing(_) | Self::Dockerfile { .. } | Self::TargetMissing { .. }
        )
    }

    /// What to do next, where the message does not say it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::ContextMissing(_) | Self::ContextNotDirectory(_) => Some(
                "`build.context` is relative to the Compose file: correct it, or make the directory"
                    .to_owned(),
            ),
            Self::NoBuildKit { .. } => Some(
                "install docker buildx (Debian: docker-buildx; elsewhere docker-buildx-plugin)"
                    .to_owned(),
            ),
            Self::BuildFailed { .. } => Some(
                "correct the Dockerfile or its context and deploy again: what was done stays done"
                    .to_owned(),
            ),
            Self::PushFailed { .. } | Self::Registry(_) => Some(
                "deploy again: layers that were uploaded are not uploaded twice".to_owned(),
            ),
            Self::PullFailed { reference, platform, .. } => Some(format!(
                "an engine that has it need not pull it: `docker pull --platform {platform} \
                 {reference}` says more"
            )),
            Self::Asset(error) => error.help().map(str::to_owned),
            _ => None,
        }
    }
}
