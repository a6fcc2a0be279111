//! Whose fault an error is, and what to do next.

use super::ImageError;
use crate::images::oci::OciError;
use crate::images::registry::{RegistryCode, RegistryError};

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

    /// Whether a tag names another image already, and the registry lets no tag move.
    #[must_use]
    pub fn is_tag_taken(&self) -> bool {
        let code = RegistryCode::TagInvalid;
        matches!(self, Self::Registry(RegistryError::Refused { code: found, .. }) if *found == code)
    }

    /// Whether it is only that something is not on this machine, where it may well be on another.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::ContextMissing(_) | Self::DockerfileMissing(_))
    }

    /// Whether the Dockerfile is the place to look at, and not the context.
    #[must_use]
    pub fn is_about_dockerfile(&self) -> bool {
        matches!(self, Self::DockerfileMissing(_) | Self::Dockerfile { .. })
    }

    /// Of a `build.target` that the Dockerfile lacks: its name, and those of the stages that there are.
    #[must_use]
    pub fn missing_target(&self) -> Option<(&str, &[String])> {
        match self {
            Self::TargetMissing { path: _, target, stages } => Some((target, stages)),
            _ => None,
        }
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
        if self.is_users_fault() && !matches!(self, Self::Asset(_)) {
            return Some(self.help_with_files());
        }
        match self {
            Self::GitMissing { .. } => {
                Some("install git, or check the sources out and name the directory".to_owned())
            }
            Self::GitFailed { .. } => Some(
                "`git ls-remote` with the same address says more; a token goes into the build's secret \
                 `GIT_AUTH_TOKEN`, a key to your SSH agent"
                    .to_owned(),
            ),
            Self::RemoteContext { .. } => Some(
                "name a git repository (`https://…/name.git#branch:directory`) or an archive \
                 (`https://…/name.tar.gz`), or unpack it here and name the directory"
                    .to_owned(),
            ),
            Self::ArchiveFailed { .. } => Some(
                "see what `curl -L` makes of the address; a git repository is named \
                 `https://…/name.git#branch:directory`"
                    .to_owned(),
            ),
            Self::NoBuildKit { .. } => Some(
                "install docker buildx (Debian: docker-buildx; elsewhere docker-buildx-plugin)"
                    .to_owned(),
            ),
            Self::EngineNotAnswering(_) | Self::PermissionDenied => {
                Some("podman or buildah, where one is installed, takes docker's place".to_owned())
            }
            Self::ContainersFailed { program, .. } => {
                Some(format!("`{program} info` says more; a Docker engine would do as well"))
            }
            Self::BuilderLacks { .. } => Some(
                "take it out of the build, or build with docker and its buildx (Debian: docker-buildx; \
                 elsewhere docker-buildx-plugin)"
                    .to_owned(),
            ),
            // podman's and buildah's words.
            Self::BuildFailed { lines, .. } if lines.iter().any(|l| l.contains("short-name")) => Some(
                "write the base image out (`docker.io/library/alpine`, not `alpine`), or name docker.io \
                 as a registry to search in /etc/containers/registries.conf"
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

    /// What to do about the user's own files.
    fn help_with_files(&self) -> String {
        let help = match self {
            Self::TargetMissing { path: _, target: _, stages } => {
                return to_find_a_stage(stages.iter().map(String::as_str));
            }
            Self::Dockerfile { line, .. } => {
                return format!(
                    "correct line {line}: https://docs.docker.com/reference/dockerfile says what it may have"
                );
            }
            Self::DockerfileMissing(_) => {
                "make it, or name another one with `build.dockerfile`, which is relative to the context"
            }
            Self::Ignore { .. } => "correct the pattern, or take its line out",
            Self::SpecialFile(_) => "name it in .dockerignore",
            Self::Unreadable { .. } => "make it readable, or name it in .dockerignore",
            Self::BadArgument(_) => "write `NAME: value` below `build.args`",
            _ => {
                "`build.context` is relative to the Compose file: correct it, or make the directory"
            }
        };
        help.to_owned()
    }
}

/// What helps whoever wants a stage that is not there: those that are, in the order given.
#[must_use]
pub fn to_find_a_stage<'a>(stages: impl Iterator<Item = &'a str>) -> String {
    let stages: Vec<_> = stages.map(|stage| format!("`{stage}`")).collect();
    match stages.as_slice() {
        [] => "its stages have no names: write `AS name` after the image of a `FROM`, or take \
               `build.target` away, and the last one is built"
            .to_owned(),
        [one] => format!(
            "its only stage with a name is {one}; without `build.target` the last one is built"
        ),
        many => format!("its stages are {}", many.join(", ")),
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
