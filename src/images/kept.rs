//! Directories of contexts that were fetched: whole or not there, and kept for a while.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::engine::in_background;
use super::error::ImageError;

/// Others of the same place are kept for as long, for whoever builds just now.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A new directory beside the one that it will be. Whatever ends in the middle leaves nothing that looks
/// whole.
pub(super) async fn partial(parent: &Path, name: &str) -> Result<PathBuf, ImageError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let partial = parent.join(format!(".{name}.{}.{number}", std::process::id()));
    remove(&partial).await?;
    tokio::fs::create_dir_all(&partial).await.map_err(unreadable(&partial))?;
    Ok(partial)
}

/// Gives what was made its own name, and removes what was made long ago beside it.
pub(super) async fn settle(partial: &Path, place: &Path) -> Result<(), ImageError> {
    // Somebody else may have been faster.
    if tokio::fs::rename(partial, place).await.is_err() {
        remove(partial).await?;
    }
    if let Some(parent) = place.parent() {
        // Room is all that it would make.
        let _ = tidy(parent.to_owned(), place.to_owned()).await;
    }
    Ok(())
}

pub(super) async fn remove(place: &Path) -> Result<(), ImageError> {
    match tokio::fs::remove_dir_all(place).await {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(unreadable(place)(source))
        }
        _ => Ok(()),
    }
}

fn unreadable(place: &Path) -> impl FnOnce(std::io::Error) -> ImageError {
    let path = place.to_owned();
    |source| ImageError::Unreadable { path, source }
}

async fn tidy(parent: PathBuf, but: PathBuf) -> Result<(), ImageError> {
    in_background(move || {
        for entry in fs::read_dir(&parent).map_err(unreadable(&parent))?.flatten() {
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            let age = modified.ok().and_then(|at| SystemTime::now().duration_since(at).ok());
            if entry.path() != but && age.is_some_and(|age| age > KEPT) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(())
    })
    .await
}
