//! The short forms of values, brought into the form in which they can be combined.

use std::collections::{HashMap, HashSet};

use crate::compose::scalar::{Typed, as_text, plain};
use crate::source::Span;
use crate::yaml::{Entry, Key, Kind, Mapping, Node, Scalar, Style};

/// `[A=1, B]` as `{A: 1, B: null}`.
pub(in crate::compose) fn key_values(node: Node) -> Node {
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

/// `{A: 1}` as `[A=1]`; what is no such mapping is left for the decoder to complain about.
pub(in crate::compose) fn listed(node: Node) -> Node {
    let is_text =
        |key: &Key| key.style != Style::Plain || matches!(plain(&key.text), Typed::Text(_));
    let is_good = |entry: &Entry| entry.value.as_scalar().is_some() && is_text(&entry.key);
    match &node.kind {
        Kind::Mapping(mapping) if mapping.entries.iter().all(is_good) => pairs(node),
        Kind::Mapping(_) | Kind::Sequence(_) | Kind::Scalar(_) => node,
    }
}

/// One text as a list of one.
pub(in crate::compose) fn list(node: Node) -> Node {
    match node.kind {
        Kind::Scalar(_) if !node.is_null() => {
            Node { span: node.span, alias: node.alias, tag: None, kind: Kind::Sequence(vec![node]) }
        }
        _ => node,
    }
}

/// One text as the value of `name` in a mapping.
pub(in crate::compose) fn named(node: Node, name: &str) -> Node {
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
pub(in crate::compose) fn names(node: Node, dependencies: bool) -> Node {
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
        let value =
            if dependencies { started(span, alias) } else { Node { alias, ..Node::null(span) } };
        let key = Key { text: scalar.text, style: Style::DoubleQuoted, span };
        mapping.entries.push(Entry { key, value });
    }
    Node { span: node.span, alias: node.alias, tag: None, kind: Kind::Mapping(mapping) }
}

/// `{host: ip}` as `[host=ip]`, sorted as the reference does; a name without a value is bare.
pub(in crate::compose) fn pairs(node: Node) -> Node {
    let Kind::Mapping(mapping) = node.kind else { return list(node) };
    let mut items = Vec::with_capacity(mapping.entries.len());
    for Entry { key, value } in mapping.entries {
        let values = match value.kind {
            Kind::Sequence(items) => items,
            Kind::Scalar(_) | Kind::Mapping(_) => vec![value],
        };
        items.extend(values.into_iter().map(|value| {
            let text = match value.as_scalar().and_then(as_text) {
                Some(text) => format!("{}={text}", key.text),
                None => key.text.to_string(),
            };
            let interpolated = value.as_scalar().is_some_and(|scalar| scalar.interpolated);
            let scalar = Scalar { text: text.into(), style: Style::DoubleQuoted, interpolated };
            Node { kind: Kind::Scalar(scalar), tag: None, ..value }
        }));
    }
    items.sort_by(|a, b| {
        let text = |node: &Node| node.as_scalar().map(|scalar| scalar.text.clone());
        text(a).cmp(&text(b))
    });
    Node { kind: Kind::Sequence(items), ..node }
}

/// `all` as `[{count: all}]`.
pub(in crate::compose) fn gpus(node: Node) -> Node {
    let (span, alias) = (node.span, node.alias);
    match list(named(node, "count")) {
        item @ Node { kind: Kind::Mapping(_), .. } => {
            Node { span, alias, tag: None, kind: Kind::Sequence(vec![item]) }
        }
        other => other,
    }
}

/// `[default, id=path]` as `{default: null, id: path}`.
pub(in crate::compose) fn ssh(node: Node) -> Node {
    key_values(node)
}

/// `external: {name: n}` as `external: true` and `name: n`.
pub(in crate::compose) fn external(mut node: Node) -> Node {
    let Kind::Mapping(mapping) = &mut node.kind else { return node };
    let named = mapping.entries.iter().any(|entry| &*entry.key.text == "name");
    let mut name = None;
    for entry in &mut mapping.entries {
        if &*entry.key.text == "external" && entry.value.as_mapping().is_some() {
            let span = entry.value.span;
            let yes = Kind::Scalar(Scalar::new("true", Style::Plain));
            let old = std::mem::replace(&mut entry.value, Node::new(span, yes));
            if let Kind::Mapping(old) = old.kind {
                name = old.entries.into_iter().find(|entry| &*entry.key.text == "name");
            }
        }
    }
    mapping.entries.extend(name.filter(|_| !named));
    node
}
