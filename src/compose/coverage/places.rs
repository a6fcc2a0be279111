//! Which of many spans hold a place.

use crate::source::Span;

/// Spans and what each is of, found by a place in them.
pub(super) struct Places {
    /// Sorted by where they begin.
    spans: Vec<(Span, usize)>,
    /// How far any of those up to here goes that begins in the same file.
    reach: Vec<u32>,
}

impl Places {
    pub(super) fn of(spans: impl Iterator<Item = (Span, usize)>) -> Self {
        let mut spans: Vec<_> = spans.collect();
        spans.sort_unstable_by_key(|(span, of)| (span.source, span.start, span.end, *of));
        spans.dedup();
        let mut reach = Vec::with_capacity(spans.len());
        let mut before: Option<(Span, u32)> = None;
        for (span, _) in &spans {
            let far = before.filter(|(other, _)| other.source == span.source);
            let far = far.map_or(span.end, |(_, far)| far.max(span.end));
            before = Some((*span, far));
            reach.push(far);
        }
        Self { spans, reach }
    }

    /// What the spans are of that hold the place, each once, in order.
    pub(super) fn holding(&self, place: Span) -> Vec<usize> {
        let from = (place.source, place.start);
        let end = self.spans.partition_point(|(span, _)| (span.source, span.start) <= from);
        let mut found = Vec::new();
        for ((span, of), reach) in self.spans.iter().zip(&self.reach).take(end).rev() {
            if span.source != place.source || *reach < place.end {
                break;
            }
            if span.end >= place.end {
                found.push(*of);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn spans_that_hold_a_place_are_found_by_it() {
        let mut sources = Sources::default();
        let (one, other) = (sources.add("a", "0123456789"), sources.add("b", "0123456789"));
        let spans = [
            (Span::new(one, 0, 9), 7),
            (Span::new(one, 2, 4), 1),
            (Span::new(one, 2, 4), 1),
            (Span::new(one, 5, 6), 2),
            (Span::new(other, 0, 3), 3),
        ];
        let places = Places::of(spans.into_iter());
        let holding = |source, from, to| places.holding(Span::new(source, from, to));
        assert_eq!(holding(one, 3, 4), [1, 7]);
        assert_eq!(holding(one, 2, 4), [1, 7]);
        assert_eq!(holding(one, 4, 6), [7]);
        assert_eq!(holding(one, 5, 10), [0; 0]);
        assert_eq!(holding(other, 1, 2), [3]);
        assert_eq!(holding(other, 2, 4), [0; 0]);
    }
}
