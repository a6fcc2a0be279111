use indexmap::IndexMap;

use super::Attributes;

/// A value of the Compose file, typed and completed as Compose itself does it.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// Nothing: the image's own value is meant, or a bare name.
    Null,
    /// A boolean.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// A whole number beyond `i64`.
    Unsigned(u64),
    /// Any other number.
    Number(f64),
    /// Text; amounts of memory and durations are kept in the form they are printed in.
    Text(String),
    /// A list.
    List(Vec<Setting>),
    /// A mapping whose keys the file chose.
    Map(Box<IndexMap<String, Setting>>),
    /// A mapping whose keys are the attributes of the Compose Specification.
    Table(Settings),
    /// The same, where its absence and its being empty are one.
    Part(Settings),
}

impl Setting {
    /// The text, where it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The attributes of one place in the Compose file, without those that say nothing.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Settings {
    /// The attributes of the specification.
    pub attributes: Attributes,
    /// `x-…`, when there are any.
    pub extensions: SettingExtensions,
}

impl Settings {
    /// An attribute that is a text.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.attributes.get(key).and_then(Setting::as_text)
    }

    /// Sets an attribute to a text.
    pub(crate) fn set(&mut self, key: &'static str, text: impl Into<String>) {
        self.attributes.insert(key, Setting::Text(text.into()));
    }
}

/// `x-…` entries, when there are any: few places have them.
pub type SettingExtensions = Option<Box<IndexMap<String, Setting>>>;
