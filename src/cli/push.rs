use clap::Args;

use super::time;
use crate::inspect::Severity;

/// `decklift push`
#[derive(Debug, Args)]
pub struct PushArgs {
    /// Only the images of these services [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// One more tag for each image, for people; may be given several times
    #[arg(long = "tag", value_name = "TAG", value_parser = tag)]
    pub tags: Vec<String>,
    /// Show what would be built and pushed; do nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub build: BuildArgs,
    #[command(flatten)]
    pub given: GivenArgs,
    /// Treat warnings as errors
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub scan: ScanArgs,
}

/// Which images are built although nothing says that they must.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct BuildArgs {
    /// Build images even where ECR has what these files make
    #[arg(long)]
    pub build: bool,
    /// The same, with every step of each build run anew
    #[arg(long)]
    pub no_cache: bool,
    /// Build on what registries have under the tags of base images today, whatever the engine has
    #[arg(long)]
    pub pull: bool,
}

impl BuildArgs {
    /// Whether images are built that are there already.
    #[must_use]
    pub fn again(self) -> bool {
        self.build || self.no_cache
    }
}

/// Images that somebody else made.
#[derive(Clone, Debug, Default, Args)]
pub struct GivenArgs {
    /// Push an image that was made already instead of building it; SOURCE is oci:DIR[:TAG],
    /// oci-archive:FILE or docker-archive:FILE; may be given several times
    #[arg(long = "image", value_name = "SERVICE=SOURCE")]
    pub images: Vec<String>,
}

impl GivenArgs {
    /// The services that nothing is built for.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.images.iter().filter_map(|text| Some(text.split_once('=')?.0))
    }
}

/// `decklift images`
#[derive(Debug, Args)]
pub struct ImagesArgs {
    /// Only these services [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// The other images of the repositories, too
    #[arg(long)]
    pub all: bool,
}

/// What images must pass.
#[derive(Clone, Copy, Debug, Args)]
pub struct ScanArgs {
    /// Wait for ECR's scan of each image, and refuse those with findings of this severity or above:
    /// critical, high, medium, low or informational
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub scan_gate: Option<Severity>,
    /// How long the scan of one image may take
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = time)]
    pub scan_timeout: std::time::Duration,
}

/// The tag of an image (OCI distribution specification, "Pulling manifests").
fn tag(text: &str) -> Result<String, String> {
    let first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let later = |c: char| first(c) || c == '.' || c == '-';
    match text.starts_with(first) && text.len() <= 128 && text.chars().all(later) {
        true => Ok(text.to_owned()),
        false => {
            Err("at most 128 letters, digits, `_`, `.` and `-`, not `.` or `-` first".to_owned())
        }
    }
}

/// How severe a finding must be.
fn severity(text: &str) -> Result<Severity, String> {
    let known = Severity::GATES.into_iter().find(|severity| severity.label() == text);
    known.ok_or_else(|| "critical, high, medium, low or informational".to_owned())
}
