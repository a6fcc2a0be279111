//! Paths inside an image: bytes, with slashes, from its root and without a slash ahead of it.

use std::borrow::Cow;

/// How many links a path may lead through; those who mount into containers take as many
/// (`filepath-securejoin`, `maxSymlinkLimit`).
const MAX_LINKS: usize = 255;

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    Nothing,
    Directory,
    /// Anything that is neither a directory nor a link.
    File,
    Link(Cow<'a, [u8]>),
}

/// Why a path leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unresolved {
    /// A file stands in its way.
    File(Vec<u8>),
    Loop,
}

/// The path itself, without `.`, `..` and slashes that say nothing. Nothing is above the root.
pub(super) fn clean(path: &[u8]) -> Vec<u8> {
    let mut clean = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => truncate(&mut clean),
            part => push(&mut clean, part),
        }
    }
    clean
}

/// Follows the links on the way to `path`, the last one too where `follows_last`. Absolute ones
/// start at the image's root, above which nothing leads. What does not exist is taken as written.
pub(super) fn resolve<'a>(
    path: &[u8],
    follows_last: bool,
    found: impl Fn(&[u8]) -> Found<'a>,
) -> Result<Vec<u8>, Unresolved> {
    // Parts that are still to be walked, the next one last.
    let mut open: Vec<Vec<u8>> = parts(path);
    let mut at = Vec::new();
    let mut links = 0;
    while let Some(part) = open.pop() {
        if part == b".." {
            truncate(&mut at);
            continue;
        }
        push(&mut at, &part);
        match found(&at) {
            Found::Link(link) if follows_last || !open.is_empty() => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(Unresolved::Loop);
                }
                truncate(&mut at);
                if link.starts_with(b"/") {
                    at.clear();
                }
                open.extend(parts(&link));
            }
            Found::File if !open.is_empty() => return Err(Unresolved::File(at)),
            _ => {}
        }
    }
    Ok(at)
}

/// In reverse.
fn parts(path: &[u8]) -> Vec<Vec<u8>> {
    let parts = path.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b"."));
    parts.rev().map(<[u8]>::to_vec).collect()
}

/// The directories above a path, from the root on, which is not among them.
pub(super) fn parents(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| &path[..end])
}

/// Directory and name.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (b"", path),
    }
}

/// A name in a directory.
pub(super) fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = directory.to_vec();
    push(&mut path, name);
    path
}

/// Whether a path lies below a directory, or is it.
pub(super) fn is_within(path: &[u8], directory: &[u8]) -> bool {
    let rest = path.strip_prefix(directory);
    rest.is_some_and(|rest| directory.is_empty() || rest.is_empty() || rest[0] == b'/')
}

/// For people.
pub(super) fn shown(path: &[u8]) -> String {
    format!("/{}", String::from_utf8_lossy(path))
}

fn push(path: &mut Vec<u8>, name: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}

fn truncate(path: &mut Vec<u8>) {
    let end = split(path).0.len();
    path.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_above_the_root() {
        for (path, expected) in
            [("./a//b/.", "a/b"), ("../../a", "a"), ("a/../../b/", "b"), ("/", ""), ("a/..", "")]
        {
            assert_eq!(clean(path.as_bytes()), expected.as_bytes(), "{path}");
        }
    }

    #[test]
    fn links_are_followed_inside_the_root() {
        let found = |path: &[u8]| match path {
            b"var/run" => Found::Link(Cow::Borrowed(b"/run")),
            b"up" => Found::Link(Cow::Borrowed(b"../../../etc")),
            b"a" => Found::Link(Cow::Borrowed(b"b")),
            b"b" => Found::Link(Cow::Borrowed(b"./a")),
            b"etc/mtab" => Found::Link(Cow::Borrowed(b"../proc/mounts")),
            b"file" => Found::File,
            b"var" | b"etc" | b"run" => Found::Directory,
            _ => Found::Nothing,
        };
        let follow = |path: &str| resolve(path.as_bytes(), true, found);
        for (path, expected) in [
            ("/var/run/x.sock", "run/x.sock"),
            ("up/passwd", "etc/passwd"),
            ("etc/mtab", "proc/mounts"),
            ("new/../var/run/", "run"),
            ("file", "file"),
            ("/", ""),
        ] {
            assert_eq!(follow(path), Ok(expected.into()), "{path}");
        }
        assert_eq!(resolve(b"var/run", false, found), Ok(b"var/run".to_vec()));
        assert_eq!(follow("a/x"), Err(Unresolved::Loop));
        assert_eq!(follow("file/x"), Err(Unresolved::File(b"file".to_vec())));
    }

    #[test]
    fn above_and_below() {
        assert_eq!(parents(b"a/b/c").collect::<Vec<_>>(), [&b"a"[..], b"a/b"]);
        assert!(is_within(b"a/b", b"a") && is_within(b"a", b"a") && is_within(b"a", b""));
        assert!(!is_within(b"ab", b"a") && !is_within(b"a", b"a/b"));
        assert_eq!((split(b"a/b"), split(b"a")), ((&b"a"[..], &b"b"[..]), (&b""[..], &b"a"[..])));
    }
}
