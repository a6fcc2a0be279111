use std::path::PathBuf;

use clap::Args;

use crate::inspect::Moment;

/// `decklift logs`
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// Only these services [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Go on with what is written from now on, also by new tasks
    #[arg(short, long, conflicts_with = "previous")]
    pub follow: bool,
    /// Compose file; after `logs`, -f is --follow, as in docker compose
    // The global option of this id, without the letter.
    #[arg(long = "file", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Lines of all tasks since then: 10m, 2h, 2026-11-21T05:06:19Z, or seconds since 1970 [default:
    /// lines of the tasks that run]
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub since: Option<String>,
    /// The last lines of each task, or `all` [default: 1000, or all with --since]
    #[arg(short = 'n', long, value_name = "LINES", value_parser = tail)]
    pub tail: Option<TailLines>,
    /// Only lines that match this filter pattern of CloudWatch Logs
    #[arg(long, value_name = "PATTERN")]
    pub filter: Option<String>,
    /// Lines of tasks that have stopped
    #[arg(long)]
    pub previous: bool,
    /// With the time of each line
    #[arg(short, long)]
    pub timestamps: bool,
    /// Without colours
    #[arg(long)]
    pub no_color: bool,
    /// Without service and task in front of each line
    #[arg(long)]
    pub no_log_prefix: bool,
}

/// How many lines of each task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TailLines {
    /// Every one.
    All,
    /// The last ones.
    Last(usize),
}

fn tail(text: &str) -> Result<TailLines, String> {
    if text == "all" {
        return Ok(TailLines::All);
    }
    let count = text.parse().map_err(|_| format!("`{text}` is no number of lines, nor `all`"))?;
    Ok(TailLines::Last(count))
}

/// Checked here, and read again when the time is there to count back from.
fn since(text: &str) -> Result<String, String> {
    match Moment::parse(text, Moment::now()) {
        Some(_) => Ok(text.to_owned()),
        None => {
            Err(format!("`{text}` is no time such as 10m, 2h, 2026-11-21T05:06:19Z or 1795237579"))
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::{Cli, Command};

    #[test]
    fn after_logs_the_letter_f_follows() {
        for line in ["decklift -f a.yaml logs -f web", "decklift logs web -f --file a.yaml"] {
            let cli = Cli::try_parse_from(line.split(' ')).expect(line);
            assert_eq!(cli.global.files, [std::path::PathBuf::from("a.yaml")], "{line}");
            let Command::Logs(logs) = cli.command else { panic!("{line}") };
            assert!(logs.follow && logs.services == ["web"], "{line}");
        }
        assert!(Cli::try_parse_from(["decklift", "logs", "-f", "--previous"]).is_err());
    }
}
