//! Lists whose entries are unique by a key: of two with one key the later one wins, in the place of
//! the former. In a document that will be decoded, what the key of a port or a mount is depends on
//! how it is read; that is left to the decoder.

use std::borrow::Cow;
use std::collections::HashMap;

use super::decode::{Touched, parse_mount};
use super::scalar::{Typed, as_text, typed};
use crate::yaml::{Kind, Node};

/// Which lists are made unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lists {
    /// Those that the decoder takes as they are.
    Plain,
    /// All that the reference makes unique, for a document that is printed as it was written.
    Written,
}

/// What is around a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Root,
    Services,
    Service,
    Build,
    Deploy,
    Attachments,
    Attachment,
    Networks,
    Network,
    Ipam,
    Other,
}

/// What tells two entries apart.
#[derive(Clone, Copy)]
enum By {
    /// What stands before an equals sign.
    Name,
    /// Where a device is inside the container.
    Device,
    /// Where a secret or a config is inside the container.
    Mount(&'static str),
    /// Where a volume is inside the container.
    Volume,
    EnvFile,
    Port,
}

impl Place {
    /// The place of the value under a key.
    pub(super) fn below(self, key: &str) -> Place {
        match (self, key) {
            (Place::Root, "services") => Place::Services,
            (Place::Root, "networks") => Place::Networks,
            (Place::Services, _) => Place::Service,
            (Place::Service, "build") => Place::Build,
            (Place::Service, "deploy") => Place::Deploy,
            (Place::Service, "networks") => Place::Attachments,
            (Place::Attachments, _) => Place::Attachment,
            (Place::Networks, _) => Place::Network,
            (Place::Network, "ipam") => Place::Ipam,
            _ => Place::Other,
        }
    }

    /// Whether the reference makes the list under a key unique.
    pub(super) fn is_unique(self, key: &str) -> bool {
        self.by(key, Lists::Written).is_some()
    }

    fn by(self, key: &str, lists: Lists) -> Option<By> {
        let written = lists == Lists::Written;
        Some(match (self, key) {
            (
                Place::Service,
                "cap_add" | "cap_drop" | "dns" | "dns_opt" | "dns_search" | "expose" | "links"
                | "profiles",
            )
            | (Place::Build, "tags")
            | (Place::Attachment, "aliases" | "link_local_ips") => By::Name,
            (Place::Service, "devices") => By::Device,
            (Place::Service, "secrets") => By::Mount("/run/secrets"),
            (Place::Service, "configs") => By::Mount(""),
            (Place::Service, "annotations" | "environment" | "labels" | "sysctls" | "tmpfs")
            | (Place::Build, "args" | "additional_contexts" | "labels")
            | (Place::Deploy | Place::Network, "labels")
            | (Place::Ipam, "options")
                if written =>
            {
                By::Name
            }
            (Place::Service, "env_file") if written => By::EnvFile,
            (Place::Service, "ports") if written => By::Port,
            (Place::Service, "volumes") if written => By::Volume,
            _ => return None,
        })
    }
}

impl By {
    /// The key of an entry; one without stays.
    fn key(self, item: &Node) -> Option<String> {
        let text = item.as_scalar().map(|scalar| &*scalar.text);
        let part = |key| Some(item.get(key)?.as_scalar()?.text.to_string());
        match (self, text) {
            (By::Name, text) => Some(text?.split('=').next().unwrap_or_default().to_owned()),
            (By::Device, Some(text)) => {
                let mut parts = text.split(':');
                let source = parts.next();
                let target = parts.next().filter(|target| !target.is_empty());
                target.or(source).map(str::to_owned)
            }
            (By::Mount(directory), Some(text)) => Some(format!("{directory}/{text}")),
            (By::Mount(directory), None) => match item.get("target") {
                Some(target) => Some(target.as_scalar()?.text.to_string()),
                None => Some(format!("{directory}/{}", part("source")?)),
            },
            (By::Volume, Some(text)) => parse_mount(text).ok().map(|mount| mount.target),
            (By::Device | By::Volume, None) => part("target"),
            (By::EnvFile | By::Port, Some(text)) => Some(text.to_owned()),
            (By::EnvFile, None) => part("path"),
            (By::Port, None) => port(item),
        }
    }
}

/// Makes the lists of a document unique, or those of its resources that are in `only`.
pub(super) fn unique(document: &mut Node, lists: Lists, only: Option<&Touched>) {
    let Kind::Mapping(root) = &mut document.kind else { return };
    for section in &mut root.entries {
        let place = Place::Root.below(&section.key.text);
        let Kind::Mapping(resources) = &mut section.value.kind else { continue };
        let entries = &mut resources.entries;
        let places: Vec<usize> = match only {
            Some(only) => {
                let names = entries.iter().map(|entry| &*entry.key.text);
                only.places(&section.key.text, names).collect()
            }
            None => (0..entries.len()).collect(),
        };
        for at in places {
            let entry = &mut entries[at];
            walk(&mut entry.value, place.below(&entry.key.text), lists);
        }
    }
}

fn walk(node: &mut Node, place: Place, lists: Lists) {
    let Kind::Mapping(mapping) = &mut node.kind else { return };
    for entry in &mut mapping.entries {
        let key = &*entry.key.text;
        match &entry.value.kind {
            Kind::Scalar(_) => {}
            Kind::Sequence(items) if items.len() < 2 => {}
            Kind::Sequence(_) => {
                if let Some(by) = place.by(key, lists) {
                    list(&mut entry.value, by);
                }
            }
            Kind::Mapping(_) => match place.below(key) {
                Place::Other => {}
                below => walk(&mut entry.value, below, lists),
            },
        }
    }
}

fn list(node: &mut Node, by: By) {
    let Kind::Sequence(items) = &mut node.kind else { return };
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut out: Vec<Node> = Vec::with_capacity(items.len());
    for item in std::mem::take(items) {
        let Some(key) = by.key(&item) else {
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

/// Where a port is on the host and in the container. As in the reference, `published` as a number
/// and as text are two things, and no host address is all of them.
fn port(item: &Node) -> Option<String> {
    let part = |key, default: &'static str| match item.get(key).and_then(Node::as_scalar) {
        Some(scalar) => as_text(scalar).unwrap_or_default(),
        None => Cow::Borrowed(default),
    };
    let kind = |key| match item.get(key).and_then(Node::as_scalar).map(typed) {
        Some(Typed::Text(_)) => "text",
        Some(found) => found.name(),
        None => "nothing",
    };
    item.get("target")?;
    let (host, protocol) = (part("host_ip", "0.0.0.0"), part("protocol", "tcp"));
    let (published, target) = (part("published", ""), part("target", ""));
    let kinds = (kind("published"), kind("target"));
    Some(format!("{host}:{published}:{target}/{protocol} {kinds:?}"))
}
