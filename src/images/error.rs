mod advice;

pub use advice::to_find_a_stage;

use std::io;
use std::path::PathBuf;

use super::assets::AssetError;
use super::ignore::IgnoreError;
use super::oci::OciError;
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
    #[error("find the Dockerfile {}: there is no such file", .0.display())]
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
    #[error("find the stage `{target}` in {}", path.display())]
    TargetMissing {
        /// The Dockerfile.
        path: PathBuf,
        /// As the Compose file has it.
        target: String,
        /// The names of the stages that there are, in their order.
        stages: Vec<String>,
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
    #[error("send {} to the builder: it is a device", .0.display())]
    SpecialFile(PathBuf),
    /// A file or directory of the context that this user may not read, or that vanished.
    #[error("read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// A build context is a git repository, and there is no git.
    #[error("fetch the build context {address}: there is no `git` on this machine")]
    GitMissing {
        /// Nothing secret is in it.
        address: String,
    },
    /// A build context that is a git repository could not be fetched.
    #[error("fetch the build context {address}: {message}")]
    GitFailed {
        /// Nothing secret is in it.
        address: String,
        /// git's words, or what is missing there.
        message: String,
    },
    /// A build context that is an archive at an address could not be fetched.
    #[error("fetch the build context {address}: {message}")]
    ArchiveFailed {
        /// Nothing secret is in it.
        address: String,
        /// What is wrong with the server or the archive.
        message: String,
    },
    /// A build context at an address of another kind.
    #[error(
        "fetch the build context {address}: it is neither a git repository nor at an address of the web"
    )]
    RemoteContext {
        /// As the Compose file has it.
        address: String,
    },
    /// An argument that cannot be passed to a builder.
    #[error("pass the build argument `{0}`: its name must not be empty, nor hold `=` or a NUL")]
    BadArgument(String),

    /// There is no docker command.
    #[error(
        "find `{0}`: install Docker (https://docs.docker.com/get-docker/), podman or buildah, or say where one of them is with DOCKER=/path/to/docker"
    )]
    CliMissing(String),
    /// The command is there, the engine is not.
    #[error(
        "reach the Docker engine: {0}; start it (`systemctl start docker`, Docker Desktop), or check DOCKER_HOST and `docker context ls`"
    )]
    EngineNotAnswering(String),
    /// podman or buildah does not work.
    #[error("use {program}: {message}")]
    ContainersFailed {
        /// Which of them.
        program: &'static str,
        /// Its last line.
        message: String,
    },
    /// The engine's socket is closed to this user.
    #[error(
        "use the Docker engine: its socket is closed to this user; join the group (`sudo usermod -aG docker $USER`, then log in again), or run a rootless engine"
    )]
    PermissionDenied,
    /// Nothing was asked to build.
    #[error(
        "build the image of `{service}`: neither a Docker engine nor podman or buildah is in use"
    )]
    NoEngine {
        /// The Compose service.
        service: String,
    },
    /// A command could not be run to its end.
    #[error("run `{command}`: {source}")]
    Command {
        /// The program and its first words.
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
    /// podman and buildah can do most of what BuildKit does.
    #[error("build the image of `{service}` with {builder}: it has nothing for {} of the build", needed.join(", "))]
    BuilderLacks {
        /// The Compose service.
        service: String,
        /// Name and version.
        builder: String,
        /// The attributes of `build` that it has no option for.
        needed: Vec<&'static str>,
    },
    /// A time that is none.
    #[error("use SOURCE_DATE_EPOCH={0}: it must be a whole number, the seconds since 1970")]
    BadEpoch(String),
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
