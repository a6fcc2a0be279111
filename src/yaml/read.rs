use std::cell::Cell;

use saphyr_parser::{Event, Parser};

use super::build::Builder;
use super::input::{Limit, TextInput, is_mark};
use super::node::Node;
use super::position::Positions;
use super::relax::relax;
use super::syntax;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{SourceId, Sources, Span};

/// How deep values may nest, aliases resolved.
pub const MAX_DEPTH: usize = 64;

/// How many values a document may hold, aliases and anchored values counted where they stand.
pub const MAX_NODES: usize = 600_000;

/// Reads the one document of a text.
///
/// Duplicate keys and unknown tags are reported and do not stop the reader; the first of two equal
/// keys is kept. `None` when there is no document or when the text is not YAML, which is reported.
pub fn parse(source: SourceId, sources: &Sources, diagnostics: &mut Diagnostics) -> Option<Node> {
    let mut documents = parse_all(source, sources, diagnostics)?;
    if let Some(second) = documents.get(1) {
        diagnostics.push(several_documents(second.span));
        return None;
    }
    let root = documents.pop();
    if root.as_ref().is_none_or(Node::is_null) {
        diagnostics.push(empty(source, sources));
        return None;
    }
    root
}

/// Reads all documents of a text; there may be none. Otherwise as [`parse`].
pub fn parse_all(
    source: SourceId,
    sources: &Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<Node>> {
    let text = sources.get(source).text.clone();
    let base = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let body = text.get(base..).unwrap_or_default();
    if let Some(fault) = control_character(source, body, base) {
        diagnostics.push(fault);
        return None;
    }
    let (mut first, mut again) = (Diagnostics::default(), Diagnostics::default());
    let mut root = run(source, sources, base, body, &mut first);
    if first.iter().any(is_indentation)
        && let Some(relaxed) = relax(body)
    {
        root = run(source, sources, base, &relaxed, &mut again);
        if !again.iter().any(is_indentation) {
            first = again;
        }
    }
    diagnostics.append(first);
    root
}

/// Whether the parser stopped at an indentation that another reader might take.
fn is_indentation(diagnostic: &Diagnostic) -> bool {
    diagnostic.code == Code::YamlSyntax && diagnostic.message.contains("indentation")
}

/// Reads `body`, which has as many characters as the text has after its first `base` bytes.
fn run(
    source: SourceId,
    sources: &Sources,
    base: usize,
    body: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<Node>> {
    // The parser holds a whole `[ … ]` before it gives out its first event. For a text that could
    // make that large, the marks between two events are counted, and beyond the limit the text
    // seems to end.
    let seen = Cell::new(0_usize);
    let marks = body.as_bytes().chunks(255).map(marks).sum::<usize>();
    let limit = (marks > MAX_MARKS).then_some(Limit { seen: &seen, most: MAX_MARKS });
    let parser = Parser::new(TextInput::new(body, limit));
    events(parser, source, sources, base, diagnostics, &seen)
}

/// How many of at most 255 bytes are marks. Counted in a byte, so that many are looked at at once.
fn marks(bytes: &[u8]) -> usize {
    bytes.iter().map(|&byte| u8::from(is_mark(byte))).sum::<u8>().into()
}

/// How many marks may stand in one `[ … ]` or `{ … }` of the outermost level, or in one scalar.
const MAX_MARKS: usize = 300_000;

fn events(
    parser: Parser<'_, TextInput<'_>>,
    source: SourceId,
    sources: &Sources,
    base: usize,
    diagnostics: &mut Diagnostics,
    seen: &Cell<usize>,
) -> Option<Vec<Node>> {
    let text = sources.get(source).text.clone();
    let positions = Positions::new(text.get(base..).unwrap_or_default(), base);
    let mut documents = Vec::new();
    let mut builder = Builder::new(source, &text, &positions, diagnostics);
    for event in parser {
        if seen.replace(0) > MAX_MARKS {
            diagnostics.push(too_wide(source));
            return None;
        }
        match event {
            Ok((Event::DocumentStart(_), _)) if builder.is_done() => {
                documents.extend(builder.finish());
                builder = Builder::new(source, &text, &positions, diagnostics);
            }
            Ok((event, mark)) => {
                if let Err(fault) = builder.event(event, mark) {
                    diagnostics.push(*fault);
                    return None;
                }
            }
            Err(error) => {
                let at = positions.byte(error.marker().index());
                let fault = syntax::explain(source, &text, at, error.info());
                diagnostics.push(fault);
                return None;
            }
        }
    }
    documents.extend(builder.finish());
    Some(documents)
}

fn too_wide(source: SourceId) -> Diagnostic {
    let message = format!("one value holds more than {MAX_MARKS} brackets, commas and colons");
    Diagnostic::error(Code::YamlLimit, message)
        .at(Span::new(source, 0, 0), "")
        .help("write large collections in block style, one entry a line")
}

fn several_documents(span: Span) -> Diagnostic {
    Diagnostic::error(Code::SeveralDocuments, "the file holds more than one YAML document")
        .at(span, "the second document starts here")
        .help("keep one document a file, and pass the files with `-f` one after the other")
}

/// The diagnostic of a text without a value.
pub(crate) fn empty(source: SourceId, sources: &Sources) -> Diagnostic {
    let entry = sources.get(source);
    let message = if entry.text.trim_start_matches('\u{feff}').trim().is_empty() {
        format!("`{}` is empty", entry.name)
    } else if entry.text.lines().all(|line| line.trim().is_empty() || line.trim().starts_with('#'))
    {
        format!("`{}` holds nothing but comments", entry.name)
    } else {
        format!("`{}` holds no value", entry.name)
    };
    Diagnostic::error(Code::FileEmpty, message)
        .at(Span::new(source, 0, 0), "")
        .help("a Compose file needs at least `services:` with one service")
}

/// The characters that YAML does not allow in a text, escaped or not at all.
fn control_character(source: SourceId, text: &str, base: usize) -> Option<Diagnostic> {
    let refused = |c: char| {
        matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'
            | '\u{80}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    // Most texts have none of the bytes that could be part of one.
    let suspect = |byte: u8| {
        byte < b'\t'
            || (0x0b..0x20).contains(&byte) && byte != b'\r'
            || matches!(byte, 0x7f | 0xc2 | 0xef)
    };
    // Without a way out inside a chunk, many bytes are looked at at once.
    let any = |bytes: &[u8]| bytes.iter().fold(false, |found, &byte| found | suspect(byte));
    if !text.as_bytes().chunks(1024).any(any) {
        return None;
    }
    let at = text.find(refused)?;
    let found = text.get(at..)?.chars().next()?;
    let span = Span::new(source, base + at, base + at + found.len_utf8());
    let (what, help) = if found == '\u{feff}' {
        ("a byte order mark", "delete it; it may only stand at the very start of a file")
    } else {
        ("a control character", "delete it, or write it as an escape inside double quotes")
    };
    Some(
        Diagnostic::error(
            Code::YamlSyntax,
            format!("{what} (U+{:04X}) stands in the text", u32::from(found)),
        )
        .at(span, "here")
        .help(help),
    )
}
