//! Runs a job and follows it to its end.

use std::collections::BTreeMap;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::cloud::{Cloud, CloudError, JobRun, JobState, JobTask};
use super::rollout::WatchOptions;
use crate::event::{Event, Events, JobProgress};

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobVerdict {
    /// Every task of it exited with 0.
    Succeeded,
    /// A task ended in another way.
    Failed {
        /// In words.
        reason: String,
    },
    /// It was still running when the time was up.
    TimedOut,
    /// The run was told to stop; the job goes on.
    Interrupted,
}

/// How often a look may fail in a row before watching gives up.
const FAILED_LOOKS: u32 = 5;

/// How many more looks the log gets after the end: lines arrive later than the end is known.
const LAST_LOOKS: u32 = 3;

/// Starts a job, or finds it running, and follows it.
///
/// # Errors
///
/// When it cannot be started, or not be read several times in a row.
pub async fn run_job<C: Cloud>(
    cloud: &C,
    name: &str,
    run: &JobRun,
    options: WatchOptions,
    stop: &watch::Receiver<bool>,
    events: &dyn Events,
) -> Result<JobVerdict, CloudError> {
    let tasks = cloud.run_job(run).await?;
    let definition = run.body.task_definition.known().unwrap_or_default();
    for arn in &tasks {
        let progress = JobProgress::Started {
            task: last_segment(arn).to_owned(),
            task_definition: last_segment(definition).to_owned(),
        };
        events.emit(Event::Job { service: name.to_owned(), progress });
    }
    let several = tasks.len() > 1;
    let mut follower =
        Follower { cloud, name, run, events, several, positions: BTreeMap::new(), running: false };
    let verdict = follower.follow(&tasks, options, stop).await?;
    if verdict == JobVerdict::Succeeded
        && let Err(error) = cloud.complete_job(run).await
    {
        // It has run; that this is not kept only means that the next deploy runs it again.
        let message = format!("{name} has completed, but this could not be kept: {error}");
        events.emit(Event::Note { message });
    }
    Ok(verdict)
}

struct Follower<'a, C> {
    cloud: &'a C,
    name: &'a str,
    run: &'a JobRun,
    events: &'a dyn Events,
    /// Whether lines must say whose they are.
    several: bool,
    /// By task: where its log goes on.
    positions: BTreeMap<String, Option<String>>,
    running: bool,
}

impl<C: Cloud> Follower<'_, C> {
    async fn follow(
        &mut self,
        tasks: &[String],
        options: WatchOptions,
        stop: &watch::Receiver<bool>,
    ) -> Result<JobVerdict, CloudError> {
        let deadline = Instant::now() + options.timeout;
        let mut stop = stop.clone();
        let mut failed_looks = 0;
        loop {
            if *stop.borrow() {
                return Ok(JobVerdict::Interrupted);
            }
            let mut next = Instant::now() + options.poll;
            match self.cloud.job_tasks(self.run, tasks).await {
                Ok(found) => {
                    failed_looks = 0;
                    self.tell(&found).await;
                    if found.iter().all(|task| task.state == JobState::Stopped) {
                        self.last_lines(&found, options).await;
                        return Ok(self.judge(found));
                    }
                }
                Err(error) => {
                    failed_looks += 1;
                    if failed_looks >= FAILED_LOOKS {
                        return Err(error);
                    }
                }
            }
            if Instant::now() >= deadline {
                return Ok(JobVerdict::TimedOut);
            }
            next = next.min(deadline);
            tokio::select! {
                () = sleep_until(next) => {}
                changed = stop.changed() => if changed.is_err() {
                    // Nobody can stop this run any more; the clock alone decides.
                    sleep_until(next).await;
                }
            }
        }
    }

    async fn tell(&mut self, found: &[JobTask]) {
        let runs = found.iter().any(|task| task.state != JobState::Pending);
        if runs && !self.running {
            self.running = true;
            self.emit(JobProgress::Running);
        }
        for task in found.iter().filter(|task| task.state != JobState::Pending) {
            self.lines(&task.arn).await;
        }
    }

    /// The new lines of a task. A log that cannot be read is no reason to give the job up.
    async fn lines(&mut self, arn: &str) -> bool {
        let position = self.positions.get(arn).cloned().flatten();
        let Ok(page) = self.cloud.job_log(self.run, arn, position).await else { return false };
        let id = last_segment(arn);
        for line in &page.lines {
            let line = if self.several { format!("{id} | {line}") } else { line.clone() };
            self.events.emit(Event::Log { service: self.name.to_owned(), line });
        }
        if page.position.is_some() {
            self.positions.insert(arn.to_owned(), page.position);
        }
        !page.lines.is_empty()
    }

    async fn last_lines(&mut self, found: &[JobTask], options: WatchOptions) {
        let mut quiet = 0;
        while quiet < LAST_LOOKS {
            let mut new = false;
            for task in found {
                new |= self.lines(&task.arn).await;
            }
            quiet = if new { 0 } else { quiet + 1 };
            if quiet < LAST_LOOKS {
                tokio::time::sleep(options.poll / 3).await;
            }
        }
    }

    fn judge(&self, found: Vec<JobTask>) -> JobVerdict {
        let mut verdict = JobVerdict::Succeeded;
        for task in found {
            self.emit(JobProgress::Ended { exit_code: task.exit_code });
            if task.exit_code == Some(0) {
                continue;
            }
            let why = task.failure.as_ref().map_or("it was stopped", |f| f.reason.as_str());
            let reason = match task.exit_code {
                Some(code) => format!("the job exited with {code}"),
                None => format!("the job did not run to its end: {why}"),
            };
            if let Some(failure) = task.failure {
                self.events.emit(Event::TaskFailed { service: self.name.to_owned(), failure });
            }
            if verdict == JobVerdict::Succeeded {
                verdict = JobVerdict::Failed { reason };
            }
        }
        verdict
    }

    fn emit(&self, progress: JobProgress) {
        self.events.emit(Event::Job { service: self.name.to_owned(), progress });
    }
}

/// The task's id, or `family:revision`.
fn last_segment(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
