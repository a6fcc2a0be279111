use crate::source::{Located, Span};

/// One value of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where the value stands. An empty value (`key:`) takes the place of its key.
    pub span: Span,
    /// Where the alias stands that put the value here, for every value below that alias.
    pub alias: Option<Span>,
    /// A tag that is not one of YAML's own.
    pub tag: Option<Box<Located<Tag>>>,
    /// What the value is.
    pub kind: Kind,
}

/// The three kinds of value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text; its type is decided by the field that reads it.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values.
    Mapping(Mapping),
}

/// A tag that changes what Compose does with a value, or that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    /// `!reset`
    Reset,
    /// `!override`
    Override,
    /// Anything else, as it was written.
    Other(String),
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes; the only style that can be a number, a boolean or null.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`, or any style under `!!str`
    DoubleQuoted,
    /// `|` or `>`
    Block,
}

/// A scalar, untyped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text after YAML's own unescaping.
    pub text: Box<str>,
    /// How it was written.
    pub style: Style,
    /// Whether a variable's value is part of the text. Such a text is never shown to people.
    pub interpolated: bool,
}

/// Keys and values in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The entries; no key stands twice.
    pub entries: Vec<Entry>,
}

/// One key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The text after YAML's own unescaping.
    pub text: Box<str>,
    /// How it was written.
    pub style: Style,
    /// Where it stands.
    pub span: Span,
}

impl Node {
    /// How many values the tree holds.
    #[must_use]
    pub fn count(&self) -> usize {
        match &self.kind {
            Kind::Scalar(_) => 1,
            Kind::Sequence(items) => 1 + items.iter().map(Self::count).sum::<usize>(),
            Kind::Mapping(mapping) => {
                1 + mapping.entries.iter().map(|entry| entry.value.count()).sum::<usize>()
            }
        }
    }

    /// A value without tag or alias.
    #[must_use]
    pub fn new(span: Span, kind: Kind) -> Self {
        Self { span, alias: None, tag: None, kind }
    }

    /// An unquoted empty scalar, which is null.
    #[must_use]
    pub fn null(span: Span) -> Self {
        Self::new(span, Kind::Scalar(Scalar::new("", Style::Plain)))
    }

    /// A string.
    #[must_use]
    pub fn string(span: Span, text: &str) -> Self {
        Self::new(span, Kind::Scalar(Scalar::new(text, Style::DoubleQuoted)))
    }

    /// The entries, when this is a mapping.
    #[must_use]
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.kind {
            Kind::Mapping(mapping) => Some(mapping),
            Kind::Scalar(_) | Kind::Sequence(_) => None,
        }
    }

    /// The items, when this is a list.
    #[must_use]
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Sequence(items) => Some(items),
            Kind::Scalar(_) | Kind::Mapping(_) => None,
        }
    }

    /// The scalar, when this is one.
    #[must_use]
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            Kind::Sequence(_) | Kind::Mapping(_) => None,
        }
    }

    /// The value under a key, when this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_mapping()?.get(key)
    }

    /// Whether this is null: nothing, `~` or `null`, unquoted.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(Scalar::is_null)
    }

    /// Marks this value and all below it as coming from the alias at `site`.
    pub(super) fn mark_alias(&mut self, site: Span) {
        self.alias = Some(site);
        match &mut self.kind {
            Kind::Scalar(_) => {}
            Kind::Sequence(items) => items.iter_mut().for_each(|item| item.mark_alias(site)),
            Kind::Mapping(mapping) => {
                mapping.entries.iter_mut().for_each(|entry| entry.value.mark_alias(site));
            }
        }
    }
}

impl Scalar {
    /// A scalar that no variable took part in.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>, style: Style) -> Self {
        Self { text: text.into(), style, interpolated: false }
    }

    /// Whether this is null: nothing, `~` or `null`, unquoted.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.style == Style::Plain && matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL")
    }
}

impl Mapping {
    /// The value under a key. Looks at one entry after the other: for small mappings.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key. Looks at one entry after the other: for small mappings.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| &*entry.key.text == key)
    }
}
