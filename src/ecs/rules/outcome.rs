//! The three outcomes of an attribute that does not become itself: ignored, approximated, refused.

use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::ecs::translate::context::Output;
use crate::source::{Located, Span};

/// The way out that is left for what instances have and Fargate has not.
pub(crate) const ON_INSTANCES: &str = "; or run it on EC2 instances: `x-ecs: {launch: ec2}`";

/// Says what becomes of the attributes of one service.
pub(crate) struct Outcomes<'a> {
    service: &'a Service,
    out: &'a mut Output,
}

impl<'a> Outcomes<'a> {
    pub(crate) fn new(service: &'a Service, out: &'a mut Output) -> Self {
        Self { service, out }
    }

    /// It has no effect, and nobody will miss it: a note.
    pub(crate) fn ignored(&mut self, place: Span, message: impl Into<String>, help: &str) {
        self.say(Severity::Note, Code::Ignored, place, message.into(), help);
    }

    /// It has no effect, and somebody may miss it: a warning.
    pub(crate) fn missed(&mut self, place: Span, message: impl Into<String>, help: &str) {
        self.say(Severity::Warning, Code::Ignored, place, message.into(), help);
    }

    /// It works in another way that hardly differs: a note.
    pub(crate) fn near(&mut self, place: Span, message: impl Into<String>, help: &str) {
        self.say(Severity::Note, Code::Approximated, place, message.into(), help);
    }

    /// It works, and differs: a warning.
    pub(crate) fn differs(&mut self, place: Span, message: impl Into<String>, help: &str) {
        self.say(Severity::Warning, Code::Approximated, place, message.into(), help);
    }

    /// It was moved into the range that AWS takes: a warning.
    pub(crate) fn clamped(&mut self, place: Span, message: impl Into<String>, help: &str) {
        self.say(Severity::Warning, Code::Clamped, place, message.into(), help);
    }

    /// The service cannot run without it on Fargate: an error.
    pub(crate) fn refused(&mut self, place: Span, message: impl Into<String>, help: &str) {
        self.say(Severity::Error, Code::Refused, place, message.into(), help);
    }

    /// As [`Self::refused`], for what instances have and Fargate has not.
    pub(crate) fn refused_on_fargate(
        &mut self,
        place: Span,
        message: impl Into<String>,
        help: &str,
    ) {
        self.refused(place, message, &format!("{help}{ON_INSTANCES}"));
    }

    /// No value that Docker takes either: an error.
    pub(crate) fn invalid(&mut self, place: Span, message: impl Into<String>, help: &str) {
        self.say(Severity::Error, Code::InvalidValue, place, message.into(), help);
    }

    fn say(&mut self, severity: Severity, code: Code, place: Span, message: String, help: &str) {
        let diagnostic = match severity {
            Severity::Note => Diagnostic::note(code, message),
            Severity::Warning => Diagnostic::warning(code, message),
            Severity::Error => Diagnostic::error(code, message),
        };
        let diagnostic = diagnostic.at(place, "").help(help);
        self.out.say(diagnostic.service(&self.service.name.value));
    }
}

/// The place of a whole list: from its first item to its last, where these stand in one file.
pub(crate) fn place_of<'a, T: 'a>(items: impl IntoIterator<Item = &'a Located<T>>) -> Option<Span> {
    let mut items = items.into_iter().map(|item| item.span);
    let first = items.next()?;
    Some(items.filter(|item| item.source == first.source).fold(first, |whole, item| Span {
        start: whole.start.min(item.start),
        end: whole.end.max(item.end),
        ..whole
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn the_place_of_a_list_is_that_of_its_items_in_one_file() {
        let mut sources = Sources::default();
        let (one, two) = (sources.add("a", "abcdef"), sources.add("b", "abcdef"));
        let item = |source, start, end| Located::new((), Span::new(source, start, end));
        let list = [item(one, 2, 3), item(two, 0, 6), item(one, 0, 1)];
        assert_eq!(place_of(&list), Some(Span::new(one, 0, 3)));
        assert_eq!(place_of::<()>(&[]), None);
    }
}
