use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// How far a release is, or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Somebody works on it, or was killed while it did.
    Running,
    /// Everything was done.
    Succeeded,
    /// The rollouts were started and not waited for.
    Detached,
    /// A call failed.
    Failed,
    /// A deployment failed; everything that failed was rolled back.
    RolledBack,
    /// A deployment failed and was not rolled back.
    DeploymentFailed,
    /// A job failed.
    JobFailed,
    /// A rollout was still in progress when the time was up.
    TimedOut,
    /// It was told to stop.
    Interrupted,
    /// Somebody else took the next number before it was done.
    LockLost,
    /// The number was taken and nothing was done under it.
    Abandoned,
}

impl State {
    /// The kebab-case name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Detached => "detached",
            Self::Failed => "failed",
            Self::RolledBack => "rolled-back",
            Self::DeploymentFailed => "deployment-failed",
            Self::JobFailed => "job-failed",
            Self::TimedOut => "timed-out",
            Self::Interrupted => "interrupted",
            Self::LockLost => "lock-lost",
            Self::Abandoned => "abandoned",
        }
    }

    /// Whether every call that was begun was also ended: nothing is half made or half deleted.
    #[must_use]
    pub fn is_settled(self) -> bool {
        !self.is_unfinished() && self != Self::Failed
    }

    /// Whether the run ended before it had come to any result.
    #[must_use]
    pub fn is_unfinished(self) -> bool {
        match self {
            Self::Running | Self::Interrupted | Self::LockLost | Self::Abandoned => true,
            Self::Succeeded
            | Self::Detached
            | Self::Failed
            | Self::RolledBack
            | Self::DeploymentFailed
            | Self::JobFailed
            | Self::TimedOut => false,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a release was made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseCommand {
    /// `decklift deploy`
    Deploy,
    /// `decklift down`
    Down,
    /// `decklift rollback`
    Rollback,
}

impl fmt::Display for ReleaseCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deploy => "deploy",
            Self::Down => "down",
            Self::Rollback => "rollback",
        })
    }
}

/// Who makes a release, as they call themselves. Nothing depends on its truth.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Author {
    /// `user@host`, or the CI's actor.
    pub who: String,
    /// The CI's run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The caller as AWS knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.who)?;
        if let Some(url) = &self.url {
            write!(f, " ({url})")?;
        }
        Ok(())
    }
}

/// Where the Compose files came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Commit {
    /// The git commit.
    pub id: String,
    /// Whether files that git knows differed from it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dirty: bool,
}

/// The revisions of a release, `family:revision` by Compose service.
///
/// They are what the release asked for; whether it was reached is the record's state. A value holds
/// 4 KB, so a list that is too long is written in a shorter way ([`Revisions::prefix`]) and, when
/// that does not do, only in part ([`Revisions::omitted`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Revisions {
    /// What every family below begins with, left out there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// Of services.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, String>,
    /// Of jobs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub jobs: BTreeMap<String, String>,
    /// Of services: the fingerprints of what their task definitions say, so that these need not be read
    /// again; behind a dot, those of what they were asked to say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prints: BTreeMap<String, String>,
    /// Stands for everything that was asked for, but for what those task definitions say; absent where
    /// not all of it was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// How many services and jobs did not fit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Revisions {
    /// Of services: the Compose name, and the whole `family:revision`.
    pub fn of_services(&self) -> impl Iterator<Item = (&str, String)> {
        self.services.iter().map(|(name, text)| (&**name, format!("{}{text}", self.prefix)))
    }

    /// Of jobs: the Compose name, and the whole `family:revision`.
    pub fn of_jobs(&self) -> impl Iterator<Item = (&str, String)> {
        self.jobs.iter().map(|(name, text)| (&**name, format!("{}{text}", self.prefix)))
    }

    /// Leaves out what all families have in common.
    fn shorten(&mut self) {
        let mut all = self.services.values().chain(self.jobs.values());
        let Some(first) = all.next() else { return };
        let mut prefix = first.as_str();
        for other in all {
            let common = prefix.chars().zip(other.chars()).take_while(|(a, b)| a == b);
            let bytes: usize = common.map(|(c, _)| c.len_utf8()).sum();
            prefix = &prefix[..bytes];
        }
        let prefix = prefix.to_owned();
        for text in self.services.values_mut().chain(self.jobs.values_mut()) {
            *text = text[prefix.len()..].to_owned();
        }
        self.prefix.push_str(&prefix);
    }

    /// The fingerprints of what task definitions say, by `family:revision`.
    #[must_use]
    pub fn fingerprints(&self) -> BTreeMap<String, String> {
        let known = |(name, revision)| {
            let print = said(self.prints.get(name)?);
            (!print.is_empty()).then(|| (revision, print.to_owned()))
        };
        self.of_services().filter_map(known).collect()
    }

    /// The fingerprints of what task definitions were asked to say, by Compose service.
    #[must_use]
    pub fn asked(&self) -> BTreeMap<String, String> {
        let asked = |(name, print): (&String, &String)| {
            Some((name.clone(), print.split_once('.')?.1.to_owned()))
        };
        self.prints.iter().filter_map(asked).collect()
    }

    /// Notes what was asked for, all of which was reached.
    pub fn ask(&mut self, base: String, services: &BTreeMap<String, String>) {
        self.base = Some(base);
        for (name, asked) in services {
            let print = self.prints.entry(name.clone()).or_default();
            *print = format!("{print}.{asked}");
        }
    }

    /// Leaves one out; `false` when there is none.
    fn omit(&mut self) -> bool {
        // They only save time, and the longer ones the less of it.
        if self.base.take().is_some() {
            for print in self.prints.values_mut() {
                print.truncate(said(print).len());
            }
            return true;
        }
        if !self.prints.is_empty() {
            self.prints.clear();
            return true;
        }
        let gone = self.jobs.pop_last().or_else(|| self.services.pop_last());
        self.omitted += usize::from(gone.is_some());
        gone.is_some()
    }
}

/// Of a print, what stands for what the task definition says.
fn said(print: &str) -> &str {
    print.split_once('.').map_or(print, |(said, _)| said)
}

/// What the parameter of a release holds: while it runs, the lock; afterwards, the history.
///
/// There is no secret in it and no value of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    /// The format: [`Record::VERSION`].
    pub version: u32,
    /// How far it is.
    pub state: State,
    /// What it was made by.
    pub command: ReleaseCommand,
    /// Who makes it.
    #[serde(flatten)]
    pub author: Author,
    /// Distinguishes runs. Random, and no secret.
    pub nonce: String,
    /// When it began, by its maker's clock.
    pub started: Timestamp,
    /// Seconds that the lease lasts after AWS last saw this written.
    pub lease: u64,
    /// When the lease ends, by the holder's clock: for people, nothing is decided by it.
    pub lease_until: Timestamp,
    /// When it ended, by its maker's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// The commit, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// A hash of what was desired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compose: Option<String>,
    /// The first of the unfinished releases that this one goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resumes: Option<u64>,
    /// The task definitions.
    #[serde(flatten)]
    pub revisions: Revisions,
}

impl Record {
    /// The format that this program writes.
    pub const VERSION: u32 = 1;
    /// The longest value of a standard parameter, in bytes (Systems Manager API reference,
    /// `PutParameter`: "Standard parameters have a value limit of 4 KB").
    pub const LIMIT: usize = 4096;
    /// The longest text in it that somebody else chose, in characters.
    const LONGEST: usize = 200;

    /// A release that begins.
    #[must_use]
    pub fn new(command: ReleaseCommand, author: Author, nonce: String) -> Self {
        Self {
            version: Self::VERSION,
            state: State::Running,
            command,
            author: Author {
                who: tame(&author.who),
                url: author.url.as_deref().map(tame),
                arn: author.arn.as_deref().map(tame),
            },
            nonce,
            started: Timestamp::default(),
            lease: 0,
            lease_until: Timestamp::default(),
            finished: None,
            commit: None,
            compose: None,
            resumes: None,
            revisions: Revisions::default(),
        }
    }

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it, without repeating it.
    pub fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Format {
            version: u32,
        }
        let Format { version } = serde_json::from_str(text)
            .map_err(|_| "its value is not what decklift writes there".to_owned())?;
        if version > Self::VERSION {
            return Err(format!("it was written by a newer decklift (format {version})"));
        }
        // What serde says may quote the value.
        serde_json::from_str(text)
            .map_err(|_| "its value is not what decklift writes there".to_owned())
    }

    /// The value: compact JSON of at most [`Record::LIMIT`] bytes.
    #[must_use]
    pub fn to_value(&self) -> String {
        let text = json(self);
        if text.len() <= Self::LIMIT {
            return text;
        }
        let mut short = self.clone();
        short.revisions.shorten();
        loop {
            let text = json(&short);
            if text.len() <= Self::LIMIT || !short.revisions.omit() {
                return text;
            }
        }
    }

    /// Says which commit it is.
    pub fn set_commit(&mut self, commit: Option<Commit>) {
        self.commit = commit.map(|commit| Commit { id: tame(&commit.id), ..commit });
    }

    /// How long the lease lasts.
    #[must_use]
    pub fn lease(&self) -> Duration {
        // More than a day is nobody's lease.
        Duration::from_secs(self.lease.min(86_400))
    }
}

/// Parameter Store refuses `{{…}}`, which it takes for a reference. In JSON two opening braces only
/// stand side by side inside a string.
fn json(record: &Record) -> String {
    // Strings, numbers and maps with string keys always serialise.
    serde_json::to_string(record).unwrap_or_default().replace("{{", "{\\u007b")
}

/// A text that somebody else chose, without what a terminal might obey, and not too long.
fn tame(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(Record::LONGEST).collect()
}
