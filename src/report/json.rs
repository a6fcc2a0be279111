use super::{Reporter, Screen};
use crate::event::Event;

/// One event a line, as JSON, on stdout.
#[derive(Debug)]
pub struct Json<'a> {
    screen: &'a Screen,
}

impl<'a> Json<'a> {
    /// Writes to this screen's stdout.
    #[must_use]
    pub fn new(screen: &'a Screen) -> Self {
        Self { screen }
    }
}

impl Reporter for Json<'_> {
    fn event(&self, event: &Event) {
        // Events hold only strings, numbers and lists of them, which always serialise.
        if let Ok(line) = serde_json::to_string(event) {
            self.screen.data(&line);
        }
    }
}
