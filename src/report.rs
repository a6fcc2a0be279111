//! Everything that reaches a person's eyes, or another program's: the only user of stdout and
//! stderr.

pub mod closing;
pub mod coverage;
pub mod diagnostics;
mod json;
pub mod lines;
mod plain;
pub mod plan_text;
pub mod ps;
mod screen;
mod table;

pub use json::Json;
pub use plain::Plain;
pub use screen::{Screen, ScreenOptions};

use crate::event::Event;

/// Draws events.
pub trait Reporter {
    /// Draws one.
    fn event(&self, event: &Event);
}
