//! Attributes read by what a table says of them: their names, their types, and when Compose leaves
//! them out of what it prints.

mod number;

use indexmap::IndexMap;

use super::stage::Stage;
use super::table::Table;
use super::{Decoder, KeyValues};
use crate::compose::canonical::duration;
use crate::compose::model::{Setting, Settings};
use crate::compose::scalar::{Typed, as_text, typed};
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::yaml::{Kind, Node};

/// The attributes of one place.
pub(super) struct Form {
    pub(super) level: Level,
    pub(super) attributes: &'static [(&'static str, Shape)],
    /// What must be there, and what to do about its absence.
    pub(super) required: &'static [(&'static str, &'static str)],
}

/// What an attribute takes, and what of it is kept.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Read by somebody else.
    Elsewhere,
    /// Checked and dropped: Compose does not keep it either.
    Dropped(&'static Shape),
    /// Text; nothing when empty.
    Text,
    /// Text, even when empty.
    Word,
    /// Text or a boolean.
    Scalar,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// A boolean; nothing when false.
    Flag,
    /// A boolean that is no text; nothing when false.
    StrictFlag,
    /// A boolean.
    Switch,
    /// A whole number, also as text; nothing when 0.
    Whole,
    /// A whole number, also as text, of 0 or more.
    Count,
    /// A whole number of 0 or more, also as text; nothing when 0.
    Natural,
    /// A whole number that is no text; nothing when 0.
    StrictWhole,
    /// A number that is no text, whose fraction is cut off; nothing when 0.
    Cut,
    /// A whole number, 0 where there is none.
    Amount,
    /// Text, the empty one where there is none.
    Kind,
    /// A fraction; nothing when 0.
    Ratio,
    /// Processors; nothing when 0.
    Cpus,
    /// An amount of memory as text.
    Memory,
    /// An amount of memory, also as a number.
    Bytes,
    /// A duration; nothing when 0.
    Duration,
    /// A duration.
    Span,
    /// The permissions of a file.
    Mode,
    /// The permissions of a tmpfs.
    TmpfsMode,
    /// A list of texts.
    Texts,
    /// A list of texts, none of them twice.
    Unique,
    /// A list of texts; what is there twice counts once.
    Set,
    /// A text or a list of texts.
    OneOrMore,
    /// Names and values, as a list or a mapping; a bare name has the empty value.
    Labels,
    /// The same; a bare name has none.
    Environment,
    /// A mapping of texts and numbers.
    Options,
    /// A mapping of texts.
    TextMap,
    /// A path, seen from the project directory.
    Path,
    /// A build context.
    Context,
    /// Build contexts by name.
    Contexts,
    Ssh,
    Hosts,
    Ulimits,
    Command,
    DeviceCount,
    /// A mapping with attributes.
    Table(&'static Form),
    /// The same, which is nothing when it is empty.
    Part(&'static Form),
    /// A list of mappings with attributes.
    Tables(&'static Form),
}

impl Decoder<'_> {
    /// The attributes of a mapping; `None`, reported, when it is none.
    pub(super) fn settings(&mut self, field: &str, node: &Node, form: &Form) -> Option<Settings> {
        let mut table = Table::open(self, field, node, form.level)?;
        let mut settings = Settings::default();
        for (key, help) in form.required {
            table.required(self, key, help);
        }
        for (key, shape) in form.attributes {
            let setting = match (table.value(key), shape) {
                (Some(node), _) => self.setting(key, node, *shape),
                (None, Shape::Kind) => Some(Setting::Text(String::new())),
                (None, Shape::Amount) => Some(Setting::Whole(0)),
                (None, _) => None,
            };
            if let Some(setting) = setting {
                settings.attributes.insert(key, setting);
            }
        }
        table.finish(self);
        settings.attributes.shrink();
        let extensions = extensions(node);
        settings.extensions = (!extensions.is_empty()).then(|| Box::new(extensions));
        Some(settings)
    }

    /// What an attribute is kept as; `None` when it says nothing.
    pub(super) fn setting(&mut self, field: &str, node: &Node, shape: Shape) -> Option<Setting> {
        match shape {
            Shape::Elsewhere => None,
            Shape::Dropped(shape) => {
                self.setting(field, node, *shape);
                None
            }
            Shape::Table(form) => self.settings(field, node, form).map(Setting::Table),
            Shape::Part(form) => self.settings(field, node, form).map(Setting::Part),
            Shape::Tables(form) => self.tables(field, node, form),
            Shape::Text
            | Shape::Word
            | Shape::Kind
            | Shape::Scalar
            | Shape::Choice(_)
            | Shape::Memory
            | Shape::Bytes
            | Shape::Duration
            | Shape::Span
            | Shape::Path
            | Shape::Context => self.text_setting(field, node, shape).map(Setting::Text),
            Shape::Flag => {
                let on = match field {
                    // These are read with the variables.
                    "attachable" | "internal" | "nocopy" | "read_only" => self.boolean(field, node),
                    _ => self.values_at(Stage::Whole, |d| d.boolean(field, node)),
                };
                on.filter(|on| on.value).map(|_| Setting::Flag(true))
            }
            Shape::StrictFlag => match node.as_scalar().map(typed) {
                Some(Typed::Bool(on)) => on.then_some(Setting::Flag(true)),
                _ => {
                    self.wrong_type(field, node, "a boolean");
                    None
                }
            },
            Shape::Switch => self.boolean(field, node).map(|on| Setting::Flag(on.value)),
            Shape::Whole
            | Shape::Count
            | Shape::Natural
            | Shape::StrictWhole
            | Shape::Cut
            | Shape::Amount
            | Shape::Ratio
            | Shape::Cpus
            | Shape::Mode
            | Shape::TmpfsMode
            | Shape::DeviceCount => self.number_setting(field, node, shape),
            Shape::Texts | Shape::Unique | Shape::Set | Shape::OneOrMore => {
                self.list_setting(field, node, shape)
            }
            Shape::Labels | Shape::Environment | Shape::Options | Shape::TextMap => {
                self.map_setting(field, node, shape)
            }
            Shape::Contexts => self.contexts(field, node),
            Shape::Ssh => self.ssh(node),
            Shape::Hosts => self.hosts(field, node),
            Shape::Ulimits => self.ulimit_settings(field, node),
            Shape::Command => match self.command(field, node) {
                Some(words) => Some(texts(words.value)),
                None => Some(Setting::Null),
            },
        }
    }

    fn tables(&mut self, field: &str, node: &Node, form: &Form) -> Option<Setting> {
        let Some(items) = node.as_sequence() else {
            self.wrong_type(field, node, "a list");
            return None;
        };
        let items: Vec<Setting> = items
            .iter()
            .filter_map(|item| self.settings(field, item, form).map(Setting::Table))
            .collect();
        (!items.is_empty()).then_some(Setting::List(items))
    }

    fn text_setting(&mut self, field: &str, node: &Node, shape: Shape) -> Option<String> {
        match shape {
            Shape::Word | Shape::Kind => self.string(field, node).map(|text| text.value),
            Shape::Scalar => match node.as_scalar().map(typed) {
                Some(Typed::Text(text)) => Some(text.to_owned()).filter(|text| !text.is_empty()),
                Some(Typed::Bool(on)) => Some(on.to_string()),
                _ => {
                    self.wrong_type(field, node, "text or a boolean");
                    None
                }
            },
            Shape::Choice(words) => {
                if node.as_scalar().is_some_and(|scalar| scalar.text.is_empty()) && !node.is_null()
                {
                    let help = format!("it takes `{}`", words.join("`, `"));
                    let why = format!("is no value of `{field}`");
                    self.values_at(Stage::Shape, |d| d.invalid(field, node, &why, &help));
                    return None;
                }
                let choices: Vec<(&str, &str)> = words.iter().map(|word| (*word, *word)).collect();
                self.choice(field, node, &choices).map(|word| word.value.to_owned())
            }
            Shape::Memory | Shape::Bytes => {
                let bytes = self.bytes(field, node, matches!(shape, Shape::Bytes))?;
                (bytes.value > 0).then(|| bytes.value.to_string())
            }
            Shape::Duration | Shape::Span => {
                let span = self.duration(field, node)?.value;
                (matches!(shape, Shape::Span) || !span.is_zero()).then(|| duration(span))
            }
            Shape::Path => {
                let path = self.string(field, node)?.value;
                Some(self.paths.absolute(&path).to_string_lossy().into_owned())
            }
            Shape::Context => {
                let path = self.filled(field, node)?.value;
                Some(self.context(&path))
            }
            _ => self.filled(field, node).map(|text| text.value),
        }
    }

    fn list_setting(&mut self, field: &str, node: &Node, shape: Shape) -> Option<Setting> {
        let items = match (shape, &node.kind) {
            (Shape::OneOrMore, Kind::Scalar(_)) => std::slice::from_ref(node),
            (_, Kind::Sequence(items)) => items.as_slice(),
            _ => {
                self.wrong_type(field, node, "a list of texts");
                return None;
            }
        };
        if matches!(shape, Shape::Unique) && self.is_nested(field, node) {
            return None;
        }
        if matches!(shape, Shape::Set) {
            // As in the reference, the name before an equals sign makes an entry unique.
            let mut out: IndexMap<String, String> = IndexMap::new();
            for item in items {
                let Some(text) = self.string(field, item) else { continue };
                let name = text.value.split('=').next().unwrap_or_default().to_owned();
                out.insert(name, text.value);
            }
            return (!out.is_empty()).then(|| texts(out.into_values().collect()));
        }
        let mut seen: IndexMap<String, crate::source::Span> = IndexMap::new();
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            let Some(text) = self.string(field, item) else { continue };
            if !matches!(shape, Shape::Texts)
                && let Some(first) = seen.insert(text.value.clone(), text.span)
            {
                let message = format!("{} is in `{field}` twice", self.show(item));
                let fault = Diagnostic::error(Code::Conflict, message)
                    .at(text.span, "again here")
                    .at(first, "first here")
                    .help("keep one of the two");
                self.report(fault);
                continue;
            }
            out.push(text.value);
        }
        (!out.is_empty()).then(|| texts(out))
    }

    fn map_setting(&mut self, field: &str, node: &Node, shape: Shape) -> Option<Setting> {
        let mut out = IndexMap::new();
        match shape {
            Shape::Labels | Shape::Environment => {
                for (key, value) in self.key_values(field, node) {
                    let value = match (value.value, shape) {
                        (Some(text), _) => Setting::Text(text),
                        (None, Shape::Labels) => Setting::Text(String::new()),
                        (None, _) => Setting::Null,
                    };
                    out.insert(key, value);
                }
            }
            _ => {
                let Some(mapping) = node.as_mapping() else {
                    self.wrong_type(field, node, "a mapping");
                    return None;
                };
                let mut extensions = KeyValues::new();
                self.extensions_of(field, mapping, &mut extensions);
                for (name, value) in extensions {
                    out.insert(name, Setting::Text(value.value.unwrap_or_default()));
                }
                for entry in &mapping.entries {
                    if !self.text_key(&entry.key) || entry.key.text.starts_with("x-") {
                        continue;
                    }
                    let scalar = entry.value.as_scalar();
                    match scalar.map(typed) {
                        Some(Typed::Text(_)) => {}
                        Some(Typed::Int(_) | Typed::Unsigned(_) | Typed::Float(_))
                            if matches!(shape, Shape::Options) => {}
                        _ => {
                            let field = format!("{field}.{}", entry.key.text);
                            self.wrong_type(&field, &entry.value, "text");
                            continue;
                        }
                    }
                    let text = scalar.and_then(as_text).unwrap_or_default();
                    out.insert(entry.key.text.to_string(), Setting::Text(text.into_owned()));
                }
            }
        }
        (!out.is_empty()).then_some(Setting::Map(Box::new(out)))
    }
}

/// Texts as a list.
pub(super) fn texts(words: Vec<String>) -> Setting {
    Setting::List(words.into_iter().map(Setting::Text).collect())
}

/// The `x-…` entries of a mapping.
pub(super) fn extensions(node: &Node) -> IndexMap<String, Setting> {
    let entries = node.as_mapping().map(|mapping| mapping.entries.as_slice()).unwrap_or_default();
    entries
        .iter()
        .filter(|entry| entry.key.text.starts_with("x-"))
        .map(|entry| (entry.key.text.to_string(), extension(&entry.value)))
        .collect()
}

/// The value of an `x-…` attribute, typed as the file has it.
fn extension(node: &Node) -> Setting {
    match &node.kind {
        Kind::Scalar(scalar) => match typed(scalar) {
            Typed::Null => Setting::Null,
            Typed::Bool(value) => Setting::Flag(value),
            Typed::Int(value) => Setting::Whole(value),
            Typed::Unsigned(value) => Setting::Unsigned(value),
            Typed::Float(value) => Setting::Number(value),
            Typed::Timestamp => Setting::Text(timestamp(&scalar.text)),
            Typed::Text(text) => Setting::Text(text.to_owned()),
        },
        Kind::Sequence(items) => Setting::List(items.iter().map(extension).collect()),
        Kind::Mapping(mapping) => {
            let entries = mapping.entries.iter();
            let entries = entries.map(|e| (e.key.text.to_string(), extension(&e.value)));
            Setting::Map(Box::new(entries.collect()))
        }
    }
}

/// A date without a time is midnight.
fn timestamp(text: &str) -> String {
    if text.contains([':', 'T', 't']) { text.to_owned() } else { format!("{text}T00:00:00Z") }
}
