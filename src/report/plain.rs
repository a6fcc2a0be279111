use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{Reporter, Screen};
use crate::event::{Event, ImageProgress, JobProgress, RolloutProgress, TargetHealth, TaskFailure};

/// Append-only lines: one a change of state.
#[derive(Debug)]
pub struct Plain<'a> {
    screen: &'a Screen,
    /// The last line of each service's rollout, so that nothing is said twice.
    last: RefCell<BTreeMap<String, String>>,
}

impl<'a> Plain<'a> {
    /// Writes to this screen's stderr.
    #[must_use]
    pub fn new(screen: &'a Screen) -> Self {
        Self { screen, last: RefCell::default() }
    }

    fn image(&self, service: &str, progress: &ImageProgress) {
        let text = match progress {
            ImageProgress::Building => "building".to_owned(),
            ImageProgress::Line { line } => {
                if self.screen.verbose() {
                    self.screen.note(&format!("  image    {service} | {line}"));
                }
                return;
            }
            ImageProgress::Pushing => "pushing".to_owned(),
            // Bytes are for bars.
            ImageProgress::Uploaded { .. } => return,
            ImageProgress::Pushed { digest } => format!("pushed {digest}"),
        };
        self.screen.note(&format!("  image    {service}: {text}"));
    }

    fn rollout(&self, service: &str, progress: &RolloutProgress) {
        let mut text = match &progress.replaces {
            Some(old) => format!("{old} -> {}", progress.task_definition),
            None => progress.task_definition.clone(),
        };
        text.push_str(&format!(", {}/{} running", progress.running, progress.desired));
        for (count, what) in [(progress.pending, "pending"), (progress.old, "old")] {
            if count > 0 {
                text.push_str(&format!(", {count} {what}"));
            }
        }
        if progress.failed > 0 {
            match progress.breaker {
                Some(threshold) => {
                    text.push_str(&format!(", {} failed of {threshold}", progress.failed));
                }
                None => text.push_str(&format!(", {} failed", progress.failed)),
            }
        }
        if self.last.borrow_mut().insert(service.to_owned(), text.clone()).as_ref() != Some(&text) {
            self.screen.note(&format!("  rollout  {service}: {text}"));
        }
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
        self.screen.note(&format!("  job      {service}: {text}"));
    }

    /// Only what is wrong: that targets become healthy is what everybody waits for.
    fn targets(&self, service: &str, targets: &[TargetHealth]) {
        for target in targets.iter().filter(|target| target.state == "unhealthy") {
            self.screen.note(&format!("  rollout  {service}: target {}", target_text(target)));
        }
    }

    fn failure(&self, service: &str, failure: &TaskFailure) {
        self.screen.block(&format!(
            "  rollout  {service}: task {} stopped: {}",
            failure.task, failure.reason
        ));
        for container in &failure.containers {
            let mut text = format!("             container {}", container.name);
            if let Some(code) = container.exit_code {
                text.push_str(&format!(" exited with {code}"));
            }
            if let Some(reason) = &container.reason {
                text.push_str(&format!(": {reason}"));
            }
            self.screen.block(&text);
        }
        for target in &failure.targets {
            self.screen.block(&format!("             target {}", target_text(target)));
        }
        for line in &failure.log {
            self.screen.block(&format!("             | {line}"));
        }
    }
}

/// `10.0.0.7:80 is unhealthy: Health checks failed with these codes: [500]`
fn target_text(target: &TargetHealth) -> String {
    let mut text = format!("{} is {}", target.target, target.state);
    if let Some(why) = target.description.as_ref().or(target.reason.as_ref()) {
        text.push_str(&format!(": {why}"));
    }
    text
}

impl Reporter for Plain<'_> {
    fn event(&self, event: &Event) {
        match event {
            Event::Started { command, stack, region, services, steps, .. } => {
                self.screen.note(&format!(
                    "{command} {stack} in {region}: {services} services, {steps} steps"
                ));
            }
            Event::Note { message } => self.screen.note(message),
            Event::Image { service, progress } => self.image(service, progress),
            Event::StepStarted { .. } => {}
            Event::StepDone { resource, action, detail, .. } => {
                let detail = detail.as_ref().map(|d| format!(" ({d})")).unwrap_or_default();
                self.screen.note(&format!("  done     {action} {resource}{detail}"));
            }
            Event::StepFailed { resource, action, error, .. } => {
                self.screen.block(&format!("  failed   {action} {resource}: {error}"));
            }
            Event::StepSkipped { resource, action, because, .. } => {
                self.screen.block(&format!("  skipped  {action} {resource}, because of {because}"));
            }
            Event::Rollout { service, progress } => self.rollout(service, progress),
            Event::ServiceMessage { service, message } => {
                if self.screen.verbose() {
                    self.screen.note(&format!("  ecs      {service}: {message}"));
                }
            }
            Event::TaskFailed { service, failure } => self.failure(service, failure),
            Event::Release { number } => self.screen.note(&format!("  release  {number}")),
            Event::Targets { service, targets } => self.targets(service, targets),
            Event::Job { service, progress } => self.job(service, progress),
            Event::Log { service, line } => {
                self.screen.note(&format!("  job      {service} | {line}"));
            }
            Event::Endpoint { service, url } => self.screen.data(&format!("{service}  {url}")),
            Event::Finished { outcome, seconds } => {
                self.screen.note(&format!("{outcome} after {seconds} s"));
            }
        }
    }
}
