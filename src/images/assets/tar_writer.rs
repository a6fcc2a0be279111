//! An archive whose bytes depend on nothing but what goes into it: ustar, and PAX records where a
//! header has no room.

use std::io::{self, Read, Write};

use super::base_tree::Attributes;

const BLOCK: usize = 512;

/// What a field of seven octal digits holds.
const MAX_ID: u64 = 0o7_777_777;

/// What a field of eleven octal digits holds.
const MAX_TIME: i64 = 0o77_777_777_777;

/// What is written.
pub(super) enum Written<'a> {
    Directory,
    /// Of that many bytes.
    File(u64),
    Symlink(&'a [u8]),
    /// Another name of what stands at this path already.
    Hardlink(&'a [u8]),
}

/// Writes an archive.
pub(super) struct TarWriter<W> {
    out: W,
}

impl<W: Write> TarWriter<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }

    /// Writes a header.
    pub(super) fn header(
        &mut self,
        path: &[u8],
        what: &Written<'_>,
        attributes: &Attributes,
    ) -> io::Result<()> {
        let Attributes { mode, uid, gid, mtime, pax } = attributes;
        let (flag, size, link): (u8, u64, &[u8]) = match what {
            Written::Directory => (b'5', 0, b""),
            Written::File(size) => (b'0', *size, b""),
            Written::Symlink(link) => (b'2', 0, link),
            Written::Hardlink(link) => (b'1', 0, link),
        };
        let mut path = path.to_vec();
        if flag == b'5' {
            path.push(b'/');
        }
        let mut records = pax.clone();
        let mut add = |key: &str, value: Vec<u8>| records.insert(key.as_bytes().to_vec(), value);
        if path.len() > 100 {
            add("path", path.clone());
        }
        if link.len() > 100 {
            add("linkpath", link.to_vec());
        }
        for (key, id) in [("uid", *uid), ("gid", *gid)] {
            if id > MAX_ID {
                add(key, id.to_string().into_bytes());
            }
        }
        if !(0..=MAX_TIME).contains(mtime) && !pax.contains_key(b"mtime".as_slice()) {
            add("mtime", mtime.to_string().into_bytes());
        }
        if !records.is_empty() {
            let mut text = Vec::new();
            records.iter().for_each(|(key, value)| record(&mut text, key, value));
            let size = text.len() as u64;
            let head =
                Block { path: b"./PaxHeaders", mode: 0o644, size, flag: b'x', ..Block::default() };
            self.out.write_all(&head.bytes())?;
            self.out.write_all(&text)?;
            self.pad(size)?;
        }
        let head = Block {
            path: &path,
            link,
            mode: *mode,
            uid: (*uid).min(MAX_ID),
            gid: (*gid).min(MAX_ID),
            size,
            mtime: (*mtime).clamp(0, MAX_TIME),
            flag,
        };
        self.out.write_all(&head.bytes())
    }

    /// Writes a file's content; false when it is not of the length that its header has.
    pub(super) fn content(&mut self, size: u64, content: impl Read) -> io::Result<bool> {
        let mut content = content.take(size + 1);
        let written = io::copy(&mut content, &mut self.out)?;
        if written != size {
            return Ok(false);
        }
        self.pad(size)?;
        Ok(true)
    }

    /// Ends the archive.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        Ok(self.out)
    }

    fn pad(&mut self, size: u64) -> io::Result<()> {
        let over = (size % BLOCK as u64) as usize;
        if over > 0 {
            self.out.write_all(&[0; BLOCK][over..])?;
        }
        Ok(())
    }
}

/// `<length> <key>=<value>\n`, where the length counts its own digits, too.
fn record(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while rest + length.to_string().len() != length {
        length = rest + length.to_string().len();
    }
    out.extend(format!("{length} ").as_bytes());
    out.extend(key);
    out.push(b'=');
    out.extend(value);
    out.push(b'\n');
}

#[derive(Default)]
struct Block<'a> {
    path: &'a [u8],
    link: &'a [u8],
    mode: u32,
    uid: u64,
    gid: u64,
    size: u64,
    mtime: i64,
    flag: u8,
}

impl Block<'_> {
    fn bytes(&self) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        let mut put = |at: usize, bytes: &[u8], room: usize| {
            let length = bytes.len().min(room);
            block[at..at + length].copy_from_slice(&bytes[..length]);
        };
        put(0, self.path, 100);
        put(100, format!("{:07o}", self.mode & 0o7777).as_bytes(), 7);
        put(108, format!("{:07o}", self.uid).as_bytes(), 7);
        put(116, format!("{:07o}", self.gid).as_bytes(), 7);
        put(124, format!("{:011o}", self.size).as_bytes(), 11);
        put(136, format!("{:011o}", self.mtime).as_bytes(), 11);
        put(148, b"        ", 8);
        put(156, &[self.flag], 1);
        put(157, self.link, 100);
        put(257, b"ustar\x0000", 8);
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        block
    }
}
