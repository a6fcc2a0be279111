//! Reads files that may be configuration, for the names of other services in them. Nothing of them is
//! kept but what is looked through, and nothing of it is ever shown.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use crate::ecs::facts::looks_like_a_key;

/// The longest file that is read, in bytes.
const LONGEST: u64 = 256 * 1024;

/// How much is read of one directory in all, in bytes.
const MOST: usize = 1024 * 1024;

/// How many files of one directory are read.
const MOST_FILES: usize = 64;

/// Ends of the names of files in directories that hold configuration; those without an end may, too:
/// `Caddyfile`.
const ENDS: &[&str] = &[
    "cfg",
    "cnf",
    "conf",
    "config",
    "hcl",
    "ini",
    "json",
    "properties",
    "template",
    "tmpl",
    "toml",
    "xml",
    "yaml",
    "yml",
];

/// The text of a file, without comments.
pub(super) fn of_file(path: &Path) -> String {
    read(path).unwrap_or_default()
}

/// The texts of the files of a directory that may be configuration.
pub(super) fn of_files<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> String {
    let mut all = String::new();
    for path in files.into_iter().filter(|path| may_be_one(path)).take(MOST_FILES) {
        let Some(text) = read(path) else { continue };
        if all.len() + text.len() > MOST {
            break;
        }
        all.push_str(&text);
        all.push('\n');
    }
    all
}

/// The texts of what a Dockerfile takes from its context, each a file or a directory.
pub(super) fn of_context(context: &Path, taken: &[String]) -> String {
    let mut files = Vec::new();
    for name in taken {
        let name = Path::new(name.trim_matches(['"', '\'']).trim_start_matches('/'));
        if name.components().any(|part| matches!(part, Component::ParentDir)) {
            continue;
        }
        let path = context.join(name);
        let real = (fs::canonicalize(&path), fs::canonicalize(context));
        if !matches!(real, (Ok(real), Ok(top)) if real.starts_with(&top)) {
            continue;
        }
        match path.is_dir() {
            true => walk(&path, &mut files),
            false => files.push(path),
        }
    }
    of_files(&files)
}

/// Adds the files of a directory that may be configuration, in the order of their names.
fn walk(top: &Path, files: &mut Vec<PathBuf>) {
    let mut open = vec![top.to_owned()];
    let mut seen = 0;
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        entries.sort();
        for path in entries {
            seen += 1;
            if seen > MOST_FILES * 64 || files.len() >= MOST_FILES {
                return;
            }
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            let is = |name: &str| path.file_name().is_some_and(|own| own == name);
            if metadata.is_dir() && !is(".git") && !is("node_modules") {
                open.push(path);
            } else if metadata.is_file() && may_be_one(&path) {
                files.push(path);
            }
        }
    }
}

fn may_be_one(path: &Path) -> bool {
    path.extension().is_none_or(|end| ENDS.iter().any(|known| end.eq_ignore_ascii_case(known)))
}

/// A text that is short, and no key; without the lines that are comments.
fn read(path: &Path) -> Option<String> {
    if looks_like_a_key(&path.to_string_lossy()) {
        return None;
    }
    let mut bytes = Vec::new();
    let file = File::open(path).ok().filter(|f| f.metadata().is_ok_and(|m| m.is_file()))?;
    file.take(LONGEST + 1).read_to_end(&mut bytes).ok()?;
    if bytes.len() as u64 > LONGEST || bytes.contains(&0) {
        return None;
    }
    let text = String::from_utf8(bytes).ok()?;
    let is_comment =
        |line: &&str| ["#", ";", "//"].iter().any(|s| line.trim_start().starts_with(s));
    Some(text.lines().filter(|line| !is_comment(line)).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        folder
    }

    fn taken(files: &[(&str, &str)], names: &[&str]) -> String {
        let folder = folder(files);
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        of_context(folder.path(), &names).trim().to_owned()
    }

    #[test]
    fn what_a_dockerfile_takes_is_read() {
        let files = [("a/x.conf", "one\n # two\n"), ("a/x.png", "three"), ("b.yml", "four")];
        assert_eq!(taken(&files, &["a"]), "one");
        assert_eq!(taken(&files, &["b.yml", "a/x.conf"]), "four\none");
        assert_eq!(taken(&files, &["a/../../x", "none.conf"]), "");
    }

    #[test]
    fn keys_and_what_is_no_text_are_not() {
        let long = "x".repeat(LONGEST as usize + 1);
        let files = [("id_rsa", "key"), ("nul.conf", "a\0b"), ("long.conf", &long)];
        assert_eq!(taken(&files, &["."]), "");
    }

    #[test]
    fn a_link_out_of_the_context_is_not_followed() {
        let outside = folder(&[("x.conf", "outside")]);
        let inside = folder(&[]);
        let link = inside.path().join("x.conf");
        std::os::unix::fs::symlink(outside.path().join("x.conf"), link).expect("a link");
        assert_eq!(of_context(inside.path(), &["x.conf".to_owned()]), "");
        assert_eq!(of_context(inside.path(), &[".".to_owned()]), "");
    }
}
