//! Lays one document over another, by Compose's rule for each attribute. What makes the entries of
//! a list unique (the target of a volume, say) is looked at afterwards, in [`super::unique`].

pub(super) mod form;
mod rule;

use std::collections::{HashMap, HashSet};

use form::{external, gpus, key_values, list, listed, named, names, pairs, ssh};
use rule::Rule;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::Span;
use crate::yaml::{Key, Kind, Mapping, Node};

/// So many keys are looked for one after the other.
const FEW: usize = 8;

/// Which of the two values were brought into their long form before. It decides what can be laid
/// over what: `gpus: all` goes over `gpus: all` inside one document, but not over the list that it
/// became in an earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Long {
    pub(super) base: bool,
    pub(super) over: bool,
}

/// What names and values (`environment` and its like) are once they are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pairs {
    /// A mapping.
    Mapping,
    /// A list, as the reference has them; of two with one name [`super::unique`] keeps the later.
    List,
}

/// Lays the document `over` over `base`, which came before it. Values that cannot be combined are
/// reported; the base's is kept.
pub(super) fn merge(base: Node, over: Node, pairs: Pairs, diagnostics: &mut Diagnostics) -> Node {
    let long = Long { base: true, over: false };
    Merger { diagnostics, long, pairs }.node(base, over, Rule::Root, None)
}

/// Lays a service over the one that it extends.
pub(super) fn merge_service(
    base: Node,
    over: Node,
    long: Long,
    pairs: Pairs,
    diagnostics: &mut Diagnostics,
) -> Node {
    Merger { diagnostics, long, pairs }.node(base, over, Rule::Service, None)
}

struct Merger<'a> {
    diagnostics: &'a mut Diagnostics,
    long: Long,
    pairs: Pairs,
}

impl Merger<'_> {
    fn node(&mut self, base: Node, over: Node, rule: Rule, key: Option<&Key>) -> Node {
        if rule == Rule::Replace {
            return over;
        }
        let as_list = rule == Rule::KeyValues && self.pairs == Pairs::List;
        if over.is_null() {
            return if as_list { listed(base) } else { base };
        }
        let (base, over) = self.in_one_form(base, over, rule);
        let (base_span, base_alias) = (base.span, base.alias);
        match (base.kind, over.kind) {
            (Kind::Mapping(base), Kind::Mapping(over)) => {
                let mapping = if rule == Rule::Logging && other_driver(&base, &over) {
                    over
                } else {
                    self.mapping(base, over, rule)
                };
                Node { span: base_span, alias: base_alias, tag: None, kind: Kind::Mapping(mapping) }
            }
            (Kind::Sequence(base), Kind::Sequence(over)) => {
                let items = match rule {
                    Rule::IpamConfig => self.subnets(base, over),
                    Rule::Hosts => joined_hosts(base, over),
                    _ => joined(base, over),
                };
                Node { span: base_span, alias: base_alias, tag: None, kind: Kind::Sequence(items) }
            }
            (Kind::Scalar(_), kind) => Node { kind, ..over },
            (base_kind, over_kind) => {
                self.clash(key, (base_span, &base_kind), (over.span, &over_kind));
                Node { span: base_span, alias: base_alias, tag: None, kind: base_kind }
            }
        }
    }

    /// The two values in the form in which they can be combined.
    fn in_one_form(&self, base: Node, over: Node, rule: Rule) -> (Node, Node) {
        let both = |form: fn(Node) -> Node, base, over| (form(base), form(over));
        let Long { base: base_long, over: over_long } = self.long;
        let long = |form: fn(Node) -> Node, base, over| {
            let is = |long: bool, node| if long { form(node) } else { node };
            (is(base_long, base), is(over_long, over))
        };
        match rule {
            Rule::KeyValues if self.pairs == Pairs::List => (listed(base), listed(list(over))),
            Rule::KeyValues => (key_values(base), key_values(list(over))),
            Rule::Hosts => both(pairs, base, over),
            Rule::List => both(list, base, over),
            Rule::Build => both(|node| named(node, "context"), base, over),
            Rule::Dependencies => both(|node| names(node, true), base, over),
            Rule::Names => both(|node| names(node, false), base, over),
            Rule::Gpus => long(gpus, base, over),
            Rule::Ssh => long(ssh, base, over),
            Rule::Resource(_) => long(external, base, over),
            _ => (base, over),
        }
    }

    fn mapping(&mut self, base: Mapping, over: Mapping, rule: Rule) -> Mapping {
        let Mapping { mut entries } = base;
        // Of many small documents over a large one each would pay for the large one's index.
        let index: Option<HashMap<Box<str>, usize>> = (over.entries.len() > FEW).then(|| {
            entries.iter().enumerate().map(|(at, entry)| (entry.key.text.clone(), at)).collect()
        });
        let known = entries.len();
        for entry in over.entries {
            let key = &entry.key.text;
            let found = match &index {
                Some(index) => index.get(key).copied(),
                None => entries[..known].iter().position(|old| old.key.text == *key),
            };
            let Some(at) = found else {
                entries.push(entry);
                continue;
            };
            let below = rule.below(key);
            let old = take(&mut entries[at].value);
            let value = self.node(old, entry.value, below, Some(&entry.key));
            if matches!(value.kind, Kind::Scalar(_)) {
                entries[at].key = entry.key;
            }
            entries[at].value = value;
        }
        Mapping { entries }
    }

    /// `ipam.config`: as in the reference, each entry of the base meets each entry laid over it,
    /// and those of one subnet are merged. That takes a time that grows with the product; for more
    /// entries than a network can have the lists are joined.
    fn subnets(&mut self, base: Vec<Node>, over: Vec<Node>) -> Vec<Node> {
        if base.len().saturating_mul(over.len()) > 10_000 {
            return joined(base, over);
        }
        let subnet = |node: &Node| Some(node.get("subnet")?.as_scalar()?.text.clone());
        let mut out: Vec<Node> = Vec::new();
        for mut original in base {
            for entry in &over {
                if subnet(entry) != subnet(&original)
                    && !out.iter().any(|known| subnet(known) == subnet(entry))
                {
                    out.push(entry.clone());
                    continue;
                }
                original = self.node(original, entry.clone(), Rule::Generic, None);
                match out.iter_mut().find(|known| subnet(known) == subnet(&original)) {
                    Some(known) => *known = original.clone(),
                    None => out.push(original.clone()),
                }
            }
        }
        out
    }

    fn clash(&mut self, key: Option<&Key>, base: (Span, &Kind), over: (Span, &Kind)) {
        let name = key.map_or_else(|| "the document".to_owned(), |key| format!("`{}`", key.text));
        self.diagnostics.push(
            Diagnostic::error(
                Code::WrongType,
                format!("{name} cannot be merged: {} over {}", kind(over.1), kind(base.1)),
            )
            .at(over.0, format!("{} here", kind(over.1)))
            .at(base.0, format!("{} here", kind(base.1)))
            .help("give both files the same form, or replace the value with `!override`"),
        );
    }
}

/// The value, out of its place.
fn take(node: &mut Node) -> Node {
    let empty = Node { span: node.span, alias: None, tag: None, kind: Kind::Sequence(Vec::new()) };
    std::mem::replace(node, empty)
}

fn kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Scalar(_) => "a single value",
        Kind::Sequence(_) => "a list",
        Kind::Mapping(_) => "a mapping",
    }
}

/// Options of another logging driver are not mixed in.
fn other_driver(base: &Mapping, over: &Mapping) -> bool {
    let driver = |mapping: &Mapping| Some(mapping.get("driver")?.as_scalar()?.text.clone());
    match (driver(base), driver(over)) {
        (Some(base), Some(over)) => base != over,
        _ => false,
    }
}

fn joined(mut base: Vec<Node>, over: Vec<Node>) -> Vec<Node> {
    base.extend(over);
    base
}

/// Of equal entries the first is kept.
fn joined_hosts(mut base: Vec<Node>, over: Vec<Node>) -> Vec<Node> {
    let text = |node: &Node| node.as_scalar().map(|scalar| scalar.text.clone());
    let known: HashSet<_> = base.iter().filter_map(text).collect();
    base.extend(
        over.into_iter().filter(|item| text(item).is_none_or(|item| !known.contains(&item))),
    );
    base
}
