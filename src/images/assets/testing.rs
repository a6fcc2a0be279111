//! Layers for tests, written and read by another implementation than ours, and a file system that
//! they can be applied to.

use std::collections::BTreeMap;

use tar::{Builder, EntryType, Header};

/// What stands in a layer: path, what, mode, owner, time.
#[derive(Clone, Debug)]
pub(super) struct Given<'a> {
    pub(super) path: &'a str,
    pub(super) what: What<'a>,
    pub(super) mode: u32,
    pub(super) owner: u64,
    pub(super) mtime: u64,
}

#[derive(Clone, Debug)]
pub(super) enum What<'a> {
    Dir,
    File(&'a str),
    Link(&'a str),
    Hard(&'a str),
}

pub(super) fn dir(path: &str, mode: u32) -> Given<'_> {
    Given { path, what: What::Dir, mode, owner: 7, mtime: 77 }
}

pub(super) fn file<'a>(path: &'a str, text: &'a str) -> Given<'a> {
    Given { path, what: What::File(text), mode: 0o640, owner: 7, mtime: 77 }
}

pub(super) fn link<'a>(path: &'a str, to: &'a str) -> Given<'a> {
    Given { path, what: What::Link(to), mode: 0o777, owner: 0, mtime: 77 }
}

pub(super) fn hard<'a>(path: &'a str, to: &'a str) -> Given<'a> {
    Given { path, what: What::Hard(to), mode: 0o644, owner: 0, mtime: 77 }
}

pub(super) fn header(given: &Given<'_>) -> Header {
    let mut header = Header::new_gnu();
    let (kind, size) = match given.what {
        What::Dir => (EntryType::Directory, 0),
        What::File(text) => (EntryType::Regular, text.len() as u64),
        What::Link(_) => (EntryType::Symlink, 0),
        What::Hard(_) => (EntryType::Link, 0),
    };
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(given.mode);
    header.set_uid(given.owner);
    header.set_gid(given.owner);
    header.set_mtime(given.mtime);
    header
}

/// A layer without compression.
pub(super) fn layer(given: &[Given<'_>]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for one in given {
        let mut header = header(one);
        match one.what {
            What::Dir => builder.append_data(&mut header, one.path, &[][..]),
            What::File(text) => builder.append_data(&mut header, one.path, text.as_bytes()),
            What::Link(to) | What::Hard(to) => builder.append_link(&mut header, one.path, to),
        }
        .expect("an entry");
    }
    builder.into_inner().expect("an archive")
}

/// One path of a file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    pub(super) mtime: u64,
    /// Extended attributes and such.
    pub(super) pax: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NodeKind {
    Dir,
    File(Vec<u8>),
    Link(String),
    Hard(String),
}

pub(super) type Tree = BTreeMap<String, Node>;

/// A layer's entries, in order.
pub(super) fn entries(layer: &[u8]) -> Vec<(String, Node)> {
    let mut archive = tar::Archive::new(layer);
    let mut found = Vec::new();
    for entry in archive.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let path = text(&entry.path_bytes()).trim_end_matches('/').to_owned();
        let pax = entry.pax_extensions().expect("records").map(|records| {
            let records = records.map(|record| record.expect("a record"));
            records.map(|r| (text(r.key_bytes()), r.value_bytes().to_vec())).collect()
        });
        let kind = match entry.header().entry_type() {
            EntryType::Directory => NodeKind::Dir,
            EntryType::Symlink => NodeKind::Link(text(&entry.link_name_bytes().expect("a link"))),
            EntryType::Link => NodeKind::Hard(text(&entry.link_name_bytes().expect("a link"))),
            EntryType::Regular => {
                let mut content = Vec::new();
                std::io::Read::read_to_end(&mut entry, &mut content).expect("content");
                NodeKind::File(content)
            }
            other => panic!("{other:?}"),
        };
        let header = entry.header();
        let node = Node {
            kind,
            mode: header.mode().expect("a mode"),
            uid: header.uid().expect("an owner"),
            gid: header.gid().expect("a group"),
            mtime: header.mtime().expect("a time"),
            pax: pax.unwrap_or_default(),
        };
        found.push((path, node));
    }
    found
}

/// Applies a layer (OCI image specification, "Applying Changesets").
pub(super) fn apply(tree: &mut Tree, layer: &[u8]) {
    let lower = tree.clone();
    let mut own: Vec<String> = Vec::new();
    let entries = entries(layer);
    // Whiteouts hide what is in lower layers alone, wherever they stand.
    for (path, _) in &entries {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        if name == ".wh..wh..opq" {
            let inside = format!("{directory}/");
            tree.retain(|there, _| !there.starts_with(&inside));
        } else if let Some(gone) = name.strip_prefix(".wh.") {
            let gone =
                if directory.is_empty() { gone.to_owned() } else { format!("{directory}/{gone}") };
            remove(tree, &gone);
        }
    }
    for (path, node) in entries {
        if path.rsplit('/').next().is_some_and(|name| name.starts_with(".wh.")) {
            continue;
        }
        assert!(!own.contains(&path), "{path} stands twice");
        let parent = path.rsplit_once('/').map(|(parent, _)| parent);
        if let Some(parent) = parent {
            let is_there = tree.get(parent).is_some_and(|node| node.kind == NodeKind::Dir);
            assert!(is_there, "{path} has no directory; below were {:?}", lower.keys());
        }
        let both = node.kind == NodeKind::Dir
            && tree.get(&path).is_some_and(|node| node.kind == NodeKind::Dir);
        if !both {
            remove(tree, &path);
        }
        own.push(path.clone());
        tree.insert(path, node);
    }
}

pub(super) fn remove(tree: &mut Tree, path: &str) {
    let inside = format!("{path}/");
    tree.retain(|there, _| there != path && !there.starts_with(&inside));
}
