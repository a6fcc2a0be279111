//! The long forms of a document's values, as the reference compares and prints them. What cannot be
//! read stays as it is.

use super::decode::{PortSpec, parse_mount, parse_ports};
use super::merge::form::{external, gpus, key_values, list, named, names, ssh};
use super::paths::clean_target;
use super::scalar::{Typed, as_text, typed};
use crate::yaml::{Entry, Key, Kind, Mapping, Node, Scalar, Style};

/// Whether an included resource says the same as one that is there already. Included ones were
/// brought into their long form before, those of the document itself were not.
pub(super) fn is_same(section: &str, included: &Entry, there: &Entry, was_included: bool) -> bool {
    let long = |node: &Node| resource(section, node.clone());
    let included = long(&included.value);
    if was_included {
        equal(&included, &long(&there.value))
    } else {
        equal(&included, &there.value)
    }
}

/// Brings all of a document into its long form.
pub(super) fn document(document: &mut Node) {
    let Kind::Mapping(root) = &mut document.kind else { return };
    for section in &mut root.entries {
        let Kind::Mapping(resources) = &mut section.value.kind else { continue };
        for entry in &mut resources.entries {
            change(&mut entry.value, |node| resource(&section.key.text, node));
        }
    }
}

/// Brings the ports of a document into their long form.
pub(super) fn long_ports(document: &mut Node) {
    let Kind::Mapping(root) = &mut document.kind else { return };
    let services = root.entries.iter_mut().find(|entry| &*entry.key.text == "services");
    let Some(Kind::Mapping(services)) = services.map(|entry| &mut entry.value.kind) else { return };
    for service in &mut services.entries {
        let Kind::Mapping(service) = &mut service.value.kind else { continue };
        for entry in &mut service.entries {
            if &*entry.key.text == "ports" {
                change(&mut entry.value, ports);
            }
        }
    }
}

fn resource(section: &str, mut node: Node) -> Node {
    match section {
        "services" => {
            service(&mut node);
            node
        }
        "networks" | "volumes" | "secrets" | "configs" => external(node),
        _ => node,
    }
}

fn service(node: &mut Node) {
    let Kind::Mapping(service) = &mut node.kind else { return };
    for entry in &mut service.entries {
        let value = &mut entry.value;
        match &*entry.key.text {
            "build" => change(value, |node| build(named(node, "context"))),
            "depends_on" => change(value, |node| dependencies(names(node, true))),
            "develop" => develop(value),
            "devices" => items(value, device),
            "dns" | "label_file" => change(value, list),
            "env_file" => {
                change(value, list);
                items(value, env_file);
            }
            "gpus" => change(value, gpus),
            "models" | "networks" => change(value, |node| names(node, false)),
            "ports" => change(value, ports),
            "configs" | "secrets" => items(value, |node| named(node, "source")),
            "volumes" => items(value, mount),
            _ => {}
        }
    }
}

fn build(mut node: Node) -> Node {
    if let Kind::Mapping(mapping) = &mut node.kind {
        for entry in &mut mapping.entries {
            let value = &mut entry.value;
            match &*entry.key.text {
                "additional_contexts" => change(value, key_values),
                "ssh" => change(value, ssh),
                "secrets" => items(value, |node| named(node, "source")),
                "provenance" | "sbom" => change(value, |node| match &node.kind {
                    Kind::Scalar(scalar) => {
                        let text = as_text(scalar).unwrap_or("<nil>".into());
                        string(&node, &text)
                    }
                    Kind::Sequence(_) | Kind::Mapping(_) => node,
                }),
                _ => {}
            }
        }
    }
    node
}

fn develop(node: &mut Node) {
    let Kind::Mapping(develop) = &mut node.kind else { return };
    let rules = develop.entries.iter_mut().filter(|entry| &*entry.key.text == "watch");
    for entry in rules {
        items(&mut entry.value, |mut rule| {
            if let Kind::Mapping(mapping) = &mut rule.kind {
                for entry in &mut mapping.entries {
                    if matches!(&*entry.key.text, "ignore" | "include") {
                        change(&mut entry.value, list);
                    }
                }
            }
            rule
        });
    }
}

fn dependencies(mut node: Node) -> Node {
    if let Kind::Mapping(mapping) = &mut node.kind {
        for Entry { value, .. } in &mut mapping.entries {
            let template = value.clone();
            if let Kind::Mapping(dependency) = &mut value.kind {
                let default = |key: &str, value: Node, into: &mut Mapping| {
                    if into.get(key).is_none() {
                        into.entries.push(entry(key, value));
                    }
                };
                default("condition", string(&template, "service_started"), dependency);
                default("required", plain(&template, "true"), dependency);
            }
        }
    }
    node
}

fn env_file(node: Node) -> Node {
    let node = named(node, "path");
    let required = plain(&node, "true");
    with_default(node, "required", required)
}

fn with_default(mut node: Node, key: &str, value: Node) -> Node {
    if let Kind::Mapping(mapping) = &mut node.kind
        && mapping.get(key).is_none()
    {
        mapping.entries.push(entry(key, value));
    }
    node
}

fn device(node: Node) -> Node {
    let Some(text) = text(&node) else { return node };
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, permissions) = match parts[..] {
        [source] => (source, source, "rwm"),
        [source, target] => (source, target, "rwm"),
        [source, target, permissions] => (source, target, permissions),
        _ => ("", "", "rwm"),
    };
    let target = if target.is_empty() { source } else { target };
    mapping(
        &node,
        vec![
            entry("source", string(&node, source)),
            entry("target", string(&node, target)),
            entry("permissions", string(&node, permissions)),
        ],
    )
}

/// One list entry may stand for several ports; where one cannot be read, all stay as they are.
fn ports(node: Node) -> Node {
    let Kind::Sequence(list) = &node.kind else { return node };
    let mut out = Vec::with_capacity(list.len());
    for item in list {
        let Kind::Scalar(scalar) = &item.kind else {
            out.push(item.clone());
            continue;
        };
        let text = match typed(scalar) {
            Typed::Text(text) => text.to_owned(),
            Typed::Int(number) => number.to_string(),
            _ => return node,
        };
        let Ok(found) = parse_ports(&text) else { return node };
        out.extend(found.into_iter().map(|port| long_port(item, port)));
    }
    Node { kind: Kind::Sequence(out), ..node }
}

fn long_port(item: &Node, port: PortSpec) -> Node {
    let PortSpec { name, mode, host_ip, target, published, protocol, app_protocol } = port;
    let mut entries = Vec::new();
    let text =
        |key: &str, value: Option<String>| value.map(|value| entry(key, string(item, &value)));
    entries.extend(text("name", name));
    entries.extend(text("mode", mode));
    entries.extend(text("host_ip", host_ip));
    entries.push(entry("target", plain(item, &target.to_string())));
    entries.extend(text("published", published));
    entries.extend(text("protocol", protocol));
    entries.extend(text("app_protocol", app_protocol));
    mapping(item, entries)
}

fn mount(node: Node) -> Node {
    let Some(spec) = text(&node).and_then(|text| parse_mount(&text).ok()) else { return node };
    let kind = if spec.is_bind { "bind" } else { "volume" };
    let mut entries = vec![entry("type", string(&node, kind))];
    entries.extend(spec.source.map(|source| entry("source", string(&node, &source))));
    entries.push(entry("target", string(&node, &clean_target(&spec.target))));
    if spec.read_only {
        entries.push(entry("read_only", plain(&node, "true")));
    }
    let (mut bind, mut volume) = (Vec::new(), Vec::new());
    for option in &spec.options {
        match option.as_str() {
            "z" | "Z" => bind.push(entry("selinux", string(&node, option))),
            "nocopy" => volume.push(entry("nocopy", plain(&node, "true"))),
            "shared" | "rshared" | "slave" | "rslave" | "private" | "rprivate" => {
                bind.push(entry("propagation", string(&node, option)));
            }
            _ => {}
        }
    }
    if spec.is_bind {
        bind.push(entry("create_host_path", plain(&node, "true")));
    }
    if !bind.is_empty() {
        entries.push(entry("bind", mapping(&node, bind)));
    }
    // As in the reference, which takes so short a text for a target without a look at it.
    let is_short = text(&node).is_some_and(|text| text.len() <= 2);
    if !volume.is_empty() || !(spec.is_bind || is_short) {
        entries.push(entry("volume", mapping(&node, volume)));
    }
    mapping(&node, entries)
}

fn text(node: &Node) -> Option<String> {
    match typed(node.as_scalar()?) {
        Typed::Text(text) => Some(text.to_owned()),
        _ => None,
    }
}

fn change(node: &mut Node, form: impl FnOnce(Node) -> Node) {
    let old = std::mem::replace(node, Node::null(node.span));
    *node = form(old);
}

fn items(node: &mut Node, form: impl Fn(Node) -> Node) {
    if let Kind::Sequence(items) = &mut node.kind {
        items.iter_mut().for_each(|item| change(item, &form));
    }
}

fn entry(key: &str, value: Node) -> Entry {
    let key = Key { text: key.into(), style: Style::DoubleQuoted, span: value.span };
    Entry { key, value }
}

fn string(like: &Node, text: &str) -> Node {
    scalar(like, text, Style::DoubleQuoted)
}

fn plain(like: &Node, text: &str) -> Node {
    scalar(like, text, Style::Plain)
}

fn scalar(like: &Node, text: &str, style: Style) -> Node {
    let kind = Kind::Scalar(Scalar::new(text, style));
    Node { alias: like.alias, ..Node::new(like.span, kind) }
}

fn mapping(like: &Node, entries: Vec<Entry>) -> Node {
    Node { alias: like.alias, ..Node::new(like.span, Kind::Mapping(Mapping { entries })) }
}

/// Whether two values say the same; the order of keys aside.
fn equal(a: &Node, b: &Node) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Scalar(a), Kind::Scalar(b)) => typed(a) == typed(b),
        (Kind::Sequence(a), Kind::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Kind::Mapping(a), Kind::Mapping(b)) => {
            a.entries.len() == b.entries.len()
                && a.entries.iter().all(|entry| {
                    b.get(&entry.key.text).is_some_and(|other| equal(&entry.value, other))
                })
        }
        _ => false,
    }
}
