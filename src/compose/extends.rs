//! `extends`: a service is laid over another one, of its own document or of another file.

use std::cell::{Ref, RefCell};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::assemble::{Assembler, Scope};
use super::decode::Stage;
use super::merge::{Long, merge, merge_service};
use super::paths::Paths;
use super::relative::{absolute_extends, absolute_service};
use super::reset::Marks;
use super::suggest::{did_you_mean, shown};
use super::uninterpolated::in_full;
use super::unique::{Lists, unique};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Located, Span};
use crate::yaml::{Entry, Kind, Node};

/// Services that can be extended: those of one document, or of a file.
pub(super) struct BaseFile {
    /// What messages call it; the paths that its services name are relative to this directory.
    name: String,
    paths: Paths,
    index: HashMap<Box<str>, usize>,
    entries: RefCell<Vec<Entry>>,
    marks: Marks,
    /// Whether short forms count as written in full, as those of another file do.
    is_long: bool,
}

/// A service and the file that it is in.
type Place = (Rc<BaseFile>, usize);

/// What `extends` says.
struct Reference {
    service: Located<String>,
    file: Option<Located<String>>,
}

/// One step from a service to the one that it extends.
struct Link {
    place: Place,
    span: Span,
}

impl BaseFile {
    fn new(name: String, paths: Paths, entries: Vec<Entry>, marks: Marks, is_long: bool) -> Self {
        let index =
            entries.iter().enumerate().map(|(at, entry)| (entry.key.text.clone(), at)).collect();
        Self { name, paths, index, entries: RefCell::new(entries), marks, is_long }
    }

    fn service(&self, at: usize) -> Ref<'_, Node> {
        Ref::map(self.entries.borrow(), |entries| &entries[at].value)
    }
}

impl Assembler<'_> {
    /// Resolves every `extends` of a document.
    pub(super) fn extend(&mut self, document: &mut Node, marks: &Marks, scope: &mut Scope) {
        let Kind::Mapping(root) = &mut document.kind else { return };
        let services = root.entries.iter_mut().find(|entry| &*entry.key.text == "services");
        let Some(entry) = services else { return };
        let Kind::Mapping(services) = &mut entry.value.kind else {
            let what = "`services` must be a mapping";
            let span = entry.value.alias.unwrap_or(entry.value.span);
            let help = "write each service's name below it, indented";
            let fault = Diagnostic::error(Code::WrongType, what).at(span, "this is something else");
            self.diagnostics.push(fault.help(help));
            self.is_part = true;
            root.entries.retain(|entry| &*entry.key.text != "services");
            return;
        };
        if !services.entries.iter().any(|entry| entry.value.get("extends").is_some()) {
            return;
        }
        let entries = std::mem::take(&mut services.entries);
        let count = entries.len();
        let name = String::new();
        let marks = marks.below("services").cloned().unwrap_or_default();
        let own = Rc::new(BaseFile::new(name, scope.paths.clone(), entries, marks, false));
        for at in 0..count {
            if self.is_over() {
                let entries = own.entries.borrow();
                self.incomplete.insert(entries[at].key.text.to_string());
            }
            self.resolve((Rc::clone(&own), at), scope);
        }
        // The chains that were followed are gone: nobody else holds it.
        services.entries = std::mem::take(&mut *own.entries.borrow_mut());
    }

    /// Lays a service over those that it extends, the farthest first.
    fn resolve(&mut self, start: Place, scope: &mut Scope) {
        let mut links: Vec<Link> = Vec::new();
        let mut seen = HashSet::new();
        let mut current = start.clone();
        let mut base = loop {
            let (file, at) = &current;
            let (found, span) = {
                let service = file.service(*at);
                match service.get("extends") {
                    Some(node) => (Some(node.clone()), node.span),
                    None => (None, service.span),
                }
            };
            let Some(node) = found else { break Some(current) };
            if !seen.insert((Rc::as_ptr(file), *at)) {
                self.circle(&links, &current);
                break None;
            }
            links.push(Link { place: current.clone(), span });
            match self.follow(&current, &node, scope) {
                Some(next) => current = next,
                None => break None,
            }
        };
        if links.is_empty() {
            return;
        }
        if base.is_none() {
            let entries = start.0.entries.borrow();
            self.incomplete.insert(entries[start.1].key.text.to_string());
        }
        for Link { place: (file, at), span } in links.into_iter().rev() {
            let source = base.as_ref().and_then(|(file, at)| {
                let service = file.service(*at);
                if service.is_null() {
                    return None;
                }
                let copy = self.copy(&service, span);
                if copy.is_none() {
                    // What the limit left out is no fault of this service.
                    self.incomplete.insert(start.0.entries.borrow()[start.1].key.text.to_string());
                }
                copy
            });
            let (name, mut over) = {
                let mut entries = file.entries.borrow_mut();
                let entry = &mut entries[at];
                (entry.key.text.clone(), std::mem::replace(&mut entry.value, Node::null(span)))
            };
            // As in the reference, which has nothing to lay a service over that says nothing.
            let is_kept = base.as_ref().is_some_and(|(file, at)| file.service(*at).is_null());
            if is_kept {
                absolute_extends(&mut over, &file.paths);
            } else {
                without_extends(&mut over);
            }
            if let Some(mut source) = source {
                without_extends(&mut source);
                if let Some(marks) = file.marks.below(&name) {
                    marks.apply(&mut source);
                }
                let base_long = base.as_ref().is_some_and(|(file, _)| file.is_long);
                let long = Long { base: base_long, over: file.is_long };
                over = merge_service(source, over, long, self.pairs(), self.diagnostics);
            }
            file.entries.borrow_mut()[at].value = over;
            base = Some((file, at));
        }
    }

    /// The service that `extends` names. `None` was reported.
    fn follow(&mut self, from: &Place, node: &Node, scope: &mut Scope) -> Option<Place> {
        let reference = self.reference(node)?;
        let file = match &reference.file {
            None => Rc::clone(&from.0),
            Some(file) => self.base_file(file, &from.0, scope)?,
        };
        let service = &reference.service;
        if let Some(&at) = file.index.get(service.value.as_str()) {
            let node = file.service(at);
            if node.as_mapping().is_some() || node.is_null() {
                drop(node);
                return Some((file, at));
            }
            let fault = Diagnostic::error(Code::WrongType, "a service must be a mapping")
                .at(node.span, "this is something else")
                .at(service.span, "extended here")
                .help("write the service's attributes below its name, indented");
            self.diagnostics.push(fault);
            return None;
        }
        let close = did_you_mean(&service.value, file.index.keys().map(|name| &**name));
        let (place, help) = if file.name.is_empty() {
            (
                "this file".to_owned(),
                "only services of the same file can be extended without `file`",
            )
        } else {
            (format!("`{}`", file.name), "name a service that the file has")
        };
        let wanted = shown(&service.value, service.span, self.sources);
        let message = format!("{place} has no service {wanted} to extend");
        self.diagnostics.push(
            Diagnostic::error(Code::UndefinedReference, message)
                .at(service.span, "not defined")
                .help(close.unwrap_or_else(|| help.to_owned())),
        );
        None
    }

    fn reference(&mut self, node: &Node) -> Option<Reference> {
        let text = |node: &Node| {
            let scalar = node.as_scalar().filter(|scalar| !scalar.is_null())?;
            Some(Located::new(scalar.text.to_string(), node.span))
        };
        if let Some(service) = text(node) {
            return Some(Reference { service, file: None });
        }
        let service = node.get("service").and_then(text);
        let file = node.get("file").filter(|file| !file.is_null());
        let named = file.map(text);
        let (Some(service), false) = (service, matches!(named, Some(None))) else {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongType, "`extends` does not say which service")
                    .at(node.span, "this is not understood")
                    .help(
                        "write `extends: name`, or `extends: { file: other.yaml, service: name }`",
                    ),
            );
            return None;
        };
        if let Some(mapping) = node.as_mapping() {
            let known = ["service", "file"];
            for entry in &mapping.entries {
                let key = &*entry.key.text;
                if !known.contains(&key) && !key.starts_with("x-") {
                    self.diagnostics.push(
                        Diagnostic::warning(
                            Code::UnknownAttribute,
                            format!("`extends` has no attribute `{key}`"),
                        )
                        .at(entry.key.span, "without effect")
                        .help(
                            did_you_mean(key, known)
                                .unwrap_or_else(|| "it has `service` and `file`".to_owned()),
                        ),
                    );
                }
            }
        }
        Some(Reference { service, file: named.flatten() })
    }

    /// The services of another file, read once. `None` was reported.
    fn base_file(
        &mut self,
        file: &Located<String>,
        from: &BaseFile,
        scope: &mut Scope,
    ) -> Option<Rc<BaseFile>> {
        if self.is_remote(file) {
            return None;
        }
        let path = from.paths.absolute(&file.value);
        if let Some(known) = scope.bases.get(&path) {
            return known.clone();
        }
        let found = self.read_base(&path, file, scope).map(Rc::new);
        scope.bases.insert(path, found.clone());
        found
    }

    fn read_base(
        &mut self,
        path: &Path,
        named: &Located<String>,
        scope: &Scope,
    ) -> Option<BaseFile> {
        let documents = self.read(path, named)?;
        let mut merged: Option<Node> = None;
        let mut last = Marks::default();
        for mut document in documents {
            last = Marks::take(&mut document);
            self.interpolate(&mut document, &scope.environment);
            self.look(&document, Stage::Read, None, &scope.paths);
            merged = Some(match merged.take() {
                Some(mut base) => {
                    last.apply(&mut base);
                    merge(base, document, self.pairs(), self.diagnostics)
                }
                None => document,
            });
        }
        let name = self.name(path, named);
        let mut merged = merged.unwrap_or_else(|| Node::null(named.span));
        if self.options.no_interpolate {
            in_full(&mut merged);
        } else {
            unique(&mut merged, Lists::Plain, None);
        }
        let services = match merged.kind {
            Kind::Mapping(root) => {
                let mut entries = root.entries.into_iter();
                entries.find(|entry| &*entry.key.text == "services").map(|entry| entry.value.kind)
            }
            Kind::Scalar(_) | Kind::Sequence(_) => None,
        };
        let Some(Kind::Mapping(mut services)) = services else {
            self.diagnostics.push(
                Diagnostic::error(Code::NoServices, format!("`{name}` has no services to extend"))
                    .at(named.span, "named here")
                    .help("name a file with `services:`"),
            );
            return None;
        };
        let directory = path.parent().map_or_else(PathBuf::new, PathBuf::from);
        let paths = Paths { directory, home: scope.paths.home.clone() };
        services.entries.iter_mut().for_each(|entry| absolute_service(&mut entry.value, &paths));
        let marks = last.below("services").cloned().unwrap_or_default();
        Some(BaseFile::new(name, paths, services.entries, marks, true))
    }

    /// Reports services that extend each other; `again` is the one that was met twice.
    fn circle(&mut self, links: &[Link], again: &Place) {
        let is_again =
            |link: &&Link| Rc::ptr_eq(&link.place.0, &again.0) && link.place.1 == again.1;
        let start = links.iter().position(|link| is_again(&link)).unwrap_or(0);
        let circle = &links[start..];
        let names: Vec<String> = circle
            .iter()
            .map(|link| link.place.0.entries.borrow()[link.place.1].key.text.to_string())
            .collect();
        // It is met from each of its services; the first report is enough.
        if !names.iter().any(|name| self.incomplete.contains(name)) {
            let shown: Vec<&str> =
                names.iter().chain(names.first()).take(12).map(String::as_str).collect();
            let message = format!("services extend each other in a circle: {}", shown.join(" → "));
            let mut fault = Diagnostic::error(Code::ReferenceCycle, message);
            for (link, name) in circle.iter().zip(&names).take(12) {
                fault = fault.at(link.span, format!("`{name}` extends another service here"));
            }
            self.diagnostics.push(fault.help("take one of these `extends` out"));
        }
        self.incomplete.extend(names);
    }
}

fn without_extends(service: &mut Node) {
    if let Kind::Mapping(mapping) = &mut service.kind {
        mapping.entries.retain(|entry| &*entry.key.text != "extends");
    }
}
