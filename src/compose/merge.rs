//! Lays one file over another, by Compose's rule for each attribute. What makes the entries of a
//! list unique (the target of a volume, say) is left to the decoder, which knows the entries.

mod rule;

use std::collections::{HashMap, HashSet};

use rule::Rule;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::Span;
use crate::yaml::{Entry, Key, Kind, Mapping, Node, Scalar, Style, Tag};

/// Takes out what `!reset` marks and forgets `!override`: what these tags mean in a file that is
/// laid over nothing.
pub(super) fn settle(node: &mut Node) {
    if has_tag(node, &Tag::Override) {
        node.tag = None;
    }
    match &mut node.kind {
        Kind::Scalar(_) => {}
        Kind::Sequence(items) => {
            items.retain(|item| !has_tag(item, &Tag::Reset));
            items.iter_mut().for_each(settle);
        }
        Kind::Mapping(mapping) => {
            mapping.entries.retain(|entry| !has_tag(&entry.value, &Tag::Reset));
            mapping.entries.iter_mut().for_each(|entry| settle(&mut entry.value));
        }
    }
}

/// Lays `over` over `base`. Values that cannot be combined are reported; the base's is kept.
pub(super) fn merge(base: Node, over: Node, diagnostics: &mut Diagnostics) -> Node {
    Merger { diagnostics }.node(base, over, Rule::Root, None)
}

fn has_tag(node: &Node, tag: &Tag) -> bool {
    node.tag.as_ref().is_some_and(|found| found.value == *tag)
}

struct Merger<'a> {
    diagnostics: &'a mut Diagnostics,
}

impl Merger<'_> {
    fn node(&mut self, base: Node, mut over: Node, rule: Rule, key: Option<&Key>) -> Node {
        if rule == Rule::Replace {
            settle(&mut over);
            return over;
        }
        if over.is_null() {
            return base;
        }
        let (base, over) = match rule {
            Rule::KeyValues => (key_values(base), key_values(over)),
            Rule::List => (list(base), list(over)),
            Rule::Build => (named(base, "context"), named(over, "context")),
            Rule::Dependencies | Rule::Names => (names(base, rule), names(over, rule)),
            _ => (base, over),
        };
        let (base_span, base_alias, over_span) = (base.span, base.alias, over.span);
        match (base.kind, over.kind) {
            (Kind::Mapping(base), Kind::Mapping(over)) => {
                let mapping = if rule == Rule::Logging && other_driver(&base, &over) {
                    over
                } else {
                    self.mapping(base, over, rule)
                };
                Node { span: base_span, alias: base_alias, tag: None, kind: Kind::Mapping(mapping) }
            }
            (Kind::Sequence(mut base), Kind::Sequence(over)) => {
                base.extend(over.into_iter().filter(|item| !has_tag(item, &Tag::Reset)).map(
                    |mut item| {
                        settle(&mut item);
                        item
                    },
                ));
                Node { span: base_span, alias: base_alias, tag: None, kind: Kind::Sequence(base) }
            }
            (Kind::Scalar(_), over_kind) => {
                let mut node =
                    Node { span: over_span, alias: over.alias, tag: over.tag, kind: over_kind };
                settle(&mut node);
                node
            }
            (base_kind, over_kind) => {
                self.clash(key, (base_span, &base_kind), (over_span, &over_kind));
                Node { span: base_span, alias: base_alias, tag: None, kind: base_kind }
            }
        }
    }

    fn mapping(&mut self, base: Mapping, over: Mapping, rule: Rule) -> Mapping {
        let mut slots: Vec<Option<Entry>> = base.entries.into_iter().map(Some).collect();
        let index: HashMap<Box<str>, usize> = slots
            .iter()
            .enumerate()
            .filter_map(|(at, entry)| entry.as_ref().map(|entry| (entry.key.text.clone(), at)))
            .collect();
        for mut entry in over.entries {
            let slot = index.get(&entry.key.text).copied();
            let tag = entry.value.tag.as_ref().map(|tag| &tag.value);
            let replaces = matches!(tag, Some(Tag::Override));
            if matches!(tag, Some(Tag::Reset)) {
                if let Some(at) = slot {
                    slots[at] = None;
                }
                continue;
            }
            let below = rule.below(&entry.key.text);
            match slot {
                Some(at) if !replaces => {
                    let Some(old) = slots[at].take() else { continue };
                    let value = self.node(old.value, entry.value, below, Some(&entry.key));
                    let key =
                        if matches!(value.kind, Kind::Scalar(_)) { entry.key } else { old.key };
                    slots[at] = Some(Entry { key, value });
                }
                Some(at) => {
                    settle(&mut entry.value);
                    slots[at] = Some(entry);
                }
                None => {
                    settle(&mut entry.value);
                    slots.push(Some(entry));
                }
            }
        }
        Mapping { entries: slots.into_iter().flatten().collect() }
    }

    fn clash(&mut self, key: Option<&Key>, base: (Span, &Kind), over: (Span, &Kind)) {
        let name = key.map_or_else(|| "the document".to_owned(), |key| format!("`{}`", key.text));
        self.diagnostics.push(
            Diagnostic::error(
                Code::WrongType,
                format!("{name} cannot be merged: {} over {}", kind(over.1), kind(base.1)),
            )
            .at(over.0, format!("{} here", kind(over.1)))
            .at(base.0, format!("{} here", kind(base.1)))
            .help("give both files the same form, or replace the value with `!override`"),
        );
    }
}

fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Scalar(_) => "a single value",
        Kind::Sequence(_) => "a list",
        Kind::Mapping(_) => "a mapping",
    }
}

/// Options of another logging driver are not mixed in.
fn other_driver(base: &Mapping, over: &Mapping) -> bool {
    let driver = |mapping: &Mapping| Some(mapping.get("driver")?.as_scalar()?.text.clone());
    match (driver(base), driver(over)) {
        (Some(base), Some(over)) => base != over,
        _ => false,
    }
}

/// `[A=1, B]` as `{A: 1, B: null}`.
fn key_values(node: Node) -> Node {
    let Kind::Sequence(items) = node.kind else { return node };
    let mut mapping = Mapping::default();
    let mut index: HashMap<Box<str>, usize> = HashMap::new();
    for item in &items {
        let Some(entry) = key_value(item) else {
            // An item that is no text: leave the list for the decoder to complain about.
            return Node { kind: Kind::Sequence(items), ..node };
        };
        match index.get(&entry.key.text) {
            Some(&at) => mapping.entries[at] = entry,
            None => {
                index.insert(entry.key.text.clone(), mapping.entries.len());
                mapping.entries.push(entry);
            }
        }
    }
    Node { kind: Kind::Mapping(mapping), ..node }
}

/// `A=1` as an entry, its value in the place of the whole item.
fn key_value(item: &Node) -> Option<Entry> {
    let scalar = item.as_scalar()?;
    let (name, value) = match scalar.text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (&*scalar.text, None),
    };
    let kind = Kind::Scalar(Scalar {
        text: value.unwrap_or_default().into(),
        style: if value.is_some() { Style::DoubleQuoted } else { Style::Plain },
        interpolated: value.is_some() && scalar.interpolated,
    });
    let key = Key { text: name.into(), style: Style::DoubleQuoted, span: item.span };
    Some(Entry { key, value: Node { span: item.span, alias: item.alias, tag: None, kind } })
}

/// One text as a list of one.
fn list(node: Node) -> Node {
    match node.kind {
        Kind::Scalar(_) if !node.is_null() => {
            Node { span: node.span, alias: node.alias, tag: None, kind: Kind::Sequence(vec![node]) }
        }
        _ => node,
    }
}

/// One text as the value of `name` in a mapping.
fn named(node: Node, name: &str) -> Node {
    match node.kind {
        Kind::Scalar(_) if !node.is_null() => {
            let key = Key { text: name.into(), style: Style::DoubleQuoted, span: node.span };
            let (span, alias) = (node.span, node.alias);
            let entries = vec![Entry { key, value: node }];
            Node { span, alias, tag: None, kind: Kind::Mapping(Mapping { entries }) }
        }
        _ => node,
    }
}

/// What the short form of a dependency stands for.
fn started(span: Span, alias: Option<Span>) -> Node {
    let entry = |name: &str, value: &str, style: Style| Entry {
        key: Key { text: name.into(), style: Style::DoubleQuoted, span },
        value: Node { alias, ..Node::new(span, Kind::Scalar(Scalar::new(value, style))) },
    };
    let entries = vec![
        entry("condition", "service_started", Style::DoubleQuoted),
        entry("required", "true", Style::Plain),
    ];
    Node { alias, ..Node::new(span, Kind::Mapping(Mapping { entries })) }
}

/// `[a, b]` as a mapping, with what the short form stands for as values.
fn names(node: Node, rule: Rule) -> Node {
    let Kind::Sequence(items) = node.kind else { return node };
    if items.iter().any(|item| item.as_scalar().is_none()) {
        return Node { kind: Kind::Sequence(items), ..node };
    }
    let mut mapping = Mapping::default();
    let mut seen = HashSet::new();
    for item in items {
        let (span, alias) = (item.span, item.alias);
        let Kind::Scalar(scalar) = item.kind else { continue };
        if !seen.insert(scalar.text.clone()) {
            continue;
        }
        let value = if rule == Rule::Dependencies {
            started(span, alias)
        } else {
            Node { alias, ..Node::null(span) }
        };
        let key = Key { text: scalar.text, style: Style::DoubleQuoted, span };
        mapping.entries.push(Entry { key, value });
    }
    Node { span: node.span, alias: node.alias, tag: None, kind: Kind::Mapping(mapping) }
}
