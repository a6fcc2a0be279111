//! What becomes of each attribute: the attributes that the files set, and the diagnostics that point
//! at them.

mod users;

use self::users::Shared;
use super::load::Loaded;
use crate::diagnostic::{Code, Coverage, Diagnostic, Diagnostics, Severity};
use crate::source::Span;
use crate::yaml::{Entry, Kind, Node};

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
            Set { service: entry.key.text.to_string(), attributes }
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
        if GROUPS.contains(&path.as_str()) && value.as_mapping().is_some() {
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
fn inside(node: &Node, out: &mut Vec<Span>) {
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
    let in_own = sets.iter().any(|set| own(set) && set.attributes.iter().any(has));
    let mut found = false;
    for set in sets.iter_mut().filter(|set| own(set) || !in_own) {
        for attribute in set.attributes.iter_mut().filter(|attribute| has(attribute)) {
            attribute.judge(diagnostic, place);
            found = true;
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
    Coverage {
        mapped: of(Fate::Mapped),
        approximated: of(Fate::Approximated),
        ignored: of(Fate::Ignored),
        refused: of(Fate::Refused),
        service: set.service,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{LoadOptions, load};

    fn covered(text: &str, more: impl FnOnce(&Loaded, &mut Diagnostics)) -> Vec<Coverage> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
        let options = LoadOptions { cwd: folder.path().to_owned(), ..LoadOptions::default() };
        let mut loaded = load(&options);
        let mut diagnostics = std::mem::take(&mut loaded.diagnostics);
        diagnostics.extend(std::mem::take(&mut loaded.outcomes));
        more(&loaded, &mut diagnostics);
        coverage(&loaded, &diagnostics)
    }

    #[test]
    fn an_attribute_with_a_diagnostic_is_never_mapped() {
        let text = "services:\n  web:\n    image: a\n    dns: [a, b]\n    privileged: true\n    attach: false\n    \
                    command:\n    healthcheck: {test: x, interval: 5parsecs}\n    \
                    deploy: {resources: {limits: {cpus: '1'}}, placement: {constraints: [x]}}\n    \
                    volumes: [{type: volume, source: d, target: /d, consistency: cached}]\n\
                    volumes: {d: {}}\n";
        let all = covered(text, |loaded, diagnostics| {
            let web = &loaded.project.as_ref().expect("a project").services["web"];
            let privileged = web.privileges.as_ref().and_then(|p| p.privileged.as_ref());
            let place = privileged.expect("it is there").span;
            diagnostics.push(Diagnostic::error(Code::Refused, "x").at(place, "").service("web"));
            let place = web.deploy.placement.constraints.expect("it is there");
            diagnostics.push(Diagnostic::note(Code::Ignored, "x").at(place, "").service("web"));
            // From the first item to the last: all of it.
            let dns = &web.addressing.as_ref().expect("it is there").dns;
            let place = Span { end: dns[1].span.end, ..dns[0].span };
            diagnostics.push(Diagnostic::note(Code::Ignored, "x").at(place, "").service("web"));
        });
        let [web] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(web.mapped, ["image", "healthcheck.test", "deploy.resources.limits.cpus"]);
        assert_eq!(web.approximated, ["volumes"], "a part of it is ignored");
        assert_eq!(web.ignored, ["dns", "attach", "deploy.placement.constraints"]);
        assert_eq!(web.refused, ["privileged", "healthcheck.interval"]);
    }

    #[test]
    fn a_list_is_as_bad_as_the_worst_of_its_items() {
        let text = "services:\n  web: {image: a, dns: [a, b], dns_search: [a, b], devices: ['/a:/a', '/b:/b'], \
                    labels: {a: x, b: y}}\n";
        let all = covered(text, |loaded, diagnostics| {
            let web = &loaded.project.as_ref().expect("a project").services["web"];
            let addressing = web.addressing.as_ref().expect("it is there");
            let mut say = |code, place| {
                diagnostics.push(Diagnostic::warning(code, "x").at(place, "").service("web"));
            };
            // Each of them.
            addressing.dns.iter().for_each(|item| say(Code::Ignored, item.span));
            web.labels.values().for_each(|item| say(Code::Ignored, item.span));
            // One, and another is approximated.
            say(Code::Ignored, addressing.dns_search[0].span);
            let devices = &web.privileges.as_ref().expect("it is there").devices;
            say(Code::Ignored, devices[0].span);
            say(Code::Approximated, devices[1].span);
        });
        assert_eq!(all[0].ignored, ["dns", "labels"]);
        assert_eq!(all[0].approximated, ["dns_search", "devices"]);
    }

    #[test]
    fn what_two_services_contradict_each_other_about_is_refused_in_both() {
        let text = "services:\n  web: {image: a, volumes: ['d:/a']}\n  api: {image: a, volumes: ['d:/b']}\n\
                    volumes: {d: {}}\n";
        let all = covered(text, |loaded, diagnostics| {
            let services = &loaded.project.as_ref().expect("a project").services;
            let place = |name: &str| services[name].mounts[0].span;
            let fault = Diagnostic::error(Code::Conflict, "x").at(place("web"), "");
            diagnostics.push(fault.at(place("api"), "").service("web"));
        });
        assert_eq!(
            (&all[0].refused[..], &all[1].refused[..]),
            (&["volumes".to_owned()][..], &["volumes".to_owned()][..])
        );
    }

    #[test]
    fn what_is_said_of_a_shared_thing_is_said_of_whoever_uses_it() {
        let text = "services:\n  web:\n    image: a\n    volumes: [data:/d]\n    networks: [front]\n    \
                    secrets: [key]\n    configs: [conf]\n    x-ecs: {secret_env: {KEY: key}}\n  \
                    api: {image: a, volumes: [other:/d], networks: [back]}\n\
                    volumes:\n  data: {driver: x}\n  other: {}\nnetworks:\n  front: {}\n  back: {}\n\
                    secrets: {key: {environment: KEY}}\nconfigs: {conf: {content: x}}\n";
        let all = covered(text, |loaded, diagnostics| {
            let project = loaded.project.as_ref().expect("a project");
            let driver = project.volumes["data"].driver.as_ref().expect("it is there");
            diagnostics.push(Diagnostic::error(Code::Refused, "x").at(driver.span, ""));
            let front = project.networks["front"].span;
            diagnostics.push(Diagnostic::warning(Code::Approximated, "x").at(front, ""));
            let back = project.networks["back"].span;
            diagnostics.push(Diagnostic::note(Code::Ignored, "x").at(back, ""));
            let key = project.secrets["key"].span;
            diagnostics.push(Diagnostic::error(Code::AwsRule, "x").at(key, ""));
            let conf = project.configs["conf"].span;
            diagnostics.push(Diagnostic::error(Code::Refused, "x").at(conf, ""));
        });
        assert_eq!(all[0].refused, ["volumes", "secrets", "configs", "x-ecs.secret_env"]);
        assert_eq!(all[0].approximated, ["networks"]);
        assert_eq!(all[1].mapped, ["image", "volumes", "networks"]);
    }

    #[test]
    fn retired_keys_are_mapped_and_those_at_the_wrong_place_ignored() {
        let text = "services:\n  web:\n    image: a\n    x-aws-pull_credentials: b\n    \
                    x-aws-autoscaling: {max: 3}\n    \
                    ports: [{target: 80, published: 80, x-aws-protocol: http}]\n";
        let all = covered(text, |_, _| {});
        assert_eq!(all[0].mapped, ["image", "x-aws-pull_credentials", "ports"]);
        assert_eq!(all[0].ignored, ["x-aws-autoscaling"]);
    }

    #[test]
    fn an_anchor_s_text_is_judged_in_the_service_that_is_meant() {
        let text = "x-all: &all {labels: {a: b}}\nservices:\n  web: {image: a, <<: *all}\n  \
                    api: {image: a, <<: *all}\n";
        let all = covered(text, |loaded, diagnostics| {
            let label = &loaded.project.as_ref().expect("a project").services["web"].labels["a"];
            let found = Diagnostic::warning(Code::Ignored, "x").at(label.span, "").service("api");
            diagnostics.push(found);
        });
        assert_eq!(all[0].ignored, Vec::<String>::new());
        assert_eq!(all[1].ignored, ["labels"]);
    }
}
