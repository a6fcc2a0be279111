//! The files of a build context, after `.dockerignore`.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use super::error::ImageError;
use super::ignore::{Ignore, Matched};
use super::spec::BuildSpec;

/// What a builder sees of a directory: paths in the order of their bytes, with slashes.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) root: PathBuf,
    pub(super) entries: BTreeMap<Vec<u8>, Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Directory,
    File { executable: bool },
    Symlink { target: Vec<u8> },
    Fifo,
}

/// Whether the context is a directory at all, before anything in it is looked for.
pub(super) fn check_directory(spec: &BuildSpec) -> Result<(), ImageError> {
    // The context itself may be a link.
    match fs::metadata(&spec.context) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(ImageError::ContextNotDirectory(spec.context.clone())),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => {
            Err(ImageError::ContextMissing(spec.context.clone()))
        }
        Err(source) => Err(unreadable(&spec.context)(source)),
    }
}

impl Context {
    /// Walks the context. Symbolic links are entries, never followed; sockets are left out, as
    /// docker does.
    pub(super) fn read(spec: &BuildSpec) -> Result<Self, ImageError> {
        check_directory(spec)?;
        let ignore = read_ignore(spec)?;
        let mut context = Self { root: spec.context.clone(), entries: BTreeMap::new() };
        context.walk(&ignore)?;
        Ok(context)
    }

    fn walk(&mut self, ignore: &Ignore) -> Result<(), ImageError> {
        // A list rather than recursion: the depth of a directory tree is not ours to trust.
        let mut open = vec![(Vec::new(), Matched::default())];
        while let Some((directory, parent)) = open.pop() {
            let path = self.path(&directory);
            for child in fs::read_dir(&path).map_err(unreadable(&path))? {
                let child = child.map_err(unreadable(&path))?;
                let mut relative = directory.clone();
                if !relative.is_empty() {
                    relative.push(b'/');
                }
                relative.extend(name_bytes(&child.file_name()));
                let name = String::from_utf8_lossy(&relative);
                let (excluded, matched) = ignore.excludes_under(&name, &parent);
                let metadata = match child.metadata() {
                    Ok(metadata) => metadata,
                    Err(_) if excluded => continue,
                    Err(source) => return Err(unreadable(&child.path())(source)),
                };
                if metadata.is_dir() && (!excluded || ignore.may_return_below(&name)) {
                    open.push((relative.clone(), matched));
                }
                if !excluded {
                    self.add(relative, &child.path(), &metadata)?;
                }
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        relative: Vec<u8>,
        path: &Path,
        metadata: &Metadata,
    ) -> Result<(), ImageError> {
        let kind = metadata.file_type();
        let entry = if kind.is_dir() {
            Entry::Directory
        } else if kind.is_file() {
            Entry::File { executable: is_executable(metadata) }
        } else if kind.is_symlink() {
            let target = fs::read_link(path).map_err(unreadable(path))?;
            Entry::Symlink { target: name_bytes(target.as_os_str()) }
        } else {
            match special(metadata) {
                Special::Socket => return Ok(()),
                Special::Fifo => Entry::Fifo,
                Special::Other => return Err(ImageError::SpecialFile(path.to_owned())),
            }
        };
        // Directories that are excluded, but hold something that is not.
        for (end, _) in relative.iter().enumerate().filter(|&(_, &byte)| byte == b'/') {
            self.entries.entry(relative[..end].to_vec()).or_insert(Entry::Directory);
        }
        self.entries.insert(relative, entry);
        Ok(())
    }

    /// Where an entry lies.
    pub(super) fn path(&self, relative: &[u8]) -> PathBuf {
        if relative.is_empty() { self.root.clone() } else { self.root.join(bytes_path(relative)) }
    }
}

fn read_ignore(spec: &BuildSpec) -> Result<Ignore, ImageError> {
    let Some(path) = spec.ignore_path() else { return Ok(Ignore::default()) };
    let text = fs::read(&path).map_err(unreadable(&path))?;
    Ignore::parse(&text).map_err(|source| ImageError::Ignore { path, source })
}

pub(super) fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> ImageError {
    let path = path.to_owned();
    move |source| ImageError::Unreadable { path, source }
}

enum Special {
    Socket,
    Fifo,
    Other,
}

#[cfg(unix)]
fn special(metadata: &Metadata) -> Special {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    match (kind.is_socket(), kind.is_fifo()) {
        (true, _) => Special::Socket,
        (_, true) => Special::Fifo,
        _ => Special::Other,
    }
}

#[cfg(not(unix))]
fn special(_: &Metadata) -> Special {
    Special::Other
}

/// The bit that git keeps. The others follow the umask of whoever cloned.
#[cfg(unix)]
pub(super) fn is_executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
pub(super) fn is_executable(_: &Metadata) -> bool {
    false
}

#[cfg(unix)]
pub(super) fn name_bytes(name: &std::ffi::OsStr) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    name.as_bytes().to_vec()
}

#[cfg(not(unix))]
pub(super) fn name_bytes(name: &std::ffi::OsStr) -> Vec<u8> {
    name.to_string_lossy().replace('\\', "/").into_bytes()
}

#[cfg(unix)]
pub(super) fn bytes_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
pub(super) fn bytes_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}
