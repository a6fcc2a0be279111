//! The name of an image: a hash of everything that makes it.
//!
//! Two clones of one commit give one name, whatever their umask, times, owners and place: of a
//! file only its path, kind, executable bit and bytes count, and the bytes as git stores them, where
//! it rewrote line ends on checking them out.
//!
//! `.git` is left out, wherever it lies. It holds times, paths and refs, so no two clones have the
//! same one, and a commit that touches nothing of an image must not roll its service. Builders
//! treat contexts that they clone themselves alike.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use sha2::{Digest, Sha256};

use super::bases::{BaseDigest, BaseDigests, bases_of};
use super::buildkit::OtherContext;
use super::context::{Context, Entry, unreadable};
use super::dockerfile::Dockerfile;
use super::error::ImageError;
use super::line_ends::{LineEnds, WithLf};
use super::spec::BuildSpec;

/// Raised when the same files should give a new name, because they build another image.
const FORMAT: &[u8] = b"decklift image 1";

/// Opening files waits on the system more than on the processor; more threads than this gain
/// nothing that was measurable.
const MAX_THREADS: usize = 8;

/// What an image is called in its repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentName {
    digest: [u8; 32],
    bases: BaseDigests,
    unresolved: Vec<String>,
    leaves_out_git: bool,
}

impl ContentName {
    /// The tag: `decklift-` and 24 hexadecimal digits.
    #[must_use]
    pub fn tag(&self) -> String {
        format!("decklift-{}", hex::encode(&self.digest[..12]))
    }

    /// Base images of which only the reference is known: the name will not change when they do.
    #[must_use]
    pub fn unresolved_bases(&self) -> &[String] {
        &self.unresolved
    }

    /// Whether the builder is sent a `.git`, which the name does not cover: an image that is made
    /// of it will not follow it. Naming it in `.dockerignore` settles the matter.
    #[must_use]
    pub fn leaves_out_git(&self) -> bool {
        self.leaves_out_git
    }

    pub(super) fn bases(&self) -> &BaseDigests {
        &self.bases
    }
}

/// Names what `spec` builds on `bases`. Reads every file of the context, so it belongs on a
/// thread that may wait.
///
/// # Errors
///
/// A missing context or Dockerfile, one that cannot be understood, and what cannot be read.
pub fn content_name(spec: &BuildSpec, bases: &BaseDigests) -> Result<ContentName, ImageError> {
    let mut context = Context::read(spec)?;
    let mut leaves_out_git = leave_out_git(&mut context);
    let dockerfile = Dockerfile::read(spec)?;
    let mut hash = Fields(Sha256::new());
    hash.add(b"format", &[FORMAT]);
    hash.add(b"platform", &[spec.platform.as_bytes()]);
    hash.add(b"target", &[spec.target.as_deref().unwrap_or_default().as_bytes()]);
    hash.add_pairs(b"arg", &spec.args);
    hash.add_pairs(b"label", &spec.labels);
    hash.add(b"dockerfile", &[&as_stored(&spec.dockerfile_path(), dockerfile.bytes())]);
    for (kind, values) in spec.options.making() {
        let values: Vec<&[u8]> = values.into_iter().map(str::as_bytes).collect();
        hash.add(kind.as_bytes(), &values);
    }
    if let Some(path) = spec.ignore_path() {
        let bytes = fs::read(&path).map_err(unreadable(&path))?;
        hash.add(b"ignore", &[&as_stored(&path, &bytes)]);
    }
    let mut unresolved = Vec::new();
    for base in bases_of(&dockerfile, spec)? {
        let digest = match bases.get(&base) {
            Some(BaseDigest::Registry(digest) | BaseDigest::Local(digest)) => digest.as_str(),
            // The reference itself says which image it is.
            _ if base.contains("@sha256:") => "",
            Some(BaseDigest::Unknown) | None => {
                unresolved.push(base.clone());
                ""
            }
        };
        hash.add(b"base", &[base.as_bytes(), digest.as_bytes()]);
    }
    hash.add_files(&context)?;
    for (name, text) in &spec.contexts {
        let other = OtherContext::read(text);
        hash.add(b"context", &[name.as_bytes()]);
        match &other {
            OtherContext::Directory(_) => {
                if let Some(spec) = other.spec(spec) {
                    let mut context = Context::read(&spec)?;
                    leaves_out_git |= leave_out_git(&mut context);
                    hash.add_files(&context)?;
                }
            }
            // Its digest is among those of the bases.
            OtherContext::Image(image) => hash.add(b"image", &[image.as_bytes()]),
            OtherContext::Layout(path) => hash.add(b"layout", &[&OtherContext::index(path)?]),
            OtherContext::Address(address) => {
                hash.add(b"address", &[address.as_bytes()]);
                unresolved.push(address.clone());
            }
        }
    }
    for (name, other) in &spec.built_contexts {
        let other = content_name(other, bases)?;
        hash.add(b"built", &[name.as_bytes(), &other.digest]);
        leaves_out_git |= other.leaves_out_git;
        unresolved.extend(other.unresolved);
    }
    unresolved.dedup();
    Ok(ContentName {
        digest: hash.0.finalize().into(),
        bases: bases.clone(),
        unresolved,
        leaves_out_git,
    })
}

/// Takes out `.git`, and says whether there was one.
fn leave_out_git(context: &mut Context) -> bool {
    let everything = context.entries.len();
    context.entries.retain(|path, _| path.split(|&byte| byte == b'/').all(|name| name != b".git"));
    context.entries.len() < everything
}

/// Fields of a known length each, so that no two lists of fields run together.
pub(super) struct Fields(pub(super) Sha256);

impl Fields {
    pub(super) fn add(&mut self, kind: &[u8], values: &[&[u8]]) {
        self.0.update((values.len() as u64).to_le_bytes());
        for value in [kind].iter().chain(values) {
            self.0.update((value.len() as u64).to_le_bytes());
            self.0.update(value);
        }
    }

    fn add_files(&mut self, context: &Context) -> Result<(), ImageError> {
        for ((path, entry), content) in context.entries.iter().zip(content_hashes(context)?) {
            match entry {
                Entry::Directory => self.add(b"directory", &[path]),
                Entry::Fifo => self.add(b"fifo", &[path]),
                Entry::Symlink { target } => self.add(b"symlink", &[path, target]),
                Entry::File { executable } => {
                    self.add(b"file", &[path, &[u8::from(*executable)], &content]);
                }
            }
        }
        Ok(())
    }

    /// In the order of their names: the order in a Compose file means nothing.
    fn add_pairs(&mut self, kind: &[u8], pairs: &[(String, String)]) {
        let mut pairs: Vec<_> = pairs.iter().collect();
        pairs.sort();
        for (name, value) in pairs {
            self.add(kind, &[name.as_bytes(), value.as_bytes()]);
        }
    }
}

/// The bytes of a file as git stores them, as far as line ends go.
fn as_stored<'a>(path: &Path, bytes: &'a [u8]) -> Cow<'a, [u8]> {
    let name = path.file_name().map(|name| name.as_encoded_bytes().to_vec()).unwrap_or_default();
    let is_rewritten = memchr::memchr(b'\r', bytes).is_some()
        && path.parent().is_some_and(|parent| LineEnds::of(parent).contains(&name));
    if !is_rewritten {
        return Cow::Borrowed(bytes);
    }
    let (mut out, mut lines) = (Vec::with_capacity(bytes.len()), WithLf::default());
    lines.piece(bytes, |some| out.extend_from_slice(some));
    lines.end(|some| out.extend_from_slice(some));
    Cow::Owned(out)
}

/// One for each entry, empty for what has no content. Several threads share the files.
fn content_hashes(context: &Context) -> Result<Vec<[u8; 32]>, ImageError> {
    let mut hashes = vec![[0; 32]; context.entries.len()];
    let ends = LineEnds::of(&context.root);
    let files: Vec<(usize, PathBuf, bool)> = (context.entries.iter().enumerate())
        .filter(|(_, (_, entry))| matches!(entry, Entry::File { .. }))
        .map(|(index, (relative, _))| (index, context.path(relative), ends.contains(relative)))
        .collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        let mut buffer = vec![0; 128 * 1024];
        while let Some((index, path, with_lf)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            match hash_file(path, *with_lf, &mut buffer) {
                Ok(hash) => done.push((*index, hash)),
                Err(error) => {
                    // The others need not go on.
                    next.store(files.len(), Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(done)
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(MAX_THREADS).min(files.len() / 16 + 1);
    let results: Vec<_> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mine = work();
        let joined = others.into_iter().map(|other| match other.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        std::iter::once(mine).chain(joined).collect()
    });
    for result in results {
        for (index, hash) in result? {
            hashes[index] = hash;
        }
    }
    Ok(hashes)
}

fn hash_file(path: &Path, with_lf: bool, buffer: &mut [u8]) -> Result<[u8; 32], ImageError> {
    let mut file = File::open(path).map_err(unreadable(path))?;
    let mut hash = Sha256::new();
    let mut lines = WithLf::default();
    loop {
        match file.read(buffer) {
            Ok(0) => {
                lines.end(|some| hash.update(some));
                return Ok(hash.finalize().into());
            }
            Ok(read) if with_lf => lines.piece(&buffer[..read], |some| hash.update(some)),
            Ok(read) => hash.update(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(path)(error)),
        }
    }
}

#[cfg(all(test, unix))]
#[path = "name/tests.rs"]
mod tests;
