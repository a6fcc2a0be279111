use std::io;
use std::path::PathBuf;

use super::assets::AssetError;
use super::ignore::IgnoreError;
use super::oci::OciError;
use super::registry::{RegistryCode, RegistryError};

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
    /// The engine could not hand out an image.
    #[error("get the image {name} out of the engine: {message}")]
    ExportFailed {
        /// Its name or id.
        name: String,
        /// The engine's words, or what is wrong with what it sent.
        message: String,
    },
    /// A layout or an archive that is none.
    #[error("read the image in {}: {message}", path.display())]
    BadSource {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// An image that is neither in the engine nor in a registry.
    #[error("find the image {reference}: {message}")]
    NoSuchImage {
        /// As the Compose file has it.
        reference: String,
        /// Who was asked.
        message: String,
    },
    /// An image that its registry does not hand out.
    #[error("get the image {reference}: {source}")]
    Unavailable {
        /// As the Compose file has it.
        reference: String,
        /// What happened.
        source: Box<RegistryError>,
    },
    /// A document of an image that cannot be used.
    #[error("{source} ({name})")]
    Document {
        /// Where it came from.
        name: String,
        /// What is wrong.
        source: OciError,
    },
    /// Bytes of an image that are not those that it names.
    #[error("trust the image {name}: it names {expected}, and what came is {actual}")]
    Corrupt {
        /// Where it came from.
        name: String,
        /// As the image has it.
        expected: String,
        /// As hashed.
        actual: String,
    },
    /// The registry went away in the middle.
    #[error(
        "upload {what} to {host}: {sent} of {} bytes went out, and {attempts} attempts did not get further: {source}",
        total.map_or_else(|| "an unknown number of".to_owned(), |total| total.to_string())
    )]
    UploadBroken {
        /// Which layer, in words.
        what: String,
        /// Host and port.
        host: String,
        /// Bytes.
        sent: u64,
        /// Bytes.
        total: Option<u64>,
        /// How often it was tried without any progress.
        attempts: u32,
        /// What happened the last time.
        source: Box<RegistryError>,
    },
    /// The token is over, and there is no other.
    #[error("upload to {host}: the login expired in the middle, and the registry takes no other")]
    LoginExpired {
        /// Host and port.
        host: String,
    },
    /// The registry hashed something else than was sent.
    #[error("upload {what} to {host}: it says that {digest} has other bytes than were sent")]
    DigestRefused {
        /// Which layer, in words.
        what: String,
        /// Host and port.
        host: String,
        /// What was sent.
        digest: String,
    },
    /// More than the registry takes.
    #[error("upload {what} to {host}: {} larger than the registry takes", size.map_or_else(|| "it is".to_owned(), |size| format!("its {size} bytes are")))]
    LayerTooLarge {
        /// Which layer, in words.
        what: String,
        /// Host and port.
        host: String,
        /// Bytes.
        size: Option<u64>,
    },
    /// No room for layers on their way.
    #[error("keep a layer on its way in {}: the disk is full", .0.display())]
    DiskFull(PathBuf),
    /// A layer on its way could not be kept.
    #[error("keep a layer on its way in {}: {source}", path.display())]
    Spool {
        /// The directory.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// A credential helper did not help.
    #[error("log in to {host} with `docker-credential-{helper}`: {message}")]
    CredentialHelper {
        /// The registry.
        host: String,
        /// The end of the program's name.
        helper: String,
        /// Its words.
        message: String,
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

    /// The mount or config that it is about: its path on this machine or in the container.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Asset(error) => error.subject(),
            _ => None,
        }
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
                "correct the Dockerfile or its context and run the command again: what was done stays \
                 done"
                    .to_owned(),
            ),
            Self::Registry(source) => Some(to_push(source)),
            Self::UploadBroken { source, .. } => Some(to_push(source)),
            Self::Unavailable { source, .. } => Some(to_get(source)),
            Self::LoginExpired { .. } => Some(
                "check the credentials (`aws sts get-caller-identity`) and run the command again: \
                 layers that were uploaded are not uploaded twice"
                    .to_owned(),
            ),
            Self::DigestRefused { .. } => Some(
                "something between here and the registry changes what passes; run the command again, \
                 without the proxy if there is one"
                    .to_owned(),
            ),
            Self::Corrupt { .. } => {
                Some("build or pull the image again: this copy of it is damaged".to_owned())
            }
            Self::LayerTooLarge { .. } => Some(
                "split the `COPY` or `RUN` that makes the layer, or leave out what need not be in the \
                 image (ECR takes 52,000 MiB a layer)"
                    .to_owned(),
            ),
            Self::DiskFull(_) => Some(
                "make room, or name a directory with more of it in TMPDIR: each layer lies there until \
                 it is uploaded"
                    .to_owned(),
            ),
            Self::Document { source: OciError::NoPlatform { .. }, .. } => Some(
                "choose a platform that the image has (`platform:` of the service), or an image that \
                 has the platform"
                    .to_owned(),
            ),
            Self::NoSuchImage { reference, .. } => Some(format!(
                "`docker login` to its registry if it is private; `docker pull {reference}` says more"
            )),
            Self::Asset(error) => error.help().map(str::to_owned),
            Self::CredentialHelper { host, .. } => {
                Some(format!("`docker login {host}` sets it right"))
            }
            _ => None,
        }
    }
}

/// What helps whoever pushes.
fn to_push(error: &RegistryError) -> String {
    const AGAIN: &str = "run the command again: layers that were uploaded are not uploaded twice";
    if error.is_transient() && error.status().is_none() {
        return format!("check the way to the registry (network, DNS, proxy) and {AGAIN}");
    }
    match error.code() {
        Some(RegistryCode::Denied) => {
            "`decklift iam-policy` prints what whoever pushes must be allowed".to_owned()
        }
        _ => AGAIN.to_owned(),
    }
}

/// What helps whoever takes an image from a registry.
fn to_get(error: &RegistryError) -> String {
    let host = error.host().unwrap_or_default();
    if error.is_transient() && error.status().is_none() {
        return "check the image's name, and the way to its registry (network, DNS, proxy)"
            .to_owned();
    }
    match error.code() {
        Some(RegistryCode::Unauthorized | RegistryCode::Denied) => {
            format!("check the image's name; `docker login {host}` if it is private")
        }
        Some(RegistryCode::TooManyRequests) => format!(
            "wait, or `docker login {host}`: registries give more to those who are logged in"
        ),
        _ => "run the command again: what was done stays done".to_owned(),
    }
}
