//! Replaces variables in a document. Keys are left alone, places stay.

use std::collections::HashMap;
use std::ops::Range;

use super::environment::Environment;
use super::template::{Expanded, TemplateError, TemplateErrorKind, Unset, expand};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Label, Severity};
use crate::source::{Sources, Span};
use crate::yaml::{Kind, Node, Scalar, Style};

/// How many bytes the values of variables may add to one run.
const MAX_ADDED: usize = 64 * 1024 * 1024;

/// How many variables that are not set are kept; a report holds far fewer.
const MAX_UNSET: usize = 100_000;

/// How many aliases are named that bring a fault elsewhere; fewer are drawn.
const MAX_ALIASES: usize = 64;

/// What the interpolation of all documents together came to.
#[derive(Default)]
pub(super) struct Replaced {
    /// Variables that were not set: the first place and how many there are.
    unset: Vec<(String, Span, usize)>,
    index: HashMap<String, usize>,
    /// How many places more variables than are kept stand in.
    more: usize,
    /// How many bytes the values added.
    added: usize,
    /// What cannot be read, by its place: what an anchor holds comes in wherever its alias stands.
    faults: Vec<Diagnostic>,
    faulty: HashMap<Span, usize>,
}

/// Replaces the variables of documents and remembers which were not set.
pub(super) struct Interpolation<'a> {
    environment: &'a Environment,
    sources: &'a Sources,
    replaced: &'a mut Replaced,
}

impl Replaced {
    /// Reports the variables that were not set, each once.
    pub(super) fn finish(self, diagnostics: &mut Diagnostics) {
        for (name, span, places) in self.unset {
            let what = match places {
                1 => "it becomes an empty text here".to_owned(),
                2 => "it becomes an empty text here and in one more place".to_owned(),
                _ => format!("it becomes an empty text here and in {} more places", places - 1),
            };
            diagnostics.push_with(Severity::Warning, || {
                Diagnostic::warning(Code::UnsetVariable, format!("the variable `{name}` is not set"))
                    .at(span, what)
                    .help(format!(
                        "set it in the environment or in `.env`, or give a default: `${{{name}:-default}}`"
                    ))
            });
        }
        (0..self.more).for_each(|_| diagnostics.omit());
        diagnostics.extend(self.faults);
    }

    /// Takes a fault in, once for each place, with the aliases that bring it elsewhere.
    fn fault(&mut self, error: &TemplateError, place: Span, alias: Option<Span>) {
        let at = *self.faulty.entry(place).or_insert_with(|| {
            self.faults.push(fault(error, place));
            self.faults.len() - 1
        });
        let fault = &mut self.faults[at];
        let is_new = |alias: &Span| fault.labels.iter().all(|label| label.span != *alias);
        if let Some(alias) = alias.filter(|_| fault.labels.len() <= MAX_ALIASES).filter(is_new) {
            fault.labels.push(Label { span: alias, text: "used here".to_owned() });
        }
    }
}

impl<'a> Interpolation<'a> {
    pub(super) fn new(
        environment: &'a Environment,
        sources: &'a Sources,
        replaced: &'a mut Replaced,
    ) -> Self {
        Self { environment, sources, replaced }
    }

    /// Replaces the variables of every value below `node`.
    pub(super) fn node(&mut self, node: &mut Node, diagnostics: &mut Diagnostics) {
        let (span, alias) = (node.span, node.alias);
        match &mut node.kind {
            Kind::Scalar(scalar) => self.scalar(scalar, span, alias, diagnostics),
            Kind::Sequence(items) => {
                items.iter_mut().for_each(|item| self.node(item, diagnostics));
            }
            Kind::Mapping(mapping) => {
                mapping
                    .entries
                    .iter_mut()
                    .for_each(|entry| self.node(&mut entry.value, diagnostics));
            }
        }
    }

    fn scalar(
        &mut self,
        scalar: &mut Scalar,
        span: Span,
        alias: Option<Span>,
        diagnostics: &mut Diagnostics,
    ) {
        if !scalar.text.contains('$') {
            return;
        }
        match expand(&scalar.text, self.environment) {
            Ok(Expanded { text, unset, .. }) => {
                for unset in unset {
                    self.note_unset(&unset, scalar, span);
                }
                self.replaced.added += text.len();
                if self.replaced.added > MAX_ADDED {
                    diagnostics.push(too_large(span));
                    return;
                }
                *scalar = Scalar { text: text.into(), style: scalar.style, interpolated: true };
            }
            Err(error) => {
                let place = self.inside(scalar, span, &error.range);
                self.replaced.fault(&error, place, alias);
                // What follows reads a text of unknown content.
                *scalar =
                    Scalar { text: "".into(), style: Style::DoubleQuoted, interpolated: true };
            }
        }
    }

    fn note_unset(&mut self, unset: &Unset<'_>, scalar: &Scalar, span: Span) {
        let Unset { name, range, places } = unset;
        if let Some(&at) = self.replaced.index.get(*name) {
            self.replaced.unset[at].2 += places;
            return;
        }
        if self.replaced.unset.len() >= MAX_UNSET {
            self.replaced.more += places;
            return;
        }
        let place = self.inside(scalar, span, range);
        self.replaced.index.insert((*name).to_owned(), self.replaced.unset.len());
        self.replaced.unset.push(((*name).to_owned(), place, *places));
    }

    /// Where a range of a scalar's text stands in the file: escapes and line breaks may have moved
    /// it, so the text itself is looked for.
    fn inside(&self, scalar: &Scalar, span: Span, range: &Range<usize>) -> Span {
        // Looking in a huge text again and again would take forever.
        if scalar.text.len() > 64 * 1024 {
            return span;
        }
        let Some(wanted) = scalar.text.get(range.clone()) else { return span };
        let before = scalar.text.get(..range.start).unwrap_or_default();
        let skip = before.matches(wanted).count();
        let raw = self.sources.slice(span);
        raw.match_indices(wanted).nth(skip).map_or(span, |(at, found)| {
            let start = span.start as usize + at;
            Span::new(span.source, start, start + found.len())
        })
    }
}

fn fault(error: &TemplateError, place: Span) -> Diagnostic {
    match &error.kind {
        TemplateErrorKind::Invalid => {
            Diagnostic::error(Code::BadInterpolation, "this `${…}` cannot be read")
                .at(place, "")
                .help("write `${NAME}` or `${NAME:-default}`; write `$$` for a dollar sign")
        }
        TemplateErrorKind::TooDeep => {
            Diagnostic::error(Code::BadInterpolation, "defaults nest too deep")
                .at(place, "")
                .help("set the variable instead")
        }
        TemplateErrorKind::Required { name, message } => {
            let text = if message.is_empty() {
                format!("the variable `{name}` must be set")
            } else {
                format!("the variable `{name}` must be set: {message}")
            };
            Diagnostic::error(Code::RequiredVariable, text)
                .at(place, "required here")
                .help(format!("set `{name}` in the environment or in `.env`"))
        }
    }
}

fn too_large(span: Span) -> Diagnostic {
    Diagnostic::error(Code::YamlLimit, "the variables' values make the document too large")
        .at(span, "the limit of 64 MiB is passed here")
        .help("put large texts into files")
}
