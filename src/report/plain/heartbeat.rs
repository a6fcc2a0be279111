use std::time::Duration;

use crate::event::RowKind;
use crate::report::frame::{counts, time};
use crate::report::state::{ImageState, Phase, Row, State};

/// After so long a silence there is a line that says that the command lives.
pub const HEARTBEAT: Duration = Duration::from_secs(30);

/// As many things as such a line names.
const NAMED: usize = 3;

/// The line that breaks a silence since `spoken`, when it is time for one.
#[must_use]
pub fn heartbeat(state: &State, now: Duration, spoken: Duration) -> Option<String> {
    let runs = !state.command.is_empty() && state.ended.is_none();
    if !runs || now.saturating_sub(spoken) < HEARTBEAT {
        return None;
    }
    let mut busy = rows(state, now);
    busy.extend(images(state));
    if busy.is_empty() {
        let steps = state.steps.in_flight.values();
        busy.extend(steps.map(|(resource, action)| format!("{action} {resource}")));
    }
    if busy.is_empty() {
        busy.push(format!("{} of {} steps done", state.steps.done, state.steps.total));
    }
    let more = busy.len().saturating_sub(NAMED);
    busy.truncate(NAMED);
    let mut line = format!("  still    {}", busy.join("; "));
    if more > 0 {
        line.push_str(&format!("; and {more} more"));
    }
    if !busy.iter().any(|text| text.ends_with(')')) {
        line.push_str(&format!(" ({})", time(state.elapsed(now))));
    }
    Some(line)
}

fn rows(state: &State, now: Duration) -> Vec<String> {
    let text = |row: &Row| {
        let what = match (&row.progress, row.kind, &row.phase) {
            (Some(progress), ..) => counts(progress),
            (None, RowKind::Job, Phase::Running) => "running".to_owned(),
            (None, ..) => "starting".to_owned(),
        };
        let took = row.elapsed(now).map(|took| format!(" ({})", time(took))).unwrap_or_default();
        format!("{}: {what}{took}", row.name)
    };
    state.rows.iter().filter(|row| row.is_active()).map(text).collect()
}

fn images(state: &State) -> Vec<String> {
    let text = |image: &crate::report::state::ImageRow| {
        let what = match &image.state {
            ImageState::Building(_) => "building its image".to_owned(),
            ImageState::Pushing => match (image.bytes, image.layers) {
                (Some((done, total)), _) if total > 0 => {
                    format!("pushing its image, {} %", u128::from(done) * 100 / u128::from(total))
                }
                (_, Some((done, total))) => format!("pushing its image, {done}/{total} layers"),
                _ => "pushing its image".to_owned(),
            },
            _ => return None,
        };
        Some(format!("{}: {what}", image.name))
    };
    state.images.iter().filter_map(text).collect()
}
