//! Draws [`Diagnostics`]: for people, as JSON, and as annotations of a GitHub workflow.

use std::collections::HashMap;
use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::json;

use crate::diagnostic::{Diagnostic, Diagnostics, Label, Severity, credential};
use crate::source::{LineColumn, Sources, Span};

/// How diagnostics are drawn for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenderOptions {
    /// With ANSI colours; nothing is said by colour alone.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Whether notes are shown.
    pub verbose: bool,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self { color: false, width: 100, verbose: false }
    }
}

/// More than this nobody reads; the closing line counts all.
const MAX_DRAWN: usize = 200;

/// More places than this of one diagnostic nobody looks at.
const MAX_LABELS: usize = 12;

/// How far before the lines that are shown an option may stand, in bytes.
const LINES_BEFORE: usize = 2_000;

/// Lines longer than this, in bytes, are cut around their label.
const MAX_LINE: usize = 20_000;

/// The diagnostics with the lines they point at, and a closing line such as `3 errors, 1 warning`.
/// Empty when there is nothing to say.
#[must_use]
pub fn render(diagnostics: &Diagnostics, sources: &Sources, options: RenderOptions) -> String {
    let mut shown = said_once(shown(diagnostics, options.verbose));
    if shown.is_empty() {
        return String::new();
    }
    let closing = closing(&shown, diagnostics.omitted());
    if shown.len() > MAX_DRAWN {
        // The worst first; within one severity the order of the files stays.
        shown.sort_by_key(|said| said.diagnostic.severity);
        shown.truncate(MAX_DRAWN);
    }
    let renderer = if options.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(options.width.max(40));
    let mut out = String::new();
    for said in shown {
        out.push_str(&draw(&said, sources, &renderer));
        out.push_str("\n\n");
    }
    out.push_str(&closing);
    out.push('\n');
    out
}

fn shown(diagnostics: &Diagnostics, verbose: bool) -> Vec<&Diagnostic> {
    let mut list = diagnostics.sorted();
    list.retain(|diagnostic| verbose || diagnostic.severity != Severity::Note);
    list
}

/// What is said of one place, and of which services.
struct Said<'a> {
    diagnostic: &'a Diagnostic,
    services: Vec<&'a str>,
}

/// One for each that differs in more than its service: what an anchor, or `extends`, brings to many
/// services stands at one place.
fn said_once(list: Vec<&Diagnostic>) -> Vec<Said<'_>> {
    let mut places = HashMap::new();
    let mut all: Vec<Said<'_>> = Vec::new();
    for diagnostic in list {
        let Diagnostic { code, severity, message, labels, help, service, part: _ } = diagnostic;
        let place = *places.entry((code, severity, message, labels, help)).or_insert_with(|| {
            all.push(Said { diagnostic, services: Vec::new() });
            all.len() - 1
        });
        all[place].services.extend(service.as_deref());
    }
    all
}

/// `a, b and c`; of many the first few.
fn listed(services: &[&str]) -> String {
    const FEW: usize = 8;
    let (first, rest) = services.split_at(services.len().min(FEW));
    match (first.split_last(), rest.len()) {
        (Some((last, others)), 0) if !others.is_empty() => {
            format!("{} and {last}", others.join(", "))
        }
        (_, 0) => first.join(", "),
        (_, more) => format!("{} and {more} more", first.join(", ")),
    }
}

fn closing(shown: &[Said<'_>], omitted: usize) -> String {
    let count = |severity| shown.iter().filter(|said| said.diagnostic.severity == severity).count();
    let words = [
        (count(Severity::Error), "error"),
        (count(Severity::Warning), "warning"),
        (count(Severity::Note), "note"),
    ];
    let mut parts: Vec<String> = words
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if omitted > 0 {
        parts.push(format!("{omitted} more"));
    }
    if shown.len() > MAX_DRAWN {
        return format!("{} ({MAX_DRAWN} are shown)", parts.join(", "));
    }
    parts.join(", ")
}

fn draw(said: &Said<'_>, sources: &Sources, renderer: &Renderer) -> String {
    let Said { diagnostic, services } = said;
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(printable(&diagnostic.message)).id(diagnostic.code.as_str());
    let mut group = Group::with_title(title);
    let (drawn, more) = diagnostic.labels.split_at(diagnostic.labels.len().min(MAX_LABELS));
    for excerpt in excerpts(drawn, sources) {
        group = excerpt.add_to(group);
    }
    if !more.is_empty() {
        group = group.element(Level::NOTE.message(format!("and at {} more places", more.len())));
    }
    if services.len() > 1 {
        let services = format!("said of the services {}", listed(services));
        group = group.element(Level::NOTE.message(printable(&services)));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(printable(help)));
    }
    renderer.render(&[group])
}

/// Some lines of one text, with the labels in them.
struct Excerpt<'a> {
    name: String,
    at: LineColumn,
    /// What is drawn; `labels` point into it.
    text: String,
    line: usize,
    /// Whether the text is not made of whole lines.
    is_cut: bool,
    labels: Vec<(std::ops::Range<usize>, &'a str, bool)>,
}

impl<'a> Excerpt<'a> {
    fn add_to(self, group: Group<'a>) -> Group<'a> {
        let snippet = Snippet::source(self.text).line_start(self.line);
        let snippet = self.labels.into_iter().fold(snippet, |snippet, (range, text, primary)| {
            let kind = if primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let text = (!text.is_empty()).then(|| printable(text));
            snippet.annotation(kind.span(range).label(text))
        });
        if self.is_cut {
            let LineColumn { line, column } = self.at;
            let origin = Origin::path(self.name).line(line).char_column(column);
            return group.element(origin).element(snippet);
        }
        group.element(snippet.path(self.name))
    }
}

/// Puts labels that stand close to each other into one excerpt; that of the first label comes
/// first.
fn excerpts<'a>(labels: &'a [Label], sources: &Sources) -> Vec<Excerpt<'a>> {
    let mut clusters: Vec<Vec<(usize, &Label, Span)>> = Vec::new();
    for (at, label) in labels.iter().enumerate() {
        let span = first_line(label.span, sources);
        let line = sources.line_column(span).line;
        let near = clusters.iter_mut().find(|cluster| {
            let (_, _, other) = cluster[0];
            other.source == span.source
                && sources.line_column(other).line.abs_diff(line) < 40
                && !is_long(other, sources)
                && !is_long(span, sources)
        });
        match near {
            Some(cluster) => cluster.push((at, label, span)),
            None => clusters.push(vec![(at, label, span)]),
        }
    }
    clusters.into_iter().map(|cluster| excerpt(&cluster, sources)).collect()
}

/// The part of a span that stands on its first line.
fn first_line(span: Span, sources: &Sources) -> Span {
    let text = sources.slice(span);
    let end = text.find(['\n', '\r']).unwrap_or(text.len());
    Span::new(span.source, span.start as usize, span.start as usize + end)
}

/// The nearest character boundary at or before a byte, inside the text.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The bytes of the line that holds the start of a span; of a long line, those around it.
fn line_range(span: Span, sources: &Sources) -> std::ops::Range<usize> {
    let text = &sources.get(span.source).text;
    let at = (span.start as usize).min(text.len());
    // Not further than what makes a line long: a file may be one line.
    let low = floor(text, at.saturating_sub(MAX_LINE + 1));
    let high = floor(text, at.saturating_add(MAX_LINE + 1));
    let before = text.get(low..at).unwrap_or_default();
    let after = text.get(at..high).unwrap_or_default();
    let start = before.rfind('\n').map_or(low, |found| low + found + 1);
    let end = after.find('\n').map_or(high, |found| at + found);
    let line = text.get(start..end).unwrap_or_default();
    start..start + line.strip_suffix('\r').unwrap_or(line).len()
}

fn is_long(span: Span, sources: &Sources) -> bool {
    line_range(span, sources).len() > MAX_LINE
}

fn excerpt<'a>(cluster: &[(usize, &'a Label, Span)], sources: &Sources) -> Excerpt<'a> {
    let spans = || cluster.iter().map(|&(_, _, span)| span);
    let primary = cluster[0].2;
    let source = sources.get(primary.source);
    let whole = spans().map(|span| line_range(span, sources));
    let (start, end) = whole
        .fold((usize::MAX, 0), |(start, end), range| (start.min(range.start), end.max(range.end)));
    let first = Span::new(primary.source, start, start);
    let hidden = source.hidden().iter().filter_map(|hidden| {
        let (from, to) = ((hidden.start as usize).max(start), (hidden.end as usize).min(end));
        (from < to).then(|| from - start..to - start)
    });
    let shown = without_steering(source.text.get(start..end).unwrap_or_default());
    let shown = credential::star_out(&shown, hidden);
    let mut text = without_credentials(&source.text, start, &shown);
    let mut base = start;
    let is_cut = is_long(primary, sources);
    if is_cut {
        (base, text) = window(&text, start, primary);
    }
    let place = |span: Span| {
        let inside = |byte: u32| (byte as usize).saturating_sub(base).min(text.len());
        inside(span.start)..inside(span.end)
    };
    let labels = cluster
        .iter()
        .map(|&(at, label, span)| (place(span), label.text.as_str(), at == 0))
        .collect();
    Excerpt {
        name: printable(&source.name),
        at: sources.line_column(primary),
        line: sources.line_column(first).line,
        is_cut,
        labels,
        text,
    }
}

/// The lines from `start` on, as they are shown, with credentials starred out. An option may stand on the
/// line before its value, so that some lines before them are looked at, too.
fn without_credentials(whole: &str, start: usize, shown: &str) -> String {
    let near = floor(whole, start.saturating_sub(LINES_BEFORE));
    let before = whole.get(near..start).unwrap_or_default();
    let before = match near {
        0 => before,
        // Not the end of a line that starts further up.
        _ => before.find('\n').and_then(|end| before.get(end + 1..)).unwrap_or_default(),
    };
    credential::hide_behind(before, shown)
}

/// What stands around a span in a long line: the byte where it starts in the file, and the text.
fn window(line: &str, line_start: usize, span: Span) -> (usize, String) {
    let at = (span.start as usize).saturating_sub(line_start);
    let from = floor(line, at.saturating_sub(40));
    let to = floor(line, at + 80).max(from);
    (line_start + from, line[from..to].to_owned())
}

/// The text without the control characters that the renderer leaves in (U+0080 to U+009F, which some
/// terminals obey), byte for byte as long: labels point into it.
fn without_steering(text: &str) -> String {
    // Each of them has two bytes, and so has the dot.
    text.replace(|c: char| matches!(c, '\u{80}'..='\u{9f}'), "\u{b7}")
}

/// The text without characters that would steer a terminal.
fn printable(text: &str) -> String {
    let steers =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.contains(steers) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| {
            if c == '\n' {
                ' '
            } else if steers(c) {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// Every diagnostic as one JSON object on a line of its own, in the order of the files. `users` says
/// which services use what it is about, where it is about none by itself.
#[must_use]
pub fn render_json<'a>(
    diagnostics: &'a Diagnostics,
    sources: &Sources,
    users: &dyn Fn(&'a Diagnostic) -> Vec<&'a str>,
) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics.sorted() {
        let Diagnostic { code, severity, message, labels, help, service, part: _ } = diagnostic;
        let services = match service {
            Some(service) => vec![service.as_str()],
            None => users(diagnostic),
        };
        let labels: Vec<_> = labels
            .iter()
            .enumerate()
            .map(|(index, Label { span, text })| {
                let start = sources.line_column(*span);
                let end = sources.line_column(Span { start: span.end, ..*span });
                json!({
                    "file": sources.get(span.source).name,
                    "line": start.line,
                    "column": start.column,
                    "end_line": end.line,
                    "end_column": end.column,
                    "text": text,
                    "primary": index == 0,
                })
            })
            .collect();
        let object = json!({
            "severity": severity,
            "code": code.as_str(),
            "message": message,
            "service": service,
            "services": services,
            "labels": labels,
            "help": help,
        });
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{object}");
    }
    out
}

/// Every diagnostic but the notes as a workflow command of GitHub Actions, one a line.
#[must_use]
pub fn render_github(diagnostics: &Diagnostics, sources: &Sources) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let mut out = String::new();
    for diagnostic in shown(diagnostics, false) {
        let command = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
        let place = diagnostic.labels.first().map(|Label { span, text: _ }| {
            let LineColumn { line, column } = sources.line_column(*span);
            let file = property(&sources.get(span.source).name);
            format!("file={file},line={line},col={column},")
        });
        let help = diagnostic.help.as_deref().map(|help| format!("\nhelp: {help}"));
        let message = format!("{}{}", diagnostic.message, help.unwrap_or_default());
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "::{command} {}title={}::{}",
            place.unwrap_or_default(),
            property(diagnostic.code.as_str()),
            data(&message),
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    #[test]
    fn a_credential_is_hidden_where_its_option_is_not_shown() {
        let text = "command:\n  - serve\n  - --password\n  - hunter2\n";
        let mut sources = Sources::default();
        let source = sources.add("compose.yaml", text.to_owned());
        let at = text.find("hunter2").expect("a value");
        let mut diagnostics = Diagnostics::default();
        let place = Span::new(source, at, at + 7);
        diagnostics.push(Diagnostic::warning(Code::Approximated, "it differs").at(place, ""));
        let text = render(&diagnostics, &sources, RenderOptions::default());
        assert!(text.contains("4 |   - *******\n") && !text.contains("serve"), "{text}");
    }

    #[test]
    fn what_an_anchor_brings_to_many_is_said_once() {
        let mut sources = Sources::default();
        let source = sources.add("compose.yaml", "x: &x {stop_signal: SIGINT}\n".to_owned());
        let one = |service: &str, end| {
            Diagnostic::warning(Code::Approximated, "it differs")
                .at(Span::new(source, 7, end), "")
                .help("do so")
                .service(service)
        };
        let mut diagnostics = Diagnostics::default();
        diagnostics.extend(["a", "b", "c"].map(|service| one(service, 18)));
        diagnostics.push(one("d", 26));
        let text = render(&diagnostics, &sources, RenderOptions::default());
        assert_eq!(text.matches("it differs").count(), 2, "{text}");
        assert!(text.contains("said of the services a, b and c"), "{text}");
        assert!(text.ends_with("2 warnings\n"), "{text}");
        let many: Vec<String> = (0..10).map(|n| format!("s{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(listed(&many), "s0, s1, s2, s3, s4, s5, s6, s7 and 2 more");
    }
}
