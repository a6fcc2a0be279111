//! The summary of a deploy on the page of a GitHub workflow run.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};

use super::frame::{cause, time, verdict};
use super::state::{Phase, Row, State};
use super::{Reporter, Screen, harmless};
use crate::event::Event;
use crate::render::render;

/// Hands events on, and at the end appends what came of them to a file, as Markdown.
pub struct Summary<'a> {
    inner: Box<dyn Reporter + 'a>,
    screen: &'a Screen,
    path: PathBuf,
    start: Instant,
    state: Mutex<State>,
}

impl<'a> Summary<'a> {
    /// Draws as `inner` does, and appends to the file at `path`.
    #[must_use]
    pub fn new(inner: Box<dyn Reporter + 'a>, screen: &'a Screen, path: PathBuf) -> Self {
        Self { inner, screen, path, start: Instant::now(), state: Mutex::default() }
    }
}

impl Reporter for Summary<'_> {
    fn event(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.apply(event, self.start.elapsed());
        drop(state);
        self.inner.event(event);
    }
}

impl Drop for Summary<'_> {
    /// The URLs come after the end of the deploy, so that only here everything is known.
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if state.command != "deploy" || state.ended.is_none() {
            return;
        }
        append(&self.path, &markdown(state), self.screen);
    }
}

/// Appends to the summary of a step; that it cannot be is said.
pub(super) fn append(path: &Path, text: &str, screen: &Screen) {
    let file = OpenOptions::new().append(true).create(true).open(path);
    if let Err(error) = file.and_then(|mut file| file.write_all(text.as_bytes())) {
        let path = path.display();
        screen.warning(&format!("failed to write the summary to {path}: {error}"));
    }
}

/// The summary of a deploy that has ended.
#[must_use]
pub fn markdown(state: &State) -> String {
    let (outcome, took) = match &state.ended {
        Some(ended) => (ended.outcome.as_str(), ended.took),
        None => ("interrupted", std::time::Duration::ZERO),
    };
    let (_, words) = verdict(outcome);
    let endpoints: Vec<Value> = state
        .endpoints
        .iter()
        .map(|(service, url)| json!({ "service": escape(service), "url": url }))
        .collect();
    let context = json!({
        "title": escape(&state.stack),
        "verdict": escape(words),
        "took": time(took),
        "region": escape(&state.region),
        "release": state.release,
        "rows": state.rows.iter().map(row).collect::<Vec<_>>(),
        "endpoints": endpoints,
        "failure": failure(state),
    });
    render("summary.md", context).unwrap_or_else(|error| format!("{words}\n\n({error})\n"))
}

fn row(row: &Row) -> Value {
    let revision = match (&row.progress, &row.task) {
        (Some(progress), _) => match &progress.replaces {
            Some(old) if *old != progress.task_definition => {
                format!("`{old}` → `{}`", progress.task_definition)
            }
            _ => format!("`{}`", progress.task_definition),
        },
        (None, Some((_, definition))) => format!("`{definition}`"),
        (None, None) => String::new(),
    };
    let counts = |row: &Row| {
        let progress = row.progress.as_ref();
        progress.map(|progress| format!(": {}/{} running", progress.running, progress.desired))
    };
    let state = match &row.phase {
        Phase::Unchanged => "unchanged".to_owned(),
        Phase::Waiting => "not started".to_owned(),
        Phase::Starting => "starting".to_owned(),
        Phase::Running => format!("in progress{}", counts(row).unwrap_or_default()),
        Phase::Done(Some(what)) => what.clone(),
        Phase::Done(None) => format!("done{}", counts(row).unwrap_or_default()),
        Phase::Left(why) => why.clone(),
        Phase::Failed(error) => format!("failed: {error}"),
        Phase::Skipped(because) => format!("not started, because of {because}"),
    };
    json!({ "name": escape(&row.name), "revision": revision.replace('|', "\\|"), "state": escape(&state) })
}

/// What failed first, with what is known of why.
fn failure(state: &State) -> Option<Value> {
    let step = state.steps.failed.first()?;
    let name = step.resource.split_once('/').map_or(step.resource.as_str(), |(_, name)| name);
    let row = state.rows.iter().find(|row| row.name == name);
    let mut detail = Vec::new();
    if let Some(failure) = row.and_then(|row| row.failure.as_ref()) {
        detail.push(format!("task {} stopped: {}", failure.task, failure.reason));
        detail.extend(cause(failure));
        detail.extend(failure.log.iter().map(|line| format!("| {line}")));
    }
    // Longer than any fence in what it holds.
    let longest = detail.iter().map(|line| longest_run(line)).max().unwrap_or(0);
    Some(json!({
        "what": escape(&format!("{} {}", step.action, step.resource)),
        "reason": escape(&harmless(&step.error)),
        "detail": detail,
        "fence": "`".repeat((longest + 1).max(3)),
    }))
}

/// The longest run of backticks.
fn longest_run(line: &str) -> usize {
    line.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Text that Markdown shows as it is, in a table too.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '@' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\r' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
