use super::Decoder;
use crate::diagnostic::{Code, Diagnostic};

/// How far a document has come. The reference looks at one several times, at more of it each time,
/// and refuses what it finds even where a later file would replace it; a fault counts from the
/// stage at which the reference finds it. Each place that reports a fault names that stage once, with
/// [`Decoder::noted_at`] or [`Decoder::values_at`], unless it is what the fault's code says.
///
/// A document whose variables stay as they are written is looked at from [`Stage::Read`] to
/// [`Stage::Import`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::compose) enum Stage {
    /// One document by itself, as the files are that services are extended from, its variables
    /// replaced: texts that stand for numbers and booleans, for ports and devices.
    Cast,
    /// The same, whether or not variables are replaced: what else has a short form.
    Read,
    /// What the documents up to one come to: the types, names and words of Compose's schema.
    Shape,
    /// A project, the included ones too: addresses, and what excludes each other.
    Import,
    /// The whole project: sizes, durations, and what else the project's model does not take.
    Whole,
}

/// From which stage on faults count where that differs from what their code says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Noted {
    values: Option<Stage>,
    all: Option<Stage>,
}

impl Noted {
    fn stage(self, code: Code) -> Stage {
        let usual = match code {
            Code::InvalidValue => self.values.unwrap_or(Stage::Cast),
            _ => Stage::Shape,
        };
        self.all.unwrap_or(usual)
    }
}

impl Decoder<'_> {
    /// Whether a fault counts at the stage of the document.
    pub(super) fn counts(&self, fault: &Diagnostic) -> bool {
        let stage = self.noted.stage(fault.code);
        self.stage == Stage::Whole
            || stage <= self.stage && !(self.is_written && stage == Stage::Cast)
    }

    /// Reads something whose faults count from `stage` on.
    pub(super) fn noted_at<T>(&mut self, stage: Stage, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.noted;
        self.noted.all = Some(before.all.unwrap_or(stage));
        let value = read(self);
        self.noted = before;
        value
    }

    /// Reads something of which no other values than good ones count from `stage` on. Values of
    /// another type are not meant.
    pub(super) fn values_at<T>(&mut self, stage: Stage, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.noted;
        self.noted.values = Some(before.values.unwrap_or(stage));
        let value = read(self);
        self.noted = before;
        value
    }
}
