//! What an image has where files are to be put, read from the headers of its layers.
//!
//! Kept are directories and links, and files by their names. Of very many files only those are kept
//! whose name is part of a wanted path: others stand in its way only where a link leads to them as
//! though they were directories. That is one pass over a stream, in a few megabytes for images of
//! any size, and [`MAX_KEPT`] at most; an image with more directories and links than that is refused.
//!
//! A layer is applied as containerd and docker apply it to an overlay: into a directory of its own.
//! So what it has below a link of a lower layer takes the link's place, as a directory.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::ops::Bound;

use super::error::AssetError;
use super::gathered::Inode;
use super::paths::{self, Found, Unresolved, resolve};
use super::tar_entries::{EntryKind, TarEntries, TarEntry, fault};

/// Bytes that are kept of an image at most.
const MAX_KEPT: usize = 24 * 1024 * 1024;

/// Bytes from which on files are kept by name only where they may matter: about 50,000 files.
const MANY: usize = 8 * 1024 * 1024;

/// Bytes that are kept of an image whose content is wanted: about 300,000 files.
const MAX_WHOLE: usize = 128 * 1024 * 1024;

/// A path that is longer is one that no kernel takes (`PATH_MAX`, limits.h).
const MAX_PATH: usize = 4096;

/// Entries that whiteouts may make us look at: thousands of directories that are emptied thousands of
/// times are there to do harm.
const MAX_WORK: u64 = 1_000_000_000;

/// What one entry takes beside its name.
const OVERHEAD: usize = 112;

const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// Ahead of the names of a builder's own notes (AUFS).
const META: &[u8] = b".wh..wh.";

/// Extended attributes, as docker and containerd write them.
const XATTR: &[u8] = b"SCHILY.xattr.";

/// What is said of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    /// Seconds since 1970.
    pub(super) mtime: i64,
    /// Records that a header has no room for: extended attributes and parts of seconds.
    pub(super) pax: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Attributes {
    /// What a directory has that nobody says anything of.
    pub(super) fn of_root() -> Self {
        Self { mode: 0o755, uid: 0, gid: 0, mtime: 0, pax: BTreeMap::new() }
    }
}

/// What an image has, as far as it matters.
#[derive(Clone, Debug)]
pub(super) struct BaseTree {
    nodes: BTreeMap<Vec<u8>, Node>,
    /// Names of files that are kept.
    names: BTreeSet<Vec<u8>>,
    /// Whether all is kept that there is.
    is_whole: bool,
    /// What a root has of which nothing is said.
    root: Attributes,
    /// Of the layer that is read: its entries so far, and the size of the last.
    entry: (u64, u64),
    /// Of the layer that is read: counted from one.
    layer: u32,
    kept: usize,
    /// [`MAX_KEPT`] and [`MANY`]
    limits: (usize, usize),
    /// Entries that were looked at for whiteouts so far.
    work: u64,
}

#[derive(Clone, Debug)]
struct Node {
    /// The layer that it is in, as far as it is known.
    layer: u32,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Directory(Box<Attributes>),
    Link(Box<[u8]>),
    /// Of a tree that is whole, with what is said of it.
    File(Option<Box<FileNode>>),
}

/// A file of a tree that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileNode {
    pub(super) attributes: Attributes,
    pub(super) inode: Inode,
    pub(super) size: u64,
    /// A device, a pipe, or a file with holes.
    pub(super) is_special: bool,
}

/// What stands at a path of a tree that is whole.
#[derive(Clone, Copy, Debug)]
pub(super) enum Standing<'a> {
    Directory(&'a Attributes),
    Link(&'a [u8]),
    File(&'a FileNode),
}

impl BaseTree {
    /// A tree that can answer for these paths.
    pub(super) fn new<'a>(wanted: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let names = wanted.into_iter().flat_map(|path| path.split(|byte| *byte == b'/'));
        let names = names.filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect();
        let limits = (MAX_KEPT, MANY);
        Self {
            nodes: BTreeMap::new(),
            names,
            is_whole: false,
            root: Attributes::of_root(),
            entry: (0, 0),
            layer: 0,
            kept: 0,
            limits,
            work: 0,
        }
    }

    /// A tree that knows of every file where its content is.
    pub(super) fn whole() -> Self {
        let limits = (MAX_WHOLE, MAX_WHOLE);
        Self { is_whole: true, limits, ..Self::new(std::iter::empty()) }
    }

    /// Puts a layer on top, from its archive without compression.
    pub(super) fn add_layer<R: Read>(
        &mut self,
        entries: &mut TarEntries<R>,
    ) -> Result<(), AssetError> {
        self.layer += 1;
        self.entry = (0, 0);
        while let Some(entry) = entries.next()? {
            self.entry = (self.entry.0 + 1, entries.size());
            self.add(entry)?;
        }
        Ok(())
    }

    fn add(&mut self, entry: TarEntry) -> Result<(), AssetError> {
        let path = paths::clean(&entry.path);
        if path.len() > MAX_PATH {
            return Err(fault("a path in it has more than 4096 bytes"));
        }
        if path.is_empty() {
            // The root, which is nobody's parent in a layer.
            if entry.kind == EntryKind::Directory {
                self.root = attributes(entry);
            }
            return Ok(());
        }
        let (directory, name) = paths::split(&path);
        // Links of this very layer lead on, as they do for whoever unpacks it.
        let directory = resolve(directory, true, |path| self.of_this_layer(path));
        let directory = match directory {
            Ok(directory) => directory,
            Err(Unresolved::Loop) => return Err(fault("its links lead in a circle")),
            Err(Unresolved::File(_)) => paths::split(&path).0.to_vec(),
        };
        let path = paths::join(&directory, name);
        if path.len() > MAX_PATH {
            return Err(fault("a path in it has more than 4096 bytes"));
        }
        if name == OPAQUE {
            self.remove_lower(&directory, false)?;
        } else if name.starts_with(META) {
            // Nothing that containers see.
        } else if let Some(gone) = name.strip_prefix(WHITEOUT) {
            if !gone.is_empty() {
                self.remove_lower(&paths::join(&directory, gone), true)?;
            }
        } else {
            self.make_parents(&path)?;
            self.put(path, entry)?;
        }
        Ok(())
    }

    fn put(&mut self, path: Vec<u8>, entry: TarEntry) -> Result<(), AssetError> {
        let kind = match &entry.kind {
            EntryKind::Directory => Kind::Directory(Box::new(attributes(entry))),
            EntryKind::Symlink(link) if link.len() <= MAX_PATH => Kind::Link(link.clone().into()),
            EntryKind::Symlink(_) => return Err(fault("a link in it has more than 4096 bytes")),
            EntryKind::Hardlink(other) => {
                match self.nodes.get(&paths::clean(other)).map(|node| &node.kind) {
                    Some(other @ (Kind::Link(_) | Kind::File(Some(_)))) => other.clone(),
                    _ if self.is_whole => {
                        return Err(fault("a link in it leads to a file that is not there"));
                    }
                    _ => Kind::File(None),
                }
            }
            EntryKind::File | EntryKind::Other if self.is_whole => {
                let is_special = entry.kind == EntryKind::Other;
                let inode = Inode { layer: self.layer, entry: self.entry.0 };
                let attributes = attributes(entry);
                let file = FileNode { attributes, inode, size: self.entry.1, is_special };
                Kind::File(Some(Box::new(file)))
            }
            EntryKind::File | EntryKind::Other => Kind::File(None),
        };
        self.set(path, kind)
    }

    /// Puts something at a path. Directories stay where there is one; everything else is replaced.
    fn set(&mut self, path: Vec<u8>, kind: Kind) -> Result<(), AssetError> {
        if !matches!(kind, Kind::Directory(_)) {
            self.remove_tree(&path, |_| true);
        }
        let is_wanted = match &kind {
            Kind::File(_) => {
                self.kept < self.limits.1 || self.names.contains(paths::split(&path).1)
            }
            Kind::Directory(_) | Kind::Link(_) => true,
        };
        if let Some(old) = self.nodes.remove(&path) {
            self.kept -= cost(&path, &old.kind);
        }
        if !is_wanted {
            return Ok(());
        }
        self.kept += cost(&path, &kind);
        if self.kept > self.limits.0 {
            return Err(fault("the image has too many directories and links"));
        }
        self.nodes.insert(path, Node { layer: self.layer, kind });
        Ok(())
    }

    /// A layer need not name the directories above its files: those of the layers below stay as
    /// they are.
    fn make_parents(&mut self, path: &[u8]) -> Result<(), AssetError> {
        for parent in paths::parents(path) {
            let kind = self.nodes.get(parent).map(|node| &node.kind);
            let attributes = match kind {
                Some(Kind::Directory(_)) => {
                    if let Some(node) = self.nodes.get_mut(parent) {
                        node.layer = self.layer;
                    }
                    continue;
                }
                // The link gives way; containerd takes the attributes of what it led to.
                Some(Kind::Link(_)) => {
                    let end = resolve(parent, true, |path| self.found(path)).ok();
                    end.and_then(|end| self.directory(&end).cloned())
                }
                Some(Kind::File(_)) | None => None,
            };
            let attributes = attributes.unwrap_or_else(Attributes::of_root);
            self.set(parent.to_vec(), Kind::Directory(Box::new(attributes)))?;
        }
        Ok(())
    }

    /// Removes what the layers below have under a path, and, if `itself`, there.
    fn remove_lower(&mut self, path: &[u8], itself: bool) -> Result<(), AssetError> {
        let layer = self.layer;
        self.work += self.remove_tree(path, |node| node.layer < layer);
        if self.work > MAX_WORK {
            return Err(fault("its whiteouts hide too much too often"));
        }
        let is_lower = self.nodes.get(path).is_some_and(|node| node.layer < layer);
        if itself
            && is_lower
            && let Some(old) = self.nodes.remove(path)
        {
            self.kept -= cost(path, &old.kind);
        }
        Ok(())
    }

    /// Removes what is below a path; says how much it looked at.
    fn remove_tree(&mut self, path: &[u8], goes: impl Fn(&Node) -> bool) -> u64 {
        let (start, end) = below(path);
        let range = (Bound::Included(start), end);
        let mut looked_at = 0;
        let gone: Vec<_> = (self.nodes.range(range))
            .inspect(|_| looked_at += 1)
            .filter(|(_, node)| goes(node))
            .map(|(path, _)| path.clone())
            .collect();
        for path in gone {
            if let Some(old) = self.nodes.remove(&path) {
                self.kept -= cost(&path, &old.kind);
            }
        }
        looked_at
    }

    /// What stands at a path, its own links not followed.
    pub(super) fn found(&self, path: &[u8]) -> Found<'_> {
        match self.nodes.get(path).map(|node| &node.kind) {
            Some(Kind::Directory(_)) => Found::Directory,
            Some(Kind::Link(link)) => Found::Link(Cow::Borrowed(link)),
            Some(Kind::File(_)) => Found::File,
            None => Found::Nothing,
        }
    }

    /// All that stands below a directory of a tree that is whole.
    pub(super) fn below(&self, path: &[u8]) -> impl Iterator<Item = (&[u8], Standing<'_>)> {
        let (start, end) = below(path);
        let range = self.nodes.range((Bound::Included(start), end));
        range.filter_map(|(path, node)| {
            let standing = match &node.kind {
                Kind::Directory(attributes) => Standing::Directory(attributes),
                Kind::Link(link) => Standing::Link(link),
                Kind::File(file) => Standing::File(file.as_ref()?),
            };
            Some((path.as_slice(), standing))
        })
    }

    fn of_this_layer(&self, path: &[u8]) -> Found<'_> {
        match self.nodes.get(path) {
            Some(node) if node.layer == self.layer => self.found(path),
            _ => Found::Nothing,
        }
    }

    /// What is said of a directory.
    pub(super) fn directory(&self, path: &[u8]) -> Option<&Attributes> {
        match self.nodes.get(path).map(|node| &node.kind) {
            Some(Kind::Directory(attributes)) => Some(attributes),
            _ => None,
        }
    }
}

impl<'a> Standing<'a> {
    /// The directory at a path, which may be the root.
    pub(super) fn root(tree: &'a BaseTree, path: &[u8]) -> Self {
        Self::Directory(tree.directory(path).unwrap_or(&tree.root))
    }
}

/// What is said of an entry.
fn attributes(entry: TarEntry) -> Attributes {
    let TarEntry { path: _, kind: _, mode, uid, gid, mtime, pax } = entry;
    let is_kept = |key: &[u8]| key.starts_with(XATTR) || key == b"mtime";
    let pax = pax.into_iter().filter(|(key, _)| is_kept(key)).collect();
    Attributes { mode, uid, gid, mtime, pax }
}

/// The range of paths below a directory: `a/` to `a0`, because `0` follows the slash.
fn below(path: &[u8]) -> (Vec<u8>, Bound<Vec<u8>>) {
    if path.is_empty() {
        return (Vec::new(), Bound::Unbounded);
    }
    ([path, b"/"].concat(), Bound::Excluded([path, b"0"].concat()))
}

fn cost(path: &[u8], kind: &Kind) -> usize {
    let more = match kind {
        Kind::Directory(attributes) => {
            let pax: usize = attributes.pax.iter().map(|(k, v)| k.len() + v.len() + OVERHEAD).sum();
            OVERHEAD + pax
        }
        Kind::Link(link) => link.len(),
        Kind::File(Some(file)) => {
            let pax = file.attributes.pax.iter();
            OVERHEAD + pax.map(|(k, v)| k.len() + v.len() + OVERHEAD).sum::<usize>()
        }
        Kind::File(None) => 0,
    };
    OVERHEAD + path.len() + more
}

#[cfg(test)]
#[path = "base_tree_tests.rs"]
mod tests;
