//! What is said about a lock.

use std::time::Duration;

use crate::error::Error;
use crate::release::{Holder, Loss, Record, Unfinished};

/// `release 12, a deploy by anna@laptop since 2026-03-01T09:30:00Z`
fn release(number: u64, record: &Record) -> String {
    let Record { command, author, started, .. } = record;
    format!("release {number}, a {command} by {author} since {started}")
}

/// Somebody is at work.
pub(super) fn held(holder: &Holder, waited: Option<Duration>) -> Error {
    let who = release(holder.number, &holder.record);
    let left = time(holder.left);
    let after = waited.map(|waited| format!(" after {}", time(waited))).unwrap_or_default();
    if let Some(next) = holder.aside {
        return Error::Lock {
            message: format!(
                "{who} may still be at work{after}: release {next} pushed it aside with --break-lock, \
                 which it notices within another {left}"
            ),
            help: "wait for that with --wait-lock; if it is dead, --break-lock does not wait"
                .to_owned(),
        };
    }
    Error::Lock {
        message: format!(
            "another deployment holds the lock{after}: {who}; its lease lasts another {left} \
             unless it is renewed"
        ),
        help: "wait for it with --wait-lock; if it is dead, its lease runs out, and --break-lock \
               does not wait for that"
            .to_owned(),
    }
}

/// Somebody was faster.
pub(super) fn faster(number: u64, record: Option<&Record>) -> Error {
    let who = record.map_or_else(|| format!("release {number}"), |record| release(number, record));
    Error::Lock {
        message: format!("another deployment was faster: {who}"),
        help: "run the same command again, or wait for the other with --wait-lock".to_owned(),
    }
}

/// The counter was deleted while a plan was made.
pub(super) fn reset() -> Error {
    Error::Lock {
        message: "the releases of this project were deleted while the plan was made".to_owned(),
        help: "run the same command again in half a minute".to_owned(),
    }
}

/// A record that nobody understands.
pub(super) fn unreadable(name: &str, why: &str) -> Error {
    Error::Lock {
        message: format!("nobody can say whether the lock is free: the parameter {name}: {why}"),
        help: "when nobody deploys, go on with --break-lock; the next release follows it"
            .to_owned(),
    }
}

/// The lock is not ours any more.
pub(super) fn lost(number: u64, loss: &Loss) -> Error {
    let message = match loss {
        Loss::Taken { number: other, record } => {
            let who = record
                .as_ref()
                .map_or_else(|| format!("release {other}"), |record| release(*other, record));
            format!("release {number} lost the lock to {who}")
        }
        Loss::Deleted => format!("release {number} lost the lock: its record was deleted"),
        Loss::Expired => format!(
            "release {number} lost the lock: its lease ran out before it could be renewed, because \
             this machine slept, was paused or had no network"
        ),
    };
    Error::Lock {
        message,
        help: "nothing new was started after that; see `decklift history`, and deploy again when \
               nobody else does"
            .to_owned(),
    }
}

/// Whose work is gone on with.
pub(super) fn follows(number: u64, unfinished: &Unfinished) -> String {
    let who = release(unfinished.number, &unfinished.record);
    let state = match unfinished.record.state {
        crate::release::State::Running => "never finished".to_owned(),
        state => state.as_str().replace('-', " "),
    };
    format!("release {number} follows {who}: {state}")
}

/// Who is waited for.
pub(super) fn waits(holder: &Holder, waited: Duration) -> String {
    let who = release(holder.number, &holder.record);
    format!("waiting for {who} ({} so far)", time(waited))
}

/// `4m12s`
fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h{minutes:02}m"),
    }
}
