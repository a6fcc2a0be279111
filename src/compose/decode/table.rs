use super::Decoder;
use super::stage::Stage;
use crate::compose::suggest::{closest, did_you_mean};
use crate::compose::support::extension_keys;
use crate::compose::unsupported::{Level, way_out, why_ignored};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::yaml::{Entry, Key, Mapping, Node, Style};

/// Reads the attributes of a mapping one by one, and complains about those that nobody asked for.
pub(super) struct Table<'n> {
    node: &'n Node,
    mapping: &'n Mapping,
    level: Level,
    /// The names that were asked for.
    asked: Vec<&'static str>,
    /// Which entries were taken, by their place in the mapping.
    taken: Vec<bool>,
    /// One bit for the look of each key: most attributes are absent, and few need a search.
    looks: u64,
}

impl<'n> Table<'n> {
    /// `None`, reported, when the value is no mapping. `field` is what messages call it.
    pub(super) fn open(
        decoder: &mut Decoder<'_>,
        field: &str,
        node: &'n Node,
        level: Level,
    ) -> Option<Self> {
        let Some(mapping) = node.as_mapping() else {
            decoder.wrong_type(field.trim_matches('`'), node, "a mapping");
            return None;
        };
        let taken = vec![false; mapping.entries.len()];
        let asked = Vec::with_capacity(if level == Level::Service { 128 } else { 16 });
        let looks = mapping.entries.iter().fold(0, |looks, entry| looks | look(&entry.key.text));
        Some(Self { node, mapping, level, asked, taken, looks })
    }

    /// The entry of an attribute, when the file has it.
    pub(super) fn optional(&mut self, key: &'static str) -> Option<&'n Entry> {
        self.asked.push(key);
        if self.looks & look(key) == 0 {
            return None;
        }
        let at = self.mapping.entries.iter().position(|entry| &*entry.key.text == key)?;
        self.taken[at] = true;
        self.mapping.entries.get(at)
    }

    /// The value of an attribute, when the file has it.
    pub(super) fn value(&mut self, key: &'static str) -> Option<&'n Node> {
        self.optional(key).map(|entry| &entry.value)
    }

    /// The value of an attribute; its absence is reported.
    pub(super) fn required(
        &mut self,
        decoder: &mut Decoder<'_>,
        key: &'static str,
        help: &str,
    ) -> Option<&'n Node> {
        let value = self.value(key);
        if value.is_none() {
            let message = format!("{} needs `{key}`", self.level.name());
            decoder.report_at(
                Diagnostic::error(Code::MissingAttribute, message).help(help),
                self.node,
                "missing here",
            );
        }
        value
    }

    /// Whether an attribute is there, under its name or under one that is close to it.
    pub(super) fn has_like(&self, key: &str) -> bool {
        let mut entries = self.mapping.entries.iter().zip(&self.taken);
        entries.any(|(entry, taken)| {
            let found = &*entry.key.text;
            found == key || !taken && closest(found, [key]).is_some()
        })
    }

    /// Complains about every entry that was not asked for, and says which of the others do not carry
    /// over to ECS. `x-…` is accepted nearly anywhere.
    pub(super) fn finish(self, decoder: &mut Decoder<'_>) {
        for (entry, taken) in self.mapping.entries.iter().zip(&self.taken) {
            let key = &*entry.key.text;
            if key == "x-ecs"
                && !taken
                && let Some(home) = self.level.home_of_extension()
            {
                decoder.stray_extension(self.level, entry, home);
            } else if self.level.ignored().contains(&key) {
                decoder.ignored(key, &entry.key, self.level);
            } else if self.level.not_supported_yet().contains(&key) {
                if !is_empty(&entry.value) {
                    decoder.not_supported(&format!("`{key}`"), entry, way_out());
                }
            } else if !(*taken || key.starts_with("x-") && self.level.takes_extensions()) {
                self.unknown(decoder, entry);
            }
        }
    }

    fn unknown(&self, decoder: &mut Decoder<'_>, entry: &Entry) {
        let key = &*entry.key.text;
        let known = self
            .asked
            .iter()
            .chain(self.level.not_supported_yet())
            .chain(self.level.ignored())
            .copied();
        // Among this many faults nobody reads a guess, and guessing is slow.
        let many = decoder.diagnostics.len() > 1000;
        if self.level == Level::Service && key == "pre_start" {
            return decoder.report(decoder.used_at(pre_start(entry.key.span), &entry.value));
        }
        // A key that other places have is known for what it is.
        let home = self.level.is_of_extension().then(|| home_of(key)).flatten();
        let close = if many || home.is_some() { None } else { did_you_mean(key, known) };
        let here = if close.is_some() { "" } else { "not known here" };
        let help = close.or(home).or_else(|| self.belongs_elsewhere(key)).unwrap_or_else(|| {
            if self.level.is_of_extension() {
                "remove it: `decklift schema` says which keys there are".to_owned()
            } else {
                format!("remove it, or name it `x-{key}` when it is meant for another tool")
            }
        });
        let message = format!("{} has no attribute `{key}`", self.level.name());
        let fault = Diagnostic::error(Code::UnknownAttribute, message).at(entry.key.span, here);
        decoder.report(decoder.used_at(fault, &entry.value).help(help));
    }

    /// A key that is indented one level too far, or not far enough.
    fn belongs_elsewhere(&self, key: &str) -> Option<String> {
        match (self.level, key) {
            (
                Level::Root,
                "image" | "build" | "ports" | "environment" | "command" | "depends_on",
            ) => Some(format!("`{key}` belongs to a service: indent it below the service's name")),
            (Level::Service, "services") => {
                Some("`services` stands at the top level, without indentation".into())
            }
            (Level::Service, "replicas" | "resources" | "update_config") => {
                Some(format!("write it below `deploy`: `deploy: {{ {key}: … }}`"))
            }
            _ => None,
        }
    }
}

/// Docker Compose 2.40.3, which is followed here, does not know it yet; the specification does, and ECS
/// runs nothing of the kind.
fn pre_start(span: Span) -> Diagnostic {
    Diagnostic::error(Code::Refused, "ECS runs no `pre_start` before a container")
        .at(span, "docker compose 2.40.3 does not know it either")
        .help(
            "call it from the entrypoint before the app, or make it a service that runs once and that \
            this one waits for: `depends_on: {NAME: {condition: service_completed_successfully}}`",
        )
}

/// A bit that tells most names apart.
fn look(key: &str) -> u64 {
    let bytes = key.as_bytes();
    let [first, .., last] = bytes else { return 1 };
    let mix = bytes.len() + usize::from(*first) * 7 + usize::from(*last) * 31;
    1 << (mix % 64)
}

/// An empty list or mapping asks for nothing.
fn is_empty(node: &Node) -> bool {
    node.as_sequence().is_some_and(<[Node]>::is_empty)
        || node.as_mapping().is_some_and(|mapping| mapping.entries.is_empty())
}

/// The places whose `x-ecs` has a key.
fn home_of(key: &str) -> Option<String> {
    let homes: Vec<_> = extension_keys()
        .filter(|(_, keys)| keys.iter().any(|(known, _)| *known == key))
        .map(|(title, _)| title.replacen("At", "at", 1))
        .collect();
    (!homes.is_empty()).then(|| format!("it belongs to the `x-ecs` {}", homes.join(", or ")))
}

impl Decoder<'_> {
    /// Reports an `x-ecs` that nobody reads.
    fn stray_extension(&mut self, level: Level, entry: &Entry, home: &str) {
        let message = format!("`x-ecs` means nothing at {}", level.name());
        let fault = Diagnostic::error(Code::UnknownAttribute, message).at(entry.key.span, "");
        let fault = self.used_at(fault, &entry.value).help(home);
        self.noted_at(Stage::Whole, |d| d.report(fault));
    }

    /// Reports an attribute that is dropped.
    fn ignored(&mut self, name: &str, key: &Key, level: Level) {
        let note = Diagnostic::note(Code::Ignored, format!("`{name}` is ignored"))
            .at(key.span, "it has no effect on ECS")
            .help(why_ignored(name));
        self.outcome(match level.within_mount() {
            Some(within) => note.part(format!("{within}{name}")),
            None => note,
        });
    }

    /// Reports an attribute, or a form of one, that is refused until it is supported.
    pub(super) fn not_supported(&mut self, what: &str, entry: &Entry, help: &str) {
        let fault =
            Diagnostic::error(Code::NotSupportedYet, format!("{what} is not supported yet"))
                .at(entry.key.span, "");
        let fault = self.used_at(fault, &entry.value).help(help);
        self.outcome(fault);
    }

    /// Whether a key is text, as Compose wants it; reported otherwise.
    pub(super) fn text_key(&mut self, key: &Key) -> bool {
        use crate::compose::scalar::{Typed, plain};
        if key.style != Style::Plain {
            return true;
        }
        let found = plain(&key.text);
        if matches!(found, Typed::Text(_)) {
            return true;
        }
        let fault =
            Diagnostic::error(Code::WrongType, format!("the key `{}` must be text", key.text))
                .at(key.span, format!("this is {}", found.name()))
                .help(format!("put it into quotes: \"{}\"", key.text));
        self.noted_at(Stage::Read, |d| d.report(fault));
        false
    }
}
