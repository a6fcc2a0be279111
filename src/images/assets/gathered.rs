//! What an asset is made of: its files, in the order of their paths.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::asset::{Asset, AssetSource};
use super::base_tree::Attributes;
use super::error::AssetError;
use super::git_index::GitModes;
use super::paths;
use super::temporary::TemporaryFile;
use crate::images::context::{bytes_path, name_bytes};

/// Files that a mount has at most: more than this are data, or a mistake.
const MAX_FILES: usize = 100_000;

/// What a mount holds at most (mapping of bind mounts: configuration has no more).
const MAX_BYTES: u64 = 100 * 1024 * 1024;

/// A path that is longer is one that no kernel takes (`PATH_MAX`, limits.h).
const MAX_PATH: usize = 4096;

/// What an asset is made of, by the path from its target; it itself has the empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gathered {
    pub(super) items: BTreeMap<Vec<u8>, Item>,
    /// Of what has its own from another image.
    pub(super) attributes: BTreeMap<Vec<u8>, Attributes>,
}

/// A file of an image, which may have several names: the layer that it is in, counted from one, and
/// which entry of that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Inode {
    pub(super) layer: u32,
    pub(super) entry: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Directory,
    File { content: Content, size: u64, sha256: [u8; 32], is_executable: bool },
    Link(Vec<u8>),
}

/// Where bytes are read from, again, when they are written.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Content {
    File(PathBuf),
    Text(Vec<u8>),
    /// From another image: in a file with all that is mounted of it.
    Spooled {
        file: Arc<TemporaryFile>,
        offset: u64,
        inode: Inode,
    },
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Spooled { file: _, offset, inode } => write!(f, "Spooled({offset}, {inode:?})"),
        }
    }
}

impl Gathered {
    /// Reads what there is, every byte of it: the name of an image is made of it. Belongs on a
    /// thread that may wait.
    pub(super) fn read(asset: &Asset, git: &mut GitModes) -> Result<Self, AssetError> {
        let mut found = BTreeMap::new();
        match &asset.source {
            AssetSource::Text(text) => {
                let text = text.clone().into_bytes();
                let (size, sha256) = (text.len() as u64, Sha256::digest(&text).into());
                let content = Content::Text(text);
                let item = Item::File { content, size, sha256, is_executable: false };
                found.insert(Vec::new(), item);
            }
            AssetSource::Link(link) => {
                found.insert(Vec::new(), Item::Link(link.clone().into_bytes()));
            }
            // Its layers are read when they are wanted.
            AssetSource::Image(_) => {}
            AssetSource::Path(path) => {
                // The mount itself may be a link: its end is what is mounted.
                let top = fs::canonicalize(path).map_err(|error| match error.kind() {
                    io::ErrorKind::NotFound => AssetError::Missing(path.clone()),
                    _ => unreadable(path)(error),
                })?;
                Walk { given: path, top, target: &asset.target, git, bytes: 0, found: &mut found }
                    .run()?;
            }
        }
        Ok(Self { items: found, attributes: BTreeMap::new() })
    }

    /// The same with no content: what it becomes in a layer, and in a name.
    pub(super) fn mode(asset: &Asset, item: &Item) -> u32 {
        match item {
            Item::Directory => 0o755,
            Item::Link(_) => 0o777,
            Item::File { is_executable, .. } => {
                let usual = if *is_executable { 0o755 } else { 0o644 };
                asset.mode.map_or(usual, |mode| mode & 0o7777)
            }
        }
    }
}

struct Walk<'a> {
    /// As the user knows it.
    given: &'a Path,
    top: PathBuf,
    target: &'a str,
    git: &'a mut GitModes,
    bytes: u64,
    found: &'a mut BTreeMap<Vec<u8>, Item>,
}

impl Walk<'_> {
    fn run(mut self) -> Result<(), AssetError> {
        // A list rather than recursion: the depth of a directory tree is not ours to trust.
        let mut open = vec![Vec::new()];
        while let Some(relative) = open.pop() {
            let path = self.path(&relative);
            if self.add(relative.clone(), &path)? {
                for child in fs::read_dir(&path).map_err(unreadable(&path))? {
                    let child = child.map_err(unreadable(&path))?;
                    let name = name_bytes(&child.file_name());
                    // Times, paths and, too often, a password: no part of what is mounted, though
                    // Compose shows it. The names of built images leave it out, too.
                    if name != b".git" {
                        open.push(paths::join(&relative, &name));
                    }
                }
            }
            if self.found.len() > MAX_FILES {
                return Err(self.too_large("more than 100000 files"));
            }
        }
        Ok(())
    }

    fn path(&self, relative: &[u8]) -> PathBuf {
        match relative.is_empty() {
            true => self.top.clone(),
            false => self.top.join(bytes_path(relative)),
        }
    }

    fn too_large(&self, what: &'static str) -> AssetError {
        AssetError::TooLarge { path: self.given.to_owned(), what }
    }

    /// Adds one path, and says whether it is a directory.
    fn add(&mut self, relative: Vec<u8>, path: &Path) -> Result<bool, AssetError> {
        if paths::split(&relative).1.starts_with(b".wh.") {
            return Err(AssetError::WhiteoutName(path.to_owned()));
        }
        if relative.len() > MAX_PATH {
            return Err(AssetError::NameTooLong(path.to_owned()));
        }
        let metadata = fs::symlink_metadata(path).map_err(unreadable(path))?;
        let kind = metadata.file_type();
        let item = if kind.is_dir() {
            Item::Directory
        } else if kind.is_symlink() {
            let link = fs::read_link(path).map_err(unreadable(path))?;
            self.link(&relative, path, name_bytes(link.as_os_str()))?
        } else if kind.is_file() {
            self.bytes = self.bytes.saturating_add(metadata.len());
            if self.bytes > MAX_BYTES {
                return Err(self.too_large("more than 100 MiB"));
            }
            self.file(&relative, path, &metadata)?
        } else {
            return Err(AssetError::SpecialFile(path.to_owned()));
        };
        let is_directory = item == Item::Directory;
        self.found.insert(relative, item);
        Ok(is_directory)
    }

    fn file(
        &mut self,
        relative: &[u8],
        path: &Path,
        metadata: &fs::Metadata,
    ) -> Result<Item, AssetError> {
        let mode = self.git.recorded(path, metadata);
        let (size, sha256) = digest(path)?;
        if mode.is_link && !relative.is_empty() && size <= MAX_PATH as u64 {
            // A checkout where there are no links has their text in files.
            let link = fs::read(path).map_err(unreadable(path))?;
            return self.link(relative, path, link);
        }
        let content = Content::File(path.to_owned());
        Ok(Item::File { content, size, sha256, is_executable: mode.is_executable })
    }

    /// A link is kept as it is where its end is mounted along with it: relative to where it lies,
    /// or by the path that the container knows.
    fn link(&self, relative: &[u8], path: &Path, link: Vec<u8>) -> Result<Item, AssetError> {
        if link_stays(relative, &link, self.target) && link.len() <= MAX_PATH {
            return Ok(Item::Link(link));
        }
        let link = String::from_utf8_lossy(&link).into_owned();
        Err(AssetError::LinkLeaves { path: path.to_owned(), link })
    }
}

/// Whether the end of a link is mounted along with it: `relative` is its path in the directory that is
/// mounted at `target`.
#[must_use]
pub fn link_stays(relative: &[u8], link: &[u8], target: &str) -> bool {
    match link.strip_prefix(b"/") {
        Some(inside) => {
            let (inside, target) = (paths::clean(inside), paths::clean(target.as_bytes()));
            paths::is_within(&inside, &target)
        }
        None => !link.is_empty() && stays_inside(paths::split(relative).0, link),
    }
}

/// Whether a relative link never climbs above the directory that is mounted.
fn stays_inside(directory: &[u8], link: &[u8]) -> bool {
    let count = |path: &[u8]| path.split(|byte| *byte == b'/').filter(|p| !p.is_empty()).count();
    let mut depth = count(directory);
    for part in link.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if depth == 0 => return false,
            b".." => depth -= 1,
            _ => depth += 1,
        }
    }
    true
}

/// Length and hash of a file.
fn digest(path: &Path) -> Result<(u64, [u8; 32]), AssetError> {
    let mut file = File::open(path).map_err(unreadable(path))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut size = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((size, hash.finalize().into())),
            Ok(read) => {
                hash.update(&buffer[..read]);
                size += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(path)(error)),
        }
    }
}

pub(super) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> AssetError {
    let path = path.to_owned();
    move |source| AssetError::Unreadable { path, source }
}

#[cfg(all(test, unix))]
#[path = "gathered_tests.rs"]
mod tests;
