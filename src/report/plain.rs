//! A running command as lines, one a change of state: for logs, and terminals that cannot draw.

mod heartbeat;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::frame::{cause, counts, plural, target};
use super::scan::lines as scan_lines;
use super::state::{State, harmless_failure};
use super::ticker::Ticker;
use super::{Reporter, Screen, harmless};
use crate::event::{Event, ImageProgress, JobProgress, RolloutProgress, TargetHealth, TaskFailure};

pub use heartbeat::{HEARTBEAT, heartbeat};

/// How often the silence is measured.
const PERIOD: Duration = Duration::from_secs(1);

/// Append-only lines: one a change of state, and one in [`HEARTBEAT`] where nothing changes.
#[derive(Debug)]
pub struct Plain<'a> {
    screen: &'a Screen,
    start: Instant,
    told: Arc<Mutex<Told>>,
    ticker: Mutex<Option<Ticker>>,
}

/// What was said, and what is known.
#[derive(Debug, Default)]
struct Told {
    state: State,
    /// When the last line was written.
    spoken: Duration,
    /// The last line about each thing, so that nothing is said twice.
    last: BTreeMap<String, String>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Plain<'a> {
    /// Writes to this screen's stderr.
    #[must_use]
    pub fn new(screen: &'a Screen) -> Self {
        Self { screen, start: Instant::now(), told: Arc::default(), ticker: Mutex::default() }
    }

    /// Begins to measure silences.
    fn listen(&self) {
        let (screen, start) = (self.screen.clone(), self.start);
        let told = Arc::clone(&self.told);
        let tick = move || {
            let now = start.elapsed();
            let mut told = lock(&told);
            if let Some(line) = heartbeat(&told.state, now, told.spoken) {
                screen.note(&line);
                told.spoken = now;
            }
        };
        *lock(&self.ticker) = Some(Ticker::new(PERIOD, tick));
    }

    fn note(&self, line: &str) {
        lock(&self.told).spoken = self.start.elapsed();
        self.screen.note(line);
    }

    fn block(&self, text: &str) {
        lock(&self.told).spoken = self.start.elapsed();
        self.screen.block(text);
    }

    /// A line about something, unless it is the last one that was written about it.
    fn once(&self, about: &str, line: &str) {
        let before = lock(&self.told).last.insert(about.to_owned(), line.to_owned());
        if before.as_deref() != Some(line) {
            self.note(line);
        }
    }

    fn image(&self, service: &str, progress: &ImageProgress) {
        let text = match progress {
            ImageProgress::Building => "building".to_owned(),
            ImageProgress::Line { line } => {
                if self.screen.verbose() {
                    self.note(&format!("  image    {service} | {}", harmless(line)));
                }
                return;
            }
            ImageProgress::Pushing => "pushing".to_owned(),
            // How much of it is for bars.
            ImageProgress::Uploaded { .. } | ImageProgress::Layers { .. } => return,
            ImageProgress::Pushed { digest } => format!("pushed {digest}"),
            ImageProgress::Scanning { status } => format!("scan {}", harmless(status)),
        };
        // What an image is built on is built under its name.
        self.once(&format!("image/{service}"), &format!("  image    {service}: {text}"));
    }

    fn rollout(&self, service: &str, progress: &RolloutProgress) {
        let revision = match &progress.replaces {
            Some(old) => format!("{old} -> {}", progress.task_definition),
            None => progress.task_definition.clone(),
        };
        self.once(
            &format!("rollout/{service}"),
            &format!("  rollout  {service}: {revision}, {}", counts(progress)),
        );
    }

    fn job(&self, service: &str, progress: &JobProgress) {
        let text = match progress {
            JobProgress::Started { task, task_definition } => {
                format!("task {task} of {task_definition} starts")
            }
            JobProgress::Running => "running".to_owned(),
            JobProgress::Ended { exit_code: Some(code) } => format!("exited with {code}"),
            JobProgress::Ended { exit_code: None } => "ended".to_owned(),
        };
        self.note(&format!("  job      {service}: {text}"));
    }

    /// Only what is wrong: that targets become healthy is what everybody waits for.
    fn targets(&self, service: &str, targets: &[TargetHealth]) {
        for health in targets.iter().filter(|target| target.state == "unhealthy") {
            self.once(
                &format!("target/{service}/{}", health.target),
                &format!("  rollout  {service}: {}", harmless(&target(health))),
            );
        }
    }

    fn failure(&self, service: &str, failure: &TaskFailure) {
        let failure = harmless_failure(failure);
        self.block(&format!(
            "  rollout  {service}: task {} stopped: {}",
            failure.task, failure.reason
        ));
        for text in cause(&failure) {
            self.block(&format!("             {text}"));
        }
        for line in &failure.log {
            self.block(&format!("             | {line}"));
        }
    }
}

impl Reporter for Plain<'_> {
    fn event(&self, event: &Event) {
        lock(&self.told).state.apply(event, self.start.elapsed());
        match event {
            Event::Started { command, stack, region, services, steps, .. } => {
                self.listen();
                self.note(&format!(
                    "{command} {stack} in {region}: {}, {}",
                    plural(*services, "service"),
                    plural(*steps, "step")
                ));
            }
            Event::Continued { steps, .. } => {
                self.note(&format!("the rest of the project: {}", plural(*steps, "step")));
            }
            Event::Note { message } => self.note(&harmless(message)),
            Event::Image { service, progress } => self.image(service, progress),
            Event::StepStarted { .. } => {}
            Event::StepDone { resource, action, detail, .. } => {
                let detail = detail.as_ref().map(|d| format!(" ({d})")).unwrap_or_default();
                self.note(&format!("  done     {action} {resource}{detail}"));
            }
            Event::StepFailed { resource, action, error, .. } => {
                // What a program said in lines of its own stands in lines of its own.
                let lines: Vec<String> = error.lines().map(harmless).collect();
                let text = lines.join("\n             | ");
                self.block(&format!("  failed   {action} {resource}: {text}"));
            }
            Event::StepSkipped { resource, action, because, .. } => {
                self.block(&format!("  skipped  {action} {resource}, because of {because}"));
            }
            Event::Rollout { service, progress } => self.rollout(service, progress),
            Event::ServiceMessage { service, message } => {
                if self.screen.verbose() {
                    self.note(&format!("  ecs      {service}: {}", harmless(message)));
                }
            }
            Event::TaskFailed { service, failure } => self.failure(service, failure),
            Event::Release { number } => self.note(&format!("  release  {number}")),
            Event::Targets { service, targets } => self.targets(service, targets),
            Event::Job { service, progress } => self.job(service, progress),
            Event::Log { service, line } => {
                self.note(&format!("  job      {service} | {}", harmless(line)));
            }
            Event::Endpoint { service, url } => self.screen.data(&format!("{service}  {url}")),
            Event::ImageReady(image) => {
                self.screen.data(&format!("{}  {}", image.service, image.uri));
            }
            Event::Scanned(scan) => {
                let text = scan_lines(scan).join("\n             ");
                self.block(&format!("  scan     {}: {text}", scan.service));
            }
            Event::Stopping => self.note(super::frame::STOPPING),
            Event::Finished { outcome, seconds } => {
                lock(&self.ticker).take();
                self.note(&format!("{outcome} after {seconds} s"));
            }
        }
    }
}
