//! Where the data of a mount or a volume lives.

use super::{CHOICE, EFS, FLAG, Key, S3_FILES, STORAGE, TEXT};

/// A key that chooses by standing there, or what the volume is to be.
pub(super) const EBS: &str =
    r#"{"type": ["boolean", "object", "null"], "additionalProperties": false}"#;
pub(super) const EBS_TEXT: &str = "on a volume of EBS's, which is new with every task and goes with it: of a job, or with \
    `ephemeral: true`";
pub(super) const ENCRYPTED: &str = "whether it is encrypted; it is, unless told";
pub(super) const FILE_SYSTEM: &str = r#"{"enum": ["xfs", "ext3", "ext4"]}"#;
pub(super) const FILE_SYSTEM_TEXT: &str = "what it is formatted with: `xfs` unless told";
/// A whole number above 0.
pub(super) const RATE: &str = r#"{"type": "integer", "minimum": 1}"#;
pub(super) const IOPS: &str =
    "operations a second, which `io1` and `io2` need and `gp3` has 3000 of without";
pub(super) const KMS_KEY: &str = "ARN, id or alias of the key, where it is not AWS's own";
pub(super) const SIZE: &str = r#"{"type": ["integer", "string"], "minimum": 1}"#;
pub(super) const SIZE_TEXT: &str =
    "GiB, or with a unit: `100GiB`; the snapshot's, or 20 GiB, unless told";
pub(super) const SNAPSHOT: &str = r#"{"type": "string", "pattern": "^snap-[0-9a-f]+$"}"#;
pub(super) const SNAPSHOT_TEXT: &str = "id of the snapshot that it is made of";
pub(super) const THROUGHPUT: &str = "MiB/s of the type `gp3`, 125 to 1000";
pub(super) const TYPE: &str = r#"{"enum": ["gp2", "gp3", "io1", "io2", "sc1", "st1", "standard"]}"#;
pub(super) const TYPE_TEXT: &str = "the type: `gp3` unless told; Fargate takes no `standard`";

pub(super) const MOUNT: &[Key] = &[
    ("access_point", TEXT, "id of an access point of that file system"),
    ("asset", CHOICE, "in the image: files of the project"),
    ("ebs", EBS, EBS_TEXT),
    ("ebs.encrypted", FLAG, ENCRYPTED),
    ("ebs.file_system", FILE_SYSTEM, FILE_SYSTEM_TEXT),
    ("ebs.iops", RATE, IOPS),
    ("ebs.kms_key", super::KMS_KEY, KMS_KEY),
    ("ebs.size", SIZE, SIZE_TEXT),
    ("ebs.snapshot", SNAPSHOT, SNAPSHOT_TEXT),
    ("ebs.throughput", RATE, THROUGHPUT),
    ("ebs.type", TYPE, TYPE_TEXT),
    ("efs", EFS, "on EFS: the project's file system, or the one of this id"),
    ("ephemeral", CHOICE, "on the task's own disk, gone with it"),
    (
        "iam",
        FLAG,
        "whether tasks mount the file system of that id as their role: its policy may ask for it",
    ),
    ("s3files", S3_FILES, "on the file system of S3 Files of this id or ARN"),
    ("volume", STORAGE, "the same, as it stands in the `x-ecs` of a service"),
];
