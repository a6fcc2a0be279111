//! Paths of the project, without looking at the disk.

use std::path::{Component, Path, PathBuf};

/// What relative paths and `~` mean.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    /// The absolute project directory.
    pub(super) directory: PathBuf,
    /// The caller's home directory.
    pub(super) home: Option<PathBuf>,
}

impl Paths {
    /// The absolute form of a path in a Compose file.
    pub(super) fn absolute(&self, path: &str) -> PathBuf {
        if let (Some(rest), Some(home)) = (path.strip_prefix('~'), &self.home) {
            return clean(&home.join(rest.trim_start_matches('/')));
        }
        // The reference leaves absolute paths as they are, those of Windows too.
        let bytes = path.as_bytes();
        let drive = bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
        if path.starts_with('/') || path.starts_with("\\\\") || drive && b"/\\".contains(&bytes[2])
        {
            return PathBuf::from(path);
        }
        join(&self.directory, Path::new(path))
    }
}

/// `path` seen from `base`, with `.` and `..` resolved by name.
pub(super) fn join(base: &Path, path: &Path) -> PathBuf {
    if let (Some(start), Some(end)) = (base.to_str(), path.to_str()) {
        let end = end.strip_prefix("./").filter(|end| !end.starts_with('/')).unwrap_or(end);
        if is_clean(start) && is_clean(end) {
            return base.join(end);
        }
    }
    clean(&base.join(path))
}

/// Whether there is nothing to resolve. Elsewhere a path may have other separators.
fn is_clean(path: &str) -> bool {
    let names = path.strip_prefix('/').unwrap_or(path);
    cfg!(unix) && (path == "/" || names.split('/').all(|name| !matches!(name, "" | "." | "..")))
}

/// Resolves `.` and `..` by name.
pub(super) fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => {
                    out.pop();
                }
                Some(Component::RootDir | Component::Prefix(_)) => {}
                Some(Component::CurDir | Component::ParentDir) | None => out.push(".."),
            },
            other => out.push(other),
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}

/// A path inside a container, which always has slashes.
pub(super) fn clean_target(path: &str) -> String {
    if is_clean(path) {
        return path.to_owned();
    }
    clean(Path::new(path)).to_string_lossy().into_owned()
}

/// How messages call a file: relative to the working directory where that is no detour.
pub(super) fn display(path: &Path, cwd: &Path) -> String {
    if let Ok(below) = path.strip_prefix(cwd) {
        return below.display().to_string();
    }
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_resolve_by_name() {
        let paths = Paths { directory: "/p/q".into(), home: Some("/home/me".into()) };
        for (from, to) in [
            ("a", "/p/q/a"),
            ("./a/../b/", "/p/q/b"),
            ("../a", "/p/a"),
            ("../../../a", "/a"),
            ("/x/y", "/x/y"),
            ("C:\\x", "C:\\x"),
            ("~/a", "/home/me/a"),
            ("~", "/home/me"),
            (".", "/p/q"),
            ("", "/p/q"),
            (".//a", "/p/q/a"),
            ("././a", "/p/q/a"),
            ("a//b", "/p/q/a/b"),
        ] {
            assert_eq!(paths.absolute(from), Path::new(to), "{from}");
        }
        assert_eq!(clean_target("/a//b/"), "/a/b");
        assert_eq!(clean_target("/"), "/");
        assert_eq!(clean_target(""), ".");
        assert_eq!(clean_target("/a/../b"), "/b");
        assert_eq!(clean_target("a/b"), "a/b");
    }
}
