//! Archives and layouts as stores of files: a place in an archive, or a file in a directory.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::tar_reader::{Input, Kind, TarReader};
use crate::images::spool::read_at;

/// As many files as an archive may have.
const MAX_FILES: usize = 200_000;

/// A part of a file.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) file: Arc<File>,
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// Files by path.
pub(super) enum Store {
    Directory(PathBuf),
    Archive { file: Arc<File>, places: HashMap<String, (u64, u64)> },
}

impl Input for &File {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        let far = i64::try_from(count).map_err(|_| io::ErrorKind::InvalidData)?;
        self.seek(SeekFrom::Current(far)).map(|_| ())
    }
}

impl Store {
    /// Opens a layout or an archive: of the latter, only the headers are read.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        if metadata.is_dir() {
            return Ok(Self::Directory(path.to_owned()));
        }
        let file = Arc::new(File::open(path)?);
        let mut first = [0; 4];
        let read = read_at(&file, &mut first, 0)?;
        if matches!(first[..read], [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd]) {
            let message = "the archive itself is compressed; unpack it (gunzip, zstd -d) first";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let mut places = HashMap::new();
        let mut links = Vec::new();
        let mut tar = TarReader::new(&*file);
        while let Some(entry) = tar.next().map_err(cut_short)? {
            // Content that ends behind the file's end is not there.
            if entry.offset.checked_add(entry.size).is_none_or(|end| end > metadata.len()) {
                return Err(cut_short(io::ErrorKind::UnexpectedEof.into()));
            }
            match entry.kind {
                Kind::File => {
                    places.insert(entry.path, (entry.offset, entry.size));
                }
                Kind::Link { target, is_hard } => {
                    links.push((target_of(&entry.path, &target, is_hard), entry.path));
                }
                Kind::Directory | Kind::Other => {}
            }
            if places.len() + links.len() > MAX_FILES {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it has too many files"));
            }
        }
        for (target, path) in links {
            if let Some(&place) = places.get(&target) {
                places.insert(path, place);
            }
        }
        Ok(Self::Archive { file, places })
    }

    /// A file; nothing when there is none.
    pub(super) fn section(&self, path: &str) -> io::Result<Option<Section>> {
        match self {
            Self::Archive { file, places } => Ok(places
                .get(path)
                .map(|&(offset, length)| Section { file: file.clone(), offset, length })),
            Self::Directory(root) => {
                // A document's path is a stranger's word.
                let is_inside = Path::new(path)
                    .components()
                    .all(|part| matches!(part, std::path::Component::Normal(_)));
                if !is_inside {
                    return Ok(None);
                }
                match File::open(root.join(path)) {
                    Ok(file) => {
                        let length = file.metadata()?.len();
                        Ok(Some(Section { file: Arc::new(file), offset: 0, length }))
                    }
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(error),
                }
            }
        }
    }

    /// A small file's content; nothing when there is none.
    pub(super) fn small(&self, path: &str, limit: usize) -> io::Result<Option<Bytes>> {
        let Some(section) = self.section(path)? else { return Ok(None) };
        if section.length > limit as u64 {
            let message = format!("{path} has {} bytes, and {limit} are allowed", section.length);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let mut bytes = vec![0; section.length as usize];
        section.fill(&mut bytes)?;
        Ok(Some(bytes.into()))
    }
}

impl Section {
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        let mut filled = 0;
        while filled < bytes.len() {
            match read_at(&self.file, &mut bytes[filled..], self.offset + filled as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => filled += count,
            }
        }
        Ok(())
    }

    /// At most four bytes, by which a packed layer is known.
    pub(super) fn first(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.length.min(4) as usize];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }
}

fn cut_short(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return io::Error::new(error.kind(), "it is no tar archive, or it is cut short");
    }
    error
}

/// Where a link leads: `../<id>/layer.tar`, seen from its own directory, or a path of the archive.
pub(super) fn target_of(path: &str, target: &str, is_hard: bool) -> String {
    let mut parts: Vec<&str> = if is_hard { Vec::new() } else { path.split('/').collect() };
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
