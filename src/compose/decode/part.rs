//! A look at what is not the whole document yet: the faults that the reference would stop at, also
//! where a later file replaces them.

use std::collections::{HashMap, HashSet};

use super::port::MAX_PORTS;
use super::project::MAX_MOUNTS;
use super::stage::Noted;
use super::{Decoder, Stage};
use crate::compose::paths::Paths;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::source::{Sources, Span};
use crate::yaml::{Entry, Node};

/// How many values are looked at before a project is whole. What lies beyond is looked at once it
/// is: many small documents over a large one would take forever otherwise.
const MAX_VALUES: usize = 10_000_000;

/// So many names are looked for one after the other.
const FEW: usize = 8;

/// The resources that a document names.
#[derive(Debug, Default)]
pub(in crate::compose) struct Touched {
    sections: HashMap<Box<str>, HashSet<Box<str>>>,
}

impl Touched {
    /// Those of this document.
    pub(in crate::compose) fn by(document: &Node) -> Self {
        let root = document.as_mapping().map_or(&[][..], |mapping| &mapping.entries);
        let names = |section: &Entry| {
            let mapping = section.value.as_mapping();
            let entries = mapping.map_or(&[][..], |mapping| &mapping.entries);
            entries.iter().map(|entry| entry.key.text.clone()).collect()
        };
        let sections = root.iter().filter(|section| !section.key.text.starts_with("x-"));
        let sections = sections.map(|section| (section.key.text.clone(), names(section)));
        Self { sections: sections.collect() }
    }

    /// The entries of a section that are among them.
    pub(in crate::compose) fn among<'n>(
        &self,
        section: &str,
        entries: &'n [Entry],
    ) -> impl Iterator<Item = &'n Entry> {
        self.places(section, entries.iter().map(|entry| &*entry.key.text)).map(|at| &entries[at])
    }

    /// Where the names of a section that are among them stand.
    pub(in crate::compose) fn places<'n>(
        &self,
        section: &str,
        names: impl Iterator<Item = &'n str>,
    ) -> impl Iterator<Item = usize> {
        let touched = self.sections.get(section);
        // Of many small documents over a large one each would hash all names of the large one.
        let few: Option<Vec<&str>> = touched
            .filter(|touched| touched.len() <= FEW)
            .map(|touched| touched.iter().map(|name| &**name).collect());
        let has = move |name: &str| match &few {
            Some(few) => few.contains(&name),
            None => touched.is_some_and(|touched| touched.contains(name)),
        };
        let names = touched.is_some().then_some(names).into_iter().flatten().enumerate();
        names.filter(move |(_, name)| has(name)).map(|(at, _)| at)
    }
}

/// Finds faults in documents that are not whole.
pub(in crate::compose) struct Parts {
    /// Whether variables stand as they are written.
    is_written: bool,
    /// What was found, each at its first place.
    found: Diagnostics,
    ports_left: Option<usize>,
    mounts_left: Option<usize>,
    values_left: usize,
}

impl Parts {
    pub(in crate::compose) fn new(is_written: bool) -> Self {
        Self {
            is_written,
            found: Diagnostics::default(),
            ports_left: Some(MAX_PORTS),
            mounts_left: Some(MAX_MOUNTS),
            values_left: MAX_VALUES,
        }
    }

    /// Looks at a document, or at those of its resources that are in `only`.
    pub(in crate::compose) fn look(
        &mut self,
        document: &Node,
        stage: Stage,
        only: Option<&Touched>,
        sources: &Sources,
        paths: &Paths,
    ) {
        let values = count(document, only);
        let Some(left) = self.values_left.checked_sub(values) else { return };
        self.values_left = left;
        let (mut diagnostics, mut outcomes) = (Diagnostics::default(), Diagnostics::default());
        let mut decoder = Decoder {
            sources,
            diagnostics: &mut diagnostics,
            outcomes: &mut outcomes,
            paths,
            service: None,
            ports_left: self.ports_left,
            mounts_left: self.mounts_left,
            stage,
            is_written: self.is_written,
            noted: Noted::default(),
            only,
        };
        if stage < Stage::Import || decoder.is_bounded(document) {
            decoder.project(document);
        }
        (self.ports_left, self.mounts_left) = (decoder.ports_left, decoder.mounts_left);
        let errors = diagnostics.into_iter().filter(|found| found.severity == Severity::Error);
        self.found.extend(errors);
    }

    /// Adds what was found to the faults of the whole, but for the places at which something is
    /// wrong already.
    pub(in crate::compose) fn finish(self, sources: &Sources, diagnostics: &mut Diagnostics) {
        if self.found.is_empty() {
            return;
        }
        // A file that is read twice has two ids.
        let places = |fault: &Diagnostic| -> Vec<(String, u32, u32)> {
            let spans = fault.labels.iter().map(|label| label.span);
            let name = |span: Span| sources.get(span.source).name.to_string();
            spans.map(|span| (name(span), span.start, span.end)).collect()
        };
        let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error);
        let mut known: HashSet<_> = errors.flat_map(places).collect();
        for fault in self.found {
            let here = places(&fault);
            if here.first().is_none_or(|place| !known.contains(place)) {
                known.extend(here);
                diagnostics.push(fault);
            }
        }
    }
}

/// How many values a document has, or those of its resources that are in `only`.
fn count(document: &Node, only: Option<&Touched>) -> usize {
    let Some(only) = only else { return document.count() };
    let sections = document.as_mapping().map_or(&[][..], |mapping| &mapping.entries);
    let touched = sections.iter().flat_map(|section| {
        let mapping = section.value.as_mapping();
        let entries = mapping.map_or(&[][..], |mapping| &mapping.entries);
        only.among(&section.key.text, entries)
    });
    touched.map(|entry| entry.value.count()).sum()
}
