//! The content of another image, as it is mounted: its layers put one on the other, and of the files
//! those that are wanted, in one file on the disk.
//!
//! The layers are read twice: first their headers, which say what there is in the end, then, of the
//! layers that have some of it, the content. So no more is kept than what is mounted, and in memory
//! none of it.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use super::base::Base;
use super::base_tree::{Attributes, BaseTree, FileNode, Standing};
use super::error::AssetError;
use super::gathered::{Content, Gathered, Inode, Item};
use super::paths::{self, Found, resolve};
use super::rewrite::Blob;
use super::temporary::TemporaryFile;
use crate::images::engine::in_background;
use crate::images::error::ImageError;

/// Paths that a mount has at most.
const MAX_FILES: usize = 200_000;

/// What a mount holds at most: a tenth of the 20 GiB that a task on Fargate has for its images, packed
/// and unpacked, and its own data (ECS developer guide, "Fargate task ephemeral storage").
const MAX_BYTES: u64 = 2 << 30;

/// What is mounted of an image.
pub(super) struct Wanted<'a> {
    /// The image as the user knows it.
    pub(super) reference: &'a str,
    /// The directory in it; all of it when absent.
    pub(super) subpath: Option<&'a str>,
    /// Where it is mounted, for messages.
    pub(super) target: &'a str,
    /// Such as `linux/arm64`.
    pub(super) platform: &'a str,
}

/// Where a file's bytes are in the file on the disk.
struct Place {
    offset: u64,
    size: u64,
    sha256: [u8; 32],
}

impl Wanted<'_> {
    /// Reads what is mounted.
    pub(super) async fn read(&self, image: Base<'_>) -> Result<Gathered, ImageError> {
        let read = self.gather(image).await;
        read.map_err(|error| match error {
            ImageError::Asset(
                why @ (AssetError::Layer(_) | AssetError::Base(_) | AssetError::Platform { .. }),
            ) => self.fault(why.to_string()).into(),
            other => other,
        })
    }

    async fn gather(&self, image: Base<'_>) -> Result<Gathered, ImageError> {
        let layers = image.manifest(self.platform).await?.layers;
        let mut tree = BaseTree::whole();
        for blob in &layers {
            tree = image.add_layer(tree, blob).await?;
        }
        let found = self.select(&tree)?;
        let mut inodes: BTreeMap<Inode, u64> = BTreeMap::new();
        for (_, standing) in &found {
            if let Standing::File(file) = standing {
                inodes.insert(file.inode, file.size);
            }
        }
        let (kept, places) = spool(image, &layers, &inodes).await?;
        let kept = Arc::new(kept);
        let mut gathered = Gathered::default();
        for (path, standing) in found {
            let (item, attributes) = match standing {
                Standing::Directory(attributes) => (Item::Directory, attributes.clone()),
                Standing::Link(link) => {
                    let attributes = Attributes { mode: 0o777, ..Attributes::of_root() };
                    (Item::Link(link.to_vec()), attributes)
                }
                Standing::File(file) => {
                    let place = places.get(&file.inode);
                    let place = place.ok_or_else(|| self.fault("it changed".to_owned()))?;
                    let Place { offset, size, sha256 } = *place;
                    let content =
                        Content::Spooled { file: kept.clone(), offset, inode: file.inode };
                    let item = Item::File { content, size, sha256, is_executable: false };
                    (item, file.attributes.clone())
                }
            };
            gathered.attributes.insert(path.clone(), without_times(attributes));
            gathered.items.insert(path, item);
        }
        Ok(gathered)
    }

    /// What stands below the wanted directory, by the path from it.
    fn select<'t>(&self, tree: &'t BaseTree) -> Result<Vec<(Vec<u8>, Standing<'t>)>, AssetError> {
        let path = self.subpath.unwrap_or_default();
        let top = resolve(path.as_bytes(), true, |path| tree.found(path));
        let top = top.map_err(|_| self.fault(format!("nothing is at {path}")))?;
        match tree.found(&top) {
            Found::Directory => {}
            // Nobody has to say that there is a root.
            Found::Nothing if top.is_empty() => {}
            Found::Nothing => return Err(self.fault(format!("nothing is at {path}"))),
            Found::File | Found::Link(_) => {
                return Err(self.fault(format!("{path} is no directory")));
            }
        }
        let mut found = vec![(Vec::new(), Standing::root(tree, &top))];
        let mut counted: BTreeMap<Inode, u64> = BTreeMap::new();
        for (path, standing) in tree.below(&top) {
            if let Standing::File(FileNode { is_special: true, .. }) = standing {
                let path = paths::shown(path);
                return Err(self.fault(format!("{path} is no file, directory or link")));
            }
            if let Standing::File(file) = &standing {
                counted.insert(file.inode, file.size);
            }
            let start = if top.is_empty() { 0 } else { top.len() + 1 };
            found.push((path[start..].to_vec(), standing));
            if found.len() > MAX_FILES {
                return Err(self.fault(format!("it has more than {MAX_FILES} files")));
            }
        }
        let bytes = counted.values().fold(0_u64, |sum, size| sum.saturating_add(*size));
        if bytes > MAX_BYTES {
            return Err(self.fault("it has more than 2 GiB".to_owned()));
        }
        Ok(found)
    }

    fn fault(&self, why: String) -> AssetError {
        let (reference, target) = (self.reference.to_owned(), self.target.to_owned());
        AssetError::Source { reference, target, why }
    }
}

/// Times say when something was built, and would make another image of the same content.
fn without_times(mut attributes: Attributes) -> Attributes {
    attributes.mtime = 0;
    attributes.pax.retain(|key, _| key != b"mtime");
    attributes
}

/// Writes the content of files one behind the other.
async fn spool(
    image: Base<'_>,
    layers: &[Blob],
    wanted: &BTreeMap<Inode, u64>,
) -> Result<(TemporaryFile, BTreeMap<Inode, Place>), ImageError> {
    let (kept, mut file) = in_background(|| {
        TemporaryFile::create().map_err(|error| AssetError::Temporary(error).into())
    })
    .await?;
    let mut places = BTreeMap::new();
    let mut offset = 0;
    for (number, blob) in (1_u32..).zip(layers) {
        let of_layer = wanted.range(Inode { layer: number, entry: 0 }..);
        let of_layer: Vec<Inode> =
            of_layer.map(|(inode, _)| *inode).take_while(|i| i.layer == number).collect();
        if of_layer.is_empty() {
            continue;
        }
        let read = move |entries: &mut super::base::LayerEntries| {
            let mut found = Vec::new();
            let mut entry = 0;
            while entries.next()?.is_some() {
                entry += 1;
                let inode = Inode { layer: number, entry };
                if of_layer.binary_search(&inode).is_ok() {
                    let (size, sha256) = entries.content(&mut file)?;
                    found.push((inode, Place { offset, size, sha256 }));
                    offset += size;
                }
            }
            Ok((file, offset, found))
        };
        let found: Vec<_>;
        (file, offset, found) = image.read_layer(blob, read).await?;
        places.extend(found);
    }
    in_background(move || Ok(flushed(file)?)).await?;
    Ok((kept, places))
}

fn flushed(mut file: File) -> Result<(), AssetError> {
    std::io::Write::flush(&mut file).map_err(AssetError::Temporary)
}

#[cfg(all(test, unix))]
#[path = "content_tests.rs"]
mod tests;
