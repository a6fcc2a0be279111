use indexmap::IndexMap;

use super::Decoder;
use super::stage::Stage;
use crate::compose::scalar::{Typed, as_text, typed};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::{Entry, Kind, Mapping, Node};

/// `environment`, `labels` and their like: names and values, `None` for a bare name.
pub(in crate::compose) type KeyValues = IndexMap<String, Located<Option<String>>>;

impl Decoder<'_> {
    /// Reads `{A: 1}` or `[A=1]`; of equal names the later one wins.
    pub(super) fn key_values(&mut self, field: &str, node: &Node) -> KeyValues {
        let mut out = KeyValues::new();
        match &node.kind {
            Kind::Mapping(mapping) => {
                out.reserve(mapping.entries.len());
                self.extensions_of(field, mapping, &mut out);
                for entry in &mapping.entries {
                    let name = &entry.key.text;
                    if name.starts_with("x-") {
                        continue;
                    }
                    if !self.text_key(&entry.key) {
                        continue;
                    }
                    let Some(scalar) = entry.value.as_scalar() else {
                        self.wrong_type(&format!("{field}.{name}"), &entry.value, "a single value");
                        continue;
                    };
                    if typed(scalar) == Typed::Timestamp {
                        self.wrong_type(&format!("{field}.{name}"), &entry.value, "text");
                        continue;
                    }
                    let value = as_text(scalar).map(std::borrow::Cow::into_owned);
                    if name.is_empty() && !matches!(field, "logging.options" | "driver_opts") {
                        let help = "write a name before the colon";
                        self.values_at(Stage::Whole, |d| {
                            d.invalid(field, &entry.value, "has an empty name", help);
                        });
                        continue;
                    }
                    out.insert(name.to_string(), Located::new(value, entry.value.span));
                }
            }
            Kind::Sequence(items) => {
                out.reserve(items.len());
                for item in items {
                    let Some(text) = self.item(field, item) else { continue };
                    let (name, value) = match text.value.split_once('=') {
                        Some((name, value)) => (name, Some(value.to_owned())),
                        None => (text.value.as_str(), None),
                    };
                    self.blank_name(field, name, item);
                    out.insert(name.to_owned(), Located::new(value, text.span));
                }
            }
            Kind::Scalar(_) => self.wrong_type(field, node, "a mapping"),
        }
        out
    }

    /// The same, a bare name having the empty value: labels and arguments of labels.
    pub(super) fn labels(&mut self, field: &str, node: &Node) -> IndexMap<String, Located<String>> {
        let values = self.key_values(field, node);
        values
            .into_iter()
            .map(|(name, value)| (name, value.map(Option::unwrap_or_default)))
            .collect()
    }

    /// Names with `x-`: the reference takes them for extensions, and passes on one name that stands
    /// for all of them.
    pub(super) fn extensions_of(&mut self, field: &str, mapping: &Mapping, out: &mut KeyValues) {
        let is_extension = |entry: &&Entry| entry.key.text.starts_with("x-");
        let mut texts: Vec<(&str, String)> = Vec::new();
        for entry in mapping.entries.iter().filter(is_extension) {
            let name = &*entry.key.text;
            let Some(scalar) = entry.value.as_scalar() else {
                self.wrong_type(&format!("{field}.{name}"), &entry.value, "a single value");
                continue;
            };
            let text = as_text(scalar).map_or("<nil>".into(), std::borrow::Cow::into_owned);
            texts.push((name, text));
            let message = format!("docker compose takes `{name}` in `{field}` for an extension");
            let fault = Diagnostic::warning(Code::InvalidValue, message)
                .at(entry.key.span, "passed on as a part of `#extensions`")
                .help(format!("write a list, `- {name}=value`, to pass it on by its name"));
            self.report(fault);
        }
        let Some(first) = mapping.entries.iter().find(is_extension) else { return };
        texts.sort_unstable();
        let texts: Vec<String> =
            texts.into_iter().map(|(name, text)| format!("{name}:{text}")).collect();
        let text = format!("map[{}]", texts.join(" "));
        out.insert("#extensions".to_owned(), Located::new(Some(text), first.value.span));
    }

    fn blank_name(&mut self, field: &str, name: &str, node: &Node) {
        if matches!(field, "environment" | "args") && name.ends_with(char::is_whitespace) {
            let fault = Diagnostic::error(
                Code::InvalidValue,
                format!("the name of a variable in `{field}` ends with a blank"),
            )
            .help("write `NAME=value`, without blanks around the equals sign");
            self.values_at(Stage::Whole, |d| d.report_at(fault, node, ""));
        }
    }
}
