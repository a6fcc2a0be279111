//! The drawing of a running command, as lines: a pure function of what is known, the time and the
//! size of the screen.

mod blocks;
mod cause;
mod images;
mod line;
mod rollout;
mod units;

use std::time::Duration;

use self::blocks::{Block, choose};
use self::line::{Line, Paint};
use super::harmless::harmless;
use super::state::{Phase, State};

pub(super) use self::cause::{cause, target};
pub(super) use self::rollout::{counts, verdict};
pub(super) use self::units::{bytes, time};

/// What is said once somebody asked to stop.
pub const STOPPING: &str =
    "stopping: what has started is finished, nothing new is begun; once more ends at once";

/// Where the text of a labelled line begins.
const LABEL: usize = 13;

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// With ANSI colours; nothing is said by colour alone.
    pub color: bool,
    /// With ASCII characters alone.
    pub ascii: bool,
}

/// Where the drawing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Columns; no line is wider.
    pub width: usize,
    /// Rows; all that there is to say when `None`.
    pub height: Option<usize>,
    /// What the terminal can show.
    pub style: Style,
}

impl View {
    fn is_wide(&self) -> bool {
        self.width >= 160
    }

    fn is_narrow(&self) -> bool {
        self.width < 60
    }

    /// How long the bars are; 0 for none.
    fn bar(&self) -> usize {
        match self.width {
            ..60 => 0,
            60..72 => 8,
            72..88 => 12,
            88..160 => 20,
            _ => 30,
        }
    }

    /// The widest that a column of names gets.
    fn names(&self) -> usize {
        match self.width {
            ..60 => 10,
            60..120 => 16,
            _ => 40,
        }
    }
}

/// The command as it stands at `now`, at most `view.width` columns wide and `view.height` lines high.
#[must_use]
pub fn frame(state: &State, now: Duration, view: View) -> Vec<String> {
    let mut top = vec![header(state, now, view)];
    if state.stopping && state.ended.is_none() {
        top.extend(notice(view));
    }
    top.push(Line::default());
    let resources = resources(state, view);
    let mut images = images::blocks(state, now, view);
    let rows = rollout::blocks(state, now, view);
    let bottom = state.ended.as_ref().map(|_| rollout::ending(state, view));
    let fixed = top.len() + resources.len() + usize::from(!rows.is_empty()) + bottom.iter().len();
    let left = view.height.map_or(usize::MAX, |height| height.saturating_sub(fixed));
    let (image_lines, row_lines) = (count(&images), count(&rows));
    if image_lines.saturating_add(row_lines) > left && images::all_done(state) {
        images = vec![images::summary(state)];
    }
    let share = left.saturating_sub(row_lines).max(left / 3).max(1);
    let mut drawn = top;
    let chosen = choose(images, share, view);
    let left = left.saturating_sub(chosen.len());
    drawn.extend(labelled("images", chosen));
    drawn.extend(resources);
    let chosen = choose(rows, left, view);
    if !chosen.is_empty() {
        drawn.push(Line::text(Paint::Plain, "  rollout"));
        drawn.extend(chosen);
    }
    if let Some(height) = view.height {
        drawn.truncate(height.saturating_sub(bottom.iter().len()));
    }
    drawn.extend(bottom);
    drawn.into_iter().map(|line| line.draw(view)).collect()
}

fn count(blocks: &[Block]) -> usize {
    blocks.iter().map(|block| block.lines.len()).sum()
}

/// `decklift deploy  shop · prod · eu-west-1 · 4 services                              1m12s`
fn header(state: &State, now: Duration, view: View) -> Line {
    let mut line = Line::text(Paint::Bold, &format!("decklift {}", state.command));
    let mut parts = vec![state.stack.clone()];
    if let Some(environment) = &state.environment {
        // The stack's name ends in that of the environment.
        if let Some(project) = state.stack.strip_suffix(&format!("-{environment}")) {
            parts[0] = project.to_owned();
        }
        parts.push(environment.clone());
    }
    parts.push(state.region.clone());
    parts.push(plural(state.services, "service"));
    parts.extend(state.release.map(|number| format!("release {number}")));
    let dot = if view.style.ascii { ", " } else { " · " };
    line.push(Paint::Plain, &format!("  {}", harmless(&parts.join(dot))));
    line.right(Paint::Bold, &time(state.elapsed(now)), view);
    line
}

/// What Ctrl-C did, in as many lines as it needs.
fn notice(view: View) -> Vec<Line> {
    let mut lines = vec![String::from(" ")];
    for word in STOPPING.split(' ') {
        let last = lines.len() - 1;
        if lines[last].len() + 1 + word.len() > view.width && !lines[last].trim().is_empty() {
            lines.push(format!("  {word}"));
        } else {
            lines[last].push(' ');
            lines[last].push_str(word);
        }
    }
    lines.iter().map(|text| Line::text(Paint::Warn, text)).collect()
}

/// `  resources  23 of 26   created target group web-80`, and what failed and has no row.
fn resources(state: &State, view: View) -> Vec<Line> {
    let steps = &state.steps;
    let mut line = Line::text(Paint::Plain, "  resources");
    line.pad(LABEL);
    line.push(Paint::Plain, &format!("{} of {}", steps.done, steps.total));
    if !steps.failed.is_empty() {
        line.push(Paint::Bad, &format!(", {} failed", steps.failed.len()));
    }
    if steps.skipped > 0 {
        line.push(Paint::Warn, &format!(", {} not done", steps.skipped));
    }
    if let Some((resource, action)) = steps.latest.as_ref().filter(|_| state.ended.is_none()) {
        line.push(Paint::Dim, &format!("   {} {}", past(action), words(resource)));
    }
    let busy: Vec<String> = steps
        .in_flight
        .values()
        .filter(|(resource, action)| action != "rollout" && !resource.starts_with("image/"))
        .map(|(resource, _)| words(resource))
        .collect();
    if !busy.is_empty() {
        let names = if view.is_wide() || state.rows.is_empty() {
            format!(": {}", busy.join(", "))
        } else {
            String::new()
        };
        line.push(Paint::Dim, &format!("   {} in flight{names}", busy.len()));
    }
    let mut lines = vec![line];
    let rowless: Vec<_> =
        steps.failed.iter().filter(|step| !has_row(state, &step.resource)).collect();
    let shown = if view.height.is_some() { 3 } else { usize::MAX };
    for step in rowless.iter().take(shown) {
        let mut line = Line::default();
        line.pad(LABEL);
        let error = harmless(&step.error);
        line.push(Paint::Bad, line::cross(view));
        line.push(Paint::Plain, &format!(" {} {}: {error}", step.action, words(&step.resource)));
        lines.push(line);
    }
    if rowless.len() > shown {
        let mut line = Line::default();
        line.pad(LABEL);
        line.push(Paint::Dim, &format!("{} and {} more", line::dots(view), rowless.len() - shown));
        lines.push(line);
    }
    lines
}

/// Whether a failure is told in a row of its own.
fn has_row(state: &State, resource: &str) -> bool {
    let Some((kind, name)) = resource.split_once('/') else { return false };
    match kind {
        "image" => state.images.iter().any(|image| image.name == name),
        "service" | "job" => state
            .rows
            .iter()
            .any(|row| row.name == name && !matches!(row.phase, Phase::Waiting | Phase::Unchanged)),
        _ => false,
    }
}

/// The lines with a label before the first.
fn labelled(label: &str, lines: Vec<Line>) -> Vec<Line> {
    let put = |(at, line): (usize, Line)| {
        let text = if at == 0 { format!("  {label}") } else { String::new() };
        let mut labelled = Line::text(Paint::Plain, &text);
        labelled.pad(LABEL);
        labelled.append(line);
        labelled
    };
    lines.into_iter().enumerate().map(put).collect()
}

/// `target group web-80`
fn words(resource: &str) -> String {
    match resource.split_once('/') {
        Some((kind, name)) => harmless(&format!("{} {name}", kind.replace('-', " "))),
        None => harmless(resource),
    }
}

fn past(action: &str) -> &str {
    match action {
        "create" => "created",
        "update in place" => "updated",
        "new deployment" => "deployed",
        "stop" => "stopped",
        "delete" => "deleted",
        other => other,
    }
}

pub(super) fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
