//! Files whose line ends git rewrote when it checked them out.
//!
//! The same commit gives other bytes where `core.autocrlf` or `core.eol` says so, and has to give one
//! name. What git would store is what counts then: a file that is checked out with CRLF and stored
//! with LF is read as if it had LF. A change of line ends that git would store is a change.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

/// Paths of a directory, with slashes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LineEnds(BTreeSet<Vec<u8>>);

impl LineEnds {
    /// Those of a directory, which need not be one of git's. Without git there are none.
    pub(super) fn of(directory: &Path) -> Self {
        Self::read(directory).unwrap_or_default()
    }

    fn read(directory: &Path) -> Option<Self> {
        // Elsewhere every clone has the bytes that git stores, or those that `.gitattributes` wants.
        if !cfg!(windows) {
            let settings = git(directory, &["config", "--get-regexp", r"^core\.(autocrlf|eol)$"])?;
            let settings = String::from_utf8_lossy(&settings).to_ascii_lowercase();
            // The last one wins; values may be any word for `true`.
            let last = |key: &str| {
                settings.lines().filter_map(|line| line.split_once(' ')).rfind(|(k, _)| *k == key)
            };
            let rewrites = last("core.autocrlf")
                .is_some_and(|(_, value)| ["true", "yes", "on", "1"].contains(&value));
            if !rewrites && last("core.eol").is_none_or(|(_, value)| value != "crlf") {
                return None;
            }
        }
        let changed = git(directory, &["diff", "--name-only", "--relative", "-z", "--", "."])?;
        let changed: BTreeSet<&[u8]> = changed.split(|&byte| byte == 0).collect();
        let files = git(directory, &["ls-files", "--eol", "-z"])?;
        let rewritten = files
            .split(|&byte| byte == 0)
            .filter_map(rewritten)
            .filter(|path| !changed.contains(path))
            .map(<[u8]>::to_vec);
        Some(Self(rewritten.collect()))
    }

    /// Whether a file has to be read as if its lines ended with LF.
    pub(super) fn contains(&self, path: &[u8]) -> bool {
        self.0.contains(path)
    }
}

/// The path of a file that is stored with LF and checked out with CRLF, out of a line such as
/// `i/lf    w/crlf  attr/text=auto      <tab>path` (gitmanual, `git ls-files --eol`).
fn rewritten(line: &[u8]) -> Option<&[u8]> {
    let tab = line.iter().position(|&byte| byte == b'\t')?;
    let told = std::str::from_utf8(&line[..tab]).ok()?;
    let mut words = told.split_whitespace();
    let stored = words.next()? == "i/lf";
    let here = matches!(words.next()?, "w/crlf" | "w/mixed");
    // What has CRLF everywhere is the same everywhere.
    let by_choice = words.any(|word| word == "eol=crlf");
    (stored && here && !by_choice).then(|| &line[tab + 1..])
}

/// What git prints; nothing where it fails.
fn git(directory: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new("git")
        // A lock file of git's would be in the way of whoever works there.
        .env("GIT_OPTIONAL_LOCKS", "0")
        .args(["-c", "core.fsmonitor=false", "-C"])
        .arg(directory)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then_some(output.stdout)
}

/// Bytes without the CR of each CRLF, in pieces.
#[derive(Debug, Default)]
pub(super) struct WithLf {
    /// Whether the last piece ended with a CR, which is held back.
    held: bool,
}

impl WithLf {
    /// Hands on what a piece holds.
    pub(super) fn piece(&mut self, piece: &[u8], mut take: impl FnMut(&[u8])) {
        if std::mem::take(&mut self.held) && piece.first().is_some_and(|&byte| byte != b'\n') {
            take(b"\r");
        }
        let mut rest = piece;
        while let Some(at) = memchr::memchr(b'\r', rest) {
            take(&rest[..at]);
            match rest.get(at + 1) {
                Some(b'\n') => {}
                Some(_) => take(b"\r"),
                None => self.held = true,
            }
            rest = &rest[at + 1..];
        }
        take(rest);
    }

    /// Hands on what was held back.
    pub(super) fn end(self, mut take: impl FnMut(&[u8])) {
        if self.held {
            take(b"\r");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_git_rewrote() {
        let read = |line: &'static str| rewritten(line.as_bytes());
        assert_eq!(read("i/lf    w/crlf  attr/text=auto      \ta b.sh"), Some(&b"a b.sh"[..]));
        assert_eq!(read("i/lf    w/mixed attr/              \tm"), Some(&b"m"[..]));
        assert_eq!(read("i/lf    w/lf    attr/              \tl"), None);
        assert_eq!(read("i/crlf  w/crlf  attr/              \tc"), None);
        assert_eq!(read("i/-text w/-text attr/              \tb"), None);
        assert_eq!(read("i/lf    w/crlf  attr/text eol=crlf \tx.bat"), None);
        assert_eq!(read(""), None);
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            text in prop::collection::vec(prop::sample::select(vec![b'\r', b'\n', b'a']), 0..40),
            size in 1_usize..8,
        ) {
            let mut out = Vec::new();
            let mut lines = WithLf::default();
            text.chunks(size).for_each(|piece| lines.piece(piece, |some| out.extend(some)));
            lines.end(|some| out.extend(some));
            let text = String::from_utf8(text).expect("text");
            prop_assert_eq!(String::from_utf8(out).expect("text"), text.replace("\r\n", "\n"));
        }
    }
}
