//! What services share: the networks, volumes, secrets and configs of the top level. What is said of one
//! of these, once, counts for every service that uses it.

use super::{Attribute, Fate, Set, fate, inside};
use crate::compose::Project;
use crate::compose::model::{MountKind, Service};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::source::Span;
use crate::yaml::{Entry, Node};

/// A section of the top level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// Whether an attribute of a service uses something of this section.
    fn is_used(self, name: &str, service: &Service, attribute: &str) -> bool {
        let written = &service.written;
        let has = |references: &[crate::compose::model::FileReference]| {
            references.iter().any(|reference| reference.source.value == name)
        };
        match (self, attribute) {
            (Self::Configs, "configs") => has(&written.configs),
            (Self::Networks, "networks") => service.networks.contains_key(name),
            (Self::Secrets, "secrets") => has(&written.secrets),
            (Self::Secrets, "build.secrets") => has(&written.build_secrets),
            (Self::Secrets, "x-ecs.secret_env") => {
                service.extension.secret_env.values().any(|source| source.value == name)
            }
            (Self::Volumes, "volumes") => service
                .mounts
                .iter()
                .any(|mount| matches!(&mount.value.kind, MountKind::Volume(of) if of == name)),
            _ => false,
        }
    }
}

/// An entry of a section.
struct Thing<'a> {
    section: Section,
    name: &'a str,
    /// Its key, its value, and what is inside: files that are merged bring parts of it.
    spans: Vec<Span>,
}

/// Everything that services share.
pub(super) struct Shared<'a>(Vec<Thing<'a>>);

impl<'a> Shared<'a> {
    pub(super) fn of(document: &'a Node) -> Self {
        let mut things = Vec::new();
        for (section, key) in Section::ALL {
            let entries = document.get(key).and_then(Node::as_mapping);
            for Entry { key, value } in entries.map(|m| &m.entries).into_iter().flatten() {
                let mut spans = vec![key.span, value.span];
                inside(value, &mut spans);
                things.push(Thing { section, name: &key.text, spans });
            }
        }
        Self(things)
    }

    /// Tells the services that use what a diagnostic is about.
    pub(super) fn judge(&self, sets: &mut [Set], project: &Project, diagnostic: &Diagnostic) {
        let Some(place) = diagnostic.labels.first().map(|label| label.span) else { return };
        let holds = |span: &Span| {
            span.source == place.source && span.start <= place.start && place.end <= span.end
        };
        let fate = of_users(diagnostic);
        let found = self.0.iter().filter(|thing| thing.spans.iter().any(holds));
        for thing in found.filter(|_| fate > Fate::Mapped) {
            for Set { service, attributes, without_effect: _, hulls: _ } in sets.iter_mut() {
                let Some(service) = project.services.get(service.as_str()) else { continue };
                let uses = |attribute: &&mut Attribute| {
                    thing.section.is_used(thing.name, service, &attribute.path)
                };
                attributes.iter_mut().filter(uses).for_each(|a| a.fate = a.fate.max(fate));
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
