//! `include`: the resources of another project become part of this one.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::assemble::{Assembler, Documents, Scope};
use super::environment::Environment;
use super::files::read_variables;
use super::long_form;
use super::paths::{Paths, join};
use super::relative::{absolute_document, default_contexts};
use super::suggest::did_you_mean;
use super::template::Lookup as _;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Located, Span};
use crate::yaml::{Entry, Key, Kind, Mapping, Node, Scalar, Style};

/// The sections that are taken over; all else of an included file is not.
const SECTIONS: &[&str] = &["services", "volumes", "networks", "secrets", "configs", "models"];

/// How deep files include each other.
const MAX_DEPTH: usize = 60;

/// One entry of `include`.
struct Include {
    span: Span,
    /// The first decides where the project is, the others are laid over it.
    paths: Vec<Located<String>>,
    project_directory: Option<Located<String>>,
    env_files: Vec<Located<String>>,
}

/// Where each resource of the including document stands, and which of them were included.
#[derive(Default)]
struct Known {
    places: HashMap<(&'static str, Box<str>), usize>,
    included: HashSet<(&'static str, Box<str>)>,
}

impl Assembler<'_> {
    /// Takes `include` out of a document and the included resources in.
    pub(super) fn include(&mut self, document: &mut Node, scope: &mut Scope) {
        let Kind::Mapping(root) = &mut document.kind else { return };
        let Some(at) = root.entries.iter().position(|entry| &*entry.key.text == "include") else {
            return;
        };
        let Entry { value, .. } = root.entries.remove(at);
        if value.is_null() {
            return;
        }
        let Some(items) = value.as_sequence() else {
            self.not_understood(&value, "`include` must be a list");
            return;
        };
        let mut known = Known::default();
        for section in SECTIONS {
            if let Some(mapping) = root.get(section).and_then(Node::as_mapping) {
                for (at, entry) in mapping.entries.iter().enumerate() {
                    known.places.insert((section, entry.key.text.clone()), at);
                }
            }
        }
        for item in items {
            if self.is_over() {
                self.is_part = true;
                return;
            }
            let Some(include) = self.entry(item) else { continue };
            match self.included(&include, scope) {
                Some(imported) => self.import(root, imported, &include, &mut known),
                None => self.is_part = true,
            }
        }
    }

    fn not_understood(&mut self, node: &Node, message: &str) {
        self.is_part = true;
        self.diagnostics.push(
            Diagnostic::error(Code::WrongType, message)
                .at(node.span, "this is not understood")
                .help("write `include: [other.yaml]`, or `- path: other.yaml` below `include:`"),
        );
    }

    fn entry(&mut self, node: &Node) -> Option<Include> {
        let text = |node: &Node| {
            let scalar = node.as_scalar().filter(|scalar| !scalar.is_null())?;
            Some(Located::new(scalar.text.to_string(), node.span))
        };
        let texts = |node: Option<&Node>| match node {
            None => Some(Vec::new()),
            Some(node) if node.is_null() => Some(Vec::new()),
            Some(Node { kind: Kind::Sequence(items), .. }) => items.iter().map(text).collect(),
            Some(node) => text(node).map(|text| vec![text]),
        };
        let span = node.span;
        let (mut project_directory, mut env_files) = (None, Vec::new());
        let paths = if let Some(path) = text(node) {
            Some(vec![path])
        } else if let Some(mapping) = node.as_mapping() {
            self.unknown_keys(mapping);
            project_directory = mapping.get("project_directory").and_then(text);
            texts(mapping.get("env_file")).and_then(|found| {
                env_files = found;
                texts(mapping.get("path"))
            })
        } else {
            None
        };
        let Some(paths) = paths else {
            self.not_understood(node, "an entry of `include` names no file");
            return None;
        };
        if paths.is_empty() {
            let message = "an entry of `include` names no file";
            let fault = Diagnostic::warning(Code::MissingAttribute, message);
            self.diagnostics.push(fault.at(span, "includes nothing").help("give it a `path`"));
            return None;
        }
        Some(Include { span, paths, project_directory, env_files })
    }

    fn unknown_keys(&mut self, mapping: &Mapping) {
        let known = ["path", "project_directory", "env_file"];
        for entry in &mapping.entries {
            let key = &*entry.key.text;
            if !known.contains(&key) && !key.starts_with("x-") {
                let message = format!("an entry of `include` has no attribute `{key}`");
                let help = did_you_mean(key, known);
                self.diagnostics.push(
                    Diagnostic::warning(Code::UnknownAttribute, message)
                        .at(entry.key.span, "without effect")
                        .help(help.unwrap_or_else(|| {
                            "it has `path`, `project_directory` and `env_file`".to_owned()
                        })),
                );
            }
        }
    }

    /// The included project as one document. `None` was reported.
    fn included(&mut self, include: &Include, scope: &mut Scope) -> Option<Node> {
        let Include { span, paths, project_directory, env_files } = include;
        let mut files = Vec::new();
        for path in paths {
            if self.is_remote(path) {
                return None;
            }
            files.push((scope.paths.absolute(&path.value), path));
        }
        let (main, named) = files.first()?;
        if files.iter().any(|(path, _)| scope.chain.iter().any(|(known, _)| known == path)) {
            self.include_circle(main, named, scope);
            return None;
        }
        if scope.chain.len() >= MAX_DEPTH {
            let message = format!("files include each other more than {MAX_DEPTH} deep");
            self.diagnostics.push(
                Diagnostic::error(Code::TooManyFiles, message)
                    .at(*span, "included here")
                    .help("include the files from one place"),
            );
            return None;
        }
        let parent = |path: &Path| path.parent().map_or_else(PathBuf::new, PathBuf::from);
        let (directory, base) = match project_directory {
            None => (parent(main), parent(main)),
            Some(found) => {
                let directory = join(&scope.paths.directory, Path::new(&found.value));
                // As in the reference: paths are relative to the parent of what does not exist.
                let exists = Path::new(&found.value).is_absolute() || directory.is_dir();
                let base = if exists { directory.clone() } else { parent(&directory) };
                (directory, base)
            }
        };
        let environment = self.variables(env_files, &directory, scope, *span)?;
        let mut documents = Vec::new();
        for (path, named) in &files {
            let found = self.read(path, named)?;
            let span = Some(named.span);
            documents.push(Documents { path: Some(path.clone()), span, documents: found });
        }
        let paths = Paths { directory: base, home: scope.paths.home.clone() };
        let mut inner =
            Scope { paths, environment, chain: scope.chain.clone(), bases: HashMap::new() };
        let mut document = self.project(documents, &mut inner)?;
        default_contexts(&mut document, &inner.paths);
        absolute_document(&mut document, &inner.paths);
        resolve_bare_names(&mut document, &inner.environment);
        Some(document)
    }

    /// The variables of an included project: those around it, then those of its files.
    fn variables(
        &mut self,
        env_files: &[Located<String>],
        directory: &Path,
        scope: &Scope,
        span: Span,
    ) -> Option<Arc<Environment>> {
        let mut files = Vec::new();
        for file in env_files {
            files.push((scope.paths.absolute(&file.value), Some(file.span)));
        }
        if files.is_empty() {
            let default = directory.join(".env");
            if !default.exists() || default.is_dir() {
                return Some(Arc::clone(&scope.environment));
            }
            files.push((default, None));
        }
        let mut values = Vec::new();
        let before = self.diagnostics.len();
        for (path, named) in &files {
            if !self.spend(0, named.unwrap_or(span)) {
                return None;
            }
            let (cwd, environment) = (&self.options.cwd, &scope.environment);
            let read =
                read_variables(path, cwd, environment, &mut values, self.sources, self.diagnostics);
            if let Err(fault) = read {
                let fault = fault.at(named.unwrap_or(span), "named here");
                self.diagnostics.push(fault.help("check `env_file`, or create the file"));
            }
        }
        if self.diagnostics.len() > before {
            return None;
        }
        values.reverse();
        Some(Arc::new(Environment::within(&scope.environment, values)))
    }

    fn include_circle(&mut self, path: &Path, named: &Located<String>, scope: &Scope) {
        let start = scope.chain.iter().position(|(known, _)| known == path).unwrap_or(0);
        let mut fault =
            Diagnostic::error(Code::ReferenceCycle, "files include each other in a circle")
                .at(named.span, "included again here");
        for (_, span) in scope.chain[start..].iter().skip(1).take(10) {
            if let Some(span) = span {
                fault = fault.at(*span, "included here");
            }
        }
        self.diagnostics.push(fault.help("take one of these entries out of `include`"));
    }

    /// Takes the resources of an included document over.
    fn import(&mut self, root: &mut Mapping, imported: Node, include: &Include, known: &mut Known) {
        let Kind::Mapping(imported) = imported.kind else { return };
        for section in imported.entries {
            let Some(&name) = SECTIONS.iter().find(|name| **name == &*section.key.text) else {
                continue;
            };
            let Kind::Mapping(resources) = section.value.kind else { continue };
            if resources.entries.is_empty() {
                continue;
            }
            let at = root.entries.iter().position(|entry| &*entry.key.text == name);
            let at = at.unwrap_or_else(|| {
                let value = Node::new(section.value.span, Kind::Mapping(Mapping::default()));
                root.entries.push(Entry { key: section.key.clone(), value });
                root.entries.len() - 1
            });
            if root.entries[at].value.is_null() {
                root.entries[at].value.kind = Kind::Mapping(Mapping::default());
            }
            // Something else than a mapping is for the decoder to complain about.
            let Kind::Mapping(own) = &mut root.entries[at].value.kind else { continue };
            for entry in resources.entries {
                let key = (name, entry.key.text.clone());
                let Some(&place) = known.places.get(&key) else {
                    known.places.insert(key.clone(), own.entries.len());
                    known.included.insert(key);
                    own.entries.push(entry);
                    continue;
                };
                let there = &own.entries[place];
                if !long_form::is_same(name, &entry, there, known.included.contains(&key)) {
                    let fault = conflict(name, &entry.key, &there.key, include.span);
                    self.diagnostics.push(fault);
                }
            }
        }
    }
}

fn conflict(section: &str, included: &Key, own: &Key, span: Span) -> Diagnostic {
    let what = section.strip_suffix('s').unwrap_or(section);
    let message = format!("the {what} `{}` is defined twice, and differently", own.text);
    Diagnostic::error(Code::Conflict, message)
        .at(included.span, "defined in an included file")
        .at(own.span, "and here")
        .at(span, "included here")
        .help(
            "rename one of them; an override file, listed below `path`, can change an included one",
        )
}

/// Gives the bare names in lists of an included project's `environment` the values that they have
/// there.
pub(super) fn resolve_bare_names(document: &mut Node, environment: &Environment) {
    let Kind::Mapping(root) = &mut document.kind else { return };
    let services = root.entries.iter_mut().find(|entry| &*entry.key.text == "services");
    let Some(Kind::Mapping(services)) = services.map(|entry| &mut entry.value.kind) else { return };
    for service in &mut services.entries {
        let Kind::Mapping(service) = &mut service.value.kind else { continue };
        let found = service.entries.iter_mut().find(|entry| &*entry.key.text == "environment");
        match found.map(|entry| &mut entry.value.kind) {
            Some(Kind::Sequence(items)) => {
                for item in items {
                    if let Kind::Scalar(scalar) = &mut item.kind
                        && let Some(value) = environment.value(&scalar.text)
                    {
                        let text = format!("{}={value}", scalar.text).into();
                        *scalar = Scalar { text, style: Style::DoubleQuoted, interpolated: true };
                    }
                }
            }
            Some(Kind::Mapping(mapping)) => {
                for Entry { key, value } in &mut mapping.entries {
                    // What was a bare name in a list shares its place with its key.
                    let is_bare = key.style == Style::DoubleQuoted
                        && key.span == value.span
                        && value.is_null();
                    if is_bare && let Some(found) = environment.value(&key.text) {
                        value.kind = Kind::Scalar(Scalar {
                            text: found.into(),
                            style: Style::DoubleQuoted,
                            interpolated: true,
                        });
                    }
                }
            }
            Some(Kind::Scalar(_)) | None => {}
        }
    }
}
