//! The program at the prompt: files in; stdout, stderr and exit code out, as one transcript.

#[path = "cli/aws.rs"]
mod aws;
#[path = "cli/built.rs"]
mod built;
#[path = "cli/config.rs"]
mod config;
#[path = "cli/digests.rs"]
mod digests;
#[path = "cli/faulty_files.rs"]
mod faulty_files;
#[path = "cli/faulty_values.rs"]
mod faulty_values;
#[path = "cli/iam_policy.rs"]
mod iam_policy;
#[path = "cli/init.rs"]
mod init;
#[path = "cli/interrupt.rs"]
mod interrupt;
#[path = "cli/look.rs"]
mod look;
#[path = "cli/machine.rs"]
mod machine;
#[path = "cli/mounts.rs"]
mod mounts;
#[path = "cli/plans.rs"]
mod plans;
#[path = "cli/secrets.rs"]
mod secrets;
#[path = "cli/support.rs"]
mod support;
#[path = "cli/tls.rs"]
mod tls;
#[path = "cli/usage.rs"]
mod usage;
#[path = "cli/verify.rs"]
mod verify;
