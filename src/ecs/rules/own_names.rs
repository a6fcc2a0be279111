//! The names that a service answers to.

use super::addressing::Links;
use crate::compose::model::{NetworkAttachment, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;
use crate::source::Span;

/// A name that other services may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// As it stands in DNS: lower-case.
    pub(crate) dns: String,
    /// Where it stands.
    pub(crate) span: Span,
    /// A `hostname`: Docker does not resolve it, so that it only counts when others use it.
    pub(crate) hint: bool,
}

/// The names of a service: its own, its aliases, `container_name`, those that others link to it
/// under and, if used, `hostname`.
pub(crate) fn own_names(service: &Service, links: &Links<'_>, out: &mut Output) -> Vec<Name> {
    let mut names = Vec::new();
    let mut add = |text: &str, span: Span, hint: bool| {
        let dns = text.to_ascii_lowercase();
        if dns.is_empty() || names.iter().any(|name: &Name| name.dns == dns) {
            return;
        }
        if is_dns_name(&dns) {
            names.push(Name { dns, span, hint });
        } else {
            out.say(
                Diagnostic::warning(
                    Code::Approximated,
                    format!("nobody can call {text:?} by name"),
                )
                .at(span, "")
                .help(
                    "Service Connect takes letters, digits, `_`, `-` and `.`, up to 127 \
                        of them, and no `-` at the start",
                )
                .service(&service.name.value),
            );
        }
    };
    add(&service.name.value, service.name.span, false);
    for attachment in service.networks.values() {
        // The options are networks.rs's.
        let NetworkAttachment { span: _, aliases, options: _ } = attachment;
        aliases.iter().for_each(|alias| add(&alias.value, alias.span, false));
    }
    if let Some(name) = &service.container_name {
        add(&name.value, name.span, false);
    }
    for (alias, span) in links.get(service.name.value.as_str()).into_iter().flatten() {
        add(alias, *span, false);
    }
    if let Some(name) = &service.hostname {
        add(&name.value, name.span, true);
    }
    names
}

/// What a client alias may be (ECS API reference, `ServiceConnectClientAlias.dnsName`).
fn is_dns_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 127
        && !name.starts_with('-')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

/// The names under which others call a member: one in the network of another service of its task answers
/// to the names of that one, as in Docker.
pub(crate) fn names_of<'m, 'a: 'm>(
    member: &'m Member<'a>,
    find: impl Fn(&str) -> Option<&'m Member<'a>>,
) -> &'m [Name] {
    let mut at = member;
    // The loader refuses circles; a task has ten containers at most.
    for _ in 0..10 {
        let mode = at.service.network_mode().filter(|_| !member.ends);
        match mode.and_then(|mode| find(mode.value.strip_prefix("service:")?)) {
            Some(owner) => at = owner,
            None => break,
        }
    }
    &at.names
}
