//! `!reset` and `!override`: what they take out of the files below.

use std::collections::HashMap;

use crate::yaml::{Kind, Node, Tag};

/// The places below one key that a document resets or overrides. Places inside lists are none: the
/// reference finds nothing there either.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    here: bool,
    below: HashMap<Box<str>, Marks>,
}

impl Marks {
    /// Takes the values under `!reset` out of a document and remembers where these and those under
    /// `!override` stand.
    pub(super) fn take(document: &mut Node) -> Self {
        document.tag = None;
        let mut marks = Self::default();
        match &mut document.kind {
            Kind::Scalar(_) => {}
            Kind::Sequence(items) => {
                items.retain(|item| tag(item) != Some(&Tag::Reset));
                items.iter_mut().filter(|item| tag(item).is_none()).for_each(|item| {
                    Self::take(item);
                });
            }
            Kind::Mapping(mapping) => mapping.entries.retain_mut(|entry| {
                let found = tag(&entry.value);
                let (here, keep) = (found.is_some(), found != Some(&Tag::Reset));
                // What stands below `!override` is taken as it is.
                let mut below = if here { Self::default() } else { Self::take(&mut entry.value) };
                below.here = here;
                entry.value.tag = None;
                if !below.is_empty() {
                    marks.below.insert(entry.key.text.clone(), below);
                }
                keep
            }),
        }
        marks
    }

    /// The marks below a key.
    pub(super) fn below(&self, key: &str) -> Option<&Self> {
        self.below.get(key)
    }

    /// Takes what is marked out of a document that lies below.
    pub(super) fn apply(&self, target: &mut Node) {
        if self.below.is_empty() {
            return;
        }
        if let Kind::Mapping(mapping) = &mut target.kind {
            mapping.entries.retain_mut(|entry| match self.below(&entry.key.text) {
                Some(marks) if marks.here => false,
                Some(marks) => {
                    marks.apply(&mut entry.value);
                    true
                }
                None => true,
            });
        }
    }

    fn is_empty(&self) -> bool {
        !self.here && self.below.is_empty()
    }
}

/// `!reset` or `!override`.
fn tag(node: &Node) -> Option<&Tag> {
    let tag = node.tag.as_ref().map(|tag| &tag.value)?;
    matches!(tag, Tag::Reset | Tag::Override).then_some(tag)
}
