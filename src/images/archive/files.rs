//! The files of an archive, on their way into a directory.
//!
//! An archive is a stranger's: nothing of it is written outside of the directory, through links neither,
//! and there are limits on everything.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use crate::images::assets::unpack;
use crate::images::source::tar_reader::{Entry, Input, Kind, TarReader};

/// How much an archive may have.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Bytes that come.
    pub(super) packed: u64,
    /// Bytes that they unpack to.
    pub(super) unpacked: u64,
    pub(super) entries: usize,
    /// Bytes of a Dockerfile.
    pub(super) dockerfile: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let dockerfile = 1 << 20;
        Self { packed: 4 << 30, unpacked: 16 << 30, entries: 1_000_000, dockerfile }
    }
}

/// What an address has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contents {
    Archive,
    Dockerfile,
}

/// Bytes that come from elsewhere. For a thread that may block.
pub(super) struct Pieces {
    pieces: mpsc::Receiver<Bytes>,
    current: Bytes,
}

impl Pieces {
    pub(super) fn new(pieces: mpsc::Receiver<Bytes>) -> Self {
        Self { pieces, current: Bytes::new() }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.current = piece,
                None => return Ok(0),
            }
        }
        let count = self.current.len().min(buffer.len());
        self.current.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

/// So many bytes and no more.
struct Bounded<R> {
    input: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| wrong("unpacked it is larger than a build context may be"))?;
        Ok(count)
    }
}

impl<R: Read> Input for Bounded<R> {}

/// Stores what comes in a directory that is there and empty.
pub(super) fn store(mut input: impl Read, root: &Path, limits: Limits) -> io::Result<Contents> {
    let mut head = Vec::new();
    input.by_ref().take(512).read_to_end(&mut head)?;
    let is_archive = is_packed(&head) || head.get(257..262) == Some(b"ustar");
    let whole = Read::chain(io::Cursor::new(head), input);
    if !is_archive {
        return dockerfile(whole, root, limits);
    }
    let unpacked = unpack(whole).map_err(|error| wrong(&error.to_string()))?;
    let mut tar = TarReader::new(Bounded { input: unpacked, left: limits.unpacked });
    let mut count = 0;
    while let Some(entry) = tar.next()? {
        count += 1;
        if count > limits.entries {
            return Err(wrong("it has more files than a build context may have"));
        }
        add(&mut tar, &entry, root)?;
    }
    if count == 0 {
        return Err(wrong("the archive is empty"));
    }
    Ok(Contents::Archive)
}

/// By the first bytes of gzip, zstd, bzip2 and xz, of which the last two are refused later, by name.
fn is_packed(head: &[u8]) -> bool {
    let magic: [&[u8]; 4] = [&[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd], b"BZh", &[0xfd, b'7', b'z']];
    magic.iter().any(|magic| head.starts_with(magic))
}

fn dockerfile(input: impl Read, root: &Path, limits: Limits) -> io::Result<Contents> {
    let mut text = Vec::new();
    input.take(limits.dockerfile + 1).read_to_end(&mut text)?;
    let is_text = text.len() as u64 <= limits.dockerfile
        && !text.is_empty()
        && !text.contains(&0)
        && std::str::from_utf8(&text).is_ok();
    // A page that says that there is nothing, or asks for a login.
    let is_page = text.trim_ascii_start().starts_with(b"<");
    if !is_text || is_page {
        return Err(wrong(
            "it is neither an archive (tar, also with gzip or zstd) nor a Dockerfile",
        ));
    }
    fs::write(root.join("Dockerfile"), text)?;
    Ok(Contents::Dockerfile)
}

fn add<R: Input>(tar: &mut TarReader<R>, entry: &Entry, root: &Path) -> io::Result<()> {
    let Some(path) = inside(&entry.path)? else { return Ok(()) };
    let place = open_parents(root, &path)?;
    match &entry.kind {
        Kind::Directory => match fs::symlink_metadata(&place) {
            Ok(found) if found.is_dir() => Ok(()),
            _ => {
                clear(&place)?;
                fs::create_dir(&place)
            }
        },
        Kind::File => {
            clear(&place)?;
            let mut file = create(&place, entry.mode & 0o100 != 0)?;
            let copied = io::copy(tar, &mut file)?;
            if copied < entry.size {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(())
        }
        Kind::Link { target, is_hard: true } => {
            let target = inside(target)?.ok_or_else(|| outside(&entry.path))?;
            let target = open_parents(root, &target)?;
            if !fs::symlink_metadata(&target).is_ok_and(|found| found.is_file()) {
                return Err(wrong(&format!(
                    "{} is a link to a file that is not there",
                    entry.path
                )));
            }
            clear(&place)?;
            fs::hard_link(target, place)
        }
        Kind::Link { target, is_hard: false } => {
            clear(&place)?;
            link(target, &place)
        }
        Kind::Other => Err(wrong(&format!("{} is a device or a pipe", entry.path))),
    }
}

/// The path below the root; nothing where it is the root itself.
fn inside(path: &str) -> io::Result<Option<PathBuf>> {
    let mut found = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(name) => found.push(name),
            // As builders take them, whose root is the context.
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => return Err(outside(path)),
        }
    }
    Ok(Some(found).filter(|found| !found.as_os_str().is_empty()))
}

/// Where a path lies, with the directories that lead there made. None of them may be a link.
fn open_parents(root: &Path, path: &Path) -> io::Result<PathBuf> {
    let mut place = root.to_owned();
    for name in path.parent().into_iter().flat_map(Path::iter) {
        place.push(name);
        match fs::symlink_metadata(&place) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(outside(&path.display().to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir(&place)?,
            Err(error) => return Err(error),
        }
    }
    Ok(path.file_name().map_or(root.to_owned(), |name| place.join(name)))
}

/// Makes room: of two entries of one name, the later counts.
fn clear(place: &Path) -> io::Result<()> {
    match fs::symlink_metadata(place) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(place),
        Ok(_) => fs::remove_file(place),
        Err(_) => Ok(()),
    }
}

fn create(place: &Path, is_executable: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(
        &mut options,
        if is_executable { 0o755 } else { 0o644 },
    );
    #[cfg(not(unix))]
    let _ = is_executable;
    options.open(place)
}

#[cfg(unix)]
fn link(target: &str, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, place)
}

#[cfg(not(unix))]
fn link(_: &str, _: &Path) -> io::Result<()> {
    Err(wrong("it has a symbolic link, and this system has none for everybody"))
}

fn outside(path: &str) -> io::Error {
    wrong(&format!("{path} leads out of it"))
}

fn wrong(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.to_owned())
}
