//! Everything that reaches a person's eyes, or another program's: the only user of stdout and
//! stderr.

pub mod checked;
pub mod checks;
pub mod closing;
pub mod coverage;
pub mod diagnostics;
pub mod frame;
mod harmless;
pub mod images;
mod json;
pub mod lines;
mod plain;
pub mod plan_text;
mod progress;
pub mod ps;
pub mod scan;
mod screen;
pub mod state;
mod summary;
mod table;
mod ticker;

pub use harmless::harmless;
pub use json::Json;
pub use plain::{HEARTBEAT, Plain, heartbeat};
pub use progress::Progress;
pub use screen::{Screen, ScreenOptions};
pub use summary::{Summary, markdown};

use crate::event::Event;

/// Draws events.
pub trait Reporter {
    /// Draws one.
    fn event(&self, event: &Event);
}
