//! What layers became when they were packed, remembered between runs.
//!
//! A hint and nothing more: the registry is asked before it is believed. One small file a layer, so
//! that several runs at a time do not get into each other's way.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::images::oci::{Descriptor, Digest};

/// Files of each kind that are kept; the oldest go first.
const MAX_FILES: usize = 4096;

/// Repositories that are remembered of a layer.
const MAX_PLACES: usize = 8;

/// The most that a file of ours may have, bytes.
const MAX_SIZE: u64 = 1024 * 1024;

/// What is known of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::images) struct Hint {
    /// The layer, packed.
    pub(in crate::images) descriptor: Descriptor,
    /// `<registry>/<repository>`, where it was seen last.
    #[serde(default)]
    pub(in crate::images) places: BTreeSet<String>,
}

/// A directory of hints.
#[derive(Clone, Debug)]
pub(in crate::images) struct Cache {
    directory: PathBuf,
}

impl Cache {
    /// In `directory`, which is made when there is something to keep. What is old goes.
    pub(in crate::images) fn new(directory: &Path) -> Self {
        let cache = Self { directory: directory.to_owned() };
        for kind in ["layers", "configs", "described"] {
            prune(&directory.join(kind));
        }
        cache
    }

    pub(in crate::images) fn hint(&self, diff_id: &Digest) -> Option<Hint> {
        serde_json::from_slice(&read(&self.path("layers", diff_id))?).ok()
    }

    /// Remembers what a layer became, and where it lies. Whoever cannot write goes without.
    pub(in crate::images) fn remember(
        &self,
        diff_id: &Digest,
        descriptor: &Descriptor,
        place: Option<String>,
    ) {
        let known = self.hint(diff_id).filter(|known| known.descriptor == *descriptor);
        let mut hint = known
            .clone()
            .unwrap_or(Hint { descriptor: descriptor.clone(), places: BTreeSet::new() });
        hint.places.extend(place);
        while hint.places.len() > MAX_PLACES {
            hint.places.pop_first();
        }
        if known.as_ref() != Some(&hint)
            && let Ok(bytes) = serde_json::to_vec(&hint)
        {
            let _ = self.write(&self.path("layers", diff_id), &bytes);
        }
    }

    /// The configuration of an image, which an engine hands out only together with its layers.
    pub(in crate::images) fn config(&self, image: &Digest) -> Option<Bytes> {
        let bytes = read(&self.path("configs", image))?;
        // An image's id is the digest of its configuration; where it is not, nothing is kept.
        (Digest::of(&bytes) == *image).then(|| bytes.into())
    }

    pub(in crate::images) fn remember_config(&self, config: &Bytes) {
        let path = self.path("configs", &Digest::of(config));
        if config.len() as u64 <= MAX_SIZE && !path.exists() {
            let _ = self.write(&path, config);
        }
    }

    /// The configuration that a manifest or an index of this digest leads to on a platform.
    pub(in crate::images) fn described(&self, digest: &str, platform: &str) -> Option<Bytes> {
        let place = Digest::of(format!("{digest}\n{platform}").as_bytes());
        let named: Digest =
            String::from_utf8(read(&self.path("described", &place))?).ok()?.parse().ok()?;
        self.config(&named)
    }

    /// Remembers that. `digest` must be what the registry was asked for, and no tag.
    pub(in crate::images) fn remember_described(
        &self,
        digest: &str,
        platform: &str,
        config: &Bytes,
    ) {
        self.remember_config(config);
        let place = Digest::of(format!("{digest}\n{platform}").as_bytes());
        let named = Digest::of(config);
        let _ = self.write(&self.path("described", &place), named.as_str().as_bytes());
    }

    fn path(&self, kind: &str, digest: &Digest) -> PathBuf {
        self.directory.join(kind).join(digest.hex())
    }

    /// All or nothing: another run may read at the same time.
    fn write(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let parent = path.parent().unwrap_or(&self.directory);
        fs::create_dir_all(parent)?;
        let temporary = path.with_extension(format!("{}.new", std::process::id()));
        let mut file = fs::File::create(&temporary)?;
        let written = file.write_all(bytes).and_then(|()| fs::rename(&temporary, path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let size = fs::metadata(path).ok()?.len();
    if size > MAX_SIZE { None } else { fs::read(path).ok() }
}

fn prune(directory: &Path) {
    let Ok(listed) = fs::read_dir(directory) else { return };
    let mut files: Vec<(SystemTime, PathBuf)> = listed
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    if files.len() > MAX_FILES {
        files.sort();
        // A quarter at a time: not each run has to do it.
        for (_, path) in &files[..files.len() - MAX_FILES * 3 / 4] {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor(text: &str) -> Descriptor {
        Descriptor::new("layer", Digest::of(text.as_bytes()), text.len() as u64)
    }

    #[test]
    fn hints_are_kept_and_replaced() {
        let directory = tempfile::tempdir().expect("directory");
        let cache = Cache::new(directory.path());
        let layer = Digest::of(b"diff");
        assert_eq!(cache.hint(&layer), None);
        for number in 0..20 {
            cache.remember(&layer, &descriptor("a"), Some(format!("r/{number:02}")));
        }
        let hint = cache.hint(&layer).expect("a hint");
        assert_eq!((hint.descriptor, hint.places.len()), (descriptor("a"), MAX_PLACES));
        assert!(hint.places.contains("r/19"));
        // Packed otherwise, it lies nowhere yet.
        cache.remember(&layer, &descriptor("b"), None);
        let hint = cache.hint(&layer).expect("a hint");
        assert_eq!((hint.descriptor, hint.places.len()), (descriptor("b"), 0));
    }

    #[test]
    fn what_was_damaged_counts_for_nothing() {
        let directory = tempfile::tempdir().expect("directory");
        let cache = Cache::new(directory.path());
        let config = Bytes::from_static(b"{}");
        let image = Digest::of(&config);
        cache.remember_config(&config);
        assert_eq!(cache.config(&image), Some(config));
        fs::write(cache.path("configs", &image), "{").expect("write");
        assert_eq!(cache.config(&image), None);
        let layer = Digest::of(b"diff");
        cache.remember(&layer, &descriptor("a"), None);
        fs::write(cache.path("layers", &layer), "{\"descriptor\":").expect("write");
        assert_eq!(cache.hint(&layer), None);
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let directory = tempfile::tempdir().expect("directory");
        let layers = directory.path().join("layers");
        fs::create_dir_all(&layers).expect("create");
        for number in 0..=MAX_FILES {
            fs::write(layers.join(number.to_string()), "").expect("write");
        }
        Cache::new(directory.path());
        assert_eq!(fs::read_dir(layers).expect("list").count(), MAX_FILES * 3 / 4);
    }
}
