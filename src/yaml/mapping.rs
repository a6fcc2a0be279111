use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use super::build::Fault;
use super::node::{Entry, Key, Kind, Node, Style};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};

/// A mapping that is being read.
pub(super) struct OpenMapping {
    entries: Vec<Entry>,
    pub(super) key: Option<Key>,
    /// Made once a linear search would be slow.
    index: Option<Box<Index>>,
    merges: Vec<(Key, Node)>,
}

const INDEX_FROM: usize = 16;

impl OpenMapping {
    /// `entries` is an empty buffer.
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        Self { entries, key: None, index: None, merges: Vec::new() }
    }

    /// Takes in the value of a key.
    pub(super) fn value(&mut self, key: Key, mut node: Node, diagnostics: &mut Diagnostics) {
        if node.span.start == node.span.end && node.is_null() {
            node.span = key.span;
        }
        if key.style == Style::Plain && &*key.text == "<<" {
            if let Some((first, _)) = self.merges.first() {
                diagnostics.push_with(Severity::Error, || {
                    duplicate(first, &key)
                        .help("merge several mappings with one key: `<<: [*first, *second]`")
                });
                return;
            }
            self.merges.push((key, node));
            return;
        }
        if let Some(first) = find(&self.entries, &mut self.index, &key.text) {
            let first = &self.entries[first].key;
            diagnostics.push_with(Severity::Error, || duplicate(first, &key));
            return;
        }
        insert(&mut self.entries, &mut self.index, Entry { key, value: node });
    }

    /// The entries with `<<` applied: own keys win, then those of the first mapping that has them.
    pub(super) fn merged(self) -> Result<Vec<Entry>, Fault> {
        let OpenMapping { mut entries, key: _, mut index, merges } = self;
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
                    if find(&entries, &mut index, &entry.key.text).is_none() {
                        insert(&mut entries, &mut index, entry);
                    }
                }
            }
        }
        Ok(entries)
    }
}

/// Where the keys of a large mapping stand, by the hashes of their texts: a table of the texts
/// themselves would hold each of them twice.
#[derive(Default)]
struct Index {
    state: RandomState,
    places: HashMap<u64, usize>,
}

impl Index {
    /// The place of a key, or else the slot that is free for it.
    fn place(&self, entries: &[Entry], key: &str) -> Result<usize, u64> {
        let mut slot = self.state.hash_one(key);
        while let Some(&at) = self.places.get(&slot) {
            if entries.get(at).is_some_and(|entry| &*entry.key.text == key) {
                return Ok(at);
            }
            slot = slot.wrapping_add(1);
        }
        Err(slot)
    }

    fn add(&mut self, entries: &[Entry], key: &str, at: usize) {
        if let Err(slot) = self.place(entries, key) {
            self.places.insert(slot, at);
        }
    }
}

fn find(entries: &[Entry], index: &mut Option<Box<Index>>, key: &str) -> Option<usize> {
    if entries.len() < INDEX_FROM {
        return entries.iter().position(|entry| &*entry.key.text == key);
    }
    let index = index.get_or_insert_with(|| {
        let mut index = Box::<Index>::default();
        for (at, entry) in entries.iter().enumerate() {
            index.add(entries, &entry.key.text, at);
        }
        index
    });
    index.place(entries, key).ok()
}

/// Takes in an entry whose key is not there yet.
fn insert(entries: &mut Vec<Entry>, index: &mut Option<Box<Index>>, entry: Entry) {
    if let Some(index) = index {
        index.add(entries, &entry.key.text, entries.len());
    }
    entries.push(entry);
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
