//! The dependencies that a service has without saying so in `depends_on`.

use super::model::{Condition, Dependency, Service};
use crate::source::{Located, Span};

/// A service that another one needs to be there, and where that is written.
pub(super) struct Implied {
    pub(super) name: String,
    pub(super) dependency: Located<Dependency>,
}

/// Adds them to `depends_on`; what is written there stays.
pub(super) fn add_implied(service: &mut Service) {
    for Implied { name, dependency } in implied(service) {
        service.depends_on.entry(name).or_insert(dependency);
    }
}

/// Whether nobody wrote a dependency: another attribute brought it.
pub(crate) fn is_implied(service: &Service, name: &str, dependency: &Located<Dependency>) -> bool {
    implied(service).iter().any(|i| i.name == name && i.dependency.span == dependency.span)
}

/// The services that are linked to, whose namespaces are shared and whose volumes are mounted. Of
/// two that name the same service the first one counts.
pub(super) fn implied(service: &Service) -> Vec<Implied> {
    let mut out = Vec::new();
    let mut push = |name: &str, restart: bool, span: Span| {
        let dependency = Dependency { condition: Condition::Started, restart, required: true };
        out.push(Implied { name: name.to_owned(), dependency: Located::new(dependency, span) });
    };
    for link in service.addressing.iter().flat_map(|addressing| &addressing.links) {
        // With more than one colon the reference takes the whole text for a name.
        let name = match link.value.split_once(':') {
            Some((name, alias)) if !alias.contains(':') => name,
            _ => &link.value,
        };
        push(name, true, link.span);
    }
    if let Some(namespaces) = &service.namespaces {
        let shared = [
            &namespaces.network_mode,
            &namespaces.ipc,
            &namespaces.pid,
            &namespaces.uts,
            &namespaces.cgroup,
        ];
        for mode in shared.into_iter().flatten() {
            if let Some(name) = mode.value.strip_prefix("service:") {
                push(name, true, mode.span);
            }
        }
    }
    for from in &service.volumes_from {
        if !from.value.starts_with("container:") {
            push(from.value.split(':').next().unwrap_or_default(), false, from.span);
        }
    }
    out
}
