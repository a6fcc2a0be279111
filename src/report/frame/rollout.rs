use std::time::Duration;

use super::View;
use super::blocks::{Block, Rank};
use super::cause::{cause, target};
use super::line::{Line, Paint, bar, cross, pipe, shorten, tick, width};
use super::units::time;
use crate::event::{RolloutProgress, RowKind, Until};
use crate::report::harmless::harmless;
use crate::report::state::{Phase, Row, State};

/// Where the name of a row begins.
const INDENT: usize = 4;

/// The widths of the columns that rows share.
struct Columns {
    names: usize,
    revisions: usize,
    running: usize,
    /// `1 pending`, `2 old`, `1 failed`, `breaker 1/3`: 0 for a column that has no room.
    counts: [usize; 4],
}

/// One block a service or job, in the order of the file.
pub(super) fn blocks(state: &State, now: Duration, view: View) -> Vec<Block> {
    let columns = Columns::of(state, view);
    let block = |row: &Row| {
        let mut lines = vec![head(state, row, &columns, now, view)];
        lines.extend(details(row, &columns, view));
        Block { rank: rank(row), lines, indent: INDENT }
    };
    state.rows.iter().map(block).collect()
}

fn rank(row: &Row) -> Rank {
    match row.phase {
        Phase::Failed(_) => Rank::Failed,
        Phase::Starting | Phase::Running | Phase::Left(_) => Rank::Active,
        Phase::Waiting | Phase::Skipped(_) => Rank::Waiting,
        Phase::Done(_) | Phase::Unchanged => Rank::Done,
    }
}

impl Columns {
    fn of(state: &State, view: View) -> Self {
        let widest = |texts: &mut dyn Iterator<Item = String>| {
            texts.map(|text| width(&text)).max().unwrap_or(0)
        };
        let names = widest(&mut state.rows.iter().map(|row| row.name.clone())).min(view.names());
        let revisions = match view.is_narrow() {
            true => 0,
            false => widest(&mut state.rows.iter().map(|row| revision(row, view))),
        };
        let rolling = || state.rows.iter().filter_map(|row| row.progress.as_ref());
        let running = widest(&mut rolling().map(running));
        let active = || {
            let active = state.rows.iter().filter(|row| row.is_active());
            active.filter_map(|row| row.progress.as_ref())
        };
        let mut counts = [0; 4];
        let wanted: [usize; 4] =
            std::array::from_fn(|at| widest(&mut active().map(|p| counted(p)[at].clone())));
        let gapped = |columns: usize, gap: usize| if columns > 0 { columns + gap } else { 0 };
        // The elapsed time has room for `59m59s` and a gap.
        let used = INDENT + gapped(names, 1) + gapped(revisions, 2) + gapped(view.bar(), 1);
        let used = used + running + 7;
        let mut left = view.width.saturating_sub(used);
        let failing = active().any(|progress| progress.failed > 0);
        let order = if failing { [2, 3, 0, 1] } else { [0, 3, 1, 2] };
        for at in order {
            // What matters less does not take the place of what matters more.
            let Some(rest) = left.checked_sub(gapped(wanted[at], 2)) else { break };
            counts[at] = wanted[at];
            left = rest;
        }
        Self { names, revisions, running, counts }
    }
}

/// The line that says how the row stands.
fn head(state: &State, row: &Row, columns: &Columns, now: Duration, view: View) -> Line {
    let mut line = Line::default();
    line.pad(INDENT);
    line.push(Paint::Plain, &shorten(&row.name, columns.names, view));
    line.pad(INDENT + columns.names + 1);
    match &row.phase {
        Phase::Unchanged => line.push(Paint::Dim, "unchanged"),
        Phase::Waiting => line.push(Paint::Dim, &waiting(state, row)),
        Phase::Skipped(because) if because == "interrupted" => {
            line.push(Paint::Warn, "not started: interrupted");
        }
        Phase::Skipped(because) => {
            let (kind, name) = because.split_once('/').unwrap_or(("", because));
            let text = format!("not started, because of {} {name}", kind.replace('-', " "));
            line.push(Paint::Warn, &text);
        }
        Phase::Starting | Phase::Running | Phase::Done(_) | Phase::Left(_) | Phase::Failed(_) => {
            begun(&mut line, row, columns, view);
        }
    }
    let waits = matches!(row.phase, Phase::Unchanged | Phase::Waiting | Phase::Skipped(_));
    if let Some(elapsed) = row.elapsed(now).filter(|_| !waits) {
        line.right(Paint::Plain, &time(elapsed), view);
    }
    line
}

/// The rest of the line of a row that has begun.
fn begun(line: &mut Line, row: &Row, columns: &Columns, view: View) {
    if columns.revisions > 0 {
        let column = line.width();
        line.push(Paint::Plain, &revision(row, view));
        line.pad(column + columns.revisions + 2);
    }
    let ended = |line: &mut Line, paint: Paint, mark: &str, text: &str| {
        if !mark.is_empty() {
            line.push(paint, &format!("{mark} "));
        }
        line.push(Paint::Plain, text);
    };
    match (&row.phase, &row.progress) {
        (Phase::Failed(error), _) => ended(line, Paint::Bad, cross(view), error),
        (Phase::Done(Some(what)), _) => ended(line, Paint::Good, tick(view), what),
        (Phase::Left(why), None) => ended(line, Paint::Warn, "", why),
        (Phase::Done(None), None) => {
            let text = match (row.kind, row.exit_code) {
                (RowKind::Job, Some(code)) => format!("exited with {code}"),
                (RowKind::Job, None) | (RowKind::Service, _) => "done".to_owned(),
            };
            ended(line, Paint::Good, tick(view), &text);
        }
        (_, None) => line.push(Paint::Plain, &pending(row, view)),
        (phase, Some(progress)) => rolling(line, phase, progress, columns, view),
    }
}

/// The bar and the counts of a rollout.
fn rolling(
    line: &mut Line,
    phase: &Phase,
    progress: &RolloutProgress,
    columns: &Columns,
    view: View,
) {
    if view.bar() > 0 {
        let tasks = |count: i32| u64::from(count.max(0).cast_unsigned());
        line.append(bar(view.bar(), tasks(progress.running), tasks(progress.desired), view));
        line.push(Paint::Plain, " ");
    }
    let column = line.width();
    line.push(Paint::Plain, &running(progress));
    line.pad(column + columns.running);
    match phase {
        Phase::Done(_) => {
            line.push(Paint::Good, &format!("  {}", tick(view)));
            line.push(Paint::Plain, " done");
        }
        Phase::Left(why) => line.push(Paint::Warn, &format!("  {why}")),
        _ => {
            let texts = counted(progress);
            for (at, text) in texts.iter().enumerate().filter(|(at, _)| columns.counts[*at] > 0) {
                let paint = if at >= 2 && progress.failed > 0 { Paint::Bad } else { Paint::Plain };
                let column = line.width() + 2;
                line.pad(column);
                line.push(paint, text);
                line.pad(column + columns.counts[at]);
            }
        }
    }
}

/// What is said of a row that has begun and has no tasks to count.
fn pending(row: &Row, view: View) -> String {
    match (&row.task, &row.phase) {
        (Some((task, _)), Phase::Running) => format!("running  task {}", id(task, view)),
        (Some((task, _)), _) => format!("task {} starts", id(task, view)),
        (None, Phase::Running) => "running".to_owned(),
        (None, _) => "starting".to_owned(),
    }
}

/// `waits for migrate to complete, db to be healthy`
fn waiting(state: &State, row: &Row) -> String {
    let waits = state.waits_of(row);
    if waits.is_empty() {
        let what = if state.awaits_image(row) { "its image" } else { "resources" };
        return format!("waits for {what}");
    }
    let broken: Vec<&str> =
        waits.iter().filter(|(.., can)| !can).map(|(name, ..)| name.as_str()).collect();
    if !broken.is_empty() {
        return format!("will not start: {} failed", broken.join(", "));
    }
    let text = |(name, until, _): &(String, Until, bool)| match until {
        Until::Started => name.clone(),
        Until::Healthy => format!("{name} to be healthy"),
        Until::Completed => format!("{name} to complete"),
    };
    format!("waits for {}", waits.iter().map(text).collect::<Vec<_>>().join(", "))
}

/// Rows of a terminal in which the last lines of a log do not push everything else away.
const ROOM: usize = 23;

/// What stands below the line: why a task failed, what the load balancer says. What a job logs is
/// written above the drawing, where it stays.
fn details(row: &Row, columns: &Columns, view: View) -> Vec<Line> {
    let mut lines = Vec::new();
    let indent = if view.is_narrow() { INDENT + 2 } else { INDENT + columns.names + 1 };
    let mut tell = |mark: &str, paint: Paint, text: &str| {
        let mut line = Line::default();
        line.pad(indent);
        line.push(paint, mark);
        line.push(Paint::Plain, text);
        lines.push(line);
    };
    // Where there is no room, the closing report has the rest.
    let last = if view.height.is_some_and(|height| height < ROOM) { 3 } else { 10 };
    let log_mark = format!("  {} ", pipe(view));
    let ended_well = matches!(row.phase, Phase::Done(_));
    if let Some(failure) = row.failure.as_ref().filter(|_| !ended_well) {
        let text = format!(" task {} stopped: {}", id(&failure.task, view), failure.reason);
        tell(cross(view), Paint::Bad, &text);
        for text in cause(failure) {
            tell("  ", Paint::Plain, &text);
        }
        for line in &failure.log[failure.log.len().saturating_sub(last)..] {
            tell(&log_mark, Paint::Dim, line);
        }
    }
    if let Some(first) = row.targets.first().filter(|_| !ended_well) {
        let more = match row.targets.len() {
            1 => String::new(),
            many => format!(", and {} more", many - 1),
        };
        tell("! ", Paint::Warn, &format!("{}{more}", target(first)));
    }
    lines
}

/// The last line: how the command ended.
pub(super) fn ending(state: &State, view: View) -> Line {
    let Some(ended) = &state.ended else { return Line::default() };
    let (good, words) = verdict(&ended.outcome);
    let mut line = Line::text(Paint::Plain, "  ");
    match good {
        Some(true) => line.push(Paint::Good, &format!("{} ", tick(view))),
        Some(false) => line.push(Paint::Bad, &format!("{} ", cross(view))),
        None => {}
    }
    line.push(Paint::Bold, &harmless(words));
    line.push(Paint::Plain, &format!(" after {}", time(ended.took)));
    line
}

/// Whether an outcome is good, bad or neither, and its words.
pub(in crate::report) fn verdict(outcome: &str) -> (Option<bool>, &str) {
    match outcome {
        "done" => (Some(true), "done"),
        "nothing-to-do" => (Some(true), "nothing to do"),
        "failed" => (Some(false), "failed"),
        "rolled-back" => (Some(false), "failed and rolled back"),
        "deployment-failed" => (Some(false), "failed and not rolled back"),
        "job-failed" => (Some(false), "a job failed"),
        "timed-out" => (None, "still in progress when the time was up"),
        other => (None, other),
    }
}

/// `rev 41→42`, `rev 1`; nothing while nothing is known.
fn revision(row: &Row, view: View) -> String {
    let number = |text: &str| text.rsplit(':').next().unwrap_or(text).to_owned();
    match (&row.progress, &row.task) {
        (Some(progress), _) => match &progress.replaces {
            Some(old) if *old != progress.task_definition => {
                let arrow = if view.style.ascii { "->" } else { "→" };
                format!("rev {}{arrow}{}", number(old), number(&progress.task_definition))
            }
            _ => format!("rev {}", number(&progress.task_definition)),
        },
        (None, Some((_, definition))) => format!("rev {}", number(definition)),
        (None, None) => String::new(),
    }
}

fn running(progress: &RolloutProgress) -> String {
    format!("{}/{} running", progress.running, progress.desired)
}

fn counted(progress: &RolloutProgress) -> [String; 4] {
    let count = |count: i32, what: &str| match count {
        ..=0 => String::new(),
        count => format!("{count} {what}"),
    };
    let (failed, breaker) = match progress.breaker {
        Some(threshold) => (String::new(), format!("breaker {}/{threshold}", progress.failed)),
        None => (count(progress.failed, "failed"), String::new()),
    };
    [count(progress.pending, "pending"), count(progress.old, "old"), failed, breaker]
}

/// `3/4 running, 1 pending, 2 old, breaker 1/3`; the breaker only once it has counted something.
pub(in crate::report) fn counts(progress: &RolloutProgress) -> String {
    let [pending, old, failed, breaker] = counted(progress);
    let breaker = if progress.failed > 0 { breaker } else { String::new() };
    let parts = [running(progress), pending, old, failed, breaker];
    parts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
}

/// The beginning of a task's id is enough to find it.
fn id(task: &str, view: View) -> String {
    if view.is_wide() {
        return harmless(task);
    }
    harmless(&task.chars().take(8).collect::<String>())
}
