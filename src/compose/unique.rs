//! Lists of a service whose entries are unique by a key: of two with one key the later one wins, in
//! the place of the former. What the key of a port or a mount is depends on how it is read; that is
//! left to the decoder.

use std::collections::HashMap;

use super::decode::Touched;
use crate::yaml::{Kind, Node};

/// Makes the lists of every service unique, or of those in `only`.
pub(super) fn unique(document: &mut Node, only: Option<&Touched>) {
    let Kind::Mapping(root) = &mut document.kind else { return };
    for section in &mut root.entries {
        if let ("services", Kind::Mapping(services)) = (&*section.key.text, &mut section.value.kind)
        {
            for entry in &mut services.entries {
                if only.is_none_or(|only| only.has("services", &entry.key.text)) {
                    service(&mut entry.value);
                }
            }
        }
    }
}

fn service(node: &mut Node) {
    let Kind::Mapping(service) = &mut node.kind else { return };
    for entry in &mut service.entries {
        let value = &mut entry.value;
        match &*entry.key.text {
            "cap_add" | "cap_drop" | "dns" | "dns_opt" | "dns_search" | "expose" | "links"
            | "profiles" => list(value, name),
            "devices" => list(value, device),
            "secrets" => list(value, |item| mounted(item, "/run/secrets")),
            "configs" => list(value, |item| mounted(item, "")),
            "build" => below(value, &["tags"]),
            "networks" => {
                if let Kind::Mapping(networks) = &mut value.kind {
                    for entry in &mut networks.entries {
                        below(&mut entry.value, &["aliases", "link_local_ips"]);
                    }
                }
            }
            _ => {}
        }
    }
}

fn below(node: &mut Node, keys: &[&str]) {
    if let Kind::Mapping(mapping) = &mut node.kind {
        for entry in &mut mapping.entries {
            if keys.contains(&&*entry.key.text) {
                list(&mut entry.value, name);
            }
        }
    }
}

/// Items without a key stay.
fn list(node: &mut Node, key: impl Fn(&Node) -> Option<String>) {
    let Kind::Sequence(items) = &mut node.kind else { return };
    if items.len() < 2 {
        return;
    }
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut out: Vec<Node> = Vec::with_capacity(items.len());
    for item in std::mem::take(items) {
        let Some(key) = key(&item) else {
            out.push(item);
            continue;
        };
        match places.get(&key) {
            Some(&at) => out[at] = item,
            None => {
                places.insert(key, out.len());
                out.push(item);
            }
        }
    }
    *items = out;
}

/// What stands before an equals sign.
fn name(item: &Node) -> Option<String> {
    let text = &item.as_scalar()?.text;
    Some(text.split('=').next().unwrap_or_default().to_owned())
}

/// Where a device is inside the container.
fn device(item: &Node) -> Option<String> {
    if let Some(scalar) = item.as_scalar() {
        let mut parts = scalar.text.split(':');
        let source = parts.next();
        return parts.next().filter(|target| !target.is_empty()).or(source).map(str::to_owned);
    }
    Some(item.get("target")?.as_scalar()?.text.to_string())
}

/// Where a secret or a config is inside the container.
fn mounted(item: &Node, directory: &str) -> Option<String> {
    if let Some(scalar) = item.as_scalar() {
        return Some(format!("{directory}/{}", scalar.text));
    }
    if let Some(target) = item.get("target") {
        return Some(target.as_scalar()?.text.to_string());
    }
    Some(format!("{directory}/{}", item.get("source")?.as_scalar()?.text))
}
