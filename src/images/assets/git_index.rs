//! The modes that git has recorded of the files of a checkout.
//!
//! Read from git's own index rather than asked of the git command: machines that deploy need not
//! have one, and it refuses checkouts of other users. Only where `core.fileMode` is false, as on
//! Windows and on file systems that know no modes, does the index speak in the place of the file;
//! elsewhere a file's own bit is what git would record next.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use crate::images::context::is_executable;

/// An index that is larger is left alone: files of a project's configuration have a smaller one.
const MAX_INDEX: u64 = 256 * 1024 * 1024;

const EXECUTABLE: u32 = 0o100_755;
const LINK: u32 = 0o120_000;

/// What counts of a file's mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) is_executable: bool,
    /// It is a link that was checked out as a file.
    pub(super) is_link: bool,
}

/// Modes by checkout, each read once.
#[derive(Debug, Default)]
pub(super) struct GitModes {
    /// By the directory of a checkout: the modes to believe; nothing where files say it themselves.
    checkouts: BTreeMap<PathBuf, Option<BTreeMap<Vec<u8>, u32>>>,
    /// The directory of the checkout that a directory lies in.
    known: BTreeMap<PathBuf, Option<PathBuf>>,
}

impl GitModes {
    /// What git has, or would have, recorded of a file, given by its absolute path.
    pub(super) fn recorded(&mut self, path: &Path, metadata: &Metadata) -> Recorded {
        let own = Recorded { is_executable: is_executable(metadata), is_link: false };
        let Some(checkout) = path.parent().and_then(|parent| self.checkout(parent)) else {
            return own;
        };
        let modes = self
            .checkouts
            .entry(checkout.clone())
            .or_insert_with(|| modes(&checkout).filter(|_| distrusts_files(&checkout)));
        let Some(modes) = modes else { return own };
        let below = path.strip_prefix(&checkout).unwrap_or(path);
        let names: Vec<_> = below.components().map(|c| c.as_os_str().to_string_lossy()).collect();
        match modes.get(names.join("/").as_bytes()) {
            Some(&mode) => Recorded { is_executable: mode == EXECUTABLE, is_link: mode == LINK },
            None => own,
        }
    }

    /// The closest directory with a `.git` in it.
    fn checkout(&mut self, directory: &Path) -> Option<PathBuf> {
        if let Some(known) = self.known.get(directory) {
            return known.clone();
        }
        let found = directory.ancestors().find(|above| above.join(".git").exists());
        let found = found.map(Path::to_owned);
        self.known.insert(directory.to_owned(), found.clone());
        found
    }
}

/// Where git keeps what belongs to a checkout: its `.git`, or where a file of that name points.
fn git_directory(checkout: &Path) -> Option<PathBuf> {
    let git = checkout.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = fs::read_to_string(&git).ok()?;
    let place = text.strip_prefix("gitdir:")?.trim();
    Some(checkout.join(place))
}

/// Whether the settings of the repository say that modes of files mean nothing. Where there are no
/// modes, they mean nothing anyway.
fn distrusts_files(checkout: &Path) -> bool {
    let settings = || {
        let own = git_directory(checkout)?;
        let common = fs::read_to_string(own.join("commondir")).ok();
        let common = common.map_or(own.clone(), |place| own.join(place.trim()));
        fs::read_to_string(common.join("config")).ok()
    };
    cfg!(not(unix)) || settings().is_some_and(|text| says_file_mode_is_false(&text))
}

/// `filemode = false` in the section `core` (git-config, "Syntax"). Git itself writes it there when
/// it makes a checkout.
fn says_file_mode_is_false(config: &str) -> bool {
    let mut is_core = false;
    let mut is_false = false;
    for line in config.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            is_core = section.trim_end_matches(']').trim().eq_ignore_ascii_case("core");
        } else if let Some((key, value)) = line.split_once('=')
            && is_core
            && key.trim().eq_ignore_ascii_case("filemode")
        {
            let value = value.split(['#', ';']).next().unwrap_or_default().trim();
            is_false = ["false", "no", "off", "0"].iter().any(|no| value.eq_ignore_ascii_case(no));
        }
    }
    is_false
}

fn modes(checkout: &Path) -> Option<BTreeMap<Vec<u8>, u32>> {
    let path = git_directory(checkout)?.join("index");
    let is_small = path.metadata().is_ok_and(|metadata| metadata.len() <= MAX_INDEX);
    let bytes = is_small.then(|| fs::read(&path).ok()).flatten()?;
    // Repositories of SHA-256 have longer names of objects; only one length fits the whole.
    [20, 32].into_iter().find_map(|length| read(&bytes, length))
}

/// Paths and modes of an index of version 2, 3 or 4 (gitformat-index).
fn read(bytes: &[u8], object: usize) -> Option<BTreeMap<Vec<u8>, u32>> {
    let number = |at: usize| {
        let four = bytes.get(at..at.checked_add(4)?)?;
        Some(u32::from_be_bytes(four.try_into().ok()?))
    };
    let version = number(4)?;
    if bytes.get(..4)? != b"DIRC" || !(2..=4).contains(&version) {
        return None;
    }
    let mut found = BTreeMap::new();
    let mut name = Vec::new();
    let mut at = 12;
    for _ in 0..number(8)? {
        let mode = number(at + 24)?;
        let flags_at = at + 40 + object;
        let flags = number(flags_at.checked_sub(2)?)? & 0xffff;
        let is_long = version >= 3 && flags & 0x4000 != 0;
        let mut name_at = flags_at + if is_long { 4 } else { 2 };
        if version == 4 {
            let (strip, next) = offset(bytes, name_at)?;
            name.truncate(name.len().checked_sub(strip)?);
            name_at = next;
        } else {
            name.clear();
        }
        let rest = bytes.get(name_at..)?;
        let length = rest.iter().position(|byte| *byte == 0)?;
        name.extend_from_slice(&rest[..length]);
        let end = name_at + length;
        // One NUL at least, and as many as make the entry a multiple of eight.
        at = if version == 4 { end + 1 } else { at + (end - at + 8) / 8 * 8 };
        found.insert(name.clone(), mode);
    }
    // What follows are extensions and a hash: with a wrong length of names it is neither.
    let rest = bytes.get(at..)?;
    let is_extension = |head: &[u8]| head.iter().all(u8::is_ascii_alphabetic);
    (rest.len() == object || rest.len() > object && is_extension(&rest[..4])).then_some(found)
}

/// A number of groups of seven bits, each but the first counted from one (gitformat-pack,
/// "offset encoding").
fn offset(bytes: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut byte = *bytes.get(at)?;
    let mut value = usize::from(byte & 0x7f);
    while byte & 0x80 != 0 {
        at += 1;
        byte = *bytes.get(at)?;
        value = value.checked_add(1)?.checked_mul(128)? | usize::from(byte & 0x7f);
    }
    Some((value, at + 1))
}

#[cfg(all(test, unix))]
#[path = "git_index_tests.rs"]
mod tests;
