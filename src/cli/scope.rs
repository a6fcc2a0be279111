use std::path::PathBuf;

use clap::Args;

use super::{BuildArgs, GivenArgs};

/// `decklift plan`
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Only these services and what they depend on [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Exit with 2 when there are changes
    #[arg(long)]
    pub exit_code: bool,
    /// Write the plan to a file, which `deploy FILE` applies as it is, or refuses when the world has
    /// moved since
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Agree to new public endpoints, for when the file is applied
    #[arg(long, requires = "out")]
    pub allow_public: bool,
    /// Have a VPC made for the project where it has none; it is kept until the file names another one
    #[arg(long)]
    pub create_vpc: bool,
    /// Look at nothing that the files name and others made: roles, secrets, subnets ...; what is wrong
    /// with it then shows when it is used
    #[arg(long)]
    pub no_verify: bool,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub build: BuildArgs,
    #[command(flatten)]
    pub given: GivenArgs,
    /// Treat warnings as errors
    #[arg(long)]
    pub strict: bool,
}

/// What a plan is about, and what it may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct ScopeArgs {
    /// Leave alone what the named services depend on
    #[arg(long)]
    pub no_deps: bool,
    /// How many tasks a service runs, whatever the file says; may be given several times
    #[arg(long, value_name = "SERVICE=N", value_parser = scale)]
    pub scale: Vec<(String, u32)>,
    /// Give every service a new deployment, whether anything differs or not
    #[arg(long)]
    pub force: bool,
    /// Leave a deployment that fails in place, to look at it
    #[arg(long)]
    pub no_rollback: bool,
    /// Delete what left the file with the data that it holds: everything, or what is named as
    /// `kind/name`; may be given several times
    #[arg(long, value_name = "RESOURCE", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "")]
    pub allow_destroy: Vec<String>,
}

/// `SERVICE=N`
fn scale(text: &str) -> Result<(String, u32), String> {
    let pair = text.split_once('=').filter(|(service, _)| !service.is_empty());
    let pair = pair.and_then(|(service, number)| Some((service.to_owned(), number.parse().ok()?)));
    pair.ok_or_else(|| "write it as SERVICE=N, such as web=3".to_owned())
}
