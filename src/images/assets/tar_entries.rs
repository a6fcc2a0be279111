//! The headers of a tar archive, one after the other, and the content of the files that are asked for.
//!
//! Own, because a base image is a stranger's archive: what is kept of it has limits here. Reads
//! ustar, GNU and PAX (POSIX.1-2001, "pax Interchange Format"; GNU tar manual, "Basic Tar Format").

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

use super::error::AssetError;

const BLOCK: usize = 512;

/// Of PAX records and long names; Go's reader, and so docker, takes no more either
/// (`archive/tar`, `maxSpecialFileSize`).
const MAX_SPECIAL: u64 = 1024 * 1024;

/// A task of Fargate has at most 200 GiB (ECS API reference, `EphemeralStorage`): an image that is
/// more cannot run, and an archive that claims to be is there to do harm.
const MAX_ARCHIVE: u64 = 200 << 30;

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TarEntry {
    /// As it stands there.
    pub(super) path: Vec<u8>,
    pub(super) kind: EntryKind,
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    /// Seconds since 1970.
    pub(super) mtime: i64,
    /// PAX records that speak of the file.
    pub(super) pax: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    Directory,
    Symlink(Vec<u8>),
    /// Another path of the archive, or of a layer below.
    Hardlink(Vec<u8>),
    File,
    /// A device, a pipe, or a file with holes, which decklift puts into no image.
    Other,
}

/// Reads an archive.
pub(super) struct TarEntries<R> {
    input: R,
    /// Content and padding that lie ahead of the next header.
    ahead: u64,
    /// Of the content alone.
    size: u64,
    read: u64,
}

/// What precedes a header, and speaks of it.
#[derive(Default)]
struct Ahead {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    pax: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl<R: Read> TarEntries<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, ahead: 0, size: 0, read: 0 }
    }

    /// What is read from.
    pub(super) fn into_inner(self) -> R {
        self.input
    }

    /// The next entry; nothing at the end of the archive.
    pub(super) fn next(&mut self) -> Result<Option<TarEntry>, AssetError> {
        let mut ahead = Ahead::default();
        loop {
            self.skip(self.ahead)?;
            self.ahead = 0;
            let Some(block) = self.block()? else { return Ok(None) };
            if block.iter().all(|byte| *byte == 0) {
                return Ok(None);
            }
            check_sum(&block)?;
            let size = number(&block[124..136])?;
            let size = u64::try_from(size).map_err(|_| fault("a file has a negative size"))?;
            match block[156] {
                b'L' => ahead.path = Some(until_nul(&self.special(size)?).to_vec()),
                b'K' => ahead.link = Some(until_nul(&self.special(size)?).to_vec()),
                b'x' => ahead.pax = records(&self.special(size)?)?,
                // Of the whole archive. Go's reader applies none of it, and so no engine does.
                b'g' => _ = self.special(size)?,
                flag => {
                    if flag == b'S' {
                        self.sparse(&block)?;
                    }
                    return self.entry(&block, flag, size, ahead).map(Some);
                }
            }
        }
    }

    fn entry(
        &mut self,
        block: &[u8; BLOCK],
        flag: u8,
        size: u64,
        ahead: Ahead,
    ) -> Result<TarEntry, AssetError> {
        let Ahead { path, link, mut pax } = ahead;
        let size = match pax.remove(b"size".as_slice()) {
            Some(text) => decimal(&text)?,
            None => size,
        };
        // Links and directories have none, whatever their headers say (Go's reader, too).
        let has_content = !matches!(flag, b'1'..=b'6');
        self.ahead = if has_content { padded(size)? } else { 0 };
        self.size = if has_content { size } else { 0 };
        let has_holes = flag == b'S' || pax.keys().any(|key| key.starts_with(b"GNU.sparse."));
        let name = pax.remove(b"GNU.sparse.name".as_slice());
        let path = name.or(pax.remove(b"path".as_slice())).or(path);
        let path = path.unwrap_or_else(|| ustar_path(block));
        let link = pax.remove(b"linkpath".as_slice()).or(link);
        let link = link.unwrap_or_else(|| until_nul(&block[157..257]).to_vec());
        let kind = match flag {
            b'1' => EntryKind::Hardlink(link),
            b'2' => EntryKind::Symlink(link),
            b'5' => EntryKind::Directory,
            // Archives of old have no flag for directories.
            b'0' | 0 if path.ends_with(b"/") => EntryKind::Directory,
            b'3' | b'4' | b'6' => EntryKind::Other,
            _ if has_holes => EntryKind::Other,
            _ => EntryKind::File,
        };
        let id = |range, pax: Option<Vec<u8>>| match pax {
            Some(text) => decimal(&text),
            None => Ok(u64::try_from(number(range)?).unwrap_or(0)),
        };
        let uid = id(&block[108..116], pax.remove(b"uid".as_slice()))?;
        let gid = id(&block[116..124], pax.remove(b"gid".as_slice()))?;
        let mode = number(&block[100..108])?;
        Ok(TarEntry {
            path,
            kind,
            mode: u32::try_from(mode & 0o7777).unwrap_or(0),
            uid,
            gid,
            mtime: number(&block[136..148])?,
            pax,
        })
    }

    /// Bytes of the entry that was read last.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Writes the content of the entry that was read last; its length and its hash.
    pub(super) fn content(&mut self, out: &mut impl Write) -> Result<(u64, [u8; 32]), AssetError> {
        let size = self.size;
        self.count(size)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        let mut left = size;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let read = match self.input.read(&mut buffer[..most]) {
                Ok(0) => return Err(fault("it ends in the middle of a file")),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(broken(error)),
            };
            hash.update(&buffer[..read]);
            out.write_all(&buffer[..read]).map_err(AssetError::Temporary)?;
            left -= read as u64;
        }
        self.ahead -= size;
        self.size = 0;
        Ok((size, hash.finalize().into()))
    }

    /// A sparse file's map may go on in blocks of its own (GNU tar manual, `struct sparse_header`).
    fn sparse(&mut self, block: &[u8; BLOCK]) -> Result<(), AssetError> {
        let mut goes_on = block[482] != 0;
        while goes_on {
            let block = self.block()?.ok_or_else(|| fault("it ends in the middle of a file"))?;
            goes_on = block[504] != 0;
        }
        Ok(())
    }

    fn special(&mut self, size: u64) -> Result<Vec<u8>, AssetError> {
        if size > MAX_SPECIAL {
            return Err(fault("a name in it is larger than 1 MiB"));
        }
        let mut content = Vec::new();
        let read = (&mut self.input).take(size).read_to_end(&mut content).map_err(broken)?;
        self.count(read as u64)?;
        if (read as u64) < size {
            return Err(fault("it ends in the middle of a name"));
        }
        self.skip(padded(size)? - size)?;
        Ok(content)
    }

    /// The next block; nothing where the archive ends without saying so.
    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, AssetError> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            match self.input.read(&mut block[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(fault("it ends in the middle of a header")),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(error)),
            }
        }
        self.count(BLOCK as u64)?;
        Ok(Some(block))
    }

    fn skip(&mut self, bytes: u64) -> Result<(), AssetError> {
        // Ahead of reading: what is announced counts.
        self.count(bytes)?;
        let skipped = io::copy(&mut (&mut self.input).take(bytes), &mut io::sink());
        if skipped.map_err(broken)? < bytes {
            return Err(fault("it ends in the middle of a file"));
        }
        Ok(())
    }

    fn count(&mut self, bytes: u64) -> Result<(), AssetError> {
        self.read = self.read.saturating_add(bytes);
        if self.read > MAX_ARCHIVE {
            return Err(fault("it is larger than 200 GiB"));
        }
        Ok(())
    }
}

pub(super) fn fault(what: &str) -> AssetError {
    AssetError::Layer(what.to_owned())
}

pub(super) fn broken(error: io::Error) -> AssetError {
    // What our own readers say of an archive comes through `io::Error`, too.
    AssetError::Layer(error.to_string())
}

fn padded(size: u64) -> Result<u64, AssetError> {
    size.checked_next_multiple_of(BLOCK as u64).ok_or_else(|| fault("a file in it has no size"))
}

fn until_nul(field: &[u8]) -> &[u8] {
    &field[..field.iter().position(|byte| *byte == 0).unwrap_or(field.len())]
}

/// Name and prefix; GNU has other things where ustar has the prefix.
fn ustar_path(block: &[u8; BLOCK]) -> Vec<u8> {
    let name = until_nul(&block[..100]);
    let prefix = until_nul(&block[345..500]);
    if &block[257..263] != b"ustar\0" || prefix.is_empty() {
        return name.to_vec();
    }
    [prefix, b"/", name].concat()
}

/// Octal digits among spaces and NULs, or GNU's binary form.
fn number(field: &[u8]) -> Result<i64, AssetError> {
    let wrong = || fault("a header has a number that is none");
    if let Some(first) = field.first().filter(|first| **first & 0x80 != 0) {
        // The first bit only says that the number is binary; the sign is the second. No field has
        // more than twelve bytes.
        let is_negative = *first & 0x40 != 0;
        let start = i128::from(if is_negative { *first } else { *first & 0x7f });
        let start = if is_negative { start - 256 } else { start };
        let value = field[1..].iter().fold(start, |value, byte| (value << 8) | i128::from(*byte));
        return i64::try_from(value).map_err(|_| wrong());
    }
    let digits = field.iter().copied().skip_while(|byte| *byte == b' ' || *byte == 0);
    let digits = digits.take_while(|byte| *byte != b' ' && *byte != 0);
    digits.into_iter().try_fold(0_i64, |value, digit| match digit {
        b'0'..=b'7' => value
            .checked_mul(8)
            .and_then(|value| value.checked_add(i64::from(digit - b'0')))
            .ok_or_else(wrong),
        _ => Err(wrong()),
    })
}

fn decimal(text: &[u8]) -> Result<u64, AssetError> {
    let text = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    text.ok_or_else(|| fault("a header has a number that is none"))
}

/// The sum of all bytes, the sum's own field taken for spaces; some of old took bytes as signed.
fn check_sum(block: &[u8; BLOCK]) -> Result<(), AssetError> {
    let stored = number(&block[148..156])?;
    let bytes =
        || block.iter().enumerate().map(|(i, b)| if (148..156).contains(&i) { b' ' } else { *b });
    let unsigned: i64 = bytes().map(i64::from).sum();
    let signed: i64 = bytes().map(|byte| i64::from(byte.cast_signed())).sum();
    if stored == unsigned || stored == signed {
        return Ok(());
    }
    Err(fault("it is no tar archive, or was damaged: a header has another sum"))
}

/// `<length> <key>=<value>\n`, as often as there are records.
fn records(mut text: &[u8]) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, AssetError> {
    let wrong = || fault("a header has records that are none");
    let mut found = BTreeMap::new();
    while !text.is_empty() && text[0] != 0 {
        let space = text.iter().position(|byte| *byte == b' ').ok_or_else(wrong)?;
        let length = usize::try_from(decimal(&text[..space])?).map_err(|_| wrong())?;
        let record = text.get(space + 1..length).ok_or_else(wrong)?;
        let record = record.strip_suffix(b"\n").ok_or_else(wrong)?;
        let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(wrong)?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        if value.is_empty() {
            // An empty value takes an earlier one back.
            found.remove(key);
        } else {
            found.insert(key.to_vec(), value.to_vec());
        }
        text = &text[length..];
    }
    Ok(found)
}

#[cfg(test)]
#[path = "tar_entries_tests.rs"]
mod tests;
