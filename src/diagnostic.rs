//! Faults of the user's own files, as data. Collected here, drawn by `report`.

mod code;
mod coverage;
pub mod credential;
mod example;

pub use code::Code;
pub use coverage::Coverage;
pub use example::{Example, Part};

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::source::Span;

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is deployed.
    Error,
    /// Deployed, but not quite as Compose would run it. An error under `--strict`.
    Warning,
    /// Shown with `--verbose`.
    Note,
}

/// A place that a diagnostic points at, and what to say there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// A few words beside the underline; may be empty.
    pub text: String,
}

/// One fault: what is wrong, where, and the way out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// Its stable name, which `docs/diagnostics.md` explains.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// One lower-case line.
    pub message: String,
    /// The first label is the place of the fault; the others are where it clashes with something.
    pub labels: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
    /// The Compose service it concerns, where there is one.
    pub service: Option<String>,
    /// The part of the attribute at its place that it is about, where a short form or a list has no place
    /// of its own for it: `mode` of an item of `ports`.
    pub part: Option<String>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    /// A warning.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    /// A note.
    pub fn note(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, message)
    }

    fn new(code: Code, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            labels: Vec::new(),
            help: None,
            service: None,
            part: None,
        }
    }

    /// Points at a place.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says which part of the attribute it is about.
    #[must_use]
    pub fn part(mut self, part: impl Into<String>) -> Self {
        self.part = Some(part.into());
        self
    }

    /// Names the service.
    #[must_use]
    pub fn service(mut self, name: impl Into<String>) -> Self {
        self.service = Some(name.into());
        self
    }
}

/// All the diagnostics of a run. It collects and never prints.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    seen: HashSet<u64>,
    omitted: usize,
    has_errors: bool,
}

/// How many are kept. Nobody reads more, and a hostile file could otherwise fill the memory.
const MAX_KEPT: usize = 10_000;

impl Diagnostics {
    /// Takes one in. The same fault at the same place is kept once, and beyond 10,000 they are
    /// only counted; the first error is always kept.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.wants(diagnostic.severity) {
            self.omitted += 1;
            return;
        }
        let mut hasher = DefaultHasher::new();
        diagnostic.hash(&mut hasher);
        if self.list.len() >= MAX_KEPT {
            self.omitted += 1;
        } else if !self.seen.insert(hasher.finish()) {
            return;
        }
        self.has_errors |= diagnostic.severity == Severity::Error;
        self.list.push(diagnostic);
    }

    /// The same for a diagnostic of this severity that is only made where it is kept.
    pub fn push_with(&mut self, severity: Severity, make: impl FnOnce() -> Diagnostic) {
        if self.wants(severity) {
            self.push(make());
        } else {
            self.omitted += 1;
        }
    }

    /// Counts one that would not be kept.
    pub fn omit(&mut self) {
        self.omitted += 1;
    }

    /// Whether a diagnostic of this severity would be kept rather than counted.
    #[must_use]
    pub fn wants(&self, severity: Severity) -> bool {
        self.list.len() < MAX_KEPT || severity == Severity::Error && !self.has_errors
    }

    /// Takes in all of another collection.
    pub fn append(&mut self, other: Self) {
        self.omitted += other.omitted;
        if self.list.is_empty() {
            let omitted = self.omitted;
            *self = Self { omitted, ..other };
        } else {
            self.extend(other);
        }
    }

    /// How many were counted and not kept.
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Whether any is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.has_errors
    }

    /// Turns warnings into errors, as `--strict` asks.
    pub fn make_strict(&mut self) {
        for diagnostic in &mut self.list {
            if diagnostic.severity == Severity::Warning {
                diagnostic.severity = Severity::Error;
                self.has_errors = true;
            }
        }
    }

    /// In the order of the files, faults without a place first.
    #[must_use]
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut list: Vec<_> = self.list.iter().collect();
        list.sort_by_key(|d| d.labels.first().map(|label| label.span));
        list
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// In the order they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<T: IntoIterator<Item = Diagnostic>>(&mut self, iter: T) {
        for diagnostic in iter {
            self.push(diagnostic);
        }
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}
