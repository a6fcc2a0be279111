//! Puts one document together from all files of a project: variables, `!reset`, `extends`,
//! `include` and the merging of several files, one document after the other in the order in which
//! the reference takes these steps.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::decode::{Parts, Stage, Touched};
use super::environment::Environment;
use super::extends::BaseFile;
use super::interpolate::{Interpolation, Replaced};
use super::long_form::long_ports;
use super::merge::{Pairs, merge};
use super::options::LoadOptions;
use super::paths::{Paths, display};
use super::reset::Marks;
use super::scalar::{Typed, plain};
use super::suggest::shown_path;
use super::uninterpolated::in_full;
use super::unique::{Lists, unique};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Located, Sources, Span};
use crate::yaml::{self, Node};

/// How many files `include` and `extends` may read, one file as often as it is read.
const MAX_FILES: usize = 5_000;
/// How many bytes they may hold.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// How many values may be copied from one service into another.
const MAX_COPIED: usize = 1_500_000;

/// How many services and other resources may be met again, once for each document that is laid over
/// them.
const MAX_MET: usize = 5_000_000;

/// Assembles documents; what it could not read was reported.
pub(super) struct Assembler<'a> {
    pub(super) options: &'a LoadOptions,
    pub(super) sources: &'a mut Sources,
    pub(super) diagnostics: &'a mut Diagnostics,
    pub(super) replaced: Replaced,
    /// Whether a document may replace what an included project says.
    is_layered: bool,
    /// The faults of documents that are not whole.
    pub(super) parts: Parts,
    /// Whether something is missing from the document because a file could not be read.
    pub(super) is_part: bool,
    /// The services that lack what they extend.
    pub(super) incomplete: HashSet<String>,
    budget: Budget,
}

struct Budget {
    files: usize,
    bytes: usize,
    copied: usize,
    met: usize,
    is_reported: bool,
}

/// A project: the main one or an included one.
pub(super) struct Scope {
    pub(super) paths: Paths,
    pub(super) environment: std::sync::Arc<Environment>,
    /// The files that are being read, each including the next, and where it is included.
    pub(super) chain: Vec<(PathBuf, Option<Span>)>,
    /// The files that services extend; `None` was reported.
    pub(super) bases: HashMap<PathBuf, Option<Rc<BaseFile>>>,
}

/// One file with its documents. The path is `None` for standard input.
pub(super) struct Documents {
    pub(super) path: Option<PathBuf>,
    pub(super) span: Option<Span>,
    pub(super) documents: Vec<Node>,
}

impl<'a> Assembler<'a> {
    pub(super) fn new(
        options: &'a LoadOptions,
        sources: &'a mut Sources,
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        Self {
            options,
            sources,
            diagnostics,
            replaced: Replaced::default(),
            is_layered: false,
            parts: Parts::new(options.no_interpolate),
            is_part: false,
            incomplete: HashSet::new(),
            budget: Budget { files: 0, bytes: 0, copied: 0, met: 0, is_reported: false },
        }
    }

    /// The files of one project as one document.
    pub(super) fn project(&mut self, files: Vec<Documents>, scope: &mut Scope) -> Option<Node> {
        let mut merged: Option<Node> = None;
        let is_included = !scope.chain.is_empty();
        let lists = if self.options.no_interpolate { Lists::Written } else { Lists::Plain };
        let mut left = files.iter().map(|file| file.documents.len()).sum::<usize>();
        self.is_layered |= left > 1;
        for Documents { path, span, documents } in files {
            scope.chain.push((path.unwrap_or_default(), span));
            for document in documents {
                left -= 1;
                let document = self.document(document, scope, merged.as_mut());
                // The last one is the whole project, which is looked at anyway where variables are
                // replaced. Of an included project its resources alone go into it, where they may
                // be replaced.
                let touched = match left {
                    0 if self.options.no_interpolate => Some((Stage::Import, None)),
                    0 if is_included && self.is_layered => Some((Stage::Import, None)),
                    0 => is_included.then(|| (Stage::Import, Some(Touched::default()))),
                    _ => Some((Stage::Shape, Some(Touched::by(&document)))),
                };
                let mut document = match merged.take() {
                    Some(base) if !self.meet(&base, document.span) => base,
                    Some(mut base) => {
                        if self.options.no_interpolate {
                            long_ports(&mut base);
                        }
                        merge(base, document, self.pairs(), self.diagnostics)
                    }
                    None => document,
                };
                if let Some((stage, only)) = touched {
                    unique(&mut document, lists, only.as_ref());
                    self.look(&document, stage, only.as_ref(), &scope.paths);
                }
                merged = Some(document);
            }
            // The next file is merged over this one, and included by nobody: it may include this one.
            scope.chain.pop();
        }
        if let Some(merged) = &mut merged {
            if self.options.no_interpolate {
                in_full(merged);
            } else {
                unique(merged, lists, None);
            }
        }
        merged
    }

    /// The decoder reads a mapping where names and values were merged; what is printed without it
    /// has the reference's form.
    pub(super) fn pairs(&self) -> Pairs {
        if self.options.no_interpolate { Pairs::List } else { Pairs::Mapping }
    }

    /// One document, ready to be laid over `base`.
    fn document(&mut self, mut node: Node, scope: &mut Scope, base: Option<&mut Node>) -> Node {
        let marks = Marks::take(&mut node);
        self.interpolate(&mut node, &scope.environment);
        self.extension_keys(&node);
        self.extend(&mut node, &marks, scope);
        if let Some(base) = base {
            marks.apply(base);
        }
        self.include(&mut node, scope);
        node
    }

    /// Reports the keys inside extensions that are no text. Elsewhere the decoder does.
    fn extension_keys(&mut self, document: &Node) {
        let services = document.get("services").and_then(Node::as_mapping);
        let services = services.map_or(&[][..], |services| &services.entries);
        let mut odd = Vec::new();
        let below = services.iter().flat_map(|entry| extensions(&entry.value));
        extensions(document).chain(below).for_each(|node| odd_keys(node, &mut odd));
        for key in odd {
            let message = format!("the key `{}` must be text", key.text);
            let help = format!("put it into quotes: \"{}\"", key.text);
            let fault = Diagnostic::error(Code::WrongType, message).at(key.span, "this is none");
            self.diagnostics.push(fault.help(help));
        }
    }

    /// Looks for the faults that count although the document is not whole.
    pub(super) fn look(
        &mut self,
        document: &Node,
        stage: Stage,
        only: Option<&Touched>,
        paths: &Paths,
    ) {
        self.parts.look(document, stage, only, self.sources, paths);
    }

    /// Replaces the variables of a document, unless the options say not to.
    pub(super) fn interpolate(&mut self, node: &mut Node, environment: &Environment) {
        if !self.options.no_interpolate {
            Interpolation::new(environment, self.sources, &mut self.replaced)
                .node(node, self.diagnostics);
        }
    }

    /// Reads a file that another one names. `None` was reported.
    pub(super) fn read(&mut self, path: &Path, named: &Located<String>) -> Option<Vec<Node>> {
        let name = self.name(path, named);
        match yaml::read_file(path, &name) {
            Ok(text) => {
                if !self.spend(text.len(), named.span) {
                    return None;
                }
                let id = self.sources.add(name, Arc::<str>::from(text));
                documents(id, self.sources, self.diagnostics)
            }
            Err(fault) => {
                let help = if fault.code == Code::FileNotFound {
                    "the path is relative to the directory of the project"
                } else {
                    "name a Compose file"
                };
                self.diagnostics.push(fault.at(named.span, "named here").help(help));
                None
            }
        }
    }

    /// What messages call a file.
    pub(super) fn name(&self, path: &Path, named: &Located<String>) -> String {
        let written = self.sources.slice(named.span).trim_matches(['"', '\'']);
        let path = display(path, &self.options.cwd);
        if self.options.no_interpolate { path } else { shown_path(path, written) }
    }

    /// Counts a file; `false`, reported once, when there are too many.
    pub(super) fn spend(&mut self, bytes: usize, span: Span) -> bool {
        self.budget.files += 1;
        self.budget.bytes += bytes;
        let fits = self.budget.files <= MAX_FILES && self.budget.bytes <= MAX_BYTES;
        fits || self.too_many(span)
    }

    /// Counts values that are copied.
    pub(super) fn copy(&mut self, node: &Node, span: Span) -> Option<Node> {
        self.budget.copied += node.count();
        (self.budget.copied <= MAX_COPIED || self.too_many(span)).then(|| node.clone())
    }

    /// Counts the resources that a document at `over` is laid over.
    fn meet(&mut self, base: &Node, over: Span) -> bool {
        let sections = base.as_mapping().map_or(&[][..], |mapping| &mapping.entries);
        let resources = sections.iter().filter_map(|section| section.value.as_mapping());
        self.budget.met += resources.map(|resources| resources.entries.len()).sum::<usize>();
        self.budget.met <= MAX_MET || self.too_many(over)
    }

    /// Whether too many files were seen already.
    pub(super) fn is_over(&self) -> bool {
        self.budget.is_reported
    }

    fn too_many(&mut self, span: Span) -> bool {
        self.is_part = true;
        if !std::mem::replace(&mut self.budget.is_reported, true) {
            let (message, limit, help) = if self.budget.met > MAX_MET {
                let limit = format!("{MAX_MET} names met again");
                ("too many documents are laid over one another", limit, "write one document")
            } else {
                let limit = format!("{MAX_FILES} files, 64 MiB or {MAX_COPIED} copied values");
                let help = "look for files and services that refer to each other again and again";
                ("`include` and `extends` read too much", limit, help)
            };
            let fault = Diagnostic::error(Code::TooManyFiles, message);
            let limit = format!("the limit of {limit} is passed here");
            self.diagnostics.push(fault.at(span, limit).help(help));
        }
        false
    }

    /// Refuses an address where a file is wanted.
    pub(super) fn is_remote(&mut self, path: &Located<String>) -> bool {
        let text = &path.value;
        let is_remote = text.contains("://")
            || ["git@", "github.com/"].iter().any(|prefix| text.starts_with(prefix));
        if is_remote {
            self.diagnostics.push(
                Diagnostic::error(Code::RemoteFile, "decklift fetches no Compose files")
                    .at(path.span, "this is not on this machine")
                    .help("download it, and name the copy here"),
            );
        }
        is_remote
    }
}

/// The children of a mapping that start with `x-`, without decklift's own.
fn extensions(node: &Node) -> impl Iterator<Item = &Node> {
    let entries = node.as_mapping().map_or(&[][..], |mapping| &mapping.entries);
    let is_foreign = |key: &str| key.starts_with("x-") && key != "x-ecs";
    entries.iter().filter(move |entry| is_foreign(&entry.key.text)).map(|entry| &entry.value)
}

/// The keys in a tree that are no text.
fn odd_keys<'n>(node: &'n Node, out: &mut Vec<&'n yaml::Key>) {
    match &node.kind {
        yaml::Kind::Scalar(_) => {}
        yaml::Kind::Sequence(items) => items.iter().for_each(|item| odd_keys(item, out)),
        yaml::Kind::Mapping(mapping) => {
            for entry in &mapping.entries {
                let key = &entry.key;
                if key.style == yaml::Style::Plain && !matches!(plain(&key.text), Typed::Text(_)) {
                    out.push(key);
                }
                odd_keys(&entry.value, out);
            }
        }
    }
}

/// The documents of a text, each of them a mapping. `None` was reported.
pub(super) fn documents(
    id: crate::source::SourceId,
    sources: &Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<Node>> {
    let documents = yaml::parse_all(id, sources, diagnostics)?;
    let mut is_whole = true;
    for document in &documents {
        if document.is_null() && documents.len() == 1 {
            diagnostics.push(yaml::empty(id, sources));
            is_whole = false;
        } else if document.as_mapping().is_none() {
            diagnostics.push(
                Diagnostic::error(Code::WrongType, "the Compose file must be a mapping")
                    .at(document.span, "this is something else")
                    .help("start with `services:` and write the services below it, indented"),
            );
            is_whole = false;
        }
    }
    if let Some(second) = documents.get(1).filter(|_| is_whole) {
        let start = second.span.start as usize;
        let message = "the file holds several YAML documents; they are merged in their order";
        diagnostics.push(
            Diagnostic::note(Code::SeveralDocuments, message)
                .at(Span::new(id, start, start), "the second document starts here")
                .help("keep one document a file where that is clearer"),
        );
    }
    is_whole.then_some(documents)
}
