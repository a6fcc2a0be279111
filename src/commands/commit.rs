//! Which commit is at work.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::release::Commit;

/// How long git may take: nobody waits for it.
const GIT: Duration = Duration::from_secs(5);

/// The commit of the folder that the Compose files are in, when there is one. Nothing fails for it.
pub(super) async fn commit(
    folder: &Path,
    variable: impl Fn(&str) -> Option<String>,
) -> Option<Commit> {
    let from_git = async {
        let id = git(folder, &["rev-parse", "HEAD"]).await?;
        let changed = git(folder, &["status", "--porcelain", "--untracked-files=no"]).await?;
        Some(Commit { id: id.trim().to_owned(), dirty: !changed.trim().is_empty() })
    };
    match tokio::time::timeout(GIT, from_git).await.ok().flatten() {
        Some(commit) => Some(commit),
        None => {
            let id = ["GITHUB_SHA", "CI_COMMIT_SHA"].into_iter().find_map(variable)?;
            Some(Commit { id, dirty: false }).filter(|commit| !commit.id.is_empty())
        }
    }
}

/// When the commit of a folder was made: seconds since 1970.
pub(super) async fn time(folder: &Path) -> Option<i64> {
    let asked = git(folder, &["show", "--no-patch", "--format=%ct", "HEAD"]);
    tokio::time::timeout(GIT, asked).await.ok()??.trim().parse().ok()
}

async fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = tokio::process::Command::new("git")
        // A lock file of git's would be in the way of whoever works there.
        .env("GIT_OPTIONAL_LOCKS", "0")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_repository_is_no_fault() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(commit(folder.path(), |_| None).await, None);
        let sha = |name: &str| (name == "GITHUB_SHA").then(|| "5d3fe88".to_owned());
        let commit = commit(folder.path(), sha).await.expect("a commit");
        assert_eq!((&*commit.id, commit.dirty), ("5d3fe88", false));
    }

    #[tokio::test]
    async fn a_commit_has_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(time(folder.path()).await, None);
        let run = |arguments: &[&str]| {
            let output = std::process::Command::new("git")
                .arg("-C")
                .arg(folder.path())
                .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
                .args(["-c", "commit.gpgsign=false"])
                .args(arguments)
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .env("GIT_COMMITTER_DATE", "1700000000 +0100")
                .output();
            assert!(output.expect("git").status.success());
        };
        run(&["init", "-q"]);
        run(&["commit", "-q", "--allow-empty", "-m", "first"]);
        assert_eq!(time(folder.path()).await, Some(1_700_000_000));
    }
}
