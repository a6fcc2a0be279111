use std::path::{Path, PathBuf};

use super::Decoder;
use super::stage::Stage;
use super::table::Table;
use crate::compose::paths::display;
use crate::compose::suggest::shown_path;
use crate::compose::unsupported::Level;
use crate::source::{Located, Span};
use crate::yaml::{Kind, Node};

/// One entry of `env_file`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::compose) struct EnvFile {
    /// The absolute path, and where it is written.
    pub(in crate::compose) path: Located<PathBuf>,
    /// The path as it is written, where a variable's value is part of it.
    pub(in crate::compose) written: Option<String>,
    /// Where the entry came in by an alias.
    pub(in crate::compose) alias: Option<Span>,
    pub(in crate::compose) required: bool,
    pub(in crate::compose) format: Format,
}

/// How the lines of an `env_file` are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::compose) enum Format {
    /// Quotes, escapes and variables.
    #[default]
    Compose,
    /// Every value as it stands.
    Raw,
    /// A format that does not exist, written there. As in the reference that is a fault once the
    /// file is read.
    Unknown(Span),
}

impl EnvFile {
    /// What messages call it, seen from the working directory.
    pub(in crate::compose) fn shown(&self, cwd: &Path) -> String {
        let path = display(&self.path.value, cwd);
        match &self.written {
            Some(written) => shown_path(path, written),
            None => path,
        }
    }
}

impl Decoder<'_> {
    /// `env_file`; of equal paths the later one wins.
    pub(super) fn env_files(&mut self, node: &Node) -> Vec<EnvFile> {
        let items = match &node.kind {
            Kind::Scalar(_) => std::slice::from_ref(node),
            Kind::Sequence(items) => items.as_slice(),
            Kind::Mapping(_) => {
                self.wrong_type("env_file", node, "a list of texts");
                &[]
            }
        };
        let mut out = indexmap::IndexMap::new();
        for item in items {
            let file = match item.kind {
                Kind::Mapping(_) => self.long_env_file(item),
                Kind::Scalar(_) | Kind::Sequence(_) => self.env_path(item).map(|path| EnvFile {
                    path,
                    written: self.as_written(item),
                    alias: item.alias,
                    required: true,
                    format: Format::Compose,
                }),
            };
            if let Some(file) = file {
                out.insert(file.path.value.clone(), file);
            }
        }
        out.into_values().collect()
    }

    /// `label_file`: the files of labels, which are written as env files are.
    pub(super) fn label_files(&mut self, node: &Node) -> Vec<EnvFile> {
        let items = match &node.kind {
            Kind::Scalar(_) => std::slice::from_ref(node),
            Kind::Sequence(items) => items.as_slice(),
            Kind::Mapping(_) => {
                self.wrong_type("label_file", node, "a list of texts");
                &[]
            }
        };
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            let Some(text) = self.string("label_file", item) else { continue };
            if text.value.is_empty() {
                self.values_at(Stage::Whole, |d| {
                    d.invalid("label_file", item, "is empty", "name a file");
                });
                continue;
            }
            out.push(EnvFile {
                path: text.map(|text| self.paths.absolute(&text)),
                written: self.as_written(item),
                alias: item.alias,
                required: true,
                format: Format::Compose,
            });
        }
        out
    }

    fn env_path(&mut self, node: &Node) -> Option<Located<PathBuf>> {
        let text = self.item("env_file", node)?;
        if text.value.is_empty() {
            self.values_at(Stage::Whole, |d| {
                d.invalid("env_file", node, "is empty", "name a file");
            });
            return None;
        }
        Some(text.map(|text| self.paths.absolute(&text)))
    }

    /// The text as it stands in the file, when a variable's value is part of the value.
    fn as_written(&self, node: &Node) -> Option<String> {
        let is_interpolated = node.as_scalar().is_some_and(|scalar| scalar.interpolated);
        is_interpolated.then(|| self.sources.slice(node.span).trim_matches(['"', '\'']).to_owned())
    }

    fn long_env_file(&mut self, node: &Node) -> Option<EnvFile> {
        let mut table = Table::open(self, "env_file", node, Level::EnvFile)?;
        let path = self.noted_at(Stage::Read, |d| table.required(d, "path", "name the file"));
        let required = table.value("required").and_then(|node| self.boolean("required", node));
        let format = table.value("format").and_then(|node| {
            let format = self.string("format", node)?;
            match format.value.as_str() {
                "" => Some(Format::Compose),
                "raw" => Some(Format::Raw),
                _ => Some(Format::Unknown(node.span)),
            }
        });
        table.finish(self);
        let path_node = path?;
        Some(EnvFile {
            path: self.env_path(path_node)?,
            written: self.as_written(path_node),
            alias: node.alias,
            required: required.is_none_or(|required| required.value),
            format: format.unwrap_or_default(),
        })
    }
}
