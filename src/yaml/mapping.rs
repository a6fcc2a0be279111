use std::collections::HashMap;

use super::build::Fault;
use super::node::{Entry, Key, Kind, Mapping, Node, Style};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};

/// A mapping that is being read.
#[derive(Default)]
pub(super) struct OpenMapping {
    mapping: Mapping,
    pub(super) key: Option<Key>,
    /// Filled once a linear search would be slow.
    index: HashMap<Box<str>, usize>,
    merges: Vec<(Key, Node)>,
}

const INDEX_FROM: usize = 16;

impl OpenMapping {
    /// Takes in the value of a key.
    pub(super) fn value(&mut self, key: Key, mut node: Node, diagnostics: &mut Diagnostics) {
        if node.span.start == node.span.end && node.is_null() {
            node.span = key.span;
        }
        if key.style == Style::Plain && &*key.text == "<<" {
            if let Some((first, _)) = self.merges.first() {
                let fault = duplicate(first, &key)
                    .help("merge several mappings with one key: `<<: [*first, *second]`");
                diagnostics.push(fault);
                return;
            }
            self.merges.push((key, node));
            return;
        }
        if let Some(first) = find(&self.mapping, &mut self.index, &key.text) {
            diagnostics.push(duplicate(&self.mapping.entries[first].key, &key));
            return;
        }
        insert(&mut self.mapping, &mut self.index, Entry { key, value: node });
    }

    /// Applies `<<`: own keys win, then those of the first mapping that has them.
    pub(super) fn merged(self) -> Result<Mapping, Fault> {
        let OpenMapping { mut mapping, key: _, mut index, merges } = self;
        for (key, value) in merges {
            let sources = match value.kind {
                Kind::Sequence(items) => items,
                Kind::Scalar(_) | Kind::Mapping(_) => vec![value],
            };
            for source in sources {
                let Kind::Mapping(merged) = source.kind else {
                    return Err(bad_merge(&key, &source));
                };
                for entry in merged.entries {
                    if find(&mapping, &mut index, &entry.key.text).is_none() {
                        insert(&mut mapping, &mut index, entry);
                    }
                }
            }
        }
        Ok(mapping)
    }
}

fn find(mapping: &Mapping, index: &mut HashMap<Box<str>, usize>, key: &str) -> Option<usize> {
    if mapping.entries.len() < INDEX_FROM {
        return mapping.entries.iter().position(|entry| &*entry.key.text == key);
    }
    if index.is_empty() {
        index.extend(
            mapping.entries.iter().enumerate().map(|(at, entry)| (entry.key.text.clone(), at)),
        );
    }
    index.get(key).copied()
}

fn insert(mapping: &mut Mapping, index: &mut HashMap<Box<str>, usize>, entry: Entry) {
    if !index.is_empty() {
        index.insert(entry.key.text.clone(), mapping.entries.len());
    }
    mapping.entries.push(entry);
}

/// A value as a key. `text` is the whole text.
pub(super) fn key(node: Node, text: &str) -> Result<Key, Fault> {
    let span = node.alias.unwrap_or(node.span);
    if let Kind::Scalar(scalar) = node.kind {
        return Ok(Key { text: scalar.text, style: scalar.style, span });
    }
    let before = span.range().start.checked_sub(1).and_then(|at| text.as_bytes().get(at));
    let fault = if before == Some(&b'{') {
        Diagnostic::error(Code::WrongType, "`{{` starts a mapping in YAML")
            .at(span, "read as a mapping inside a mapping")
            .help("put the value into quotes: \"{{ … }}\"")
    } else {
        Diagnostic::error(Code::WrongType, "a key must be text")
            .at(span, "this key is a list or a mapping")
            .help("quote it when brackets are part of the text")
    };
    Err(Box::new(fault))
}

fn duplicate(first: &Key, second: &Key) -> Diagnostic {
    Diagnostic::error(Code::DuplicateKey, format!("the key `{}` stands twice", second.text))
        .at(second.span, "again here")
        .at(first.span, "first here")
        .help("keep one of them")
}

fn bad_merge(key: &Key, value: &Node) -> Fault {
    Box::new(
        Diagnostic::error(Code::BadMergeKey, "`<<` takes a mapping or a list of mappings")
            .at(value.alias.unwrap_or(value.span), "this is neither")
            .at(key.span, "merged by this key")
            .help(
                "write `<<: *anchor` or `<<: [*first, *second]`, where each anchor marks a mapping",
            ),
    )
}
