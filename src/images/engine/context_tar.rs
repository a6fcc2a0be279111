//! The context as an archive, for builders that do not read `.dockerignore` as BuildKit does.
//!
//! The legacy builder knows no `<Dockerfile>.dockerignore`, and does not find `!**/x` inside an
//! excluded directory. It is sent the very files that the image's name was made of.

use std::io;
use std::time::UNIX_EPOCH;

use tokio::fs;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::images::context::{Context, Entry};
use crate::images::error::ImageError;
use crate::images::spec::BuildSpec;
use crate::images::tar::{Header, Kind, finish, pad};

/// For a Dockerfile that is ignored, or lies outside the context.
const EXTRA: &str = ".decklift.Dockerfile";
const IGNORE: &[u8] = b".dockerignore";

pub(super) struct ContextTar {
    context: Context,
    dockerfile: String,
    /// Files that are not as they lie in the context.
    extra: Vec<(Vec<u8>, Vec<u8>)>,
}

impl ContextTar {
    pub(super) fn read(spec: &BuildSpec) -> Result<Self, ImageError> {
        let mut context = Context::read(spec)?;
        let inside = spec.dockerfile_path();
        let inside = inside.strip_prefix(&spec.context).ok().and_then(|path| path.to_str());
        let inside = inside.map(|path| path.strip_prefix("./").unwrap_or(path).to_owned());
        if let Some(dockerfile) = inside.filter(|_| spec.dockerfile_inline.is_none())
            && matches!(context.entries.get(dockerfile.as_bytes()), Some(Entry::File { .. }))
        {
            return Ok(Self { context, dockerfile, extra: Vec::new() });
        }
        let path = spec.dockerfile_path();
        let unreadable = |path, source| ImageError::Unreadable { path, source };
        let content = match &spec.dockerfile_inline {
            Some(text) => text.clone().into_bytes(),
            None => std::fs::read(&path).map_err(|source| unreadable(path, source))?,
        };
        // The engine takes out again what .dockerignore names, once it has read it.
        let ignore = match context.entries.remove(IGNORE) {
            Some(_) => {
                let path = context.path(IGNORE);
                let mut text = std::fs::read(&path).map_err(|source| unreadable(path, source))?;
                text.extend(format!("\n{EXTRA}\n").as_bytes());
                text
            }
            None => format!("{EXTRA}\n.dockerignore\n").into_bytes(),
        };
        let extra = vec![(EXTRA.as_bytes().to_vec(), content), (IGNORE.to_vec(), ignore)];
        Ok(Self { context, dockerfile: EXTRA.to_owned(), extra })
    }

    /// Where the Dockerfile lies in the archive.
    pub(super) fn dockerfile(&self) -> &str {
        &self.dockerfile
    }

    /// Streams the archive: no more of a file than its length when it was opened, so that a file
    /// that grows meanwhile does not spoil it.
    pub(super) async fn write(&self, mut out: impl AsyncWrite + Unpin) -> io::Result<()> {
        let mut buffer = Vec::new();
        for (path, content) in &self.extra {
            let kind = Kind::File(content.len() as u64);
            Header { path, kind, mode: 0o644, mtime: 0 }.write(&mut buffer);
            buffer.extend(content);
            pad(&mut buffer, content.len() as u64);
        }
        for (path, entry) in &self.context.entries {
            let place = self.context.path(path);
            let (mode, mtime, length) = attributes(&fs::symlink_metadata(&place).await?);
            let kind = match entry {
                Entry::Directory => Kind::Directory,
                Entry::Fifo => Kind::Fifo,
                Entry::Symlink { target } => Kind::Symlink(target),
                Entry::File { .. } => Kind::File(length),
            };
            let is_file = matches!(kind, Kind::File(_));
            Header { path, kind, mode, mtime }.write(&mut buffer);
            out.write_all(&buffer).await?;
            buffer.clear();
            if is_file {
                let mut content = fs::File::open(&place).await?.take(length);
                let copied = tokio::io::copy(&mut content, &mut out).await?;
                // A file that shrank: the name will be found to be wrong after the build.
                let mut missing = tokio::io::repeat(0).take(length - copied);
                tokio::io::copy(&mut missing, &mut out).await?;
                pad(&mut buffer, length);
            }
        }
        finish(&mut buffer);
        out.write_all(&buffer).await?;
        out.shutdown().await
    }
}

/// Mode, time and length, as docker would send them.
fn attributes(metadata: &std::fs::Metadata) -> (u32, u64, u64) {
    #[cfg(unix)]
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
    #[cfg(not(unix))]
    let mode = 0o755;
    let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    (mode, since.map_or(0, |since| since.as_secs()), metadata.len())
}
