use std::time::Duration;

use crate::event::{
    Event, JobProgress, RolloutProgress, RowKind, ServiceRow, TargetHealth, TaskFailure, Until,
};
use crate::report::harmless::harmless;

/// What the scheduler says of a rollout that goes on without being watched.
const LEFT: &[&str] = &[
    "no longer watched",
    "still in progress when the time was up",
    "still running when the time was up",
];

/// How far a service or job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// There is nothing to do for it.
    Unchanged,
    /// It has not begun.
    Waiting,
    /// It was asked for, and nothing is known of its tasks.
    Starting,
    /// Its deployment is in progress, or the job's task runs.
    Running,
    /// It succeeded; what came of it, where that is not plain.
    Done(Option<String>),
    /// It goes on, and nobody watches: why.
    Left(String),
    /// It failed: why.
    Failed(String),
    /// It was not started: because of what.
    Skipped(String),
}

/// Whether a rollout goes on without being watched.
pub(super) fn is_left(error: &str) -> bool {
    LEFT.contains(&error)
}

/// A service or job of the Compose file.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// A service or a job.
    pub kind: RowKind,
    /// What it waits for, and until when.
    pub waits: Vec<(String, Until)>,
    /// How far it is.
    pub phase: Phase,
    /// When it began.
    pub since: Option<Duration>,
    /// When it ended.
    pub until: Option<Duration>,
    /// How its rollout stands.
    pub progress: Option<RolloutProgress>,
    /// The first task of it that failed.
    pub failure: Option<TaskFailure>,
    /// Its targets that are not well.
    pub targets: Vec<TargetHealth>,
    /// Of a job: its task, and `family:revision`.
    pub task: Option<(String, String)>,
    /// Of a job: its exit code.
    pub exit_code: Option<i32>,
    started: bool,
}

impl Row {
    pub(super) fn new(row: &ServiceRow) -> Self {
        let ServiceRow { service, kind, unchanged, waits } = row;
        Self {
            name: service.clone(),
            kind: *kind,
            waits: waits.clone(),
            phase: if *unchanged { Phase::Unchanged } else { Phase::Waiting },
            since: None,
            until: None,
            progress: None,
            failure: None,
            targets: Vec::new(),
            task: None,
            exit_code: None,
            started: false,
        }
    }

    /// Whether others that wait until then need not wait any more.
    #[must_use]
    pub fn has_reached(&self, until: Until) -> bool {
        match (&self.phase, until) {
            (Phase::Unchanged | Phase::Done(_), _) => true,
            (Phase::Failed(_) | Phase::Skipped(_), _) => false,
            (_, Until::Started) => self.started,
            (_, Until::Healthy | Until::Completed) => false,
        }
    }

    /// Whether what others wait for will not come.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        matches!(self.phase, Phase::Failed(_) | Phase::Skipped(_))
    }

    /// Whether something happens to it now.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Starting | Phase::Running)
    }

    /// How long it takes, or took.
    #[must_use]
    pub fn elapsed(&self, now: Duration) -> Option<Duration> {
        Some(self.until.unwrap_or(now).saturating_sub(self.since?))
    }

    pub(super) fn step_started(&mut self, action: &str, now: Duration) {
        // A service may be made without tasks long before its turn comes: "create" begins nothing.
        if action == "create" && self.kind == RowKind::Service {
            return;
        }
        if action == "rollout" {
            self.started = true;
        }
        self.since.get_or_insert(now);
        self.until = None;
        if self.phase != Phase::Running {
            self.phase = Phase::Starting;
        }
    }

    pub(super) fn step_done(&mut self, action: &str, detail: Option<&str>, now: Duration) {
        let done = match (self.kind, action) {
            (RowKind::Service, "rollout") => {
                let unwatched = detail == Some("not watched");
                Some(unwatched.then(|| "started, not watched".to_owned()))
            }
            (RowKind::Service, "update in place") => Some(Some("updated in place".to_owned())),
            (RowKind::Service, "create" | "new deployment" | "stop") => None,
            (RowKind::Service | RowKind::Job, "delete") => Some(Some("deleted".to_owned())),
            (RowKind::Service | RowKind::Job, _) => Some(None),
        };
        self.started |= matches!(action, "new deployment" | "update in place");
        if let Some(what) = done {
            self.phase = Phase::Done(what);
            self.until = Some(now);
        }
    }

    pub(super) fn step_failed(&mut self, error: &str, now: Duration) {
        self.until = Some(now);
        self.phase = if is_left(error) {
            Phase::Left(error.to_owned())
        } else {
            Phase::Failed(harmless(error))
        };
    }

    pub(super) fn skipped(&mut self, because: &str) {
        if matches!(self.phase, Phase::Waiting | Phase::Starting) {
            self.phase = Phase::Skipped(because.to_owned());
        }
    }

    pub(super) fn apply(&mut self, event: &Event, now: Duration) {
        match event {
            Event::Rollout { progress, .. } => {
                self.runs(now);
                self.started = true;
                self.progress = Some(progress.clone());
            }
            Event::TaskFailed { failure, .. } => {
                self.failure.get_or_insert_with(|| harmless_failure(failure));
            }
            Event::Targets { targets, .. } => {
                let unwell = |target: &&TargetHealth| {
                    !matches!(target.state.as_str(), "healthy" | "initial" | "draining" | "unused")
                };
                self.targets = targets.iter().filter(unwell).map(harmless_target).collect();
            }
            Event::Job { progress, .. } => self.job(progress, now),
            _ => {}
        }
    }

    fn job(&mut self, progress: &JobProgress, now: Duration) {
        match progress {
            JobProgress::Started { task, task_definition } => {
                self.since.get_or_insert(now);
                self.started = true;
                self.task = Some((task.clone(), task_definition.clone()));
                self.phase = Phase::Starting;
            }
            JobProgress::Running => self.runs(now),
            JobProgress::Ended { exit_code } => {
                self.exit_code = *exit_code;
                self.until = Some(now);
            }
        }
    }

    fn runs(&mut self, now: Duration) {
        self.since.get_or_insert(now);
        if matches!(self.phase, Phase::Waiting | Phase::Starting) {
            self.phase = Phase::Running;
        }
    }
}

fn harmless_target(target: &TargetHealth) -> TargetHealth {
    TargetHealth {
        target: harmless(&target.target),
        state: harmless(&target.state),
        reason: target.reason.as_deref().map(harmless),
        description: target.description.as_deref().map(harmless),
    }
}

/// The failure with nothing in it that steers a terminal.
pub(in crate::report) fn harmless_failure(failure: &TaskFailure) -> TaskFailure {
    let mut failure = failure.clone();
    failure.reason = harmless(&failure.reason);
    for container in &mut failure.containers {
        container.reason = container.reason.as_deref().map(harmless);
    }
    failure.log = failure.log.iter().map(|line| harmless(line)).collect();
    failure.targets = failure.targets.iter().map(harmless_target).collect();
    failure
}
