//! The texts that decklift read and places inside them.
//!
//! A [`Span`] is only meaningful together with the [`Sources`] that handed out its [`SourceId`].

use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// One text in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(
    /// One more than its place in the list, so that an absent [`Span`] needs no room of its own.
    NonZeroU32,
);

impl SourceId {
    fn of(place: usize) -> Self {
        let number = u32::try_from(place).unwrap_or(u32::MAX).saturating_add(1);
        Self(NonZeroU32::new(number).unwrap_or(NonZeroU32::MAX))
    }

    fn place(self) -> usize {
        self.0.get() as usize - 1
    }
}

impl serde::Serialize for SourceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0.get() - 1)
    }
}

/// A range of bytes in one text. Both ends lie on character boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct Span {
    /// The text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` up to `end` (bytes) in `source`.
    #[must_use]
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        // The reader refuses texts of 4 GiB and more long before this could saturate.
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { source, start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The bytes as an index range.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A value and the place that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Located<T> {
    /// Pairs a value with its place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// Keeps the place and changes the value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Located<U> {
        Located { value: f(self.value), span: self.span }
    }

    /// Borrows the value, keeps the place.
    pub fn as_ref(&self) -> Located<&T> {
        Located { value: &self.value, span: self.span }
    }
}

/// A line and a column as an editor counts them: from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// One text: the name that is shown to people, and what it says.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as the user gave it, or a name such as `<stdin>`.
    pub name: String,
    /// The text.
    pub text: Arc<str>,
    /// Places that nobody is shown: what stands there is a secret, whatever it looks like.
    hidden: Vec<Span>,
    /// Found when first asked for: most texts have no fault.
    line_starts: OnceLock<Arc<[u32]>>,
}

impl Source {
    /// Places that nobody is shown.
    #[must_use]
    pub fn hidden(&self) -> &[Span] {
        &self.hidden
    }
}

/// All texts of one run.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    list: Vec<Source>,
}

impl Sources {
    /// Takes a text in and names it.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        let id = SourceId::of(self.list.len());
        self.list.push(Source {
            name: name.into(),
            text: text.into(),
            hidden: Vec::new(),
            line_starts: OnceLock::new(),
        });
        id
    }

    /// The text behind an id that this value handed out.
    ///
    /// # Panics
    ///
    /// When the id comes from another `Sources`.
    #[must_use]
    pub fn get(&self, id: SourceId) -> &Source {
        &self.list[id.place()]
    }

    /// Keeps what stands at a place from whoever is shown the text.
    pub fn hide(&mut self, span: Span) {
        if let Some(source) = self.list.get_mut(span.source.place()) {
            source.hidden.push(span);
        }
    }

    /// All texts, in the order they were taken in.
    pub fn iter(&self) -> std::slice::Iter<'_, Source> {
        self.list.iter()
    }

    /// What stands at a place.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.source).text.get(span.range()).unwrap_or_default()
    }

    /// Line and column of the start of a span.
    #[must_use]
    pub fn line_column(&self, span: Span) -> LineColumn {
        let source = self.get(span.source);
        let starts = source.line_starts.get_or_init(|| line_starts(&source.text));
        let line = starts.partition_point(|&start| start <= span.start).max(1);
        let start = starts[line - 1] as usize;
        let before = source.text.get(start..span.start as usize).unwrap_or_default();
        LineColumn { line, column: before.chars().count() + 1 }
    }

    /// `file:line:column` of the start of a span, for messages.
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        let LineColumn { line, column } = self.line_column(span);
        format!("{}:{line}:{column}", self.get(span.source).name)
    }
}

/// The first byte of each line.
fn line_starts(text: &str) -> Arc<[u32]> {
    let after = |(index, _)| u32::try_from(index + 1).unwrap_or(u32::MAX);
    std::iter::once(0).chain(text.match_indices('\n').map(after)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let mut sources = Sources::default();
        let id = sources.add("a.yaml", "a: ü1\nbb: 2\n");
        assert_eq!(sources.place(Span::new(id, 0, 1)), "a.yaml:1:1");
        assert_eq!(sources.place(Span::new(id, 5, 6)), "a.yaml:1:5");
        assert_eq!(sources.place(Span::new(id, 7, 9)), "a.yaml:2:1");
        assert_eq!(sources.place(Span::new(id, 13, 13)), "a.yaml:3:1");
        assert_eq!(sources.slice(Span::new(id, 7, 9)), "bb");
    }
}
