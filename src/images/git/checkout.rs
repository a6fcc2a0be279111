//! Has git fetch one commit.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::GitContext;
use crate::images::error::ImageError;
use crate::images::kept;

pub(super) async fn checkout(
    context: &GitContext,
    header: Option<&str>,
    cache: &Path,
) -> Result<PathBuf, ImageError> {
    let git = Git { context, header };
    let commit = git.commit().await?;
    let repository = hex::encode(&Sha256::digest(&context.url)[..12]);
    let repository = cache.join("git").join(repository);
    let place = repository.join(&commit);
    if !place.is_dir() {
        let partial = kept::partial(&repository, &commit).await?;
        if let Err(error) = git.fetch(&commit, &partial).await {
            let _ = kept::remove(&partial).await;
            return Err(error);
        }
        kept::settle(&partial, &place).await?;
    }
    inside(context, &place)
}

/// The directory that is named, unless it leads out of the repository.
fn inside(context: &GitContext, place: &Path) -> Result<PathBuf, ImageError> {
    let Some(directory) = &context.directory else { return Ok(place.to_owned()) };
    let failed = |message: String| ImageError::GitFailed { address: context.label(), message };
    let wanted = place.join(directory.trim_start_matches('/'));
    let found = match (wanted.canonicalize(), place.canonicalize()) {
        (Ok(found), Ok(root)) if found.starts_with(&root) => found,
        (Ok(_), Ok(_)) => {
            return Err(failed(format!("`{directory}` leads out of the repository")));
        }
        _ => return Err(failed(format!("it has no directory `{directory}`"))),
    };
    if found.is_dir() {
        return Ok(found);
    }
    Err(failed(format!("`{directory}` is no directory in it")))
}

struct Git<'a> {
    context: &'a GitContext,
    header: Option<&'a str>,
}

impl Git<'_> {
    /// Which commit is meant.
    async fn commit(&self) -> Result<String, ImageError> {
        let reference = self.context.reference.as_deref();
        if let Some(commit) = reference.filter(|reference| is_commit(reference)) {
            return Ok(commit.to_ascii_lowercase());
        }
        let wanted = match reference {
            None => vec!["HEAD".to_owned()],
            Some(name) if name.starts_with("refs/") => {
                vec![format!("{name}^{{}}"), name.to_owned()]
            }
            // As git itself chooses; of a tag with a message, what it is put on.
            Some(name) => vec![
                format!("refs/tags/{name}^{{}}"),
                format!("refs/tags/{name}"),
                format!("refs/heads/{name}"),
            ],
        };
        let mut arguments = vec!["ls-remote".to_owned(), "--quiet".to_owned(), "origin".to_owned()];
        arguments.extend(wanted.iter().cloned());
        let said = self.run(&arguments, Path::new("/")).await?;
        let commit = wanted.iter().find_map(|wanted| {
            said.lines().find_map(|line| {
                let (commit, name) = line.split_once('\t')?;
                (name == wanted && is_commit(commit)).then(|| commit.to_owned())
            })
        });
        commit.ok_or_else(|| {
            let name = reference.unwrap_or("HEAD");
            self.failed(format!("it has no branch, tag or whole commit `{name}`"))
        })
    }

    async fn fetch(&self, commit: &str, place: &Path) -> Result<(), ImageError> {
        let run = async |line: &str| {
            let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
            self.run(&arguments, place).await
        };
        run("init --quiet --template=").await?;
        let alone = run(&format!("fetch --quiet --depth=1 --no-tags origin {commit}")).await;
        if alone.is_err() {
            // Not every server gives a commit by itself, or a history that is cut off.
            run("fetch --quiet --tags origin +refs/heads/*:refs/remotes/origin/*").await?;
        }
        run(&format!("checkout --quiet --detach {commit}")).await?;
        if place.join(".gitmodules").exists() {
            run("submodule --quiet update --init --recursive --depth=1").await?;
        }
        kept::remove(&place.join(".git")).await
    }

    async fn run(&self, arguments: &[String], directory: &Path) -> Result<String, ImageError> {
        let mut settings = vec![
            ("remote.origin.url".to_owned(), self.context.url.clone()),
            // Files as they are stored, whatever this user has them turned into.
            ("core.autocrlf".to_owned(), "false".to_owned()),
            ("core.eol".to_owned(), "lf".to_owned()),
            ("core.hooksPath".to_owned(), "/dev/null".to_owned()),
            ("protocol.ext.allow".to_owned(), "never".to_owned()),
        ];
        if let Some(header) = self.header {
            settings.push(("http.extraHeader".to_owned(), header.to_owned()));
        }
        let mut command = Command::new("git");
        command.args(arguments).current_dir(directory);
        // Where it runs, and not in the repository that decklift was called in.
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"] {
            command.env_remove(name);
        }
        command.env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (number, (key, value)) in settings.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{number}"), key);
            command.env(format!("GIT_CONFIG_VALUE_{number}"), value);
        }
        // Nobody is asked for a password: there may be nobody.
        command.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
        if std::env::var_os("GIT_SSH_COMMAND").is_none() && std::env::var_os("GIT_SSH").is_none() {
            command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        let output = command.output().await.map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound if directory.exists() => {
                ImageError::GitMissing { address: self.context.label() }
            }
            _ => self.failed(source.to_string()),
        })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<_> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(3)..];
        Err(self.failed(last.join("; ").chars().filter(|c| !c.is_control()).take(500).collect()))
    }

    fn failed(&self, message: String) -> ImageError {
        ImageError::GitFailed { address: self.context.label(), message }
    }
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
