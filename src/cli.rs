//! The command line: types only.

mod config;
mod logs;
mod push;
mod release;
mod scope;
mod verify;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use config::{ConfigArgs, ConfigFormat};
pub use logs::{LogsArgs, TailLines};
pub use push::{BuildArgs, GivenArgs, ImagesArgs, PushArgs, ScanArgs};
pub use release::{HistoryArgs, LockArgs, RollbackArgs};
pub use scope::{PlanArgs, ScopeArgs};
pub use verify::VerifyArgs;

use crate::inspect::duration;

/// Lift a Docker Compose application onto Amazon ECS.
#[derive(Debug, Parser)]
#[command(name = "decklift", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes, before it or after it.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Compose file; may be given several times, later ones win [default: compose.yaml]
    #[arg(short = 'f', long = "file", global = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Project name
    #[arg(short = 'p', long, global = true, value_name = "NAME")]
    pub project_name: Option<String>,
    /// File with variables for the Compose file; may be given several times [default: .env]
    #[arg(long = "env-file", global = true, value_name = "FILE")]
    pub env_files: Vec<PathBuf>,
    /// Compose profile to activate; may be given several times
    #[arg(long = "profile", global = true, value_name = "NAME")]
    pub profiles: Vec<String>,
    /// Directory that relative paths are resolved against
    #[arg(long, global = true, value_name = "DIR")]
    pub project_directory: Option<PathBuf>,
    /// Environment: adds compose.NAME.yaml and suffixes every AWS name
    #[arg(short = 'E', long, global = true, value_name = "NAME")]
    pub environment: Option<String>,
    /// AWS region
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// Profile of the AWS configuration
    #[arg(long, global = true, value_name = "NAME")]
    pub aws_profile: Option<String>,
    /// Role to take with the credentials that there are
    #[arg(long, global = true, value_name = "ARN")]
    pub assume_role: Option<String>,
    /// What the trust policy of that role asks for by sts:ExternalId
    #[arg(long, global = true, value_name = "ID", requires = "assume_role")]
    pub external_id: Option<String>,
    /// What goes to stdout
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: OutputFormat,
    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
    /// Only errors and results
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Notes too
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Use a local AWS emulator instead of AWS; starts one or joins the one that runs
    #[arg(long, global = true)]
    pub sandbox: bool,
    /// ecs-params.yml of the retired ecs-cli
    #[arg(long, global = true, value_name = "FILE")]
    pub ecs_params: Option<PathBuf>,
    /// Ask the local engine, then registries, what images say themselves: ports, health check, user,
    /// machine
    #[arg(long, global = true)]
    pub inspect_images: bool,
}

/// What goes to stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// Text for people
    #[default]
    Text,
    /// JSON, one document or one event a line
    Json,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check the Compose files against ECS; no network, no credentials
    Check(CheckArgs),
    /// Say what a diagnostic means, and what to do about it
    Explain(ExplainArgs),
    /// Print the resolved Compose model
    Config(ConfigArgs),
    /// Write the AWS requests as files; no network, no credentials
    Convert(ConvertArgs),
    /// Show what deploy would do, and why
    Plan(PlanArgs),
    /// Look for what stands in the way of a deploy, all at once; changes nothing
    Verify(VerifyArgs),
    /// Build images and push them to ECR; print their digests
    Push(PushArgs),
    /// Show which image each service needs, whether it stands in ECR, and how large it is
    Images(ImagesArgs),
    /// Build, push, and bring the services on ECS to what the Compose file says
    #[command(visible_alias = "up")]
    Deploy(DeployArgs),
    /// Show the services, their tasks, and what load balancers think of them
    #[command(visible_alias = "status")]
    Ps(PsArgs),
    /// Show what containers wrote
    Logs(LogsArgs),
    /// Delete what decklift made
    Down(DownArgs),
    /// List the releases: what was deployed when, by whom, and what came of it
    History(HistoryArgs),
    /// Go back to a release of the whole app, by the digests that it ran
    Rollback(RollbackArgs),
    /// Print the least IAM policy that deploying this file takes; no network, no credentials
    IamPolicy(IamPolicyArgs),
    /// Write a CI pipeline that checks, plans and deploys
    Init(InitArgs),
    /// Look whether this machine can deploy: credentials, clock, way to AWS, engine
    Doctor,
    /// Print the JSON Schema of `x-ecs`, for editors
    Schema,
    /// The local AWS emulator behind --sandbox
    Sandbox {
        #[command(subcommand)]
        command: SandboxCommand,
    },
}

/// `decklift check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Treat warnings as errors
    #[arg(long)]
    pub strict: bool,
}

/// `decklift explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The name in brackets behind `error`, `warning` or `note` [default: list them all]
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

/// `decklift convert`
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// Folder for one file a request [default: one document on stdout]
    #[arg(short = 'o', long = "out", value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write images by the digests that registries have under their tags today, as `deploy` sends them:
    /// asks the network
    #[arg(long)]
    pub resolve_digests: bool,
    /// Treat warnings as errors
    #[arg(long)]
    pub strict: bool,
}

/// `decklift deploy`
#[derive(Clone, Debug, Args)]
pub struct DeployArgs {
    /// Only these services and what they depend on [default: all]; or a file that `plan -o` wrote, of
    /// which exactly what it says is done, or nothing. A service of that name goes first
    #[arg(value_name = "SERVICE|FILE")]
    pub targets: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Agree to new public endpoints
    #[arg(long)]
    pub allow_public: bool,
    /// Start the rollouts and do not wait for them
    #[arg(short, long)]
    pub detach: bool,
    /// Wait for the rollouts even so: as in docker compose, where `up -d --wait` is usual
    #[arg(long)]
    pub wait: bool,
    /// Taken for the sake of docker compose: what left the file is always removed
    #[arg(long)]
    pub remove_orphans: bool,
    /// Look at nothing that the files name and others made: roles, secrets, subnets ...; what is wrong
    /// with it then shows when it is used
    #[arg(long)]
    pub no_verify: bool,
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// Build and push nothing; refused when an image is missing
    #[arg(long, conflicts_with_all = ["build", "no_cache"])]
    pub no_build: bool,
    /// Have a VPC made for the project where it has none; it is kept until the file names another one
    #[arg(long)]
    pub create_vpc: bool,
    #[command(flatten)]
    pub build: BuildArgs,
    #[command(flatten)]
    pub given: GivenArgs,
    /// How long the rollout of one service may take: 90s, 15m, 1h
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = time)]
    pub timeout: std::time::Duration,
    /// Treat warnings as errors
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub scan: ScanArgs,
    #[command(flatten)]
    pub lock: LockArgs,
}

impl DeployArgs {
    /// Whether nobody waits for the rollouts.
    #[must_use]
    pub fn is_detached(&self) -> bool {
        self.detach && !self.wait
    }
}

/// `decklift ps`
#[derive(Debug, Args)]
pub struct PsArgs {
    /// Only these services [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
}

/// `decklift iam-policy`
#[derive(Debug, Args)]
pub struct IamPolicyArgs {
    /// The account that is deployed to, twelve digits
    #[arg(long, value_name = "ID", value_parser = account)]
    pub account: Option<String>,
    /// With what `verify` reads besides
    #[arg(long)]
    pub verify: bool,
    /// Treat warnings as errors
    #[arg(long)]
    pub strict: bool,
}

/// `decklift init`
#[derive(Debug, Args)]
pub struct InitArgs {
    /// For which CI system
    #[arg(long, value_enum, value_name = "SYSTEM")]
    pub ci: CiSystem,
    /// Where to write it; `-` for stdout [default: where the CI system looks for it]
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Overwrite what is there
    #[arg(long)]
    pub force: bool,
}

/// The CI systems that there is a pipeline for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CiSystem {
    /// GitHub Actions, with OpenID Connect
    Github,
}

/// `decklift down`
#[derive(Debug, Args)]
pub struct DownArgs {
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Delete volumes and their content too
    #[arg(long)]
    pub volumes: bool,
    /// Delete repositories and their images too
    #[arg(long)]
    pub images: bool,
    /// Delete everything, the releases too
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub lock: LockArgs,
}

/// `decklift sandbox`
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Whether it runs, where it answers, and which promises hold in it
    Status,
    /// What it printed
    Logs {
        /// How many lines
        #[arg(long, default_value_t = 200, value_name = "LINES")]
        tail: usize,
    },
    /// End it; what was deployed in it is gone
    Stop,
    /// Empty it
    Reset,
}

/// The number of an AWS account.
fn account(text: &str) -> Result<String, String> {
    let is_number = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.to_owned()).ok_or_else(|| "an account has twelve digits".to_owned())
}

/// How long: seconds, or a time with units.
fn time(text: &str) -> Result<std::time::Duration, String> {
    let seconds = text.parse().map(std::time::Duration::from_secs).ok();
    seconds
        .or_else(|| duration(text))
        .ok_or_else(|| format!("`{text}` is not a time such as 90s, 15m or 1h"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_and_after_the_command() {
        for line in ["decklift -f a.yaml plan", "decklift plan -f a.yaml"] {
            let cli = Cli::try_parse_from(line.split(' ')).expect(line);
            assert_eq!(cli.global.files, [PathBuf::from("a.yaml")]);
        }
    }

    #[test]
    fn waiting_has_a_limit_unless_one_is_given() {
        let lock = |line: &str| match Cli::try_parse_from(line.split(' ')).map(|cli| cli.command) {
            Ok(Command::Deploy(arguments)) => Some(arguments.lock.wait_lock.map(|t| t.as_secs())),
            _ => None,
        };
        assert_eq!(lock("decklift deploy"), Some(None));
        assert_eq!(lock("decklift deploy --wait-lock"), Some(Some(1800)));
        assert_eq!(lock("decklift deploy --wait-lock=90s"), Some(Some(90)));
        assert_eq!(lock("decklift deploy --wait-lock --break-lock"), None);
    }

    #[test]
    fn as_docker_compose_is_called() {
        let detached = |line: &str| match Cli::try_parse_from(line.split(' ')).map(|c| c.command) {
            Ok(Command::Deploy(arguments)) => Some(arguments.is_detached()),
            _ => None,
        };
        assert_eq!(detached("decklift up --remove-orphans --build"), Some(false));
        assert_eq!(detached("decklift up -d"), Some(true));
        assert_eq!(detached("decklift up -d --wait"), Some(false));
    }

    #[test]
    fn times() {
        let seconds = |text| time(text).map(|d| d.as_secs());
        assert_eq!(seconds("90"), Ok(90));
        assert_eq!(seconds("1h30m"), Ok(5400));
        assert!(seconds("").is_err() && seconds("1h30").is_err() && seconds("-5").is_err());
    }
}
