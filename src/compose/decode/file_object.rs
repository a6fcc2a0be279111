//! Secrets and configs: those of the project, and what a service takes of them.

use indexmap::IndexMap;

use super::Decoder;
use super::forms::{CONFIG, FILE_REFERENCE, MODEL, SECRET};
use super::stage::Stage;
use crate::compose::model::{FileObject, FileReference, Settings};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::{Entry, Kind, Mapping, Node};

impl Decoder<'_> {
    /// The top-level `secrets` or `configs`.
    pub(super) fn file_objects(
        &mut self,
        field: &'static str,
        node: &Node,
    ) -> IndexMap<String, FileObject> {
        let (form, sources, kind): (_, &[&str], _) = if field == "secrets" {
            (&SECRET, &["file", "environment"], "secret")
        } else {
            (&CONFIG, &["file", "environment", "content"], "config")
        };
        let mut out = IndexMap::new();
        for entry in self.named_entries(field, node) {
            let Some(settings) = self.settings(field, &entry.value, form) else { continue };
            let Some(mapping) = entry.value.as_mapping() else { continue };
            let (name, external) = self.name_and_external(mapping);
            self.one_source(entry, mapping, sources, kind);
            // Compose reads `external` before it looks at what is there in its place.
            if kind == "secret"
                && !external
                && ["file", "environment"].iter().all(|key| settings.text(key).is_none())
                && mapping.entry("external").is_some()
                && mapping.entry("driver").is_none()
            {
                let wanted = "`file` or `environment`";
                self.noted_at(Stage::Whole, |d| d.no_source(entry, wanted, kind));
            }
            let name = name.map(|name| name.value);
            let extension = mapping.get("x-ecs").filter(|_| kind == "secret");
            let mut extension =
                extension.map(|node| self.secret_extension(node)).unwrap_or_default();
            if kind == "secret" {
                self.retired_of_secret(&entry.value, &mut extension);
            }
            let object = FileObject { span: entry.key.span, name, external, settings, extension };
            out.insert(entry.key.text.to_string(), object);
        }
        out
    }

    /// A secret or config comes from one place.
    fn one_source(&mut self, entry: &Entry, mapping: &Mapping, sources: &[&str], kind: &str) {
        let found: Vec<&Entry> = sources.iter().filter_map(|key| mapping.entry(key)).collect();
        match found.as_slice() {
            [] => {
                if mapping.entry("driver").is_none() && mapping.entry("external").is_none() {
                    let wanted: Vec<String> =
                        sources.iter().map(|source| format!("`{source}`")).collect();
                    let wanted = wanted.join(" or ");
                    self.noted_at(Stage::Import, |d| d.no_source(entry, &wanted, kind));
                }
            }
            [_] => {}
            [first, second, ..] => {
                let message =
                    format!("`{}` and `{}` exclude each other", first.key.text, second.key.text);
                let fault = Diagnostic::error(Code::Conflict, message)
                    .at(first.key.span, "one source")
                    .at(second.key.span, "another")
                    .help("keep one of the two");
                self.noted_at(Stage::Import, |d| d.report(fault));
            }
        }
    }

    fn no_source(&mut self, entry: &Entry, wanted: &str, kind: &str) {
        let message = format!("the {kind} `{}` comes from nowhere", entry.key.text);
        let fault = Diagnostic::error(Code::MissingAttribute, message)
            .at(entry.key.span, "")
            .help(format!("write {wanted} below it, or `external: true`"));
        self.report(fault);
    }

    /// What a service, or its build, takes of the secrets or configs; of equal targets the later one
    /// wins.
    pub(super) fn references(&mut self, field: &'static str, node: &Node) -> Vec<FileReference> {
        let Some(items) = node.as_sequence() else {
            self.wrong_type(field, node, "a list");
            return Vec::new();
        };
        let mut out: Vec<FileReference> = Vec::with_capacity(items.len());
        for item in items {
            let settings = match &item.kind {
                Kind::Scalar(_) => self.item(field, item).map(|source| {
                    let mut settings = Settings::default();
                    settings.set("source", source.value);
                    settings
                }),
                _ => self.settings(field, item, &FILE_REFERENCE),
            };
            let Some(settings) = settings else { continue };
            let source = settings.text("source").unwrap_or_default().to_owned();
            out.push(FileReference { source: Located::new(source, item.span), settings });
        }
        out
    }

    /// `secrets` or `configs` of a service: of equal targets the later one wins.
    pub(super) fn mounted(&mut self, field: &'static str, node: &Node) -> Vec<FileReference> {
        let base = if field == "secrets" { "/run/secrets" } else { "" };
        let mut out: IndexMap<String, FileReference> = IndexMap::new();
        for mut reference in self.references(field, node) {
            let implied = format!("{base}/{}", reference.source.value);
            let target = reference.settings.text("target").map(str::to_owned);
            match target.as_deref() {
                Some("") => {
                    reference.settings.attributes.remove("target");
                }
                None if field == "secrets" => reference.settings.set("target", implied.as_str()),
                _ => {}
            }
            out.insert(target.unwrap_or(implied), reference);
        }
        out.into_values().collect()
    }

    /// The top-level `models`.
    pub(super) fn top_models(&mut self, node: &Node) -> IndexMap<String, Settings> {
        let mut out = IndexMap::new();
        for entry in self.named_entries("models", node) {
            if let Some(settings) = self.settings("models", &entry.value, &MODEL) {
                out.insert(entry.key.text.to_string(), settings);
            }
        }
        out
    }
}
