//! What is known of a running command: events in, and everything that is drawn comes out of it.

mod image;
mod row;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::{Event, RowKind, Until};

pub use image::{ImageRow, ImageState};
pub(super) use row::harmless_failure;
pub use row::{Phase, Row};

/// A step that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedStep {
    /// `kind/name`
    pub resource: String,
    /// `create`, `update` …
    pub action: String,
    /// Why.
    pub error: String,
}

/// How the steps of the plan stand.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    /// How many there are.
    pub total: usize,
    /// How many are done.
    pub done: usize,
    /// Those that failed.
    pub failed: Vec<FailedStep>,
    /// How many were not started, or not waited for to the end.
    pub skipped: usize,
    /// Those that run: resource and action, by index.
    pub in_flight: BTreeMap<usize, (String, String)>,
    /// The latest that is done and has no row of its own: resource and action.
    pub latest: Option<(String, String)>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The word of [`Event::Finished`].
    pub outcome: String,
    /// How long it took.
    pub took: Duration,
}

/// A command at one moment. Times are counted from its beginning.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// `deploy`, `down` …
    pub command: String,
    /// The stack.
    pub stack: String,
    /// The environment, when one was named.
    pub environment: Option<String>,
    /// The region.
    pub region: String,
    /// How many services there are.
    pub services: usize,
    /// The release number, once the lock is taken.
    pub release: Option<u64>,
    /// The images that are built or pushed.
    pub images: Vec<ImageRow>,
    /// The services and jobs.
    pub rows: Vec<Row>,
    /// The steps.
    pub steps: Steps,
    /// Whether somebody asked to stop.
    pub stopping: bool,
    /// How it ended, once it has.
    pub ended: Option<Ended>,
    /// Where the application answers: service and URL.
    pub endpoints: Vec<(String, String)>,
}

impl State {
    /// Takes what happened at `now`.
    pub fn apply(&mut self, event: &Event, now: Duration) {
        match event {
            Event::Started {
                command,
                stack,
                region,
                services,
                steps,
                environment,
                rows,
                images,
            } => {
                self.command.clone_from(command);
                self.stack.clone_from(stack);
                self.region.clone_from(region);
                self.services = *services;
                self.environment.clone_from(environment);
                self.steps = Steps { total: *steps, ..Steps::default() };
                self.rows = rows.iter().map(Row::new).collect();
                self.images = images.iter().map(|name| ImageRow::new(name)).collect();
            }
            Event::Continued { steps, rows, images } => {
                self.steps.total += steps;
                for row in rows {
                    match self.rows.iter_mut().find(|known| known.name == row.service) {
                        Some(known) => *known = Row::new(row),
                        None => self.rows.push(Row::new(row)),
                    }
                }
                for name in images {
                    self.image(name);
                }
            }
            Event::Release { number } => self.release = Some(*number),
            Event::Image { service, progress } => self.image(service).apply(progress, now),
            Event::Scanned(scan) => self.image(&scan.service).scanned(scan),
            Event::StepStarted { step, resource, action } => {
                self.steps.in_flight.insert(*step, (resource.clone(), action.clone()));
                if let Some(row) = self.row_of(resource) {
                    row.step_started(action, now);
                }
            }
            Event::StepDone { step, resource, action, detail } => {
                self.steps.in_flight.remove(step);
                self.steps.done += 1;
                self.step_done(resource, action, detail.as_deref(), now);
            }
            Event::StepFailed { step, resource, action, error } => {
                self.steps.in_flight.remove(step);
                self.step_failed(resource, action, error, now);
            }
            Event::StepSkipped { resource, because, .. } => {
                self.steps.skipped += 1;
                if let Some(row) = self.row_of(resource) {
                    row.skipped(because);
                }
            }
            Event::Stopping => self.stopping = true,
            Event::Endpoint { service, url } => {
                self.endpoints.push((service.clone(), url.clone()));
            }
            Event::Finished { outcome, seconds } => {
                let took = Duration::from_secs(*seconds);
                self.ended = Some(Ended { outcome: outcome.clone(), took });
            }
            Event::Rollout { service, .. }
            | Event::TaskFailed { service, .. }
            | Event::Targets { service, .. }
            | Event::Job { service, .. }
            | Event::Log { service, .. } => {
                if let Some(row) = self.rows.iter_mut().find(|row| row.name == *service) {
                    row.apply(event, now);
                }
            }
            Event::Note { .. } | Event::ServiceMessage { .. } | Event::ImageReady(_) => {}
        }
    }

    /// How long the command takes, or took.
    #[must_use]
    pub fn elapsed(&self, now: Duration) -> Duration {
        self.ended.as_ref().map_or(now, |ended| ended.took)
    }

    /// What a row still waits for: the other's name, until when, and whether it can still come.
    #[must_use]
    pub fn waits_of(&self, row: &Row) -> Vec<(String, Until, bool)> {
        let unmet = |(name, until): &(String, Until)| {
            let other = self.rows.iter().find(|other| other.name == *name)?;
            (!other.has_reached(*until)).then(|| (name.clone(), *until, !other.has_failed()))
        };
        row.waits.iter().filter_map(unmet).collect()
    }

    /// Whether the image of a service is still to come.
    #[must_use]
    pub fn awaits_image(&self, row: &Row) -> bool {
        self.images.iter().any(|image| image.name == row.name && !image.has_ended())
    }

    fn image(&mut self, service: &str) -> &mut ImageRow {
        let at = self.images.iter().position(|image| image.name == service);
        let at = at.unwrap_or_else(|| {
            self.images.push(ImageRow::new(service));
            self.images.len() - 1
        });
        &mut self.images[at]
    }

    /// The row that a step is about.
    fn row_of(&mut self, resource: &str) -> Option<&mut Row> {
        let (kind, name) = resource.split_once('/')?;
        let kind = match kind {
            "service" => RowKind::Service,
            "job" => RowKind::Job,
            _ => return None,
        };
        self.rows.iter_mut().find(|row| row.kind == kind && row.name == name)
    }

    fn step_done(&mut self, resource: &str, action: &str, detail: Option<&str>, now: Duration) {
        if let Some(name) = resource.strip_prefix("image/")
            && action != "delete"
        {
            return self.image(name).stands(detail);
        }
        if let Some(row) = self.row_of(resource) {
            row.step_done(action, detail, now);
        }
        if action != "rollout" {
            self.steps.latest = Some((resource.to_owned(), action.to_owned()));
        }
    }

    fn step_failed(&mut self, resource: &str, action: &str, error: &str, now: Duration) {
        if row::is_left(error) {
            self.steps.skipped += 1;
        } else {
            let (resource, action) = (resource.to_owned(), action.to_owned());
            let failed = FailedStep { resource, action, error: error.to_owned() };
            self.steps.failed.push(failed);
        }
        if let Some(name) = resource.strip_prefix("image/")
            && action != "delete"
        {
            self.image(name).fail(error);
        } else if let Some(row) = self.row_of(resource) {
            row.step_failed(error, now);
        }
    }
}
