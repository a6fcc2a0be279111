//! Tar archives, read from front to back.
//!
//! Own, because of the limits (an archive is a stranger's), and because each file's place in the
//! archive is what makes it readable without unpacking.

use std::io::{self, Read};

const BLOCK: usize = 512;

/// The most that a name may have, bytes. Layers' names have 70 or so.
const MAX_NAME: u64 = 64 * 1024;

/// What an archive is read from.
pub(in crate::images) trait Input: Read {
    /// Passes over bytes.
    fn skip(&mut self, count: u64) -> io::Result<()> {
        let passed = io::copy(&mut self.take(count), &mut io::sink())?;
        if passed < count { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::images) enum Kind {
    File,
    Directory,
    /// A symbolic or hard link, and where it leads.
    Link {
        target: String,
        is_hard: bool,
    },
    Other,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::images) struct Entry {
    /// Without `./` ahead of it.
    pub(in crate::images) path: String,
    pub(in crate::images) kind: Kind,
    /// Its permissions.
    pub(in crate::images) mode: u32,
    /// Bytes of content.
    pub(in crate::images) size: u64,
    /// Where its content begins.
    pub(in crate::images) offset: u64,
}

/// An archive that is being read.
pub(in crate::images) struct TarReader<R> {
    input: R,
    position: u64,
    /// Content of the entry at hand that was not read.
    left: u64,
    padding: u64,
}

impl<R: Input> TarReader<R> {
    pub(in crate::images) fn new(input: R) -> Self {
        Self { input, position: 0, left: 0, padding: 0 }
    }

    /// The next entry; nothing at the end.
    pub(in crate::images) fn next(&mut self) -> io::Result<Option<Entry>> {
        let (mut long_name, mut long_link, mut long_size) = (None, None, None);
        loop {
            self.pass(self.left + self.padding)?;
            let mut header = [0; BLOCK];
            if !self.header(&mut header)? {
                return Ok(None);
            }
            let size = number(&header[124..136])?;
            self.left = size;
            self.padding = size.next_multiple_of(BLOCK as u64) - size;
            match header[156] {
                b'L' => long_name = Some(text(&self.small()?)),
                b'K' => long_link = Some(text(&self.small()?)),
                b'x' => {
                    let records = self.small()?;
                    for (key, value) in pax(&records) {
                        match key {
                            "path" => long_name = Some(value.to_owned()),
                            "linkpath" => long_link = Some(value.to_owned()),
                            "size" => {
                                long_size = Some(value.parse().map_err(|_| bad("a size"))?);
                            }
                            _ => {}
                        }
                    }
                }
                // Holds for all that follows, and has nothing that matters here.
                b'g' => {}
                flag => {
                    if let Some(size) = long_size {
                        self.left = size;
                        let padded = size.checked_next_multiple_of(BLOCK as u64);
                        self.padding = padded.ok_or_else(|| bad("a size"))? - size;
                    }
                    let path = long_name.unwrap_or_else(|| name(&header));
                    let target = || long_link.unwrap_or_else(|| text(&header[157..257]));
                    let kind = match flag {
                        // Archives of old have no flag for directories.
                        b'5' => Kind::Directory,
                        b'0' | 0 if path.ends_with('/') => Kind::Directory,
                        b'0' | 0 | b'7' => Kind::File,
                        b'1' => Kind::Link { target: target(), is_hard: true },
                        b'2' => Kind::Link { target: target(), is_hard: false },
                        _ => Kind::Other,
                    };
                    let path = path.trim_start_matches("./").trim_end_matches('/').to_owned();
                    let mode = (number(&header[100..108])? & 0o7777) as u32;
                    let (size, offset) = (self.left, self.position);
                    return Ok(Some(Entry { path, kind, mode, size, offset }));
                }
            }
        }
    }

    /// Whether there is a header: an archive ends with empty blocks, or where it ends.
    fn header(&mut self, header: &mut [u8; BLOCK]) -> io::Result<bool> {
        let mut filled = 0;
        while filled < BLOCK {
            match self.input.read(&mut header[filled..])? {
                0 if filled == 0 => return Ok(false),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => filled += count,
            }
        }
        self.position += BLOCK as u64;
        if header.iter().all(|&byte| byte == 0) {
            // What follows is padding; a sender that is not listened to would complain.
            io::copy(&mut self.input, &mut io::sink())?;
            return Ok(false);
        }
        let sum = |range: std::ops::Range<usize>| {
            header[range].iter().map(|&byte| u64::from(byte)).sum::<u64>()
        };
        let actual = sum(0..148) + 8 * u64::from(b' ') + sum(156..BLOCK);
        if number(&header[148..156])? != actual {
            return Err(bad("a header's checksum"));
        }
        Ok(true)
    }

    /// A name or a list of attributes.
    fn small(&mut self) -> io::Result<Vec<u8>> {
        if self.left > MAX_NAME {
            return Err(bad("a name"));
        }
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn pass(&mut self, count: u64) -> io::Result<()> {
        self.input.skip(count)?;
        self.position += count;
        (self.left, self.padding) = (0, 0);
        Ok(())
    }
}

/// The content of the entry at hand.
impl<R: Input> Read for TarReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if room == 0 {
            return Ok(0);
        }
        let count = self.input.read(&mut buffer[..room])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        self.position += count as u64;
        Ok(count)
    }
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("it is no tar archive, {what} is wrong"))
}

fn name(header: &[u8; BLOCK]) -> String {
    let name = text(&header[..100]);
    // POSIX's, and not GNU's, which keeps other things there.
    let prefix =
        if &header[257..263] == b"ustar\0" { text(&header[345..500]) } else { String::new() };
    if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// Octal digits, or GNU's binary form.
fn number(field: &[u8]) -> io::Result<u64> {
    if field[0] & 0x80 != 0 {
        let (high, low) = field.split_at(field.len() - 8);
        let is_small = high[0] == 0x80 && high[1..].iter().all(|&byte| byte == 0) && low[0] < 0x40;
        let value = low.iter().fold(0, |value, &byte| value << 8 | u64::from(byte));
        return if is_small { Ok(value) } else { Err(bad("a number")) };
    }
    let digits = field.iter().copied().skip_while(|&byte| byte == b' ');
    let mut value = 0;
    for byte in digits.take_while(|byte| !matches!(byte, 0 | b' ')) {
        if !(b'0'..=b'7').contains(&byte) {
            return Err(bad("a number"));
        }
        value = value << 3 | u64::from(byte - b'0');
    }
    Ok(value)
}

/// `12 path=x\n`, as often as there is something to say.
fn pax(records: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = records;
    std::iter::from_fn(move || {
        let space = rest.iter().position(|&byte| byte == b' ')?;
        let length: usize = std::str::from_utf8(&rest[..space]).ok()?.parse().ok()?;
        let record = rest.get(space + 1..length)?;
        rest = &rest[length..];
        std::str::from_utf8(record.strip_suffix(b"\n")?).ok()?.split_once('=')
    })
}
