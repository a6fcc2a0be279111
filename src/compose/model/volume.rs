use std::path::PathBuf;

use indexmap::IndexMap;

use super::{Ebs, Settings};
use crate::source::{Located, Span};

/// A named volume of the project.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    /// Where it is defined.
    pub span: Span,
    /// `name`: the name outside Compose.
    pub name: Option<Located<String>>,
    /// `external`: made by somebody else.
    pub external: bool,
    /// `driver`
    pub driver: Option<Located<String>>,
    /// `driver_opts`
    pub driver_opts: IndexMap<String, Located<String>>,
    /// `labels`
    pub labels: IndexMap<String, Located<String>>,
    /// `x-ecs`: where it lives
    pub storage: Option<Located<Storage>>,
    /// All attributes but `name` and `external`.
    pub settings: Settings,
}

impl Volume {
    /// The file system that an external volume is: its name is the id of one, as the retired Docker
    /// Compose CLI had it (docs.docker.com, "Deploying Docker containers on ECS", "Volumes").
    pub(crate) fn outside(&self) -> Option<Located<Storage>> {
        let name =
            self.name.as_ref().filter(|name| self.external && is_file_system(&name.value))?;
        let storage =
            Storage::Existing { file_system: name.value.clone(), access_point: None, iam: false };
        Some(Located::new(storage, name.span))
    }
}

/// Whether a text is the id of a file system (EFS API reference, `FileSystemId`).
fn is_file_system(text: &str) -> bool {
    text.strip_prefix("fs-").is_some_and(|digits| {
        (8..=40).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
    })
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MountKind {
    /// A named volume, by its key under the project's `volumes`.
    Volume(String),
    /// A volume without a name.
    Anonymous,
    /// A file or directory of the machine that runs Compose; absolute.
    Bind(PathBuf),
    /// The content of an image, by its reference.
    Image(String),
    /// What ECS does not have: a named pipe, a cluster volume. The type.
    Other(String),
    /// Memory; the size in bytes when given.
    Tmpfs {
        /// `tmpfs.size`, bytes
        size: Option<u64>,
        /// `tmpfs.mode` and the further options, as mount(8) takes them: `mode=1777`, `noexec`.
        options: Vec<String>,
    },
}

/// `x-ecs` of a mount or a volume, and `x-ecs.volume` of a service: where the data lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// `asset`: the files become a part of the image.
    Asset,
    /// `efs`: a volume on the project's file system.
    Efs,
    /// `efs: fs-…`: a file system that somebody else made.
    Existing {
        /// `fs-…`
        file_system: String,
        /// `access_point: fsap-…`
        access_point: Option<String>,
        /// `iam: true`: tasks mount it as their role, which the file system's policy may ask for.
        iam: bool,
    },
    /// `s3files: fs-…`: a file system of S3 Files, which somebody else made over a bucket.
    S3Files {
        /// `fs-…`, or the ARN
        file_system: String,
        /// `access_point: fsap-…`, or the ARN
        access_point: Option<String>,
    },
    /// `ephemeral`: it lives as long as the task.
    Ephemeral,
    /// `ebs`: a volume of its own, which is new and empty with every task.
    Ebs(Box<Ebs>),
}

/// One entry of a service's `volumes` or `tmpfs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// What is mounted.
    pub kind: MountKind,
    /// The absolute path inside the container.
    pub target: String,
    /// `read_only`, or `:ro`
    pub read_only: bool,
    /// Of a bind mount: the path as it is written.
    pub written: Option<String>,
    /// `volume.subpath`, or `image.subpath`
    pub subpath: Option<String>,
    /// `volume.nocopy`: the volume shall start empty.
    pub nocopy: bool,
    /// `x-ecs`: where the data lives
    pub storage: Option<Located<Storage>>,
}
