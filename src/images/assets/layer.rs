//! One layer with everything that is put on an image, as it must stand there.
//!
//! What stands where a file or a directory is put gives way without a whiteout: whoever applies a
//! layer removes what an entry replaces, unless both are directories (OCI image specification,
//! "Applying Changesets"), and readers that put layers together from the top, as go-containerregistry
//! does, would take a whiteout beside an entry of its name for the end of both.

use std::borrow::Cow;
use std::collections::{BTreeMap, btree_map};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::asset::{Asset, AssetSource};
use super::base_tree::{Attributes, BaseTree};
use super::error::AssetError;
use super::gathered::{Content, Gathered, Inode, Item, unreadable};
use super::paths::{Found, Unresolved, clean, is_within, join, parents, resolve, shown};
use super::tar_writer::{TarWriter, Written};

/// Hides what the image has in a directory (OCI image specification, "Opaque Whiteout").
const OPAQUE: &[u8] = b".wh..wh..opq";

/// The layer, by path.
#[derive(Debug)]
pub(super) struct Layer {
    entries: BTreeMap<Vec<u8>, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    item: Item,
    attributes: Attributes,
    /// A directory that hides what the image has there.
    is_opaque: bool,
}

impl Layer {
    /// Puts the assets on what the image has. Other mounts of the container stand in their way.
    pub(super) fn new(
        base: &BaseTree,
        assets: &[(Asset, Gathered)],
        mounts: &[String],
    ) -> Result<Self, AssetError> {
        let mut layer = Self { entries: BTreeMap::new() };
        let mut order: Vec<_> = assets.iter().collect();
        // What is deeper is mounted on what is above it, as Compose does it.
        order.sort_by_key(|(asset, _)| (depth(&asset.target), &asset.target));
        let mut taken: Vec<Vec<u8>> = Vec::new();
        for (asset, gathered) in order {
            let path = layer.place(base, asset)?;
            if taken.contains(&path) {
                let target = asset.target.clone();
                return Err(AssetError::Twice { target, path: shown(&path) });
            }
            for mount in mounts {
                // One that leads nowhere is a fault of its own.
                let at = layer.resolved(base, mount, mount.as_bytes(), true);
                let at = at.unwrap_or_else(|_| clean(mount.as_bytes()));
                if is_within(&path, &at) {
                    let (target, mount) = (asset.target.clone(), mount.clone());
                    return Err(AssetError::Hidden { target, mount });
                }
            }
            layer.put(base, &path, asset, gathered);
            taken.push(path);
        }
        Ok(layer)
    }

    /// Where an asset goes: the way there leads through the image's links, and to the end of a link
    /// that stands there itself, as it does for a mount. A link that is put takes its place.
    fn place(&self, base: &BaseTree, asset: &Asset) -> Result<Vec<u8>, AssetError> {
        let target = &asset.target;
        if !target.starts_with('/') || target.contains('\0') {
            return Err(AssetError::BadTarget(target.clone()));
        }
        let is_link = matches!(asset.source, AssetSource::Link(_));
        let path = self.resolved(base, target, target.as_bytes(), !is_link)?;
        if path.is_empty() {
            return Err(AssetError::BadTarget(target.clone()));
        }
        if path.split(|byte| *byte == b'/').any(|name| name.starts_with(b".wh.")) {
            return Err(AssetError::WhiteoutName(target.into()));
        }
        let is_long = |name: &[u8]| name.len() > 255;
        if path.len() > 4096 || path.split(|byte| *byte == b'/').any(is_long) {
            return Err(AssetError::NameTooLong(target.into()));
        }
        Ok(path)
    }

    fn resolved(
        &self,
        base: &BaseTree,
        target: &str,
        path: &[u8],
        follows_last: bool,
    ) -> Result<Vec<u8>, AssetError> {
        resolve(path, follows_last, |path| self.found(base, path)).map_err(|fault| match fault {
            Unresolved::Loop => AssetError::LinkLoop(target.to_owned()),
            Unresolved::File(path) => {
                AssetError::NotADirectory { target: target.to_owned(), path: shown(&path) }
            }
        })
    }

    /// What stands at a path once what is put already is there.
    fn found<'a>(&'a self, base: &'a BaseTree, path: &[u8]) -> Found<'a> {
        match self.entries.get(path).map(|entry| &entry.item) {
            Some(Item::Directory) => Found::Directory,
            Some(Item::File { .. }) => Found::File,
            Some(Item::Link(link)) => Found::Link(Cow::Borrowed(link)),
            None if self.hides(path) => Found::Nothing,
            None => base.found(path),
        }
    }

    /// Whether what the image has at a path is hidden by what is put above it.
    fn hides(&self, path: &[u8]) -> bool {
        parents(path).any(|parent| {
            let entry = self.entries.get(parent);
            entry.is_some_and(|entry| entry.is_opaque || entry.item != Item::Directory)
        })
    }

    fn put(&mut self, base: &BaseTree, path: &[u8], asset: &Asset, gathered: &Gathered) {
        for parent in parents(path) {
            if self.entries.contains_key(parent) {
                continue;
            }
            let known = Some(parent).filter(|parent| !self.hides(parent));
            let attributes = known.and_then(|parent| base.directory(parent)).cloned();
            let entry = Entry {
                item: Item::Directory,
                attributes: attributes.unwrap_or_else(Attributes::of_root),
                is_opaque: false,
            };
            self.entries.insert(parent.to_vec(), entry);
        }
        // A mount hides what an earlier one has there.
        self.entries.retain(|there, _| !is_within(there, path));
        for (relative, item) in &gathered.items {
            let place = if relative.is_empty() { path.to_vec() } else { join(path, relative) };
            let attributes =
                gathered.attributes.get(relative).cloned().unwrap_or_else(|| Attributes {
                    mode: Gathered::mode(asset, item),
                    uid: asset.uid.into(),
                    gid: asset.gid.into(),
                    ..Attributes::of_root()
                });
            let is_opaque = relative.is_empty() && *item == Item::Directory;
            let entry = Entry { item: item.clone(), attributes, is_opaque };
            self.entries.insert(place, entry);
        }
    }

    /// Writes the layer as an archive without compression, and returns its digest (the `diff_id`).
    /// Belongs on a thread that may wait.
    pub(super) fn write<W: Write>(&self, out: W) -> Result<(W, [u8; 32]), AssetError> {
        let mut tar = TarWriter::new(Hashed { out, hash: Sha256::new() });
        let mut names = Names::default();
        for (path, entry) in &self.entries {
            let Entry { item, attributes, is_opaque } = entry;
            match item {
                Item::Directory => {
                    let written = tar.header(path, &Written::Directory, attributes);
                    written.map_err(AssetError::Temporary)?;
                    if *is_opaque {
                        let path = join(path, OPAQUE);
                        let none = Attributes { mode: 0o644, ..Attributes::of_root() };
                        let written = tar.header(&path, &Written::File(0), &none);
                        written.map_err(AssetError::Temporary)?;
                    }
                }
                Item::Link(link) => {
                    let written = tar.header(path, &Written::Symlink(link), attributes);
                    written.map_err(AssetError::Temporary)?;
                }
                Item::File { content, size, sha256, is_executable: _ } => {
                    if let Some(first) = names.first(content, path) {
                        let written = tar.header(path, &Written::Hardlink(&first), attributes);
                        written.map_err(AssetError::Temporary)?;
                        continue;
                    }
                    let written = tar.header(path, &Written::File(*size), attributes);
                    written.map_err(AssetError::Temporary)?;
                    write_content(&mut tar, content, *size, sha256)?;
                }
            }
        }
        let Hashed { out, hash } = tar.finish().map_err(AssetError::Temporary)?;
        Ok((out, hash.finalize().into()))
    }
}

/// The first names of files that have several.
#[derive(Default)]
struct Names(BTreeMap<(usize, Inode), Vec<u8>>);

impl Names {
    /// The name under which the file is written already. Names under which it is not written are gone:
    /// something else was put there.
    fn first(&mut self, content: &Content, path: &[u8]) -> Option<Vec<u8>> {
        let Content::Spooled { file, inode, .. } = content else { return None };
        match self.0.entry((Arc::as_ptr(file).addr(), *inode)) {
            btree_map::Entry::Occupied(first) => Some(first.get().clone()),
            btree_map::Entry::Vacant(place) => {
                place.insert(path.to_vec());
                None
            }
        }
    }
}

/// Copies a file's content, which must be what it was when the image was named.
fn write_content<W: Write>(
    tar: &mut TarWriter<W>,
    content: &Content,
    size: u64,
    sha256: &[u8; 32],
) -> Result<(), AssetError> {
    let path = match content {
        Content::Text(text) => {
            return tar.content(size, text.as_slice()).map(drop).map_err(AssetError::Temporary);
        }
        Content::Spooled { file, offset, .. } => {
            let mut file = File::open(file.path()).map_err(AssetError::Temporary)?;
            file.seek(SeekFrom::Start(*offset)).map_err(AssetError::Temporary)?;
            // The next file's content follows.
            return tar.content(size, file.take(size)).map(drop).map_err(AssetError::Temporary);
        }
        Content::File(path) => path,
    };
    let changed = || AssetError::Changed(path.clone());
    let mut file =
        Hashing { input: File::open(path).map_err(unreadable(path))?, hash: Sha256::new() };
    let is_whole = tar.content(size, &mut file).map_err(unreadable(path))?;
    let is_same = is_whole && <[u8; 32]>::from(file.hash.finalize()) == *sha256;
    if is_same { Ok(()) } else { Err(changed()) }
}

fn depth(target: &str) -> usize {
    clean(target.as_bytes()).split(|byte| *byte == b'/').count()
}

struct Hashed<W> {
    out: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// Reads and hashes.
pub(super) struct Hashing<R> {
    pub(super) input: R,
    pub(super) hash: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}

#[cfg(all(test, unix))]
#[path = "layer_tests.rs"]
mod tests;
