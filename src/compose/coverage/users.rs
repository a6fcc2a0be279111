//! What services share: the networks, volumes, secrets and configs of the top level. What is said of one
//! of these, once, counts for every service that uses it.

use std::collections::{BTreeSet, HashMap};

use super::places::Places;
use super::{Fate, Set, fate, inside};
use crate::compose::Project;
use crate::compose::model::{MountKind, Service};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::yaml::{Entry, Node};

/// A section of the top level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Section {
    Configs,
    Networks,
    Secrets,
    Volumes,
}

impl Section {
    const ALL: [(Self, &str); 4] = [
        (Self::Configs, "configs"),
        (Self::Networks, "networks"),
        (Self::Secrets, "secrets"),
        (Self::Volumes, "volumes"),
    ];

    /// What an attribute of a service uses, by section and name.
    fn used<'a>(service: &'a Service, attribute: &str) -> Vec<(Self, &'a str)> {
        let written = &service.written;
        let of = |section, references: &'a [crate::compose::model::FileReference]| {
            let names = references.iter().map(|reference| reference.source.value.as_str());
            names.map(|name| (section, name)).collect()
        };
        match attribute {
            "configs" => of(Self::Configs, &written.configs),
            "networks" => service.networks.keys().map(|name| (Self::Networks, &**name)).collect(),
            "secrets" => of(Self::Secrets, &written.secrets),
            "build.secrets" => of(Self::Secrets, &written.build_secrets),
            "x-ecs.secret_env" => {
                let sources = service.extension.secret_env.values();
                sources.map(|source| (Self::Secrets, source.value.as_str())).collect()
            }
            "volumes" => {
                let named = service.mounts.iter().filter_map(|mount| match &mount.value.kind {
                    MountKind::Volume(name) => Some((Self::Volumes, name.as_str())),
                    _ => None,
                });
                named.collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The attributes that use something: the place of the set, and of the attribute in it.
type Users<'a> = HashMap<(Section, &'a str), BTreeSet<(usize, usize)>>;

/// Everything that services share.
pub(super) struct Shared<'a> {
    /// Sections and names.
    things: Vec<(Section, &'a str)>,
    /// Their keys, their values, and what is inside: files that are merged bring parts of it.
    places: Places,
    users: Users<'a>,
}

impl<'a> Shared<'a> {
    pub(super) fn of(document: &'a Node, project: &'a Project, sets: &[Set]) -> Self {
        let (mut things, mut all) = (Vec::new(), Vec::new());
        for (section, key) in Section::ALL {
            let entries = document.get(key).and_then(Node::as_mapping);
            for Entry { key, value } in entries.map(|m| &m.entries).into_iter().flatten() {
                let mut spans = vec![key.span, value.span];
                inside(value, &mut spans);
                all.extend(spans.into_iter().map(|span| (span, things.len())));
                things.push((section, &*key.text));
            }
        }
        let mut users = Users::new();
        for (index, Set { service, attributes, without_effect: _ }) in sets.iter().enumerate() {
            let Some(service) = project.services.get(service.as_str()) else { continue };
            for (place, attribute) in attributes.iter().enumerate() {
                for used in Section::used(service, &attribute.path) {
                    users.entry(used).or_default().insert((index, place));
                }
            }
        }
        Self { things, places: Places::of(all.into_iter()), users }
    }

    /// Tells the services that use what a diagnostic is about.
    pub(super) fn judge(&self, sets: &mut [Set], diagnostic: &Diagnostic) {
        let Some(place) = diagnostic.labels.first().map(|label| label.span) else { return };
        let fate = of_users(diagnostic);
        if fate == Fate::Mapped {
            return;
        }
        let found = self.places.holding(place);
        let things = found.into_iter().filter_map(|index| self.things.get(index));
        for (set, attribute) in things.filter_map(|thing| self.users.get(thing)).flatten() {
            let set = sets.get_mut(*set);
            if let Some(attribute) = set.and_then(|set| set.attributes.get_mut(*attribute)) {
                attribute.fate = attribute.fate.max(fate);
            }
        }
    }
}

/// What a diagnostic about something shared means for whoever uses it. Nobody misses what a note says
/// has no effect: a label of a network, say.
fn of_users(diagnostic: &Diagnostic) -> Fate {
    let is_missed = diagnostic.severity != Severity::Note;
    match diagnostic.code {
        Code::Ignored | Code::UnknownAttribute if !is_missed => Fate::Mapped,
        _ => fate(diagnostic, false),
    }
}
