//! What becomes of each attribute: the attributes that the files set, and the diagnostics that point
//! at them.

mod users;

use self::users::Shared;
use super::load::Loaded;
use crate::diagnostic::{Code, Coverage, Diagnostic, Diagnostics, Severity};
use crate::source::Span;
use crate::yaml::{Entry, Kind, Mapping, Node};

/// Attributes whose parts are attributes too. What is below the others, such as the ports of `ports`,
/// is their value.
const GROUPS: [&str; 11] = [
    "build",
    "deploy",
    "deploy.placement",
    "deploy.resources",
    "deploy.resources.limits",
    "deploy.resources.reservations",
    "deploy.restart_policy",
    "deploy.update_config",
    "healthcheck",
    "x-ecs",
    "x-ecs.http",
];

/// What becomes of an attribute, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Mapped,
    Ignored,
    Approximated,
    Refused,
}

/// An attribute that a service sets.
struct Attribute {
    path: String,
    fate: Fate,
    /// Its key and its value.
    whole: Vec<Span>,
    /// What is inside the value.
    parts: Vec<Span>,
    /// What is right below the value: what spans all of it is about the attribute as a whole.
    items: Vec<Item>,
    /// The keys and values of the groups around it. What points at one of them is about all in it.
    groups: Vec<Span>,
}

/// An item of a list, or an entry of a mapping.
struct Item {
    /// The item, or the value.
    value: Span,
    /// Of an entry.
    key: Option<Span>,
    /// Whether it has no effect.
    is_ignored: bool,
}

impl Item {
    fn stands_at(&self, place: Span) -> bool {
        self.value == place || self.key == Some(place)
    }
}

/// A service and its attributes.
struct Set {
    service: String,
    attributes: Vec<Attribute>,
    /// What has no effect within an attribute that has: `ports.mode`.
    without_effect: Vec<String>,
    /// For each file, from where to where its attributes stand: most places are elsewhere.
    hulls: Vec<Span>,
}

impl Set {
    fn new(service: &str, attributes: Vec<Attribute>) -> Self {
        let mut hulls: Vec<Span> = Vec::new();
        let spans = attributes.iter().flat_map(|a| a.whole.iter().chain(&a.parts).chain(&a.groups));
        for span in spans {
            match hulls.iter_mut().find(|hull| hull.source == span.source) {
                Some(hull) => {
                    (hull.start, hull.end) = (hull.start.min(span.start), hull.end.max(span.end));
                }
                None => hulls.push(*span),
            }
        }
        Self { service: service.to_owned(), attributes, without_effect: Vec::new(), hulls }
    }

    fn may_have(&self, place: Span) -> bool {
        self.hulls.iter().any(|hull| {
            hull.source == place.source && hull.start <= place.start && place.end <= hull.end
        })
    }
}

/// For each service of the project, in the order of the file: what becomes of what it sets.
#[must_use]
pub fn coverage(loaded: &Loaded, diagnostics: &Diagnostics) -> Vec<Coverage> {
    let (Some(project), Some(details)) = (&loaded.project, &loaded.details) else {
        return Vec::new();
    };
    let services = details.document.get("services").and_then(Node::as_mapping);
    let entries = services.map(|services| services.entries.as_slice()).unwrap_or_default();
    let mut sets: Vec<Set> = entries
        .iter()
        .filter(|entry| project.services.contains_key(&*entry.key.text))
        .map(|entry| {
            let mut attributes = Vec::new();
            collect("", &[], &entry.value, &mut attributes);
            Set::new(&entry.key.text, attributes)
        })
        .collect();
    let shared = Shared::of(&details.document);
    for diagnostic in diagnostics.iter() {
        judge(&mut sets, diagnostic);
        if diagnostic.service.is_none() {
            shared.judge(&mut sets, project, diagnostic);
        }
    }
    sets.into_iter().map(told).collect()
}

/// The attributes below a mapping.
fn collect(prefix: &str, groups: &[Span], node: &Node, out: &mut Vec<Attribute>) {
    let Some(mapping) = node.as_mapping() else { return };
    for Entry { key, value } in &mapping.entries {
        let path =
            if prefix.is_empty() { key.text.to_string() } else { format!("{prefix}.{}", key.text) };
        let spans = [Some(key.span), Some(value.span), value.alias];
        // An empty one says all the same: `build: {}` builds the project's directory.
        let is_full = |mapping: &Mapping| !mapping.entries.is_empty();
        if GROUPS.contains(&path.as_str()) && value.as_mapping().is_some_and(is_full) {
            let groups: Vec<_> =
                groups.iter().copied().chain(spans.into_iter().flatten()).collect();
            collect(&path, &groups, value, out);
            continue;
        }
        // Compose takes a key without a value for one that is not there.
        if value.is_null() {
            continue;
        }
        let mut parts = Vec::new();
        inside(value, &mut parts);
        let whole = spans.into_iter().flatten().collect();
        let groups = groups.to_vec();
        let items = items(value);
        out.push(Attribute { path, fate: Fate::Mapped, whole, parts, items, groups });
    }
}

/// A value's items.
fn items(node: &Node) -> Vec<Item> {
    let item = |value: &Node, key| Item { value: value.span, key, is_ignored: false };
    match &node.kind {
        Kind::Scalar(_) => Vec::new(),
        Kind::Sequence(items) => items.iter().map(|value| item(value, None)).collect(),
        Kind::Mapping(mapping) => {
            mapping.entries.iter().map(|entry| item(&entry.value, Some(entry.key.span))).collect()
        }
    }
}

/// Every place below a value.
pub(super) fn inside(node: &Node, out: &mut Vec<Span>) {
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::Sequence(items) => {
            for item in items {
                out.push(item.span);
                inside(item, out);
            }
        }
        Kind::Mapping(mapping) => {
            for Entry { key, value } in &mapping.entries {
                out.extend([key.span, value.span]);
                inside(value, out);
            }
        }
    }
}

/// Finds the attributes that a diagnostic is about. Of two that contradict each other both are at fault,
/// and a volume that starts empty does so for all who mount it.
fn judge(sets: &mut [Set], diagnostic: &Diagnostic) {
    let is_of_all = match diagnostic.code {
        Code::Conflict => diagnostic.severity == Severity::Error,
        Code::VolumeStartsEmpty => true,
        _ => false,
    };
    let count = if is_of_all { diagnostic.labels.len() } else { 1 };
    for label in diagnostic.labels.iter().take(count) {
        judge_at(sets, diagnostic, label.span);
    }
}

/// What is at a place. An anchor's text may stand in several services: there the diagnostic's own
/// service decides.
fn judge_at(sets: &mut [Set], diagnostic: &Diagnostic, place: Span) {
    let own = |set: &Set| diagnostic.service.as_ref().is_none_or(|service| *service == set.service);
    let has = |attribute: &Attribute| {
        let holds = |span: &Span| {
            span.source == place.source && span.start <= place.start && place.end <= span.end
        };
        attribute.groups.contains(&place)
            || attribute.whole.iter().chain(&attribute.parts).any(holds)
    };
    let is_in = |set: &Set| set.may_have(place) && set.attributes.iter().any(has);
    let in_own = sets.iter().any(|set| own(set) && is_in(set));
    let mut found = false;
    for set in sets.iter_mut().filter(|set| (own(set) || !in_own) && set.may_have(place)) {
        for attribute in set.attributes.iter_mut().filter(|attribute| has(attribute)) {
            found = true;
            match &diagnostic.part {
                Some(part) if fate(diagnostic, true) == Fate::Ignored => {
                    let path = format!("{}.{part}", attribute.path);
                    if !set.without_effect.contains(&path) {
                        set.without_effect.push(path);
                    }
                }
                _ => attribute.judge(diagnostic, place),
            }
        }
    }
    // A fault in an env file stands in no Compose file.
    if !found && diagnostic.service.is_some() {
        let elsewhere = |set: &&mut Set| {
            own(set)
                && !set.attributes.iter().flat_map(|a| &a.whole).any(|s| s.source == place.source)
        };
        for set in sets.iter_mut().filter(elsewhere) {
            let files = set.attributes.iter_mut().filter(|attribute| attribute.path == "env_file");
            files.for_each(|a| a.fate = a.fate.max(fate(diagnostic, false)));
        }
    }
}

/// What a diagnostic about an attribute, or about a part of it, means for the attribute.
fn fate(diagnostic: &Diagnostic, whole: bool) -> Fate {
    match diagnostic.code {
        // The code says it, also where `--strict` made an error of a warning.
        Code::Ignored if whole => Fate::Ignored,
        Code::Ignored | Code::Approximated | Code::Clamped => Fate::Approximated,
        // At a service: the retired name of a key, which means what it meant.
        Code::Obsolete => Fate::Mapped,
        Code::UnknownAttribute if whole && diagnostic.severity == Severity::Warning => {
            Fate::Ignored
        }
        Code::Refused | Code::NotSupportedYet => Fate::Refused,
        _ => match diagnostic.severity {
            Severity::Error => Fate::Refused,
            Severity::Warning => Fate::Approximated,
            // It carries over; there is something to know about how.
            Severity::Note => Fate::Mapped,
        },
    }
}

impl Attribute {
    /// Takes what is said of it as a whole, of one of its items, or of a part of one.
    fn judge(&mut self, diagnostic: &Diagnostic, place: Span) {
        let spans = |item: &Item| {
            let Span { source, start, end } = item.value;
            source == place.source && place.start <= start && end <= place.end
        };
        let is_whole = self.whole.contains(&place)
            || self.groups.contains(&place)
            || !self.items.is_empty() && self.items.iter().all(spans);
        let as_whole = fate(diagnostic, true);
        let mut item = self.items.iter_mut().filter(|item| item.stands_at(place)).peekable();
        if !is_whole && as_whole == Fate::Ignored && item.peek().is_some() {
            item.for_each(|item| item.is_ignored = true);
            return;
        }
        self.fate = self.fate.max(if is_whole { as_whole } else { fate(diagnostic, false) });
    }

    /// The worst of what is said of it: without some of its items it is approximated, without all of
    /// them ignored.
    fn outcome(&self) -> Fate {
        let ignored = self.items.iter().filter(|item| item.is_ignored).count();
        let of_items = match ignored {
            0 => Fate::Mapped,
            all if all == self.items.len() => Fate::Ignored,
            _ => Fate::Approximated,
        };
        self.fate.max(of_items)
    }
}

fn told(set: Set) -> Coverage {
    let of = |fate: Fate| {
        let attributes = set.attributes.iter().filter(|attribute| attribute.outcome() == fate);
        attributes.map(|attribute| attribute.path.clone()).collect()
    };
    let mut ignored: Vec<_> = of(Fate::Ignored);
    ignored.extend(set.without_effect.iter().cloned());
    Coverage {
        mapped: of(Fate::Mapped),
        approximated: of(Fate::Approximated),
        ignored,
        refused: of(Fate::Refused),
        service: set.service,
    }
}

#[cfg(test)]
mod tests;
