//! Looks at what a project mounts from this machine.
//!
//! Only what lies in the project's directory is looked at, and only as much as it takes to say
//! where it can live. Links are not followed out of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::configuration;
use crate::compose::Project;
use crate::compose::model::{MountKind, Storage};
use crate::ecs::facts::{
    MOST_BYTES, PathFacts, PathKind, holds_a_key, is_configuration, looks_like_a_key,
};
use crate::images::link_stays;

/// How much of a file is searched for a private key.
const HEAD: u64 = 64 * 1024;

/// How many files of a directory are looked at: more than this are no configuration.
const MOST_FILES: usize = 10_000;

/// What is known of every path of the project that its services mount.
pub(super) fn look(project: &Project) -> BTreeMap<PathBuf, PathFacts> {
    let mut paths: BTreeMap<&Path, (bool, Vec<&str>)> = BTreeMap::new();
    for mount in project.services.values().flat_map(|service| &service.mounts) {
        let MountKind::Bind(path) = &mount.value.kind else { continue };
        if !path.starts_with(&project.directory) {
            continue;
        }
        let chosen = mount.value.storage.as_ref().map(|storage| &storage.value);
        let may_be_asset = mount.value.read_only
            || chosen == Some(&Storage::Asset)
            || is_configuration(&mount.value.target);
        let (whole, targets) = paths.entry(path).or_default();
        *whole |= may_be_asset;
        targets.push(&mount.value.target);
    }
    // What is taken as a config becomes a part of an image, too. What is at fault with one that is no
    // plain file is said where it is taken.
    let is_plain = |path: &&Path| path.symlink_metadata().is_ok_and(|found| found.is_file());
    for path in configs(project).filter(is_plain) {
        paths.entry(path).or_default();
    }
    let mut found = BTreeMap::new();
    let mut files: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for (path, (whole, targets)) in paths {
        let mut inside = Vec::new();
        let whole = whole.then_some(targets.as_slice());
        let mut facts = look_at(path, &project.directory, whole, &mut inside);
        facts.text = match facts.kind {
            PathKind::File if !facts.leaves => configuration::of_file(path),
            _ => configuration::of_files(&inside),
        };
        if !inside.is_empty() {
            files.insert(path.to_owned(), inside);
        }
        found.insert(path.to_owned(), facts);
    }
    let ignored = ignored(&project.directory, files.values().flatten());
    for (path, files) in &files {
        let first = files.iter().find(|file| ignored.contains(*file));
        if let (Some(facts), Some(first)) = (found.get_mut(path), first) {
            facts.ignored = Some(shown(first, &project.directory));
        }
    }
    found
}

/// The files of the project that services take as configs.
fn configs(project: &Project) -> impl Iterator<Item = &Path> {
    let taken = project.services.values().flat_map(|service| &service.written.configs);
    let objects = taken.filter_map(|reference| project.configs.get(&reference.source.value));
    let files = objects.filter(|object| !object.external).filter_map(|o| o.settings.text("file"));
    files.map(Path::new).filter(|path| path.starts_with(&project.directory))
}

fn shown(path: &Path, directory: &Path) -> String {
    let below = path.strip_prefix(directory).unwrap_or(path);
    format!("./{}", below.display())
}

/// Looks at one path, and at the `whole` of a directory that may be put on an image at these places;
/// adds the files that would become a part of it.
fn look_at(
    path: &Path,
    directory: &Path,
    whole: Option<&[&str]>,
    files: &mut Vec<PathBuf>,
) -> PathFacts {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return PathFacts::plain(PathKind::Missing);
        }
        Err(_) => return PathFacts::plain(PathKind::Other),
    };
    let mut facts = PathFacts::plain(PathKind::Other);
    let real = (fs::canonicalize(path), fs::canonicalize(directory));
    facts.leaves = matches!(real, (Ok(real), Ok(top)) if !real.starts_with(&top));
    if metadata.is_file() {
        facts.kind = PathKind::File;
        if !facts.leaves {
            facts.size = metadata.len();
            facts.key = is_key(path).then(|| shown(path, directory));
            files.push(path.to_owned());
        }
    } else if metadata.is_dir() {
        let Ok(mut entries) = fs::read_dir(path) else { return facts };
        facts.kind = PathKind::Directory { empty: entries.next().is_none() };
        if let Some(targets) = whole.filter(|_| !facts.leaves) {
            walk(path, directory, targets, &mut facts, files);
        }
    }
    facts
}

/// Looks through a directory, in the order of its names, until there is too much.
fn walk(
    top: &Path,
    directory: &Path,
    targets: &[&str],
    facts: &mut PathFacts,
    files: &mut Vec<PathBuf>,
) {
    let mut open = vec![top.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        entries.sort();
        let mut folders = Vec::new();
        for path in entries {
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            if metadata.is_dir() {
                // It is left out of images (`images::assets`).
                if path.file_name().is_none_or(|name| name != ".git") {
                    folders.push(path);
                }
                continue;
            }
            if metadata.is_symlink() && facts.link_out.is_none() {
                facts.link_out =
                    link_out(top, &path, targets).map(|link| (shown(&path, directory), link));
            }
            if !metadata.is_file() {
                continue;
            }
            facts.size = facts.size.saturating_add(metadata.len());
            if facts.key.is_none() && is_key(&path) {
                facts.key = Some(shown(&path, directory));
            }
            files.push(path);
            if files.len() >= MOST_FILES || facts.size > MOST_BYTES {
                return;
            }
        }
        open.extend(folders.into_iter().rev());
    }
}

/// What a link says whose end is not mounted along with it, at one of the places at the least.
fn link_out(top: &Path, path: &Path, targets: &[&str]) -> Option<String> {
    use std::os::unix::ffi::OsStrExt;
    let link = fs::read_link(path).ok()?;
    let bytes = |path: &Path| path.as_os_str().as_bytes().to_vec();
    let relative = bytes(path.strip_prefix(top).ok()?);
    let stays = |target: &&str| link_stays(&relative, &bytes(&link), target);
    (!targets.iter().all(stays)).then(|| link.display().to_string())
}

/// Whether a file is a private key or holds credentials, by its name or by its content.
fn is_key(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if looks_like_a_key(&name) {
        return true;
    }
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    read.is_ok()
        && head.windows(5).any(|five| five == b"-----")
        && holds_a_key(&String::from_utf8_lossy(&head))
}

/// The files that git leaves out of the repository; none where there is no git, or no repository.
fn ignored<'a>(directory: &Path, files: impl Iterator<Item = &'a PathBuf>) -> BTreeSet<PathBuf> {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let mut names = Vec::new();
    for file in files {
        names.extend_from_slice(file.as_os_str().as_bytes());
        names.push(0);
    }
    if names.is_empty() {
        return BTreeSet::new();
    }
    let child = Command::new("git")
        // Settings of a repository may name programs; none is needed here.
        .args(["-c", "core.fsmonitor=false", "check-ignore", "-z", "--stdin"])
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return BTreeSet::new() };
    // Git answers while it reads: both pipes must move.
    let writer = child.stdin.take().map(|mut stdin| {
        std::thread::spawn(move || {
            let _ = stdin.write_all(&names);
        })
    });
    let output = child.wait_with_output();
    if let Some(writer) = writer {
        let _ = writer.join();
    }
    let Ok(output) = output else { return BTreeSet::new() };
    let found = output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    found.map(|name| PathBuf::from(std::ffi::OsString::from_vec(name.to_vec()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{LoadOptions, load};

    fn looked(files: &[(&str, &str)], mounts: &str) -> (BTreeMap<String, PathFacts>, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let text = format!("services: {{web: {{image: nginx, volumes: [{mounts}]}}}}\n");
        fs::write(folder.path().join("compose.yaml"), text).expect("a file");
        let options = LoadOptions { cwd: folder.path().to_owned(), ..LoadOptions::default() };
        let project = load(&options).project.expect("a project");
        let found = look(&project).into_iter().map(|(path, facts)| {
            let below = path.strip_prefix(&project.directory).expect("in the project");
            (below.display().to_string(), facts)
        });
        (found.collect(), folder.path().to_owned())
    }

    #[test]
    fn what_is_there() {
        let (found, _) = looked(
            &[("a.conf", "x"), ("full/f", "12345"), ("empty/.keep/x", "")],
            "./a.conf:/a, ./full:/f:ro, ./gone:/g, /etc/hosts:/h, ../up:/u",
        );
        let kinds: Vec<_> = found.iter().map(|(path, f)| (&**path, f.kind, f.size)).collect();
        let full = PathKind::Directory { empty: false };
        assert_eq!(
            kinds,
            [("a.conf", PathKind::File, 1), ("full", full, 5), ("gone", PathKind::Missing, 0)]
        );
    }

    #[test]
    fn keys_are_found_by_name_and_by_content() {
        let pem = "x\n-----BEGIN EC PRIVATE KEY-----\nAAAA\n";
        let (found, _) = looked(
            &[("tls/a.crt", "-----BEGIN CERTIFICATE-----"), ("tls/z.pem", pem), ("id_rsa", "")],
            "./tls:/tls:ro, ./id_rsa:/k, ./tls/a.crt:/c",
        );
        let keys: Vec<_> = found.values().map(|facts| facts.key.as_deref()).collect();
        assert_eq!(keys, [Some("./id_rsa"), Some("./tls/z.pem"), None]);
    }

    #[test]
    fn a_link_out_of_the_project_leaves_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let project = folder.path().join("project");
        fs::create_dir(&project).expect("a folder");
        fs::write(folder.path().join("secret"), "x").expect("a file");
        std::os::unix::fs::symlink("../secret", project.join("link")).expect("a link");
        let facts = look_at(&project.join("link"), &project, Some(&["/x"]), &mut Vec::new());
        assert!(facts.leaves && facts.kind == PathKind::File && facts.size == 0);
    }

    #[test]
    fn a_link_out_of_what_is_mounted_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let top = folder.path().join("conf");
        fs::create_dir_all(top.join("deep")).expect("a folder");
        fs::create_dir_all(top.join(".git")).expect("a folder");
        let link = |to: &str, name: &str| {
            std::os::unix::fs::symlink(to, top.join(name)).expect("a link");
        };
        let found = |targets: &[&str]| {
            look_at(&top, folder.path(), Some(targets), &mut Vec::new()).link_out
        };
        link("../a", "deep/inside");
        link("/etc/app/b", "absolute");
        link("../../secret", ".git/hidden");
        assert_eq!(found(&["/etc/app"]), None);
        let said = Some(("./conf/absolute".to_owned(), "/etc/app/b".to_owned()));
        assert_eq!(found(&["/etc/app", "/other"]), said);
        link("../../a", "deep/out");
        let said = Some(("./conf/deep/out".to_owned(), "../../a".to_owned()));
        assert_eq!(found(&["/etc/app"]), said);
    }

    #[test]
    fn what_git_ignores() {
        let folder = tempfile::tempdir().expect("a folder");
        let git = Command::new("git").args(["init", "-q"]).current_dir(folder.path()).status();
        if !git.is_ok_and(|status| status.success()) {
            return;
        }
        fs::write(folder.path().join(".gitignore"), "*.local\n").expect("a file");
        let files = ["a.local", "a.conf"].map(|name| folder.path().join(name));
        let found = ignored(folder.path(), files.iter());
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [files[0].clone()]);
    }
}
