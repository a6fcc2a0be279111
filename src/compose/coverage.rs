//! What becomes of each attribute: the attributes that the files set, and the diagnostics that point
//! at them.

mod places;
mod users;

use std::collections::HashMap;

use self::places::Places;
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
}

/// All services, and where everything in them stands.
struct Sets {
    all: Vec<Set>,
    /// By the service's name.
    by_name: HashMap<String, usize>,
    places: Places,
}

impl Sets {
    fn new(all: Vec<Set>) -> Self {
        let names = all.iter().enumerate().map(|(index, set)| (set.service.clone(), index));
        let spans = all.iter().enumerate().flat_map(|(index, set)| {
            let all =
                set.attributes.iter().flat_map(|a| a.whole.iter().chain(&a.parts).chain(&a.groups));
            all.map(move |span| (*span, index))
        });
        Self { by_name: names.collect(), places: Places::of(spans), all }
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
    let sets = entries
        .iter()
        .filter(|entry| project.services.contains_key(&*entry.key.text))
        .map(|entry| {
            let mut attributes = Vec::new();
            collect("", &[], &entry.value, &mut attributes);
            Set { service: entry.key.text.to_string(), attributes, without_effect: Vec::new() }
        })
        .collect();
    let mut sets = Sets::new(sets);
    let shared = Shared::of(&details.document, project, &sets.all);
    for diagnostic in diagnostics.iter() {
        judge(&mut sets, diagnostic);
        if diagnostic.service.is_none() {
            shared.judge(&mut sets.all, diagnostic);
        }
    }
    sets.all.into_iter().map(told).collect()
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
fn judge(sets: &mut Sets, diagnostic: &Diagnostic) {
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
fn judge_at(sets: &mut Sets, diagnostic: &Diagnostic, place: Span) {
    let own = diagnostic.service.as_ref().and_then(|service| sets.by_name.get(service)).copied();
    let is_in = |index: &usize| sets.all.get(*index).is_some_and(|set| set.has(place));
    let there: Vec<usize> = match own.filter(is_in) {
        Some(own) => vec![own],
        None => sets.places.holding(place).into_iter().filter(is_in).collect(),
    };
    for index in &there {
        let Some(Set { attributes, without_effect, service: _ }) = sets.all.get_mut(*index) else {
            continue;
        };
        for attribute in attributes.iter_mut().filter(|attribute| attribute.has(place)) {
            match &diagnostic.part {
                Some(part) if fate(diagnostic, true) == Fate::Ignored => {
                    let path = format!("{}.{part}", attribute.path);
                    if !without_effect.contains(&path) {
                        without_effect.push(path);
                    }
                }
                _ => attribute.judge(diagnostic, place),
            }
        }
    }
    // A fault in an env file stands in no Compose file.
    let own = own.filter(|_| there.is_empty()).and_then(|own| sets.all.get_mut(own));
    let Some(set) = own else { return };
    if !set.attributes.iter().flat_map(|a| &a.whole).any(|span| span.source == place.source) {
        let files = set.attributes.iter_mut().filter(|attribute| attribute.path == "env_file");
        files.for_each(|a| a.fate = a.fate.max(fate(diagnostic, false)));
    }
}

impl Set {
    fn has(&self, place: Span) -> bool {
        self.attributes.iter().any(|attribute| attribute.has(place))
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
    /// Whether a place is in it, or all of a group around it.
    fn has(&self, place: Span) -> bool {
        let holds = |span: &Span| {
            span.source == place.source && span.start <= place.start && place.end <= span.end
        };
        self.groups.contains(&place) || self.whole.iter().chain(&self.parts).any(holds)
    }

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
