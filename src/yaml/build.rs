use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, ScalarStyle, Span as Mark, Tag as ParsedTag};

use super::mapping::{OpenMapping, key};
use super::node::{Entry, Kind, Mapping, Node, Scalar, Style, Tag};
use super::position::Positions;
use super::read::{MAX_DEPTH, MAX_NODES};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::source::{Located, SourceId, Span};

/// A fault that ends the reading.
pub(super) type Fault = Box<Diagnostic>;
type EventTag<'t> = Option<Cow<'t, ParsedTag>>;

/// Builds the tree from the parser's events, on its own stack.
pub(super) struct Builder<'a> {
    source: SourceId,
    text: &'a str,
    positions: &'a Positions<'a>,
    diagnostics: &'a mut Diagnostics,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Anchor>,
    nodes: usize,
    root: Option<Node>,
    /// Emptied, for the next list or mapping to grow in.
    spare_items: Vec<Vec<Node>>,
    spare_entries: Vec<Vec<Entry>>,
}

/// An anchored value, or the fact that it is still being read.
enum Anchor {
    Open,
    Done { node: Node, nodes: usize, height: usize },
}

/// A list or mapping that is being read.
struct Frame {
    start: usize,
    anchor: usize,
    tag: Option<Box<Located<Tag>>>,
    nodes_before: usize,
    height: usize,
    open: Open,
}

enum Open {
    Sequence(Vec<Node>),
    Mapping(OpenMapping),
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        source: SourceId,
        text: &'a str,
        positions: &'a Positions<'a>,
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        Self {
            source,
            text,
            positions,
            diagnostics,
            stack: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            root: None,
            spare_items: Vec::new(),
            spare_entries: Vec::new(),
        }
    }

    /// Whether a whole document has been read.
    pub(super) fn is_done(&self) -> bool {
        self.root.is_some()
    }

    /// The document.
    pub(super) fn finish(self) -> Option<Node> {
        self.root
    }

    /// Takes the next event.
    pub(super) fn event(&mut self, event: Event<'_>, mark: Mark) -> Result<(), Fault> {
        let span = self.span(mark);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(&text, style, tag, span);
                if !self.expects_key() {
                    self.count(1, 1, span)?;
                }
                self.anchor(anchor, &node, 1, 1, span)?;
                self.place(node, 1)
            }
            Event::Alias(id) => self.alias(id, span),
            Event::SequenceStart(anchor, tag) => {
                let items = self.spare_items.pop().unwrap_or_default();
                self.open(Open::Sequence(items), anchor, tag, span)
            }
            Event::MappingStart(anchor, tag) => {
                let entries = self.spare_entries.pop().unwrap_or_default();
                self.open(Open::Mapping(OpenMapping::new(entries)), anchor, tag, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn span(&self, mark: Mark) -> Span {
        let start = self.positions.byte(mark.start.index());
        let end = self.positions.byte(mark.end.index());
        Span::new(self.source, start, end)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: EventTag<'_>, at: Span) -> Node {
        let mut style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        let mut kept = None;
        if let Some(tag) = tag {
            if tag.is_yaml_core_schema() {
                match tag.suffix.as_str() {
                    "str" => style = Style::DoubleQuoted,
                    "int" | "float" | "bool" | "null" => style = Style::Plain,
                    _ => self.unknown_tag(&format!("!!{}", tag.suffix), at),
                }
            } else {
                kept = self.tag(&tag, at);
                // The reference's library types no value under a tag of its own.
                if kept.is_some() && style == Style::Plain {
                    style = Style::DoubleQuoted;
                }
            }
        }
        let span = self.content(at);
        Node { span, alias: None, tag: kept, kind: Kind::Scalar(Scalar::new(text, style)) }
    }

    /// Without the anchor and tag before a value and the blanks after it: a block scalar's span
    /// ends on the line below it, a plain one's may take in the blanks.
    fn content(&self, span: Span) -> Span {
        const BLANK: [char; 4] = [' ', '\t', '\n', '\r'];
        let raw = self.text.get(span.range()).unwrap_or_default();
        if !raw.starts_with(['&', '!']) && !raw.ends_with(BLANK) {
            return span;
        }
        let raw = raw.trim_end_matches(BLANK);
        let mut rest = raw;
        while rest.starts_with(['&', '!']) {
            let Some((_, after)) = rest.split_once(BLANK) else { break };
            rest = after.trim_start_matches(BLANK);
        }
        let end = span.start as usize + raw.len();
        Span::new(self.source, end - rest.len(), end)
    }

    fn tag(&mut self, tag: &ParsedTag, at: Span) -> Option<Box<Located<Tag>>> {
        let written = if tag.handle == "!" {
            format!("!{}", tag.suffix)
        } else {
            format!("{}{}", tag.handle, tag.suffix)
        };
        let value = match written.as_str() {
            "!reset" => Tag::Reset,
            "!override" => Tag::Override,
            "!" => return None,
            _ => {
                self.unknown_tag(&written, at);
                Tag::Other(written)
            }
        };
        Some(Box::new(Located::new(value, at)))
    }

    fn unknown_tag(&mut self, written: &str, at: Span) {
        self.diagnostics.push_with(Severity::Warning, || {
            Diagnostic::warning(Code::UnknownTag, format!("the tag `{written}` has no effect"))
                .at(at, "this value is read as if it had no tag")
                .help("Compose knows `!reset` and `!override`, YAML `!!str`, `!!int` and the like")
        });
    }

    fn open(
        &mut self,
        open: Open,
        anchor: usize,
        tag: EventTag<'_>,
        at: Span,
    ) -> Result<(), Fault> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(too_deep(at));
        }
        let tag = match tag {
            Some(tag) if tag.is_yaml_core_schema() => {
                if !matches!(tag.suffix.as_str(), "map" | "seq") {
                    self.unknown_tag(&format!("!!{}", tag.suffix), at);
                }
                None
            }
            Some(tag) => self.tag(&tag, at),
            None => None,
        };
        if anchor > 0 {
            self.anchors.insert(anchor, Anchor::Open);
        }
        let nodes_before = self.nodes;
        self.count(1, 1, at)?;
        let start = at.start as usize;
        self.stack.push(Frame { start, anchor, tag, nodes_before, height: 1, open });
        Ok(())
    }

    fn close(&mut self, at: Span) -> Result<(), Fault> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let start = self.content(Span::new(self.source, frame.start, at.end as usize)).start;
        let start = start as usize;
        let is_flow = self.text.as_bytes().get(start).is_some_and(|b| matches!(b, b'[' | b'{'));
        let (kind, last) = match frame.open {
            Open::Sequence(items) => {
                let last = items.last().map(|item| item.alias.unwrap_or(item.span).end);
                (Kind::Sequence(exact(items, &mut self.spare_items)), last)
            }
            Open::Mapping(open) => {
                let entries = exact(open.merged()?, &mut self.spare_entries);
                let mapping = Mapping { entries };
                let last = mapping.entries.last().map(|entry| {
                    entry.value.alias.unwrap_or(entry.value.span).end.max(entry.key.span.end)
                });
                (Kind::Mapping(mapping), last)
            }
        };
        let end = match last {
            Some(last) if !is_flow => (last as usize).max(start),
            // The parser's end takes in the comment after the bracket.
            _ => {
                let closes = |byte| matches!(byte, Some(b']' | b'}'));
                let at = at.start as usize;
                at + usize::from(is_flow && closes(self.text.as_bytes().get(at).copied()))
            }
        };
        let span = Span::new(self.source, start, end);
        let node = Node { span, alias: None, tag: frame.tag, kind };
        let nodes = self.nodes - frame.nodes_before;
        self.anchor(frame.anchor, &node, nodes, frame.height, span)?;
        self.place(node, frame.height)
    }

    fn alias(&mut self, id: usize, at: Span) -> Result<(), Fault> {
        let name = self.text.get(at.range()).unwrap_or("*?").trim_end().to_owned();
        let (mut node, nodes, height) = match self.anchors.get(&id) {
            Some(Anchor::Done { node, nodes, height }) => {
                if self.nodes + nodes > MAX_NODES {
                    return Err(too_many(at, true));
                }
                (node.clone(), *nodes, *height)
            }
            Some(Anchor::Open) | None => {
                return Err(Box::new(
                    Diagnostic::error(
                        Code::UnknownAnchor,
                        format!("the alias `{name}` stands inside the value that it names"),
                    )
                    .at(at, "refers to itself")
                    .help("move the anchor to a value that does not hold the alias"),
                ));
            }
        };
        self.count(nodes, height, at)?;
        node.mark_alias(self.content(at));
        self.place(node, height)
    }

    fn expects_key(&self) -> bool {
        self.stack
            .last()
            .is_some_and(|frame| matches!(&frame.open, Open::Mapping(open) if open.key.is_none()))
    }

    /// Counts new values, `height` levels of them.
    fn count(&mut self, nodes: usize, height: usize, at: Span) -> Result<(), Fault> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            return Err(too_many(at, !self.anchors.is_empty()));
        }
        if self.stack.len() + height > MAX_DEPTH + 1 {
            return Err(too_deep(at));
        }
        Ok(())
    }

    fn anchor(
        &mut self,
        id: usize,
        node: &Node,
        nodes: usize,
        height: usize,
        at: Span,
    ) -> Result<(), Fault> {
        if id == 0 {
            return Ok(());
        }
        // The copy that waits for its aliases counts too.
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            return Err(too_many(at, true));
        }
        self.anchors.insert(id, Anchor::Done { node: node.clone(), nodes, height });
        Ok(())
    }

    /// Puts a value where it belongs: the root, a list, or as key or value of a mapping.
    fn place(&mut self, node: Node, height: usize) -> Result<(), Fault> {
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.height = frame.height.max(height + 1);
        match &mut frame.open {
            Open::Sequence(items) => items.push(node),
            Open::Mapping(open) => match open.key.take() {
                None => open.key = Some(key(node, self.text)?),
                Some(key) => open.value(key, node, self.diagnostics),
            },
        }
        Ok(())
    }
}

/// The values of a finished list or mapping in just the memory that they need. Most are small, and
/// the buffer that they grew in serves the next one.
fn exact<T>(mut grown: Vec<T>, spare: &mut Vec<Vec<T>>) -> Vec<T> {
    const SMALL: usize = 256;
    if grown.len() > SMALL {
        grown.shrink_to_fit();
        return grown;
    }
    #[expect(clippy::drain_collect, reason = "the buffer is kept for the next one")]
    let values = grown.drain(..).collect();
    spare.push(grown);
    values
}

fn too_deep(at: Span) -> Fault {
    let message = format!("values nest deeper than {MAX_DEPTH} levels");
    Box::new(
        Diagnostic::error(Code::YamlLimit, message)
            .at(at, "too deep here")
            .help("no Compose attribute nests this deep; check the brackets and the indentation"),
    )
}

/// `repeats`: there are anchors, whose values count again wherever an alias stands.
fn too_many(at: Span, repeats: bool) -> Fault {
    let (counted, help) = match repeats {
        true => (", aliases resolved", "aliases of aliases multiply; write fewer of them"),
        false => ("", "divide the project, or move parts of it to files that `include` names"),
    };
    let message = format!("the document holds more than {MAX_NODES} values{counted}");
    Box::new(
        Diagnostic::error(Code::YamlLimit, message).at(at, "the limit is passed here").help(help),
    )
}
