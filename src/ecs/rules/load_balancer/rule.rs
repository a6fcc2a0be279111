//! `x-ecs.http`: what the requests of a service are like, where services share a listener.
//!
//! A rule's priority comes from its conditions alone: a band by how narrow they are, and in it a slot
//! by their hash. So a rule keeps its priority when others come and go; only where two hashes meet may
//! one more rule move another, by a slot. On a listener of others their rules keep their priorities, and
//! rules that stand there already keep theirs.

use std::collections::{BTreeMap, BTreeSet};

use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{ConditionValues, RuleCondition};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::names::short_hash;

/// The most values of a rule (Elastic Load Balancing quotas, "Condition values per rule").
pub(crate) const MOST_VALUES: usize = 5;

/// The most `*` and `?` of a rule (the same, "Condition wildcards per rule").
pub(crate) const MOST_WILDCARDS: usize = 6;

/// How many `*` and `?` the values of a rule have.
pub(crate) fn wildcards<'a>(values: impl Iterator<Item = &'a str>) -> usize {
    values.map(|value| value.matches(['*', '?']).count()).sum()
}

/// The longest name and the longest path (elbv2 API reference, `HostHeaderConditionConfig` and
/// `PathPatternConditionConfig`).
pub(crate) const LONGEST: usize = 128;

/// The last priority (elbv2 API reference, `CreateRule`).
pub(crate) const LAST: i32 = 50_000;

/// What requests must be like to be the service's; nothing for all.
pub(super) fn conditions(service: &Service) -> Vec<RuleCondition> {
    let http = &service.extension.http;
    let mut hosts: Vec<_> = http.host.iter().map(|h| h.value.to_ascii_lowercase()).collect();
    let paths = http.path.iter().map(|path| patterns(&path.value));
    // A path that fits all makes the others superfluous.
    let paths: Option<Vec<_>> = paths.collect();
    let mut paths: Vec<_> = paths.into_iter().flatten().flatten().collect();
    for list in [&mut hosts, &mut paths] {
        list.sort_unstable();
        list.dedup();
    }
    let mut conditions = Vec::new();
    if !hosts.is_empty() {
        conditions.push(RuleCondition {
            field: "host-header".to_owned(),
            host_header_config: Some(ConditionValues { values: hosts }),
            path_pattern_config: None,
        });
    }
    if !paths.is_empty() {
        conditions.push(RuleCondition {
            field: "path-pattern".to_owned(),
            host_header_config: None,
            path_pattern_config: Some(ConditionValues { values: paths }),
        });
    }
    conditions
}

/// What fits every request. A rule for it stands behind all others.
pub(super) fn everything() -> Vec<RuleCondition> {
    let values = vec!["/*".to_owned()];
    vec![RuleCondition {
        field: "path-pattern".to_owned(),
        host_header_config: None,
        path_pattern_config: Some(ConditionValues { values }),
    }]
}

/// As [`conditions`], where nothing is anybody's unless it is asked for: a path that fits all is asked
/// for in so many words.
pub(super) fn conditions_of_all(service: &Service) -> Vec<RuleCondition> {
    let conditions = conditions(service);
    if !conditions.is_empty() || service.extension.http.path.is_empty() {
        return conditions;
    }
    everything()
}

/// The patterns of a path: itself with wildcards, else the path and everything below it. Nothing when
/// it is everything.
fn patterns(path: &str) -> Option<Vec<String>> {
    if path == "/*" {
        return None;
    }
    if path.contains(['*', '?']) {
        return Some(vec![path.to_owned()]);
    }
    let path = path.trim_end_matches('/');
    (!path.is_empty()).then(|| vec![path.to_owned(), format!("{path}/*")])
}

/// Says what no rule can be made of.
pub(super) fn check(service: &Service, out: &mut Output) {
    let http = &service.extension.http;
    let fault = |text: &str, span, help: &str| {
        Diagnostic::error(Code::InvalidValue, format!("{text} is nothing that a rule can ask for"))
            .at(span, "")
            .help(help)
            .service(&service.name.value)
    };
    for host in http.host.iter().filter(|host| !is_host(&host.value)) {
        let help =
            "write a domain such as api.example.com or *.example.com, at most 128 characters";
        out.say(fault("`host`", host.span, help));
    }
    for path in http.path.iter().filter(|path| !is_path(&path.value)) {
        let help = "write a path such as /api or /api/*/items, at most 128 characters";
        out.say(fault("`path`", path.span, help));
    }
    let conditions = conditions(service);
    let all = || conditions.iter().flat_map(values);
    let wildcards = wildcards(all().map(String::as_str));
    if wildcards > MOST_WILDCARDS
        && let Some(first) = http.host.first().or(http.path.first())
    {
        let message =
            format!("a rule has {MOST_WILDCARDS} wildcards at most, and this one {wildcards}");
        let help =
            "a path without wildcards has one, for what is below it: write fewer `*` and `?`";
        out.say(
            Diagnostic::error(Code::InvalidValue, message)
                .at(first.span, "")
                .help(help)
                .service(&service.name.value),
        );
    }
    let values = all().count();
    if values > MOST_VALUES
        && let Some(first) = http.host.first().or(http.path.first())
    {
        let message =
            format!("a rule asks for {MOST_VALUES} values at most, and this for {values}");
        let help = "a path without wildcards counts twice, for itself and for what is below it: \
                    write fewer, or use wildcards";
        out.say(
            Diagnostic::error(Code::InvalidValue, message)
                .at(first.span, "")
                .help(help)
                .service(&service.name.value),
        );
    }
}

/// A host name as a rule takes it: with a dot, and letters alone behind the last one.
pub(crate) fn is_host(host: &str) -> bool {
    let takes = |c: char| c.is_ascii_alphanumeric() || ".-*?".contains(c);
    let last = host.rsplit_once('.').map(|(_, last)| last);
    host.len() <= LONGEST
        && host.chars().all(takes)
        && last
            .is_some_and(|last| !last.is_empty() && last.chars().all(|c| c.is_ascii_alphabetic()))
}

/// A path pattern as a rule takes it, with room for what is below it.
pub(crate) fn is_path(path: &str) -> bool {
    let takes = |c: char| c.is_ascii_alphanumeric() || "_-.$/~\"'@:+&*?".contains(c);
    path.starts_with('/') && path.len() <= LONGEST && path.chars().all(takes)
}

/// The values of a condition.
pub(crate) fn values(condition: &RuleCondition) -> &[String] {
    let config = condition.host_header_config.as_ref().or(condition.path_pattern_config.as_ref());
    config.map_or(&[], |config| config.values.as_slice())
}

/// The priorities of the rules of one listener: names before paths, whole names before patterns, long
/// paths before short ones. `standing` are the rules of a listener of others, whoever made them.
pub(super) fn priorities(
    rules: impl Iterator<Item = Vec<RuleCondition>>,
    standing: &[(Vec<RuleCondition>, i32)],
) -> BTreeMap<Vec<RuleCondition>, i32> {
    let rules: BTreeSet<_> = rules.collect();
    let mut priorities = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for (rule, priority) in standing {
        let (first, slots) = band(rule);
        if rules.contains(rule) && !(first..first + slots).contains(priority) {
            continue;
        }
        taken.insert(*priority);
        if rules.contains(rule) {
            priorities.insert(rule.clone(), *priority);
        }
    }
    for rule in rules {
        if priorities.contains_key(&rule) {
            continue;
        }
        let (first, slots) = band(&rule);
        let text = rule.iter().flat_map(values).map(String::as_str).collect::<Vec<_>>().join(" ");
        let hash = u32::from_str_radix(&short_hash(&text), 16).unwrap_or_default();
        let start = i32::try_from(hash % slots.unsigned_abs()).unwrap_or_default();
        let free = (0..slots).map(|step| first + (start + step) % slots);
        let priority = free.into_iter().find(|slot| !taken.contains(slot)).unwrap_or(LAST);
        taken.insert(priority);
        priorities.insert(rule, priority);
    }
    priorities
}

/// The first priority of a kind of rules, and how many there are for it. A listener has at most 100
/// rules unless the quota was raised.
fn band(rule: &[RuleCondition]) -> (i32, i32) {
    let longest = |field: &str| {
        let conditions = rule.iter().filter(|condition| condition.field == field);
        let lengths = conditions.flat_map(values).map(String::len);
        lengths.max().map(|length| i32::try_from(length.min(LONGEST)).unwrap_or_default())
    };
    let wild = rule
        .iter()
        .filter(|condition| condition.field == "host-header")
        .flat_map(values)
        .any(|host| host.contains(['*', '?']));
    // The longest comes first.
    let by_length = |first: i32, length: i32| (first + (128 - length) * 100, 100);
    match (longest("host-header"), longest("path-pattern")) {
        (Some(_), Some(path)) if !wild => by_length(1, path),
        (Some(_), None) if !wild => (13_000, 4_000),
        (Some(_), Some(path)) => by_length(17_000, path),
        (Some(host), None) => (30_000 + (128 - host) * 50, 50),
        (None, Some(path)) => by_length(37_000, path),
        (None, None) => (LAST, 1),
    }
}
