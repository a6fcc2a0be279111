//! Tar archives, as far as images and build contexts need them.

/// Archives are made of blocks.
pub(super) const BLOCK: usize = 512;

/// What a header says.
pub(super) struct Header<'a> {
    pub(super) path: &'a [u8],
    pub(super) kind: Kind<'a>,
    pub(super) mode: u32,
    /// Seconds since 1970.
    pub(super) mtime: u64,
}

pub(super) enum Kind<'a> {
    File(u64),
    Directory,
    Symlink(&'a [u8]),
    Fifo,
}

impl Header<'_> {
    /// Appends the header, with what GNU tar writes ahead of it for long names. Owner and group
    /// are root: docker sets them so, too.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let (flag, size, link): (u8, u64, &[u8]) = match self.kind {
            Kind::File(size) => (b'0', size, b""),
            Kind::Symlink(target) => (b'2', 0, target),
            Kind::Directory => (b'5', 0, b""),
            Kind::Fifo => (b'6', 0, b""),
        };
        let mut path = self.path.to_vec();
        if flag == b'5' {
            path.push(b'/');
        }
        for (text, long_flag) in [(path.as_slice(), b'L'), (link, b'K')] {
            if text.len() > 100 {
                out.extend(block(b"././@LongLink", b"", 0, text.len() as u64 + 1, 0, long_flag));
                out.extend(text);
                out.push(0);
                pad(out, text.len() as u64 + 1);
            }
        }
        out.extend(block(&path, link, self.mode, size, self.mtime, flag));
    }
}

/// Fills up the last block of a file's content.
pub(super) fn pad(out: &mut Vec<u8>, size: u64) {
    let over = (size % BLOCK as u64) as usize;
    if over > 0 {
        out.resize(out.len() + BLOCK - over, 0);
    }
}

/// The end of an archive.
pub(super) fn finish(out: &mut Vec<u8>) {
    out.resize(out.len() + 2 * BLOCK, 0);
}

fn block(path: &[u8], link: &[u8], mode: u32, size: u64, mtime: u64, flag: u8) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8], room: usize| {
        let length = bytes.len().min(room);
        block[at..at + length].copy_from_slice(&bytes[..length]);
    };
    put(0, path, 100);
    put(100, format!("{:07o}", mode & 0o7777).as_bytes(), 8);
    put(108, b"0000000", 8);
    put(116, b"0000000", 8);
    put(124, &number(size), 12);
    put(136, &number(mtime), 12);
    put(148, b"        ", 8);
    put(156, &[flag], 1);
    put(157, link, 100);
    put(257, b"ustar  \0", 8);
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}

/// Octal digits, or GNU's binary form where they do not suffice (from 8 GiB on).
fn number(value: u64) -> [u8; 12] {
    let mut field = [0; 12];
    if value < 1 << 33 {
        field[..11].copy_from_slice(format!("{value:011o}").as_bytes());
    } else {
        field[0] = 0x80;
        field[4..].copy_from_slice(&value.to_be_bytes());
    }
    field
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn tar_reads_it() {
        let long = [b'd'; 120];
        let target = [b't'; 130];
        let mut out = Vec::new();
        let mut add = |path: &[u8], kind, content: &[u8]| {
            Header { path, kind, mode: 0o755, mtime: 0 }.write(&mut out);
            out.extend(content);
            pad(&mut out, content.len() as u64);
        };
        add(b"a", Kind::File(3), b"abc");
        add(&long, Kind::Directory, b"");
        add(b"link", Kind::Symlink(&target), b"");
        add(b"fifo", Kind::Fifo, b"");
        finish(&mut out);
        assert_eq!(out.len() % BLOCK, 0);

        let mut tar = Command::new("tar")
            .args(["tvf", "-", "--numeric-owner", "--utc"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("tar");
        tar.stdin.take().expect("stdin").write_all(&out).expect("write");
        let listed = tar.wait_with_output().expect("tar");
        assert!(listed.status.success());
        let text = String::from_utf8(listed.stdout).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("-rwxr-xr-x 0/0") && lines[0].ends_with(" a"), "{text}");
        assert!(lines[1].contains(&"d".repeat(120)), "{text}");
        assert!(lines[2].ends_with(&format!("link -> {}", "t".repeat(130))), "{text}");
        assert!(lines[3].starts_with('p'), "{text}");
    }

    #[test]
    fn large_numbers() {
        assert_eq!(&number(8)[..], b"00000000010\0");
        assert_eq!(number(1 << 33)[0], 0x80);
        assert_eq!(number(1 << 33)[7], 2);
    }
}
