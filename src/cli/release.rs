use clap::Args;

use super::time;

/// What to do when somebody else is at work.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct LockArgs {
    /// Wait while another deployment of this project runs [TIME by default: 30m]
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "30m", value_parser = time)]
    pub wait_lock: Option<std::time::Duration>,
    /// Push aside another deployment that is not over, or whose record is damaged
    #[arg(long, conflicts_with = "wait_lock")]
    pub break_lock: bool,
}

/// `decklift history`
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// How many releases
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub limit: usize,
}

/// `decklift rollback`
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// Which release [default: the newest that succeeded and is not what runs]
    #[arg(value_name = "RELEASE")]
    pub release: Option<u64>,
    /// Start the rollouts and do not wait for them
    #[arg(short, long)]
    pub detach: bool,
    /// How long the rollout of one service may take: 90s, 15m, 1h
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = time)]
    pub timeout: std::time::Duration,
    #[command(flatten)]
    pub lock: LockArgs,
}
